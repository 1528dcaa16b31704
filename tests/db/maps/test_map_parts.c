/* What is stored with maps, and comparisons of them, against a real server: B4, and X11's tenants. */
#include "fixture_db.h"
#include "map_text.h"

#include "config/config.h"
#include "maps/chart.h"
#include "maps/map_views.h"
#include "maps/part_repo.h"
#include "maps/pictures.h"
#include "projects/project.h"

#include <stdio.h>
#include <string.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct text_map ONE = {
	.commit = A,
	.files = { { "a/x.c", 10, 1, "a" }, { "b/y.c", 20, 2, "b" } },
	.imports = { { "a/x.c", "b/y.c" } },
	.more = ",'externals':[],'entry_points':{'kind':[],'name':[],'target':[],'file':[],'line':[]},"
		"'defs':{'file':[0],'name':['f'],'kind':[1],'line':[1],'end_line':[2],'parent':['']}",
};
static const struct text_map TWO = {
	.commit = B,
	.files = { { "a/x.c", 11, 3, "a" }, { "b/z.c", 20, 2, "b" } },
};

static int64_t make_project(struct ctx *cx, const char *name)
{
	const struct project_new in = { name, "https://h.example/r", NULL, 0 };
	struct project made = { 0 };
	int64_t job;

	assert_err(cx, project_create(cx, &in, &made, &job), ERR_OK);
	return made.id;
}

/* As the runner does it: plan, draw, and all of it in one transaction. */
static int64_t publish(struct ctx *cx, int64_t project_id, const struct text_map *text,
                       const char *ref, struct bundle *bundle)
{
	const struct map in = {
		.project_id = project_id,
		.commit = text->commit,
		.ref = ref,
		.analyser = "1",
		.content = map_text(cx, text).data,
	};
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t id = 0;

	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_err(cx, map_publish(cx, &in, &id), ERR_OK);
	assert_err(cx, pictures_put(cx, id, bundle), ERR_OK);
	assert_err(cx, db_commit(&tx), ERR_OK);
	return id;
}

static struct bundle *drawn(struct ctx *cx, const struct text_map *text, const char *dot)
{
	struct bundle *bundle = arena_alloc(cx->arena, sizeof(*bundle));
	struct view v;

	((struct config *)(uintptr_t)cx->app->config)->dot_program = dot;
	assert_err(cx, view_read(cx, cx->arena, map_text(cx, text), VIEW_IMPORTS, &v), ERR_OK);
	pictures_plan(cx, &v, bundle);
	pictures_draw(cx, bundle);
	return bundle;
}

static void test_pictures__stored_and_read(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "drawn");
	int64_t id = publish(cx, project_id, &ONE, "main", drawn(cx, &ONE, "/usr/bin/dot"));
	struct drawing drawing;
	const char *text;

	for (int view = 0; view < PICTURE_VIEWS; view++) {
		assert_err(cx, pictures_get(cx, id, (enum picture_view)view, PICTURE_SVG, &text),
		           ERR_OK);
		assert_contains(text, "<svg ");
		assert_err(cx, pictures_get(cx, id, (enum picture_view)view, PICTURE_LAYOUT, &text),
		           ERR_OK);
		assert_true(text[0] == '{');
	}
	assert_err(cx, pictures_drawing(cx, id, PICTURE_COMPONENTS, &drawing), ERR_OK);
	assert_int_equal(drawing.nodes.n, 2);
}

/* The map does not depend on it. */
static void test_pictures__a_reason_in_the_place_of_a_picture(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "undrawn");
	struct bundle *bundle = drawn(cx, &ONE, "/bin/false");
	int64_t id = publish(cx, project_id, &ONE, "main", bundle);
	const char *text;

	assert_err(cx, pictures_get(cx, id, PICTURE_FOLDERS, PICTURE_SVG, &text), ERR_NOT_FOUND);
	assert_contains(cx->fault.detail, "dot ended with status 1");
	assert_err(cx, pictures_get(cx, id, PICTURE_TREEMAP, PICTURE_SVG, &text), ERR_OK);
	/* Drawn anew with the next publication of the same map. */
	assert_true(publish(cx, project_id, &ONE, "main", drawn(cx, &ONE, "/usr/bin/dot")) == id);
	assert_err(cx, pictures_get(cx, id, PICTURE_FOLDERS, PICTURE_SVG, &text), ERR_OK);
}

/* An analyser that was subverted may answer anything as a picture; an older one answers nothing. */
static void test_pictures__what_is_no_text_is_not_stored(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "odd");
	struct bundle bundle = { 0 };
	const char *text;
	int64_t id;

	bundle_add(&bundle, "components_svg", SPAN("a\xff"));
	bundle_add(&bundle, "folders_svg", SPAN("a\0b"));
	bundle_add(&bundle, "treemap_missing", SPAN("\xff"));
	bundle_add(&bundle, "folders_drawing", SPAN("{\"nodes\":7}"));
	pictures_draw(cx, &bundle);
	id = publish(cx, project_id, &ONE, "main", &bundle);
	for (int view = 0; view < PICTURE_VIEWS; view++)
		assert_err(cx, pictures_get(cx, id, (enum picture_view)view, PICTURE_SVG, &text),
		           ERR_NOT_FOUND);
}

/* The table of a map's files and its graph: what is no text is as little stored as a picture that is none. */
static void test_chart__stored_and_read_or_why_not(void **state)
{
	static const struct {
		struct span files, graph;
		const char *why; /* there is no graph */
	} CASES[] = {
		{ SPAN("{\"files\":{}}"), SPAN("a\xff"), "it was not written" },
		{ SPAN("{\"files\":{}}"), SPAN("a\0b"), "it was not written" },
		{ { NULL, 0 }, { NULL, 0 }, "it has too many files" },
	};
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "charted");
	int64_t id = publish(cx, project_id, &ONE, "main", drawn(cx, &ONE, "/usr/bin/dot"));
	const char *text;

	assert_err(cx, chart_get(cx, id, CHART_FILES, &text), ERR_NOT_FOUND);
	assert_contains(cx->fault.detail, "older than charts");
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct bundle *bundle = drawn(cx, &ONE, "/usr/bin/dot");

		if (CASES[i].files.data != NULL) {
			bundle_add(bundle, "chart_files", CASES[i].files);
			bundle_add(bundle, "chart_graph", CASES[i].graph);
		} else {
			bundle_add(bundle, "chart_missing", SPAN("it has too many files"));
		}
		assert_true(publish(cx, project_id, &ONE, "main", bundle) == id);
		assert_err(cx, chart_put(cx, id, bundle), ERR_OK);
		if (CASES[i].files.data != NULL) {
			assert_err(cx, chart_get(cx, id, CHART_FILES, &text), ERR_OK);
			assert_string_equal(text, CASES[i].files.data);
		}
		assert_err(cx, chart_get(cx, id, CHART_GRAPH, &text), ERR_NOT_FOUND);
		assert_contains(cx->fault.detail, CASES[i].why);
	}
}

static void test_find__by_commit_and_branch(void **state)
{
	static const struct {
		const char *which;
		enum err wanted;
		const char *commit;
	} CASES[] = {
		{ NULL, ERR_OK, B },          { A, ERR_OK, A },
		{ "aaaaaaa", ERR_OK, A },     { "topic", ERR_OK, B },
		{ "main", ERR_OK, A },        { "aaaaaab", ERR_NOT_FOUND, NULL },
		{ "", ERR_INVALID, NULL },    { "no'such", ERR_NOT_FOUND, NULL },
		{ "%", ERR_NOT_FOUND, NULL },
	};
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "found");
	struct bundle none = { 0 };
	struct map map;

	publish(cx, project_id, &ONE, "main", &none);
	publish(cx, project_id, &TWO, "topic", &none);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		assert_err(cx, map_find(cx, project_id, CASES[i].which, "?from", &map),
		           CASES[i].wanted);
		if (CASES[i].commit != NULL)
			assert_string_equal(map.commit, CASES[i].commit);
		if (CASES[i].wanted == ERR_INVALID)
			assert_blamed(cx, "?from", NULL);
		if (CASES[i].wanted == ERR_NOT_FOUND)
			assert_contains(cx->fault.fix, "/maps");
	}
}

/* Comparisons of the tenant that are kept. */
static int64_t kept(struct ctx *cx, const char *which)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM app.map_diff WHERE tenant_id = %lld%s",
	         (long long)cx->who.tenant_id, which);
	return fixture_db_int(cx, sql);
}

static void test_compare__kept_until_a_map_changes(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "compared");
	struct bundle none = { 0 };
	struct span first, again;
	struct map from, to;

	publish(cx, project_id, &ONE, "main", &none);
	publish(cx, project_id, &TWO, "main", &none);
	assert_err(cx, map_find(cx, project_id, A, "?from", &from), ERR_OK);
	assert_err(cx, map_find(cx, project_id, B, "?to", &to), ERR_OK);
	assert_err(cx, map_compare(cx, &from, &to, DIFF_JSON, &first), ERR_OK);
	assert_contains(first.data, "\"moved_from\":\"b/y.c\"");
	assert_int_equal(kept(cx, ""), 1);
	assert_err(cx, map_compare(cx, &from, &to, DIFF_JSON, &again), ERR_OK);
	assert_string_equal(first.data, again.data);
	publish(cx, project_id, &TWO, "main", &none);
	assert_int_equal(kept(cx, ""), 0);
}

static void test_compare__only_the_newest_are_kept(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "many");
	struct bundle none = { 0 };
	struct span text;
	char sql[400];
	struct map map;

	publish(cx, project_id, &ONE, "main", &none);
	assert_err(cx, map_find(cx, project_id, A, "?from", &map), ERR_OK);
	snprintf(
		sql, sizeof(sql),
		"WITH made AS (INSERT INTO app.system_map (tenant_id, project_id, commit, analyser, content) SELECT"
		" tenant_id, project_id, lpad(n::text, 40, '0'), 'x', '{}' FROM app.system_map,"
		" generate_series(1, %d) n WHERE project_id = %lld"
		" RETURNING 1) SELECT count(*) FROM made",
		MAP_DIFFS_KEPT + 5, (long long)project_id);
	fixture_db_int(cx, sql);
	snprintf(
		sql, sizeof(sql),
		"WITH made AS (INSERT INTO app.map_diff (tenant_id, from_map, to_map, format, body) SELECT"
		" tenant_id, id, id, 'md', 'old' FROM app.system_map WHERE project_id = %lld"
		" RETURNING 1) SELECT count(*) FROM made",
		(long long)project_id);
	fixture_db_int(cx, sql);
	assert_err(cx, map_compare(cx, &map, &map, DIFF_JSON, &text), ERR_OK);
	assert_int_equal(kept(cx, ""), MAP_DIFFS_KEPT);
	assert_int_equal(kept(cx, " AND format = 'json'"), 1);
}

/* More than MAP_VIEW_SMALL, however it is compressed; no view asks for it. */
static void make_large(struct ctx *cx, int64_t project_id)
{
	char sql[400];

	snprintf(
		sql, sizeof(sql),
		"WITH made AS (UPDATE app.system_map SET content = (left(content::text, -1) || ',\"x\":\"'"
		" || (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 70000) n) || '\"}')::json"
		" WHERE project_id = %lld RETURNING 1) SELECT count(*) FROM made",
		(long long)project_id);
	assert_true(fixture_db_int(cx, sql) > 0);
}

static void assert_busy(const struct ctx *cx, enum err e)
{
	assert_err(cx, e, ERR_UNAVAILABLE);
	assert_true(cx->fault.retry_s > 0);
	assert_contains(cx->fault.fix, "map_views_at_once");
}

/* So many at a time, by all workers together; what is small or kept waits for nobody, and a turn ends by itself. */
static void test_large_maps_take_turns(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	struct ctx other = { .app = cx->app, .arena = cx->arena, .db = db, .who = cx->who };
	int64_t project_id = make_project(cx, "large"), slot = 0;
	struct bundle none = { 0 };
	struct db_tx tx = { 0 };
	struct span text;
	struct map from, to;

	((struct config *)(uintptr_t)cx->app->config)->map_views_at_once = 1;
	publish(cx, project_id, &ONE, "main", &none);
	publish(cx, project_id, &TWO, "main", &none);
	assert_err(cx, map_find(cx, project_id, A, "?from", &from), ERR_OK);
	assert_err(cx, map_find(cx, project_id, B, "?to", &to), ERR_OK);
	assert_err(&other, db_begin(&other, &tx), ERR_OK);
	assert_err(&other, part_repo_slot(&other, from.id, to.id, 0, 1, &slot), ERR_OK);
	assert_int_equal(slot, 1);
	assert_err(cx, map_compare(cx, &from, &to, DIFF_JSON, &text), ERR_OK);
	make_large(cx, project_id);
	assert_err(cx, map_compare(cx, &from, &to, DIFF_JSON, &text), ERR_OK);
	assert_busy(cx, map_compare(cx, &from, &to, DIFF_MARKDOWN, &text));
	assert_busy(cx, map_write(cx, &to, MAP_TEXT_GRAPHML, "large", &text));
	assert_busy(cx, map_digest(cx, &to, "large", NULL, 500, &text));
	db_end(&tx); /* as if that worker had died */
	assert_err(cx, map_compare(cx, &from, &to, DIFF_MARKDOWN, &text), ERR_OK);
	assert_err(cx, map_digest(cx, &to, "large", NULL, 500, &text), ERR_OK);
	assert_err(&other, db_begin(&other, &tx), ERR_OK);
	assert_err(&other, part_repo_slot(&other, from.id, to.id, 0, 1, &slot), ERR_OK);
	assert_int_equal(slot, 1);
	db_end(&tx);
}

static void test_written_of_what_is_stored(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "written");
	struct bundle none = { 0 };
	struct span text;
	struct map map;

	publish(cx, project_id, &ONE, "main", &none);
	assert_err(cx, map_find(cx, project_id, NULL, "?commit", &map), ERR_OK);
	assert_err(cx, map_write(cx, &map, MAP_TEXT_GRAPHML, "written", &text), ERR_OK);
	assert_contains(text.data, "a/x.c");
	assert_err(cx, map_write(cx, &map, MAP_TEXT_CYCLONEDX, "written", &text), ERR_OK);
	assert_contains(text.data, "\"name\":\"written\"");
	assert_err(cx, map_digest(cx, &map, "written", NULL, 500, &text), ERR_OK);
	assert_contains(text.data, "function f 1-2");
}

static void test_tenants_are_apart(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project_id = make_project(cx, "apart");
	int64_t id = publish(cx, project_id, &ONE, "main", drawn(cx, &ONE, "/usr/bin/dot"));
	struct span text;
	const char *svg;
	struct map map;

	assert_err(cx, map_find(cx, project_id, A, "?from", &map), ERR_OK);
	assert_err(cx, map_compare(cx, &map, &map, DIFF_MARKDOWN, &text), ERR_OK);
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, pictures_get(cx, id, PICTURE_TREEMAP, PICTURE_SVG, &svg), ERR_NOT_FOUND);
	assert_err(cx, map_compare(cx, &map, &map, DIFF_MARKDOWN, &text), ERR_NOT_FOUND);
	assert_err(cx, map_find(cx, project_id, A, "?from", &map), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pictures__stored_and_read),
		cmocka_unit_test(test_pictures__a_reason_in_the_place_of_a_picture),
		cmocka_unit_test(test_pictures__what_is_no_text_is_not_stored),
		cmocka_unit_test(test_chart__stored_and_read_or_why_not),
		cmocka_unit_test(test_find__by_commit_and_branch),
		cmocka_unit_test(test_compare__kept_until_a_map_changes),
		cmocka_unit_test(test_compare__only_the_newest_are_kept),
		cmocka_unit_test(test_large_maps_take_turns),
		cmocka_unit_test(test_written_of_what_is_stored),
		cmocka_unit_test(test_tenants_are_apart),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
