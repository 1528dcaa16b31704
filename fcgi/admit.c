/* Credentials in, a caller out. */
#include "admit.h"

#include "admit_session.h"

#include "auth/key.h"
#include "auth/token.h"

#include <string.h>
#include <strings.h>

void admit_refused(struct ctx *cx, const struct request *rq)
{
	const char *cause = cx->fault.cause; /* for the log */

	err_set(cx, ERR_UNAUTHENTICATED,
	        rq->route->auth == AUTH_USER
	                ? "This is for a person who has signed in; no API key will do."
	                : "Sign in, or send Authorization: Bearer KEY with a valid API key.");
	cx->fault.cause = cause;
}

static enum err nobody(struct ctx *cx, const struct request *rq)
{
	admit_refused(cx, rq);
	return ERR_UNAUTHENTICATED;
}

/* What Authorization holds after "Bearer"; NULL when it does not. */
static const char *bearer(const struct request *rq)
{
	static const char SCHEME[] = "Bearer ";
	const char *text = rq->authorization;

	if (text == NULL || strncasecmp(text, SCHEME, sizeof(SCHEME) - 1) != 0)
		return NULL;
	text += sizeof(SCHEME) - 1;
	return text + strspn(text, " ");
}

/* Without a tenant a key is nothing: whoever may ask is at least a viewer there. */
static enum role least(const struct request *rq)
{
	return rq->route->role == ROLE_ANYONE ? ROLE_VIEWER : rq->route->role;
}

static enum err admit_key(struct ctx *cx, const struct request *rq, const char *text)
{
	struct key_claim claim;

	if (text == NULL || !key_parse(text, &claim))
		return nobody(cx, rq);
	return key_admit(cx, &claim, least(rq), route_scope(rq->route));
}

bool admit_by_token(const struct request *rq)
{
	const char *text = bearer(rq);

	return text != NULL && token_is_access(text);
}

static enum err admit_person(struct ctx *cx, struct request *rq)
{
	bool found = false;

	if (rq->authorization == NULL)
		TRY(admit_session(cx, rq, &found));
	return found ? ERR_OK : nobody(cx, rq);
}

/*
 * A key has one tenant.  Who names another one counts on working there, and must not be served here
 * instead.  Whose the key is, is known when it is proven.
 */
static enum err check_tenant(struct ctx *cx, const struct request *rq)
{
	int64_t wanted = 0;

	if (rq->tenant == NULL)
		return ERR_OK;
	TRY(admit_tenant(cx, rq, &wanted));
	TRY(db_flush(cx));
	if (wanted == cx->who.tenant_id)
		return ERR_OK;
	err_field(cx, ERR_FORBIDDEN, "X-Portolan-Tenant:", "key",
	          "A key belongs to one tenant, and this one to another than the header names.");
	err_fix(cx, "leave the header out, or use a key of that tenant");
	return ERR_FORBIDDEN;
}

static enum err admit_program(struct ctx *cx, const struct request *rq)
{
	if (admit_by_token(rq))
		TRY(token_admit(cx, bearer(rq), least(rq), route_scope(rq->route)));
	else
		TRY(admit_key(cx, rq, bearer(rq)));
	return check_tenant(cx, rq);
}

/* By key, token or session; what Authorization says comes first, whatever cookie comes with it. */
static enum err claim_any(struct ctx *cx, struct request *rq)
{
	if (rq->authorization == NULL)
		return admit_person(cx, rq);
	return admit_program(cx, rq);
}

/* What is about the caller and not the tenant is asked by who it is, which must be proven before. */
static enum err admit_any(struct ctx *cx, struct request *rq)
{
	TRY(claim_any(cx, rq));
	return rq->route->role == ROLE_ANYONE ? db_flush(cx) : ERR_OK;
}

/*
 * A program of this machine, such as one that reads numbers: nginx says from where it comes, and nobody
 * has forwarded it.
 */
static bool is_local(const struct request *rq)
{
	if (!rq->route->local || rq->remote == NULL || rq->forwarded_for != NULL ||
	    rq->authorization != NULL || rq->cookie != NULL)
		return false;
	return strncmp(rq->remote, "127.", 4) == 0 || strcmp(rq->remote, "::1") == 0;
}

enum err admit(struct ctx *cx, struct request *rq)
{
	rq->local = is_local(rq);
	if (rq->local)
		return ERR_OK;
	switch (rq->route->auth) {
	case AUTH_NONE:
		return ERR_OK;
	case AUTH_ANY:
		return admit_any(cx, rq);
	case AUTH_KEY:
		TRY(admit_key(cx, rq, bearer(rq)));
		return check_tenant(cx, rq);
	case AUTH_USER:
		return admit_person(cx, rq);
	case AUTH_UNSET:
		break;
	}
	assert(!"a row without .auth does not pass router_new()");
	return ERR_FORBIDDEN;
}

enum err admit_settle(struct ctx *cx)
{
	return db_flush(cx);
}
