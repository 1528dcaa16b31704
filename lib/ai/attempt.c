/* Trying, waiting, settling. */
#include "ai/attempt.h"

#include "ai/breaker.h"
#include "ai/owner.h"
#include "ai/usage.h"
#include "base/secret.h"
#include "config/config.h"

#include <string.h>
#include <time.h>

#define BACKOFF_MS   500  /* before the second request; doubled each time */
#define BACKOFF_MOST 8000 /* ... up to here */
#define LOOK_MS      50   /* between two looks at whether a wait is cancelled */
#define SETTLE_S     30   /* what a call may take beyond its time, until it counts as lost */

static int64_t mono_ms(const struct ctx *cx)
{
	return cx->app->clock->mono_us(cx->app->clock) / 1000;
}

int64_t attempt_deadline(const struct ctx *cx, int64_t total_ms)
{
	int64_t left = ctx_left_ms(cx);

	if (total_ms == 0)
		total_ms = cx->app->config->model_total_s * 1000;
	return mono_ms(cx) + (total_ms < left ? total_ms : left);
}

/* From three quarters to five quarters of it, so that those who failed together do not come back together. */
static int64_t jittered(int64_t ms)
{
	uint16_t dice;

	secret_random(&dice, sizeof(dice));
	return ms * 3 / 4 + ms * dice / (2 * (UINT16_MAX + 1));
}

/* What a provider says is the least, not the middle. */
static int64_t pause_ms(const struct exchange *ex, int64_t tries)
{
	int64_t ms = BACKOFF_MS;

	if (ex->wait_ms >= 0)
		return ex->wait_ms + jittered(200);
	for (int64_t i = 1; i < tries && ms < BACKOFF_MOST; i++)
		ms *= 2;
	return jittered(ms < BACKOFF_MOST ? ms : BACKOFF_MOST);
}

static enum err wait_for(struct ctx *cx, const struct attempt *a, int64_t ms)
{
	int64_t until = mono_ms(cx) + ms, left;

	while ((left = until - mono_ms(cx)) > 0) {
		struct timespec t = { .tv_nsec = (left < LOOK_MS ? left : LOOK_MS) * 1000000 };

		if (a->exchange.cancelled != NULL && a->exchange.cancelled(a->exchange.arg))
			return err_set(cx, ERR_CANCELLED, "the call was cancelled");
		nanosleep(&t, NULL);
	}
	return ERR_OK;
}

/*
 * What a request has cost.  A provider that did not begin to answer charges nothing.  One that began and was cut
 * off, by whomever, charges what it has read and written; what it did not tell of it is estimated.
 */
static struct llm_usage usage_of(const struct attempt *a, const struct target *to, enum err e)
{
	const struct reader *r = a->reader;
	struct llm_usage usage = { 0 };

	if (!a->exchange.answered)
		return usage;
	usage = r->usage;
	usage.estimated =
		!r->told_input || !r->told_output || (e != ERR_OK && r->finish == LLM_FINISH_NONE);
	if (!r->told_input)
		usage.input_tokens = a->held.input_tokens;
	if (!r->told_output)
		usage.output_tokens = reader_estimate(r);
	usage.cost_micro = ledger_cost(to, &usage);
	return usage;
}

static const char *status_of(const struct attempt *a, enum err e)
{
	if (e == ERR_OK)
		return "done";
	if (e == ERR_CANCELLED)
		return "cancelled";
	return a->reader->began ? "cut" : "failed";
}

static void add_usage(struct llm_usage *sum, const struct llm_usage *one)
{
	sum->input_tokens += one->input_tokens;
	sum->cached_tokens += one->cached_tokens;
	sum->output_tokens += one->output_tokens;
	sum->reasoning_tokens += one->reasoning_tokens;
	sum->cost_micro += one->cost_micro;
	sum->estimated = sum->estimated || one->estimated;
}

/* That a provider cannot be reached or breaks off is its failure; what else goes wrong is not. */
static enum err tell_breaker(struct ctx *cx, const struct attempt *a, const struct target *to,
                             enum err e)
{
	CLEANUP(owner_end) struct owner_turn turn = owner_begin(cx, to);

	if (a->exchange.alive)
		return breaker_good(cx, to->provider_id);
	if (e == ERR_TIMEOUT || e == ERR_REMOTE_UNREACHABLE || e == ERR_REMOTE_FAILED)
		return breaker_bad(cx, to->provider_id);
	return breaker_unknown(cx, to->provider_id);
}

/* Written although the time of the call is over; what the call itself has to say stays said. */
static enum err settle(struct ctx *cx, struct attempt *a, const struct target *to, int64_t begun_ms,
                       enum err e)
{
	const struct fault fault = cx->fault;
	const int64_t deadline_ms = cx->deadline_ms;
	struct ledger_end end = {
		.status = status_of(a, e),
		.error = e == ERR_OK ? NULL : err_info(e)->slug,
		.remote_id =
			a->reader->remote_id != NULL ? a->reader->remote_id : a->exchange.remote_id,
		.usage = usage_of(a, to, e),
		.first_token_ms = a->exchange.first_ms,
		.duration_ms = mono_ms(cx) - begun_ms,
	};
	enum err written;

	cx->deadline_ms = 0;
	add_usage(&a->usage, &end.usage);
	written = ledger_settle(cx, a->call_id, &end);
	if (written == ERR_OK)
		written = tell_breaker(cx, a, to, e);
	cx->deadline_ms = deadline_ms;
	if (written == ERR_OK)
		cx->fault = fault;
	return written;
}

/* Whether the provider may be asked now. */
static enum err ask_breaker(struct ctx *cx, const struct target *to)
{
	CLEANUP(owner_end) struct owner_turn turn = owner_begin(cx, to);

	return breaker_pass(cx, to->provider_id, to->provider);
}

static enum err free_breaker(struct ctx *cx, const struct target *to)
{
	CLEANUP(owner_end) struct owner_turn turn = owner_begin(cx, to);

	return breaker_unknown(cx, to->provider_id);
}

/* What was to find out whether the provider is back did not. */
static enum err not_sent(struct ctx *cx, struct attempt *a, const struct target *to, enum err e)
{
	const struct fault fault = cx->fault;

	a->attempts--;
	TRY(free_breaker(cx, to));
	cx->fault = fault;
	if (e == ERR_BUDGET)
		usage_refused(cx, to->provider, to->name);
	return e;
}

static enum err try_once(struct ctx *cx, struct attempt *a, const struct target *to)
{
	int64_t begun_ms = mono_ms(cx);
	enum err e;

	a->exchange.to = to;
	a->exchange.deadline_ms = a->deadline_ms;
	a->exchange.answered = a->exchange.alive = a->exchange.again = false;
	a->exchange.wait_ms = a->exchange.first_ms = -1;
	a->exchange.remote_id = NULL;
	a->reader = reader_new(cx->arena);
	a->about.attempt = ++a->attempts;
	a->about.open_s = (a->deadline_ms - begun_ms) / 1000 + SETTLE_S;
	e = ledger_open(cx, to, &a->about, &a->held, &a->call_id);
	if (e != ERR_OK)
		return not_sent(cx, a, to, e);
	if (a->about.first_id == 0)
		a->about.first_id = a->call_id;
	e = a->send(cx, a);
	TRY(settle(cx, a, to, begun_ms, e));
	return e;
}

/* Another model would be asked the same: what is wrong with the request is wrong there as well. */
static bool may_differ(enum err e)
{
	return e != ERR_CANCELLED && e != ERR_BUDGET && e != ERR_INVALID &&
	       e != ERR_CONTENT_REFUSED && e != ERR_DATABASE && e != ERR_UNAVAILABLE;
}

enum err attempt_model(struct ctx *cx, struct attempt *a, const struct target *to, bool *ret_next)
{
	const struct config *config = cx->app->config;
	const struct llm_usage most = {
		.input_tokens = a->held.input_tokens,
		.output_tokens = a->held.output_tokens,
	};
	enum err e;

	a->held.micro = ledger_cost(to, &most);
	*ret_next = true;
	for (int64_t tries = 1;; tries++) {
		int64_t ms;

		TRY(ask_breaker(cx, to));
		e = try_once(cx, a, to);
		*ret_next =
			e != ERR_OK && may_differ(e) && (a->reader == NULL || !a->reader->began);
		if (e == ERR_OK || !*ret_next || !a->exchange.again ||
		    tries > config->model_retries)
			return e;
		ms = pause_ms(&a->exchange, tries);
		if (ms > config->model_wait_s * 1000 || mono_ms(cx) + ms >= a->deadline_ms)
			return e;
		*ret_next = false;
		TRY(wait_for(cx, a, ms));
		*ret_next = true;
	}
}
