/* Paying for a request: from the batches of this process, else by asking the database. */
#include "auth/rate.h"

#include "auth/rate_repo.h"
#include "base/net_block.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *rate_kind_name(enum rate_kind kind)
{
	switch (kind) {
	case RATE_OF_KEY:
		return "key";
	case RATE_OF_USER:
		return "user";
	case RATE_OF_TENANT:
		return "tenant";
	case RATE_OF_ADDRESS:
		return "address";
	case RATE_OF_SIGN_IN:
		return "sign-in";
	}
	return "";
}

struct rate_payer rate_payer_id(enum rate_kind kind, int64_t id, int64_t quota)
{
	struct rate_payer payer = { .quota = quota };

	snprintf(payer.name, sizeof(payer.name), "%c%" PRId64, kind, id);
	return payer;
}

struct rate_payer rate_payer_address(enum rate_kind kind, const char *address, int64_t quota)
{
	struct rate_payer payer = { .name = { (char)kind }, .quota = quota };

	static_assert(RATE_NAME_MAX > NET_BLOCK_TEXT_MAX, "a letter and a network fit");
	net_client_block(address, payer.name + 1);
	return payer;
}

static enum err refuse(struct ctx *cx, const struct rate_outcome *out)
{
	int64_t wait_s = (out->wait_us + 999999) / 1000000;

	err_set(cx, ERR_RATE, "The limit of %" PRId64 " a minute for this %s is used up.",
	        out->state.quota, rate_kind_name(out->state.kind));
	err_retry(cx, wait_s > 0 ? wait_s : 1);
	err_fix(cx, "Wait as many seconds as Retry-After says, then try again.");
	return ERR_RATE;
}

static enum err ask(struct ctx *cx, struct rate_payer *payers, int n, int64_t cost,
                    struct rate_outcome *out)
{
	const struct clock *clock = cx->app->clock;
	int64_t asked_us = clock->mono_us(clock);
	struct list grants;
	int wanted = 0;
	enum err e = rate_repo_take(cx, payers, n, cost, &grants);

	for (int i = 0; i < n; i++)
		wanted += !payers[i].paid;
	if (e == ERR_OK && grants.n != (size_t)wanted)
		e = err_set(cx, ERR_DATABASE, "rate_take() answers for other buckets");
	if (e != ERR_OK) {
		if (err_info(e)->status >= 500)
			rate_local_pause(cx->app->rates, clock->mono_us(clock));
		return e;
	}
	*out = rate_local_settle(cx->app->rates, payers, n, cost, grants.items, asked_us,
	                         clock->mono_us(clock));
	return ERR_OK;
}

enum err rate_pay(struct ctx *cx, struct rate_payer *payers, int n, int64_t cost,
                  struct rate_state *ret)
{
	const struct clock *clock = cx->app->clock;
	struct rate_outcome out;

	assert(n <= RATE_PAYERS_MAX);
	out = rate_local_pay(cx->app->rates, payers, n, cost, clock->mono_us(clock));
	if (out.answer == RATE_ASK)
		TRY(ask(cx, payers, n, cost, &out));
	if (ret != NULL)
		*ret = out.state;
	return out.answer == RATE_REFUSED ? refuse(cx, &out) : ERR_OK;
}
