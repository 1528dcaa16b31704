/*
 * Facts of earlier runs: a file of them that is torn, flipped, foreign, locked or full costs
 * time, never truth.  (B4, T5)
 */
#include "fixture.h"
#include "maps/cache.h"
#include "cache_stage.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define MAX  ((uint64_t)1 << 20)
#define BLOB 1000 /* limit of a blob */
#define A    "1.0"

static size_t file_size(const struct stage *st)
{
	struct stat s;

	assert_int_equal(stat(st->path, &s), 0);
	return (size_t)s.st_size;
}

static char *file_read(const struct stage *st, size_t *n)
{
	FILE *f = fopen(st->path, "r");
	char *data;

	*n = file_size(st);
	data = arena_alloc(st->cx->arena, *n);
	assert_non_null(f);
	assert_int_equal(fread(data, 1, *n, f), *n);
	fclose(f);
	return data;
}

static void file_write(const struct stage *st, const char *data, size_t n)
{
	FILE *f = fopen(st->path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* The n-th of some files, and what its blob gave: every member set, each to something else. */
static struct map_file file_of(struct stage *st, int n)
{
	struct map_file file = { .oid = { 1, 2, 3 } };
	const char *path = arena_printf(st->cx->arena, "src/dir/file%d.c", n);

	file.oid[7] = (unsigned char)n;
	file.path = (struct span){ path, strlen(path) };
	return file;
}

static struct record record_of(struct stage *st, int n)
{
	struct arena *a = st->cx->arena;
	struct record r = { .bytes = (uint64_t)n + 40, .role = FILE_TEST };
	struct facts *f = &r.facts;

	f->lang = LANG_JAVA;
	f->code = (uint32_t)n + 200;
	f->comment = 3;
	f->blank = 70000;
	f->package = "org.example";
	f->nimports = 2;
	f->imports = arena_array(a, 2, sizeof(*f->imports));
	f->imports[0] = (struct fact_import){ "stdio.h", "", "", "", 1, IMPORT_INCLUDE, 1, 0 };
	f->imports[1] = (struct fact_import){ arena_printf(a, "target%d", n),
		                              "name",
		                              "alias",
		                              "a::b",
		                              4000000000u,
		                              IMPORT_USE,
		                              3,
		                              255 };
	f->ndefs = 1;
	f->defs = arena_array(a, 1, sizeof(*f->defs));
	f->defs[0] = (struct fact_def){ .name = arena_printf(a, "def%d", n),
		                        .parent = "Outer",
		                        .signature = arena_printf(a, "void def%d(int)", n),
		                        .start_line = 6,
		                        .line = 7,
		                        .end_line = 9,
		                        .kind = DEF_METHOD };
	f->nrefs = 1;
	f->refs = arena_array(a, 1, sizeof(*f->refs));
	f->refs[0] = (struct fact_ref){ arena_printf(a, "used%d", n), 300, REF_TYPE };
	f->nnames = 2;
	f->names = arena_array(a, 2, sizeof(*f->names));
	f->names[0] = "Outer";
	f->names[1] = arena_printf(a, "Name%d", n);
	f->truncated = true;
	r.manifest = (struct manifest){ .type = MANIFEST_POM, .name = "m", .group = "g" };
	r.manifest.ndeps = 1;
	r.manifest.deps = arena_array(a, 1, sizeof(*r.manifest.deps));
	r.manifest.deps[0] = (struct manifest_dep){ "junit", "4", "test", 12, ECO_MAVEN };
	r.manifest.nitems = 1;
	r.manifest.items = arena_array(a, 1, sizeof(*r.manifest.items));
	r.manifest.items[0] = (struct manifest_item){ ITEM_MAIN, 5, "k", "v" };
	r.manifest.truncated = true;
	return r;
}

static void expect_record(struct stage *st, const struct cache *cache, const struct record *have,
                          const struct record *want)
{
	const struct facts *f = &have->facts, *g = &want->facts;
	const struct manifest *m = &have->manifest, *w = &want->manifest;
	const struct record_ref *refs = record_refs(f, cache_store(cache), st->cx->arena);

	assert_int_equal(have->bytes, want->bytes);
	assert_int_equal(have->skip, want->skip);
	assert_int_equal(have->role, want->role);
	assert_int_equal(f->lang, g->lang);
	assert_int_equal(f->code, g->code);
	assert_int_equal(f->comment, g->comment);
	assert_int_equal(f->blank, g->blank);
	assert_string_equal(f->package, g->package);
	assert_int_equal(f->nimports, g->nimports);
	for (size_t i = 0; i < g->nimports; i++) {
		assert_string_equal(f->imports[i].target, g->imports[i].target);
		assert_string_equal(f->imports[i].name, g->imports[i].name);
		assert_string_equal(f->imports[i].alias, g->imports[i].alias);
		assert_string_equal(f->imports[i].scope, g->imports[i].scope);
		assert_int_equal(f->imports[i].line, g->imports[i].line);
		assert_int_equal(f->imports[i].kind, g->imports[i].kind);
		assert_int_equal(f->imports[i].flags, g->imports[i].flags);
		assert_int_equal(f->imports[i].level, g->imports[i].level);
	}
	assert_int_equal(f->ndefs, g->ndefs);
	assert_string_equal(f->defs[0].name, g->defs[0].name);
	assert_string_equal(f->defs[0].parent, g->defs[0].parent);
	assert_string_equal(f->defs[0].signature, g->defs[0].signature);
	assert_int_equal(f->defs[0].start_line, g->defs[0].start_line);
	assert_int_equal(f->defs[0].line, g->defs[0].line);
	assert_int_equal(f->defs[0].end_line, g->defs[0].end_line);
	assert_int_equal(f->defs[0].kind, g->defs[0].kind);
	assert_int_equal(f->nrefs, g->nrefs);
	assert_string_equal(cache_store(cache)->texts[refs[0].text], g->refs[0].name);
	assert_int_equal(refs[0].line, g->refs[0].line);
	assert_int_equal(refs[0].kind, g->refs[0].kind);
	assert_int_equal(f->nnames, g->nnames);
	for (size_t i = 0; i < g->nnames; i++)
		assert_string_equal(f->names[i], g->names[i]);
	assert_int_equal(f->truncated, g->truncated);
	assert_int_equal(m->type, w->type);
	assert_string_equal(m->name, w->name);
	assert_string_equal(m->group, w->group);
	assert_int_equal(m->ndeps, w->ndeps);
	assert_string_equal(m->deps[0].name, w->deps[0].name);
	assert_string_equal(m->deps[0].spec, w->deps[0].spec);
	assert_string_equal(m->deps[0].scope, w->deps[0].scope);
	assert_int_equal(m->deps[0].line, w->deps[0].line);
	assert_int_equal(m->nitems, w->nitems);
	assert_int_equal(m->items[0].kind, w->items[0].kind);
	assert_int_equal(m->items[0].line, w->items[0].line);
	assert_string_equal(m->items[0].key, w->items[0].key);
	assert_string_equal(m->items[0].value, w->items[0].value);
	assert_int_equal(m->truncated, w->truncated);
}

static struct cache *cache_of(struct stage *st, uint64_t max, const char *analyser)
{
	struct cache *cache = cache_open(st->path, max, analyser);

	cache_load(cache);
	return cache;
}

static bool find(struct stage *st, struct cache *cache, int n, struct record *ret)
{
	struct map_file file = file_of(st, n);

	return cache_find(cache, &file, BLOB, st->cx->arena, st->scratch, false, ret);
}

/* @ret whether file n is known; then it is what was kept */
static bool knows(struct stage *st, struct cache *cache, int n)
{
	struct record want = record_of(st, n), have;

	if (!find(st, cache, n, &have))
		return false;
	expect_record(st, cache, &have, &want);
	return true;
}

/* One run that has read the files from..to-1. */
static void run(struct stage *st, uint64_t max, const char *analyser, int from, int to)
{
	CLEANUP(cache_close_ptr) struct cache *cache = cache_of(st, max, analyser);

	for (int n = from; n < to; n++) {
		struct map_file file = file_of(st, n);
		struct record record = record_of(st, n), kept;

		cache_keep(cache, &file, &record, st->cx->arena, st->scratch, false, &kept);
		expect_record(st, cache, &kept, &record);
	}
	cache_finish(cache);
}

static void test_cache__there_and_back(void **state)
{
	struct stage st = stage_open(state);
	CLEANUP(cache_close_ptr) struct cache *cache = NULL;
	struct map_file other;
	struct record got;

	run(&st, MAX, A, 0, 10);
	run(&st, MAX, A, 10, 20);
	cache = cache_of(&st, MAX, A);
	for (int n = 0; n < 20; n++)
		assert_true(knows(&st, cache, n));
	assert_false(knows(&st, cache, 20));

	other = file_of(&st, 3);
	other.path = SPAN("src/dir/elsewhere.c"); /* the path tells the language and the role */
	assert_false(cache_find(cache, &other, BLOB, st.cx->arena, st.scratch, false, &got));
	other = file_of(&st, 3);
	other.oid[19] = 1;
	assert_false(cache_find(cache, &other, BLOB, st.cx->arena, st.scratch, false, &got));
	stage_close(&st);
}

/* Cut anywhere, the file gives whole records or none, and the next run makes it good. */
static void test_cache__torn_at_every_byte(void **state)
{
	struct stage st = stage_open(state);
	size_t n, seen = 0;
	char *whole;

	for (int i = 0; i < 3; i++)
		run(&st, MAX, A, i, i + 1);
	whole = file_read(&st, &n);
	for (size_t cut = 0; cut < n; cut++) {
		struct cache *cache;
		int known = 0;

		file_write(&st, whole, cut);
		cache = cache_of(&st, MAX, A);
		while (known < 3 && knows(&st, cache, known))
			known++;
		assert_true(known < 3);
		for (int i = known; i < 3; i++)
			assert_false(knows(&st, cache, i));
		assert_true((size_t)known >= seen); /* more bytes, no fewer records */
		seen = (size_t)known;
		cache_close(cache);

		run(&st, MAX, A, 3, 4);
		cache = cache_of(&st, MAX, A);
		for (int i = 0; i < known; i++)
			assert_true(knows(&st, cache, i));
		assert_true(knows(&st, cache, 3));
		cache_close(cache);
	}
	assert_int_equal(seen, 2);
	stage_close(&st);
}

static void test_cache__any_byte_flipped(void **state)
{
	struct stage st = stage_open(state);
	size_t n;
	char *whole;

	run(&st, MAX, A, 0, 1);
	run(&st, MAX, A, 1, 2);
	whole = file_read(&st, &n);
	for (size_t i = 0; i < n; i++) {
		struct cache *cache;
		int known;

		whole[i] ^= 0x41;
		file_write(&st, whole, n);
		whole[i] ^= 0x41;
		cache = cache_of(&st, MAX, A);
		known = knows(&st, cache, 0) + knows(&st, cache, 1);
		assert_true(known < 2);
		cache_close(cache);
	}
	stage_close(&st);
}

static void test_cache__another_analyser_begins_anew(void **state)
{
	struct stage st = stage_open(state);
	struct cache *cache;
	size_t one;

	run(&st, MAX, A, 0, 1);
	one = file_size(&st);
	run(&st, MAX, "1.1", 1, 2);
	assert_int_equal(file_size(&st), one);
	cache = cache_of(&st, MAX, "1.1");
	assert_false(knows(&st, cache, 0));
	assert_true(knows(&st, cache, 1));
	cache_close(cache);
	cache = cache_of(&st, MAX, A);
	assert_false(knows(&st, cache, 1));
	cache_close(cache);
	stage_close(&st);
}

static void test_cache__bounds(void **state)
{
	struct stage st = stage_open(state);
	struct cache *cache;
	size_t one;

	run(&st, MAX, A, 0, 1);
	one = file_size(&st);
	run(&st, one + 8, A, 1, 2); /* no room for a second segment */
	assert_int_equal(file_size(&st), one);
	cache = cache_of(&st, one - 1, A); /* too large to be read */
	assert_false(knows(&st, cache, 0));
	cache_close(cache);
	run(&st, 0, A, 1, 2); /* none is wanted */
	assert_int_equal(file_size(&st), one);
	stage_close(&st);
}

/* Two runs at once: the first writes, the other reads. */
static void test_cache__one_writer(void **state)
{
	struct stage st = stage_open(state);
	struct cache *first;
	size_t one;

	run(&st, MAX, A, 0, 1);
	one = file_size(&st);
	first = cache_of(&st, MAX, A);
	run(&st, MAX, A, 1, 2);
	assert_int_equal(file_size(&st), one);
	cache_close(first);
	run(&st, MAX, A, 1, 2);
	assert_true(file_size(&st) > one);
	stage_close(&st);
}

/* Who is started without a descriptor for its progress must not write that into the file. */
static void test_cache__not_a_given_descriptor(void **state)
{
	struct stage st = stage_open(state);
	struct cache *cache;
	int in = dup(STDIN_FILENO);

	close(STDIN_FILENO);
	cache = cache_of(&st, MAX, A);
	assert_int_equal(write(STDIN_FILENO, "x", 1), -1);
	cache_close(cache);
	assert_int_equal(dup2(in, STDIN_FILENO), STDIN_FILENO);
	close(in);
	assert_int_equal(file_size(&st), 0);
	stage_close(&st);
}

static void test_cache__a_full_disk_ends_the_writing_alone(void **state)
{
	struct stage st = stage_open(state);
	struct rlimit was, small;
	size_t one;

	run(&st, MAX, A, 0, 1);
	one = file_size(&st);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = (struct rlimit){ one + 50, was.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	run(&st, MAX, A, 1, 9);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(file_size(&st), one);
	stage_close(&st);
}

/* What a record keeps packed is the same when the file has been written, and other texts are numbered there. */
static void expect_refs(struct stage *st, const struct cache *cache, const struct record *have,
                        int n)
{
	struct record want = record_of(st, n);
	const struct record_ref *refs =
		record_refs(&have->facts, cache_store(cache), st->cx->arena);

	assert_non_null(refs);
	assert_string_equal(cache_store(cache)->texts[refs[0].text], want.facts.refs[0].name);
}

/* What no run uses any more goes, once it outweighs the rest; what was used stays. */
/* A tree of an id, as if git had given it. */
static void keep_tree(struct stage *st, struct cache *cache, unsigned char id, size_t len)
{
	unsigned char oid[MAP_OID_BYTES] = { 7, id };
	char *bytes = arena_alloc(st->cx->arena, len + 1);

	memset(bytes, id, len);
	cache_keep_tree(cache, st->scratch, oid, (struct span){ bytes, len });
}

/* @ret its bytes, SIZE_MAX: it is not known */
static size_t tree_bytes(struct cache *cache, unsigned char id)
{
	const unsigned char oid[MAP_OID_BYTES] = { 7, id };
	struct span bytes = cache_tree(cache, oid);

	if (bytes.data == NULL)
		return SIZE_MAX;
	for (size_t i = 0; i < bytes.len; i++)
		assert_int_equal((unsigned char)bytes.data[i], id);
	return bytes.len;
}

static void test_cache__trees(void **state)
{
	struct stage st = stage_open(state);
	struct map_file file = { .path = SPAN("a"), .oid = { 7, 1 } };
	struct cache *cache = cache_of(&st, (uint64_t)1 << 26, A);
	struct record got;

	keep_tree(&st, cache, 1, 1000);
	keep_tree(&st, cache, 2, 0);
	keep_tree(&st, cache, 3, CACHE_TREE_BYTES + 1);
	cache_finish(cache);
	cache_close(cache);
	run(&st, (uint64_t)1 << 26, A, 0, 10); /* facts stand beside them */

	cache = cache_of(&st, (uint64_t)1 << 26, A);
	assert_int_equal(tree_bytes(cache, 1), 1000);
	assert_int_equal(tree_bytes(cache, 1), 1000);
	assert_int_equal(tree_bytes(cache, 2), 0);
	assert_true(tree_bytes(cache, 3) == SIZE_MAX); /* too large to be kept */
	assert_true(tree_bytes(cache, 4) == SIZE_MAX);
	assert_false(cache_find(cache, &file, BLOB, st.cx->arena, st.scratch, false, &got));
	assert_true(knows(&st, cache, 5));
	cache_close(cache);
	stage_close(&st);
}

static void test_cache__is_written_anew(void **state)
{
	struct stage st = stage_open(state);
	struct cache *cache;
	struct record used;
	size_t large, small;

	run(&st, (uint64_t)1 << 26, A, 0, 40);
	cache = cache_of(&st, (uint64_t)1 << 26, A);
	keep_tree(&st, cache, 1, 300);
	keep_tree(&st, cache, 2, 300);
	for (int i = 0; i < 2000; i++) { /* some files again and again, each time another blob */
		struct map_file file = file_of(&st, i & 63);
		struct record record = record_of(&st, i & 63), kept;

		record.facts.nnames = 300; /* enough of it to be worth the while */
		record.facts.names = arena_array(st.cx->arena, 300, sizeof(char *));
		for (int k = 0; k < 300; k++)
			record.facts.names[k] = arena_printf(st.cx->arena, "N%d", k);
		file.oid[5] = (unsigned char)(i >> 6);
		file.oid[6] = 1;
		cache_keep(cache, &file, &record, st.cx->arena, st.scratch, false, &kept);
		arena_reset(st.scratch);
	}
	cache_finish(cache);
	cache_close(cache);
	large = file_size(&st);

	cache = cache_of(&st, (uint64_t)1 << 26, A);
	assert_true(knows(&st, cache, 5));
	assert_true(knows(&st, cache, 6));
	assert_true(find(&st, cache, 6, &used));
	assert_int_equal(tree_bytes(cache, 1), 300);
	cache_finish(cache);
	expect_refs(&st, cache, &used, 6);
	cache_close(cache);
	small = file_size(&st);
	assert_true(small < large / 100);

	cache = cache_of(&st, (uint64_t)1 << 26, A);
	assert_true(knows(&st, cache, 5));
	assert_true(knows(&st, cache, 6));
	assert_false(knows(&st, cache, 7));
	assert_int_equal(tree_bytes(cache, 1), 300);
	assert_true(tree_bytes(cache, 2) == SIZE_MAX);
	cache_close(cache);
	stage_close(&st);
}

/* A file that was too large under another limit is not known; one that is now, is so at once. */
static void test_cache__limits_of_blobs(void **state)
{
	struct stage st = stage_open(state);
	struct map_file file = file_of(&st, 1);
	struct record large = { .bytes = 500, .skip = SKIP_TOO_LARGE }, got;
	struct cache *cache = cache_of(&st, MAX, A);
	struct arena *arena = st.cx->arena;

	cache_keep(cache, &file, &large, arena, st.scratch, false, &got);
	cache_finish(cache);
	cache_close(cache);
	run(&st, MAX, A, 2, 3); /* 42 bytes */

	cache = cache_of(&st, MAX, A);
	assert_true(cache_find(cache, &file, 499, arena, st.scratch, false, &got));
	assert_int_equal(got.skip, SKIP_TOO_LARGE);
	assert_false(cache_find(cache, &file, 500, arena, st.scratch, false, &got));
	file = file_of(&st, 2);
	assert_true(cache_find(cache, &file, 41, arena, st.scratch, false, &got));
	assert_int_equal(got.skip, SKIP_TOO_LARGE);
	assert_int_equal(got.bytes, 42);
	assert_int_equal(got.facts.nimports, 0);
	cache_close(cache);

	/* Read again under the new limit, the later record counts. */
	cache = cache_of(&st, MAX, A);
	file = file_of(&st, 1);
	large.skip = SKIP_NONE;
	cache_keep(cache, &file, &large, arena, st.scratch, false, &got);
	cache_finish(cache);
	cache_close(cache);
	cache = cache_of(&st, MAX, A);
	assert_true(cache_find(cache, &file, 500, arena, st.scratch, false, &got));
	assert_int_equal(got.skip, SKIP_NONE);
	cache_close(cache);
	stage_close(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cache__there_and_back),
		cmocka_unit_test(test_cache__torn_at_every_byte),
		cmocka_unit_test(test_cache__any_byte_flipped),
		cmocka_unit_test(test_cache__another_analyser_begins_anew),
		cmocka_unit_test(test_cache__bounds),
		cmocka_unit_test(test_cache__one_writer),
		cmocka_unit_test(test_cache__not_a_given_descriptor),
		cmocka_unit_test(test_cache__a_full_disk_ends_the_writing_alone),
		cmocka_unit_test(test_cache__trees),
		cmocka_unit_test(test_cache__is_written_anew),
		cmocka_unit_test(test_cache__limits_of_blobs),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
