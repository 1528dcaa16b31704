/* Runners at the queue: claims, turns, and the ends of attempts (C2, C4, C5, C7, C8, C11, C12). */
#include "side.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* --- Claims --- */

static void test_claims_by_priority_then_time(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t low = side_enqueue(cx, (struct job_new){ .priority = 4 }, 0);
	int64_t second = side_enqueue(cx, (struct job_new){ 0 }, 0);
	int64_t third = side_enqueue(cx, (struct job_new){ 0 }, 0);
	int64_t first = side_enqueue(cx, (struct job_new){ .priority = 1 }, 0);

	side_enqueue(cx, (struct job_new){ .priority = 1, .delay_ms = 60000 }, 0);
	assert_int_equal(side_claim(s, 1, 1)->id, first);
	assert_int_equal(side_claim(s, 1, 1)->id, second);
	assert_int_equal(side_claim(s, 1, 1)->id, third);
	assert_int_equal(side_claim(s, 1, 1)->id, low);
	side_claim(s, 1, 0); /* the delayed one is not due */
	side_close(s);
}

static void test_claims_no_more_than_asked(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);

	for (int i = 0; i < 20; i++)
		side_enqueue(cx, (struct job_new){ .priority = 1 + i % 4 }, 0);
	side_claim(s, 7, 7);
	side_claim(s, 100, 13);
	side_close(s);
}

static void test_claims_skip_what_another_is_claiming(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *a = side_open(cx, SIDE_HOLD_MS), *b = side_open(cx, SIDE_HOLD_MS);
	int64_t one = side_enqueue(cx, (struct job_new){ 0 }, 0);
	int64_t two = side_enqueue(cx, (struct job_new){ 0 }, 0);
	const struct job_claim *job;

	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(&a->cx, db_begin(&a->cx, &tx), ERR_OK);
		assert_int_equal(side_claim(a, 1, 1)->id, one);
		assert_int_equal(side_claim(b, 5, 1)->id, two); /* and does not wait */
	}
	job = side_claim(b, 5, 1); /* the first claim was rolled back */
	assert_int_equal(job->id, one);
	assert_int_equal(job->attempt, 1);
	side_close(a);
	side_close(b);
}

static void test_claim_shows_as_running(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = side_enqueue(cx, (struct job_new){ .project_id = 9 }, 0);
	const struct job_claim *job = side_claim(s, 1, 1);
	struct job shown = side_job(cx, id);

	assert_int_equal(job->tenant_id, cx->who.tenant_id);
	assert_int_equal(job->project_id, 9);
	assert_string_equal(job->request_id, cx->request_id);
	assert_string_equal(shown.status, "running");
	assert_int_equal(shown.attempt, 1);
	assert_true(shown.started_us > 0);
	side_close(s);
}

/* A claim of which the runner never heard is undone; what it knows of stays. */
static void test_unheard_claims_go_back(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t known = side_enqueue(cx, (struct job_new){ 0 }, 0);
	int64_t unheard = side_enqueue(cx, (struct job_new){ .order_key = "u" }, 0), back;

	side_claim(s, 2, 2);
	assert_err(&s->cx, queue_disown(&s->cx, &s->queue, &known, 1, &back), ERR_OK);
	assert_int_equal(back, 1);
	assert_string_equal(side_job(cx, known).status, "running");
	assert_string_equal(side_job(cx, unheard).status, "pending");
	assert_int_equal(side_job(cx, unheard).attempt, 0);
	assert_int_equal(side_claim(s, 2, 1)->id, unheard);
	assert_err(&s->cx, queue_disown(&s->cx, &s->queue, NULL, 0, &back), ERR_OK);
	assert_int_equal(back, 2);
	side_close(s);
}

/* --- C12: one after the other per order key --- */

static void test_order_key_runs_one_at_a_time(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *a = side_open(cx, SIDE_HOLD_MS), *b = side_open(cx, SIDE_HOLD_MS);
	const struct job_new in = { .order_key = "project:1" };
	int64_t one = side_enqueue(cx, in, 0), two = side_enqueue(cx, in, 0);
	int64_t free_one = side_enqueue(cx, (struct job_new){ .order_key = "project:2" }, 0);
	const struct job_claim *job;

	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(&a->cx, db_begin(&a->cx, &tx), ERR_OK);
		job = side_claim(a, 1, 1);
		assert_int_equal(job->id, one);
		/* The turn is taken though nobody can see it yet, and nobody waits for it. */
		assert_int_equal(side_claim(b, 5, 1)->id, free_one);
		assert_err(&a->cx, db_commit(&tx), ERR_OK);
	}
	side_claim(b, 5, 0);
	assert_string_equal(side_attempt(a, job, RUN_ON), "completed");
	assert_int_equal(side_claim(b, 5, 1)->id, two);
	side_close(a);
	side_close(b);
}

struct racer {
	struct side *side;
	int64_t done, overlaps;
};

static void *race(void *arg)
{
	static const struct db_stmt MOST = {
		.name = "t_most",
		.sql = "SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n"
		       " FROM app.background_job WHERE queue = 'test_queue' AND state = 'running'"
		       " GROUP BY tenant_id, order_key) x",
		.any_tenant = true,
		.read = true,
	};
	struct racer *r = arg;
	int misses = 0;

	while (misses < 20) {
		struct side *s = r->side;
		struct list list = { 0 };
		int64_t most = 0;

		side_reset(s, &(struct ctx){ .app = s->cx.app });
		side_sweep(s);
		if (queue_claim(&s->cx, &s->queue, &s->lane, &(struct claim_wish){ .n = 8 },
		                &list) != ERR_OK ||
		    list.n == 0) {
			misses++;
			usleep(5000);
			continue;
		}
		misses = 0;
		if (db_get_int(&s->cx, &MOST, DB_NO_ARGS, &most) != ERR_OK || most > 1)
			r->overlaps++;
		for (size_t i = 0; i < list.n; i++) {
			const struct job_claim *job = (const struct job_claim *)list.items + i;
			struct job_run run = { .job = job, .runner = s->queue.id };
			struct run_report report;

			run_adopt(&s->cx, &run);
			if (run_attempt(&s->cx, side_handlers, &run, &report) == ERR_OK &&
			    strcmp(report.outcome, "completed") == 0)
				r->done++;
		}
	}
	return NULL;
}

/* C11: three runners race for few keys; no key overlaps, no job is lost or done twice. */
static void test_order_keys_under_a_race(void **state)
{
	enum { RACERS = 3, JOBS = 150, KEYS = 7 };
	struct ctx *cx = fixture_db_ctx(*state);
	struct racer racers[RACERS] = { 0 };
	pthread_t threads[RACERS];
	int64_t done = 0;

	for (int i = 0; i < JOBS; i++)
		side_enqueue(cx,
		             (struct job_new){
				     .order_key = arena_printf(cx->arena, "race:%d", i % KEYS) },
		             0);
	for (int i = 0; i < RACERS; i++) {
		racers[i].side = side_open(cx, SIDE_HOLD_MS);
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < RACERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(racers[i].overlaps, 0);
		done += racers[i].done;
		side_close(racers[i].side);
	}
	assert_int_equal(done, JOBS);
	assert_int_equal(
		fixture_db_int(cx, "SELECT count(*) FROM app.job_turn t"
	                           " WHERE t.order_key LIKE 'race:%' AND NOT EXISTS"
	                           " (SELECT FROM app.background_job j WHERE j.id = t.job_id)"),
		0);
}

/* --- Ends --- */

static void test_completed_with_result_and_one_event(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = side_enqueue(cx, (struct job_new){ 0 }, 0);
	const struct job_claim *job = side_claim(s, 1, 1);
	struct job shown;

	assert_string_equal(side_attempt(s, job, RUN_ON), "completed");
	shown = side_job(cx, id);
	assert_string_equal(shown.status, "completed");
	assert_int_equal(shown.progress, 100);
	assert_non_null(strstr(shown.result, "token"));
	assert_true(shown.finished_us >= shown.started_us);
	assert_int_equal(side_events(cx, id, "job.completed", "completed"), 1);
	assert_string_equal(side_attempt(s, job, RUN_ON), "lost"); /* once more changes nothing */
	assert_int_equal(side_events(cx, id, "job.completed", "completed"), 1);
	side_close(s);
}

/* C5: the kind of error decides; the work is told each time. */
static void test_failure_by_kind_of_error(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t hopeless = side_enqueue(cx, (struct job_new){ 0 }, ERR_REPO_NOT_FOUND), flaky;
	struct job shown;

	assert_string_equal(side_attempt(s, side_claim(s, 1, 1), RUN_ON), "failed");
	shown = side_job(cx, hopeless);
	assert_string_equal(shown.status, "failed");
	assert_string_equal(shown.error_type, "repository-not-found");
	assert_string_equal(shown.error_message, "as the test wants it; do nothing");
	assert_int_equal(side_events(cx, hopeless, "job.failed", "failed"), 1);
	assert_int_equal(side_told(cx, hopeless, "over"), 1);

	flaky = side_enqueue(cx, (struct job_new){ 0 }, ERR_REMOTE_UNREACHABLE);
	for (int i = 1; i <= 3; i++) {
		assert_string_equal(side_attempt(s, side_claim(s, 1, 1), RUN_ON),
		                    i < 3 ? "retrying" : "failed");
		shown = side_job(cx, flaky);
		assert_int_equal(shown.attempt, i);
		assert_string_equal(shown.status, i < 3 ? "retrying" : "dead");
		assert_string_equal(shown.error_type, "remote-unreachable");
		if (i == 3)
			break;
		assert_in_range(shown.run_us, shown.started_us,
		                shown.started_us + (int64_t)i * 1000000 + 500000);
		fixture_db_int(cx, "UPDATE app.background_job SET run_at = now()"
		                   " WHERE queue = 'test_queue' RETURNING 1");
	}
	assert_int_equal(side_told(cx, flaky, "again"), 2);
	assert_int_equal(side_told(cx, flaky, "over"), 1);
	assert_int_equal(side_events(cx, flaky, "job.failed", "dead"), 1);
	side_close(s);
}

static void test_shutdown_is_no_attempt(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = side_enqueue(cx, (struct job_new){ 0 }, ERR_CANCELLED);
	struct job shown;

	assert_string_equal(side_attempt(s, side_claim(s, 1, 1), RUN_SHUTDOWN), "returned");
	shown = side_job(cx, id);
	assert_string_equal(shown.status, "pending");
	assert_int_equal(shown.attempt, 0);
	assert_int_equal(side_claim(s, 1, 1)->id, id);
	side_close(s); /* leaving hands back as well */
	assert_string_equal(side_job(cx, id).status, "pending");
	assert_int_equal(side_job(cx, id).attempt, 0);
}

static void test_timeout_is_an_attempt(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = side_enqueue(cx, (struct job_new){ 0 }, ERR_CANCELLED);

	assert_string_equal(side_attempt(s, side_claim(s, 1, 1), RUN_TIMEOUT), "retrying");
	assert_string_equal(side_job(cx, id).status, "retrying");
	assert_string_equal(side_job(cx, id).error_type, "timed-out");
	side_close(s);
}

/* A request that comes while the job runs is served by one more run under the same id. */
static void test_asked_again_while_running(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	const struct job_new in = { .unique_key = "rerun" };
	int64_t id = side_enqueue(cx, in, 0);
	const struct job_claim *job = side_claim(s, 1, 1);
	struct job shown;

	assert_int_equal(side_enqueue(cx, in, 0), id);
	assert_string_equal(side_attempt(s, job, RUN_ON), "completed");
	shown = side_job(cx, id);
	assert_string_equal(shown.status, "pending");
	assert_int_equal(shown.attempt, 0);
	assert_int_equal(side_events(cx, id, "job.completed", "completed"), 0);
	job = side_claim(s, 1, 1);
	assert_int_equal(job->id, id);
	assert_string_equal(side_attempt(s, job, RUN_ON), "completed");
	assert_string_equal(side_job(cx, id).status, "completed");
	assert_int_equal(side_events(cx, id, "job.completed", "completed"), 1);
	side_close(s);
}

static void test_project_takes_its_jobs_along(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t runs = side_enqueue(cx, (struct job_new){ .project_id = 5 }, ERR_CANCELLED);
	const struct job_claim *job = side_claim(s, 1, 1), *found;
	int64_t waits = side_enqueue(cx, (struct job_new){ .project_id = 5 }, 0);
	int64_t other = side_enqueue(cx, (struct job_new){ .project_id = 6 }, 0);
	struct list list;
	struct job shown;

	assert_err(cx, job_drop_project(cx, 5), ERR_OK);
	assert_err(cx, job_get(cx, waits, &shown), ERR_NOT_FOUND);
	assert_string_equal(side_job(cx, other).status, "pending");
	assert_err(&s->cx,
	           queue_cancelled(&s->cx, &s->queue,
	                           arena_printf(s->cx.arena, "{%" PRId64 "}", runs), &list),
	           ERR_OK);
	found = list.items;
	assert_int_equal(list.n, 1);
	assert_int_equal(found->token, job->token);
	assert_string_equal(side_attempt(s, job, RUN_CANCEL), "cancelled");
	assert_string_equal(side_job(cx, runs).status, "cancelled");
	assert_int_equal(side_events(cx, runs, "job.failed", "cancelled"), 1);
	side_close(s);
}

/* C7: progress at most once a second, and a checkpoint that the next attempt is given. */
static void test_progress_and_checkpoint(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = side_enqueue(cx, (struct job_new){ 0 }, ERR_CANCELLED);
	const struct job_claim *job = side_claim(s, 1, 1);
	struct job_run run = { .job = job, .runner = s->queue.id };

	run_progress(&s->cx, &run, 10, "ten");
	run_progress(&s->cx, &run, 20, "too soon");
	assert_int_equal(side_job(cx, id).progress, 10);
	assert_string_equal(side_job(cx, id).message, "ten");
	run_step(&s->cx, &run, 130, "steps show at once");
	assert_int_equal(side_job(cx, id).progress, 100);
	assert_err(&s->cx, run_checkpoint(&s->cx, &run, "{\"page\": 3}"), ERR_OK);
	assert_string_equal(side_attempt(s, job, RUN_SHUTDOWN), "returned");
	assert_string_equal(side_claim(s, 1, 1)->checkpoint, "{\"page\": 3}");
	side_close(s);
}

static const struct CMUnitTest TESTS[] = {
	cmocka_unit_test_setup(test_claims_by_priority_then_time, side_begin),
	cmocka_unit_test_setup(test_claims_no_more_than_asked, side_begin),
	cmocka_unit_test_setup(test_claims_skip_what_another_is_claiming, side_begin),
	cmocka_unit_test_setup(test_claim_shows_as_running, side_begin),
	cmocka_unit_test_setup(test_unheard_claims_go_back, side_begin),
	cmocka_unit_test_setup(test_order_key_runs_one_at_a_time, side_begin),
	cmocka_unit_test_setup(test_order_keys_under_a_race, side_begin),
	cmocka_unit_test_setup(test_completed_with_result_and_one_event, side_begin),
	cmocka_unit_test_setup(test_failure_by_kind_of_error, side_begin),
	cmocka_unit_test_setup(test_shutdown_is_no_attempt, side_begin),
	cmocka_unit_test_setup(test_timeout_is_an_attempt, side_begin),
	cmocka_unit_test_setup(test_asked_again_while_running, side_begin),
	cmocka_unit_test_setup(test_project_takes_its_jobs_along, side_begin),
	cmocka_unit_test_setup(test_progress_and_checkpoint, side_begin),
};

int main(void)
{
	return cmocka_run_group_tests(TESTS, fixture_db_open, fixture_db_close);
}
