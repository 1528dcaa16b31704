/*
 * Repositories that no git would make.  Each ends in a map that says what was left out, or in a typed
 * error; none takes long, grows large or leads out of the object database.  (B4, T5, T7)
 *
 *   entries      fan-out, one name twice, names of folders above, names of 5000 bytes, names alike but for case
 *   depth        ten thousand folders in each other
 *   bombs        few objects with millions of paths; large folders referred to a thousand times
 *   references   to nothing by the hundred thousand, to objects of another type, submodules and links in a circle
 *   objects      broken, lying about their size, under another's name, inflating to 64 MB
 *   commits      without a header, with a blob for a tree, behind too many tags
 *   content      LFS pointers; configurations and modules that lead to themselves; one header's name 3000 times
 *   stores       an alternate that is the store itself
 */
#include "raw_repo.h"

#include <time.h>

#if defined(__SANITIZE_ADDRESS__)
#define CPU_S 60
#else
#define CPU_S 10
#endif

#define MANY 60000

/* A folder of any size. */
struct folder {
	char *data;
	size_t len, cap;
};

static void folder_add(struct ctx *cx, struct folder *folder, const char *mode, const char *name,
                       git_oid oid)
{
	size_t m = strlen(mode), n = strlen(name);
	char *p;

	if (folder->cap - folder->len < m + n + 22) {
		size_t cap = folder->cap * 2 + m + n + 4096;

		folder->data = arena_grow(cx->arena, folder->data, folder->cap, cap);
		folder->cap = cap;
	}
	p = folder->data + folder->len;
	memcpy(p, mode, m);
	p[m] = ' ';
	memcpy(p + m + 1, name, n + 1);
	memcpy(p + m + n + 2, oid.id, 20);
	folder->len += m + n + 22;
}

static git_oid put_folder(struct repo *repo, const struct folder *folder)
{
	return put(repo, GIT_OBJECT_TREE, folder->data, folder->len);
}

static git_oid put_text(struct repo *repo, const char *text)
{
	return put(repo, GIT_OBJECT_BLOB, text, strlen(text));
}

/* A map of a root folder, with everything that is promised of time. */
static struct json_object *map_root(struct ctx *cx, struct repo *repo, git_oid root,
                                    struct scan_limits limits)
{
	struct analyse_in in = { .directory = repo->path, .limits = limits };
	struct json_object *doc;
	clock_t from = clock();

	in.commit = put_commit(cx, repo, root);
	doc = map(cx, &in);
	assert_true(clock() - from < CPU_S * CLOCKS_PER_SEC);
	return doc;
}

static const struct scan_limits USUAL = { 0 };

static int64_t covered(struct json_object *doc, const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "coverage.%s", what);
	return json_int(doc, path, -1);
}

static void test_hostile_repos__fan_out(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct folder root = { 0 };
	CLEANUP(json_put) struct json_object *doc = NULL;
	git_oid blob;

	repo_new(&repo);
	blob = put_text(&repo, "int x;\n");
	for (int i = 0; i < MANY; i++)
		folder_add(cx, &root, "100644", arena_printf(cx->arena, "%06d.c", i), blob);
	doc = map_root(cx, &repo, put_folder(&repo, &root),
	               (struct scan_limits){ .max_files = 1000 });
	assert_int_equal(rows(doc, "files.path"), 1000);
	assert_int_equal(covered(doc, "over_limit"), MANY - 1000);
	repo_end(&repo);
}

static void test_hostile_repos__one_name_twice(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct folder root = { 0 }, below = { 0 };
	CLEANUP(json_put) struct json_object *doc = NULL, *other = NULL;
	git_oid one, two, dir;

	repo_new(&repo);
	one = put_text(&repo, "int x;\n");
	two = put_text(&repo, "int y;\n\n");
	folder_add(cx, &below, "100644", "b.c", one);
	dir = put_folder(&repo, &below);
	folder_add(cx, &root, "100644", "z.c", one);
	folder_add(cx, &root, "100644", "a.c", one);
	folder_add(cx, &root, "100644", "a.c", two);
	folder_add(cx, &root, "120000", "a.c", two);
	folder_add(cx, &root, "40000", "d", dir);
	folder_add(cx, &root, "40000", "d", dir);
	folder_add(cx, &root, "100644", "d", one); /* a file of the folder's name */
	doc = map_root(cx, &repo, put_folder(&repo, &root), USUAL);
	assert_int_equal(rows(doc, "files.path"), 4);
	assert_int_equal(covered(doc, "bad_names"), 3);
	/* which one stays does not depend on the order in which they were written */
	root.len = 0;
	folder_add(cx, &root, "120000", "a.c", two);
	folder_add(cx, &root, "100644", "a.c", two);
	folder_add(cx, &root, "100644", "a.c", one);
	other = map_root(cx, &repo, put_folder(&repo, &root), USUAL);
	assert_string_equal(column_text(other, "files.oid", 0), column_text(doc, "files.oid", 0));
	repo_end(&repo);
}

static void test_hostile_repos__names(void **state)
{
	static const char *const NAMES[] = { ".",           "..",     ".git", "../../etc/passwd",
		                             "/etc/passwd", "a/../b", "" };
	static const char *const ALIKE[] = { "A.c",         "a.c",  "a.C", "\xc3\xa9.c",
		                             "e\xcc\x81.c", "a.c ", "CON", "a.c." };
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct folder root = { 0 };
	CLEANUP(json_put) struct json_object *doc = NULL;
	char *name = arena_alloc(cx->arena, 5001);
	git_oid blob;

	repo_new(&repo);
	blob = put_text(&repo, "int x;\n");
	for (size_t i = 0; i < COUNT(NAMES); i++)
		folder_add(cx, &root, "100644", NAMES[i], blob);
	for (size_t i = 0; i < COUNT(ALIKE); i++)
		folder_add(cx, &root, "100644", ALIKE[i], blob);
	memset(name, 'n', 5000);
	folder_add(cx, &root, "100644", name, blob);
	name[4096] = '\0';
	folder_add(cx, &root, "100644", name, blob);
	doc = map_root(cx, &repo, put_folder(&repo, &root), USUAL);
	assert_int_equal(rows(doc, "files.path"), 3 + COUNT(ALIKE) + 1);
	assert_int_equal(covered(doc, "bad_names"), 4);
	assert_int_equal(covered(doc, "path_too_long"), 1);
	repo_end(&repo);
}

static void test_hostile_repos__ten_thousand_deep(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct folder level = { 0 };
	CLEANUP(json_put) struct json_object *usual = NULL, *all = NULL;
	git_oid blob, below;

	repo_new(&repo);
	blob = put_text(&repo, "int x;\n");
	folder_add(cx, &level, "100644", "f.c", blob);
	for (int i = 0; i < 10000; i++) {
		below = put_folder(&repo, &level);
		level.len = 0;
		folder_add(cx, &level, "100644", "f.c", blob);
		folder_add(cx, &level, "40000", "d", below);
	}
	below = put_folder(&repo, &level);
	usual = map_root(cx, &repo, below, USUAL);
	assert_int_equal(rows(usual, "files.path"), ANALYSE_DEPTH);
	assert_int_equal(covered(usual, "too_deep"), 1);
	all = map_root(cx, &repo, below,
	               (struct scan_limits){ .max_depth = 1000000 }); /* then paths end */
	assert_int_equal(rows(all, "files.path"), MAP_PATH_MAX / 2 - 1);
	repo_end(&repo);
}

static void test_hostile_repos__bombs(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct folder large = { 0 }, root = { 0 };
	CLEANUP(json_put) struct json_object *doc = NULL;
	git_oid blob, dir;

	repo_new(&repo);
	blob = put_text(&repo, "int x;\n");
	for (int i = 0; i < MANY; i++)
		folder_add(cx, &large, "100644", arena_printf(cx->arena, "%0200d.c", i), blob);
	dir = put_folder(&repo, &large); /* 14 MB */
	for (int i = 0; i < 1000; i++)   /* that would be read a thousand times */
		folder_add(cx, &root, "40000", arena_printf(cx->arena, "%d", i), dir);
	doc = map_root(cx, &repo, put_folder(&repo, &root),
	               (struct scan_limits){ .max_files = 5000 });
	assert_int_equal(rows(doc, "files.path"), 5000);
	assert_true(covered(doc, "over_limit") > MANY);
	repo_end(&repo);
}

static void test_hostile_repos__references_to_nothing(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct folder root = { 0 };
	CLEANUP(json_put) struct json_object *doc = NULL;
	git_oid nowhere = { { 1, 2, 3 } };

	repo_new(&repo);
	for (int i = 0; i < MANY; i++)
		folder_add(cx, &root, i % 2 ? "40000" : "100644",
		           arena_printf(cx->arena, "%06d", i), nowhere);
	doc = map_root(cx, &repo, put_folder(&repo, &root), USUAL);
	assert_int_equal(rows(doc, "coverage.broken_dirs"), SCAN_BROKEN_MAX);
	assert_int_equal(covered(doc, "over_limit"), MANY / 2 - SCAN_BROKEN_MAX);
	assert_int_equal(covered(doc, "skipped_total"), MANY / 2);
	assert_int_equal(rows(doc, "coverage.skipped.file"), CONTENT_SKIPPED_MAX);
	repo_end(&repo);
}

static void test_hostile_repos__another_type(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct folder root = { 0 }, below = { 0 };
	CLEANUP(json_put) struct json_object *doc = NULL;
	git_oid blob, dir, commit;

	repo_new(&repo);
	blob = put_text(&repo, "int x;\n");
	folder_add(cx, &below, "100644", "b.c", blob);
	dir = put_folder(&repo, &below);
	assert_int_equal(git_oid_fromstr(&commit, put_commit(cx, &repo, dir)), 0);
	folder_add(cx, &root, "100644", "tree.c", dir);
	folder_add(cx, &root, "100644", "commit.c", commit);
	folder_add(cx, &root, "40000", "blob", blob);
	folder_add(cx, &root, "160000", "circle", commit); /* a submodule that is this repository */
	folder_add(cx, &root, "120000", "link", put_text(&repo, "link"));
	folder_add(cx, &root, "177777777", "mode.c", blob);
	folder_add(cx, &root, "100644", ".gitmodules",
	           put_text(&repo, "[submodule \"circle\"]\npath = circle\nurl = ./\n"));
	doc = map_root(cx, &repo, put_folder(&repo, &root), USUAL);
	assert_string_equal(skip_of(doc, "tree.c"), "corrupt");
	assert_string_equal(skip_of(doc, "commit.c"), "corrupt");
	assert_string_equal(skip_of(doc, "circle"), "submodule");
	assert_string_equal(skip_of(doc, "link"), "symlink");
	assert_string_equal(column_text(doc, "coverage.broken_dirs", 0), "blob");
	repo_end(&repo);
}

/* Write a loose object by hand: an uncompressed zlib stream of what is given. */
static void write_loose(struct ctx *cx, const struct repo *repo, git_oid oid, const char *text,
                        size_t len)
{
	char hex[GIT_OID_HEXSZ + 1];
	char *path;
	uint32_t a = 1, b = 0;
	FILE *file;

	assert_true(len < 65536);
	for (size_t i = 0; i < len; i++) {
		a = (a + (unsigned char)text[i]) % 65521;
		b = (b + a) % 65521;
	}
	git_oid_tostr(hex, sizeof(hex), &oid);
	path = arena_printf(cx->arena, "mkdir -p %s/objects/%.2s", repo->path, hex);
	assert_int_equal(system(path), 0);
	path = arena_printf(cx->arena, "%s/objects/%.2s/%s", repo->path, hex, hex + 2);
	file = fopen(path, "wb");
	assert_non_null(file);
	fwrite((const unsigned char[]){ 0x78, 0x01, 0x01, (unsigned char)len,
	                                (unsigned char)(len >> 8), (unsigned char)~len,
	                                (unsigned char)(~len >> 8) },
	       1, 7, file);
	fwrite(text, 1, len, file);
	fwrite((const unsigned char[]){ (unsigned char)(b >> 8), (unsigned char)b,
	                                (unsigned char)(a >> 8), (unsigned char)a },
	       1, 4, file);
	assert_int_equal(fclose(file), 0);
}

static void test_hostile_repos__broken_objects(void **state)
{
	static const struct {
		const char *name;
		struct span object;
	} OBJECTS[] = {
		{ "huge.c", { "blob 5368709120\0int x;\n", 23 } },
		{ "negative.c", { "blob -5\0int x;\n", 15 } },
		{ "longer.c", { "blob 3\0int x;\n", 14 } },
		{ "shorter.c", { "blob 70\0int x;\n", 15 } },
		{ "overflow.c", { "blob 99999999999999999999999999\0x", 33 } },
		{ "type.c", { "blub 7\0int x;\n", 14 } },
		{ "endless.c", { "blob 7", 6 } },
		{ "other.c",
		  { "blob 8\0another", 14 } }, /* well made, but not what its name says */
	};
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct folder root = { 0 };
	CLEANUP(json_put) struct json_object *doc = NULL;
	const size_t zeros = (size_t)64 << 20;

	repo_new(&repo);
	for (size_t i = 0; i < COUNT(OBJECTS); i++) {
		git_oid oid = { { 0xab, (unsigned char)i } };

		write_loose(cx, &repo, oid, OBJECTS[i].object.data, OBJECTS[i].object.len);
		folder_add(cx, &root, "100644", OBJECTS[i].name, oid);
	}
	folder_add(cx, &root, "100644", "zeros.c",
	           put(&repo, GIT_OBJECT_BLOB, arena_alloc(cx->arena, zeros), zeros));
	doc = map_root(cx, &repo, put_folder(&repo, &root), USUAL);
	assert_string_equal(skip_of(doc, "huge.c"), "too_large");
	assert_string_equal(skip_of(doc, "zeros.c"), "too_large");
	for (size_t i = 1; i < COUNT(OBJECTS); i++)
		assert_string_not_equal(skip_of(doc, OBJECTS[i].name), "");
	assert_int_equal(covered(doc, "analysed"), 0);
	repo_end(&repo);
}

static const char *put_object(struct ctx *cx, struct repo *repo, git_object_t type,
                              const char *text)
{
	char *hex = arena_alloc(cx->arena, GIT_OID_HEXSZ + 1);
	git_oid oid = put(repo, type, text, strlen(text));

	return git_oid_tostr(hex, GIT_OID_HEXSZ + 1, &oid);
}

static void test_hostile_repos__commits(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct analyse_in in = { .directory = repo.path };
	struct analyse_result result;
	const char *blob, *tag;

	repo_new(&repo);
	blob = put_object(cx, &repo, GIT_OBJECT_BLOB, "int x;\n");
	in.commit = put_object(cx, &repo, GIT_OBJECT_COMMIT, "");
	assert_int_equal(analyse_repository(cx, &in, &result), ERR_REPO_BROKEN);
	in.commit = put_object(cx, &repo, GIT_OBJECT_COMMIT, "tree zz");
	assert_int_equal(analyse_repository(cx, &in, &result), ERR_REPO_BROKEN);
	in.commit = put_object(cx, &repo, GIT_OBJECT_COMMIT,
	                       "parent 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n");
	assert_int_equal(analyse_repository(cx, &in, &result), ERR_REPO_BROKEN);
	in.commit = put_object(cx, &repo, GIT_OBJECT_COMMIT,
	                       arena_printf(cx->arena, "tree %s\n\n", blob));
	assert_int_equal(analyse_repository(cx, &in, &result), ERR_REPO_BROKEN);
	in.commit = blob;
	assert_int_equal(analyse_repository(cx, &in, &result), ERR_REF_NOT_FOUND);
	tag = blob;
	for (int i = 0; i < 1000; i++)
		tag = put_object(
			cx, &repo, GIT_OBJECT_TAG,
			arena_printf(cx->arena, "object %s\ntype tag\ntag t%d\n\n", tag, i));
	in.commit = tag;
	assert_int_equal(analyse_repository(cx, &in, &result), ERR_REPO_BROKEN);
	repo_end(&repo);
}

static void test_hostile_repos__nothing_in_it(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct folder root = { 0 };
	CLEANUP(json_put) struct json_object *doc = NULL, *dirs = NULL;
	git_oid none;

	repo_new(&repo);
	none = put(&repo, GIT_OBJECT_TREE, "", 0);
	doc = map_root(cx, &repo, none, USUAL);
	assert_int_equal(rows(doc, "files.path"), 0);
	folder_add(cx, &root, "40000", "a", none);
	folder_add(cx, &root, "40000", "b", none);
	dirs = map_root(cx, &repo, put_folder(&repo, &root), USUAL);
	assert_int_equal(rows(dirs, "files.path"), 0);
	repo_end(&repo);
}

/* Whatever leads to itself is followed once, or not at all. */
static void test_hostile_repos__circles(void **state)
{
	static const struct {
		const char *name, *text;
	} FILES[] = {
		{ ".gitattributes", "* linguist-vendored\n*.ts -linguist-vendored\n" },
		{ "Cargo.toml",
		  "[package]\nname = \"c\"\n[dependencies]\nc = { path = \".\" }\n[workspace]\nmembers = [\".\"]\n" },
		{ "a.h", "#include \"b.h\"\n#include \"a.h\"\n" },
		{ "a.ts",
		  "import x from 'p'\nimport y from '@/a'\nimport './a'\nexport * from '.'\n" },
		{ "b.h", "#include \"a.h\"\n" },
		{ "go.mod", "module m\nreplace m => ./\nreplace n => ../../n\n" },
		{ "lfs.c",
		  "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 99999999999999999999\n" },
		{ "lib.rs",
		  "#[path = \"lib.rs\"]\nmod a;\n#[path = \"main.rs\"]\nmod b;\nuse self::self::super::super::a::a::b;\n" },
		{ "main.rs",
		  "#[path = \"lib.rs\"]\nmod a;\nuse crate::a::b::a::b;\nuse a as b;\nuse b as a;\nuse a::x;\n" },
		{ "package.json",
		  "{\"name\":\"p\",\"main\":\".\",\"exports\":{\".\":\"./\",\"./*\":\"./*\"},\"workspaces\":[\"**\",\".\"]}" },
		{ "pom.xml",
		  "<project><parent><relativePath>.</relativePath></parent><artifactId>${a}</artifactId><modules>"
		  "<module>.</module></modules><properties><a>${b}</a><b>${a}</b></properties></project>" },
		{ "tsconfig.json",
		  "{\"extends\":\"./tsconfig.json\",\"compilerOptions\":{\"paths\":{\"*\":[\"*\"],\"@/*\":[\"@/*\"]}}}" },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct folder root = { 0 };
	CLEANUP(json_put) struct json_object *doc = NULL;

	repo_new(&repo);
	for (size_t i = 0; i < COUNT(FILES); i++)
		folder_add(cx, &root, "100644", FILES[i].name, put_text(&repo, FILES[i].text));
	doc = map_root(cx, &repo, put_folder(&repo, &root), USUAL);
	assert_int_equal(rows(doc, "files.path"), COUNT(FILES));
	assert_string_equal(skip_of(doc, "lfs.c"), "lfs");
	assert_true(json_int(doc, "summary.cycles", 0) >= 1);
	for (size_t i = 0; i < rows(doc, "imports.from"); i++)
		assert_true(column_int(doc, "imports.from", i) != column_int(doc, "imports.to", i));
	repo_end(&repo);
}

/* What asks for files times files: one name everywhere, and everywhere asked for. */
static void test_hostile_repos__one_name_everywhere(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct folder root = { 0 };
	CLEANUP(json_put) struct json_object *doc = NULL;
	git_oid files[2];

	repo_new(&repo);
	files[0] = put_text(&repo, "int x;\n");
	files[1] = put_text(&repo, "#include <x/x.h>\n#include \"y/x.h\"\n#include \"x.h\"\n");
	for (int i = 0; i < 3000; i++) {
		struct folder below = { 0 };

		folder_add(cx, &below, "100644", "a.c", files[1]);
		folder_add(cx, &below, "100644", "x.h", files[0]);
		folder_add(cx, &root, "40000", arena_printf(cx->arena, "%d", i % 2 ? i : -i),
		           put_folder(&repo, &below));
	}
	doc = map_root(cx, &repo, put_folder(&repo, &root), USUAL);
	assert_int_equal(rows(doc, "files.path"), 6000);
	assert_true(rows(doc, "imports.from") >= 3000);
	repo_end(&repo);
}

static void test_hostile_repos__a_store_of_itself(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct repo repo;
	struct folder root = { 0 };
	CLEANUP(json_put) struct json_object *doc = NULL;
	FILE *file;

	repo_new(&repo);
	folder_add(cx, &root, "100644", "a.c", put_text(&repo, "int x;\n"));
	file = fopen(arena_printf(cx->arena, "%s/objects/info/alternates", repo.path), "w");
	assert_non_null(file);
	fprintf(file, "../objects\n%s/objects\n/etc\n/nonexistent\n", repo.path);
	fclose(file);
	doc = map_root(cx, &repo, put_folder(&repo, &root), USUAL);
	assert_int_equal(rows(doc, "files.path"), 1);
	repo_end(&repo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_repos__fan_out),
		cmocka_unit_test(test_hostile_repos__one_name_twice),
		cmocka_unit_test(test_hostile_repos__names),
		cmocka_unit_test(test_hostile_repos__ten_thousand_deep),
		cmocka_unit_test(test_hostile_repos__bombs),
		cmocka_unit_test(test_hostile_repos__references_to_nothing),
		cmocka_unit_test(test_hostile_repos__another_type),
		cmocka_unit_test(test_hostile_repos__broken_objects),
		cmocka_unit_test(test_hostile_repos__commits),
		cmocka_unit_test(test_hostile_repos__nothing_in_it),
		cmocka_unit_test(test_hostile_repos__circles),
		cmocka_unit_test(test_hostile_repos__one_name_everywhere),
		cmocka_unit_test(test_hostile_repos__a_store_of_itself),
	};
	return cmocka_run_group_tests(tests, raw_repo_set_up, raw_repo_tear_down);
}
