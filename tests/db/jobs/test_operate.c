/*
 * What operators do with jobs: look at attempts, retry with changes, cancel, discard, one and many, and who
 * wins when two do (C5, C6, C8, A5, A12).
 */
#include "side.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

/* The side's kind as those who operate see it, and others. */
struct args {
	int64_t n;
};
static const struct field ARGS_FIELDS[] = { F_INT(struct args, n, .max = 1000, .doc = "d") };
static const struct schema ARGS = SCHEMA(struct args, "OperateArguments", ARGS_FIELDS);
static enum err note_cancelled(struct ctx *cx, int64_t job_id, int64_t project_id);
#define KIND .arguments = &ARGS, .attempts = 3, .backoff_s = 1, .timeout_s = 10, .doc = "d"
static const struct job_kind SIDE = {
	.type = "test.queue", .queue = "test_queue", .cancelled = note_cancelled, KIND
};
static const struct job_kind OTHER = { .type = "test.other", .queue = "test_other", KIND };
static const struct job_kind LIGHT = {
	.type = "test.light", .queue = "test_light", .light = true, KIND
};
static const struct job_kind *const KINDS[] = { &SIDE, &OTHER, &LIGHT, NULL };

static int64_t told_project; /* of the job that was cancelled last */

static enum err note_cancelled(UNUSED struct ctx *cx, UNUSED int64_t job_id, int64_t project_id)
{
	told_project = project_id;
	return ERR_OK;
}

static int begin(void **state)
{
	struct ctx *cx;

	side_begin(state);
	cx = fixture_db_ctx(*state);
	fixture_db_int(cx, "WITH d AS (DELETE FROM app.background_job_dead), j AS (DELETE FROM"
	                   " app.background_job) SELECT 1");
	return 0;
}

static int64_t audited(struct ctx *cx, const char *action, int64_t job)
{
	return fixture_db_int(cx, arena_printf(cx->arena,
	                                       "SELECT count(*) FROM app.audit WHERE action = '%s'"
	                                       " AND target = 'job:%" PRId64 "' AND actor = 'test'",
	                                       action, job));
}

/* A job that a runner has failed for good. */
static int64_t failed_job(struct ctx *cx, struct side *s, struct job_new in)
{
	int64_t id = side_enqueue(cx, in, ERR_NOT_FOUND);

	assert_string_equal(side_attempt(s, side_claim(s, 1, 1), RUN_ON), "failed");
	return id;
}

static const char *status_of(struct ctx *cx, int64_t id)
{
	return side_job(cx, id).status;
}

/* --- Looking --- */

static void test_attempts__each_with_its_error(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = side_enqueue(cx, (struct job_new){ 0 }, ERR_TIMEOUT);
	const struct job_attempt *a;
	struct job_detail detail;
	struct list list;

	assert_string_equal(side_attempt(s, side_claim(s, 1, 1), RUN_ON), "retrying");
	fixture_db_int(cx, "WITH u AS (UPDATE app.background_job SET run_at = now()) SELECT 1");
	side_attempt(s, side_claim(s, 1, 1), RUN_ON);
	assert_err(cx, side_look(cx, id, &detail), ERR_OK);
	assert_int_equal(detail.attempts_kept, 2);
	assert_int_equal(detail.waits_for.n, 0);
	assert_err(cx, job_attempts(cx, id, 0, 10, &list), ERR_OK);
	assert_int_equal(list.n, 2);
	a = list.items;
	assert_int_equal(a[0].attempt, 2);
	assert_int_equal(a[1].attempt, 1);
	assert_true(a[0].token > a[1].token);
	assert_string_equal(a[1].outcome, "retrying");
	assert_string_equal(a[1].error_type, "timed-out");
	assert_contains(a[1].error_message, "as the test wants it");
	assert_true(a[1].finished_us >= a[1].started_us && a[1].started_us > 0);
	assert_err(cx, job_attempts(cx, id, a[0].token, 10, &list), ERR_OK);
	assert_int_equal(list.n, 1);
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, job_attempts(cx, id, 0, 10, &list), ERR_NOT_FOUND);
	assert_err(cx, side_look(cx, id, &detail), ERR_NOT_FOUND);
	side_close(s);
}

static size_t found(struct ctx *cx, struct job_filter filter)
{
	struct list list;

	filter.limit = 50;
	assert_err(cx, job_list(cx, &filter, &list), ERR_OK);
	return list.n;
}

static void test_list__filters(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t one = side_enqueue(cx, (struct job_new){ .queue = "test_other" }, 77);
	int64_t two = side_enqueue(cx, (struct job_new){ .delay_ms = 60000 }, 5);
	const char *number = arena_printf(cx->arena, "%" PRId64, two);
	int64_t between = side_job(cx, two).created_us;
	struct job_filter mine = { .request_id = cx->request_id, .since_us = between };

	assert_int_equal(found(cx, (struct job_filter){ 0 }), 2);
	assert_int_equal(found(cx, (struct job_filter){ .queue = "test_other" }), 1);
	assert_int_equal(found(cx, (struct job_filter){ .q = "\"n\": 77" }), 1);
	assert_true(found(cx, (struct job_filter){ .q = number }) >= 1);
	assert_int_equal(found(cx, (struct job_filter){ .since_us = between }), 1);
	assert_int_equal(found(cx, (struct job_filter){ .until_us = between }), 1);
	assert_int_equal(found(cx, (struct job_filter){ .since_us = between + 1 }), 0);
	assert_int_equal(found(cx, (struct job_filter){ .before_id = two }), 1);
	assert_int_equal(found(cx, mine), 1);
	assert_true(one < two);
}

static void test_list_dead__what_died(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t failed = failed_job(cx, s, (struct job_new){ 0 });
	int64_t cancelled = side_enqueue(cx, (struct job_new){ 0 }, 0), ended;
	struct job_filter filter = { .limit = 10 };
	struct list list;
	struct job job;

	assert_err(cx, job_cancel(cx, KINDS, cancelled, &job), ERR_OK);
	assert_err(cx, job_list_dead(cx, &filter, &list), ERR_OK);
	assert_int_equal(list.n, 1);
	assert_int_equal(((const struct job *)list.items)->id, failed);
	ended = ((const struct job *)list.items)->finished_us;
	filter.since_us = ended + 1;
	assert_err(cx, job_list_dead(cx, &filter, &list), ERR_OK);
	assert_int_equal(list.n, 0);
	filter = (struct job_filter){ .limit = 10, .status = "cancelled" };
	assert_err(cx, job_list_dead(cx, &filter, &list), ERR_OK);
	assert_int_equal(list.n, 1);
	side_close(s);
}

/* --- Retrying --- */

static void test_retry__with_changes(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = failed_job(cx, s, (struct job_new){ 0 });
	const struct job_change change = { .arguments = "{\"n\": 0}",
		                           .priority = 1,
		                           .queue = "test_queue" };
	struct job job;

	fixture_db_int(cx,
	               "WITH u AS (UPDATE app.background_job_dead SET checkpoint = '{\"at\":1}')"
	               " SELECT 1");
	assert_err(cx, job_retry(cx, KINDS, id, &change, &job), ERR_OK);
	assert_string_equal(job.status, "pending");
	assert_string_equal(job.arguments, "{\"n\": 0}");
	assert_int_equal(job.priority, 1);
	assert_int_equal(job.attempt, 0);
	/* What was half done with other arguments is of no use. */
	assert_int_equal(fixture_db_int(cx, "SELECT count(*) FROM app.background_job"
	                                    " WHERE checkpoint IS NOT NULL"),
	                 0);
	assert_int_equal(audited(cx, "job.retried", id), 1);
	assert_string_equal(side_attempt(s, side_claim(s, 1, 1), RUN_ON), "completed");
	assert_err(cx, job_retry(cx, KINDS, id, NULL, &job), ERR_STATE);
	assert_contains(cx->fault.detail, "completed");
	side_close(s);
}

/* Each row: a change that the kind forbids, and what is blamed. */
static const struct {
	const char *why;
	struct job_change change;
	enum err wanted;
	const char *pointer;
} FORBIDDEN[] = {
	{ "no JSON", { .arguments = "{n" }, ERR_MALFORMED, NULL },
	{ "no object", { .arguments = "\"x\"" }, ERR_INVALID, NULL },
	{ "out of range", { .arguments = "{\"n\": 1001}" }, ERR_INVALID, "/arguments/n" },
	{ "unknown", { .arguments = "{\"m\": 1}" }, ERR_UNKNOWN_FIELD, "/arguments/m" },
	{ "no such queue", { .queue = "nowhere" }, ERR_INVALID, "/queue" },
	{ "of light jobs", { .queue = "test_light" }, ERR_INVALID, "/queue" },
};

static void test_retry__changes_that_its_kind_forbids(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = failed_job(cx, s, (struct job_new){ 0 });
	struct job job;

	for (size_t i = 0; i < COUNT(FORBIDDEN); i++) {
		print_message("# %s\n", FORBIDDEN[i].why);
		err_clear(cx);
		assert_err(cx, job_retry(cx, KINDS, id, &FORBIDDEN[i].change, &job),
		           FORBIDDEN[i].wanted);
		if (FORBIDDEN[i].pointer != NULL)
			assert_blamed(cx, FORBIDDEN[i].pointer, NULL);
		assert_string_equal(status_of(cx, id), "failed");
	}
	side_close(s);
}

/* --- Cancelling --- */

static void test_cancel__one_that_waits_is_over(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = side_enqueue(cx, (struct job_new){ .project_id = 5, .delay_ms = 60000 }, 0);
	struct job job;

	told_project = 0;
	assert_err(cx, job_cancel(cx, KINDS, id, &job), ERR_OK);
	assert_string_equal(job.status, "cancelled");
	assert_string_equal(job.error_type, "cancelled");
	assert_true(job.finished_us > 0);
	assert_int_equal(told_project, 5); /* what it would have worked on knows */
	assert_int_equal(audited(cx, "job.cancelled", id), 1);
	assert_int_equal(side_events(cx, id, "job.failed", "cancelled"), 1);
	assert_err(cx, job_cancel(cx, KINDS, id, &job), ERR_STATE);
	assert_contains(cx->fault.detail, "cancelled already");
	assert_err(cx, job_cancel(cx, KINDS, INT64_MAX, &job), ERR_NOT_FOUND);
	assert_err(cx, job_retry(cx, KINDS, id, NULL, &job), ERR_OK);
}

/* What waits for a cancelled job is cancelled with it; what waits for a dead one waits. */
static void test_cancel__with_what_waits_for_it(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t first = side_enqueue(cx, (struct job_new){ .delay_ms = 60000 }, 0), second;
	struct job_detail detail;
	struct job job;

	second = side_enqueue(cx, (struct job_new){ .after = &first, .nafter = 1 }, 0);
	assert_err(cx, side_look(cx, second, &detail), ERR_OK);
	assert_int_equal(detail.waits_for.n, 1);
	assert_int_equal(*(const int64_t *)detail.waits_for.items, first);
	assert_err(cx, job_cancel(cx, KINDS, second, &job), ERR_OK); /* blocked ones too */
	assert_string_equal(job.status, "cancelled");
	second = side_enqueue(cx, (struct job_new){ .after = &first, .nafter = 1 }, 0);
	assert_err(cx, job_cancel(cx, KINDS, first, &job), ERR_OK);
	assert_string_equal(status_of(cx, second), "cancelled");
	assert_contains(side_job(cx, second).error_message, "was cancelled");
}

static void test_cancel__one_that_runs_is_asked(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = side_enqueue(cx, (struct job_new){ 0 }, ERR_CANCELLED);
	const struct job_claim *claim = side_claim(s, 1, 1);
	struct job_detail detail;
	struct job job;

	assert_err(cx, job_cancel(cx, KINDS, id, &job), ERR_OK);
	assert_string_equal(job.status, "running");
	assert_true(db_wait(&s->cx, -1, 5000)); /* its runner hears of it */
	assert_err(cx, side_look(cx, id, &detail), ERR_OK);
	assert_true(detail.cancel_requested);
	assert_int_equal(audited(cx, "job.cancel_requested", id), 1);
	assert_string_equal(side_attempt(s, claim, RUN_CANCEL), "cancelled");
	assert_string_equal(status_of(cx, id), "cancelled");
	side_close(s);
}

/* --- Discarding --- */

static void test_discard__only_what_is_over(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t dead = failed_job(cx, s, (struct job_new){ 0 }), done, waits;
	struct job job;

	assert_err(cx, job_discard(cx, dead), ERR_OK);
	assert_err(cx, job_get(cx, dead, &job), ERR_NOT_FOUND);
	assert_err(cx, job_discard(cx, dead), ERR_NOT_FOUND);
	assert_int_equal(audited(cx, "job.discarded", dead), 1);
	done = side_enqueue(cx, (struct job_new){ 0 }, 0);
	side_attempt(s, side_claim(s, 1, 1), RUN_ON);
	assert_err(cx, job_discard(cx, done), ERR_STATE);
	assert_contains(cx->fault.detail, "completed");
	waits = side_enqueue(cx, (struct job_new){ .delay_ms = 60000 }, 0);
	assert_err(cx, job_discard(cx, waits), ERR_STATE);
	assert_contains(cx->fault.fix, "cancel it first");
	dead = failed_job(cx, s, (struct job_new){ 0 });
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, job_discard(cx, dead), ERR_NOT_FOUND);
	side_close(s);
}

/* --- Many --- */

static struct job_bulk bulk(struct ctx *cx, enum job_act act, struct job_selection which)
{
	struct job_bulk done;

	if (which.filter.limit == 0)
		which.filter.limit = 100;
	assert_err(cx, job_bulk(cx, KINDS, act, &which, NULL, &done), ERR_OK);
	assert_int_equal(done.matched, done.done + (int64_t)done.skipped.n);
	return done;
}

static void test_bulk__an_empty_filter_must_say_so(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct job_selection which = { .filter = { .limit = 10 } };
	struct job_bulk done;

	assert_err(cx, job_bulk(cx, KINDS, JOB_DISCARD, &which, NULL, &done), ERR_INVALID);
	assert_blamed(cx, "/all", "required");
	which.all = true;
	assert_err(cx, job_bulk(cx, KINDS, JOB_DISCARD, &which, NULL, &done), ERR_OK);
	assert_int_equal(done.matched, 0);
	which.filter.status = "dead";
	assert_err(cx, job_bulk(cx, KINDS, JOB_DISCARD, &which, NULL, &done), ERR_INVALID);
	assert_blamed(cx, "/all", "contradiction");
}

static void test_bulk__in_portions_that_go_on(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct job_selection which = { .filter = { .queue = "test_queue", .limit = 60 } };
	struct job_bulk done;

	for (int i = 0; i < 130; i++)
		side_enqueue(cx, (struct job_new){ .delay_ms = 60000 }, 0);
	done = bulk(cx, JOB_CANCEL, which);
	assert_true(done.done == 60 && done.more && done.last_id > 0);
	which.filter.after_id = done.last_id;
	done = bulk(cx, JOB_CANCEL, which);
	assert_true(done.done == 60 && done.more);
	which.filter.after_id = done.last_id;
	done = bulk(cx, JOB_CANCEL, which);
	assert_true(done.done == 10 && !done.more);
	done = bulk(cx, JOB_RETRY,
	            (struct job_selection){ .filter = { .status = "cancelled", .limit = 1000 } });
	assert_int_equal(done.done, 130);
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.audit WHERE"
	                                                 " action = 'job.retried' AND tenant_id ="
	                                                 " %" PRId64,
	                                                 cx->who.tenant_id)) >= 130,
	                 1);
}

static int64_t counted(struct ctx *cx, enum job_act act, struct job_filter filter)
{
	struct job_matched matched;
	assert_err(cx, job_bulk_count(cx, act, &filter, &matched), ERR_OK);
	return matched.matched;
}

static void test_bulk__counted_before(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t failed = failed_job(cx, s, (struct job_new){ 0 });

	side_enqueue(cx, (struct job_new){ 0 }, 0);
	assert_int_equal(counted(cx, JOB_RETRY, (struct job_filter){ 0 }), 1);
	assert_int_equal(counted(cx, JOB_DISCARD, (struct job_filter){ .status = "dead" }), 0);
	assert_string_equal(status_of(cx, failed), "failed");
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_int_equal(counted(cx, JOB_CANCEL, (struct job_filter){ 0 }), 0);
	side_close(s);
}

static void test_bulk__what_cannot_be_done_is_told(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t unique = failed_job(cx, s, (struct job_new){ .unique_key = "u" }), ids[4];
	const struct job_skipped *skipped;
	struct job_bulk done;

	ids[0] = failed_job(cx, s, (struct job_new){ 0 });
	ids[1] = unique;
	ids[2] = side_enqueue(cx, (struct job_new){ .unique_key = "u", .delay_ms = 60000 }, 0);
	ids[3] = INT64_MAX;
	done = bulk(cx, JOB_RETRY, (struct job_selection){ .ids = { ids, 4 } });
	assert_int_equal(done.done, 1);
	assert_int_equal(done.skipped.n, 3);
	skipped = done.skipped.items;
	assert_int_equal(skipped[0].id, unique);
	assert_contains(skipped[0].reason, "same work");
	assert_contains(skipped[1].reason, "is pending");
	assert_contains(skipped[2].reason, "there is no job");
	assert_string_equal(status_of(cx, unique), "failed"); /* untouched */
	assert_string_equal(status_of(cx, ids[0]), "pending");
	side_close(s);
}

static void test_bulk__of_another_tenant_matches_nothing(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = side_enqueue(cx, (struct job_new){ .delay_ms = 60000 }, 0);
	const int64_t tenant = cx->who.tenant_id;
	struct job_bulk done;

	cx->who.tenant_id = fixture_db_tenant(cx);
	done = bulk(cx, JOB_CANCEL, (struct job_selection){ .all = true });
	assert_int_equal(done.matched, 0);
	done = bulk(cx, JOB_CANCEL, (struct job_selection){ .ids = { &id, 1 } });
	assert_int_equal(done.done, 0);
	cx->who.tenant_id = tenant;
	assert_string_equal(status_of(cx, id), "pending");
}

/* --- Two at once --- */

#define RACED 120

/* One who acts on all of some jobs, on a connection of its own. */
struct racer {
	struct db *db;
	struct arena *arena;
	struct ctx cx;
	enum job_act act;
	const int64_t *ids;
	struct job_bulk done;
	enum err e;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	const struct job_selection which = { .ids = { r->ids, RACED },
		                             .filter = { .limit = RACED } };

	r->e = job_bulk(&r->cx, KINDS, r->act, &which, NULL, &r->done);
	return NULL;
}

/* Two acts on the same jobs at the same time.  @ret how many each has done */
static void race_two(struct ctx *cx, enum job_act a, enum job_act b, const int64_t *ids,
                     int64_t ret[2])
{
	struct racer racers[2] = { { .act = a, .ids = ids }, { .act = b, .ids = ids } };
	pthread_t threads[2];

	for (int i = 0; i < 2; i++) {
		racers[i].db = fixture_db_connect(FIXTURE_APP);
		racers[i].arena = arena_new((size_t)64 * 1024 * 1024);
		ctx_begin(&racers[i].cx, cx->app, racers[i].arena, racers[i].db);
		racers[i].cx.who = cx->who;
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		assert_err(&racers[i].cx, racers[i].e, ERR_OK);
		ret[i] = racers[i].done.done;
		db_close(racers[i].db);
		arena_free(racers[i].arena);
	}
}

static void dead_jobs(struct ctx *cx, int64_t ids[RACED])
{
	for (int i = 0; i < RACED; i++)
		ids[i] = side_enqueue(cx, (struct job_new){ .delay_ms = 60000 }, 0);
	assert_int_equal(
		bulk(cx, JOB_CANCEL,
	             (struct job_selection){ .ids = { ids, RACED }, .filter = { .limit = RACED } })
			.done,
		RACED);
}

static int64_t count(struct ctx *cx, const char *table)
{
	return fixture_db_int(cx,
	                      arena_printf(cx->arena,
	                                   "SELECT count(*) FROM app.%s WHERE tenant_id = %" PRId64,
	                                   table, cx->who.tenant_id));
}

static void test_race__two_operators_retry(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t ids[RACED], done[2];

	dead_jobs(cx, ids);
	race_two(cx, JOB_RETRY, JOB_RETRY, ids, done);
	assert_int_equal(done[0] + done[1], RACED); /* each by one of them */
	assert_int_equal(count(cx, "background_job"), RACED);
	assert_int_equal(count(cx, "background_job_dead"), 0);
}

static void test_race__discard_and_retry(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t ids[RACED], done[2];

	dead_jobs(cx, ids);
	race_two(cx, JOB_DISCARD, JOB_RETRY, ids, done);
	assert_int_equal(done[0] + done[1], RACED);
	assert_int_equal(count(cx, "background_job"), done[1]);
	assert_int_equal(count(cx, "background_job_dead"), 0);
}

/* Cancelling against claiming: each job is cancelled, or runs and has been asked to stop. */
static void test_race__cancel_and_start(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	struct racer r = { .act = JOB_CANCEL,
		           .db = fixture_db_connect(FIXTURE_APP),
		           .arena = arena_new((size_t)64 * 1024 * 1024) };
	int64_t ids[RACED], started = 0;
	pthread_t thread;

	for (int i = 0; i < RACED; i++)
		ids[i] = side_enqueue(cx, (struct job_new){ 0 }, 0);
	r.ids = ids;
	ctx_begin(&r.cx, cx->app, r.arena, r.db);
	r.cx.who = cx->who;
	assert_int_equal(pthread_create(&thread, NULL, race, &r), 0);
	for (int i = 0; i < 30; i++) {
		struct list list;

		side_sweep(s);
		side_claim_of(s, side_handlers, CLAIM_HEAVY, 2, &list);
		started += (int64_t)list.n;
	}
	pthread_join(thread, NULL);
	assert_err(&r.cx, r.e, ERR_OK);
	assert_int_equal(r.done.done, RACED);
	assert_int_equal(count(cx, "background_job"), started);
	assert_int_equal(count(cx, "background_job_dead"), RACED - started);
	assert_int_equal(fixture_db_int(cx, "SELECT count(*) FROM app.background_job WHERE NOT"
	                                    " (state = 'running' AND cancel_requested)"),
	                 0);
	print_message("# %" PRId64 " of %d had started\n", started, RACED);
	db_close(r.db);
	arena_free(r.arena);
	side_close(s);
}

/* A job that was taken back and started again cannot be taken back once more. */
static void test_race__retry_and_claim(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct side *s = side_open(cx, SIDE_HOLD_MS);
	int64_t id = failed_job(cx, s, (struct job_new){ 0 });
	struct job job;

	assert_err(cx, job_retry(cx, KINDS, id, NULL, &job), ERR_OK);
	assert_err(cx, job_retry(cx, KINDS, id, NULL, &job), ERR_STATE);
	assert_contains(cx->fault.detail, "is pending");
	side_claim(s, 1, 1);
	assert_err(cx, job_retry(cx, KINDS, id, NULL, &job), ERR_STATE);
	assert_contains(cx->fault.detail, "is running");
	side_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_attempts__each_with_its_error, begin),
		cmocka_unit_test_setup(test_list__filters, begin),
		cmocka_unit_test_setup(test_list_dead__what_died, begin),
		cmocka_unit_test_setup(test_retry__with_changes, begin),
		cmocka_unit_test_setup(test_retry__changes_that_its_kind_forbids, begin),
		cmocka_unit_test_setup(test_cancel__one_that_waits_is_over, begin),
		cmocka_unit_test_setup(test_cancel__with_what_waits_for_it, begin),
		cmocka_unit_test_setup(test_cancel__one_that_runs_is_asked, begin),
		cmocka_unit_test_setup(test_discard__only_what_is_over, begin),
		cmocka_unit_test_setup(test_bulk__an_empty_filter_must_say_so, begin),
		cmocka_unit_test_setup(test_bulk__in_portions_that_go_on, begin),
		cmocka_unit_test_setup(test_bulk__counted_before, begin),
		cmocka_unit_test_setup(test_bulk__what_cannot_be_done_is_told, begin),
		cmocka_unit_test_setup(test_bulk__of_another_tenant_matches_nothing, begin),
		cmocka_unit_test_setup(test_race__two_operators_retry, begin),
		cmocka_unit_test_setup(test_race__discard_and_retry, begin),
		cmocka_unit_test_setup(test_race__cancel_and_start, begin),
		cmocka_unit_test_setup(test_race__retry_and_claim, begin),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
