/* What is cited of lines that were read ahead. */
#include "fixture.h"

#include "chats/ahead.h"

#include <string.h>

#define COMMIT "1111111111111111111111111111111111111111"
#define BLOB   "2222222222222222222222222222222222222222"

static struct ahead_lines LINES[] = {
	{ 7, COMMIT, "a.c", BLOB, 3, 5, false, "three\nfour\nfive\n" },
	{ 7, COMMIT, "end.c", BLOB, 1, 3, true, "one\n\nthree, without an end" },
};
static const struct ahead AHEAD = { LINES, COUNT(LINES) };

#define CITED(project, at, file, first, last, id)                                                  \
	{                                                                                          \
		.project_id = (project), .commit = (at), .path = (file), .start = (first),         \
		.end = (last), .blob = (id), .why = ""                                             \
	}

static const struct {
	struct citation cited;
	const char *text; /* NULL: it was not read */
	int64_t end;      /* afterwards */
} CASES[] = {
	{ CITED(7, COMMIT, "a.c", 3, 5, BLOB), "three\nfour\nfive\n", 5 },
	{ CITED(7, COMMIT, "a.c", 4, 4, BLOB), "four\n", 4 },
	{ CITED(7, COMMIT, "a.c", 5, 5, BLOB), "five\n", 5 },
	{ CITED(7, COMMIT, "a.c", 5, 6, BLOB), NULL, 6 }, /* the file goes on */
	{ CITED(7, COMMIT, "a.c", 2, 3, BLOB), NULL, 3 },
	{ CITED(7, COMMIT, "a.c", 6, 6, BLOB), NULL, 6 },
	{ CITED(7, COMMIT, "end.c", 2, 3, BLOB), "\nthree, without an end", 3 },
	{ CITED(7, COMMIT, "end.c", 3, 90, BLOB), "three, without an end", 3 },
	{ CITED(7, COMMIT, "end.c", 4, 4, BLOB), NULL, 4 },
	{ CITED(7, COMMIT, "end.c", 2, 1, BLOB), NULL, 1 },
	{ CITED(7, COMMIT, "end.c", 0, 1, BLOB), NULL, 1 },
	{ CITED(7, COMMIT, "end.c", 1, 1 + CITATION_LINES_MAX, BLOB), NULL,
	  1 + CITATION_LINES_MAX },
	{ CITED(8, COMMIT, "a.c", 3, 3, BLOB), NULL, 3 }, /* another project's */
	{ CITED(7, BLOB, "a.c", 3, 3, BLOB), NULL, 3 },
	{ CITED(7, COMMIT, "b.c", 3, 3, BLOB), NULL, 3 },
	{ CITED(7, COMMIT, "a.c", 3, 3, COMMIT), NULL, 3 },
	{ CITED(7, COMMIT, "a.c", 3, 3, NULL), NULL, 3 },
	{ CITED(7, NULL, "a.c", 3, 3, BLOB), NULL, 3 },
};

static void test_ahead__find(void **state)
{
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct citation c = CASES[i].cited;
		const char *text = ahead_find(fixture_ctx(*state), &AHEAD, &c);

		if ((text == NULL) != (CASES[i].text == NULL) ||
		    (text != NULL && strcmp(text, CASES[i].text) != 0))
			fail_msg("case %zu: %s", i, text == NULL ? "nothing" : text);
		assert_int_equal(c.end, CASES[i].end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_ahead__find) };

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
