/* What jobs ended over time: minutes as they are, quarters of an hour as they were counted (C9, M1). */
#include "fixture_db.h"

#include "jobs/stats.h"

#include <inttypes.h>

static void put(struct ctx *cx, const char *sql)
{
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "WITH i AS (%s RETURNING 1) SELECT count(*) FROM i", sql));
}

static struct ctx *fresh(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);

	cx->who.tenant_id = fixture_db_tenant(cx);
	return cx;
}

/* Jobs that ended so many minutes ago, waited 100 ms and ran run_ms. */
static void completed(struct ctx *cx, int minutes, int n, int run_ms, const char *queue)
{
	put(cx,
	    arena_printf(cx->arena,
	                 "INSERT INTO app.background_job_history (id, tenant_id, queue, job_type,"
	                 " priority, attempt, max_attempts, arguments, run_at, created_at,"
	                 " started_at, finished_at) SELECT 1000000 * %d + %d * 1000 + i, %" PRId64
	                 ", '%s', 'test.stats', 2, 1, 1, '{}', e.at - interval '%d ms', e.at,"
	                 " e.at - interval '%d ms', e.at FROM generate_series(1, %d) i,"
	                 " (SELECT now() - interval '%d minutes' AS at) e",
	                 minutes + 1, run_ms, cx->who.tenant_id, queue, run_ms + 100, run_ms, n,
	                 minutes));
}

static void failed(struct ctx *cx, int minutes, const char *status)
{
	put(cx,
	    arena_printf(cx->arena,
	                 "INSERT INTO app.background_job_dead (id, tenant_id, queue, job_type,"
	                 " priority, status, attempt, max_attempts, arguments, run_at, created_at,"
	                 " finished_at) SELECT 9000000000 + %d * 10 + length('%s'), %" PRId64
	                 ", 'q', 'test.stats', 2, '%s', 1, 1, '{}', now(), now(),"
	                 " now() - interval '%d minutes'",
	                 minutes, status, cx->who.tenant_id, status, minutes));
}

struct sums {
	int64_t slots, completed, failed, run_p50, run_p95, wait_p50;
};

/* Counts of all slots; times of the last slot that has any. */
static struct sums sums_of(struct ctx *cx, struct stats_filter filter)
{
	struct sums sums = { 0 };
	struct job_stats stats;
	const struct stats_slot *slots;

	assert_err(cx, job_stats_read(cx, &filter, &stats), ERR_OK);
	slots = stats.items.items;
	sums.slots = (int64_t)stats.items.n;
	for (size_t i = 0; i < stats.items.n; i++) {
		if (i > 0)
			assert_int_equal(slots[i].at_us - slots[i - 1].at_us,
			                 stats.slot_s * 1000000);
		sums.completed += slots[i].completed;
		sums.failed += slots[i].failed;
		if (slots[i].completed == 0)
			continue;
		sums.run_p50 = slots[i].run_p50_ms;
		sums.run_p95 = slots[i].run_p95_ms;
		sums.wait_p50 = slots[i].wait_p50_ms;
	}
	return sums;
}

static void assert_near(int64_t value, int64_t wanted)
{
	assert_in_range(value * 100, wanted * 93, wanted * 107);
}

static void test_hour(void **state)
{
	struct ctx *cx = fresh(state);
	struct sums s;

	s = sums_of(cx, (struct stats_filter){ 0 });
	assert_int_equal(s.slots, 60);
	assert_int_equal(s.completed + s.failed, 0);
	completed(cx, 5, 90, 1000, "q");
	completed(cx, 5, 10, 60000, "q");
	completed(cx, 20, 3, 10, "other");
	completed(cx, 90, 7, 10, "q"); /* not within the hour */
	failed(cx, 3, "failed");
	failed(cx, 3, "cancelled"); /* nobody's failure */
	s = sums_of(cx, (struct stats_filter){ .period = "hour" });
	assert_int_equal(s.completed, 103);
	assert_int_equal(s.failed, 1);
	assert_near(s.run_p50, 1000);
	assert_near(s.run_p95, 60000);
	assert_near(s.wait_p50, 100);
	assert_int_equal(sums_of(cx, (struct stats_filter){ .queue = "other" }).completed, 3);
	assert_int_equal(sums_of(cx, (struct stats_filter){ .job_type = "test.x" }).completed, 0);
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_int_equal(sums_of(cx, (struct stats_filter){ 0 }).completed, 0);
}

/* The same before and after it was counted, and what comes later besides. */
static void test_day__counted_once(void **state)
{
	struct ctx *cx = fresh(state);
	const struct stats_filter day = { .period = "day" };
	struct sums before, after;

	completed(cx, 300, 40, 2000, "q");
	completed(cx, 1, 2, 2000, "q");
	failed(cx, 200, "dead");
	before = sums_of(cx, day);
	assert_int_equal(before.slots, 96);
	assert_int_equal(before.completed, 42);
	assert_int_equal(before.failed, 1);
	put(cx, "UPDATE app.job_stats_upto SET upto = '-infinity'");
	for (int hour = 0; hour < 24; hour++)
		fixture_db_int(cx, "SELECT app.job_stats_roll()");
	assert_int_equal(fixture_db_int(cx, "SELECT app.job_stats_roll()"), 0);
	after = sums_of(cx, day);
	assert_memory_equal(&before, &after, sizeof(before));
	/* What is retried is not there any more, but failed all the same. */
	put(cx, arena_printf(cx->arena,
	                     "DELETE FROM app.background_job_dead WHERE tenant_id = %" PRId64,
	                     cx->who.tenant_id));
	assert_int_equal(sums_of(cx, day).failed, 1);
	completed(cx, 0, 5, 2000, "q");
	assert_int_equal(sums_of(cx, day).completed, 47);
	assert_int_equal(
		sums_of(cx, (struct stats_filter){ .period = "day", .queue = "x" }).completed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hour),
		cmocka_unit_test(test_day__counted_once),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
