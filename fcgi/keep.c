/* The runner's rounds for the audit log and for what is over. */
#include "keep.h"

#include "ai/usage.h"
#include "audit/seal.h"
#include "auth/expiry.h"
#include "base/log.h"
#include "config/config.h"

#include <inttypes.h>

static enum err seal(struct ctx *cx, struct keep *k, int64_t now_ms)
{
	int64_t rows = 0;

	k->seal_at = now_ms + KEEP_SEAL_MS; /* again soon, when it fails */
	TRY(seal_run(cx, &rows));
	if (rows == 0)
		k->seal_at = now_ms + KEEP_IDLE_MS;
	if (rows >= SEAL_ROWS) /* a full portion: there is more */
		k->seal_at = now_ms;
	return ERR_OK;
}

/* As `portolan audit verify --anchor` takes them. */
static enum err log_anchors(struct ctx *cx, struct keep *k, int64_t now_ms)
{
	int64_t after = -1;
	struct list list;

	k->anchor_at = now_ms + KEEP_IDLE_MS; /* when it fails, or there is no chain yet */
	do {
		TRY(seal_anchors(cx, after, &list));
		for (size_t i = 0; i < list.n; i++) {
			const struct seal_anchor *a = (const struct seal_anchor *)list.items + i;

			LOG(cx, LOG_INFO, "audit anchor",
			    LOG_TEXT("anchor", arena_printf(cx->arena, "%" PRId64 ":%" PRId64 ":%s",
			                                    a->tenant_id, a->seq, a->hash)));
			after = a->tenant_id;
		}
	} while (list.n == SEAL_ANCHORS);
	if (after >= 0)
		k->anchor_at = now_ms + KEEP_ANCHOR_MS;
	return ERR_OK;
}

static enum err prune(struct ctx *cx, struct keep *k, int64_t now_ms)
{
	int64_t days = cx->app->config->audit_days, rows = 0;

	k->prune_at = now_ms + KEEP_PRUNE_MS;
	if (days == 0)
		return ERR_OK;
	TRY(seal_prune(cx, days, &rows));
	if (rows >= SEAL_ROWS)
		k->prune_at = now_ms + KEEP_SEAL_MS;
	if (rows > 0)
		LOG(cx, LOG_INFO, "audit rows past their retention taken away",
		    LOG_INT("rows", rows));
	return ERR_OK;
}

static enum err expire(struct ctx *cx, struct keep *k, int64_t now_ms)
{
	int64_t rows = 0;

	k->expire_at = now_ms + KEEP_EXPIRY_MS;
	TRY(expiry_run(cx, &rows));
	if (rows >= EXPIRY_ROWS)
		k->expire_at = now_ms + KEEP_SEAL_MS;
	TRY(usage_expire(cx, &rows));
	if (rows >= USAGE_ROWS)
		k->expire_at = now_ms + KEEP_SEAL_MS;
	return ERR_OK;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t keep_run(struct ctx *cx, struct keep *k, int64_t now_ms)
{
	enum err e = ERR_OK;

	if (now_ms >= k->seal_at)
		e = seal(cx, k, now_ms);
	if (e == ERR_OK && now_ms >= k->anchor_at)
		e = log_anchors(cx, k, now_ms);
	if (e == ERR_OK && now_ms >= k->prune_at)
		e = prune(cx, k, now_ms);
	if (e == ERR_OK && now_ms >= k->expire_at)
		e = expire(cx, k, now_ms);
	if (e != ERR_OK && !k->away)
		log_fault(cx, LOG_WARNING, "sealing and expiry");
	k->away = e != ERR_OK;
	return sooner(sooner(k->seal_at, k->anchor_at), sooner(k->prune_at, k->expire_at));
}
