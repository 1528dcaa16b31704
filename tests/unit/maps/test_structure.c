/*
 * Folders, components and entry points of a list of files.  (B4)
 */
#include "map_tree.h"
#include "maps/structure_parts.h"

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
	{ "c/CMakeLists.txt",
	  "add_library(see ALIAS sea)\nadd_library(x UNKNOWN IMPORTED)\nadd_library(sea STATIC main.c)\n" },
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
	                             "c|sea|cmake library|2\n"
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
	sb_truncate(&sb, 0);
	for (size_t i = 0; i < s.ncomponents; i++)
		sb_addf(&sb, "%s: %s; %d, %u\n", s.components[i].name, s.components[i].reason,
		        s.components[i].instability, s.components[i].layer);
	assert_string_equal(sb.data,
	                    "root: package.json declares it; -1, 0\n"
	                    "bin: a folder at the top that no build file covers; 1000, 2\n"
	                    "sea: CMakeLists.txt has add_library, line 3; -1, 0\n"
	                    "lib: a folder at the top that no build file covers; 0, 0\n"
	                    "a: package.json declares it; 500, 1\n"
	                    "p: pyproject.toml declares it; -1, 0\n"
	                    "p: a folder with __init__.py, below one without; -1, 0\n"
	                    "test: a folder at the top that no build file covers; -1, 0\n");
}

/* --- Clusters --- */

#define PARTS 3
#define EACH  30

/*
 * One flat folder of three parts that keep to themselves, the names of two of which share a word, a header that all of them import, and a
 * folder below it that is a part of its own.
 */
static void large(struct ctx *cx, struct resolve_in *in, struct resolve_edge **edges,
                  size_t *nedges)
{
	static const char *const NAMES[PARTS] = { "net", "parse" };
	size_t nfiles = 1 + (PARTS + 1) * EACH, n = 0;
	uint64_t random = 1;
	struct map_file *files = arena_array(cx->arena, nfiles, sizeof(*files));

	*edges = arena_array(cx->arena, nfiles * 10, sizeof(**edges));
	for (size_t i = 0; i < nfiles; i++) {
		size_t part = (i - 1) / EACH, at = (i - 1) % EACH;
		const char *path =
			i == 0      ? "src/all.h"
			: part == 2 ? arena_printf(cx->arena, "src/sto%c%c.c", (int)('a' + at / 26),
		                                   (int)('a' + at % 26))
			: part < PARTS ? arena_printf(cx->arena, "src/%s%02zu.c", NAMES[part], at)
				       : arena_printf(cx->arena, "src/zip/f%02zu.c", at);

		files[i] = (struct map_file){
			.path = { path, strlen(path) },
			.role = FILE_SOURCE,
			.facts = { .lang = LANG_C, .code = i > 0 && at == 7 ? 900 : 10 },
		};
		if (i == 0)
			continue;
		(*edges)[n++] = (struct resolve_edge){ .from = (uint32_t)i, .to = 0 };
		for (size_t k = 0; k < 9; k++) { /* some of its own part, and the seventh of it */
			random = random * 6364136223846793005u + 1442695040888963407u;
			(*edges)[n++] = (struct resolve_edge){
				.from = (uint32_t)i,
				.to = (uint32_t)(1 + part * EACH +
				                 (k > 0 ? (random >> 33) % EACH : 7))
			};
		}
	}
	*in = (struct resolve_in){ .files = files, .nfiles = nfiles };
	*nedges = n;
}

static void test_structure__clusters(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct resolve_edge *edges;
	struct resolve_in in;
	struct structure s;
	size_t nedges, files = 0;

	large(cx, &in, &edges, &nedges);
	structure_find(cx->arena, &in, edges, nedges, &s);
	assert_int_equal(s.ncomponents, PARTS + 1);
	for (size_t c = 0; c < s.ncomponents; c++) {
		assert_string_equal(s.components[c].kind, "cluster");
		files += s.components[c].files;
	}
	assert_int_equal(files, in.nfiles);
	assert_string_equal(s.components[0].name, "net");
	assert_string_equal(s.components[1].name, "parse");
	assert_string_equal(s.components[2].name, "stoah"); /* the largest, which many import */
	assert_contains(s.components[0].reason,
	                "named after the word that 30 of its 30 names have");
	assert_contains(s.components[2].reason, "named after stoah.c");
	assert_string_equal(s.components[3].name, "zip");
	assert_memory_equal(s.components[3].path.data, "src/zip", 7);
	assert_string_equal(
		s.components[3].reason,
		"clustering: 270 of its 300 imports stay inside; most of it is in src/zip");
	for (size_t i = 1; i < in.nfiles; i++)
		assert_int_equal(s.file_component[i], (i - 1) / EACH);
}

/* "index" is the name of a file in every folder. */
static void test_structure__a_common_name_gives_way_to_its_folder(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct resolve_edge *edges;
	struct resolve_in in;
	struct structure s;
	size_t nedges, central = 1 + 2 * EACH + 7;

	large(cx, &in, &edges, &nedges);
	assert_string_equal(in.files[central].path.data, "src/stoah.c");
	memcpy((char *)(uintptr_t)in.files[central].path.data, "src/index.c", 11);
	structure_find(cx->arena, &in, edges, nedges, &s);
	assert_string_equal(s.components[s.file_component[central]].name, "src");
	assert_contains(s.components[s.file_component[central]].reason, "named after index.c");
}

/* Where all else is: a test that imports other parts does not pull them together. */
static void test_structure__tests_follow_their_folder(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct resolve_edge *edges;
	struct resolve_in in;
	struct structure s;
	size_t nedges, last;

	large(cx, &in, &edges, &nedges);
	last = in.nfiles - 1; /* of src/zip */
	((struct map_file *)(uintptr_t)in.files)[last].role = FILE_TEST;
	for (size_t e = 0; e < nedges; e++)
		if (edges[e].from == last)
			edges[e].to = (uint32_t)(1 + e % EACH); /* of net */
	structure_find(cx->arena, &in, edges, nedges, &s);
	assert_int_equal(s.file_component[last], s.file_component[last - 1]);
	assert_string_equal(s.components[s.file_component[last]].name, "zip");
}

/* Few files, nearly all of them in one folder: it is cut where they part. */
static void test_structure__most_of_the_program_is_divided(void **state)
{
	static const char *const PATHS[] = {
		"app/main/shop/App.java",           "app/main/shop/cart/Cart.java",
		"app/main/shop/cart/Item.java",     "app/main/shop/cart/Price.java",
		"app/main/shop/user/Login.java",    "app/main/shop/user/User.java",
		"app/main/shop/user/Visit.java",    "app/main/shop/util/Text.java",
		"app/test/shop/cart/CartTest.java", "tools/run.java",
	};
	static const struct resolve_edge EDGES[] = {
		{ .from = 0, .to = 1 }, { .from = 1, .to = 2 }, { .from = 2, .to = 3 },
		{ .from = 4, .to = 5 }, { .from = 5, .to = 6 }, { .from = 6, .to = 7 },
		{ .from = 8, .to = 1 },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct map_file files[COUNT(PATHS)] = { { .role = FILE_SOURCE } };
	const struct resolve_in in = { .files = files, .nfiles = COUNT(files) };
	struct sb sb = sb_new(cx->arena, 65536);
	struct structure s;

	for (size_t i = 0; i < COUNT(PATHS); i++) {
		files[i].path = (struct span){ PATHS[i], strlen(PATHS[i]) };
		files[i].role = strstr(PATHS[i], "/test/") != NULL ? FILE_TEST : FILE_SOURCE;
		files[i].facts.lang = LANG_JAVA;
	}
	structure_find(cx->arena, &in, EDGES, COUNT(EDGES), &s);
	for (size_t i = 0; i < s.ncomponents; i++)
		sb_addf(&sb, "%.*s|%s|%u\n", (int)s.components[i].path.len,
		        s.components[i].path.data, s.components[i].name, s.components[i].files);
	assert_string_equal(sb.data, "app|app|3\n"
	                             "app/main/shop/cart|cart|3\n"
	                             "app/main/shop/user|user|3\n"
	                             "tools|tools|1\n");
	assert_string_equal(s.components[1].reason, "a folder of what holds most of the program");
	files[8].role =
		FILE_SOURCE; /* without it eight are linked; now there are two places to go on from */
	structure_find(cx->arena, &in, EDGES, COUNT(EDGES) - 2, &s);
	assert_int_equal(s.ncomponents, 2);
}

/* What is left of a folder is called by where it lies. */
static void test_structure__a_rest_is_named_by_its_folder(void **state)
{
	static const struct tree_file TREE[] = {
		{ "crates/core/a.rs", "" },
		{ "crates/core/b.rs", "" },
		{ "crates/core/c.rs", "" },
		{ "crates/core/d.rs", "" },
		{ "crates/grep/Cargo.toml", "[package]\nname = \"grep\"\n" },
		{ "db/migrate/1.rb", "" },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct sb sb = sb_new(cx->arena, 65536);
	struct resolve_out out;
	struct resolve_in in;
	struct structure s;

	tree_resolve(cx, TREE, COUNT(TREE), &in, &out);
	structure_find(cx->arena, &in, out.edges, out.nedges, &s);
	for (size_t i = 0; i < s.ncomponents; i++)
		sb_addf(&sb, "%.*s|%s|%s\n", (int)s.components[i].path.len,
		        s.components[i].path.data, s.components[i].name, s.components[i].kind);
	assert_string_equal(sb.data, "crates/core|core|folder\n"
	                             "crates/grep|grep|crate\n"
	                             "db|db|folder\n");
}

static void test_structure__shared_words(void **state)
{
	static const struct {
		const char *names[6]; /* the first four are to be named */
		const char *word;
	} CASES[] = {
		{ { "WebSocket", "RealWebSocket", "WebSocketReader", "x" }, "WebSocket" },
		{ { "ae", "ae_epoll", "ae_kqueue", "anet" }, "ae" },
		{ { "HTTPServer", "HTTPClient", "toHTTP", "y" }, "HTTP" },
		{ { "rate_limit", "rate_limits", "rate_limit2", "z" }, "rate_limit" },
		{ { "a1", "a2", "a3", "a4" }, NULL },    /* one letter */
		{ { "cart", "cart2", "q", "w" }, NULL }, /* two names */
		{ { "iotest", "iotest2", "iotest3", "q", "iotest4", "iotest5" }, "iotest" },
		{ { "io", "io2", "q", "io3", "io4", "io5" }, "io" },
		{ { "cart", "user", "item", "price" }, NULL },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct span names[6] = { { NULL, 0 } }, word = { "", 0 };
		struct strmap all;
		uint32_t count;
		size_t n = 0;
		bool found;

		for (; n < 6 && CASES[i].names[n] != NULL; n++)
			names[n] = (struct span){ CASES[i].names[n], strlen(CASES[i].names[n]) };
		all = structure_count_words(cx->arena, names, n);
		found = structure_shared_word(cx->arena, &all, names, 4, &word, &count);
		if (found != (CASES[i].word != NULL) ||
		    (found && strncmp(word.data, CASES[i].word, word.len) != 0))
			fail_msg("case %zu is named \"%.*s\"", i, (int)word.len, word.data);
	}
}

static void test_structure__tests_make_no_layers(void **state)
{
	static const struct {
		const char *path;
		enum role_of_file role;
	} PATHS[] = {
		{ "a/t.c", FILE_TEST },   { "a/x.c", FILE_SOURCE },   { "b/y.c", FILE_SOURCE },
		{ "b/z.c", FILE_SOURCE }, { "tests/t.c", FILE_TEST },
	};
	static const struct resolve_edge EDGES[] = {
		{ .from = 0, .to = 2 }, /* of a test of a: else a and b would need each other */
		{ .from = 2, .to = 1 }, { .from = 2, .to = 1, .line = 9 },
		{ .from = 3, .to = 1 }, { .from = 4, .to = 2 }, /* of what is tests alone */
	};
	struct ctx *cx = fixture_ctx(*state);
	struct map_file files[COUNT(PATHS)] = { { .role = FILE_SOURCE } };
	const struct resolve_in in = { .files = files, .nfiles = COUNT(files) };
	struct structure s;

	for (size_t i = 0; i < COUNT(PATHS); i++) {
		files[i].path = (struct span){ PATHS[i].path, strlen(PATHS[i].path) };
		files[i].role = PATHS[i].role;
	}
	structure_find(cx->arena, &in, EDGES, COUNT(EDGES), &s);
	assert_int_equal(s.ncomponents, 3);
	assert_int_equal(s.components[0].layer, 0);
	assert_int_equal(s.components[0].fan_out, 0);
	assert_int_equal(s.components[0].afferent, 2);
	assert_int_equal(s.components[0].instability, 0);
	assert_int_equal(s.components[1].layer, 1);
	assert_int_equal(s.components[1].fan_in, 1);
	assert_int_equal(s.components[1].afferent, 1);
	assert_int_equal(s.components[1].efferent, 2);
	assert_int_equal(s.components[1].instability, 666);
	assert_int_equal(s.components[2].layer, 2);
	assert_int_equal(s.components[2].instability, 1000);
	assert_int_equal(s.nlinks, 3); /* what the tests need is among the links */
}

static void test_structure__what_stays_whole(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct resolve_edge *edges;
	struct resolve_in in;
	struct structure s;
	size_t nedges;

	large(cx, &in, &edges, &nedges);
	structure_find(cx->arena, &in, NULL, 0, &s); /* without imports there is nothing to go by */
	assert_int_equal(s.ncomponents, 1);
	assert_string_equal(s.components[0].name, "src");
	assert_int_equal(s.components[0].files, in.nfiles);
	in.nfiles = STRUCTURE_SPLIT_FILES - 1;
	while (edges[nedges - 1].from >= in.nfiles)
		nedges--;
	for (size_t e = 0; e < nedges; e++)
		edges[e].to %= in.nfiles;
	structure_find(cx->arena, &in, edges, nedges, &s);
	assert_int_equal(s.ncomponents, 1);
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
		cmocka_unit_test(test_structure__clusters),
		cmocka_unit_test(test_structure__a_common_name_gives_way_to_its_folder),
		cmocka_unit_test(test_structure__tests_follow_their_folder),
		cmocka_unit_test(test_structure__most_of_the_program_is_divided),
		cmocka_unit_test(test_structure__a_rest_is_named_by_its_folder),
		cmocka_unit_test(test_structure__shared_words),
		cmocka_unit_test(test_structure__tests_make_no_layers),
		cmocka_unit_test(test_structure__what_stays_whole),
		cmocka_unit_test(test_structure__folders),
		cmocka_unit_test(test_structure__entries),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
