/*
 * JWT: the text of an access token, signed and judged.
 *
 * One form only (RFC 7515, 7519, 9068): a compact JWS whose header is exactly
 * {"alg":"HS256","typ":"at+jwt","kid":"<number of the master key>"} and whose claims
 * are exactly those below.  The algorithm is not chosen by the token: a key
 * number means HMAC-SHA-256 under the key that is derived from it for this
 * purpose.  Whatever else a token says (another algorithm, a key of its own, a
 * critical extension, a claim more or less) makes it no token of ours.
 *
 * A token proves who was given it, never what they may do: rights are asked of
 * the database at each request.
 *
 *   Ownership  What is returned lives in cx->arena; arguments are borrowed for the call.
 */
#ifndef AUTH_JWT_H
#define AUTH_JWT_H

#include "auth/keyring.h"

#define JWT_TEXT_MAX 2048 /* bytes of a token, NUL included */
#define JWT_LIFE_S   600  /* from iat to exp at most; a token that says more is refused */
#define JWT_SKEW_S   30   /* by which clocks of two hosts may differ */
#define JWT_AUDIENCE "portolan-api"
#define JWT_ISSUER   "portolan" /* where the installation has no address of its own */

struct jwt_claims {
	const char *iss;       /* address of the installation, or JWT_ISSUER */
	const char *aud;       /* JWT_AUDIENCE */
	const char *sub;       /* "key:7" */
	int64_t tid;           /* tenant */
	int64_t fam;           /* family of refresh tokens; ends with it */
	int64_t iat, nbf, exp; /* seconds since 1970 */
	const char *jti;       /* names the token */
};

/**
 * Sign claims with the newest key.
 * @ret the token, in cx->arena
 * Returns ERR_LIMIT when it would pass JWT_TEXT_MAX
 */
NODISCARD
enum err jwt_sign(struct ctx *cx, const struct keyring *ring, const struct jwt_claims *claims,
                  const char **ret);

/**
 * Judge a token: form, signature, issuer, audience and times, by cx's clock.
 *
 * @iss  who must have issued it
 * @ret  its claims, in cx->arena
 * Returns ERR_UNAUTHENTICATED alone; the cause says which rule is broken, for the log
 */
NODISCARD
enum err jwt_judge(struct ctx *cx, const struct keyring *ring, const char *iss, const char *text,
                   struct jwt_claims *ret);

#endif
