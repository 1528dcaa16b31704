/* A cookie in, a person out. */
#include "admit_session.h"

#include "cookie.h"

#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 18 /* any number of so many digits fits an int64_t */

enum err admit_tenant(struct ctx *cx, const struct request *rq, int64_t *ret)
{
	const char *text = rq->tenant;
	size_t n;

	if (text == NULL)
		return ERR_OK;
	n = strspn(text, "0123456789");
	if (n == 0 || n > DIGITS_MAX || text[n] != '\0' || text[0] == '0')
		return err_field(cx, ERR_INVALID, "X-Portolan-Tenant:", "number",
		                 "The value must be the number of a tenant.");
	*ret = strtoll(text, NULL, 10);
	return ERR_OK;
}

/* A browser sends the cookie whoever asks it to; the token only a page of ours can know. */
static enum err check_forgery(struct ctx *cx, const struct request *rq,
                              const struct session_claim *claim)
{
	if (rq->route->method == HTTP_GET)
		return ERR_OK;
	TRY(cookie_check_origin(cx, rq, true));
	if (rq->csrf_token == NULL)
		return err_field(cx, ERR_FORBIDDEN, "X-CSRF-Token:", "required",
		                 "A change made with a session must carry the csrf_token that "
		                 "sign-in and GET /api/v1/auth/me give.");
	if (!session_csrf_fits(cx->app->keyring, claim, rq->csrf_token))
		return err_field(cx, ERR_FORBIDDEN, "X-CSRF-Token:", "wrong",
		                 "The token is not that of this session; GET /api/v1/auth/me "
		                 "gives it.");
	return ERR_OK;
}

enum err admit_session(struct ctx *cx, struct request *rq, bool *ret_found)
{
	struct session_claim *claim = arena_alloc(cx->arena, sizeof(*claim));
	struct session_claim chosen;

	*ret_found = cookie_session(cx, rq, claim);
	if (!*ret_found)
		return ERR_OK;
	rq->session = claim;
	chosen = *claim;
	TRY(check_forgery(cx, rq, claim));
	TRY(admit_tenant(cx, rq, &chosen.tenant_id));
	TRY(session_admit(cx, &chosen, rq->route->role));
	/* Statements about the person need to know who it is before they are sent. */
	return rq->route->auth == AUTH_USER ? db_flush(cx) : ERR_OK;
}
