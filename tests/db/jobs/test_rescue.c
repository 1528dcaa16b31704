/*
 * Leases: who is dead, who takes over, and what the dead may still write (C8, C11).
 */
#include "side.h"

#include "events/bell.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define LEASE_MS 1000

/* A free lock is no sign while the server is younger than the lease. */
static void wait_for_an_old_server(struct ctx *cx)
{
	while (fixture_db_int(cx, "SELECT (now() - pg_postmaster_start_time()"
	                          " > interval '3 s')::integer") == 0)
		usleep(50000);
}

static void age_heartbeat(struct ctx *cx, const struct side *s)
{
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "UPDATE app.job_runner SET heartbeat_at = now()"
	                                " - interval '1 hour' WHERE id = '%s' RETURNING 1",
	                                s->queue.id));
}

static int64_t rows_of(struct ctx *cx, const struct side *s)
{
	return fixture_db_int(
		cx, arena_printf(cx->arena, "SELECT count(*) FROM app.job_runner WHERE id = '%s'",
	                         s->queue.id));
}

/* kill -9: long before the lease is over, another has the job; what the dead one writes is refused. */
static void test_killed_runner_is_replaced_at_once(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *dead = side_open(cx, 2500), *other = side_open(cx, SIDE_HOLD_MS);
	int64_t id = side_enqueue(cx, (struct job_new){ .order_key = "k" }, 0);
	const struct job_claim *old = side_claim(dead, 1, 1), *new;
	struct job_run late = { .job = old, .runner = dead->queue.id };
	CLEANUP(db_end) struct db_tx tx = { 0 };

	wait_for_an_old_server(cx);
	assert_err(&dead->cx, queue_beat(&dead->cx, &dead->queue), ERR_OK);
	assert_int_equal(side_rescue(other, 400), 0); /* it lives */
	side_kill(dead);
	assert_int_equal(side_rescue(other, 1000), 1);
	assert_int_equal(rows_of(cx, dead), 0);
	assert_string_equal(side_job(cx, id).status, "retrying");

	new = side_claim(other, 1, 1);
	assert_int_equal(new->id, id);
	assert_int_equal(new->attempt, 2);
	assert_true(new->token > old->token);

	run_progress(&dead->cx, &late, 99, "late");
	assert_true(run_stopped(&late));
	assert_int_equal(side_job(cx, id).progress, 0);
	assert_err(&dead->cx, run_checkpoint(&dead->cx, &late, "{}"), ERR_LEASE_LOST);
	assert_err(&dead->cx, run_begin(&dead->cx, &late, &tx), ERR_LEASE_LOST);
	db_end(&tx);
	assert_string_equal(side_attempt(dead, old, RUN_ON), "lost");
	assert_int_equal(side_events(cx, id, "job.completed", "completed"), 0);

	assert_string_equal(side_attempt(other, new, RUN_ON), "completed");
	assert_int_equal(side_events(cx, id, "job.completed", "completed"), 1);
	assert_err(&dead->cx, queue_beat(&dead->cx, &dead->queue), ERR_LEASE_LOST);
	side_claim(dead, 1, 0);
	side_free(dead);
	side_close(other);
}

/* A dead runner claims nothing, however much there is. */
static void test_the_dead_do_not_claim(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *dead = side_open(cx, LEASE_MS), *other = side_open(cx, SIDE_HOLD_MS);

	wait_for_an_old_server(cx);
	age_heartbeat(cx, dead);
	assert_int_equal(side_rescue(other, 500), 1);
	side_enqueue(cx, (struct job_new){ 0 }, 0);
	side_claim(dead, 5, 0);
	side_claim(other, 5, 1);
	side_free(dead);
	side_close(other);
}

/* A host that is gone keeps its session for a while; the heartbeat tells. */
static void test_old_heartbeat_ends_the_lease(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *stopped = side_open(cx, LEASE_MS), *other = side_open(cx, SIDE_HOLD_MS);
	int64_t id = side_enqueue(cx, (struct job_new){ 0 }, 0);

	side_claim(stopped, 1, 1);
	wait_for_an_old_server(cx);
	age_heartbeat(cx, stopped);
	assert_int_equal(side_rescue(other, 500), 1);
	assert_err(&stopped->cx, queue_beat(&stopped->cx, &stopped->queue), ERR_LEASE_LOST);
	assert_int_equal(side_claim(other, 1, 1)->id, id);
	side_free(stopped);
	side_close(other);
}

/* A server that restarts ends all sessions; a runner that comes back in time keeps its jobs. */
static void test_new_session_keeps_the_jobs(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, 2500), *other = side_open(cx, SIDE_HOLD_MS);
	int64_t id = side_enqueue(cx, (struct job_new){ 0 }, 0), dead;
	const struct job_claim *job = side_claim(s, 1, 1);
	bool suspects;

	wait_for_an_old_server(cx);
	assert_err(&s->cx, queue_beat(&s->cx, &s->queue), ERR_OK);
	side_kill(s);
	for (int i = 0; i < 100; i++) { /* the server needs a moment to end a session */
		assert_err(&other->cx,
		           queue_rescue(&other->cx, &other->queue, side_handlers, &dead, &suspects),
		           ERR_OK);
		assert_int_equal(dead, 0);
		if (suspects)
			break;
		usleep(2000);
	}
	assert_true(suspects);
	assert_err(&s->cx, queue_beat(&s->cx, &s->queue), ERR_OK);
	assert_int_equal(side_rescue(other, 600), 0);
	assert_true(s->queue.quiet_until_ms > 0);
	assert_string_equal(side_attempt(s, job, RUN_ON), "completed");
	assert_string_equal(side_job(cx, id).status, "completed");
	side_close(s);
	side_close(other);
}

/* Who has just lost its own session does not judge others by theirs. */
static void test_reconnected_observer_does_not_judge(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, 2500), *observer = side_open(cx, SIDE_HOLD_MS);

	wait_for_an_old_server(cx);
	assert_err(&s->cx, queue_beat(&s->cx, &s->queue), ERR_OK);
	side_kill(s);
	side_kill(observer);
	assert_int_equal(side_rescue(observer, 600),
	                 0); /* not yet aware of it: the server refuses */
	assert_err(&observer->cx, queue_beat(&observer->cx, &observer->queue), ERR_OK);
	assert_int_equal(side_rescue(observer, 600), 0); /* aware */
	assert_err(&s->cx, queue_beat(&s->cx, &s->queue), ERR_OK);
	side_close(s);
	side_close(observer);
}

/* C8: what kills its runner goes to the dead letters, and its work hears of it. */
static void test_three_lost_leases_make_a_dead_job(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *other = side_open(cx, SIDE_HOLD_MS);
	int64_t id = side_enqueue(cx, (struct job_new){ .order_key = "poison" }, 0);
	int64_t next = side_enqueue(cx, (struct job_new){ .order_key = "poison" }, 0);
	struct job shown;

	wait_for_an_old_server(cx);
	for (int i = 1; i <= JOB_LEASE_LOSSES; i++) {
		struct side *s = side_open(cx, LEASE_MS);

		assert_int_equal(side_claim(s, 1, 1)->id, id);
		age_heartbeat(cx, s);
		assert_int_equal(side_rescue(other, 500), 1);
		side_free(s);
		assert_string_equal(side_job(cx, id).status,
		                    i < JOB_LEASE_LOSSES ? "retrying" : "dead");
	}
	shown = side_job(cx, id);
	assert_string_equal(shown.error_type, "child-killed");
	assert_int_equal(side_events(cx, id, "job.failed", "dead"), 1);
	assert_int_equal(side_told(cx, id, "over"), 1);
	assert_int_equal(side_claim(other, 5, 1)->id, next); /* its turn is free again */
	side_close(other);
}

static void test_cancelled_job_of_a_dead_runner_ends(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, LEASE_MS), *other = side_open(cx, SIDE_HOLD_MS);
	int64_t id = side_enqueue(cx, (struct job_new){ .project_id = 8 }, 0);

	side_claim(s, 1, 1);
	assert_err(cx, job_drop_project(cx, 8), ERR_OK);
	wait_for_an_old_server(cx);
	age_heartbeat(cx, s);
	assert_int_equal(side_rescue(other, 500), 1);
	assert_string_equal(side_job(cx, id).status, "cancelled");
	side_free(s);
	side_close(other);
}

/* The bell rings for one who sleeps, once, and not for those awake. */
static void test_bell_rings_once(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);

	cx->bells = BELL_HEAVY;
	bell_ring(cx);
	assert_false(db_wait(&s->cx, -1, 50));
	assert_err(&s->cx, queue_sleep(&s->cx, &s->queue, BELL_HEAVY), ERR_OK);
	cx->bells = BELL_HEAVY;
	bell_ring(cx);
	assert_true(db_wait(&s->cx, -1, 2000));
	cx->bells = BELL_HEAVY;
	bell_ring(cx);
	assert_false(db_wait(&s->cx, -1, 50));
	side_close(s);
}

static void test_tidying_deletes_what_is_past_its_time(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t old = side_enqueue(cx, (struct job_new){ 0 }, 0), young, rows;
	struct job job;

	side_attempt(s, side_claim(s, 1, 1), RUN_ON);
	young = side_enqueue(cx, (struct job_new){ 0 }, 0);
	side_attempt(s, side_claim(s, 1, 1), RUN_ON);
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "UPDATE app.background_job_history SET finished_at = now()"
	                                " - interval '31 days' WHERE id = %" PRId64 " RETURNING 1",
	                                old));
	fixture_db_int(cx,
	               arena_printf(cx->arena,
	                            "WITH i AS (INSERT INTO app.idempotency_key (tenant_id, key,"
	                            " request_hash, status, body, created_at)"
	                            " SELECT %" PRId64 ", k, decode(repeat('00', 32), 'hex'), 201,"
	                            " '', now() - age FROM (VALUES ('old', interval '25 h'),"
	                            " ('young', interval '23 h')) v (k, age)) SELECT 1",
	                            cx->who.tenant_id));
	assert_err(&s->cx, queue_tidy(&s->cx, &rows), ERR_OK);
	assert_true(rows >= 1);
	assert_err(cx, job_get(cx, old, &job), ERR_NOT_FOUND);
	assert_err(cx, job_get(cx, young, &job), ERR_OK);
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.idempotency_key"
	                                                 " WHERE tenant_id = %" PRId64,
	                                                 cx->who.tenant_id)),
	                 1);
	side_close(s);
}

/* A row deleted by hand must not leave a job that runs nowhere. */
static void test_tidying_gives_back_orphans(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = side_enqueue(cx, (struct job_new){ 0 }, 0), rows;
	struct side *other;

	side_claim(s, 1, 1);
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "DELETE FROM app.job_runner WHERE id = '%s' RETURNING 1",
	                                s->queue.id));
	other = side_open(cx, SIDE_HOLD_MS);
	assert_err(&other->cx, queue_tidy(&other->cx, &rows), ERR_OK);
	assert_int_equal(side_claim(other, 1, 1)->id, id);
	side_free(s);
	side_close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_killed_runner_is_replaced_at_once, side_begin),
		cmocka_unit_test_setup(test_the_dead_do_not_claim, side_begin),
		cmocka_unit_test_setup(test_old_heartbeat_ends_the_lease, side_begin),
		cmocka_unit_test_setup(test_new_session_keeps_the_jobs, side_begin),
		cmocka_unit_test_setup(test_reconnected_observer_does_not_judge, side_begin),
		cmocka_unit_test_setup(test_three_lost_leases_make_a_dead_job, side_begin),
		cmocka_unit_test_setup(test_cancelled_job_of_a_dead_runner_ends, side_begin),
		cmocka_unit_test_setup(test_bell_rings_once, side_begin),
		cmocka_unit_test_setup(test_tidying_deletes_what_is_past_its_time, side_begin),
		cmocka_unit_test_setup(test_tidying_gives_back_orphans, side_begin),
	};
	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
