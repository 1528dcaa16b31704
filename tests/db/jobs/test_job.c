/* Jobs as clients see them: enqueue, look, list, count, retry (C1, C6, C9). */
#include "fixture_db.h"

#include "jobs/operate.h"

#include <inttypes.h>
#include <string.h>

struct args {
	int64_t n;
};
static const struct field ARGS_FIELDS[] = { F_INT(struct args, n, .doc = "d") };
static const struct schema ARGS = SCHEMA(struct args, "TestJobArguments", ARGS_FIELDS);
static const struct job_kind KIND = {
	.type = "test.job",
	.queue = "test_job",
	.arguments = &ARGS,
	.attempts = 3,
	.backoff_s = 1,
	.timeout_s = 10,
	.doc = "d",
};
static const struct job_kind OTHER = {
	.type = "test.other",
	.queue = "test_job",
	.arguments = &ARGS,
	.attempts = 3,
	.backoff_s = 1,
	.timeout_s = 10,
	.doc = "d",
};

static const struct job_kind *const NO_KINDS[] = { NULL };

static int64_t enqueue(struct ctx *cx, const struct job_kind *kind, struct job_new in, int64_t n)
{
	const struct args args = { n };
	int64_t id = 0;

	assert_err(cx, job_enqueue(cx, kind, &in, &args, &id), ERR_OK);
	assert_true(id > 0);
	return id;
}

static struct job get(struct ctx *cx, int64_t id)
{
	struct job job;

	assert_err(cx, job_get(cx, id, &job), ERR_OK);
	return job;
}

/* Put a waiting job among the dead letters by hand, as a runner would. */
static void end(struct ctx *cx, int64_t id, const char *status)
{
	if (strcmp(status, "completed") == 0) {
		fixture_db_int(
			cx,
			arena_printf(cx->arena,
		                     "WITH d AS (DELETE FROM app.background_job WHERE id = %" PRId64
		                     " RETURNING *) INSERT INTO app.background_job_history (id,"
		                     " tenant_id, project_id, queue, job_type, priority, attempt,"
		                     " max_attempts, arguments, created_at, run_at) SELECT id,"
		                     " tenant_id, project_id, queue, job_type, priority, 1,"
		                     " max_attempts, arguments, created_at, run_at FROM d"
		                     " RETURNING id",
		                     id));
		return;
	}
	fixture_db_int(
		cx,
		arena_printf(
			cx->arena,
			"WITH d AS (DELETE FROM app.background_job WHERE id = %" PRId64
			" RETURNING *) INSERT INTO app.background_job_dead"
			" (id, tenant_id, project_id, queue, job_type, priority, status,"
			" progress, attempt, max_attempts, lease_losses, unique_key,"
			" arguments, checkpoint, error_type, error_message, created_at, run_at)"
			" SELECT id, tenant_id, project_id, queue, job_type, priority,"
			" '%s', 40, 3, max_attempts, 0, unique_key, arguments, '{\"at\":7}',"
			" 'timed-out', 'needle in error', created_at, run_at FROM d RETURNING id",
			id, status));
}

static void test_enqueue_shows_as_pending(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = enqueue(cx, &KIND, (struct job_new){ .project_id = 77, .priority = 1 }, 5);
	struct job job = get(cx, id);

	assert_string_equal(job.status, "pending");
	assert_string_equal(job.job_type, "test.job");
	assert_string_equal(job.queue, "test_job");
	assert_string_equal(job.arguments, "{\"n\": 5}");
	assert_string_equal(job.request_id, cx->request_id);
	assert_int_equal(job.project_id, 77);
	assert_int_equal(job.priority, 1);
	assert_int_equal(job.progress, 0);
	assert_int_equal(job.attempt, 0);
	assert_int_equal(job.max_attempts, 3);
	assert_true(job.created_us > 0 && job.run_us >= job.created_us);
	assert_int_equal(job.started_us, 0);
	assert_null(job.result);
	assert_null(job.error_type);
}

static void test_enqueue_is_undone_with_its_transaction(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct job job;
	int64_t id;

	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		id = enqueue(cx, &KIND, (struct job_new){ 0 }, 1);
	}
	assert_err(cx, job_get(cx, id, &job), ERR_NOT_FOUND);
}

static void test_unique_key_gives_the_waiting_job(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct job_new in = { .unique_key = "unique", .delay_ms = 60000 };
	int64_t first = enqueue(cx, &KIND, in, 1), run_us = get(cx, first).run_us;

	assert_int_equal(enqueue(cx, &KIND, in, 1), first);
	assert_int_equal(get(cx, first).run_us, run_us);
	/* Whoever wants it sooner gets it sooner. */
	assert_int_equal(enqueue(cx, &KIND, (struct job_new){ .unique_key = "unique" }, 1), first);
	assert_true(get(cx, first).run_us < run_us);
	assert_int_not_equal(enqueue(cx, &KIND, (struct job_new){ .unique_key = "another" }, 1),
	                     first);
}

static void test_unique_keys_are_the_tenants_own(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct job_new in = { .unique_key = "shared" };
	int64_t mine = enqueue(cx, &KIND, in, 1), theirs;
	struct job job;

	cx->who.tenant_id = fixture_db_tenant(cx);
	theirs = enqueue(cx, &KIND, in, 1);
	assert_int_not_equal(theirs, mine);
	assert_err(cx, job_get(cx, mine, &job), ERR_NOT_FOUND);
	assert_err(cx, job_retry(cx, NO_KINDS, mine, NULL, &job), ERR_NOT_FOUND);
}

/* C6: what may be retried goes back under its own id, with its checkpoint. */
static void test_retry_by_status(void **state)
{
	static const struct {
		const char *status;
		enum err wanted;
	} CASES[] = {
		{ "failed", ERR_OK },
		{ "dead", ERR_OK },
		{ "cancelled", ERR_OK },
		{ "completed", ERR_STATE },
	};
	struct ctx *cx = fixture_db_ctx(*state);
	struct job job;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		int64_t id = enqueue(cx, &KIND, (struct job_new){ 0 }, 1);

		print_message("# %s\n", CASES[i].status);
		assert_err(cx, job_retry(cx, NO_KINDS, id, NULL, &job), ERR_STATE); /* pending */
		assert_contains(cx->fault.detail, "pending");
		end(cx, id, CASES[i].status);
		assert_string_equal(get(cx, id).status, CASES[i].status);
		assert_err(cx, job_retry(cx, NO_KINDS, id, NULL, &job), CASES[i].wanted);
		if (CASES[i].wanted != ERR_OK) {
			assert_contains(cx->fault.detail, CASES[i].status);
			continue;
		}
		assert_int_equal(job.id, id);
		assert_string_equal(job.status, "pending");
		assert_int_equal(job.attempt, 0);
		assert_null(job.error_type);
		assert_int_equal(
			fixture_db_int(cx, arena_printf(cx->arena,
		                                        "SELECT (checkpoint->>'at')::int FROM"
		                                        " app.background_job WHERE id = %" PRId64,
		                                        id)),
			7);
	}
	assert_err(cx, job_retry(cx, NO_KINDS, INT64_MAX, NULL, &job), ERR_NOT_FOUND);
}

static void test_retry_yields_to_a_job_of_the_same_key(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct job_new in = { .unique_key = "one" };
	int64_t old = enqueue(cx, &KIND, in, 1);
	struct job job;

	end(cx, old, "failed");
	enqueue(cx, &KIND, in, 1);
	assert_err(cx, job_retry(cx, NO_KINDS, old, NULL, &job), ERR_CONFLICT);
	assert_string_equal(get(cx, old).status, "failed");
}

static void expect_ids(struct ctx *cx, const struct job_filter *filter, const int64_t *ids,
                       size_t n)
{
	const struct job *jobs;
	struct list list;

	assert_err(cx, job_list(cx, filter, &list), ERR_OK);
	jobs = list.items;
	assert_int_equal(list.n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(jobs[i].id, ids[i]);
}

/* C9: one list of what waits and what has ended, newest first, page by page. */
static void test_list_filters_and_pages(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t a, b, c, d;

	cx->who.tenant_id = fixture_db_tenant(cx);
	a = enqueue(cx, &KIND, (struct job_new){ .project_id = 1 }, 1);
	b = enqueue(cx, &OTHER, (struct job_new){ .project_id = 2 }, 22);
	c = enqueue(cx, &KIND, (struct job_new){ .project_id = 1 }, 3);
	d = enqueue(cx, &KIND, (struct job_new){ 0 }, 4);
	end(cx, a, "failed");
	end(cx, c, "completed");

	expect_ids(cx, &(struct job_filter){ .limit = 10 }, (int64_t[]){ d, c, b, a }, 4);
	expect_ids(cx, &(struct job_filter){ .limit = 2 }, (int64_t[]){ d, c }, 2);
	expect_ids(cx, &(struct job_filter){ .limit = 2, .before_id = c }, (int64_t[]){ b, a }, 2);
	expect_ids(cx, &(struct job_filter){ .limit = 9, .status = "pending" }, (int64_t[]){ d, b },
	           2);
	expect_ids(cx, &(struct job_filter){ .limit = 9, .status = "failed" }, (int64_t[]){ a }, 1);
	expect_ids(cx, &(struct job_filter){ .limit = 9, .job_type = "test.other" },
	           (int64_t[]){ b }, 1);
	expect_ids(cx, &(struct job_filter){ .limit = 9, .project_id = 1 }, (int64_t[]){ c, a }, 2);
	expect_ids(cx, &(struct job_filter){ .limit = 9, .q = "needle" }, (int64_t[]){ a }, 1);
	expect_ids(cx, &(struct job_filter){ .limit = 9, .q = "22" }, (int64_t[]){ b }, 1);
	expect_ids(cx, &(struct job_filter){ .limit = 9, .q = "%" }, NULL, 0);
}

static void test_count_by_status(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct job_counts counts;
	int64_t id;

	cx->who.tenant_id = fixture_db_tenant(cx);
	id = enqueue(cx, &KIND, (struct job_new){ 0 }, 1);
	end(cx, id, "completed");
	id = enqueue(cx, &KIND, (struct job_new){ 0 }, 1);
	end(cx, id, "dead");
	enqueue(cx, &KIND, (struct job_new){ .delay_ms = 60000 }, 1);
	assert_err(cx, job_count(cx, &counts), ERR_OK);
	assert_int_equal(counts.oldest_pending_s, 0);
	id = enqueue(cx, &KIND, (struct job_new){ 0 }, 1);
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "UPDATE app.background_job SET run_at = now() - interval"
	                                " '90 s' WHERE id = %" PRId64 " RETURNING 1",
	                                id));
	id = enqueue(cx, &KIND, (struct job_new){ 0 }, 1);
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "UPDATE app.background_job SET attempt = 1"
	                                " WHERE id = %" PRId64 " RETURNING 1",
	                                id));
	assert_err(cx, job_count(cx, &counts), ERR_OK);
	assert_int_equal(counts.pending, 2);
	assert_int_equal(counts.retrying, 1);
	assert_int_equal(counts.running, 0);
	assert_int_equal(counts.completed, 1);
	assert_int_equal(counts.dead, 1);
	assert_int_equal(counts.failed, 0);
	assert_in_range(counts.oldest_pending_s, 90, 120);
}

/* What no program of ours writes, the table refuses too: when a job comes, and when it changes. */
static void test_table_refuses_what_is_unsound(void **state)
{
	static const char *const SETS[] = {
		"state = 'done'",
		"priority = 0",
		"priority = 5",
		"queue = ''",
		"queue = repeat('q', 51)",
		"job_type = repeat('t', 51)",
		"max_attempts = 101",
		"unique_key = repeat('u', 201)",
		"order_key = repeat('o', 201)",
		"error_type = repeat('e', 51)",
		"error_message = repeat('m', 2001)",
		"request_id = repeat('r', 65)",
		"traceparent = repeat('p', 56)",
	};
	struct ctx *cx = fixture_db_ctx(*state), own = *cx;
	CLEANUP(db_close_ptr) struct db *super = fixture_db_connect(FIXTURE_SUPER);
	int64_t id = enqueue(cx, &KIND, (struct job_new){ 0 }, 1);

	own.db = super;
	for (size_t i = 0; i < COUNT(SETS); i++) {
		const char *sql = arena_printf(
			cx->arena, "UPDATE app.background_job SET %s WHERE id = %" PRId64, SETS[i],
			id);

		assert_err(&own, db_script(&own, sql), ERR_DATABASE);
		assert_non_null(strstr(own.fault.cause, "23514"));
		err_clear(&own);
	}
	assert_err(&own,
	           db_script(&own, "INSERT INTO app.background_job (tenant_id, queue, job_type,"
	                           " priority, state) SELECT tenant_id, queue, job_type, priority,"
	                           " 'done' FROM app.background_job LIMIT 1"),
	           ERR_DATABASE);
	assert_non_null(strstr(own.fault.cause, "23514"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_enqueue_shows_as_pending),
		cmocka_unit_test(test_enqueue_is_undone_with_its_transaction),
		cmocka_unit_test(test_unique_key_gives_the_waiting_job),
		cmocka_unit_test(test_unique_keys_are_the_tenants_own),
		cmocka_unit_test(test_retry_by_status),
		cmocka_unit_test(test_retry_yields_to_a_job_of_the_same_key),
		cmocka_unit_test(test_list_filters_and_pages),
		cmocka_unit_test(test_count_by_status),
		cmocka_unit_test(test_table_refuses_what_is_unsound),
	};
	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
