/*
 * The inverted index of names and paths: which grams a text has, what comes back out of the
 * index, and how a hit is judged.  (B4, I3)
 */
#include "fixture.h"
#include "maps/grams.h"
#include "maps/search_hits.h"

#include <stdlib.h>
#include <string.h>

static bool has(struct span text, unsigned set, struct span q)
{
	uint32_t *mine = calloc(GRAMS_MAX, sizeof(*mine)),
		 *wanted = calloc(GRAMS_MAX, sizeof(*wanted));
	size_t n = grams_of(text, GRAM_ALL, mine), m = grams_of(q, set, wanted);
	bool all = m > 0;

	for (size_t i = 0; i < m; i++) {
		size_t at = 0;

		while (at < n && mine[at] != wanted[i])
			at++;
		all = all && at < n;
	}
	free(mine);
	free(wanted);
	return all;
}

/* What is looked for has only grams that the text has, where it stands in it. */
static void test_grams__of_parts_and_beginnings(void **state)
{
	static const struct {
		const char *text, *q;
		unsigned set;
		bool found;
	} CASES[] = {
		{ "parseHttpRequest", "HTTPREQ", GRAM_PARTS, true },
		{ "parseHttpRequest", "httq", GRAM_PARTS, false },
		{ "parseHttpRequest", "pa", GRAM_START, true },
		{ "parseHttpRequest", "ht", GRAM_START, false },
		{ "parseHttpRequest", "ht", GRAM_WORDS, true },
		{ "parseHttpRequest", "tt", GRAM_WORDS, false },
		{ "HTTPServer", "se", GRAM_WORDS, true },
		{ "HTTPServer", "tp", GRAM_WORDS, false },
		{ "snake_case_name", "na", GRAM_WORDS, true },
		{ "lib/net/http.c", "ht", GRAM_START, true },
		{ "lib/net/http.c", "ne", GRAM_START, false },
		{ "lib/net/http.c", "ne", GRAM_WORDS, true },
		{ "caf\xc3\xa9", "f\xc3\xa9", GRAM_PARTS, true },
		{ "x", "x", GRAM_START, true },
		{ "x", "xy", GRAM_START, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct span text = { CASES[i].text, strlen(CASES[i].text) };
		struct span q = { CASES[i].q, strlen(CASES[i].q) };

		print_message("# %s in %s\n", CASES[i].q, CASES[i].text);
		assert_int_equal(has(text, CASES[i].set, q), CASES[i].found);
	}
}

/* Numbers near and far apart come back as they went in. */
static void test_grams__postings_there_and_back(void **state)
{
	static const uint32_t NUMBERS[] = { 0,    1,     31,      32,       33,
		                            1000, 33000, 1100000, 40000000, 4000000000u };
	struct ctx *cx = fixture_ctx(*state);
	struct gram_index index = gram_index_new(cx->arena);
	uint32_t gram;
	const char *at;
	int64_t last = -1;

	assert_int_equal(grams_of(SPAN("abc"), GRAM_PARTS, &gram), 1);
	for (size_t i = 0; i < COUNT(NUMBERS); i++)
		gram_index_add(&index, NUMBERS[i], SPAN("abcabc"));
	assert_int_equal(index.lists[gram].n, COUNT(NUMBERS));
	at = arena_strndup(cx->arena, index.lists[gram].postings, index.lists[gram].len);
	for (size_t i = 0; i < COUNT(NUMBERS); i++) {
		last = gram_next(&at, last);
		assert_int_equal(last, NUMBERS[i]);
	}
	assert_int_equal(gram_next(&at, last), -1);
}

static const char *listed(struct ctx *cx, const uint32_t *numbers, size_t n)
{
	struct gram_index index = gram_index_new(cx->arena);
	uint32_t gram;

	assert_int_equal(grams_of(SPAN("abc"), GRAM_PARTS, &gram), 1);
	for (size_t i = 0; i < n; i++)
		gram_index_add(&index, numbers[i], SPAN("abc"));
	return arena_strndup(cx->arena, n > 0 ? index.lists[gram].postings : "",
	                     index.lists[gram].len);
}

/* Numbers that go and come leave the list that would have been made without the ones and with the others. */
static void test_grams__lists_are_patched(void **state)
{
	static const struct {
		uint32_t was[5], gone[3], come[3], is[6];
		size_t nwas, ngone, ncome, nis;
		bool fits;
	} CASES[] = {
		{ { 1, 40, 3000 }, { 40 }, { 2, 41 }, { 1, 2, 41, 3000 }, 3, 1, 2, 4, true },
		{ { 1, 40 }, { 1, 40 }, { 0 }, { 0 }, 2, 2, 0, 0, true },
		{ { 0 }, { 0 }, { 7, 90000 }, { 7, 90000 }, 0, 0, 2, 2, true },
		{ { 5 }, { 0 }, { 0, 2147483647 }, { 0, 5, 2147483647 }, 1, 0, 2, 3, true },
		{ { 0, 2147483647 }, { 2147483647 }, { 1 }, { 0, 1 }, 2, 1, 1, 2, true },
		{ { 1, 40 }, { 2 }, { 0 }, { 0 }, 2, 1, 0, 0, false },
		{ { 1, 40 }, { 41 }, { 0 }, { 0 }, 2, 1, 0, 0, false },
		{ { 1, 40 }, { 0 }, { 40 }, { 0 }, 2, 0, 1, 0, false },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct gram_list list;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		const char *was = listed(cx, CASES[i].was, CASES[i].nwas);
		const char *is = listed(cx, CASES[i].is, CASES[i].nis);
		const struct gram_numbers gone = { CASES[i].gone, CASES[i].ngone };
		const struct gram_numbers come = { CASES[i].come, CASES[i].ncome };

		print_message("# %zu\n", i);
		assert_int_equal(gram_patch(cx->arena, was, gone, come, &list), CASES[i].fits);
		if (!CASES[i].fits)
			continue;
		assert_int_equal(list.n, CASES[i].nis);
		assert_int_equal(list.len, strlen(is));
		assert_memory_equal(list.postings, is, list.len);
	}
	assert_false(gram_patch(cx->arena, "PPPPPPPPP0PPPPPP?", (struct gram_numbers){ 0 },
	                        (struct gram_numbers){ 0 }, &list));
	assert_false(gram_patch(cx->arena, "1!", (struct gram_numbers){ 0 },
	                        (struct gram_numbers){ 0 }, &list));
}

static void test_grams__changes_are_read(void **state)
{
	static const struct {
		const char *line;
		size_t ngone, ncome;
		bool good;
	} CASES[] = {
		{ "s\t262143\t{1,20,2147483647}\t{3}", 3, 1, true },
		{ "s\t0\t{}\t{}", 0, 0, true },
		{ "s\t262144\t{}\t{}", 0, 0, false },
		{ "f\t1\t{}\t{}", 0, 0, false },
		{ "s\t\t{}\t{}", 0, 0, false },
		{ "s\t1\t{2147483648}\t{}", 0, 0, false },
		{ "s\t1\t{2,2}\t{}", 0, 0, false },
		{ "s\t1\t{,}\t{}", 0, 0, false },
		{ "s\t1\t{2 3}\t{}", 0, 0, false },
		{ "s\t1\t{2}", 0, 0, false },
		{ "s\t1\t{2}\t{3}4", 0, 0, false },
		{ "s\t1\t{2}\t{3", 0, 0, false },
		{ "s", 0, 0, false },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct gram_change change;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		const struct span line = { CASES[i].line, strlen(CASES[i].line) };

		print_message("# %s\n", CASES[i].line);
		assert_int_equal(gram_change_read(cx->arena, line, &change), CASES[i].good);
		if (!CASES[i].good)
			continue;
		assert_int_equal(change.gone.n, CASES[i].ngone);
		assert_int_equal(change.come.n, CASES[i].ncome);
	}
}

/* What is no posting ends the list, whatever it is. */
static void test_grams__postings_that_are_none(void **state)
{
	static const char *const CASES[] = { "", "0", "P", "PPPPPPPPPPPP", "!", "\xff", "\x7f" };

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		const char *at = CASES[i];

		assert_int_equal(gram_next(&at, -1), -1);
	}
}

static void test_search__judges(void **state)
{
	static const struct {
		const char *text, *q, *match;
		enum search_about about;
		int score;
	} CASES[] = {
		{ "parse", "parse", "exact", SEARCH_SYMBOLS, 1 },
		{ "Parse", "parse", "exact", SEARCH_SYMBOLS, 0 },
		{ "parse_all", "parse", "prefix", SEARCH_SYMBOLS, 1 },
		{ "reparse_parse", "parse", "word", SEARCH_SYMBOLS, 1 },
		{ "doParse", "parse", "word", SEARCH_SYMBOLS, 0 },
		{ "sparse", "parse", "part", SEARCH_SYMBOLS, 1 },
		{ "prase", "parse", "", SEARCH_SYMBOLS, 0 },
		{ "lib/parse.c", "parse.c", "exact", SEARCH_FILES, 1 },
		{ "lib/parse.c", "lib/parse.c", "exact", SEARCH_FILES, 1 },
		{ "lib/parse.c", "lib/pa", "prefix", SEARCH_FILES, 1 },
		{ "lib/parse.c", "pars", "prefix", SEARCH_FILES, 1 },
		{ "a/lib/parse.c", "lib", "word", SEARCH_FILES, 1 },
		{ "x", "xyz", "", SEARCH_FILES, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct span text = { CASES[i].text, strlen(CASES[i].text) };
		struct span q = { CASES[i].q, strlen(CASES[i].q) };
		int score;
		enum search_match match = search_judge(text, q, CASES[i].about, &score);

		print_message("# %s in %s\n", CASES[i].q, CASES[i].text);
		assert_string_equal(search_match_name(match), CASES[i].match);
		assert_int_equal(score, CASES[i].score);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grams__of_parts_and_beginnings),
		cmocka_unit_test(test_grams__postings_there_and_back),
		cmocka_unit_test(test_grams__changes_are_read),
		cmocka_unit_test(test_grams__lists_are_patched),
		cmocka_unit_test(test_grams__postings_that_are_none),
		cmocka_unit_test(test_search__judges),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
