/*
 * An index that becomes that of a later commit by the rows that differ: the same rows as one that was
 * filled anew, over a history; and refused where it is not what it should be.  (B4, I1-I3)
 */
#include "fixture_db.h"

#include "maps/analyse.h"
#include "maps/cache.h"
#include "maps/index.h"
#include "maps/map.h"
#include "projects/project.h"
#include "unit/maps/objects.h"

#include <inttypes.h>

#define STATES 8

struct stage {
	struct ctx *cx;
	struct db *app, *runner;
	struct repo repo;
	char facts[72];
	int64_t project_id;
};

/* What each state of the history has, beside files that stay. */
static const struct {
	const char *a, *b, *c; /* a.c, lib/b.py, lib/deep/c.java; NULL: it is not there */
	const char *attributes;
	bool patches; /* from the state before */
} HISTORY[STATES] = {
	{ "int a1(void) { return b1(); }\nint a2(void) { return a1(); }\n",
	  "import d\n\ndef b1():\n    return b1()\n",
	  "class C1 { void m() { n(); } void n() {} }\n", "", false },
	/* lines move */
	{ "\nint a1(void) { return b1(); }\nint a2(void) { return a1(); }\n",
	  "import d\n\ndef b1():\n    return b1()\n",
	  "class C1 { void m() { n(); } void n() {} }\n", "", true },
	/* a name comes that others use already, one goes that is used, one that is defined twice goes once */
	{ "\nint a1(void) { return b1(); }\nint a3(void) { return a1(); }\n",
	  "import d\n\ndef a2():\n    return b1()\n",
	  "class C1 { void m() { n(); } void b1() {} }\n", "", true },
	/* edges change */
	{ "\nint a1(void) { return b1(); }\nint a3(void) { return a1(); }\n",
	  "\n\ndef a2():\n    return b1()\n", "class C1 { void m() { n(); } void b1() {} }\n", "",
	  true },
	/* nothing is defined any more */
	{ "\n", "", "\n", "", true },
	/* a file goes */
	{ "\n", NULL, "class C1 { void b1() {} }\n", "", false },
	/* roles change */
	{ "\n", NULL, "class C1 { void b1() {} }\n", "*.c linguist-vendored\n", false },
	{ "int a1(void);\n", NULL, "class C1 { void b2() {} }\n", "*.c linguist-vendored\n", true },
};

static const char *commit_of(struct stage *st, int state)
{
	struct tree root = { .len = 0 }, lib = { .len = 0 }, deep = { .len = 0 };
	struct repo *repo = &st->repo;

	add_text(repo, &root, ".gitattributes", HISTORY[state].attributes);
	add_text(repo, &root, "a.c", HISTORY[state].a);
	add_text(repo, &root, "b.c",
	         "void b1(void);\nint a1(void);\nint same(void) { return 1; }\n");
	if (HISTORY[state].b != NULL)
		add_text(repo, &lib, "b.py", HISTORY[state].b);
	add_text(repo, &lib, "d.py", "def same():\n    return 2\n");
	add_text(repo, &deep, "c.java", HISTORY[state].c);
	for (int i = 0; i < 12; i++)
		add_text(repo, &deep, arena_printf(st->cx->arena, "f%02d.c", i),
		         arena_printf(st->cx->arena, "int still_%d(void) { return same(); }\n", i));
	add(&lib, "40000", "deep", put_tree(repo, &deep));
	add(&root, "40000", "lib", put_tree(repo, &lib));
	return put_commit(st->cx, repo, put_tree(repo, &root));
}

static struct stage stage_open(void **state, const char *name)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct project_new in = { .name = name, .repository_url = "https://h.example/r" };
	struct stage st = { .cx = cx, .app = cx->db };
	struct project made = { 0 };
	int64_t job;

	assert_err(cx, project_create(cx, &in, &made, &job), ERR_OK);
	st.project_id = made.id;
	st.runner = fixture_db_connect(FIXTURE_RUNNER);
	assert_err(cx, scan_init(cx), ERR_OK);
	repo_new(&st.repo);
	snprintf(st.facts, sizeof(st.facts), "%s/facts", st.repo.path);
	return st;
}

static void stage_close(struct stage *st)
{
	st->cx->db = st->runner;
	assert_err(st->cx, index_sweep(st->cx, st->project_id, 0), ERR_OK);
	st->cx->db = st->app;
	db_close(st->runner);
	repo_end(&st->repo);
	scan_quit();
}

static const struct bundle *analysed(struct stage *st, const char *commit,
                                     const struct patch_base *base)
{
	struct analyse_result *ret = arena_alloc(st->cx->arena, sizeof(*ret));
	struct analyse_in in = { .directory = st->repo.path, .commit = commit };

	if (base != NULL)
		in.base = *base;
	in.history.max_commits = HISTORY_OFF;
	in.cache = cache_open(st->facts, (uint64_t)1 << 20, ANALYSER_VERSION);
	if (analyse_repository(st->cx, &in, ret) != ERR_OK)
		fail_msg("%s", st->cx->fault.detail);
	cache_close(in.cache);
	return &ret->bundle;
}

static int64_t filled(struct stage *st, const struct bundle *bundle)
{
	int64_t id;

	st->cx->db = st->runner;
	assert_err(st->cx, index_fill(st->cx, NULL, st->project_id, bundle, &id), ERR_OK);
	st->cx->db = st->app;
	return id;
}

/* Publish a map with an index that was filled, or with one that is patched to be it.  @ret the index */
static int64_t publish(struct stage *st, const char *commit, const struct bundle *bundle,
                       int64_t spare, enum err want)
{
	struct ctx *cx = st->cx;
	const struct map map = {
		.project_id = st->project_id, .commit = commit, .analyser = "1", .content = "{}"
	};
	int64_t id = spare != 0 ? spare : filled(st, bundle), map_id;

	cx->db = st->runner;
	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx, map_publish(cx, &map, &map_id), ERR_OK);
		if (spare != 0)
			assert_err(cx, index_patch(cx, spare, bundle), want);
		if (want == ERR_OK) {
			assert_err(cx, index_publish(cx, id, map_id), ERR_OK);
			assert_err(cx, db_commit(&tx), ERR_OK);
		}
	}
	err_clear(cx);
	cx->db = st->app;
	return id;
}

static struct index_spare spare_of(struct stage *st, int64_t keep)
{
	struct index_spare ret;

	assert_err(st->cx, index_spare(st->cx, st->project_id, keep, "1", &ret), ERR_OK);
	return ret;
}

/* Rows of one index that the other has not, either way. */
static int64_t differing(struct stage *st, int64_t a, int64_t b)
{
	static const char *const TABLES[] = { "map_file", "map_edge", "map_symbol", "map_reference",
		                              "map_gram" };
	struct ctx *cx = st->cx;
	int64_t n = 0;

	for (size_t i = 0; i < COUNT(TABLES); i++)
		for (int way = 0; way < 2; way++)
			n += fixture_db_int(
				cx,
				arena_printf(
					cx->arena,
					"SELECT count(*) FROM (SELECT to_jsonb(r) - 'index_id' FROM"
					" app.%s r WHERE index_id = %" PRId64
					" EXCEPT ALL SELECT to_jsonb(r) - 'index_id' FROM app.%s r"
					" WHERE index_id = %" PRId64 ") d",
					TABLES[i], way == 0 ? a : b, TABLES[i], way == 0 ? b : a));
	return n + fixture_db_int(
			   cx, arena_printf(cx->arena,
	                                    "SELECT count(DISTINCT to_jsonb(r) - 'id' - 'map_id')"
	                                    " - 1 FROM app.map_index r WHERE id IN (%" PRId64
	                                    ", %" PRId64 ")",
	                                    a, b));
}

static void sweep(struct stage *st, int64_t keep)
{
	st->cx->db = st->runner;
	assert_err(st->cx, index_sweep(st->cx, st->project_id, keep), ERR_OK);
	st->cx->db = st->app;
}

static void test_patch__gives_the_rows_of_a_new_index(void **state)
{
	struct stage st = stage_open(state, "chain");
	const char *commit = commit_of(&st, 0);

	publish(&st, commit, analysed(&st, commit, NULL), 0, ERR_OK);
	for (int i = 1; i < STATES; i++) {
		const struct index_spare spare = spare_of(&st, 1);
		const struct bundle *bundle;
		struct map_index found;
		int64_t old, new;

		assert_true(spare.id != 0);
		commit = commit_of(&st, i);
		bundle = analysed(&st, commit, &spare.base);
		assert_int_equal(index_is_patch(bundle), HISTORY[i].patches);
		old = publish(&st, commit, bundle, HISTORY[i].patches ? spare.id : 0, ERR_OK);
		assert_err(st.cx, index_of_project(st.cx, st.project_id, NULL, &found), ERR_OK);
		assert_int_equal(found.id, old);
		assert_string_equal(found.commit, commit);
		new = filled(&st, analysed(&st, commit, NULL));
		assert_int_equal(differing(&st, old, new), 0);
		sweep(&st, 1);
	}
	stage_close(&st);
}

/* The one that goes next is the spare, while another analyser's never is. */
static void test_patch__takes_the_oldest(void **state)
{
	struct stage st = stage_open(state, "oldest");
	const char *first = commit_of(&st, 0), *second = commit_of(&st, 1);
	struct index_spare spare;
	int64_t id;

	assert_int_equal(spare_of(&st, 1).id, 0);
	id = publish(&st, first, analysed(&st, first, NULL), 0, ERR_OK);
	assert_int_equal(spare_of(&st, 2).id, 0);
	publish(&st, second, analysed(&st, second, NULL), 0, ERR_OK);
	spare = spare_of(&st, 2);
	assert_int_equal(spare.id, id);
	assert_string_equal(spare.base.commit, first);
	assert_err(st.cx, index_spare(st.cx, st.project_id, 2, "2", &spare), ERR_OK);
	assert_int_equal(spare.id, 0);
	stage_close(&st);
}

/* Told against one commit, an index of another is left as it is. */
static void test_patch__is_refused_by_another_index(void **state)
{
	struct stage st = stage_open(state, "misfit");
	const char *first = commit_of(&st, 1), *second = commit_of(&st, 2);
	const struct bundle *bundle;
	struct index_spare spare;
	int64_t other, same;

	publish(&st, first, analysed(&st, first, NULL), 0, ERR_OK);
	spare = spare_of(&st, 1);
	bundle = analysed(&st, second, &spare.base);
	assert_true(index_is_patch(bundle));
	other = publish(&st, second, analysed(&st, second, NULL), 0, ERR_OK);
	same = filled(&st, analysed(&st, second, NULL));
	publish(&st, commit_of(&st, 3), bundle, other, ERR_STATE);
	assert_int_equal(differing(&st, other, same), 0);
	stage_close(&st);
}

/* What cannot be told by a patch is told whole: other limits, another analyser, a commit that is not there. */
static void test_patch__needs_the_same_print(void **state)
{
	struct stage st = stage_open(state, "print");
	const char *first = commit_of(&st, 0), *second = commit_of(&st, 1);
	struct patch_base base;

	publish(&st, first, analysed(&st, first, NULL), 0, ERR_OK);
	base = spare_of(&st, 1).base;
	assert_true(index_is_patch(analysed(&st, second, &base)));
	base.print = "0123456789abcdef";
	assert_false(index_is_patch(analysed(&st, second, &base)));
	base = spare_of(&st, 1).base;
	base.commit = "0123456789012345678901234567890123456789";
	assert_false(index_is_patch(analysed(&st, second, &base)));
	assert_int_equal(st.cx->fault.code, ERR_OK);
	stage_close(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patch__gives_the_rows_of_a_new_index),
		cmocka_unit_test(test_patch__takes_the_oldest),
		cmocka_unit_test(test_patch__is_refused_by_another_index),
		cmocka_unit_test(test_patch__needs_the_same_print),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
