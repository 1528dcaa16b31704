/*
 * Jobs that wait for others, windows of uniqueness, snooze, wishes to retry, attempts on record (C5, C9, C12).
 */
#include "side.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

struct args {
	int64_t n;
};
static const struct field ARGS_FIELDS[] = { F_INT(struct args, n, .doc = "d") };
static const struct schema ARGS = SCHEMA(struct args, "TestAfterArguments", ARGS_FIELDS);

/* --- Waiting for others --- */

static int64_t after(struct ctx *cx, const int64_t *ids, size_t n)
{
	return side_enqueue(cx, (struct job_new){ .after = ids, .nafter = n }, 0);
}

static void run_one(struct side *s, int64_t id, const char *outcome)
{
	const struct job_claim *job = side_claim(s, 1, 1);

	assert_int_equal(job->id, id);
	assert_string_equal(side_attempt(s, job, RUN_ON), outcome);
}

static int64_t edges(struct ctx *cx, int64_t id)
{
	return fixture_db_int(
		cx, arena_printf(cx->arena,
	                         "SELECT count(*) FROM app.job_dependency WHERE job_id = %" PRId64
	                         " OR on_job_id = %" PRId64,
	                         id, id));
}

static void test_chain_runs_in_order(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t a = side_enqueue(cx, (struct job_new){ 0 }, 0);
	int64_t b = after(cx, &a, 1), c = after(cx, &b, 1);

	assert_string_equal(side_job(cx, c).status, "pending");
	run_one(s, a, "completed");
	run_one(s, b, "completed");
	run_one(s, c, "completed");
	assert_int_equal(edges(cx, b), 0);
	side_close(s);
}

static void test_diamond_waits_for_both(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t top = side_enqueue(cx, (struct job_new){ 0 }, 0), sides[2], bottom;
	const struct job_claim *jobs;

	sides[0] = after(cx, &top, 1);
	sides[1] = after(cx, &top, 1);
	bottom = after(cx, sides, 2);
	run_one(s, top, "completed");
	jobs = side_claim(s, 5, 2);
	assert_string_equal(side_attempt(s, &jobs[0], RUN_ON), "completed");
	side_claim(s, 5, 0);
	assert_string_equal(side_attempt(s, &jobs[1], RUN_ON), "completed");
	run_one(s, bottom, "completed");
	side_close(s);
}

/* Failed and dead are waited for, since they may be retried; what is cancelled takes along who waits. */
static void test_failure_is_waited_for_and_cancelling_is_not(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t a = side_enqueue(cx, (struct job_new){ .project_id = 3 }, ERR_REPO_NOT_FOUND);
	int64_t b = after(cx, &a, 1), c = after(cx, &b, 1);
	const struct job_claim *job;
	struct job shown;

	run_one(s, a, "failed");
	side_claim(s, 5, 0);
	assert_string_equal(side_job(cx, b).status, "pending");
	assert_err(cx, job_retry(cx, side_kinds, a, NULL, &shown), ERR_OK);
	job = side_claim(s, 5, 1);
	assert_int_equal(job->id, a);
	assert_string_equal(side_attempt(s, job, RUN_CANCEL), "cancelled");
	assert_string_equal(side_job(cx, b).status, "cancelled");
	assert_string_equal(side_job(cx, c).status, "cancelled");
	assert_int_equal(side_events(cx, b, "job.failed", "cancelled"), 1);
	assert_int_equal(side_events(cx, c, "job.failed", "cancelled"), 1);
	assert_int_equal(edges(cx, b), 0);
	side_close(s);
}

static void test_retried_job_releases_who_waits(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t a = side_enqueue(cx, (struct job_new){ 0 }, ERR_REPO_NOT_FOUND), b;
	struct job shown;

	run_one(s, a, "failed");
	b = after(cx, &a, 1); /* it may wait for what has failed already */
	side_claim(s, 5, 0);
	assert_err(cx, job_retry(cx, side_kinds, a, NULL, &shown), ERR_OK);
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "UPDATE app.background_job SET arguments = '{\"n\": 0}'"
	                                " WHERE id = %" PRId64 " RETURNING 1",
	                                a));
	run_one(s, a, "completed");
	run_one(s, b, "completed");
	side_close(s);
}

static void test_completed_ones_need_no_waiting(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t ids[2] = { side_enqueue(cx, (struct job_new){ 0 }, 0), 0 }, id, made;
	const struct args args = { 0 };

	(void)args;
	run_one(s, ids[0], "completed");
	id = after(cx, ids, 1);
	run_one(s, id, "completed");
	ids[1] = INT64_C(1) << 60;
	made = fixture_db_int(cx, "SELECT count(*) FROM app.background_job");
	{
		static const struct job_kind KIND = {
			.type = "test.queue",
			.queue = "test_queue",
			.arguments = &ARGS,
			.attempts = 3,
			.timeout_s = 10,
			.doc = "d",
		};
		const struct job_new in = { .after = ids, .nafter = 2 };

		assert_err(cx, job_enqueue(cx, &KIND, &in, &args, &id), ERR_STATE);
		assert_contains(cx->fault.detail, "1152921504606846976");
	}
	assert_int_equal(fixture_db_int(cx, "SELECT count(*) FROM app.background_job"), made);
	side_close(s);
}

/* Whoever wins, a job that ends while another begins to wait for it leaves nobody waiting. */
struct waiter {
	struct ctx *cx;
	int64_t on, id;
};

static void *wait_for(void *arg)
{
	struct waiter *w = arg;
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	struct arena *arena = arena_new((size_t)1024 * 1024);
	struct ctx cx;

	ctx_begin(&cx, w->cx->app, arena, db);
	cx.who = w->cx->who;
	w->id = after(&cx, &w->on, 1);
	arena_free(arena);
	return NULL;
}

static void test_ending_while_being_awaited(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);

	for (int i = 0; i < 60; i++) {
		int64_t a = side_enqueue(cx, (struct job_new){ 0 }, 0);
		const struct job_claim *job = side_claim(s, 1, 1);
		struct waiter w = { cx, a, 0 };
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, wait_for, &w), 0);
		assert_string_equal(side_attempt(s, job, RUN_ON), "completed");
		pthread_join(thread, NULL);
		run_one(s, w.id, "completed");
		side_reset(s, cx);
	}
	side_close(s);
}

/* --- Batches --- */

static void complete_batch(struct side *s, const struct job_claim *jobs, size_t n, struct list *ret)
{
	struct claim_done done[8];

	for (size_t i = 0; i < n; i++)
		done[i] = (struct claim_done){ jobs[i].id, jobs[i].token, jobs[i].place };
	assert_err(&s->cx,
	           queue_claim(&s->cx, &s->queue, &s->lane,
	                       &(struct claim_wish){ .n = 0, .done = done, .ndone = n }, ret),
	           ERR_OK);
}

static void test_batch_releases_who_waits(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t ids[2], id;
	struct list list;

	ids[0] = side_enqueue(cx, (struct job_new){ 0 }, 0);
	ids[1] = side_enqueue(cx, (struct job_new){ 0 }, 0);
	id = after(cx, ids, 2);
	complete_batch(s, side_claim(s, 5, 2), 2, &list);
	assert_int_equal(list.n, 0);
	assert_int_equal(side_claim(s, 5, 1)->id, id);
	assert_int_equal(edges(cx, id), 0);
	side_close(s);
}

static void test_batch_refuses_what_is_not_its_own_or_wanted_again(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	const struct job_new in = { .unique_key = "batch" };
	int64_t again = side_enqueue(cx, in, 0);
	struct job_claim jobs[3];
	struct list list;

	side_enqueue(cx, (struct job_new){ 0 }, 0);
	side_enqueue(cx, (struct job_new){ 0 }, 0);
	memcpy(jobs, side_claim(s, 5, 3), sizeof(jobs));
	assert_int_equal(side_enqueue(cx, in, 0), again); /* asked for while it runs */
	jobs[2].token--;                                  /* a claim of before */
	complete_batch(s, jobs, 3, &list);
	assert_int_equal(list.n, 2);
	for (size_t i = 0; i < list.n; i++) {
		const struct job_claim *job = (const struct job_claim *)list.items + i;

		assert_true(job->refused);
		assert_true(job->id == again || job->id == jobs[2].id);
	}
	assert_string_equal(side_job(cx, jobs[1].id).status, "completed");
	assert_string_equal(side_job(cx, again).status, "running");
	assert_string_equal(side_job(cx, jobs[2].id).status, "running");
	side_close(s);
}

/* Somebody has touched its row since: it lies elsewhere, is refused with the batch, and ends by itself. */
static void test_batch__a_row_that_was_changed_ends_by_itself(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	struct job_claim jobs[2];
	struct job_run run = { .job = &jobs[0], .runner = s->queue.id };
	struct list list;
	bool cancelled;

	side_enqueue(cx, (struct job_new){ 0 }, 0);
	side_enqueue(cx, (struct job_new){ 0 }, 0);
	memcpy(jobs, side_claim(s, 2, 2), sizeof(jobs));
	assert_true(jobs[0].place != 0 && jobs[0].place != jobs[1].place);
	cancelled = fixture_db_int(cx, arena_printf(cx->arena,
	                                            "WITH u AS (UPDATE app.background_job SET"
	                                            " cancel_requested = true WHERE id = %" PRId64
	                                            " RETURNING 1) SELECT count(*) FROM u",
	                                            jobs[0].id)) == 1;
	assert_true(cancelled);
	complete_batch(s, jobs, 2, &list);
	assert_int_equal(list.n, 1);
	assert_int_equal(((const struct job_claim *)list.items)->id, jobs[0].id);
	assert_string_equal(side_job(cx, jobs[1].id).status, "completed");
	assert_string_equal(side_job(cx, jobs[0].id).status, "running");
	run_adopt(&s->cx, &run);
	assert_err(&s->cx, run_refused(&s->cx, &run), ERR_OK);
	assert_string_equal(side_job(cx, jobs[0].id).status, "completed");
	side_close(s);
}

/* What a CHECK would say, asked by a trigger: of a new job, and of one whose columns are written. */
static void test_unsound_columns_are_refused(void **state)
{
	static const char *const WRONG[] = {
		"queue = repeat('q', 51)",
		"queue = ''",
		"job_type = repeat('t', 51)",
		"priority = 5",
		"max_attempts = 0",
		"unique_key = repeat('k', 201)",
		"order_key = repeat('k', 201)",
		"error_type = repeat('e', 51)",
		"request_id = repeat('r', 65)",
		"error_message = repeat('m', 2001)",
	};
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = side_enqueue(cx, (struct job_new){ .delay_ms = 60000 }, 0);
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_RUNNER);
	struct ctx runner = { .app = cx->app, .arena = cx->arena, .db = db };

	for (size_t i = 0; i < COUNT(WRONG); i++) {
		const char *sql = arena_printf(
			cx->arena, "UPDATE app.background_job SET %s WHERE id = %" PRId64, WRONG[i],
			id);

		if (db_script(&runner, sql) == ERR_OK)
			fail_msg("%s was taken", WRONG[i]);
		err_clear(&runner);
	}
	assert_int_not_equal(
		db_script(&runner,
	                  arena_printf(cx->arena,
	                               "INSERT INTO app.background_job (tenant_id, queue,"
	                               " job_type, state) VALUES (%" PRId64 ", 'q', 't', 'odd')",
	                               cx->who.tenant_id)),
		ERR_OK);
	assert_string_equal(side_job(cx, id).status, "pending");
}

/* --- Marks and sweeps --- */

static void claim_on(struct side *s, int64_t n, struct list *ret)
{
	assert_err(&s->cx,
	           queue_claim(&s->cx, &s->queue, &s->lane, &(struct claim_wish){ .n = n }, ret),
	           ERR_OK);
}

/* A deep backlog is drained in order, though each claim begins where the last one ended. */
static void test_backlog_is_drained_in_order(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t last = 0, seen = 0;
	struct list list;

	for (int i = 0; i < 100; i++)
		side_enqueue(cx, (struct job_new){ 0 }, 0);
	do {
		claim_on(s, 7, &list);
		for (size_t i = 0; i < list.n; i++) {
			const struct job_claim *job = (const struct job_claim *)list.items + i;

			assert_true(job->id > last);
			last = job->id;
		}
		seen += (int64_t)list.n;
	} while (list.n > 0);
	assert_int_equal(seen, 100);
	side_close(s);
}

/* One whose transaction took longer than those after it lies behind the mark, and is found. */
static void test_late_commit_is_found(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	struct ctx slow = { .app = cx->app, .arena = cx->arena, .db = db, .who = cx->who };
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t late;
	struct list list;

	assert_err(&slow, db_begin(&slow, &tx), ERR_OK);
	late = side_enqueue(&slow, (struct job_new){ 0 }, 0);
	for (int i = 0; i < 10; i++)
		side_enqueue(cx, (struct job_new){ 0 }, 0);
	claim_on(s, 5, &list); /* deep: the mark is set */
	assert_int_equal(list.n, 5);
	assert_err(&slow, db_commit(&tx), ERR_OK);
	for (int i = 0; i < 200 && side_job(cx, late).attempt == 0; i++) {
		claim_on(s, 5, &list);
		usleep(20000); /* the next sweep comes within a second, whatever the last one took */
	}
	assert_string_equal(side_job(cx, late).status, "running");
	side_close(s);
}

/* --- Attempts on record --- */

static int64_t attempts(struct ctx *cx, int64_t id, const char *outcome)
{
	return fixture_db_int(cx, arena_printf(cx->arena,
	                                       "SELECT count(*) FROM app.job_attempt WHERE job_id ="
	                                       " %" PRId64 " AND outcome = '%s'",
	                                       id, outcome));
}

static void test_each_attempt_leaves_a_row(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = side_enqueue(cx, (struct job_new){ 0 }, ERR_REMOTE_FAILED);
	int64_t done = side_enqueue(cx, (struct job_new){ .delay_ms = 60000 }, 0);

	assert_string_equal(side_attempt(s, side_claim(s, 1, 1), RUN_SHUTDOWN), "returned");
	assert_string_equal(side_attempt(s, side_claim(s, 1, 1), RUN_ON), "retrying");
	fixture_db_int(cx, "WITH u AS (UPDATE app.background_job SET run_at = now()"
	                   " WHERE queue = 'test_queue') SELECT 1");
	assert_string_equal(side_attempt(s, side_claim(s, 1, 1), RUN_CANCEL), "cancelled");
	assert_string_equal(side_attempt(s, side_claim(s, 1, 1), RUN_ON), "completed");
	assert_int_equal(attempts(cx, id, "returned"), 1);
	assert_int_equal(attempts(cx, id, "retrying"), 1);
	assert_int_equal(attempts(cx, id, "cancelled"), 1);
	assert_int_equal(attempts(cx, done, "completed"), 1);
	side_close(s);
}

/* A claim of which nobody heard leaves a word behind: it may have begun before the server forgot. */
static void test_disowned_claim_leaves_a_row(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = side_enqueue(cx, (struct job_new){ 0 }, 0), back;
	const struct job_claim *job = side_claim(s, 1, 1);

	assert_err(&s->cx, queue_disown(&s->cx, &s->queue, NULL, 0, &back), ERR_OK);
	assert_int_equal(back, 1);
	assert_int_equal(attempts(cx, id, "returned"), 1);
	assert_int_equal(side_job(cx, id).attempt, 0);
	assert_string_equal(side_attempt(s, job, RUN_ON), "lost");
	side_close(s);
}

#define TEST(f) cmocka_unit_test_setup(f, side_begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_chain_runs_in_order),
		TEST(test_diamond_waits_for_both),
		TEST(test_failure_is_waited_for_and_cancelling_is_not),
		TEST(test_retried_job_releases_who_waits),
		TEST(test_completed_ones_need_no_waiting),
		TEST(test_ending_while_being_awaited),
		TEST(test_batch_releases_who_waits),
		TEST(test_batch_refuses_what_is_not_its_own_or_wanted_again),
		TEST(test_batch__a_row_that_was_changed_ends_by_itself),
		TEST(test_unsound_columns_are_refused),
		TEST(test_backlog_is_drained_in_order),
		TEST(test_late_commit_is_found),
		TEST(test_each_attempt_leaves_a_row),
		TEST(test_disowned_claim_leaves_a_row),
	};
	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
