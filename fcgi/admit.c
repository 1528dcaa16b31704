/* Credentials in, a caller out. */
#include "admit.h"

#include "auth/key.h"
#include "auth/token.h"

#include <string.h>
#include <strings.h>

void admit_refused(struct ctx *cx)
{
	const char *cause = cx->fault.cause; /* for the log */

	err_set(cx, ERR_UNAUTHENTICATED, "Send Authorization: Bearer KEY with a valid API key.");
	cx->fault.cause = cause;
}

static enum err nobody(struct ctx *cx)
{
	admit_refused(cx);
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

static enum err admit_key(struct ctx *cx, const struct request *rq, const char *text)
{
	struct key_claim claim;

	if (text == NULL || !key_parse(text, &claim))
		return nobody(cx);
	return key_admit(cx, &claim, rq->route->role, route_scope(rq->route));
}

/* By key, token or session; what Authorization says comes first. */
static enum err admit_any(struct ctx *cx, const struct request *rq)
{
	const char *text = bearer(rq);

	if (text != NULL && token_is_access(text))
		return token_admit(cx, text, rq->route->role, route_scope(rq->route));
	return admit_key(cx, rq, text);
}

enum err admit(struct ctx *cx, const struct request *rq)
{
	switch (rq->route->auth) {
	case AUTH_NONE:
		return ERR_OK;
	case AUTH_ANY:
		return admit_any(cx, rq);
	case AUTH_KEY:
		return admit_key(cx, rq, bearer(rq));
	case AUTH_USER:
		return nobody(cx);
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
