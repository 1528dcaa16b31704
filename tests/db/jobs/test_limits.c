/*
 * Limits of queues: over all runners, over one tenant, over one runner, rates, pauses (C4, C12).
 *
 * Runners race for the jobs of a limited queue, each on a connection of its own.
 */
#include "side.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define JOBS 40

/* The row of the queue, of the installation (tenant 0) or a tenant's. */
static void limit(struct ctx *cx, int64_t tenant, const char *columns, const char *values)
{
	fixture_db_int(cx,
	               arena_printf(cx->arena,
	                            "WITH i AS (INSERT INTO app.job_queue (tenant_id, name, %s)"
	                            " VALUES (%" PRId64 ", 'test_queue', %s)"
	                            " ON CONFLICT (tenant_id, name) DO UPDATE SET (%s, version) ="
	                            " ROW(%s, job_queue.version + 1)) SELECT 1",
	                            columns, tenant, values, columns, values));
}

static int begin(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);

	side_begin(state);
	fixture_db_int(cx, "WITH d AS (DELETE FROM app.job_queue WHERE name = 'test_queue'),"
	                   " s AS (DELETE FROM app.job_slot WHERE queue = 'test_queue') SELECT 1");
	return 0;
}

static int finish(void **state)
{
	return begin(state);
}

static int64_t slots(struct ctx *cx)
{
	return fixture_db_int(cx, "SELECT count(*) FROM app.job_slot WHERE queue = 'test_queue'");
}

/* --- Races --- */

struct racer {
	struct side *side;
	const char *most_sql; /* the largest number that ran at a time, as one who looks sees it */
	int64_t done, most;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	struct side *s = r->side;
	int misses = 0;

	while (misses < 40) {
		const struct db_stmt most = { .name = "t_most",
			                      .sql = r->most_sql,
			                      .any_tenant = true };
		struct list list = { 0 };
		int64_t n = 0;

		side_reset(s, &(struct ctx){ .app = s->cx.app });
		side_sweep(s);
		if (queue_claim(&s->cx, &s->queue, &s->lane, &(struct claim_wish){ .n = 5 },
		                &list) != ERR_OK ||
		    list.n == 0) {
			misses++;
			usleep(5000);
			continue;
		}
		misses = 0;
		if (db_get_int(&s->cx, &most, DB_NO_ARGS, &n) == ERR_OK && n > r->most)
			r->most = n;
		for (size_t i = 0; i < list.n; i++) {
			const struct job_claim *job = (const struct job_claim *)list.items + i;

			r->done += strcmp(side_attempt(s, job, RUN_ON), "completed") == 0;
		}
	}
	return NULL;
}

#define RUNNING                                                                                    \
	"SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM app.background_job"            \
	" WHERE queue = 'test_queue' AND state = 'running'"

static void run_race(struct ctx *cx, const char *most_sql, int64_t jobs, int64_t *ret_most)
{
	enum { RACERS = 3 };
	struct racer racers[RACERS] = { 0 };
	pthread_t threads[RACERS];
	int64_t done = 0;

	*ret_most = 0;
	for (int i = 0; i < RACERS; i++) {
		racers[i] =
			(struct racer){ .side = side_open(cx, SIDE_HOLD_MS), .most_sql = most_sql };
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < RACERS; i++) {
		pthread_join(threads[i], NULL);
		done += racers[i].done;
		if (racers[i].most > *ret_most)
			*ret_most = racers[i].most;
		side_close(racers[i].side);
	}
	assert_int_equal(done, jobs);
	assert_int_equal(slots(cx), 0);
}

static void test_installation_limit_holds_in_a_race(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t most;

	limit(cx, 0, "concurrency", "3");
	for (int i = 0; i < JOBS; i++)
		side_enqueue(cx, (struct job_new){ .priority = 1 + i % 4 }, 0);
	run_race(cx, RUNNING ") x", JOBS, &most);
	assert_in_range(most, 1, 3);
}

/* One tenant's limit is its own: another's jobs go on. */
static void test_tenant_limit_holds_in_a_race(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t mine = cx->who.tenant_id, other = fixture_db_tenant(cx), most;

	limit(cx, mine, "concurrency", "2");
	for (int i = 0; i < JOBS; i++) {
		cx->who.tenant_id = i % 2 == 0 ? mine : other;
		side_enqueue(cx, (struct job_new){ 0 }, 0);
	}
	cx->who.tenant_id = mine;
	run_race(cx, arena_printf(cx->arena, RUNNING " AND tenant_id = %" PRId64 ") x", mine), JOBS,
	         &most);
	assert_in_range(most, 1, 2);
}

static void test_tenant_limit_leaves_room_for_others(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t mine = cx->who.tenant_id, other = fixture_db_tenant(cx);
	struct side *s;

	limit(cx, mine, "concurrency", "1");
	for (int i = 0; i < 5; i++)
		side_enqueue(cx, (struct job_new){ 0 }, 0);
	cx->who.tenant_id = other;
	for (int i = 0; i < 5; i++)
		side_enqueue(cx, (struct job_new){ 0 }, 0);
	cx->who.tenant_id = mine;
	s = side_open(cx, SIDE_HOLD_MS);
	side_claim(s, 10, 6);
	side_claim(s, 10, 0);
	assert_int_equal(slots(cx), 6);
	side_close(s);
	assert_int_equal(slots(cx), 0); /* leaving gives the slots back */
}

static void test_runner_limit(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *a, *b;
	struct list list;

	limit(cx, 0, "per_runner", "2");
	for (int i = 0; i < 6; i++)
		side_enqueue(cx, (struct job_new){ 0 }, 0);
	a = side_open(cx, SIDE_HOLD_MS);
	b = side_open(cx, SIDE_HOLD_MS);
	assert_err(&a->cx,
	           queue_claim(&a->cx, &a->queue, &a->lane, &(struct claim_wish){ .n = 5 }, &list),
	           ERR_OK);
	assert_int_equal(list.n, 2);
	assert_err(&a->cx,
	           queue_claim(&a->cx, &a->queue, &a->lane,
	                       &(struct claim_wish){ .n = 5, .running = list.items, .nrunning = 2 },
	                       &list),
	           ERR_OK);
	assert_int_equal(list.n, 0);
	side_claim(b, 5, 2);
	side_close(a);
	side_close(b);
}

/* --- Slots come back, however a job ends --- */

static void test_slots_come_back(void **state)
{
	static const struct {
		int64_t error;
		enum run_why why;
		const char *outcome;
	} ENDS[] = {
		{ 0, RUN_ON, "completed" },
		{ ERR_REMOTE_FAILED, RUN_ON, "retrying" },
		{ ERR_REPO_NOT_FOUND, RUN_ON, "failed" },
		{ ERR_CANCELLED, RUN_CANCEL, "cancelled" },
		{ ERR_CANCELLED, RUN_SHUTDOWN, "returned" },
	};
	struct ctx *cx = fixture_db_ctx(*state);

	limit(cx, 0, "concurrency", "1");
	for (size_t i = 0; i < COUNT(ENDS); i++) {
		struct side *s = side_open(cx, SIDE_HOLD_MS);
		const struct job_claim *job;

		side_enqueue(cx, (struct job_new){ 0 }, ENDS[i].error);
		job = side_claim(s, 5, 1);
		side_enqueue(cx, (struct job_new){ 0 }, 0);
		side_claim(s, 5, 0);
		assert_int_equal(slots(cx), 1);
		assert_string_equal(side_attempt(s, job, ENDS[i].why), ENDS[i].outcome);
		assert_int_equal(slots(cx), 0);
		side_claim(s, 5, 1);
		side_close(s);
		side_begin(state);
	}
}

static void test_slots_of_the_dead_come_back(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *dead, *other;

	limit(cx, 0, "concurrency", "1");
	while (fixture_db_int(cx, "SELECT (now() - pg_postmaster_start_time()"
	                          " > interval '2 s')::integer") == 0)
		usleep(50000);
	side_enqueue(cx, (struct job_new){ 0 }, 0);
	dead = side_open(cx, 1000);
	other = side_open(cx, SIDE_HOLD_MS);
	side_claim(dead, 1, 1);
	side_claim(other, 1, 0);
	side_kill(dead);
	assert_int_equal(side_rescue(other, 2000), 1);
	assert_int_equal(slots(cx), 0);
	side_claim(other, 1, 1);
	side_free(dead);
	side_close(other);
}

/* --- Pauses --- */

static void test_paused_queue_starts_nothing(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t mine = cx->who.tenant_id, other = fixture_db_tenant(cx);
	struct side *s;

	side_enqueue(cx, (struct job_new){ 0 }, 0);
	cx->who.tenant_id = other;
	side_enqueue(cx, (struct job_new){ 0 }, 0);
	cx->who.tenant_id = mine;
	limit(cx, 0, "paused_at", "now()");
	s = side_open(cx, SIDE_HOLD_MS);
	side_claim(s, 5, 0);
	limit(cx, 0, "paused_at", "NULL");
	limit(cx, mine, "paused_at", "now()");
	assert_int_equal(side_claim(s, 5, 1)->tenant_id, other);
	limit(cx, mine, "paused_at", "NULL");
	assert_int_equal(side_claim(s, 5, 1)->tenant_id, mine);
	side_close(s);
}

/* A runner that does not know of the pause yet is told by the version. */
static void test_runners_hear_of_limits(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	const struct queue_sight sight = { "{test_queue}", "{}", "{test.queue}", "{}" };
	struct queue_look before, after;

	assert_err(&s->cx, queue_look(&s->cx, &s->queue, &sight, &before), ERR_OK);
	assert_err(&s->cx, claim_limits(&s->cx, &s->lane, before.limits), ERR_OK);
	limit(cx, 0, "paused_at", "now()");
	side_enqueue(cx, (struct job_new){ 0 }, 0);
	assert_err(&s->cx, queue_look(&s->cx, &s->queue, &sight, &after), ERR_OK);
	assert_string_not_equal(before.limits, after.limits);
	assert_err(&s->cx, claim_limits(&s->cx, &s->lane, after.limits), ERR_OK);
	side_claim(s, 5, 0);
	side_close(s);
}

/* --- Rates --- */

/* So many at once, and then as they come back; claims in between do not wear the bucket out. */
static void test_rate_is_a_bucket(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s;

	limit(cx, 0, "rate_limit, rate_period_s, rate_left, rate_at",
	      "10, 3600, 3, clock_timestamp()");
	for (int i = 0; i < 10; i++)
		side_enqueue(cx, (struct job_new){ 0 }, 0);
	s = side_open(cx, SIDE_HOLD_MS);
	side_claim(s, 2, 2);
	side_claim(s, 5, 1);
	for (int i = 0; i < 5; i++)
		side_claim(s, 5, 0);
	limit(cx, 0, "rate_at", "clock_timestamp() - interval '720 s'"); /* two of ten in an hour */
	side_claim(s, 5, 2);
	limit(cx, 0, "rate_at", "clock_timestamp() - interval '30 days'"); /* never more than ten */
	side_claim(s, 50, 5);
	assert_int_equal(fixture_db_int(cx, "SELECT rate_left::integer FROM app.job_queue"
	                                    " WHERE name = 'test_queue' AND tenant_id = 0"),
	                 5);
	side_close(s);
}

static void test_rate_of_a_tenant(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t mine = cx->who.tenant_id, other = fixture_db_tenant(cx);
	struct side *s;

	limit(cx, mine, "rate_limit, rate_period_s, rate_left, rate_at",
	      "10, 3600, 2, clock_timestamp()");
	for (int i = 0; i < 8; i++) {
		cx->who.tenant_id = i % 2 == 0 ? mine : other;
		side_enqueue(cx, (struct job_new){ 0 }, 0);
	}
	cx->who.tenant_id = mine;
	s = side_open(cx, SIDE_HOLD_MS);
	side_claim(s, 20, 6);
	side_close(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_installation_limit_holds_in_a_race),
		TEST(test_tenant_limit_holds_in_a_race),
		TEST(test_tenant_limit_leaves_room_for_others),
		TEST(test_runner_limit),
		TEST(test_slots_come_back),
		TEST(test_slots_of_the_dead_come_back),
		TEST(test_paused_queue_starts_nothing),
		TEST(test_runners_hear_of_limits),
		TEST(test_rate_is_a_bucket),
		TEST(test_rate_of_a_tenant),
	};
	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
