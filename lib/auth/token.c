/* Tokens of machine clients: issue, refresh, revoke, admit. */
#include "auth/token.h"

#include "auth/jwt.h"
#include "auth/token_repo.h"
#include "config/config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SUBJECT "key:" /* and the number of the key */

static const struct field PAIR_FIELDS[] = {
	F_TEXT(struct token_pair, access_token,
	       .doc = "Send it as Authorization: Bearer; it may what its API key may"),
	F_TEXT(struct token_pair, token_type, .doc = "Bearer"),
	F_INT(struct token_pair, expires_in, .doc = "Seconds for which the access token works"),
	F_TEXT(struct token_pair, refresh_token,
	       .doc = "Buys the next pair, once; used twice, it ends all that came from it"),
	F_TIME(struct token_pair, refresh_expires_us, .name = "refresh_expires_at",
	       .doc = "When refreshing ends and the API key is needed again"),
};
const struct schema token_pair_schema = SCHEMA(struct token_pair, "TokenPair", PAIR_FIELDS);

static const struct field REFRESH_FIELDS[] = {
	F_TEXT(struct token_refresh, refresh_token, .required = true, .min = 1,
	       .max = CREDENTIAL_TEXT_MAX, .one_line = true,
	       .doc = "The refresh token as it was given"),
};
const struct schema token_refresh_schema =
	SCHEMA(struct token_refresh, "TokenRefresh", REFRESH_FIELDS);

static const struct field FAMILY_FIELDS[] = {
	F_INT(struct token_family, id, .doc = "Number of the family"),
	F_INT(struct token_family, key_id, .doc = "The API key it came from"),
	F_TIME(struct token_family, expires_us, .name = "expires_at", .doc = "When it ends"),
};
const struct schema token_family_schema = SCHEMA(struct token_family, "TokenFamily", FAMILY_FIELDS);

const struct event_kind token_issued = {
	.type = "token.issued",
	.version = 1,
	.audited = true,
	.confidential = true,
	.payload = &token_family_schema,
	.doc = "A program has changed its API key for a family of tokens.",
};
const struct event_kind token_reused = {
	.type = "token.reused",
	.version = 1,
	.audited = true,
	.confidential = true,
	.payload = &token_family_schema,
	.doc = "A refresh token was used a second time, so it was copied; its family has ended.",
};
const struct event_kind token_revoked = {
	.type = "token.revoked",
	.version = 1,
	.audited = true,
	.confidential = true,
	.payload = &token_family_schema,
	.doc = "A program has given its tokens back; their family has ended.",
};

/* Who issues: the installation's address, or the product where it has none. */
static const char *issuer(const struct ctx *cx)
{
	const char *url = cx->app->config->public_url;

	return url != NULL && url[0] != '\0' ? url : JWT_ISSUER;
}

/* --- Pairs --- */

static enum err sign(struct ctx *cx, int64_t tenant_id, const struct token_family *family,
                     struct token_pair *ret)
{
	int64_t now = cx->app->clock->wall_us(cx->app->clock);
	int64_t life_s = cx->app->config->access_token_minutes * 60;
	char *jti = arena_alloc(cx->arena, 37);
	struct jwt_claims claims = {
		.iss = issuer(cx),
		.aud = JWT_AUDIENCE,
		.sub = arena_printf(cx->arena, SUBJECT "%" PRId64, family->key_id),
		.tid = tenant_id,
		.fam = family->id,
		.iat = now / 1000000,
		.nbf = now / 1000000,
		.exp = now / 1000000 + life_s,
		.jti = jti,
	};

	secret_uuid7(now, jti);
	ret->token_type = "Bearer";
	ret->expires_in = life_s;
	ret->refresh_expires_us = family->expires_us;
	return jwt_sign(cx, cx->app->keyring, &claims, &ret->access_token);
}

/* A fresh refresh token, and what is stored of it. */
static const char *make_refresh(struct ctx *cx, int64_t family_id,
                                unsigned char hash[SECRET_HASH_BYTES])
{
	char *text = arena_alloc(cx->arena, CREDENTIAL_TEXT_MAX);

	credential_make(CREDENTIAL_REFRESH, family_id, text);
	keyring_hash(cx->app->keyring, KEYRING_REFRESH_TOKEN, text, strlen(text), hash);
	return text;
}

static const char *hashes_of(struct ctx *cx, const char *text)
{
	return keyring_hashes(cx->arena, cx->app->keyring, KEYRING_REFRESH_TOKEN, text,
	                      strlen(text));
}

enum err token_issue(struct ctx *cx, struct token_pair *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	unsigned char hash[SECRET_HASH_BYTES];
	struct token_family family;
	struct token_pair made;

	TRY(db_begin(cx, &tx));
	TRY(db_flush(cx)); /* only then it is known which key asks */
	if (cx->who.key_id == 0)
		return err_set(cx, ERR_FORBIDDEN, "Tokens are given to API keys alone.");
	TRY(token_repo_begin(cx, cx->who.key_id, cx->app->config->refresh_token_days, &family));
	made.refresh_token = make_refresh(cx, family.id, hash);
	TRY(token_repo_first(cx, family.id, hash));
	TRY(sign(cx, cx->who.tenant_id, &family, &made));
	TRY(event_emit(cx, &token_issued, 0, &family));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

/* From here on the request is the key's. */
static void become(struct ctx *cx, const struct token_taken *taken)
{
	cx->who = (struct who){
		.tenant_id = taken->tenant_id,
		.key_id = taken->key_id,
		.actor = arena_printf(cx->arena, "key:%" PRId64, taken->key_id),
	};
}

static enum err refused(struct ctx *cx)
{
	err_set(cx, ERR_UNAUTHENTICATED, "The refresh token is unknown, over, or was used before.");
	err_fix(cx, "begin anew: POST /api/v1/auth/token with the API key");
	return ERR_UNAUTHENTICATED;
}

enum err token_refresh(struct ctx *cx, const char *text, struct token_pair *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	unsigned char hash[SECRET_HASH_BYTES];
	struct token_family family = { 0 };
	struct token_taken taken;
	struct token_pair made;
	enum err e;

	if (!credential_parse(CREDENTIAL_REFRESH, text, &family.id))
		return refused(cx);
	made.refresh_token = make_refresh(cx, family.id, hash);
	TRY(db_begin(cx, &tx));
	e = token_repo_take(cx, family.id, hashes_of(cx, text), hash, &taken);
	if (e == ERR_UNAUTHENTICATED)
		return refused(cx);
	TRY(e);
	become(cx, &taken);
	family.key_id = taken.key_id;
	family.expires_us = taken.expires_us;
	if (taken.reused) {
		TRY(event_emit(cx, &token_reused, 0, &family));
		TRY(db_commit(&tx)); /* what has ended stays ended */
		return refused(cx);
	}
	TRY(sign(cx, taken.tenant_id, &family, &made));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

enum err token_revoke(struct ctx *cx, const char *text)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct token_family family = { 0 };
	struct token_taken taken;
	enum err e;

	if (!credential_parse(CREDENTIAL_REFRESH, text, &family.id))
		return ERR_OK;
	TRY(db_begin(cx, &tx));
	e = token_repo_revoke(cx, family.id, hashes_of(cx, text), &taken);
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return db_commit(&tx);
	}
	TRY(e);
	become(cx, &taken);
	family.key_id = taken.key_id;
	family.expires_us = taken.expires_us;
	TRY(event_emit(cx, &token_revoked, 0, &family));
	return db_commit(&tx);
}

/* --- Admission --- */

bool token_is_access(const char *text)
{
	return strncmp(text, "eyJ", 3) == 0; /* {" in Base64 */
}

static void take_in(struct ctx *cx, void *ret)
{
	const struct token_admitted *in = ret;

	cx->who = (struct who){
		.tenant_id = in->tenant_id,
		.key_id = in->key_id,
		.family_id = cx->who.family_id,
		.role = (enum role)in->role,
		.actor = cx->who.actor,
	};
}

/* The number in "key:7"; 0 when it is no such text. */
static int64_t subject_key(const char *sub)
{
	const char *p = sub + strlen(SUBJECT);

	if (strncmp(sub, SUBJECT, strlen(SUBJECT)) != 0 || p[0] < '1' || p[0] > '9' ||
	    strspn(p, "0123456789") != strlen(p) || strlen(p) > 18)
		return 0;
	return strtoll(p, NULL, 10);
}

enum err token_admit(struct ctx *cx, const char *text, enum role least, const char *scope)
{
	struct token_admitted *answer = arena_alloc(cx->arena, sizeof(*answer));
	struct token_question *q = arena_alloc(cx->arena, sizeof(*q));
	struct jwt_claims claims;
	int64_t key_id;

	TRY(jwt_judge(cx, cx->app->keyring, issuer(cx), text, &claims));
	key_id = subject_key(claims.sub);
	if (key_id == 0)
		return err_set(cx, ERR_UNAUTHENTICATED, "the access token does not hold");
	*q = (struct token_question){ {
		DB_INT(claims.tid),
		DB_INT(key_id),
		DB_INT(claims.fam),
		DB_INT(least),
		DB_TEXT(scope),
	} };
	cx->who = (struct who){
		.tenant_id = claims.tid,
		.family_id = claims.fam,
		.actor = arena_printf(cx->arena, "key:%" PRId64, key_id),
	};
	token_repo_admit_along(cx, q, answer, take_in);
	return ERR_OK;
}
