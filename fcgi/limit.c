/* Which buckets a request pays from, and the fields that tell how they stand. */
#include "limit.h"

#include "admit.h"

#include "base/log.h"
#include "config/config.h"

static int64_t cost_of(const struct request *rq)
{
	return rq->route != NULL && rq->route->rate == RATE_WRITE ? RATE_COST_WRITE
	                                                          : RATE_COST_READ;
}

/* What the caller shows, with the tenant it chooses; NULL: nothing. */
static const char *credential_of(struct ctx *cx, const struct request *rq)
{
	const char *text = rq->authorization != NULL ? rq->authorization : rq->cookie;

	if (text == NULL || rq->tenant == NULL)
		return text;
	return arena_printf(cx->arena, "%s %s", rq->tenant, text);
}

/* A database that is away stops nobody here. */
static enum err pay(struct ctx *cx, struct request *rq, struct rate_payer *payers, int n)
{
	struct rate_state state = { 0 };
	enum err e = n == 0 ? ERR_OK : rate_pay(cx, payers, n, cost_of(rq), &state);

	/* An attempt to sign in shows the bucket of these, unless another refuses it. */
	if (state.kind != 0 && (e == ERR_RATE || rq->limit.kind != RATE_OF_SIGN_IN))
		rq->limit = state;
	if (e == ERR_OK || err_info(e)->status < 500)
		return e;
	LOG(cx, LOG_WARNING, "requests are not counted", LOG_TEXT("detail", cx->fault.detail),
	    LOG_TEXT("cause", cx->fault.cause));
	err_clear(cx);
	return ERR_OK;
}

static bool is_known(struct ctx *cx, const struct request *rq, struct who *ret)
{
	const char *credential = credential_of(cx, rq);

	return credential != NULL && rate_known(cx->app->rates, credential, ret);
}

enum err limit_address(struct ctx *cx, struct request *rq)
{
	const struct config *config = cx->app->config;
	const struct route *route = rq->route; /* NULL: a pre-flight */
	bool sign_in = route != NULL && route->rate == RATE_SIGN_IN;
	struct rate_payer payer;
	struct who who;

	if (cx->app->rates == NULL || (route != NULL && route->rate == RATE_PROBE))
		return ERR_OK;
	if (route != NULL && route->auth != AUTH_NONE && !sign_in && is_known(cx, rq, &who))
		return ERR_OK;
	if (sign_in)
		payer = rate_payer_address(RATE_OF_SIGN_IN, rq->remote,
		                           config->rate_sign_in_per_minute);
	else
		payer = rate_payer_address(RATE_OF_ADDRESS, rq->remote,
		                           config->rate_address_per_minute);
	return pay(cx, rq, &payer, payer.quota > 0);
}

static int payers_of(const struct config *config, const struct who *who,
                     struct rate_payer payers[RATE_PAYERS_MAX])
{
	int64_t quota = config->rate_key_per_minute;
	int n = 0;

	if (quota > 0 && who->key_id != 0)
		payers[n++] = rate_payer_id(RATE_OF_KEY, who->key_id, quota);
	else if (quota > 0 && who->user_id != 0)
		payers[n++] = rate_payer_id(RATE_OF_USER, who->user_id, quota);
	if (who->tenant_id != 0)
		payers[n++] = rate_payer_id(RATE_OF_TENANT, who->tenant_id,
		                            config->tenant_requests_per_minute);
	return n;
}

enum err limit_caller(struct ctx *cx, struct request *rq)
{
	struct rate_payer payers[RATE_PAYERS_MAX];
	struct who who;
	int n;

	if (cx->app->rates == NULL || rq->route->rate == RATE_PROBE)
		return ERR_OK;
	if (!is_known(cx, rq, &who)) {
		TRY(admit_settle(cx));
		who = cx->who;
		rate_remember(cx->app->rates, credential_of(cx, rq), &who);
	}
	n = payers_of(cx->app->config, &who, payers);
	return pay(cx, rq, payers, n);
}

void limit_forget(struct ctx *cx, const struct request *rq)
{
	const char *credential = credential_of(cx, rq);

	if (credential != NULL && cx->app->rates != NULL)
		rate_forget(cx->app->rates, credential);
}

void limit_head(struct sb *sb, const struct rate_state *state)
{
	const char *name = rate_kind_name(state->kind);

	if (state->kind == 0)
		return;
	sb_add(sb, "RateLimit: \"");
	sb_add(sb, name);
	sb_add(sb, "\";r=");
	sb_int(sb, state->left);
	sb_add(sb, ";t=");
	sb_int(sb, state->return_s);
	sb_add(sb, "\r\nRateLimit-Policy: \"");
	sb_add(sb, name);
	sb_add(sb, "\";q=");
	sb_int(sb, state->quota);
	sb_add(sb, ";w=60\r\n");
}
