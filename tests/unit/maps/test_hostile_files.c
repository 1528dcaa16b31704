/*
 * Files that nobody means well with, each mapped alone.  Whatever it holds, the map is strict
 * JSON, the file has its place with the reason when it was not read, its lines add up, and the time
 * is that of its bytes.  (B4, T5, T7)
 */
#include "raw_repo.h"

#include "maps/lang.h"

#include <time.h>

#define MB ((size_t)1 << 20)

/* Of the processor, for one file of 10 MB at most; sanitizers take their time. */
#if defined(__SANITIZE_ADDRESS__)
#define CPU_S 60
#else
#define CPU_S 6
#endif

/* Text: head, a unit again and again, tail. */
struct hostile {
	const char *why, *path;
	struct span head, unit;
	size_t bytes; /* of the units */
	struct span tail;
	const char *skip;  /* "" when it is read */
	const char *limit; /* what coverage counts, NULL when nothing is dropped */
	size_t max_blob;   /* 0: as usual, 5 MiB */
};

#define TEXT(s)                                                                                    \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}
#define NONE                                                                                       \
	{                                                                                          \
		"", 0                                                                              \
	}
#define FACTS     "coverage.facts_truncated"
#define DOC_BYTES (2 * MB - 1000) /* no more of a manifest is read */
#define DEPS      "coverage.manifests_truncated"

static const struct hostile FILES[] = {
	{ "braces", "a.c", NONE, TEXT("{"), 4 * MB, NONE, "", NULL, 0 },
	{ "parentheses", "a.js", NONE, TEXT("("), 4 * MB, NONE, "", NULL, 0 },
	{ "closing alone", "a.go", NONE, TEXT("}])"), 4 * MB, NONE, "", NULL, 0 },
	{ "elements in elements", "a.tsx", TEXT("x = "), TEXT("<a>"), 4 * MB, NONE, "", NULL, 0 },
	{ "templates in templates", "a.js", NONE, TEXT("`${"), 4 * MB, NONE, "", NULL, 0 },
	{ "scripts in scripts", "a.vue", NONE, TEXT("<script>"), 4 * MB, NONE, "", NULL, 0 },
	{ "comments in comments", "a.rs", NONE, TEXT("/*"), 4 * MB, NONE, "", NULL, 0 },
	{ "a comment without end", "a.c", TEXT("/*"), TEXT("x\n"), 4 * MB, NONE, "", NULL, 0 },
	{ "a raw string without end", "a.cpp", TEXT("R\"x("), TEXT("y)\"\n"), 4 * MB, NONE, "",
	  NULL, 0 },
	{ "a raw string of hashes", "b.rs", TEXT("r"), TEXT("#"), 4 * MB, NONE, "", NULL, 0 },
	{ "a docstring without end", "a.py", TEXT("\"\"\""), TEXT("import a\n"), 4 * MB, NONE, "",
	  NULL, 0 },
	{ "heredocs without end", "a.sh", NONE, TEXT("cat <<A\n"), 4 * MB, NONE, "", NULL, 0 },
	{ "strings without end", "a.java", NONE, TEXT("\"\n"), 4 * MB, NONE, "", NULL, 0 },
	{ "a regular expression without end", "a.js", TEXT("x = /["), TEXT("/"), 4 * MB, NONE, "",
	  NULL, 0 },
	{ "divisions or regular expressions", "a.js", TEXT("a"), TEXT("/b/c"), 4 * MB, NONE, "",
	  NULL, 0 },
	{ "type parameters without end", "a.ts", NONE, TEXT("function f<"), 4 * MB, NONE, "", NULL,
	  0 },
	{ "arrows", "a.ts", NONE, TEXT("const a = (x) => "), 4 * MB, NONE, "", FACTS, 0 },
	{ "100 000 else if", "a.c", TEXT("void f(int a)\n{\nif (a) {}\n"), TEXT("else if (a) {}\n"),
	  1500000, TEXT("}\n"), "", NULL, 0 },
	{ "conditions in conditions", "a.h", NONE, TEXT("#if X\n"), 4 * MB, NONE, "", NULL, 0 },
	{ "one continued line", "a.c", TEXT("#define A "), TEXT("\\\n"), 4 * MB, NONE, "", NULL,
	  0 },
	{ "macros", "a.c", NONE, TEXT("#define A(a) A(A(a))\n"), 4 * MB, NONE, "", FACTS, 0 },
	{ "a tree of use", "a.rs", TEXT("use "), TEXT("a::{"), 4 * MB, NONE, "", NULL, 0 },
	{ "modules in modules", "a.rs", NONE, TEXT("mod a {"), 4 * MB, NONE, "", FACTS, 0 },
	{ "one line of 10 MB", "a.js", NONE, TEXT("a=b;"), 10 * MB, NONE, "", NULL, 16 * MB },
	{ "one line of 10 MB, too much", "a.js", NONE, TEXT("a=b;"), 10 * MB, NONE, "too_large",
	  NULL, 0 },
	{ "a NUL at the start", "a.c", TEXT("int a;\0"), TEXT("x"), 4 * MB, NONE, "binary", NULL,
	  0 },
	{ "a NUL far behind", "a.c", NONE, TEXT("int a;\n"), 9000, TEXT("char *b = \"\0\";\n"), "",
	  NULL, 0 },
	{ "bytes that are no UTF-8", "a.c", TEXT("#include \"a"), TEXT("\xc3(\xff\xfe\xed\xa0\x80"),
	  4 * MB, NONE, "", NULL, 0 },
	{ "surrogates alone, UTF-16", "a.c", TEXT("\xff\xfe"), TEXT("\x00\xd8"), 2 * MB, TEXT("\n"),
	  "", NULL, 0 },
	{ "UTF-16 of an odd length", "a.c", TEXT("\xfe\xff"), TEXT("\0a"), 2 * MB, TEXT("\0"), "",
	  NULL, 0 },
	{ "byte order marks", "a.py", NONE, TEXT("\xef\xbb\xbf"), 4 * MB, NONE, "", NULL, 0 },
	{ "carriage returns alone", "a.c", NONE, TEXT("int a;\r"), 4 * MB, NONE, "", NULL, 0 },
	{ "imports", "a.py", NONE, TEXT("import a\n"), 900000, NONE, "", FACTS, 0 },
	{ "definitions", "a.py", NONE, TEXT("def f(): 0\n"), 1100000, NONE, "", FACTS, 0 },
	{ "a name of 4 MB", "a.py", TEXT("def "), TEXT("a"), 4 * MB, TEXT("(): 0\n"), "", FACTS,
	  0 },
	{ "a target of 4 MB", "a.c", TEXT("#include \""), TEXT("a/"), 4 * MB, TEXT("\"\n"), "",
	  FACTS, 0 },
	{ "a document too large to be read", "package.json", NONE, TEXT("["), 4 * MB, NONE, "",
	  DEPS, 0 },
	{ "lists in lists", "package.json", NONE, TEXT("["), DOC_BYTES, NONE, "", NULL, 0 },
	{ "objects in objects", "tsconfig.json", NONE, TEXT("{\"paths\":"), DOC_BYTES, NONE, "",
	  NULL, 0 },
	{ "dependencies", "requirements.txt", NONE, TEXT("a==1\n"), 50000, NONE, "", DEPS, 0 },
	{ "a key with a million dots", "Cargo.toml", TEXT("a"), TEXT(".a"), DOC_BYTES, TEXT("=1\n"),
	  "", NULL, 0 },
	{ "tables", "pyproject.toml", NONE, TEXT("[[tool.poetry.group.a]]\n"), DOC_BYTES, NONE, "",
	  NULL, 0 },
	{ "entities of entities", "pom.xml",
	  TEXT("<!DOCTYPE p [<!ENTITY a \"&a;&a;&a;\">]><project><artifactId>"), TEXT("&a;"),
	  DOC_BYTES, TEXT("</artifactId></project>"), "", NULL, 0 },
	{ "projects in projects", "pom.xml", NONE, TEXT("<project>"), DOC_BYTES, NONE, "", NULL,
	  0 },
	{ "variables of themselves", "Makefile", NONE, TEXT("A = $(A)$(A)\n"), DOC_BYTES, NONE, "",
	  NULL, 0 },
	{ "commands in commands", "CMakeLists.txt", NONE, TEXT("include_directories("), DOC_BYTES,
	  NONE, "", NULL, 0 },
	{ "patterns", ".gitattributes", NONE, TEXT("**/*a*/**/*b* linguist-vendored\n"), 4 * MB,
	  NONE, "", NULL, 0 },
};

static struct span text_of(struct arena *arena, const struct hostile *one)
{
	size_t n = one->bytes / one->unit.len,
	       len = one->head.len + n * one->unit.len + one->tail.len;
	char *text = arena_alloc(arena, len), *p = text;

	memcpy(p, one->head.data, one->head.len);
	p += one->head.len;
	for (size_t i = 0; i < n; i++, p += one->unit.len)
		memcpy(p, one->unit.data, one->unit.len);
	memcpy(p, one->tail.data, one->tail.len);
	return (struct span){ text, len };
}

/* As many bytes of every value but NUL as there are, the same each time. */
static struct span noise(struct arena *arena, size_t len)
{
	char *text = arena_alloc(arena, len);
	uint32_t x = 2463534242u;

	for (size_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		text[i] = (char)(1 + x % 255);
	}
	return (struct span){ text, len };
}

static int64_t count_lines(struct span text)
{
	int64_t n = text.len > 0 && text.data[text.len - 1] != '\n';

	for (size_t i = 0; i < text.len; i++)
		n += text.data[i] == '\n';
	return n;
}

/* Map a repository of this one file, and hold the map to what every map promises. */
static void check_file(struct ctx *cx, const struct hostile *one, struct span text)
{
	struct repo repo;
	struct tree root = { .len = 0 };
	struct analyse_in in = { .directory = repo.path,
		                 .limits = { .max_blob_bytes = one->max_blob } };
	struct json_object *doc;
	clock_t from, took;

	repo_new(&repo);
	add(&root, "100644", one->path, put(&repo, GIT_OBJECT_BLOB, text.data, text.len));
	in.commit = put_commit(cx, &repo, put_tree(&repo, &root));
	from = clock();
	doc = map(cx, &in);
	took = clock() - from;

	if (took > CPU_S * CLOCKS_PER_SEC)
		fail_msg("%s: %ld ms", one->why, (long)(took * 1000 / CLOCKS_PER_SEC));
	assert_int_equal(rows(doc, "files.path"), 1);
	if (strcmp(skip_of(doc, one->path), one->skip) != 0)
		fail_msg("%s: skipped as \"%s\"", one->why, skip_of(doc, one->path));
	if (*one->skip == '\0' && text.len > 2 && (unsigned char)text.data[0] < 0xfe &&
	    column_int(doc, "files.lang", 0) >= 0)
		assert_int_equal(column_int(doc, "files.code", 0) +
		                         column_int(doc, "files.comment", 0) +
		                         column_int(doc, "files.blank", 0),
		                 count_lines(text));
	if (one->limit != NULL && json_int(doc, one->limit, 0) != 1)
		fail_msg("%s: facts dropped of %d files, dependencies of %d", one->why,
		         (int)json_int(doc, FACTS, 0), (int)json_int(doc, DEPS, 0));
	json_put(&doc);
	repo_end(&repo);
}

static void test_hostile_files__each_ends_in_a_map(void **state)
{
	for (size_t i = 0; i < COUNT(FILES); i++) {
		struct ctx *cx = fixture_ctx(*state);

		check_file(cx, &FILES[i], text_of(cx->arena, &FILES[i]));
	}
}

static void test_hostile_files__noise_in_every_language(void **state)
{
	static const char *const PATHS[] = { "a.c",   "a.cpp",  "a.py",    "a.js",   "a.ts",
		                             "a.tsx", "a.vue",  "a.go",    "a.rs",   "a.java",
		                             "a.sh",  "a.rb",   "a.sql",   "a.php",  "a.cs",
		                             "a.kt",  "go.mod", "pom.xml", "a.html", "a.lua" };

	for (size_t i = 0; i < COUNT(PATHS); i++) {
		struct ctx *cx = fixture_ctx(*state);
		struct hostile one = { .why = PATHS[i], .path = PATHS[i], .skip = "" };
		struct span text = noise(cx->arena, MB);

		check_file(cx, &one, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_files__each_ends_in_a_map),
		cmocka_unit_test(test_hostile_files__noise_in_every_language),
	};
	return cmocka_run_group_tests(tests, raw_repo_set_up, raw_repo_tear_down);
}
