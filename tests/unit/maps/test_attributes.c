/*
 * .gitattributes: which files the repository itself calls generated, vendored or documentation.  (B4)
 */
#include "fixture.h"
#include "maps/attributes.h"

#include <string.h>

/* Each row: two .gitattributes files, one at the root and one in "sub", a path, its role before, after. */
static const struct {
	const char *why, *root, *sub, *path;
	enum role_of_file before, after;
} CASES[] = {
	{ "no rule", "", "", "a.c", FILE_SOURCE, FILE_SOURCE },
	{ "a name in any folder", "*.pb.go linguist-generated\n", "", "x/y.pb.go", FILE_SOURCE,
	  FILE_GENERATED },
	{ "a value", "*.js -text linguist-vendored=true eol=lf\n", "", "x.js", FILE_SOURCE,
	  FILE_VENDORED },
	{ "taken back", "lib/** -linguist-vendored\n", "", "lib/x.c", FILE_VENDORED, FILE_SOURCE },
	{ "taken back by value", "lib/* linguist-vendored=false\n", "", "lib/x.c", FILE_VENDORED,
	  FILE_SOURCE },
	{ "taking back what it is not", "*.c -linguist-vendored\n", "", "x.c", FILE_TEST,
	  FILE_TEST },
	{ "one folder only", "lib/* linguist-vendored\n", "", "lib/a/x.c", FILE_SOURCE,
	  FILE_SOURCE },
	{ "folders below", "lib/** linguist-vendored\n", "", "lib/a/x.c", FILE_SOURCE,
	  FILE_VENDORED },
	{ "from the root", "/x.c linguist-vendored\n", "", "a/x.c", FILE_SOURCE, FILE_SOURCE },
	{ "in any folder, written out", "**/gen/*.c linguist-generated\n", "", "gen/x.c",
	  FILE_SOURCE, FILE_GENERATED },
	{ "the last wins", "*.c linguist-vendored\nx.c linguist-documentation\n", "", "x.c",
	  FILE_SOURCE, FILE_DOC },
	{ "the deeper file wins", "*.c linguist-vendored\n", "*.c -linguist-vendored\n", "sub/x.c",
	  FILE_SOURCE, FILE_SOURCE },
	{ "a deeper file is for its folder", "", "*.c linguist-vendored\n", "x.c", FILE_SOURCE,
	  FILE_SOURCE },
	{ "comments and line ends", "# *.c linguist-vendored\r\n*.h linguist-vendored\r\n", "",
	  "x.h", FILE_SOURCE, FILE_VENDORED },
};

static void test_attributes__roles(void **state)
{
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct attributes *a = arena_alloc(cx->arena, sizeof(*a));

		print_message("# %s\n", CASES[i].why);
		attributes_read(cx->arena, a, SPAN(".gitattributes"),
		                (struct span){ CASES[i].root, strlen(CASES[i].root) });
		attributes_read(cx->arena, a, SPAN("sub/.gitattributes"),
		                (struct span){ CASES[i].sub, strlen(CASES[i].sub) });
		assert_int_equal(attributes_role(a, CASES[i].path, CASES[i].before),
		                 CASES[i].after);
	}
}

static void test_attributes__names_and_limits(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct attributes *a = arena_alloc(cx->arena, sizeof(*a));

	assert_true(attributes_is(SPAN(".gitattributes")));
	assert_true(attributes_is(SPAN("a/.gitattributes")));
	assert_false(attributes_is(SPAN("x.gitattributes")));
	for (int i = 0; i < 1000; i++)
		attributes_read(cx->arena, a, SPAN(".gitattributes"),
		                SPAN("*.c linguist-vendored"));
	assert_int_equal(a->n, ATTRIBUTES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attributes__roles),
		cmocka_unit_test(test_attributes__names_and_limits),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
