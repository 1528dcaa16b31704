/*
 * Tokens of machine clients: a short access token, and a refresh token that buys the next pair.
 *
 *     API key  --POST /auth/token-->    access token (JWT) + refresh token of a new family
 *     refresh  --POST /auth/refresh-->  the next pair of the family; the old refresh token is over
 *
 * A refresh token works once.  One that comes again has been copied, by whom cannot be told: the
 * family ends at once, with its access tokens.  That is so also for a client that repeats a refresh
 * because the answer was lost; it starts a new family with its key.
 *
 * A family ends refresh_token_days after its beginning, however often it is refreshed, and with its
 * key.  An access token proves the key and the family, nothing more: role and scopes are the key's
 * at the time of each request.
 *
 *   Ownership  What is returned lives in cx->arena; arguments are borrowed for the call.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include "auth/credential.h"
#include "auth/scope.h"
#include "base/db.h"
#include "events/event.h"

/* What a client gets.  Wipe nothing: it ends with the request's arena. */
struct token_pair {
	const char *access_token;
	const char *token_type; /* "Bearer" */
	int64_t expires_in;     /* seconds, of the access token */
	const char *refresh_token;
	int64_t refresh_expires_us; /* end of the family */
};

/* What a client sends. */
struct token_refresh {
	const char *refresh_token;
};

extern const struct schema token_pair_schema, token_refresh_schema;

extern const struct event_kind token_issued, token_reused, token_revoked;

/**
 * Begin a family of the key with which the caller asks.  The oldest beyond TOKEN_FAMILIES_MAX end.
 * Returns ERR_FORBIDDEN when the caller is no API key
 */
NODISCARD
enum err token_issue(struct ctx *cx, struct token_pair *ret);

#define TOKEN_FAMILIES_MAX 100 /* living families of one key */

/**
 * The next pair.  The context needs no tenant; it gets that of the token.
 * Returns ERR_UNAUTHENTICATED when the token is unknown, over, or used before, and then its family
 *         has ended
 */
NODISCARD
enum err token_refresh(struct ctx *cx, const char *text, struct token_pair *ret);

/** End the family of a refresh token, used or not.  One that is unknown is no error. */
NODISCARD
enum err token_revoke(struct ctx *cx, const char *text);

/** @ret whether a credential is meant to be an access token: it begins as every JWT does */
bool token_is_access(const char *text);

/**
 * Who is behind an access token: its signature is judged here, whether key and family still hold
 * by the database, in the round trip of the next statement (db_precede); cx->who is filled when that
 * returns.
 *
 * @least the least role that will do
 * @scope that is needed; "" for none
 * Returns ERR_UNAUTHENTICATED or ERR_FORBIDDEN, here or from the next statement
 */
NODISCARD
enum err token_admit(struct ctx *cx, const char *text, enum role least, const char *scope);

extern const struct db_check token_statements[];

#endif
