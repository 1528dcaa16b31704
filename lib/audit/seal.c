/* Sealing, anchors, retention: calls of the database's functions. */
#include "audit/seal.h"

#include "audit/seal_repo.h"

enum err seal_run(struct ctx *cx, int64_t *ret)
{
	return seal_repo_run(cx, SEAL_ROWS, ret);
}

enum err seal_prune(struct ctx *cx, int64_t days, int64_t *ret)
{
	return seal_repo_prune(cx, days < SEAL_DAYS_LEAST ? SEAL_DAYS_LEAST : days, SEAL_ROWS, ret);
}

enum err seal_anchors(struct ctx *cx, int64_t after, struct list *ret)
{
	return seal_repo_anchors(cx, after, SEAL_ANCHORS, ret);
}
