/* Credentials in, a caller out. */
#include "admit.h"

#include "auth/key.h"

#include <string.h>
#include <strings.h>

void admit_refused(struct ctx *cx)
{
	err_set(cx, ERR_UNAUTHENTICATED, "Send Authorization: Bearer KEY with a valid API key.");
}

static enum err nobody(struct ctx *cx)
{
	admit_refused(cx);
	return ERR_UNAUTHENTICATED;
}

static enum err admit_key(struct ctx *cx, const struct request *rq)
{
	static const char SCHEME[] = "Bearer ";
	const char *text = rq->authorization;
	struct key_claim claim;

	if (text == NULL || strncasecmp(text, SCHEME, sizeof(SCHEME) - 1) != 0)
		return nobody(cx);
	text += sizeof(SCHEME) - 1;
	text += strspn(text, " ");
	if (!key_parse(text, &claim))
		return nobody(cx);
	return key_admit(cx, &claim, rq->route->role, route_scope(rq->route));
}

enum err admit(struct ctx *cx, const struct request *rq)
{
	switch (rq->route->auth) {
	case AUTH_NONE:
		return ERR_OK;
	case AUTH_ANY:
		return admit_key(cx, rq);
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
