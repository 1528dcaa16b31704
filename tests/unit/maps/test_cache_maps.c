/*
 * Maps made with facts of earlier runs: the same to the byte, over a history, over a run that was
 * cut short, and when memory is short.  (B4, C7)
 */
#include "fixture.h"
#include "cache_stage.h"
#include "maps/analyse.h"
#include "objects.h"

#define MAX ((uint64_t)1 << 20)

static struct analyse_result analysed(struct stage *st, const struct repo *repo, const char *commit,
                                      bool cached)
{
	struct analyse_in in = { .directory = repo->path, .commit = commit, .ref = "main" };
	struct analyse_result ret;

	in.cache = cached ? cache_open(st->path, MAX, ANALYSER_VERSION) : NULL;
	if (analyse_repository(st->cx, &in, &ret) != ERR_OK)
		fail_msg("%s", st->cx->fault.detail);
	cache_close(in.cache);
	return ret;
}

/* Every part but the one that tells what was read. */
static void expect_same(const struct bundle *a, const struct bundle *b)
{
	assert_int_equal(a->nparts, b->nparts);
	for (size_t i = 0; i < a->nparts; i++) {
		const struct bundle_part *x = &a->parts[i], *y = &b->parts[i];

		assert_string_equal(x->name, y->name);
		if (strcmp(x->name, ANALYSE_READS) == 0)
			continue;
		assert_int_equal(x->data.len, y->data.len);
		assert_memory_equal(x->data.data, y->data.data, x->data.len);
	}
}

/* Files of one state of a history: some change with its number, one moves, one comes and goes. */
static const char *commit_of(struct stage *st, struct repo *repo, int state)
{
	struct arena *a = st->cx->arena;
	struct tree root = { .len = 0 }, java = { .len = 0 };

	add_text(repo, &root, ".gitattributes",
	         state % 3 == 2 ? "d.c linguist-vendored\n" : "d.c -linguist-vendored\n");
	add_text(repo, &root, "Makefile", state == 4 ? "CFLAGS = -Iinc\n" : "CFLAGS = -Ijava\n");
	add_text(repo, &root, "d.c",
	         "#include \"e.h\"\n#include <stdio.h>\nint f(void) { return 1; }\n");
	add_text(repo, &root, "e.h", arena_printf(a, "#define E %d\nstruct s;\n", state / 2));
	add_text(repo, &java, "A.java",
	         arena_printf(a, "package p;\nimport q.*;\nclass A { B b; C%d c; }\n", state));
	add_text(repo, &java, "B.java", "package p;\npublic class B { int n; void m() {} }\n");
	if (state % 2 == 1)
		add_text(repo, &java, "C1.java", "package p;\nclass C1 { A a; }\n");
	add(&root, "40000", state < 3 ? "java" : "test", put_tree(repo, &java));
	add_text(repo, &root, "package.json",
	         arena_printf(a, "{\"name\":\"n\",\"dependencies\":{\"x\":\"^%d\"}}\n", state / 3));
	return put_commit(st->cx, repo, put_tree(repo, &root));
}

static void test_cache__maps_are_the_same_over_a_history(void **state)
{
	/* forth, back, and some twice */
	static const int ORDER[] = { 0, 1, 2, 3, 4, 5, 6, 3, 0, 0, 6, 5, 1 };
	struct stage st = stage_open(state);
	struct repo repo;
	const char *commits[7];

	repo_new(&repo);
	for (int i = 0; i < 7; i++)
		commits[i] = commit_of(&st, &repo, i);
	for (size_t i = 0; i < COUNT(ORDER); i++) {
		struct analyse_result cold = analysed(&st, &repo, commits[ORDER[i]], false);
		struct analyse_result warm = analysed(&st, &repo, commits[ORDER[i]], true);

		expect_same(&cold.bundle, &warm.bundle);
		assert_int_equal(cold.reads.cached, 0);
		assert_int_equal(cold.reads.read, warm.reads.read + warm.reads.cached);
		if (i > 0)
			assert_true(warm.reads.cached >= 3);
		if (i >= 7) /* each has been seen: .gitattributes alone is read */
			assert_int_equal(warm.reads.read, 1);
	}
	repo_end(&repo);
	stage_close(&st);
}

static void time_is_up(void *data, int percent, const char *message)
{
	struct ctx *cx = data;

	(void)message;
	if (percent > 40)
		cx->deadline_ms = 1;
}

/* 400 files of 300 functions. */
static const char *commit_large(struct stage *st, struct repo *repo)
{
	struct tree root = { .len = 0 };

	for (int i = 0; i < 400; i++) {
		struct sb sb = sb_new(st->scratch, 65536);

		for (int k = 0; k < 300; k++)
			sb_addf(&sb, "int f%d_%d(void) { return 0; }\n", i, k);
		add_text(repo, &root, arena_printf(st->cx->arena, "f%03d.c", i), sb.data);
		arena_reset(st->scratch);
	}
	return put_commit(st->cx, repo, put_tree(repo, &root));
}

/* A run that ends early leaves what it read: the next one begins there. */
static void test_cache__what_was_read_stays(void **state)
{
	struct stage st = stage_open(state);
	struct analyse_in in = { .progress = time_is_up, .data = st.cx }; /* after 256 files */
	struct analyse_result ret;
	struct repo repo;

	repo_new(&repo);
	in.directory = repo.path;
	in.commit = commit_large(&st, &repo);
	in.cache = cache_open(st.path, (uint64_t)64 << 20, ANALYSER_VERSION);
	assert_int_equal(analyse_repository(st.cx, &in, &ret), ERR_TIMEOUT);
	cache_close(in.cache); /* as a kill would: nothing is finished */
	st.cx->deadline_ms = 0;
	in.progress = NULL;
	in.cache = cache_open(st.path, (uint64_t)64 << 20, ANALYSER_VERSION);
	assert_int_equal(analyse_repository(st.cx, &in, &ret), ERR_OK);
	cache_close(in.cache);
	assert_true(ret.reads.cached > 0);
	assert_true(ret.reads.read > 0);
	assert_int_equal(ret.reads.cached + ret.reads.read, 400);
	repo_end(&repo);
	stage_close(&st);
}

/* What is left out for want of memory depends on the commit alone, and is not taken for all there is. */
static void test_cache__short_of_memory(void **state)
{
	struct stage st = stage_open(state);
	struct analyse_in in = { 0 };
	struct analyse_result ret;
	struct span first = { 0 };
	struct repo repo;

	repo_new(&repo);
	in.directory = repo.path;
	in.commit = commit_large(&st, &repo);
	in.max_memory_bytes = (size_t)24 << 20;
	for (int i = 0; i < 3; i++) {
		const struct span *text;
		struct ctx cx;
		struct arena *arena = arena_new((size_t)256 << 20);

		ctx_begin(&cx, st.cx->app, arena, NULL);
		in.cache = i == 0 ? NULL : cache_open(st.path, 64 << 20, ANALYSER_VERSION);
		if (analyse_repository(&cx, &in, &ret) != ERR_OK)
			fail_msg("%s", cx.fault.detail);
		cache_close(in.cache);
		text = bundle_find(&ret.bundle, BUNDLE_CONTENT);
		if (i == 0)
			first.data = arena_memdup(st.cx->arena, text->data, first.len = text->len);
		assert_int_equal(text->len, first.len);
		assert_memory_equal(text->data, first.data, first.len);
		assert_true(ret.counts.defs > 300 && ret.counts.defs < 400 * 300);
		assert_int_equal(ret.reads.cached, i < 2 ? 0 : ret.counts.defs / 300);
		arena_free(arena);
	}
	repo_end(&repo);
	stage_close(&st);
}

static int open_git(void **state)
{
	int e = fixture_open(state);

	return e != 0 ? e : scan_init(fixture_ctx(*state)) != ERR_OK;
}

static int close_git(void **state)
{
	scan_quit();
	return fixture_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cache__maps_are_the_same_over_a_history),
		cmocka_unit_test(test_cache__what_was_read_stays),
		cmocka_unit_test(test_cache__short_of_memory),
	};
	return cmocka_run_group_tests(tests, open_git, close_git);
}
