/* Sessions: their text, and the token against forged requests (T17; A1, A11). */
#include "fixture.h"

#include "auth/session.h"
#include "auth/user.h"

#include <stdio.h>
#include <string.h>

static const unsigned char MASTER[KEYRING_KEY_BYTES] = "a master key for these tests ...";

static void test_text__there_and_back(void **state)
{
	struct session_claim claim, back;
	char text[SESSION_TEXT_MAX];

	(void)state;
	session_make(&claim);
	for (int64_t tenant = 0; tenant < 100000000000000000; tenant = tenant * 10 + 7) {
		claim.tenant_id = tenant;
		session_text(&claim, text);
		assert_true(session_parse(text, strlen(text), &back));
		assert_true(back.tenant_id == tenant);
		assert_memory_equal(back.secret, claim.secret, sizeof(claim.secret));
	}
}

static void test_text__others(void **state)
{
	static const char *const TEXTS[] = {
		"",
		"ps_",
		"ps__AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"ps_1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"ps_1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"ps_01_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"ps_-1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"ps_1-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"ps_1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+A",
		"ps_1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
		"ps_1234567890123456789_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"PS_1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	struct session_claim claim;

	(void)state;
	for (size_t i = 0; i < COUNT(TEXTS); i++) {
		print_message("# %s\n", TEXTS[i]);
		assert_false(session_parse(TEXTS[i], strlen(TEXTS[i]), &claim));
	}
}

/* The token is of the session's secret alone: the tenant may change, another session's is none. */
static void test_csrf__of_one_session(void **state)
{
	struct keyring *ring = keyring_of(MASTER);
	struct session_claim mine, other;
	char token[SESSION_CSRF_MAX];

	(void)state;
	session_make(&mine);
	session_make(&other);
	session_csrf(ring, &mine, token);
	assert_int_equal(strlen(token), SESSION_CSRF_MAX - 1);
	assert_true(session_csrf_fits(ring, &mine, token));
	mine.tenant_id = 9;
	assert_true(session_csrf_fits(ring, &mine, token));
	assert_false(session_csrf_fits(ring, &other, token));
	for (size_t i = 0; i < strlen(token); i++) {
		char c = token[i];

		token[i] = c == 'A' ? 'B' : 'A';
		assert_false(session_csrf_fits(ring, &mine, token));
		token[i] = c;
	}
	assert_false(session_csrf_fits(ring, &mine, ""));
	keyring_free(ring);
}

/* What a secret is looked up by and what guards against forgery tell nothing of each other. */
static void test_csrf__is_not_the_hash(void **state)
{
	struct keyring *ring = keyring_of(MASTER);
	unsigned char hash[SECRET_HASH_BYTES];
	char token[SESSION_CSRF_MAX], text[SESSION_CSRF_MAX];
	struct session_claim claim;

	(void)state;
	session_make(&claim);
	session_hash(ring, &claim, hash);
	session_csrf(ring, &claim, token);
	secret_base64url(hash, sizeof(hash), text, sizeof(text));
	assert_string_not_equal(text, token);
	keyring_free(ring);
}

static void test_email__each(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} CASES[] = {
		{ "ada@example.org", true },
		{ "owner@localhost", true },
		{ "a.b+c@x-y.example", true },
		{ "A@B", true },
		{ "", false },
		{ "ada", false },
		{ "@example.org", false },
		{ "ada@", false },
		{ "ada@.org", false },
		{ "ada@example.", false },
		{ "ada@-x.org", false },
		{ "a b@example.org", false },
		{ "ada@example.org\n", false },
		{ "ada@@example.org", false },
		{ "\"a\"@example.org", false },
		{ "adä@example.org", false },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);

		print_message("# %s\n", CASES[i].text);
		assert_int_equal(user_email_check(cx, "/email", CASES[i].text),
		                 CASES[i].good ? ERR_OK : ERR_INVALID);
	}
	assert_string_equal(user_email(fixture_ctx(*state), "Ada@Example.ORG"), "ada@example.org");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text__there_and_back),
		cmocka_unit_test(test_text__others),
		cmocka_unit_test(test_csrf__of_one_session),
		cmocka_unit_test(test_csrf__is_not_the_hash),
		cmocka_unit_test(test_email__each),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
