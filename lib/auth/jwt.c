/*
 * JWT by libsodium and the strict JSON of lib/base.
 *
 * The order of judgement: form, header, signature, and only then the claims, so that no byte of
 * a claim is read that we have not written.
 */
#include "auth/jwt.h"

#include "base/schema.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#define ALGORITHM    "HS256"
#define TYPE         "at+jwt"
#define MAC_CHARS    43  /* URL-safe Base64 of the 32 bytes of HMAC-SHA-256 */
#define HEADER_BYTES 256 /* of JSON, decoded */
#define KID_CHARS    5
#define TIME_MAX     (INT64_C(1) << 53) /* so that sums cannot overflow */

struct header {
	const char *alg, *typ, *kid;
};

static const struct field HEADER_FIELDS[] = {
	F_TEXT(struct header, alg, .required = true, .max = 16),
	F_TEXT(struct header, typ, .required = true, .max = 16),
	F_TEXT(struct header, kid, .required = true, .max = KID_CHARS),
};
static const struct schema HEADER = SCHEMA(struct header, "JwtHeader", HEADER_FIELDS);

#define NUMBER(member) F_INT(struct jwt_claims, member, .required = true, .max = TIME_MAX)

static const struct field CLAIMS_FIELDS[] = {
	F_TEXT(struct jwt_claims, iss, .required = true, .max = 500),
	F_TEXT(struct jwt_claims, aud, .required = true, .max = 50),
	F_TEXT(struct jwt_claims, sub, .required = true, .max = 50),
	NUMBER(tid),
	NUMBER(fam),
	NUMBER(iat),
	NUMBER(nbf),
	NUMBER(exp),
	F_TEXT(struct jwt_claims, jti, .required = true, .min = 1, .max = 50),
};
static const struct schema CLAIMS = SCHEMA(struct jwt_claims, "JwtClaims", CLAIMS_FIELDS);

static bool make_mac(const struct keyring *ring, int number, const char *text, size_t n,
                     unsigned char ret[crypto_auth_hmacsha256_BYTES])
{
	unsigned char key[KEYRING_KEY_BYTES];

	_Static_assert(KEYRING_KEY_BYTES == crypto_auth_hmacsha256_KEYBYTES,
	               "a derived key is one of HMAC-SHA-256");
	if (!keyring_derive(ring, number, KEYRING_ACCESS_TOKEN, key))
		return false;
	crypto_auth_hmacsha256(ret, (const unsigned char *)text, n, key);
	secret_wipe(key, sizeof(key));
	return true;
}

/* --- Signing --- */

static enum err add_part(struct ctx *cx, struct sb *token, const struct schema *s, const void *obj)
{
	struct sb json = sb_new(cx->arena, JWT_TEXT_MAX);
	const char *text;
	char *base64;

	schema_encode(&json, s, obj);
	TRY(sb_finish(cx, &json, &text));
	base64 = arena_alloc(cx->arena, json.len * 2 + 8);
	secret_base64url(text, json.len, base64, json.len * 2 + 8);
	sb_add(token, base64);
	return ERR_OK;
}

enum err jwt_sign(struct ctx *cx, const struct keyring *ring, const struct jwt_claims *claims,
                  const char **ret)
{
	int number = keyring_newest(ring);
	const struct header header = { ALGORITHM, TYPE, arena_printf(cx->arena, "%d", number) };
	struct sb token = sb_new(cx->arena, JWT_TEXT_MAX - 1);
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	char base64[MAC_CHARS + 1];

	TRY(add_part(cx, &token, &HEADER, &header));
	sb_addc(&token, '.');
	TRY(add_part(cx, &token, &CLAIMS, claims));
	make_mac(ring, number, token.data, token.len, mac);
	secret_base64url(mac, sizeof(mac), base64, sizeof(base64));
	sb_addc(&token, '.');
	sb_add(&token, base64);
	return sb_finish(cx, &token, ret);
}

/* --- Judging --- */

static enum err refuse(struct ctx *cx, const char *why)
{
	err_set(cx, ERR_UNAUTHENTICATED, "the access token does not hold");
	err_cause(cx, "token: %s", why);
	return ERR_UNAUTHENTICATED;
}

static enum err read_part(struct ctx *cx, const char *text, size_t n, const struct schema *s,
                          const char *why, void *ret)
{
	char *json = arena_alloc(cx->arena, n + 1);
	size_t got;

	if (n == 0 || !secret_base64url_decode(text, n, json, n, &got))
		return refuse(cx, why);
	if (schema_decode(cx, s, (struct span){ json, got }, ret) != ERR_OK) {
		err_clear(cx);
		return refuse(cx, why);
	}
	return ERR_OK;
}

/* The number of a master key, in its shortest form; 0 when the text is none. */
static int key_number(const char *kid)
{
	size_t n = strlen(kid);
	int number = 0;

	if (n == 0 || n > KID_CHARS || kid[0] == '0' || strspn(kid, "0123456789") != n)
		return 0;
	for (size_t i = 0; i < n; i++)
		number = number * 10 + (kid[i] - '0');
	return number;
}

/* @ret NULL when the signature of the text before its last dot is ours */
static const char *signature_fault(const struct keyring *ring, int number, const char *text,
                                   size_t signed_n)
{
	unsigned char claimed[crypto_auth_hmacsha256_BYTES], own[crypto_auth_hmacsha256_BYTES];
	const char *base64 = text + signed_n + 1;
	size_t got;

	if (strlen(base64) != MAC_CHARS ||
	    !secret_base64url_decode(base64, MAC_CHARS, claimed, sizeof(claimed), &got) ||
	    got != sizeof(claimed))
		return "the signature is not well-formed";
	if (!make_mac(ring, number, text, signed_n, own))
		return "the key is none of ours";
	return secret_equal(claimed, own, sizeof(own)) ? NULL : "the signature is not ours";
}

static const char *claims_fault(const struct jwt_claims *c, const char *iss, int64_t now)
{
	if (strcmp(c->iss, iss) != 0)
		return "another issuer";
	if (strcmp(c->aud, JWT_AUDIENCE) != 0)
		return "another audience";
	if (c->tid < 1 || c->fam < 1)
		return "no tenant or no family";
	if (c->exp <= c->iat || c->exp - c->iat > JWT_LIFE_S)
		return "a longer life than tokens have";
	if (c->iat > now + JWT_SKEW_S || c->nbf > now + JWT_SKEW_S)
		return "not yet";
	return c->exp + JWT_SKEW_S > now ? NULL : "expired";
}

enum err jwt_judge(struct ctx *cx, const struct keyring *ring, const char *iss, const char *text,
                   struct jwt_claims *ret)
{
	size_t n = strnlen(text, JWT_TEXT_MAX), header_n = strcspn(text, "."), signed_n;
	struct jwt_claims claims;
	struct header header;
	const char *fault;

	if (n >= JWT_TEXT_MAX)
		return refuse(cx, "too long");
	if (text[header_n] == '\0')
		return refuse(cx, "not three parts");
	signed_n = header_n + 1 + strcspn(text + header_n + 1, ".");
	if (text[signed_n] == '\0')
		return refuse(cx, "not three parts");
	if (header_n > HEADER_BYTES)
		return refuse(cx, "the header is too long");
	TRY(read_part(cx, text, header_n, &HEADER, "the header is not ours", &header));
	if (strcmp(header.alg, ALGORITHM) != 0 || strcmp(header.typ, TYPE) != 0)
		return refuse(cx, "another algorithm or type");
	fault = signature_fault(ring, key_number(header.kid), text, signed_n);
	if (fault != NULL)
		return refuse(cx, fault);
	TRY(read_part(cx, text + header_n + 1, signed_n - header_n - 1, &CLAIMS,
	              "the claims are not ours", &claims));
	fault = claims_fault(&claims, iss, cx->app->clock->wall_us(cx->app->clock) / 1000000);
	if (fault != NULL)
		return refuse(cx, fault);
	*ret = claims;
	return ERR_OK;
}
