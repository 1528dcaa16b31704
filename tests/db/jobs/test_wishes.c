/*
 * What a job may wish and what counts as the same job: typed wishes to retry, snooze, windows of uniqueness
 * (C2, C5, C9).
 */
#include "side.h"

#include <inttypes.h>
#include <string.h>

/* What one is to do. */
struct args {
	int64_t error;   /* to return; 0: none */
	int64_t again;   /* enum err_again */
	int64_t retry_s; /* wait at least */
	int64_t snooze_ms;
};
static const struct field ARGS_FIELDS[] = {
	F_INT(struct args, error, .doc = "d"),
	F_INT(struct args, again, .doc = "d"),
	F_INT(struct args, retry_s, .doc = "d"),
	F_INT(struct args, snooze_ms, .doc = "d"),
};
static const struct schema ARGS = SCHEMA(struct args, "TestWishArguments", ARGS_FIELDS);

#define KIND(name, ...)                                                                            \
	{                                                                                          \
		.type = name, .queue = "test_queue", .arguments = &ARGS, .attempts = 3,            \
		.backoff_s = 1, .timeout_s = 10, .doc = "d", __VA_ARGS__                           \
	}
static const struct job_kind PLAIN = KIND("test.wish");
static const struct job_kind COMPLETED =
	KIND("test.once", .unique_ended = JOB_UNIQUE_COMPLETED, .unique_for_s = 60);
static const struct job_kind ENDED = KIND(
	"test.ended", .unique_ended = JOB_UNIQUE_FAILED | JOB_UNIQUE_CANCELLED, .unique_for_s = 60);
static const struct job_kind RUNNING = KIND("test.running", .unique_running = true);

static enum err do_work(struct ctx *cx, struct job_run *run, const void *arguments)
{
	const struct args *args = arguments;

	if (args->snooze_ms > 0)
		return run_snooze(cx, run, args->snooze_ms, "what it needs is not there yet");
	if (args->error == 0)
		return ERR_OK;
	err_set(cx, (enum err)args->error, "as the test wants it");
	err_again(cx, (enum err_again)args->again);
	cx->fault.retry_s = args->retry_s;
	return (enum err)args->error;
}

static const struct job_handler TABLE[] = {
	{ .kind = &PLAIN, .run = do_work },
	{ .kind = &COMPLETED, .run = do_work },
	{ .kind = &ENDED, .run = do_work },
	{ .kind = &RUNNING, .run = do_work },
	{ .kind = NULL },
};
static queue_handlers handlers = { TABLE, NULL };

static int64_t enqueue(struct ctx *cx, const struct job_kind *kind, const char *key,
                       struct args args)
{
	const struct job_new in = { .unique_key = key };
	int64_t id = 0;

	assert_err(cx, job_enqueue(cx, kind, &in, &args, &id), ERR_OK);
	return id;
}

/* Claim the one there is and run it.  @ret the outcome */
static const char *run_one(struct side *s, int64_t id, enum run_why why)
{
	struct list list;
	struct job_run run = { .runner = s->queue.id };
	struct run_report report;

	side_claim_of(s, handlers, CLAIM_HEAVY, 5, &list);
	assert_int_equal(list.n, 1);
	run.job = list.items;
	assert_int_equal(run.job->id, id);
	run_adopt(&s->cx, &run);
	if (why != RUN_ON)
		run_stop(&run, why);
	assert_err(&s->cx, run_attempt(&s->cx, handlers, &run, &report), ERR_OK);
	return report.outcome;
}

static void test_who_failed_knows_best(void **state)
{
	static const struct {
		const char *why;
		struct args args;
		const char *outcome, *status;
	} CASES[] = {
		{ "by its code, which may mend",
		  { .error = ERR_REMOTE_FAILED },
		  "retrying",
		  "retrying" },
		{ "by its code, which does not",
		  { .error = ERR_REPO_NOT_FOUND },
		  "failed",
		  "failed" },
		{ "give up, says who failed",
		  { .error = ERR_REMOTE_FAILED, .again = ERR_AGAIN_NO },
		  "failed",
		  "failed" },
		{ "try again, says who failed",
		  { .error = ERR_REPO_NOT_FOUND, .again = ERR_AGAIN_YES },
		  "retrying",
		  "retrying" },
	};
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		int64_t id = enqueue(cx, &PLAIN, NULL, CASES[i].args);

		print_message("# %s\n", CASES[i].why);
		assert_string_equal(run_one(s, id, RUN_ON), CASES[i].outcome);
		assert_string_equal(side_job(cx, id).status, CASES[i].status);
		fixture_db_int(cx, "WITH d AS (DELETE FROM app.background_job"
		                   " WHERE queue = 'test_queue') SELECT 1");
	}
	side_close(s);
}

static void test_wait_until(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = enqueue(cx, &PLAIN, NULL, (struct args){ .error = ERR_RATE, .retry_s = 600 });
	struct job shown;

	assert_string_equal(run_one(s, id, RUN_ON), "retrying");
	shown = side_job(cx, id);
	assert_in_range(shown.run_us, shown.started_us + INT64_C(600) * 1000000,
	                shown.started_us + INT64_C(620) * 1000000);
	side_close(s);
}

/* However often it snoozes, its attempts are not used up. */
static void test_snooze_is_no_attempt(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = enqueue(cx, &PLAIN, NULL, (struct args){ .snooze_ms = 60000 });
	struct job shown;

	for (int i = 0; i < 5; i++) {
		assert_string_equal(run_one(s, id, RUN_ON), "snoozed");
		shown = side_job(cx, id);
		assert_string_equal(shown.status, "pending");
		assert_int_equal(shown.attempt, 0);
		assert_true(shown.run_us > shown.started_us + 59 * INT64_C(1000000));
		fixture_db_int(cx, "WITH u AS (UPDATE app.background_job SET run_at = now()"
		                   " WHERE queue = 'test_queue') SELECT 1");
	}
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.job_attempt"
	                                                 " WHERE job_id = %" PRId64
	                                                 " AND outcome = 'snoozed'",
	                                                 id)),
	                 5);
	side_close(s);
}

static void age(struct ctx *cx, const char *table, int64_t id)
{
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "UPDATE app.%s SET finished_at = now() - interval '2 min'"
	                                " WHERE id = %" PRId64 " RETURNING 1",
	                                table, id));
}

static void test_completed_counts_for_a_while(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = enqueue(cx, &COMPLETED, "k", (struct args){ 0 }), next;

	assert_string_equal(run_one(s, id, RUN_ON), "completed");
	assert_int_equal(enqueue(cx, &COMPLETED, "k", (struct args){ 0 }), id);
	assert_true(enqueue(cx, &COMPLETED, "other", (struct args){ 0 }) != id);
	age(cx, "background_job_history", id);
	next = enqueue(cx, &COMPLETED, "k", (struct args){ 0 });
	assert_true(next > id);
	assert_int_equal(enqueue(cx, &COMPLETED, "k", (struct args){ 0 }), next); /* it waits */
	side_close(s);
}

static void test_states_that_count(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t done = enqueue(cx, &ENDED, "done", (struct args){ 0 }), failed, cancelled;

	assert_string_equal(run_one(s, done, RUN_ON), "completed");
	failed = enqueue(cx, &ENDED, "failed", (struct args){ .error = ERR_REPO_NOT_FOUND });
	assert_string_equal(run_one(s, failed, RUN_ON), "failed");
	cancelled = enqueue(cx, &ENDED, "cancelled", (struct args){ .error = ERR_CANCELLED });
	assert_string_equal(run_one(s, cancelled, RUN_CANCEL), "cancelled");
	assert_true(enqueue(cx, &ENDED, "done", (struct args){ 0 }) > done);
	assert_int_equal(enqueue(cx, &ENDED, "failed", (struct args){ 0 }), failed);
	assert_int_equal(enqueue(cx, &ENDED, "cancelled", (struct args){ 0 }), cancelled);
	age(cx, "background_job_dead", failed);
	assert_true(enqueue(cx, &ENDED, "failed", (struct args){ 0 }) > failed);
	side_close(s);
}

/* Where running is enough, who asks meanwhile is served by the run there is. */
static void test_running_is_enough(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = enqueue(cx, &RUNNING, "r", (struct args){ 0 });
	struct job_run run = { .runner = s->queue.id };
	struct run_report report;
	struct list list;

	side_claim_of(s, handlers, CLAIM_HEAVY, 5, &list);
	run.job = list.items;
	assert_int_equal(enqueue(cx, &RUNNING, "r", (struct args){ 0 }), id);
	run_adopt(&s->cx, &run);
	assert_err(&s->cx, run_attempt(&s->cx, handlers, &run, &report), ERR_OK);
	assert_string_equal(side_job(cx, id).status, "completed");
	side_close(s);
}

#define TEST(f) cmocka_unit_test_setup(f, side_begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_who_failed_knows_best), TEST(test_wait_until),
		TEST(test_snooze_is_no_attempt),  TEST(test_completed_counts_for_a_while),
		TEST(test_states_that_count),     TEST(test_running_is_enough),
	};
	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
