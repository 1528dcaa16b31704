/* Access tokens: one form is taken, every other text is refused (T18; A1). */
#include "fixture.h"

#include "auth/jwt.h"
#include "base/sb.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define NOW (FIXTURE_WALL_US / 1000000) /* 1795243500 */
#define ISS "https://portolan.test"

#define HEADER          "{'alg':'HS256','typ':'at+jwt','kid':'1'}"
#define CLAIMS(members) "{'iss':'" ISS "','aud':'portolan-api','sub':'key:7'," members "}"
#define TIMES           "'iat':1795243500,'nbf':1795243500,'exp':1795244100"
#define GOOD            CLAIMS("'tid':1,'fam':2," TIMES ",'jti':'a'")

static const unsigned char MASTER[KEYRING_KEY_BYTES] = "an installation's master key...";

static char *base64(struct ctx *cx, const void *bytes, size_t n)
{
	char *text = arena_alloc(cx->arena, n * 2 + 8);

	secret_base64url(bytes, n, text, n * 2 + 8);
	return text;
}

/* Any header and claims, signed as they should be. */
static char *forge(struct ctx *cx, const struct keyring *ring, const char *header,
                   const char *claims)
{
	struct span h = quotes(cx, header), c = quotes(cx, claims);
	char *text = arena_printf(cx->arena, "%s.%s", base64(cx, h.data, h.len),
	                          base64(cx, c.data, c.len));
	unsigned char key[KEYRING_KEY_BYTES], mac[32];

	assert_true(keyring_derive(ring, 1, KEYRING_ACCESS_TOKEN, key));
	crypto_auth_hmacsha256(mac, (const unsigned char *)text, strlen(text), key);
	return arena_printf(cx->arena, "%s.%s", text, base64(cx, mac, sizeof(mac)));
}

static struct keyring *ring(void)
{
	static struct keyring *ret;

	if (ret == NULL)
		ret = keyring_of(MASTER);
	return ret;
}

static enum err judge(struct ctx *cx, const char *text)
{
	struct jwt_claims claims;

	err_clear(cx);
	return jwt_judge(cx, ring(), ISS, text, &claims);
}

static void assert_refused(struct ctx *cx, const char *text, const char *why)
{
	struct jwt_claims claims = { .tid = 77 };
	enum err e;

	err_clear(cx);
	e = jwt_judge(cx, ring(), ISS, text, &claims);
	if (e != ERR_UNAUTHENTICATED)
		fail_msg("taken, or failed otherwise: %s", why);
	assert_string_equal(cx->fault.detail, "the access token does not hold");
	assert_int_equal(claims.tid, 77);
}

static void test_jwt__there_and_back(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const struct jwt_claims in = { .iss = ISS,
		                       .aud = JWT_AUDIENCE,
		                       .sub = "key:7",
		                       .tid = 3,
		                       .fam = 9,
		                       .iat = NOW,
		                       .nbf = NOW,
		                       .exp = NOW + JWT_LIFE_S,
		                       .jti = "x" };
	struct jwt_claims out;
	const char *text;

	assert_int_equal(jwt_sign(cx, ring(), &in, &text), ERR_OK);
	assert_int_equal(jwt_judge(cx, ring(), ISS, text, &out), ERR_OK);
	assert_string_equal(out.sub, "key:7");
	assert_int_equal(out.tid, 3);
	assert_int_equal(out.fam, 9);
	assert_int_equal(out.exp, NOW + JWT_LIFE_S);
	/* What the tests below forge is what is really made. */
	assert_string_equal(forge(cx, ring(), HEADER,
	                          "{'iss':'" ISS "','aud':'portolan-api','sub':'key:7','tid':3,"
	                          "'fam':9,'iat':1795243500,'nbf':1795243500,'exp':1795244100,"
	                          "'jti':'x'}"),
	                    text);
}

/* Correctly signed, and wrong all the same.  Each row: why, header, claims. */
static const struct {
	const char *why, *header, *claims;
} SIGNED[] = {
	{ "alg none", "{'alg':'none','typ':'at+jwt','kid':'1'}", GOOD },
	{ "alg None", "{'alg':'None','typ':'at+jwt','kid':'1'}", GOOD },
	{ "alg hs256", "{'alg':'hs256','typ':'at+jwt','kid':'1'}", GOOD },
	{ "alg HS512", "{'alg':'HS512','typ':'at+jwt','kid':'1'}", GOOD },
	{ "alg RS256", "{'alg':'RS256','typ':'at+jwt','kid':'1'}", GOOD },
	{ "alg EdDSA", "{'alg':'EdDSA','typ':'at+jwt','kid':'1'}", GOOD },
	{ "alg empty", "{'alg':'','typ':'at+jwt','kid':'1'}", GOOD },
	{ "alg null", "{'alg':null,'typ':'at+jwt','kid':'1'}", GOOD },
	{ "alg a list", "{'alg':['HS256'],'typ':'at+jwt','kid':'1'}", GOOD },
	{ "alg absent", "{'typ':'at+jwt','kid':'1'}", GOOD },
	{ "alg twice", "{'alg':'none','alg':'HS256','typ':'at+jwt','kid':'1'}", GOOD },
	{ "typ JWT", "{'alg':'HS256','typ':'JWT','kid':'1'}", GOOD },
	{ "typ absent", "{'alg':'HS256','kid':'1'}", GOOD },
	{ "kid absent", "{'alg':'HS256','typ':'at+jwt'}", GOOD },
	{ "kid unknown", "{'alg':'HS256','typ':'at+jwt','kid':'2'}", GOOD },
	{ "kid zero", "{'alg':'HS256','typ':'at+jwt','kid':'0'}", GOOD },
	{ "kid negative", "{'alg':'HS256','typ':'at+jwt','kid':'-1'}", GOOD },
	{ "kid with a zero", "{'alg':'HS256','typ':'at+jwt','kid':'01'}", GOOD },
	{ "kid with a space", "{'alg':'HS256','typ':'at+jwt','kid':' 1'}", GOOD },
	{ "kid empty", "{'alg':'HS256','typ':'at+jwt','kid':''}", GOOD },
	{ "kid huge", "{'alg':'HS256','typ':'at+jwt','kid':'4294967297'}", GOOD },
	{ "kid a path", "{'alg':'HS256','typ':'at+jwt','kid':'../../dev/null'}", GOOD },
	{ "kid SQL", "{'alg':'HS256','typ':'at+jwt','kid':'1 OR 1=1'}", GOOD },
	{ "kid a number", "{'alg':'HS256','typ':'at+jwt','kid':1}", GOOD },
	{ "a key of its own",
	  "{'alg':'HS256','typ':'at+jwt','kid':'1','jwk':{'kty':'oct','k':'AA'}}", GOOD },
	{ "jku", "{'alg':'HS256','typ':'at+jwt','kid':'1','jku':'http://127.0.0.1/k'}", GOOD },
	{ "x5u", "{'alg':'HS256','typ':'at+jwt','kid':'1','x5u':'http://127.0.0.1/k'}", GOOD },
	{ "x5c", "{'alg':'HS256','typ':'at+jwt','kid':'1','x5c':['AA']}", GOOD },
	{ "crit", "{'alg':'HS256','typ':'at+jwt','kid':'1','crit':['exp']}", GOOD },
	{ "b64 false", "{'alg':'HS256','typ':'at+jwt','kid':'1','b64':false}", GOOD },
	{ "zip", "{'alg':'HS256','typ':'at+jwt','kid':'1','zip':'DEF'}", GOOD },
	{ "header a list", "['HS256']", GOOD },
	{ "header no JSON", "alg=HS256", GOOD },
	{ "two headers", HEADER HEADER, GOOD },
	{ "another issuer", HEADER,
	  "{'iss':'https://evil.test','aud':'portolan-api','sub':'key:7','tid':1,'fam':2," TIMES
	  ",'jti':'a'}" },
	{ "issuer a list", HEADER,
	  "{'iss':['" ISS "'],'aud':'portolan-api','sub':'key:7','tid':1,'fam':2," TIMES
	  ",'jti':'a'}" },
	{ "another audience", HEADER,
	  "{'iss':'" ISS "','aud':'portolan','sub':'key:7','tid':1,'fam':2," TIMES ",'jti':'a'}" },
	{ "audiences", HEADER,
	  "{'iss':'" ISS "','aud':['portolan-api','x'],'sub':'key:7','tid':1,'fam':2," TIMES
	  ",'jti':'a'}" },
	{ "issuer absent", HEADER,
	  "{'aud':'portolan-api','sub':'key:7','tid':1,'fam':2," TIMES ",'jti':'a'}" },
	{ "a claim more", HEADER, CLAIMS("'tid':1,'fam':2," TIMES ",'jti':'a','role':'owner'") },
	{ "a claim twice", HEADER, CLAIMS("'tid':1,'tid':2,'fam':2," TIMES ",'jti':'a'") },
	{ "tenant zero", HEADER, CLAIMS("'tid':0,'fam':2," TIMES ",'jti':'a'") },
	{ "tenant negative", HEADER, CLAIMS("'tid':-1,'fam':2," TIMES ",'jti':'a'") },
	{ "tenant a text", HEADER, CLAIMS("'tid':'1','fam':2," TIMES ",'jti':'a'") },
	{ "tenant a float", HEADER, CLAIMS("'tid':1.0,'fam':2," TIMES ",'jti':'a'") },
	{ "tenant huge", HEADER, CLAIMS("'tid':18446744073709551617,'fam':2," TIMES ",'jti':'a'") },
	{ "tenant absent", HEADER, CLAIMS("'fam':2," TIMES ",'jti':'a'") },
	{ "family absent", HEADER, CLAIMS("'tid':1," TIMES ",'jti':'a'") },
	{ "jti absent", HEADER, CLAIMS("'tid':1,'fam':2," TIMES) },
	{ "exp absent", HEADER,
	  CLAIMS("'tid':1,'fam':2,'iat':1795243500,'nbf':1795243500,'jti':'a'") },
	{ "exp null", HEADER,
	  CLAIMS("'tid':1,'fam':2,'iat':1795243500,'nbf':1795243500,'exp':null,'jti':'a'") },
	{ "exp a float", HEADER,
	  CLAIMS("'tid':1,'fam':2,'iat':1795243500,'nbf':1795243500,'exp':1.7952441e9,'jti':'a'") },
	{ "exp a text", HEADER,
	  CLAIMS("'tid':1,'fam':2,'iat':1795243500,'nbf':1795243500,'exp':'1795244100','jti':'a'") },
	{ "expired", HEADER,
	  CLAIMS("'tid':1,'fam':2,'iat':1795242800,'nbf':1795242800,'exp':1795243400,'jti':'a'") },
	{ "expired by a second over the skew", HEADER,
	  CLAIMS("'tid':1,'fam':2,'iat':1795243000,'nbf':1795243000,'exp':1795243470,'jti':'a'") },
	{ "eleven minutes", HEADER,
	  CLAIMS("'tid':1,'fam':2,'iat':1795243500,'nbf':1795243500,'exp':1795244160,'jti':'a'") },
	{ "for ever", HEADER,
	  CLAIMS("'tid':1,'fam':2,'iat':0,'nbf':0,'exp':9007199254740992,'jti':'a'") },
	{ "past the range", HEADER,
	  CLAIMS("'tid':1,'fam':2,'iat':1795243500,'nbf':1795243500,'exp':9223372036854775807,"
	         "'jti':'a'") },
	{ "milliseconds", HEADER,
	  CLAIMS("'tid':1,'fam':2,'iat':1795243500000,'nbf':1795243500000,'exp':1795243500600,"
	         "'jti':'a'") },
	{ "ends before it begins", HEADER,
	  CLAIMS("'tid':1,'fam':2,'iat':1795243520,'nbf':1795243520,'exp':1795243510,'jti':'a'") },
	{ "not before later", HEADER,
	  CLAIMS("'tid':1,'fam':2,'iat':1795243500,'nbf':1795243560,'exp':1795244100,'jti':'a'") },
	{ "issued in the future", HEADER,
	  CLAIMS("'tid':1,'fam':2,'iat':1795243560,'nbf':1795243500,'exp':1795244100,'jti':'a'") },
	{ "NUL in a text", HEADER, CLAIMS("'tid':1,'fam':2," TIMES ",'jti':'a\\u0000b'") },
	{ "claims a list", HEADER, "[1]" },
	{ "claims empty", HEADER, "{}" },
	{ "a comma at the end", HEADER, CLAIMS("'tid':1,'fam':2," TIMES ",'jti':'a',") },
	{ "text behind the claims", HEADER, GOOD "{}" },
};

static void test_jwt__signed_but_wrong(void **state)
{
	for (size_t i = 0; i < COUNT(SIGNED); i++) {
		struct ctx *cx = fixture_ctx(*state);

		assert_refused(cx, forge(cx, ring(), SIGNED[i].header, SIGNED[i].claims),
		               SIGNED[i].why);
	}
}

/* Within the skew a token holds. */
static void test_jwt__skew(void **state)
{
	static const char *const HOLD[] = {
		CLAIMS("'tid':1,'fam':2,'iat':1795243530,'nbf':1795243530,'exp':1795244130,"
		       "'jti':'a'"),
		CLAIMS("'tid':1,'fam':2,'iat':1795242900,'nbf':1795242900,'exp':1795243471,"
		       "'jti':'a'"),
	};

	for (size_t i = 0; i < COUNT(HOLD); i++) {
		struct ctx *cx = fixture_ctx(*state);

		assert_int_equal(judge(cx, forge(cx, ring(), HEADER, HOLD[i])), ERR_OK);
	}
}

/* Every bit of every character counts: none can be flipped, none left out. */
static void test_jwt__every_character(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	char *good = forge(cx, ring(), HEADER, GOOD), *text = arena_strdup(cx->arena, good);
	size_t n = strlen(good);

	assert_int_equal(judge(cx, good), ERR_OK);
	for (size_t i = 0; i < n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			text[i] = (char)(good[i] ^ 1 << bit);
			assert_refused(cx, text, "a bit flipped");
		}
		text[i] = good[i];
		assert_refused(cx, arena_printf(cx->arena, "%.*s%s", (int)i, good, good + i + 1),
		               "a character left out");
		assert_refused(cx, arena_strndup(cx->arena, good, i), "cut off");
	}
}

/* A form with H, C and S replaced by the parts of a good token. */
static const char *arrange(struct ctx *cx, const char *form, const char *const parts[3])
{
	static const char LETTERS[] = "HCS";
	struct sb sb = sb_new(cx->arena, 4096);
	const char *text = NULL;

	for (; *form != '\0'; form++) {
		const char *which = strchr(LETTERS, *form);

		if (which != NULL)
			sb_add(&sb, parts[which - LETTERS]);
		else
			sb_addc(&sb, *form);
	}
	assert_int_equal(sb_finish(cx, &sb, &text), ERR_OK);
	return text;
}

/* Other arrangements of good parts. */
static void test_jwt__parts(void **state)
{
	static const char *const FORMS[] = {
		"H.C.",   "H.C",    "H..S",    ".C.S",    "..",     ".",      "",
		"C.H.S",  "H.C.S.", ".H.C.S",  "H.C.S.S", "H.C.S=", "H.C.S ", " H.C.S",
		"H=.C.S", "H.C=.S", "H.C.S\n", "H.C.C",   "HCS",    "H. C.S", "H.C.xS",
	};
	struct ctx *cx = fixture_ctx(*state);
	char *good = forge(cx, ring(), HEADER, GOOD), *h = arena_strdup(cx->arena, good);
	char *c = strchr(h, '.'), *s;
	const char *parts[3];

	*c++ = '\0';
	s = strchr(c, '.');
	*s++ = '\0';
	parts[0] = h;
	parts[1] = c;
	parts[2] = s;
	assert_int_equal(judge(cx, arrange(cx, "H.C.S", parts)), ERR_OK);
	for (size_t i = 0; i < COUNT(FORMS); i++)
		assert_refused(cx, arrange(cx, FORMS[i], parts), FORMS[i]);
	/* The last character of 32 bytes in Base64 has two bits that mean nothing: they must be 0. */
	good[strlen(good) - 1]++;
	assert_refused(cx, good, "another spelling of the signature");
}

static void test_jwt__size(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	char *text = arena_alloc(cx->arena, (size_t)1024 * 1024);

	memset(text, 'A', (size_t)1024 * 1024 - 1);
	assert_refused(cx, text, "no dot");
	memset(text, '.', (size_t)1024 * 1024 - 1);
	assert_refused(cx, text, "only dots");
	memset(text, 'A', (size_t)1024 * 1024 - 1);
	text[40] = text[80] = '.';
	assert_refused(cx, text, "oversize");
}

/* Keys of other installations, purposes and numbers. */
static void test_jwt__keys(void **state)
{
	static const unsigned char OTHER[KEYRING_KEY_BYTES] = "another installation's key.....";
	struct ctx *cx = fixture_ctx(*state);
	struct span h = quotes(cx, HEADER), c = quotes(cx, GOOD);
	char *text = arena_printf(cx->arena, "%s.%s", base64(cx, h.data, h.len),
	                          base64(cx, c.data, c.len));
	struct keyring *other = keyring_of(OTHER);
	unsigned char key[KEYRING_KEY_BYTES], mac[64];

	assert_refused(cx, forge(cx, other, HEADER, GOOD), "another installation's");
	keyring_free(other);
	for (int p = KEYRING_API_KEY; p <= KEYRING_SEAL; p++) {
		if (p == KEYRING_ACCESS_TOKEN)
			continue;
		assert_true(keyring_derive(ring(), 1, (enum keyring_purpose)p, key));
		crypto_auth_hmacsha256(mac, (const unsigned char *)text, strlen(text), key);
		assert_refused(cx, arena_printf(cx->arena, "%s.%s", text, base64(cx, mac, 32)),
		               "the key of another purpose");
	}
	crypto_auth_hmacsha256(mac, (const unsigned char *)text, strlen(text), MASTER);
	assert_refused(cx, arena_printf(cx->arena, "%s.%s", text, base64(cx, mac, 32)),
	               "the master key itself");
	memset(key, 0, sizeof(key));
	crypto_auth_hmacsha256(mac, (const unsigned char *)text, strlen(text), key);
	assert_refused(cx, arena_printf(cx->arena, "%s.%s", text, base64(cx, mac, 32)), "no key");
	assert_true(keyring_derive(ring(), 1, KEYRING_ACCESS_TOKEN, key));
	crypto_auth_hmacsha512(mac, (const unsigned char *)text, strlen(text), key);
	assert_refused(cx, arena_printf(cx->arena, "%s.%s", text, base64(cx, mac, 32)),
	               "HMAC-SHA-512 cut short");
	assert_refused(cx, arena_printf(cx->arena, "%s.%s", text, base64(cx, mac, 64)),
	               "HMAC-SHA-512");
}

static void test_jwt__too_long_to_sign(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	char iss[JWT_TEXT_MAX];
	const struct jwt_claims in = { .iss = iss, .aud = "", .sub = "", .jti = "" };
	const char *text;

	memset(iss, 'a', sizeof(iss) - 1);
	iss[sizeof(iss) - 1] = '\0';
	assert_int_equal(jwt_sign(cx, ring(), &in, &text), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jwt__there_and_back),
		cmocka_unit_test(test_jwt__signed_but_wrong),
		cmocka_unit_test(test_jwt__skew),
		cmocka_unit_test(test_jwt__every_character),
		cmocka_unit_test(test_jwt__parts),
		cmocka_unit_test(test_jwt__size),
		cmocka_unit_test(test_jwt__keys),
		cmocka_unit_test(test_jwt__too_long_to_sign),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
