/* What settling computes without a database: back-off and the text of an error (C5, C6). */
#include "fixture.h"

#include "jobs/settle.h"

#include <string.h>

/* Each row: base, the attempt that failed, the most seconds that the next one may wait. */
static const struct {
	const char *why;
	int64_t base_s, attempt, most_s;
} CASES[] = {
	{ "after the first attempt, up to the base", 30, 1, 30 },
	{ "doubled after each further one", 30, 2, 60 },
	{ "and again", 30, 4, 240 },
	{ "never more than an hour", 30, 9, 3600 },
	{ "also when doubling would overflow", 30, 1000000, 3600 },
	{ "a base above the hour is cut", 100000, 1, 3600 },
	{ "no base, no wait", 0, 7, 0 },
};

static void test_backoff_is_full_jitter(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		int64_t base = CASES[i].base_s, n = CASES[i].attempt, most = CASES[i].most_s * 1000;

		print_message("# %s\n", CASES[i].why);
		assert_int_equal(settle_backoff_ms(base, n, 0), 0);
		assert_int_equal(settle_backoff_ms(base, n, (uint64_t)most), most);
		assert_int_equal(settle_backoff_ms(base, n, (uint64_t)most + 1), 0);
		for (uint64_t r = 1; r != 0; r *= 2) {
			int64_t ms = settle_backoff_ms(base, n, r - 1);

			assert_in_range(ms, 0, most);
		}
	}
}

static void test_error_text_has_the_next_step(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const struct fault plain = { .code = ERR_TIMEOUT, .detail = "too slow" };
	const struct fault fixed = { .code = ERR_TIMEOUT, .detail = "too slow", .fix = "wait" };
	const struct fault bare = { .code = ERR_TIMEOUT };

	assert_string_equal(job_error_text(cx, &plain), "too slow");
	assert_string_equal(job_error_text(cx, &fixed), "too slow; wait");
	assert_string_equal(job_error_text(cx, &bare), err_info(ERR_TIMEOUT)->title);
}

static void test_error_text_ends_with_a_whole_character(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	char *text = arena_alloc(cx->arena, 3002);
	struct fault long_one = { .code = ERR_TIMEOUT, .detail = text };

	text[0] = 'x'; /* so that a two-byte character lies across the limit */
	for (int i = 1; i < 3000; i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	assert_int_equal(strlen(job_error_text(cx, &long_one)), JOB_ERROR_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backoff_is_full_jitter),
		cmocka_unit_test(test_error_text_has_the_next_step),
		cmocka_unit_test(test_error_text_ends_with_a_whole_character),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
