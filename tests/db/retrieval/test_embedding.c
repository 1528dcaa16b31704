/*
 * Vectors of passages: made once, found by, gone with what they are of; with the extension and without.
 * (G8, H2, H3, H4, H5, H8, I1)
 */
#include "model_bench.h"
#include "side.h"

#include "ai/model.h"
#include "ai/provider.h"
#include "projects/project.h"
#include "retrieval/embedding.h"
#include "retrieval/embedding_jobs.h"
#include "retrieval/search.h"
#include "retrieval/segment.h"
#include "retrieval/vector.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static queue_handlers HANDLERS = { embedding_jobs, NULL };

struct stage {
	struct model_bench *b;
	struct ctx *cx;
	struct db *app;
	int64_t project_id;
};

#define SQL_MAX 1000

static int64_t count(struct stage *st, const char *sql)
{
	return fixture_db_int(st->cx, sql);
}

static void run_sql(struct stage *st, const char *sql)
{
	fixture_db_int(st->cx,
	               arena_printf(st->cx->arena,
	                            "WITH w AS (%s RETURNING 1) SELECT count(*) FROM w", sql));
}

/* No job and no vector of a test before is left. */
static struct stage stage_open(void **state, const char *name)
{
	struct model_bench *b = *state;
	struct ctx *cx = model_bench_ctx(b);
	const struct project_new in = { .name = name, .repository_url = "https://h.example/r" };
	struct stage st = { b, cx, cx->db, 0 };
	struct project made = { 0 };
	int64_t job;

	run_sql(&st, "DELETE FROM app.background_job");
	run_sql(&st, "DELETE FROM app.llm_breaker");
	run_sql(&st, "DELETE FROM app.job_runner WHERE host = 'test'");
	assert_err(cx, project_create(cx, &in, &made, &job), ERR_OK);
	run_sql(&st, "DELETE FROM app.background_job");
	st.project_id = made.id;
	return st;
}

static struct segment_file file(struct ctx *cx, const char *path, const char *rows, int64_t n)
{
	return (struct segment_file){ .path = path,
		                      .oid = arena_printf(cx->arena, "%040d", 1),
		                      .language = strstr(path, ".py") != NULL ? "Python" : "C",
		                      .source = "code",
		                      .chunks = n,
		                      .rows = { rows, strlen(rows) } };
}

static const char *row(struct ctx *cx, const char *text)
{
	return arena_printf(cx->arena, "1\t3\t0\tfunction\t\t\t%s\n", text);
}

/* One file of one passage each; a segment of its own. */
static void put(struct stage *st, const char *path, const char *text)
{
	const struct segment_file one = file(st->cx, path, row(st->cx, text), 1);
	CLEANUP(db_close_ptr) struct db *runner = fixture_db_connect(FIXTURE_RUNNER);
	struct segment segment;

	st->cx->db = runner;
	segment_begin(&segment, st->cx, NULL, st->project_id);
	assert_err(st->cx, segment_put(&segment, &one, 1), ERR_OK);
	assert_err(st->cx, segment_publish(&segment), ERR_OK);
	segment_end(&segment);
	st->cx->db = st->app;
}

static void sweep(struct stage *st, int64_t project_id)
{
	CLEANUP(db_close_ptr) struct db *runner = fixture_db_connect(FIXTURE_RUNNER);

	st->cx->db = runner;
	assert_err(st->cx, segment_sweep(st->cx, project_id), ERR_OK);
	st->cx->db = st->app;
}

/* Run the job that was asked for.  @ret the outcome; "2 made, 1 copied, 0 refused" when it has ended */
static const char *embed(struct stage *st)
{
	struct side *s = side_open(st->cx, SIDE_HOLD_MS);
	struct job_run run = { .runner = s->queue.id };
	CLEANUP(json_put) struct json_object *doc = NULL;
	struct run_report report;
	struct list list;
	struct job job;
	const char *ret;

	side_claim_of(s, HANDLERS, CLAIM_HEAVY, 5, &list);
	assert_int_equal(list.n, 1);
	run.job = list.items;
	run_adopt(&s->cx, &run);
	assert_err(&s->cx, run_attempt(&s->cx, HANDLERS, &run, &report), ERR_OK);
	job = side_job(st->cx, run.job->id);
	if (job.result != NULL)
		assert_err(st->cx,
		           json_parse(st->cx, (struct span){ job.result, strlen(job.result) },
		                      &json_limits_body, &doc),
		           ERR_OK);
	ret = doc == NULL
	              ? report.outcome
	              : arena_printf(st->cx->arena,
	                             "%" PRId64 " made, %" PRId64 " copied, %" PRId64 " refused",
	                             json_int(doc, "embedded", -1), json_int(doc, "copied", -1),
	                             json_int(doc, "refused", -1));
	side_close(s);
	return ret;
}

static void assert_embedded(struct stage *st, const char *what)
{
	assert_err(st->cx, embedding_ask(st->cx, st->project_id), ERR_OK);
	assert_string_equal(embed(st), what);
}

static void model(struct stage *st, const char *name, const char *remote_name)
{
	model_bench_model(st->b, name,
	                  arena_printf(st->cx->arena,
	                               "{'provider': 'openai', 'kind': 'embedding', 'remote_name':"
	                               " '%s', 'preferred': true, 'price_input': 1000000}",
	                               remote_name));
}

/* "used: path why ..." of what is found. */
static const char *found_by(struct stage *st, const struct retrieval_query *query)
{
	struct sb sb = sb_new(st->cx->arena, 65536);
	const struct retrieval_hit *hits;
	struct retrieval_found all;

	assert_err(st->cx, retrieval_search(st->cx, query, &all), ERR_OK);
	sb_addf(&sb, "%s:", all.meaning);
	hits = all.items.items;
	for (size_t i = 0; i < all.items.n; i++) {
		const char *const *why = hits[i].why.items;

		sb_addf(&sb, " %s", hits[i].path);
		for (size_t k = 0; k < hits[i].why.n; k++)
			sb_addf(&sb, "%c%.*s", k == 0 ? '(' : ' ', (int)strcspn(why[k], "."),
			        why[k]);
		sb_addc(&sb, ')');
	}
	return sb.data;
}

static const char *found(struct stage *st, const char *text)
{
	return found_by(st,
	                &(struct retrieval_query){ .text = text, .project_id = st->project_id });
}

/* --- Nothing is configured --- */

static void test_embedding__without_a_model_there_is_no_job(void **state)
{
	struct stage st = stage_open(state, "none");

	put(&st, "a.c", "where cars are parked");
	assert_err(st.cx, embedding_ask(st.cx, st.project_id), ERR_OK);
	assert_int_equal(count(&st, "SELECT count(*) FROM app.background_job"), 0);
	assert_string_equal(found(&st, "parked"), "off: a.c(text:parked)");
	assert_string_equal(found(&st, "automobile"), "off:");
}

/* --- Found by meaning --- */

static void test_search__by_meaning(void **state)
{
	struct stage st = stage_open(state, "meaning");

	put(&st, "src/garage.c", "park the car here");
	put(&st, "src/shop.py", "buy some bread here");
	model(&st, "meaning", "fake-meaning");
	assert_string_equal(found(&st, "automobile"), "waiting:");
	assert_embedded(&st, "2 made, 0 copied, 0 refused");
	/* By words it has none of, by both, and what is near to nothing is not found. */
	assert_string_equal(found(&st, "automobile"), "used: src/garage.c(meaning:0)");
	assert_string_equal(found(&st, "park vehicle"), "used: src/garage.c(meaning:0 text:park)");
	assert_string_equal(found(&st, "zebra"), "used:");
	/* Filters hold for it as they do for words. */
	assert_string_equal(found_by(&st, &(struct retrieval_query){ .text = "purchase",
	                                                             .project_id = st.project_id,
	                                                             .language = "python" }),
	                    "used: src/shop.py(meaning:0)");
	assert_string_equal(found_by(&st, &(struct retrieval_query){ .text = "purchase",
	                                                             .project_id = st.project_id,
	                                                             .language = "C" }),
	                    "used:");
	assert_string_equal(found_by(&st, &(struct retrieval_query){ .text = "purchase",
	                                                             .project_id = st.project_id,
	                                                             .path = "lib" }),
	                    "used:");
	assert_string_equal(found_by(&st, &(struct retrieval_query){ .text = "purchase",
	                                                             .project_id = st.project_id,
	                                                             .source = "doc" }),
	                    "used:");
	assert_string_equal(found_by(&st, &(struct retrieval_query){ .text = "purchase" }),
	                    "used: src/shop.py(meaning:0)");
}

/* What failed at the provider is told, and words are looked for all the same. */
static void test_search__when_the_provider_fails(void **state)
{
	struct stage st = stage_open(state, "fails");
	struct retrieval_query query = { .project_id = st.project_id };
	struct retrieval_found all;

	put(&st, "a.c", "refusal of the car");
	assert_embedded(&st, "1 made, 0 copied, 0 refused");
	query.text = arena_printf(st.cx->arena, "refusal %s",
	                          model_bench_script(st.b, "[{'status': 401}]"));
	assert_err(st.cx, retrieval_search(st.cx, &query, &all), ERR_OK);
	assert_string_equal(all.meaning, "unavailable");
	assert_non_null(all.meaning_problem);
	assert_int_equal(all.items.n, 1);
	st.b->f->config.search_embed_ms = 0;
	assert_string_equal(found(&st, "refusal"), "off: a.c(text:refusal)");
	st.b->f->config.search_embed_ms = 1500;
}

/* --- What costs nothing --- */

static void test_embedding__pays_once(void **state)
{
	struct stage st = stage_open(state, "once");
	int64_t charged;

	put(&st, "a.c", "alpha of the car");
	put(&st, "b.c", "beta of the car");
	assert_embedded(&st, "2 made, 0 copied, 0 refused");
	charged = model_bench_journal(st.b, "charged");
	/* Nothing is new. */
	assert_embedded(&st, "0 made, 0 copied, 0 refused");
	/* Moved, said twice, or in a file of which the rest has changed. */
	put(&st, "moved/a.c", "alpha of the car");
	put(&st, "a.c", "alpha of the car");
	assert_embedded(&st, "0 made, 2 copied, 0 refused");
	assert_int_equal(model_bench_journal(st.b, "charged"), charged);
	assert_int_equal(count(&st, arena_printf(st.cx->arena,
	                                         "SELECT count(*) FROM app.search_vector v WHERE"
	                                         " project_id = %" PRId64,
	                                         st.project_id)),
	                 3);
	put(&st, "b.c", "gamma of the car");
	assert_embedded(&st, "1 made, 0 copied, 0 refused");
	assert_int_equal(model_bench_journal(st.b, "charged"), charged + 1);
	assert_true(model_bench_ledger(st.b, "sum(cost_micro)", "kind = 'embedding'") > 0);
}

/* A page at a time, each kept: what is stopped goes on where it was. */
static void test_embedding__is_taken_up_again(void **state)
{
	struct stage st = stage_open(state, "again");
	int64_t texts = model_bench_journal(st.b, "texts");

	for (int i = 0; i < 7; i++)
		put(&st, arena_printf(st.cx->arena, "f%d.c", i),
		    i == 4 ? model_bench_script(
				     st.b,
				     "[{'status': 429, 'headers': {'retry-after': '90'}},"
				     " {'status': 429, 'headers': {'retry-after': '90'}}, {}]")
		           : arena_printf(st.cx->arena, "number x%d", i));
	st.b->f->config.embed_batch = 2;
	/* Busy: it sleeps for as long as the provider says, which is no attempt. */
	assert_embedded(&st, "snoozed");
	assert_int_equal(model_bench_journal(st.b, "texts") - texts, 4);
	assert_true(count(&st, "SELECT extract(epoch FROM run_at - now())::bigint"
	                       " FROM app.background_job WHERE job_type = 'search_embed'") > 80);
	assert_int_equal(count(&st, "SELECT attempt FROM app.background_job"
	                            " WHERE job_type = 'search_embed'"),
	                 0);
	run_sql(&st, "UPDATE app.background_job SET run_at = now() - interval '1 s'");
	assert_string_equal(embed(&st), "snoozed");
	run_sql(&st, "UPDATE app.background_job SET run_at = now() - interval '1 s'");
	assert_string_equal(embed(&st), "3 made, 0 copied, 0 refused");
	assert_int_equal(model_bench_journal(st.b, "texts") - texts, 7);
	st.b->f->config.embed_batch = 64;
}

/* What a model does not take is cut, or left out; the others have theirs. */
static void test_embedding__leaves_out_what_is_refused(void **state)
{
	struct stage st = stage_open(state, "refused");

	put(&st, "a.c", model_bench_script(st.b, "[{'status': 400}]"));
	put(&st, "b.c", "delta of the car");
	put(&st, "c.c", "epsilon of the car");
	assert_embedded(&st, "2 made, 0 copied, 1 refused");
	assert_embedded(&st, "0 made, 0 copied, 0 refused");
}

/* What passes its context is cut to a half, until it fits. */
static void test_embedding__cuts_what_is_too_long(void **state)
{
	static const char LONG[] =
		"{'status': 500, 'error': {'message': 'input is too large to process'}}";
	struct stage st = stage_open(state, "long");
	struct arena *a = st.cx->arena;
	int64_t tokens = model_bench_journal(st.b, "input");

	put(&st, "a.c",
	    arena_printf(a, "%s %0800d",
	                 model_bench_script(st.b, arena_printf(a, "[%s, %s, {}]", LONG, LONG)), 1));
	assert_embedded(&st, "1 made, 0 copied, 0 refused");
	tokens = model_bench_journal(st.b, "input") - tokens;
	if (tokens < 100 || tokens > 140)
		fail_msg("%" PRId64 " tokens are not those of half of the text", tokens);
}

/* --- Another model --- */

static void test_embedding__of_another_model(void **state)
{
	struct stage st = stage_open(state, "another");

	put(&st, "a.c", "zeta of the car");
	assert_embedded(&st, "1 made, 0 copied, 0 refused");
	model(&st, "other", "fake-other");
	/* Vectors of two models are not compared. */
	assert_string_equal(found(&st, "automobile"), "waiting:");
	assert_embedded(&st, "1 made, 0 copied, 0 refused");
	assert_int_equal(count(&st, arena_printf(st.cx->arena,
	                                         "SELECT count(*) FROM app.search_vector WHERE"
	                                         " project_id = %" PRId64,
	                                         st.project_id)),
	                 1);
	run_sql(&st, "UPDATE app.llm_model SET preferred = false WHERE name = 'other'");
	run_sql(&st, "UPDATE app.llm_model SET preferred = true WHERE name = 'meaning'");
}

/* --- The wall, and the end --- */

static void test_vectors__are_the_tenants(void **state)
{
	struct stage st = stage_open(state, "wall");
	int64_t tenant = st.cx->who.tenant_id;
	static const struct db_stmt ALL = { .name = "t_vectors",
		                            .any_tenant = true,
		                            .read = true,
		                            .sql = "SELECT (SELECT count(*) FROM app.search_vector)"
		                                   " + (SELECT count(*) FROM app.vector_space)" };
	int64_t n = 0;

	assert_err(st.cx, db_get_int(st.cx, &ALL, DB_NO_ARGS, &n), ERR_OK);
	assert_true(n > 0);
	st.cx->who.tenant_id = fixture_db_tenant(st.cx);
	assert_err(st.cx, db_get_int(st.cx, &ALL, DB_NO_ARGS, &n), ERR_OK);
	assert_int_equal(n, 0);
	assert_string_equal(found_by(&st, &(struct retrieval_query){ .text = "automobile" }),
	                    "off:");
	st.cx->who.tenant_id = tenant;
}

static void test_vectors__go_with_the_project(void **state)
{
	struct stage st = stage_open(state, "gone");
	const char *mine = arena_printf(
		st.cx->arena, "SELECT count(*) FROM app.search_vector WHERE project_id = %" PRId64,
		st.project_id);

	put(&st, "a.c", "eta of the car");
	assert_embedded(&st, "1 made, 0 copied, 0 refused");
	assert_int_equal(count(&st, mine), 1);
	assert_err(st.cx, project_delete(st.cx, st.project_id, 0), ERR_OK);
	sweep(&st, 0);
	assert_int_equal(count(&st, mine), 0);
}

/* --- Ways to find the nearest --- */

#define LENGTH   24
#define PASSAGES 600

/* The same numbers in each run. */
static void made_vector(uint32_t seed, float *ret)
{
	uint64_t state = seed * UINT64_C(2654435761) + 1;

	for (size_t i = 0; i < LENGTH; i++) {
		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		ret[i] = (float)(state >> 40) / (1 << 23) - 1;
	}
	assert_true(vector_unit(ret, LENGTH));
}

/* A file of many passages with made vectors, as the job writes them. */
static int64_t make_many(struct stage *st, const char *path)
{
	struct sb rows = sb_new(st->cx->arena, (size_t)1 << 20),
		  sql = sb_new(st->cx->arena, (size_t)8 << 20);
	struct segment_file one;
	CLEANUP(db_close_ptr) struct db *runner = fixture_db_connect(FIXTURE_RUNNER);
	struct segment segment;
	int64_t space = 0;

	for (int i = 0; i < PASSAGES; i++)
		sb_addf(&rows, "%d\t%d\t0\tfunction\t\t\tword\n", i * 2 + 1, i * 2 + 2);
	one = file(st->cx, path, rows.data, PASSAGES);
	st->cx->db = runner;
	segment_begin(&segment, st->cx, NULL, st->project_id);
	assert_err(st->cx, segment_put(&segment, &one, 1), ERR_OK);
	assert_err(st->cx, segment_publish(&segment), ERR_OK);
	segment_end(&segment);
	assert_err(st->cx, vector_space(st->cx, "made", LENGTH, &space), ERR_OK);
	if (space == 0)
		assert_err(st->cx, vector_space_make(st->cx, "made", LENGTH, &space), ERR_OK);
	st->cx->db = st->app;
	sb_addf(&sql,
	        "INSERT INTO app.search_vector (tenant_id, project_id, file_id, number, space_id,"
	        " dimensions, hash, vector, signs) SELECT %" PRId64 ", %" PRId64
	        ", f.id, v.n, %" PRId64
	        ", %d, sha256(v.n::text::bytea), v.vector::real[], v.signs::bit varying"
	        " FROM app.search_file f, (VALUES ",
	        st->cx->who.tenant_id, st->project_id, space, LENGTH);
	for (uint32_t i = 0; i < PASSAGES; i++) {
		float floats[LENGTH];

		made_vector(i, floats);
		sb_addf(&sql, "%s(%u,'", i == 0 ? "" : ",", i);
		vector_text(&sql, floats, LENGTH);
		sb_add(&sql, "','");
		vector_signs(&sql, floats, LENGTH);
		sb_add(&sql, "')");
	}
	sb_addf(&sql,
	        ") AS v (n, vector, signs) WHERE f.project_id = %" PRId64 " AND f.path = '%s'",
	        st->project_id, path);
	run_sql(st, sql.data);
	return space;
}

/* How many of the ten nearest are the same by a way as they are in truth.  @ret_way which it was */
static int recall(struct stage *st, int64_t space, uint32_t seed, const char **ret_way)
{
	float query[LENGTH];
	struct vector_query wanted = {
		.space_id = space,
		.floats = query,
		.dimensions = LENGTH,
		.project_id = st->project_id,
		.most = 10,
		.segments = "{}",
	};
	static const struct db_stmt SEGMENTS = {
		.name = "t_segments",
		.read = true,
		.nparams = 2,
		.sql = "SELECT array_agg(id)::text FROM app.search_segment WHERE tenant_id = $1"
		       " AND project_id = $2",
	};
	double best[PASSAGES];
	const struct vector_near *near;
	struct list list;
	int same = 0;

	made_vector(seed, query);
	for (uint32_t i = 0; i < PASSAGES; i++) {
		float floats[LENGTH];

		best[i] = 0;
		made_vector(i, floats);
		for (size_t k = 0; k < LENGTH; k++)
			best[i] += (double)floats[k] * (double)query[k];
	}
	assert_err(
		st->cx,
		db_get_text(st->cx, &SEGMENTS, DB_ARGS(DB_INT(st->project_id)), &wanted.segments),
		ERR_OK);
	assert_err(st->cx, vector_search(st->cx, &wanted, &list, ret_way), ERR_OK);
	near = list.items;
	for (size_t i = 0; i < list.n; i++) {
		int nearer = 0;

		assert_true(near[i].chunk >= 0 && near[i].chunk < PASSAGES);
		/* It says how near it is, within what halves of a number can tell. */
		assert_true(fabs((double)near[i].similarity / 1e6 - best[near[i].chunk]) < 0.002);
		for (int k = 0; k < PASSAGES; k++)
			nearer += best[k] > best[near[i].chunk] + 0.0005;
		same += nearer < 10;
	}
	return same;
}

static const char *all_ways(struct stage *st, int64_t space, int least)
{
	const char *way = "";
	int same = 0;

	for (uint32_t i = 0; i < 20; i++)
		same += recall(st, space, 1000000 + i, &way);
	print_message("# %s: %d of 200\n", way, same);
	if (way[0] != 'n' && same < least)
		fail_msg("by %s only %d of 200 are the nearest", way, same);
	return way;
}

/* Without the extension the program finds the same: exactly among few, by signs among more, not at all among many. */
static void test_near__without_the_extension(void **state)
{
	struct stage st = stage_open(state, "plain");
	CLEANUP(db_close_ptr) struct db *super = fixture_db_connect(FIXTURE_SUPER);
	struct config *config = &st.b->f->config;
	int64_t space = make_many(&st, "many.c");
	struct db_tx tx = { 0 };

	st.cx->db = super;
	assert_err(st.cx, db_begin(st.cx, &tx), ERR_OK);
	assert_err(st.cx,
	           db_script(st.cx, "CREATE OR REPLACE FUNCTION app.vector_schema() RETURNS text"
	                            " LANGUAGE sql STABLE AS 'SELECT NULL::text'"),
	           ERR_OK);
	assert_string_equal(all_ways(&st, space, 100), "signs");
	config->vector_scan_max = config->vector_exact_max = 100;
	assert_string_equal(all_ways(&st, space, 0), "none");
	config->vector_scan_max = 50000;
	config->vector_exact_max = 10000;
	db_end(&tx);
	st.cx->db = st.app;
}

static void test_near__with_the_extension(void **state)
{
	struct stage st = stage_open(state, "extension");
	struct config *config = &st.b->f->config;
	struct vector_state have;
	int64_t space;

	assert_err(st.cx, vector_look(st.cx, &have), ERR_OK);
	if (have.extension == NULL)
		skip();
	space = make_many(&st, "many.c");
	assert_string_equal(all_ways(&st, space, 200), "exact");
	assert_true(have.index);
	config->vector_exact_max = 100;
	assert_string_equal(all_ways(&st, space, 190), "index");
	/* The neighbour's vectors, which are the same, are in the same index, and keep none of these out. */
	st = stage_open(state, "neighbour");
	st.cx->who.tenant_id = fixture_db_tenant(st.cx);
	{
		const struct project_new in = { .name = "n",
			                        .repository_url = "https://h.example/r" };
		struct project made = { 0 };
		int64_t job;

		assert_err(st.cx, project_create(st.cx, &in, &made, &job), ERR_OK);
		st.project_id = made.id;
	}
	space = make_many(&st, "many.c");
	config->vector_exact_max = 100;
	assert_string_equal(all_ways(&st, space, 190), "index");
	config->vector_exact_max = 10000;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_embedding__without_a_model_there_is_no_job),
		cmocka_unit_test(test_search__by_meaning),
		cmocka_unit_test(test_search__when_the_provider_fails),
		cmocka_unit_test(test_embedding__pays_once),
		cmocka_unit_test(test_embedding__is_taken_up_again),
		cmocka_unit_test(test_embedding__leaves_out_what_is_refused),
		cmocka_unit_test(test_embedding__cuts_what_is_too_long),
		cmocka_unit_test(test_embedding__of_another_model),
		cmocka_unit_test(test_vectors__are_the_tenants),
		cmocka_unit_test(test_vectors__go_with_the_project),
		cmocka_unit_test(test_near__without_the_extension),
		cmocka_unit_test(test_near__with_the_extension),
	};

	return cmocka_run_group_tests(tests, model_bench_open, model_bench_close);
}
