/*
 * The index of a map against a real server: filled, asked, replaced, swept; every question goes by an
 * index of the database, also at many rows.  (I1-I3, B4, X11)
 */
#include "fixture_db.h"

#include "made_map.h"
#include "maps/map.h"
#include "maps/reach.h"
#include "maps/search.h"
#include "maps/tables.h"
#include "projects/project.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMIT_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define COMMIT_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define COMMIT_C "cccccccccccccccccccccccccccccccccccccccc"

static const struct made_map MANY = { .files = 20000, .edges = 100000, .symbols = 40000 };
static const struct made_map FEW = { .files = 100, .edges = 300, .symbols = 500 };

/* A context of the runner's role, in the fixture's tenant. */
struct stage {
	struct ctx *cx;
	struct db *app;
	int64_t project_id;
};

static struct stage stage_open(void **state, const char *name)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct project_new in = { .name = name, .repository_url = "https://h.example/r" };
	struct project made = { 0 };
	int64_t job;

	assert_err(cx, project_create(cx, &in, &made, &job), ERR_OK);
	return (struct stage){ cx, cx->db, made.id };
}

/* What the runner does, as the runner. */
static int64_t fill(struct stage *st, const struct made_map *sizes, const char *commit)
{
	CLEANUP(db_close_ptr) struct db *runner = fixture_db_connect(FIXTURE_RUNNER);
	struct ctx *cx = st->cx;
	const struct map map = {
		.project_id = st->project_id, .commit = commit, .analyser = "1", .content = "{}"
	};
	struct bundle *bundle = arena_alloc(cx->arena, sizeof(*bundle));
	int64_t index_id, map_id;

	made_map_bundle(cx, sizes, bundle);
	cx->db = runner;
	assert_err(cx, index_fill(cx, NULL, st->project_id, bundle, &index_id), ERR_OK);
	assert_true(index_id > 0);
	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx, map_publish(cx, &map, &map_id), ERR_OK);
		assert_err(cx, index_publish(cx, index_id, map_id), ERR_OK);
		assert_err(cx, db_commit(&tx), ERR_OK);
	}
	cx->db = st->app;
	return map_id;
}

static void sweep(struct stage *st, int64_t keep)
{
	CLEANUP(db_close_ptr) struct db *runner = fixture_db_connect(FIXTURE_RUNNER);

	st->cx->db = runner;
	assert_err(st->cx, index_sweep(st->cx, st->project_id, keep), ERR_OK);
	st->cx->db = st->app;
}

static struct map_index index_of(struct stage *st)
{
	struct map_index index;

	assert_err(st->cx, index_of_project(st->cx, st->project_id, NULL, &index), ERR_OK);
	return index;
}

static int64_t rows_of(struct ctx *cx, const char *table)
{
	return fixture_db_int(cx,
	                      arena_printf(cx->arena,
	                                   "SELECT count(*) FROM app.%s WHERE tenant_id = %" PRId64,
	                                   table, cx->who.tenant_id));
}

static void test_index__holds_what_the_analyser_handed_over(void **state)
{
	struct stage st = stage_open(state, "whole");
	struct ctx *cx = st.cx;
	struct map_index index;

	fill(&st, &FEW, COMMIT_A);
	index = index_of(&st);
	assert_string_equal(index.commit, COMMIT_A);
	assert_int_equal(index.files, FEW.files);
	assert_int_equal(index.symbols, FEW.symbols);
	assert_true(index.complete);
	assert_int_equal(rows_of(cx, "map_symbol"), FEW.symbols);
	assert_int_equal(rows_of(cx, "map_file"), FEW.files + 4); /* root, src, two of 50 files */
	assert_int_equal(fixture_db_int(cx, "SELECT sum(cardinality(others)) FROM app.map_edge"
	                                    " WHERE inward"),
	                 FEW.edges);
	assert_int_equal(fixture_db_int(cx, "SELECT sum(cardinality(others)) FROM app.map_edge"
	                                    " WHERE NOT inward"),
	                 FEW.edges);
	sweep(&st, 0);
}

/* Each file and each symbol is found by its name, alone in front. */
static void test_search__finds_every_text(void **state)
{
	struct stage st = stage_open(state, "every");
	struct map_index index;

	fill(&st, &FEW, COMMIT_A);
	index = index_of(&st);
	for (uint32_t i = 0; i < FEW.symbols; i += 7) {
		const char *name = made_map_name(st.cx->arena, i);
		const struct map_definition *items;
		struct map_found found;

		assert_err(st.cx, search_symbols(st.cx, &index, name, NULL, 5, &found), ERR_OK);
		items = found.items.items;
		assert_string_equal(items[0].name, name);
		assert_string_equal(items[0].match, "exact");
		assert_true(found.complete);
	}
	for (uint32_t i = 0; i < FEW.files; i++) {
		const char *path = made_map_path(st.cx->arena, i);
		const struct map_entry *items;
		struct map_found found;

		assert_err(st.cx, search_files(st.cx, &index, path, NULL, 5, &found), ERR_OK);
		items = found.items.items;
		assert_string_equal(items[0].path, path);
		assert_string_equal(items[0].match, "exact");
	}
	sweep(&st, 0);
}

/* Where more match than are shown, the shorter ones of the best kind are in front. */
static void test_search__ranks(void **state)
{
	struct stage st = stage_open(state, "ranks");
	const struct map_definition *items;
	struct map_index index;
	struct map_found found;
	size_t len = 0;

	fill(&st, &MANY, COMMIT_A);
	index = index_of(&st);
	assert_err(st.cx, search_symbols(st.cx, &index, "get", NULL, 50, &found), ERR_OK);
	items = found.items.items;
	assert_int_equal(found.items.n, 50);
	for (size_t i = 0; i < found.items.n; i++) {
		assert_string_equal(items[i].match, "prefix");
		assert_true(strlen(items[i].name) >= len);
		len = strlen(items[i].name);
	}
	assert_err(st.cx, search_symbols(st.cx, &index, "worker_qeuue_", NULL, 5, &found), ERR_OK);
	items = found.items.items;
	assert_true(found.items.n > 0);
	assert_string_equal(items[0].match, "fuzzy");
	assert_contains(items[0].name, "worker_");
	sweep(&st, 0);
}

/* The answers of the database against a walk over the edges in memory. */
static void test_reach__against_a_plain_walk(void **state)
{
	struct stage st = stage_open(state, "walk");
	struct ctx *cx = st.cx;
	struct map_index index;

	fill(&st, &FEW, COMMIT_A);
	index = index_of(&st);
	for (uint32_t i = 0; i < FEW.files; i += 9) {
		const char *from = made_map_path(cx->arena, i), *to = made_map_path(cx->arena, 1);
		struct map_impact out;
		struct map_route route;
		int64_t depth = 0;

		assert_err(cx, reach_impact(cx, &index, from, REACH_OUT, 100, 1000, &out), ERR_OK);
		assert_true(out.complete);
		for (size_t n = 0; n < out.items.n; n++) {
			const struct map_reached *r =
				(const struct map_reached *)out.items.items + n;

			if (strcmp(r->path, to) == 0)
				depth = r->depth;
		}
		assert_err(cx, reach_route(cx, &index, from, to, &route), ERR_OK);
		assert_true(route.complete);
		assert_int_equal(route.found, depth > 0 || i == 1);
		assert_int_equal(route.length, depth);
		assert_int_equal(route.steps.n, depth);
	}
	sweep(&st, 0);
}

static void test_index__of_what_is_not_there(void **state)
{
	struct stage st = stage_open(state, "nothing");
	struct ctx *cx = st.cx;
	struct map_index index;
	struct map_impact impact;
	struct map_uses uses;
	struct list list;

	assert_err(cx, index_of_project(cx, st.project_id, NULL, &index), ERR_NOT_FOUND);
	fill(&st, &FEW, COMMIT_A);
	assert_err(cx, index_of_project(cx, st.project_id, COMMIT_B, &index), ERR_NOT_FOUND);
	assert_err(cx, index_of_project(cx, st.project_id, "x", &index), ERR_INVALID);
	index = index_of(&st);
	assert_err(cx, reach_impact(cx, &index, "no.c", REACH_IN, 3, 10, &impact), ERR_NOT_FOUND);
	assert_err(cx, reach_impact(cx, &index, "src", REACH_IN, 3, 10, &impact), ERR_NOT_FOUND);
	assert_err(cx, search_folder(cx, &index, "no", 0, 10, &list), ERR_NOT_FOUND);
	assert_err(cx, search_uses(cx, &index, "no", &uses), ERR_NOT_FOUND);
	sweep(&st, 0);
	assert_err(cx, index_of_project(cx, st.project_id, NULL, &index), ERR_STATE);
	assert_non_null(cx->fault.fix);
}

static void test_index__newest_few_are_kept(void **state)
{
	struct stage st = stage_open(state, "few");
	struct ctx *cx = st.cx;
	struct map_index index;

	fill(&st, &FEW, COMMIT_A);
	fill(&st, &FEW, COMMIT_B);
	fill(&st, &FEW, COMMIT_C);
	fill(&st, &FEW, COMMIT_C); /* once more: in the place of the one before */
	sweep(&st, 2);
	assert_int_equal(rows_of(cx, "map_index"), 2);
	assert_int_equal(rows_of(cx, "map_symbol"), 2 * FEW.symbols);
	assert_string_equal(index_of(&st).commit, COMMIT_C);
	assert_err(cx, index_of_project(cx, st.project_id, COMMIT_B, &index), ERR_OK);
	assert_err(cx, index_of_project(cx, st.project_id, COMMIT_A, &index), ERR_STATE);
	sweep(&st, 0);
	assert_int_equal(rows_of(cx, "map_gram"), 0);
}

/* One whose job died, and those of a deleted project. */
static void test_index__what_nobody_asks_is_swept(void **state)
{
	struct stage st = stage_open(state, "dead");
	struct stage other = stage_open(state, "gone");
	struct ctx *cx = other.cx;

	st.cx = cx;
	fill(&st, &FEW, COMMIT_A);
	fill(&other, &FEW, COMMIT_A);
	fixture_db_int(cx, "WITH u AS (UPDATE app.map_index SET map_id = NULL RETURNING 1)"
	                   " SELECT count(*) FROM u");
	sweep(&st, 2);
	assert_int_equal(rows_of(cx, "map_index"), 1); /* the other project may be at work */
	assert_err(cx, project_delete(cx, other.project_id, 0), ERR_OK);
	sweep(&st, 2);
	assert_int_equal(rows_of(cx, "map_index"), 0);
	assert_int_equal(rows_of(cx, "map_file"), 0);
}

/* A subverted analyser's rows: refused, or wrong answers about its own repository; never worse. */
static void test_index__rows_of_a_liar(void **state)
{
	static const char HEAD[] = "3\t3\tt\t{a,b}\t{c}\t{d}\t{e}\n";
	static const struct {
		const char *part, *lines;
		enum err e;
	} CASES[] = {
		{ "files", "x\n", ERR_DATABASE },
		{ "files", "1\t2\n", ERR_DATABASE },
		{ "edges", "t\t0\t{1,2\n", ERR_DATABASE },
		{ "grams", "x\t1\t1\t1\n", ERR_DATABASE },
		{ "grams", "f\t99999999999\t1\t1\n", ERR_DATABASE },
		{ "edges", "f\t0\t{-1,5,2147483647}\t{}\t{}\nt\t0\t{9}\t{1}\t{-1}\n", ERR_OK },
	};
	struct stage st = stage_open(state, "liar");
	struct ctx *cx = st.cx;
	CLEANUP(db_close_ptr) struct db *runner = fixture_db_connect(FIXTURE_RUNNER);

	cx->db = runner;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct bundle bundle = { 0 };
		int64_t id;

		bundle_add(&bundle, "index", SPAN(HEAD));
		bundle_add(&bundle, CASES[i].part,
		           (struct span){ CASES[i].lines, strlen(CASES[i].lines) });
		print_message("# %s\n", CASES[i].lines);
		assert_err(cx, index_fill(cx, NULL, st.project_id, &bundle, &id), CASES[i].e);
	}
	cx->db = st.app;
	sweep(&st, 0);
}

/* Numbers that lead nowhere do not lead the walk astray. */
static void test_reach__edges_to_nowhere(void **state)
{
	struct stage st = stage_open(state, "nowhere");
	struct map_index index;
	struct map_impact impact;
	struct map_route route;
	const char *path;

	fill(&st, &FEW, COMMIT_A);
	index = index_of(&st);
	fixture_db_int(st.cx, "WITH u AS (UPDATE app.map_edge SET others = '{-5,100,2147483647,0}'"
	                      " RETURNING 1) SELECT count(*) FROM u");
	path = made_map_path(st.cx->arena, 5);
	assert_err(st.cx, reach_impact(st.cx, &index, path, REACH_IN, 100, 1000, &impact), ERR_OK);
	assert_int_equal(impact.total, 0); /* a row ends at its first number that is none */
	assert_err(st.cx, reach_route(st.cx, &index, path, made_map_path(st.cx->arena, 6), &route),
	           ERR_OK);
	assert_false(route.found);
	sweep(&st, 0);
}

/* --- Plans --- */

struct line {
	const char *line;
};
static const struct field LINE_FIELDS[] = { F_TEXT(struct line, line, .name = "QUERY PLAN",
	                                           .doc = "d") };
static const struct schema LINE = SCHEMA(struct line, "PlanLine", LINE_FIELDS);

/* @ret the plan of a statement whatever its values, as the workers have it */
static struct list plan_of(struct ctx *cx, const struct db_stmt *stmt)
{
	struct sb sb = sb_new(cx->arena, 65536);
	struct db_stmt *prepare = arena_alloc(cx->arena, sizeof(*prepare));
	struct db_stmt *explain = arena_alloc(cx->arena, sizeof(*explain));
	struct list lines;

	*prepare = (struct db_stmt){
		.name = arena_printf(cx->arena, "t_prepare_%s", stmt->name),
		.any_tenant = true,
		.sql = arena_printf(cx->arena, "PREPARE plan_%s AS %s", stmt->name, stmt->sql),
	};
	assert_err(cx, db_run(cx, prepare, DB_NO_ARGS, NULL), ERR_OK);
	sb_addf(&sb, "EXPLAIN EXECUTE plan_%s(NULL", stmt->name);
	for (int i = 1; i < stmt->nparams; i++)
		sb_add(&sb, ", NULL");
	sb_addc(&sb, ')');
	*explain = (struct db_stmt){ .name = arena_printf(cx->arena, "t_explain_%s", stmt->name),
		                     .any_tenant = true,
		                     .sql = sb.data };
	assert_err(cx, db_list(cx, explain, DB_NO_ARGS, &LINE, &lines), ERR_OK);
	return lines;
}

/* No table but app.map_index is gone through, neither whole nor the rows of a whole index. */
static void check_plan(struct ctx *cx, const struct db_stmt *stmt)
{
	struct list lines = plan_of(cx, stmt);

	for (size_t i = 0; i < lines.n; i++) {
		const char *line = ((const struct line *)lines.items)[i].line;
		const char *scan = strstr(line, "Seq Scan on map_");
		const char *cond = strstr(line, "Index Cond: ");

		if ((scan != NULL && strstr(scan, "map_index") == NULL) ||
		    (cond != NULL && strstr(cond, "about = ") != NULL &&
		     strstr(cond, "gram = ") == NULL) ||
		    (cond != NULL && strstr(cond, "inward") != NULL &&
		     strstr(cond, "file = ") == NULL) ||
		    (cond != NULL && strstr(line, "index_id = $2") != NULL &&
		     strstr(cond, ") AND (") != NULL &&
		     strstr(strstr(cond, ") AND (") + 1, ") AND (") == NULL)) {
			for (size_t n = 0; n < lines.n; n++)
				print_message("# %s\n", ((const struct line *)lines.items)[n].line);
			fail_msg("%s does not go by an index", stmt->name);
		}
	}
}

/* Vacuum's launcher analyses them within moments of a filling; before that the planner guesses. */
static void test_statements__go_by_indexes(void **state)
{
	struct stage st = stage_open(state, "plans");
	CLEANUP(db_close_ptr) struct db *owner = fixture_db_connect(FIXTURE_SUPER);
	CLEANUP(db_close_ptr) struct db *app = fixture_db_connect(FIXTURE_APP);
	struct ctx *cx = st.cx;

	fill(&st, &MANY, COMMIT_A);
	cx->db = owner;
	assert_err(cx, db_script(cx, "ANALYZE"), ERR_OK);
	cx->db = app;
	for (const struct db_check *c = search_statements; c->stmt != NULL; c++)
		check_plan(cx, c->stmt);
	for (const struct db_check *c = reach_statements; c->stmt != NULL; c++)
		check_plan(cx, c->stmt);
	cx->db = st.app;
	sweep(&st, 0);
}

/* Whole tables are counted here, and other programs made maps in this database before. */
static int open_empty(void **state)
{
	CLEANUP(db_close_ptr) struct db *owner = fixture_db_connect(FIXTURE_OWNER);
	struct ctx *cx;
	struct db *app;

	if (fixture_db_open(state) != 0)
		return -1;
	cx = fixture_db_ctx(*state);
	app = cx->db;
	cx->db = owner;
	assert_err(cx,
	           db_script(cx, "TRUNCATE app.map_index, app.map_file, app.map_edge,"
	                         " app.map_symbol, app.map_reference, app.map_gram CASCADE"),
	           ERR_OK);
	cx->db = app;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index__holds_what_the_analyser_handed_over),
		cmocka_unit_test(test_search__finds_every_text),
		cmocka_unit_test(test_search__ranks),
		cmocka_unit_test(test_reach__against_a_plain_walk),
		cmocka_unit_test(test_index__of_what_is_not_there),
		cmocka_unit_test(test_index__newest_few_are_kept),
		cmocka_unit_test(test_index__what_nobody_asks_is_swept),
		cmocka_unit_test(test_index__rows_of_a_liar),
		cmocka_unit_test(test_reach__edges_to_nowhere),
		cmocka_unit_test(test_statements__go_by_indexes),
	};
	return cmocka_run_group_tests(tests, open_empty, fixture_db_close);
}
