/*
 * Folders, components and entry points of a list of files.  (B4)
 */
#include "map_tree.h"
#include "maps/structure.h"

#include "base/sb.h"

#include <string.h>

static const struct tree_file FILES[] = {
	{ "README.md", "# x\n" },
	{ "package.json", "{\"name\":\"root\",\"bin\":{\"run\":\"./bin/run.js\"}}\n" },
	{ "bin/run.js", "require('../packages/a')\n" },
	{ "packages/a/package.json", "{\"name\":\"a\"}\n" },
	{ "packages/a/index.js", "require('../../lib/x/y/deep')\n" },
	{ "lib/x/y/deep.js", "module.exports = 1\n" },
	{ "py/pyproject.toml", "[project]\nname = \"p\"\n[project.scripts]\np = \"p.cli:main\"\n" },
	{ "py/src/p/__init__.py", "" },
	{ "py/src/p/cli.py", "def main():\n\tpass\n" },
	{ "py/src/p/__main__.py", "from p.cli import main\nmain()\n" },
	{ "test/fixtures/package.json", "{\"name\":\"no-component\"}\n" },
	{ "c/main.c", "int\nmain(void)\n{\n\treturn 0;\n}\n" },
};

static void structure_of(struct ctx *cx, struct resolve_in *in, struct structure *ret)
{
	struct resolve_out out;

	tree_resolve(cx, FILES, COUNT(FILES), in, &out);
	structure_find(cx->arena, in, out.edges, out.nedges, ret);
}

static void test_structure__components(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 65536);
	struct resolve_in in;
	struct structure s;

	structure_of(cx, &in, &s);
	for (size_t i = 0; i < s.ncomponents; i++)
		sb_addf(&sb, "%.*s|%s|%s|%u\n", (int)s.components[i].path.len,
		        s.components[i].path.data, s.components[i].name, s.components[i].kind,
		        s.components[i].files);
	assert_string_equal(sb.data, "|root|npm package|2\n"
	                             "bin|bin|folder|1\n"
	                             "c|c|folder|1\n"
	                             "lib|lib|folder|1\n"
	                             "packages/a|a|npm package|2\n"
	                             "py|p|python project|1\n"
	                             "py/src/p|p|python package|3\n"
	                             "test|test|folder|1\n");
	sb_truncate(&sb, 0);
	for (size_t i = 0; i < s.nlinks; i++)
		sb_addf(&sb, "%s>%s %u\n", s.components[s.links[i].from].name,
		        s.components[s.links[i].to].name, s.links[i].edges);
	assert_string_equal(sb.data, "bin>a 1\na>lib 1\n");
}

static void test_structure__folders(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct resolve_in in;
	struct structure s;

	structure_of(cx, &in, &s);
	assert_int_equal(s.dirs[0].path.len, 0);
	assert_int_equal(s.dirs[0].files, COUNT(FILES));
	for (size_t i = 0; i < s.ndirs; i++) {
		const char *path =
			arena_strndup(cx->arena, s.dirs[i].path.data, s.dirs[i].path.len);

		assert_true(i == 0 || s.dirs[i].path.len > 0);
		if (strcmp(path, "lib/x") == 0) {
			assert_int_equal(s.dirs[i].depth, 2);
			assert_int_equal(s.dirs[i].files, 1);
			assert_true(s.dirs[i].passes_through);
		}
		if (strcmp(path, "py/src/p") == 0)
			assert_false(s.dirs[i].passes_through);
	}
}

static void test_structure__entries(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 65536);
	struct resolve_in in;
	struct structure s;

	structure_of(cx, &in, &s);
	for (size_t i = 0; i < s.nentries; i++)
		sb_addf(&sb, "%s %s %s:%u\n", s.entries[i].kind, s.entries[i].name,
		        s.entries[i].file != STRUCTURE_NONE ? in.files[s.entries[i].file].path.data
		                                            : "-",
		        s.entries[i].line);
	assert_string_equal(sb.data, "bin run bin/run.js:0\n"
	                             "main main c/main.c:2\n"
	                             "main __main__ py/src/p/__main__.py:1\n"
	                             "script p py/src/p/cli.py:0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_structure__components),
		cmocka_unit_test(test_structure__folders),
		cmocka_unit_test(test_structure__entries),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
