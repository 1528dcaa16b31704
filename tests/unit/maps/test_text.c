/*
 * Text of any encoding becomes UTF-8, paths get a form for people, and the map of
 * strings keeps what it is given.  (B4)
 */
#include "fixture.h"
#include "maps/strmap.h"
#include "maps/text.h"

#include <string.h>

static void test_text__to_utf8(void **state)
{
	static const struct {
		const char *why;
		struct span in, out;
	} CASES[] = {
		{ "ASCII", { "abc", 3 }, { "abc", 3 } },
		{ "UTF-8", { "\xc3\xa9", 2 }, { "\xc3\xa9", 2 } },
		{ "UTF-8 with its mark",
		  { "\xef\xbb\xbf"
		    "a",
		    4 },
		  { "a", 1 } },
		{ "Latin-1", { "caf\xe9", 4 }, { "caf\xc3\xa9", 5 } },
		{ "an overlong form is Latin-1", { "\xc0\xaf", 2 }, { "\xc3\x80\xc2\xaf", 4 } },
		{ "UTF-16 little",
		  { "\xff\xfe"
		    "a\0\xe9\0",
		    6 },
		  { "a\xc3\xa9", 3 } },
		{ "UTF-16 big", { "\xfe\xff\0a\x20\xac", 6 }, { "a\xe2\x82\xac", 4 } },
		{ "a pair", { "\xff\xfe\x3d\xd8\x00\xde", 6 }, { "\xf0\x9f\x98\x80", 4 } },
		{ "half a pair",
		  { "\xff\xfe\x3d\xd8"
		    "a\0",
		    6 },
		  { "\xef\xbf\xbd"
		    "a",
		    4 } },
		{ "cut in a unit",
		  { "\xff\xfe"
		    "a",
		    3 },
		  { "", 0 } },
		{ "nothing", { "", 0 }, { "", 0 } },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct span out = text_to_utf8(cx->arena, CASES[i].in);

		print_message("# %s\n", CASES[i].why);
		assert_int_equal(out.len, CASES[i].out.len);
		assert_memory_equal(out.data, CASES[i].out.data, out.len);
	}
}

static void test_text__display(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	assert_null(text_display(cx->arena, SPAN("src/\xc3\xa9.c")));
	assert_null(text_display(cx->arena, SPAN("")));
	assert_string_equal(text_display(cx->arena, SPAN("a\xff/b\n")), "a\\xff/b\\x0a");
	assert_string_equal(text_display(cx->arena, SPAN("\xe2\x82")), "\\xe2\\x82");
}

static void test_strmap__grows_and_finds(void **state)
{
	enum { N = 20000 };
	struct ctx *cx = fixture_ctx(*state);
	struct strmap map = strmap_new(cx->arena, 1);

	for (uint32_t i = 0; i < N; i++) {
		const char *key = arena_printf(cx->arena, "key/%u", i);

		assert_int_equal(strmap_add(&map, key, strlen(key), i), i);
		assert_int_equal(strmap_add(&map, key, strlen(key), 7), i);
	}
	for (uint32_t i = 0; i < N; i++) {
		const char *key = arena_printf(cx->arena, "key/%u", i);

		assert_int_equal(strmap_get(&map, key, strlen(key)), i);
	}
	assert_int_equal(strmap_get(&map, "key/", 4), STRMAP_NONE);
	assert_int_equal(strmap_get(&map, "", 0), STRMAP_NONE);
	strmap_set(&map, "key/1", 5, 99);
	assert_int_equal(strmap_get(&map, "key/1", 5), 99);
	assert_int_equal(strmap_add(&map, "", 0, 5), 5);
	assert_int_equal(strmap_get(&map, "", 0), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text__to_utf8),
		cmocka_unit_test(test_text__display),
		cmocka_unit_test(test_strmap__grows_and_finds),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
