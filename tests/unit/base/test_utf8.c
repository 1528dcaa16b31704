/* UTF-8: the boundaries of RFC 3629, and every code point. */
#include "fixture.h"

#include "base/nearest.h"
#include "base/utf8.h"

#include <string.h>

#define T(text)                                                                                    \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}

static void test_utf8_valid__boundaries(void **state)
{
	static const struct {
		struct span text;
		size_t valid; /* bytes of the longest valid start */
	} CASES[] = {
		{ T(""), 0 },
		{ T("abc"), 3 },
		{ T("a\0b"), 3 },
		{ T("\x7F"), 1 },
		{ T("\x80"), 0 },
		{ T("\xBF"), 0 },
		{ T("\xC0\x80"), 0 },
		{ T("\xC1\xBF"), 0 },
		{ T("\xC2\x80"), 2 },
		{ T("\xDF\xBF"), 2 },
		{ T("\xDF"), 0 },
		{ T("\xDF\x7F"), 0 },
		{ T("\xE0\x9F\xBF"), 0 },
		{ T("\xE0\xA0\x80"), 3 },
		{ T("\xED\x9F\xBF"), 3 },
		{ T("\xED\xA0\x80"), 0 },
		{ T("\xEE\x80\x80"), 3 },
		{ T("\xEF\xBF\xBF"), 3 },
		{ T("\xEF\xBF"), 0 },
		{ T("\xF0\x8F\xBF\xBF"), 0 },
		{ T("\xF0\x90\x80\x80"), 4 },
		{ T("\xF4\x8F\xBF\xBF"), 4 },
		{ T("\xF4\x90\x80\x80"), 0 },
		{ T("\xF5\x80\x80\x80"), 0 },
		{ T("\xF0\x90\x80"), 0 },
		{ T("\xFE"), 0 },
		{ T("\xFF"), 0 },
		{ T("12345678\xFF"), 8 },
		{ T("1234567\xC3\xA9"
		    "12345678\x80"),
		  17 },
		{ T("abc\xE2\x82"), 3 },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		/* A copy without a byte after it, so that ASan sees a read too far. */
		const char *copy = arena_memdup(cx->arena, CASES[i].text.data, CASES[i].text.len);

		assert_int_equal(utf8_valid(copy, CASES[i].text.len), CASES[i].valid);
	}
}

static void test_utf8_char__every_code_point(void **state)
{
	(void)state;
	for (unsigned c = 1; c < 0x110000; c++) {
		char text[4];
		size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		bool surrogate = c >= 0xD800 && c <= 0xDFFF;

		for (size_t i = n - 1; i > 0; i--)
			text[i] = (char)(0x80 | (c >> (6 * (n - 1 - i)) & 0x3F));
		text[0] = n == 1 ? (char)c : (char)(0xF0 << (4 - n) | c >> (6 * (n - 1)));
		if (utf8_char(text, n) != (surrogate ? 0 : n))
			fail_msg("U+%04X", c);
		if (n > 1 && utf8_char(text, n - 1) != 0)
			fail_msg("U+%04X cut short", c);
	}
}

static void test_utf8_length(void **state)
{
	(void)state;
	assert_int_equal(utf8_length("", 0), 0);
	assert_int_equal(utf8_length("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 10), 4);
}

static void test_nearest(void **state)
{
	static const char *const KNOWN[] = { "name", "depth", "repository_url", "id" };
	static const struct {
		const char *wanted, *best;
	} CASES[] = {
		{ "nmae", "name" },
		{ "Name", "name" },
		{ "names", "name" },
		{ "dept", "depth" },
		{ "htped", NULL },
		{ "repositoryurl", "repository_url" },
		{ "repo_url", NULL },
		{ "", NULL },
		{ "x", NULL },
		{ "ID", "id" },
		{ "something_else", NULL },
		{ "a_name_that_is_longer_than_any_that_is_known_here_or_anywhere_else", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct nearest near = nearest_to(CASES[i].wanted);

		for (size_t k = 0; k < COUNT(KNOWN); k++)
			nearest_offer(&near, KNOWN[k]);
		print_message("# %s\n", CASES[i].wanted);
		if (CASES[i].best == NULL)
			assert_null(near.best);
		else
			assert_string_equal(near.best, CASES[i].best);
	}
}

/* However a text is cut, it is what it is whole. */
static void test_utf8_run__any_pieces(void **state)
{
	static const struct span TEXTS[] = {
		SPAN(""),
		SPAN("plain"),
		SPAN("gr\xC3\xBC\xC3\x9F"),
		SPAN("\xE2\x82\xAC\xF0\x9F\x98\x80"),
		SPAN("\xC3("),
		SPAN("a\x80"),
		SPAN("\xF0\x9F\x98"),
		SPAN("\xE2\x82"),
		SPAN("\xC3\xC3\xBC"),
		SPAN("\xFF\xFE\xFD\xFCz"),
		SPAN("\xED\xA0\x80"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(TEXTS); i++) {
		struct span t = TEXTS[i];

		for (size_t size = 1; size <= t.len + 1; size++) {
			struct utf8_run run = { 0 };

			for (size_t at = 0; at < t.len; at += size)
				utf8_run_add(&run, t.data + at,
				             t.len - at < size ? t.len - at : size);
			if (utf8_run_valid(&run) != (utf8_valid(t.data, t.len) == t.len))
				fail_msg("text %zu in pieces of %zu", i, size);
		}
	}
}

static void test_utf8__hides(void **state)
{
	static const char *const HIDES[] = { "a\u00ADb", "\u200B", "\u200E", "a\u2029",
		                             "\u202Ex",  "\u2066", "\uFEFF", "\U000E0041" };
	static const char *const SHOWS[] = {
		"",       "Ada",    "Zo\u00EB", "\u2026",     "\u200D",
		"\u200C", "\u2070", "\u2027",   "\U0001F600", "\uFEFE"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(HIDES) / sizeof(HIDES[0]); i++)
		assert_true(utf8_hides(HIDES[i]));
	for (size_t i = 0; i < sizeof(SHOWS) / sizeof(SHOWS[0]); i++)
		assert_false(utf8_hides(SHOWS[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8_valid__boundaries),
		cmocka_unit_test(test_utf8_char__every_code_point),
		cmocka_unit_test(test_utf8_length),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_utf8_run__any_pieces),
		cmocka_unit_test(test_utf8__hides),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
