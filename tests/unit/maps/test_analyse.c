/*
 * The analyser from objects to text, on repositories made of raw objects: nasty
 * names, damage, bombs, encodings, limits, and the same bytes twice.  (B4, T5, T7)
 */
#include "raw_repo.h"

#include "maps/pictures.h"

/* What is drawn does not depend on whether it is read back from the text. */
static void check_pictures(struct ctx *cx, const struct analyse_result *map)
{
	struct bundle again = { 0 };
	struct view v;

	assert_int_equal(view_read(cx, cx->arena, map_content(map), VIEW_IMPORTS, &v), ERR_OK);
	pictures_plan(cx, &v, &again);
	assert_int_equal(again.nparts, 4);
	for (size_t i = 0; i < again.nparts; i++) {
		const struct span *was = bundle_find(&map->bundle, again.parts[i].name);

		assert_non_null(was);
		assert_int_equal(was->len, again.parts[i].data.len);
		assert_memory_equal(was->data, again.parts[i].data.data, was->len);
	}
}

static void test_analyse__whole_map_and_the_same_bytes(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct tree root = { .len = 0 }, src = { .len = 0 };
	struct analyse_in in = { .directory = repo.path, .ref = "main" };
	struct analyse_result once, again;
	CLEANUP(json_put) struct json_object *doc = NULL;

	repo_new(&repo);
	add_text(&repo, &src, "a.c",
	         "#include \"b.h\"\nint main(void)\n{\n\treturn 0; /* x */\n}\n");
	add_text(&repo, &src, "b.h", "/* c */\n#include \"a.c\"\n\n");
	add_text(&repo, &root, "package.json",
	         "{\"name\":\"n\",\"dependencies\":{\"x\":\"^1\"}}\n");
	add(&root, "40000", "src", put_tree(&repo, &src));
	in.commit = put_commit(cx, &repo, put_tree(&repo, &root));
	doc = map(cx, &in);

	assert_string_equal(json_text(doc, "meta.commit", ""), in.commit);
	assert_string_equal(json_text(doc, "meta.ref", ""), "main");
	assert_string_equal(json_text(doc, "meta.analyser", ""), ANALYSER_VERSION);
	assert_int_equal(rows(doc, "files.path"), 3);
	assert_string_equal(column_text(doc, "files.path", 1), "src/a.c");
	assert_int_equal(column_int(doc, "files.code", 1), 5);
	assert_int_equal(column_int(doc, "files.comment", 2), 1);
	assert_int_equal(column_int(doc, "files.blank", 2), 1);
	assert_int_equal(rows(doc, "imports.from"), 2);
	assert_int_equal(rows(doc, "graph.cycles"), 1);
	assert_string_equal(json_text(doc, "externals.0.name", ""), "x");
	assert_int_equal(json_int(doc, "externals.0.manifest", -1), 0);
	assert_string_equal(column_text(doc, "defs.name", 0), "main");
	assert_string_equal(column_text(doc, "entry_points.kind", 0), "main");
	assert_string_equal(column_text(doc, "dirs.path", 1), "src");
	assert_int_equal(column_int(doc, "dirs.files", 0), 3);
	assert_int_equal(json_int(doc, "summary.cycles", -1), 1);
	assert_int_equal(json_int(doc, "history.commits", -1), 1);
	assert_int_equal(column_int(doc, "history.files.commits", 2), 1);
	assert_int_equal(column_int(doc, "history.files.last", 2), 1);
	assert_string_equal(column_text(doc, "history.authors.name", 0), "A");
	assert_string_equal(json_text(doc, "coverage.history.end", "?"), "");

	assert_int_equal(analyse_repository(cx, &in, &once), ERR_OK);
	assert_int_equal(analyse_repository(cx, &in, &again), ERR_OK);
	assert_int_equal(once.bundle.nparts, again.bundle.nparts);
	for (size_t i = 0; i < once.bundle.nparts; i++) {
		struct span one = once.bundle.parts[i].data, other = again.bundle.parts[i].data;

		assert_string_equal(once.bundle.parts[i].name, again.bundle.parts[i].name);
		assert_int_equal(one.len, other.len);
		assert_memory_equal(one.data, other.data, one.len);
	}
	assert_null(memchr(map_content(&once).data, '@', map_content(&once).len)); /* no address */
	check_pictures(cx, &once);
	repo_end(&repo);
}

static void test_analyse__entries_that_are_no_text(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct tree root = { .len = 0 };
	struct analyse_in in = { .directory = repo.path, .limits = { .max_blob_bytes = 1000 } };
	CLEANUP(json_put) struct json_object *doc = NULL;
	git_oid nowhere = { { 1, 2, 3 } };
	char large[2000];

	repo_new(&repo);
	memset(large, 'a', sizeof(large));
	add(&root, "100644", "binary.c", put(&repo, GIT_OBJECT_BLOB, "a\0b", 3));
	add(&root, "100644", "large.c", put(&repo, GIT_OBJECT_BLOB, large, sizeof(large)));
	add_text(&repo, &root, "lfs.bin",
	         "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
	add_text(&repo, &root, "link", "x");
	memcpy(root.data + root.len - 20 - 5 - 7, "120000", 6);
	add(&root, "100644", "missing.c", nowhere);
	add(&root, "160000", "module", nowhere);
	in.commit = put_commit(cx, &repo, put_tree(&repo, &root));
	doc = map(cx, &in);

	assert_string_equal(skip_of(doc, "binary.c"), "binary");
	assert_string_equal(skip_of(doc, "large.c"), "too_large");
	assert_string_equal(skip_of(doc, "lfs.bin"), "lfs");
	assert_string_equal(skip_of(doc, "link"), "symlink");
	assert_string_equal(skip_of(doc, "missing.c"), "missing");
	assert_string_equal(skip_of(doc, "module"), "submodule");
	assert_int_equal(json_int(doc, "coverage.analysed", -1), 0);
	assert_int_equal(json_int(doc, "coverage.skipped_total", -1), 6);
	repo_end(&repo);
}

static void test_analyse__names_and_encodings(void **state)
{
	static const char *const NASTY[] = {
		"a\xff.c", "new\nline.c", "quote\".c",        "back\\slash.c", "..",  ".git",
		"git~1",   "CON",         "\xe2\x80\x8b.git", " .c",           "-rf", "$(id).c",
	};
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct tree root = { .len = 0 };
	struct analyse_in in = { .directory = repo.path, .ref = "caf\xe9 \xf0\x9f" };
	struct analyse_result result;
	CLEANUP(json_put) struct json_object *doc = NULL;

	repo_new(&repo);
	for (size_t i = 0; i < COUNT(NASTY); i++)
		add_text(&repo, &root, NASTY[i], "int x;\n");
	add_text(&repo, &root, "latin.c", "#include \"caf\xe9.h\"\n");
	add(&root, "100644", "utf16.c",
	    put(&repo, GIT_OBJECT_BLOB, "\xff\xfei\0n\0t\0 \0x\0;\0\n\0", 16));
	add_text(&repo, &root, "bad/name.c", "int x;\n");
	add_text(&repo, &root, "", "int x;\n");
	in.commit = put_commit(cx, &repo, put_tree(&repo, &root));
	doc = map(cx, &in);

	assert_int_equal(rows(doc, "files.path"), COUNT(NASTY) + 2);
	assert_int_equal(json_int(doc, "coverage.bad_names", -1), 2);
	assert_int_equal(rows(doc, "path_bytes.file"), 2);
	assert_string_equal(
		column_text(doc, "files.path", (size_t)column_int(doc, "path_bytes.file", 0)),
		"a\\xff.c");
	assert_string_equal(column_text(doc, "path_bytes.hex", 0), "61ff2e63");
	assert_string_equal(column_text(doc, "unresolved.targets", 0), "caf\xc3\xa9.h");
	for (size_t i = 0; i < rows(doc, "files.path"); i++)
		if (strcmp(column_text(doc, "files.path", i), "utf16.c") == 0)
			assert_int_equal(column_int(doc, "files.code", i), 1);
	assert_int_equal(analyse_repository(cx, &in, &result), ERR_OK);
	check_pictures(cx, &result);
	repo_end(&repo);
}

static void test_analyse__depth_and_bombs(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct tree level = { .len = 0 };
	struct analyse_in in = { .directory = repo.path,
		                 .limits = { .max_files = 1000, .max_depth = 20 } };
	CLEANUP(json_put) struct json_object *deep = NULL, *bomb = NULL;

	repo_new(&repo);
	add_text(&repo, &level, "f.c", "int x;\n");
	for (int i = 0; i < 40; i++) {
		git_oid below = put_tree(&repo, &level);

		level.len = 0;
		add(&level, "40000", "d", below);
	}
	in.commit = put_commit(cx, &repo, put_tree(&repo, &level));
	deep = map(cx, &in);
	assert_int_equal(json_int(deep, "coverage.too_deep", -1), 1);
	assert_int_equal(rows(deep, "files.path"), 0);

	level.len = 0;
	add_text(&repo, &level, "f.c", "int x;\n");
	for (int i = 0; i < 10; i++) { /* 10^10 files of eleven objects */
		git_oid below = put_tree(&repo, &level);

		level.len = 0;
		for (char name[] = "0"; name[0] <= '9'; name[0]++)
			add(&level, "40000", name, below);
	}
	in.commit = put_commit(cx, &repo, put_tree(&repo, &level));
	bomb = map(cx, &in);
	assert_int_equal(rows(bomb, "files.path"), 1000);
	assert_true(json_int(bomb, "coverage.over_limit", -1) > 0);
	repo_end(&repo);
}

static void test_analyse__damage(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct tree root = { .len = 0 };
	struct analyse_in in = { .directory = repo.path };
	struct analyse_result result;
	CLEANUP(json_put) struct json_object *doc = NULL;
	git_oid nowhere = { { 9 } }, cut;

	repo_new(&repo);
	add_text(&repo, &root, "a.c", "int x;\n");
	add(&root, "40000", "gone", nowhere);
	cut = put(&repo, GIT_OBJECT_TREE, "100644 half\0abc", 15);
	add(&root, "40000", "half", cut);
	in.commit = put_commit(cx, &repo, put_tree(&repo, &root));
	doc = map(cx, &in);
	assert_int_equal(rows(doc, "files.path"), 1);
	assert_string_equal(column_text(doc, "coverage.broken_dirs", 0), "gone");
	assert_string_equal(column_text(doc, "coverage.broken_dirs", 1), "half");

	in.commit = put_commit(cx, &repo, nowhere);
	assert_int_equal(analyse_repository(cx, &in, &result), ERR_REPO_BROKEN);
	in.commit = "00000000000000000000000000000000000000ff";
	assert_int_equal(analyse_repository(cx, &in, &result), ERR_REF_NOT_FOUND);
	in.commit = "main; rm -rf /";
	assert_int_equal(analyse_repository(cx, &in, &result), ERR_REF_NOT_FOUND);
	in.directory = "/nonexistent";
	assert_int_equal(analyse_repository(cx, &in, &result), ERR_REPO_NOT_GIT);
	repo_end(&repo);
}

static void test_analyse__empty_repository(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct analyse_in in = { .commit = SCAN_COMMIT_NONE };
	CLEANUP(json_put) struct json_object *doc = map(cx, &in);

	assert_true(json_flag(doc, "meta.empty", false));
	assert_int_equal(rows(doc, "files.path"), 0);
	assert_int_equal(json_int(doc, "summary.files", -1), 0);
}

/* Definitions of the long tail come from ctags; coverage says so, and whose are missing.  (B4) */
static void test_analyse__definitions_by_ctags(void **state)
{
	static const struct ctags_options DEBIAN = { 0 };

	struct ctx *cx = fixture_ctx(*state);
	CLEANUP(ctags_stop_ptr) struct ctags *ctags = NULL;
	struct repo repo;
	struct tree root = { .len = 0 };
	struct analyse_in in = { .directory = repo.path };

	repo_new(&repo);
	add_text(&repo, &root, "a.lua", "function f()\nend\n");
	add_text(&repo, &root, "b.py", "def g():\n  pass\n");
	in.commit = put_commit(cx, &repo, put_tree(&repo, &root));

	CLEANUP(json_put) struct json_object *without = map(cx, &in);

	assert_int_equal(rows(without, "defs.name"), 1);
	assert_string_equal(json_text(without, "coverage.ctags.tool", "?"), "");
	assert_int_equal(json_int(without, "coverage.ctags.read", -1), 0);
	assert_int_equal(json_int(without, "coverage.ctags.unread_total", -1), 1);
	assert_int_equal(column_int(without, "coverage.ctags.file", 0), 0);
	assert_string_equal(column_text(without, "coverage.ctags.reason", 0), "no_tool");

	assert_int_equal(ctags_start(cx, &DEBIAN, &ctags), ERR_OK);
	in.ctags = ctags;
	if (ctags != NULL) {
		CLEANUP(json_put) struct json_object *doc = map(cx, &in);

		assert_int_equal(rows(doc, "defs.name"), 2);
		assert_string_equal(column_text(doc, "defs.name", 0), "f");
		assert_int_equal(json_int(doc, "coverage.ctags.read", -1), 1);
		assert_int_equal(json_int(doc, "coverage.ctags.unread_total", -1), 0);
		assert_string_not_equal(json_text(doc, "coverage.ctags.tool", ""), "");
	}
	repo_end(&repo);
}

/* Beside what a manifest declares, what the lock file fixes; the rest of it as a number.  (B4) */
static void test_analyse__locked_versions(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct tree root = { .len = 0 };
	struct analyse_in in = { .directory = repo.path };

	repo_new(&repo);
	add_text(&repo, &root, "package-lock.json",
	         "{\"packages\": {\"node_modules/a\": {\"version\": \"1.2.3\"},"
	         " \"node_modules/b\": {\"version\": \"2.0.0\"}}}");
	add_text(&repo, &root, "package.json", "{\"dependencies\": {\"a\": \"^1\"}}");
	in.commit = put_commit(cx, &repo, put_tree(&repo, &root));

	CLEANUP(json_put) struct json_object *doc = map(cx, &in);

	assert_int_equal(rows(doc, "externals"), 1);
	assert_string_equal(json_text(doc, "externals.0.spec", ""), "^1");
	assert_string_equal(json_text(doc, "externals.0.locked", ""), "1.2.3");
	assert_string_equal(column_text(doc, "manifests.type", 0), "package-lock");
	assert_int_equal(column_int(doc, "manifests.locked", 0), 2);
	assert_int_equal(column_int(doc, "manifests.transitive", 0), 1);
	assert_int_equal(column_int(doc, "manifests.transitive", 1), 0);
	repo_end(&repo);
}

static void test_analyse__limits_of_output_memory_and_time(void **state)
{
	struct fixture *fixture = *state;
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct tree root = { .len = 0 };
	struct analyse_in in = { .directory = repo.path };
	struct analyse_result result;
	CLEANUP(json_put) struct json_object *doc = NULL;
	char text[20000];
	size_t len = 0;

	repo_new(&repo);
	for (int i = 0; i < 500; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		                        "int function_%d(void) {}\n", i);
	add_text(&repo, &root, "a.c", text);
	in.commit = put_commit(cx, &repo, put_tree(&repo, &root));

	in.max_output_bytes = 8000;
	doc = map(cx, &in);
	assert_true(json_flag(doc, "coverage.defs_dropped", false));
	assert_int_equal(rows(doc, "defs.name"), 0);
	json_put(&doc);
	in.max_output_bytes = 26000;
	doc = map(cx, &in);
	assert_true(json_flag(doc, "coverage.signatures_dropped", false));
	assert_false(json_flag(doc, "coverage.defs_dropped", true));
	assert_int_equal(rows(doc, "defs.name"), 500);
	assert_int_equal(rows(doc, "defs.signature"), 0);
	in.max_output_bytes = 500;
	assert_int_equal(analyse_repository(cx, &in, &result), ERR_LIMIT);
	in.max_output_bytes = 0;
	in.max_memory_bytes = 10000;
	assert_int_equal(analyse_repository(cx, &in, &result), ERR_OUT_OF_MEMORY);
	in.max_memory_bytes = 0;
	cx->deadline_ms = 1;
	fixture->clock.since_us = 5000;
	assert_int_equal(analyse_repository(cx, &in, &result), ERR_TIMEOUT);
	repo_end(&repo);
}

/* What a system offers and asks for: a row of each table, joined to its file. */
static void test_analyse__surface(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct tree root = { .len = 0 };
	struct analyse_in in = { .directory = repo.path };
	CLEANUP(json_put) struct json_object *doc = NULL;

	repo_new(&repo);
	add_text(&repo, &root, "app.py",
	         "# SPDX-License-Identifier: MIT\nfrom flask import Flask\n@app.post('/a')\n"
	         "def save(x):\n    return os.getenv('KEY', 'k') or os.environ['PORT']\n");
	add_text(&repo, &root, "test_app.py", "def test_a(): pass\n");
	in.commit = put_commit(cx, &repo, put_tree(&repo, &root));
	doc = map(cx, &in);
	repo_end(&repo);

	assert_string_equal(column_text(doc, "defs.signature", 0), "def save(x)");
	assert_int_equal(rows(doc, "routes.method"), 1);
	assert_string_equal(column_text(doc, "routes.method", 0), "POST");
	assert_string_equal(column_text(doc, "routes.pattern", 0), "/a");
	assert_string_equal(column_text(doc, "routes.framework", 0), "flask");
	assert_string_equal(column_text(doc, "routes.handler", 0), "save");
	assert_int_equal(column_int(doc, "routes.file", 0), 0);
	assert_int_equal(column_int(doc, "routes.line", 0), 3);
	assert_int_equal(rows(doc, "env.name"), 2);
	assert_string_equal(column_text(doc, "env.name", 0), "KEY");
	assert_string_equal(column_text(doc, "env.default", 0), "k");
	assert_null(json_object_array_get_idx(json_at(doc, "env.default"), 1));
	assert_int_equal(json_int(doc, "tests.cases", -1), 1);
	assert_string_equal(json_text(doc, "tests.frameworks.0.name", ""), "pytest");
	assert_int_equal(column_int(doc, "tests.by_file.file", 0), 1);
	assert_string_equal(column_text(doc, "licences.expression", 0), "MIT");
	assert_int_equal(column_int(doc, "licences.confidence", 0), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_analyse__whole_map_and_the_same_bytes),
		cmocka_unit_test(test_analyse__surface),
		cmocka_unit_test(test_analyse__entries_that_are_no_text),
		cmocka_unit_test(test_analyse__names_and_encodings),
		cmocka_unit_test(test_analyse__depth_and_bombs),
		cmocka_unit_test(test_analyse__damage),
		cmocka_unit_test(test_analyse__empty_repository),
		cmocka_unit_test(test_analyse__definitions_by_ctags),
		cmocka_unit_test(test_analyse__locked_versions),
		cmocka_unit_test(test_analyse__limits_of_output_memory_and_time),
	};
	return cmocka_run_group_tests(tests, raw_repo_set_up, raw_repo_tear_down);
}
