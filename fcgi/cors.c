/* Origins of other pages: who may read what. */
#include "cors.h"

#include "auth/origin.h"

#define MAX_AGE_S "600" /* how long a browser may keep the answer to a pre-flight */

/* What a program of ours sends and reads beyond what any page may. */
#define SENT                                                                                       \
	"Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Portolan-"       \
	"Tenant, X-Request-Id, Traceparent"
#define READ                                                                                       \
	"ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, "         \
	"Traceparent, X-Request-Id"

enum err cors_listed(struct ctx *cx, struct request *rq)
{
	enum err e;

	if (rq->origin == NULL)
		return ERR_OK;
	e = origin_allowed(cx, rq->origin, 0, &rq->origin_listed);
	rq->origin_allowed = rq->origin_listed;
	if (e == ERR_OK || err_info(e)->status < 500)
		return e;
	err_clear(cx); /* a database that is away allows nothing, and is told of by who needs it */
	return ERR_OK;
}

enum err cors_caller(struct ctx *cx, struct request *rq)
{
	enum err e;

	if (!rq->origin_listed)
		return ERR_OK;
	rq->origin_allowed = false;
	if (rq->authorization == NULL) /* the credential is a cookie */
		return ERR_OK;
	if (cx->who.tenant_id == 0) {
		rq->origin_allowed = true;
		return ERR_OK;
	}
	e = origin_allowed(cx, rq->origin, cx->who.tenant_id, &rq->origin_allowed);
	if (e == ERR_OK || err_info(e)->status < 500)
		return e;
	err_clear(cx);
	return ERR_OK;
}

void cors_nobody(const struct ctx *cx, struct request *rq)
{
	rq->origin_allowed = rq->origin != NULL && origin_remembered(cx, rq->origin);
}

void cors_preflight(struct reply *rp, const char *methods)
{
	if (!rp->rq->origin_allowed)
		return;
	reply_header(rp, "Access-Control-Allow-Methods", methods);
	reply_header(rp, "Access-Control-Allow-Headers", SENT);
	reply_header(rp, "Access-Control-Max-Age", MAX_AGE_S);
}

void cors_head(struct sb *sb, const struct request *rq)
{
	/* Of the encoding too, for nginx, which compresses: it would add a second header for that. */
	sb_add(sb, "Vary: Accept-Encoding, Origin\r\n");
	if (!rq->origin_allowed)
		return;
	sb_add(sb, "Access-Control-Allow-Origin: ");
	sb_add(sb, rq->origin);
	sb_add(sb, "\r\nAccess-Control-Expose-Headers: " READ "\r\n");
}
