/* Models and the search in numbers, and the ledger's end: what is told, of whom, and how long.  (G10, O6) */
#include "fixture_db.h"

#include "ai/usage.h"
#include "config/config.h"

#include <string.h>

static const char CALLS[] =
	"WITH p AS (INSERT INTO app.llm_provider (tenant_id, name, kind, base_url)"
	" VALUES (%lld, 'usage-p', 'compatible', 'https://h.example') RETURNING tenant_id, id),"
	" b AS (INSERT INTO app.llm_breaker (tenant_id, provider_id, failures)"
	" SELECT tenant_id, id, 1000 FROM p),"
	" c AS (INSERT INTO app.llm_call (tenant_id, attempt, kind, provider, model, remote_name, status,"
	" actor, request_id, input_tokens, output_tokens, cost_micro, duration_ms, first_token_ms,"
	" created_at) SELECT tenant_id, 1, 'chat', 'usage-p', 'usage \"m', 'r', s.status, 'a', 'q',"
	" 100, 20, 1500000, 2000, 700, now() - s.ago * interval '1 day' FROM p, (VALUES ('done', 0),"
	" ('done', 0), ('failed', 0), ('done', 40), ('open', 40), ('done', 20)) AS s (status, ago))"
	" SELECT count(*) FROM p";

static bool tells(struct ctx *cx, const char *line)
{
	struct span text;

	assert_err(cx, usage_print(cx, &text), ERR_OK);
	return strstr(text.data, arena_printf(cx->arena, "\n%s\n", line)) != NULL;
}

static void seed(struct ctx *cx)
{
	cx->who.tenant_id = fixture_db_tenant(cx);
	fixture_db_int(cx, arena_printf(cx->arena, CALLS, (long long)cx->who.tenant_id));
}

static void test_usage__tells_of_the_last_minutes(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct span text;

	seed(cx);
	usage_refused(cx, "usage-p", "usage-n");
	usage_searched(cx, 30, 7);
	usage_searched(cx, 3, 0);
	assert_true(tells(cx, "portolan_model_calls_5m{provider=\"usage-p\",model=\"usage \\\"m\","
	                      "status=\"done\"} 2"));
	assert_true(tells(cx, "portolan_model_tokens_5m{provider=\"usage-p\",model=\"usage \\\"m\","
	                      "kind=\"input\"} 300"));
	assert_true(tells(
		cx, "portolan_model_cost_5m{provider=\"usage-p\",model=\"usage \\\"m\"} 4.5"));
	assert_true(tells(cx, "portolan_model_seconds_5m_bucket{provider=\"usage-p\","
	                      "model=\"usage \\\"m\",le=\"1\"} 0"));
	assert_true(tells(cx, "portolan_model_seconds_5m_bucket{provider=\"usage-p\","
	                      "model=\"usage \\\"m\",le=\"2.5\"} 3"));
	assert_true(tells(cx, "portolan_model_first_token_seconds_5m_bucket{provider=\"usage-p\","
	                      "model=\"usage \\\"m\",le=\"1\"} 3"));
	assert_true(
		tells(cx, "portolan_model_refusals_5m{provider=\"usage-p\",model=\"usage-n\"} 1"));
	assert_true(tells(cx, "portolan_model_breaker{provider=\"usage-p\",state=\"open\"} 1"));
	assert_err(cx, usage_print(cx, &text), ERR_OK);
	assert_non_null(strstr(text.data, "portolan_searches_5m{outcome=\"nothing\"} "));
	assert_non_null(strstr(text.data, "portolan_search_seconds_5m_bucket{le=\"0.05\"} "));
	assert_null(strstr(text.data, "tenant"));
}

/* What refuses a call is still told to who has called. */
static void test_usage__leaves_the_fault(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);

	err_set(cx, ERR_BUDGET, "no money");
	usage_refused(cx, "p", "m");
	assert_int_equal(cx->fault.code, ERR_BUDGET);
	assert_string_equal(cx->fault.detail, "no money");
	err_clear(cx);
}

static int64_t expire(struct fixture_db *f, int64_t days)
{
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_RUNNER);
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)4 << 20);
	struct config config = *f->app.config;
	struct app app = f->app;
	struct ctx cx;
	int64_t rows = -1;

	config.model_calls_days = days;
	app.config = &config;
	ctx_begin(&cx, &app, arena, db);
	assert_err(&cx, usage_expire(&cx, &rows), ERR_OK);
	return rows;
}

static void test_usage__the_ledger_ends_where_it_is_told(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	const char *calls;

	seed(cx);
	calls = arena_printf(cx->arena, "SELECT count(*) FROM app.llm_call WHERE tenant_id = %lld",
	                     (long long)cx->who.tenant_id);
	expire(f, 0);
	assert_int_equal(fixture_db_int(cx, calls), 6);
	assert_true(expire(f, 30) >= 1); /* but for the open one, which is somebody's still */
	assert_int_equal(fixture_db_int(cx, calls), 5);
	expire(f, 10);
	assert_int_equal(fixture_db_int(cx, calls), 4);
}

/* It is the runner's alone. */
static void test_usage__not_of_workers(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t rows;

	assert_true(usage_expire(cx, &rows) != ERR_OK);
	err_clear(cx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usage__tells_of_the_last_minutes),
		cmocka_unit_test(test_usage__leaves_the_fault),
		cmocka_unit_test(test_usage__the_ledger_ends_where_it_is_told),
		cmocka_unit_test(test_usage__not_of_workers),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
