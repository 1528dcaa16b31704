/* One attempt: from the claim's arguments to what is written of it. */
#include "jobs/run.h"

#include "base/log_tail.h"
#include "jobs/settle.h"

#include <string.h>
#include <time.h>

#define SETTLE_PAUSE_MS     100 /* between two tries to write the end while the database is away */
#define SETTLE_PAUSE_MAX_MS 1000

static int64_t mono_ms(const struct ctx *cx)
{
	return cx->app->clock->mono_us(cx->app->clock) / 1000;
}

/* --- For the code of a job --- */

bool run_stopped(const struct job_run *run)
{
	return atomic_load(&run->why) != RUN_ON;
}

int run_company(const struct job_run *run)
{
	int n = run->company != NULL ? atomic_load(run->company) : 1;

	return n > 0 ? n : 1;
}

static enum err lost(struct ctx *cx, struct job_run *run)
{
	run_stop(run, RUN_LOST);
	return err_set(cx, ERR_LEASE_LOST, "job %lld is no longer this runner's",
	               (long long)run->job->id);
}

/* At most RUN_MESSAGE_MAX bytes, whole characters. */
static const char *short_text(struct ctx *cx, const char *text)
{
	size_t n = strlen(text);

	if (n <= RUN_MESSAGE_MAX)
		return text;
	n = RUN_MESSAGE_MAX;
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return arena_strndup(cx->arena, text, n);
}

void run_progress(struct ctx *cx, struct job_run *run, int percent, const char *message)
{
	int64_t now = mono_ms(cx);
	int64_t rows = 0;
	enum err e;

	if (run_stopped(run) || (run->told_ms != 0 && now - run->told_ms < RUN_PROGRESS_MS))
		return;
	if (percent < 0)
		percent = 0;
	if (percent > 100)
		percent = 100;
	run->told_ms = now;
	e = queue_repo_progress(cx, run->job, run->runner, percent, short_text(cx, message), &rows);
	if (e == ERR_OK && rows == 0)
		run_stop(run, RUN_LOST);
	err_clear(cx);
}

enum err run_checkpoint(struct ctx *cx, struct job_run *run, const char *json)
{
	int64_t rows = 0;

	TRY(queue_repo_checkpoint(cx, run->job, run->runner, json, &rows));
	return rows == 1 ? ERR_OK : lost(cx, run);
}

void run_step(struct ctx *cx, struct job_run *run, int percent, const char *name)
{
	int64_t now = mono_ms(cx);

	if (run->step != NULL && run->stepped != NULL)
		run->stepped(cx, run, now - run->step_ms);
	run->step = name;
	run->step_ms = now;
	if (name == NULL)
		return;
	run->told_ms = 0;
	run_progress(cx, run, percent, name);
}

static enum err hold(struct ctx *cx, struct job_run *run, struct queue_held *ret)
{
	enum err e = queue_repo_hold(cx, run->job, run->runner, ret);

	return e == ERR_NOT_FOUND ? lost(cx, run) : e;
}

enum err run_begin(struct ctx *cx, struct job_run *run, struct db_tx *tx)
{
	struct queue_held held;

	TRY(db_begin(cx, tx));
	return hold(cx, run, &held);
}

static struct settlement settlement_of(struct ctx *cx, const struct job_run *run,
                                       enum settle_end end)
{
	return (struct settlement){
		.end = end,
		.handler = run->handler,
		.quiet = run->handler == NULL || run->handler->kind->light,
		.host = run->host,
		.log = cx->tail != NULL ? log_tail_json(cx->tail, cx->arena) : NULL,
	};
}

enum err run_complete(struct ctx *cx, struct job_run *run, const char *result)
{
	struct settlement s = settlement_of(cx, run, SETTLE_COMPLETED);
	struct queue_held held;

	TRY(hold(cx, run, &held));
	s.result = result;
	TRY(settle(cx, run->job, &held, &s));
	run->completed = true;
	return ERR_OK;
}

enum err run_snooze(struct ctx *cx, struct job_run *run, int64_t delay_ms, const char *why)
{
	assert(delay_ms > 0);
	run->snooze_ms = delay_ms;
	return err_set(cx, ERR_STATE, "%s", why);
}

/* --- For the runner --- */

void run_stop(struct job_run *run, enum run_why why)
{
	int was = atomic_load(&run->why);

	while (was < (int)why && !atomic_compare_exchange_weak(&run->why, &was, (int)why))
		continue;
}

void run_adopt(struct ctx *cx, const struct job_run *run)
{
	const struct job_claim *job = run->job;

	cx->who = (struct who){
		.tenant_id = job->tenant_id,
		.role = ROLE_OWNER,
		.actor = arena_printf(cx->arena, "job:%lld", (long long)job->id),
	};
	if (job->request_id != NULL && strlen(job->request_id) <= REQUEST_ID_MAX)
		memcpy(cx->request_id, job->request_id, strlen(job->request_id) + 1);
	if (job->traceparent != NULL && strlen(job->traceparent) == TRACEPARENT_LEN)
		memcpy(cx->traceparent, job->traceparent, TRACEPARENT_LEN + 1);
}

static enum err work(struct ctx *cx, const struct job_handler *handler, struct job_run *run)
{
	const struct schema *s = handler->kind->arguments;
	const char *text = run->job->arguments;
	void *args = arena_alloc(cx->arena, s->size);
	enum err e;

	TRY(schema_decode(cx, s, (struct span){ text, strlen(text) }, args));
	cx->deadline_ms = mono_ms(cx) + (int64_t)handler->kind->timeout_s * 1000;
	e = handler->run(cx, run, args);
	cx->deadline_ms = 0;
	return e;
}

static enum settle_end end_of(struct ctx *cx, const struct job_handler *handler,
                              const struct job_run *run, enum err e)
{
	int why = atomic_load(&run->why);

	if (e == ERR_OK)
		return SETTLE_COMPLETED;
	if (why == RUN_CANCEL)
		return SETTLE_CANCELLED;
	if (why == RUN_SHUTDOWN)
		return SETTLE_RETURNED;
	if (run->snooze_ms > 0)
		return SETTLE_SNOOZED;
	if (why == RUN_TIMEOUT)
		err_set(cx, ERR_TIMEOUT, "the job was not done within %d seconds",
		        handler->kind->timeout_s);
	return SETTLE_FAILED;
}

static enum err settle_once(struct ctx *cx, struct job_run *run, struct settlement *s)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct queue_held held;

	TRY(db_begin(cx, &tx));
	TRY(hold(cx, run, &held));
	if (held.cancel_requested && (s->end == SETTLE_FAILED || s->end == SETTLE_SNOOZED))
		s->end = SETTLE_CANCELLED;
	TRY(settle(cx, run->job, &held, s));
	return db_commit(&tx);
}

static void pause_ms(int64_t ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/*
 * Write the end, whatever it takes.  While the database is away the job waits with its result; the
 * runner's main thread ends that when the lease is over.  When the domain cannot be told (a bug of ours),
 * the job ends without telling it rather than never.
 */
static enum err settle_surely(struct ctx *cx, struct job_run *run, struct settlement *s)
{
	int64_t wait_ms = SETTLE_PAUSE_MS;

	while (atomic_load(&run->why) != RUN_LOST) {
		enum err e = settle_once(cx, run, s);

		if (e == ERR_OK || e == ERR_LEASE_LOST)
			return e;
		if (e != ERR_UNAVAILABLE && e != ERR_TIMEOUT) {
			if (s->handler == NULL)
				return e;
			s->handler = NULL;
			continue;
		}
		pause_ms(wait_ms);
		wait_ms = wait_ms * 2 < SETTLE_PAUSE_MAX_MS ? wait_ms * 2 : SETTLE_PAUSE_MAX_MS;
	}
	return lost(cx, run);
}

/* What is left of an attempt when its code has returned e: the end, written at once. */
static enum err end_attempt(struct ctx *cx, struct job_run *run, enum err e, struct run_report *ret)
{
	static const char *const OUTCOMES[] = {
		[SETTLE_COMPLETED] = "completed", [SETTLE_FAILED] = "failed",
		[SETTLE_CANCELLED] = "cancelled", [SETTLE_RETURNED] = "returned",
		[SETTLE_SNOOZED] = "snoozed",     [SETTLE_LOST] = "lost",
	};
	struct settlement s = settlement_of(cx, run, end_of(cx, run->handler, run, e));

	s.wait_ms = run->snooze_ms;
	if (s.end == SETTLE_FAILED || s.end == SETTLE_SNOOZED)
		ret->fault = cx->fault;
	s.why = &ret->fault;
	e = e == ERR_LEASE_LOST ? e : settle_surely(cx, run, &s);
	if (s.end == SETTLE_SNOOZED) /* what was asked for, not what went wrong */
		ret->fault = (struct fault){ 0 };
	ret->outcome = OUTCOMES[e == ERR_LEASE_LOST ? SETTLE_LOST : s.end];
	if (e == ERR_OK && s.end == SETTLE_FAILED && settle_again(run->job, &ret->fault))
		ret->outcome = "retrying";
	return e == ERR_LEASE_LOST ? ERR_OK : e;
}

enum err run_attempt(struct ctx *cx, queue_handlers handlers, struct job_run *run,
                     struct run_report *ret)
{
	enum err e;

	run->handler = queue_handler(handlers, run->job->job_type);
	assert(run->handler != NULL); /* queue_claim() takes known types only */
	*ret = (struct run_report){ .outcome = "completed" };
	e = work(cx, run->handler, run);
	run_step(cx, run, 100, NULL);
	if (e == ERR_OK && run->completed)
		return ERR_OK;
	return end_attempt(cx, run, e, ret);
}

enum err run_light(struct ctx *cx, queue_handlers handlers, struct job_run *run, bool *ret_done,
                   struct run_report *ret)
{
	enum err e;

	run->handler = queue_handler(handlers, run->job->job_type);
	assert(run->handler != NULL && run->handler->kind->light);
	*ret = (struct run_report){ .outcome = "completed" };
	e = work(cx, run->handler, run);
	*ret_done = e == ERR_OK && !run->completed && run->told_ms == 0;
	if (e == ERR_OK && (*ret_done || run->completed))
		return ERR_OK;
	return end_attempt(cx, run, e, ret);
}

enum err run_refused(struct ctx *cx, struct job_run *run)
{
	struct settlement s = settlement_of(cx, run, SETTLE_COMPLETED);
	enum err e = settle_surely(cx, run, &s);

	return e == ERR_LEASE_LOST ? ERR_OK : e;
}
