/*
 * Queues as operators see them: their numbers, pausing, limits, of a tenant and of the installation; and what
 * a monitor reads (C9, C10, O6, A5).
 */
#include "side.h"

#include "jobs/metrics.h"
#include "jobs/queues.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct args {
	int64_t n;
};
static const struct field ARGS_FIELDS[] = { F_INT(struct args, n, .doc = "d") };
static const struct schema ARGS = SCHEMA(struct args, "QueuesArguments", ARGS_FIELDS);
static const struct job_kind SIDE = { .type = "test.queue",
	                              .queue = "test_queue",
	                              .arguments = &ARGS,
	                              .attempts = 3,
	                              .backoff_s = 1,
	                              .timeout_s = 10,
	                              .doc = "d" };
static const struct job_kind *const KINDS[] = { &SIDE, NULL };

static int begin(void **state)
{
	struct ctx *cx;

	side_begin(state);
	cx = fixture_db_ctx(*state);
	fixture_db_int(cx, "WITH d AS (DELETE FROM app.background_job_dead), j AS (DELETE FROM"
	                   " app.background_job), q AS (DELETE FROM app.job_queue),"
	                   " h AS (DELETE FROM app.background_job_history) SELECT 1");
	return 0;
}

static struct queue_state get(struct ctx *cx)
{
	struct queue_state q;

	assert_err(cx, queues_get(cx, KINDS, "test_queue", &q), ERR_OK);
	return q;
}

/* The gate's context, as the command line has it. */
static struct ctx *gate(struct fixture_db *f, struct ctx *cx)
{
	*cx = f->cx;
	cx->db = fixture_db_connect(FIXTURE_GATE);
	cx->who = (struct who){ .actor = "cli:test" };
	return cx;
}

static void test_state__counts_and_times(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	struct queue_state q = get(cx);

	assert_int_equal(q.pending + q.running + q.retrying + q.dead, 0);
	side_enqueue(cx, (struct job_new){ 0 }, 0);
	side_attempt(s, side_claim(s, 1, 1), RUN_ON);
	side_enqueue(cx, (struct job_new){ 0 }, ERR_NOT_FOUND);
	side_attempt(s, side_claim(s, 1, 1), RUN_ON);
	side_enqueue(cx, (struct job_new){ 0 }, ERR_TIMEOUT);
	side_attempt(s, side_claim(s, 1, 1), RUN_ON);
	side_enqueue(cx, (struct job_new){ 0 }, 0);
	side_claim(s, 1, 1);
	side_enqueue(cx, (struct job_new){ 0 }, 0);
	fixture_db_int(cx,
	               "WITH u AS (UPDATE app.background_job SET run_at = now() - interval '90 s'"
	               " WHERE state = 'ready' AND attempt = 0) SELECT 1");
	q = get(cx);
	assert_int_equal(q.pending, 1);
	assert_int_equal(q.running, 1);
	assert_int_equal(q.retrying, 1);
	assert_int_equal(q.dead, 1);
	assert_in_range(q.oldest_s, 90, 120);
	assert_int_equal(q.completed->m1, 1);
	assert_int_equal(q.completed->h1, 1);
	assert_int_equal(q.failed->m5, 1);
	fixture_db_int(cx, "WITH u AS (UPDATE app.background_job_history SET run_at = finished_at"
	                   " - interval '3 s', started_at = finished_at - interval '1 s'"
	                   " RETURNING 1) SELECT count(*) FROM u");
	q = get(cx);
	assert_int_equal(q.wait_ms->p50, 2000);
	assert_int_equal(q.run_ms->p99, 1000);
	cx->who.tenant_id = fixture_db_tenant(cx);
	q = get(cx);
	assert_int_equal(q.pending + q.running + q.retrying + q.dead + q.completed->h1, 0);
	side_close(s);
}

static void test_pause__nothing_starts(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS), *other;
	struct queue_state q;
	struct list list;

	side_enqueue(cx, (struct job_new){ 0 }, 0);
	assert_err(cx, queues_pause(cx, KINDS, "test_queue", true, &q), ERR_OK);
	assert_true(q.paused && q.limits->paused && q.limits->paused_us > 0);
	assert_string_equal(q.limits->paused_by, "test");
	side_claim_of(s, side_handlers, CLAIM_HEAVY, 1, &list);
	assert_int_equal(list.n, 0);
	assert_err(cx, queues_brief(cx, &list), ERR_OK);
	assert_int_equal(list.n, 1);
	assert_true(((const struct queue_brief *)list.items)->paused);
	/* A pause is the tenant's own. */
	cx->who.tenant_id = fixture_db_tenant(cx);
	side_enqueue(cx, (struct job_new){ 0 }, 0);
	assert_false(get(cx).paused);
	other = side_open(cx, SIDE_HOLD_MS);
	side_claim_of(other, side_handlers, CLAIM_HEAVY, 5, &list);
	assert_int_equal(list.n, 1);
	cx->who.tenant_id = ((struct fixture_db *)*state)->tenant_id;
	assert_err(cx, queues_pause(cx, KINDS, "test_queue", false, &q), ERR_OK);
	assert_false(q.paused || q.limits->paused);
	side_claim_of(s, side_handlers, CLAIM_HEAVY, 1, &list);
	assert_int_equal(list.n, 1);
	assert_int_equal(fixture_db_int(cx, "SELECT count(*) FROM app.audit WHERE action IN"
	                                    " ('queue.paused', 'queue.resumed')"),
	                 2);
	assert_err(cx, queues_pause(cx, KINDS, "nowhere", true, &q), ERR_NOT_FOUND);
	side_close(other);
	side_close(s);
}

static uint64_t given(const char *name)
{
	return UINT64_C(1) << (schema_field(&queue_patch_schema, name) - queue_patch_schema.fields);
}

static void test_limit__set_and_taken_away(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	struct queue_patch in = { .given = given("concurrency"), .concurrency = 2 };
	struct queue_state q;
	struct list list;

	assert_int_equal(get(cx).version, 1);
	assert_err(cx, queues_limit(cx, KINDS, "test_queue", 7, &in, &q), ERR_STALE);
	assert_err(cx, queues_limit(cx, KINDS, "test_queue", 1, &in, &q), ERR_OK);
	assert_int_equal(q.limits->concurrency, 2);
	assert_int_equal(q.version, 2);
	assert_err(cx, queues_limit(cx, KINDS, "test_queue", 1, &in, &q), ERR_STALE);
	for (int i = 0; i < 5; i++)
		side_enqueue(cx, (struct job_new){ 0 }, 0);
	side_claim_of(s, side_handlers, CLAIM_HEAVY, 5, &list);
	assert_int_equal(list.n, 2);
	in = (struct queue_patch){ .given = given("rate_limit"), .rate_limit = 5 };
	assert_err(cx, queues_limit(cx, KINDS, "test_queue", 0, &in, &q), ERR_INVALID);
	assert_blamed(cx, "/rate_period_s", "required");
	in = (struct queue_patch){ .given = given("rate_limit") | given("rate_period_s"),
		                   .rate_limit = 5,
		                   .rate_period_s = 60 };
	assert_err(cx, queues_limit(cx, KINDS, "test_queue", 2, &in, &q), ERR_OK);
	assert_int_equal(q.limits->rate_limit, 5);
	assert_int_equal(q.limits->concurrency, 2); /* what is not sent stays */
	for (size_t i = 0; i < 2; i++) /* a rate that was never used lets start what it says */
		assert_string_equal(
			side_attempt(s, (const struct job_claim *)list.items + i, RUN_ON),
			"completed");
	side_claim_of(s, side_handlers, CLAIM_HEAVY, 5, &list);
	assert_int_equal(list.n, 2);
	in = (struct queue_patch){ .given = given("rate_limit") | given("rate_period_s") |
		                            given("concurrency") };
	assert_err(cx, queues_limit(cx, KINDS, "test_queue", 0, &in, &q), ERR_OK);
	assert_int_equal(q.limits->rate_limit + q.limits->concurrency, 0);
	side_claim_of(s, side_handlers, CLAIM_HEAVY, 5, &list);
	assert_int_equal(list.n, 1);
	side_close(s);
}

/* What the installation's operator sets holds for all, and tenants see it. */
static void test_all__of_the_installation(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f), g;
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	struct queue_all_change change = { QUEUES_KEEP, QUEUES_KEEP, QUEUES_KEEP, QUEUES_KEEP, 1 };
	const struct queue_all *all;
	struct queue_all q;
	struct list list;

	gate(f, &g);
	side_enqueue(cx, (struct job_new){ 0 }, 0);
	assert_err(&g, queues_set_all(&g, KINDS, "test_queue", &change, &q), ERR_OK);
	assert_true(q.limits->paused);
	assert_int_equal(q.pending, 1);
	assert_string_equal(q.limits->paused_by, "cli:test");
	assert_true(get(cx).paused && get(cx).installation->paused && !get(cx).limits->paused);
	side_claim_of(s, side_handlers, CLAIM_HEAVY, 1, &list);
	assert_int_equal(list.n, 0);
	change = (struct queue_all_change){ 3, 2, 100, 60, 0 };
	assert_err(&g, queues_set_all(&g, KINDS, "test_queue", &change, &q), ERR_OK);
	assert_false(q.limits->paused);
	assert_int_equal(q.limits->concurrency, 3);
	assert_int_equal(q.limits->per_runner, 2);
	assert_int_equal(q.limits->rate_period_s, 60);
	change = (struct queue_all_change){ 0, QUEUES_KEEP, 0, QUEUES_KEEP, -1 };
	assert_err(&g, queues_set_all(&g, KINDS, "test_queue", &change, &q), ERR_INVALID);
	assert_err(&g, queues_set_all(&g, KINDS, "nowhere", &change, &q), ERR_NOT_FOUND);
	assert_err(&g, queues_list_all(&g, KINDS, &list), ERR_OK);
	all = list.items;
	assert_true(list.n >= 1);
	assert_string_equal(all[0].name, "test_queue");
	assert_int_equal(fixture_db_int(cx, "SELECT count(*) FROM app.audit WHERE tenant_id = 0 AND"
	                                    " target = 'queue:test_queue'"),
	                 2);
	db_close(g.db);
	side_close(s);
}

/* --- Metrics --- */

/* The number of a line that begins so; -1: there is none. */
static double metric(struct ctx *cx, const char *begin)
{
	struct span text;
	const char *at;

	assert_err(cx, metrics_print(cx, &text), ERR_OK);
	at = strstr(text.data, arena_printf(cx->arena, "\n%s ", begin));
	return at == NULL ? -1 : strtod(at + 2 + strlen(begin), NULL);
}

static void test_metrics__of_all_tenants(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	struct span text;

	side_enqueue(cx, (struct job_new){ 0 }, 0);
	side_attempt(s, side_claim(s, 1, 1), RUN_ON);
	side_enqueue(cx, (struct job_new){ 0 }, 0);
	cx->who = (struct who){ .tenant_id = fixture_db_tenant(cx),
		                .role = ROLE_OWNER,
		                .actor = "t" };
	side_enqueue(cx, (struct job_new){ .unique_key = "whose" }, 0);
	cx->who = (struct who){ 0 }; /* whoever asks */
	assert_true(metric(cx, "portolan_jobs{queue=\"test_queue\",type=\"test.queue\","
	                       "state=\"pending\"}") == 2);
	assert_true(metric(cx, "portolan_jobs_ended_5m{queue=\"test_queue\",type=\"test.queue\","
	                       "outcome=\"completed\"}") == 1);
	assert_true(metric(cx, "portolan_job_run_seconds_5m_bucket{queue=\"test_queue\","
	                       "type=\"test.queue\",le=\"+Inf\"}") == 1);
	assert_true(metric(cx, "portolan_queue_oldest_seconds{queue=\"test_queue\"}") >= 0);
	assert_true(metric(cx, "portolan_runners") == 1);
	assert_true(metric(cx, "portolan_event_position") >= 0);
	assert_true(metric(cx, "portolan_event_outbox") >= 0);
	assert_err(cx, metrics_print(cx, &text), ERR_OK);
	assert_null(strstr(text.data, "tenant="));
	assert_null(strstr(text.data, "whose"));
	side_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_state__counts_and_times, begin),
		cmocka_unit_test_setup(test_pause__nothing_starts, begin),
		cmocka_unit_test_setup(test_limit__set_and_taken_away, begin),
		cmocka_unit_test_setup(test_all__of_the_installation, begin),
		cmocka_unit_test_setup(test_metrics__of_all_tenants, begin),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
