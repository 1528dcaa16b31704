/* The page on which a person uses an invitation or a reset (A1). */
#include "fixture.h"

#include "auth/user.h"

/* Browsers send nothing of what stands behind #. */
static void test_user_token_url__keeps_the_token_behind_the_sign(void **state)
{
	static const struct {
		const char *base, *kind, *url;
	} CASES[] = {
		{ "https://p.example.org", "invitation",
		  "https://p.example.org/welcome#invitation=pw_1_a" },
		{ "https://p.example.org/", "reset", "https://p.example.org/welcome#reset=pw_1_a" },
		{ "http://127.0.0.1:8000", "reset", "http://127.0.0.1:8000/welcome#reset=pw_1_a" },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++)
		assert_string_equal(user_token_url(cx, CASES[i].base, CASES[i].kind, "pw_1_a"),
		                    CASES[i].url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_user_token_url__keeps_the_token_behind_the_sign),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
