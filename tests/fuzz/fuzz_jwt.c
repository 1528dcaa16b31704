/*
 * Fuzz: access tokens.  The first byte says how the rest is looked at: as a whole token, or as a
 * header and claims (with a NUL between them) that are then signed as they should be, so that
 * what lies behind the signature is reached too.  What is taken must be what we would have signed.
 */
#include "auth/jwt.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define NOW_US      INT64_C(1795243500123000)
#define ISS         "portolan"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int64_t wall_us(UNUSED const struct clock *self)
{
	return NOW_US;
}

static char *base64(struct arena *arena, const void *bytes, size_t n)
{
	char *text = arena_alloc(arena, n * 2 + 8);

	secret_base64url(bytes, n, text, n * 2 + 8);
	return text;
}

static const char *sign(struct arena *arena, const struct keyring *ring, const char *data, size_t n)
{
	size_t header_n = strnlen(data, n), rest = header_n < n ? header_n + 1 : n;
	const char *text = arena_printf(arena, "%s.%s", base64(arena, data, header_n),
	                                base64(arena, data + rest, n - rest));
	unsigned char key[KEYRING_KEY_BYTES], mac[32];

	if (!keyring_derive(ring, 1, KEYRING_ACCESS_TOKEN, key))
		abort();
	crypto_auth_hmacsha256(mac, (const unsigned char *)text, strlen(text), key);
	return arena_printf(arena, "%s.%s", text, base64(arena, mac, sizeof(mac)));
}

static void look(struct ctx *cx, const struct keyring *ring, const char *text)
{
	struct jwt_claims claims, again;
	const char *made;

	if (jwt_judge(cx, ring, ISS, text, &claims) != ERR_OK)
		return;
	if (claims.tid < 1 || claims.exp - claims.iat > JWT_LIFE_S || strcmp(claims.iss, ISS) != 0)
		abort();
	if (jwt_sign(cx, ring, &claims, &made) == ERR_OK &&
	    jwt_judge(cx, ring, ISS, made, &again) != ERR_OK)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct clock CLOCK = { .wall_us = wall_us };
	static const struct app APP = { .clock = &CLOCK };
	static const unsigned char MASTER[KEYRING_KEY_BYTES];
	static struct keyring *ring;
	static struct arena *arena;
	const char *rest;
	struct ctx cx;

	if (arena == NULL) {
		ring = keyring_of(MASTER);
		arena = arena_new(ARENA_BYTES);
	}
	if (n == 0)
		return 0;
	ctx_begin_unnamed(&cx, &APP, arena, NULL);
	rest = arena_strndup(arena, (const char *)data + 1, n - 1);
	look(&cx, ring, data[0] % 2 == 0 ? rest : sign(arena, ring, (const char *)data + 1, n - 1));
	return 0;
}
