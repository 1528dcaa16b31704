/*
 * Conversations with a real server: transactions, the preamble, round trips, a
 * server that goes away, notifications.
 */
#include "db_aid.h"

#include <stdlib.h>
#include <unistd.h>

/* --- Transactions --- */

static void test_tx__commit_and_roll_back(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *kept = new_name(cx), *lost = new_name(cx);

	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx, add_row(cx, kept), ERR_OK);
		assert_err(cx, db_commit(&tx), ERR_OK);
	}
	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx, add_row(cx, lost), ERR_OK);
		err_set(cx, ERR_LIMIT, "why it failed");
	}
	assert_string_equal(cx->fault.detail, "why it failed"); /* rolling back keeps it */
	assert_int_equal(count_of(cx, kept), 1);
	assert_int_equal(count_of(cx, lost), 0);
}

static void test_tx__savepoint(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *outer = new_name(cx), *inner = new_name(cx), *after = new_name(cx);
	CLEANUP(db_end) struct db_tx tx = { 0 };

	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_err(cx, add_row(cx, outer), ERR_OK);
	{
		CLEANUP(db_end) struct db_tx in = { 0 };

		assert_err(cx, db_begin(cx, &in), ERR_OK);
		assert_err(cx, add_row(cx, inner), ERR_OK);
		assert_err(cx, add_row(cx, outer), ERR_CONFLICT);
	}
	{
		CLEANUP(db_end) struct db_tx in = { 0 };

		assert_err(cx, db_begin(cx, &in), ERR_OK);
		assert_err(cx, add_row(cx, after), ERR_OK);
		assert_err(cx, db_commit(&in), ERR_OK);
	}
	assert_err(cx, db_commit(&tx), ERR_OK);
	assert_int_equal(count_of(cx, outer), 1);
	assert_int_equal(count_of(cx, inner), 0);
	assert_int_equal(count_of(cx, after), 1);
}

static void test_tx__savepoint_before_anything_else(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *name = new_name(cx);
	CLEANUP(db_end) struct db_tx tx = { 0 }, in = { 0 };

	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_err(cx, db_begin(cx, &in), ERR_OK);
	assert_err(cx, add_row(cx, name), ERR_OK);
	assert_err(cx, db_commit(&in), ERR_OK);
	assert_err(cx, db_commit(&tx), ERR_OK);
	assert_int_equal(count_of(cx, name), 1);
}

static void test_tx__commit_after_a_failure_is_no_success(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *name = new_name(cx);
	CLEANUP(db_end) struct db_tx tx = { 0 };

	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_err(cx, add_row(cx, name), ERR_OK);
	assert_err(cx, add_row(cx, name), ERR_CONFLICT);
	assert_err(cx, db_commit(&tx), ERR_DATABASE);
	assert_int_equal(count_of(cx, name), 0);
}

/* A deferred constraint speaks up at the commit: of the transaction, or of the statement's own. */
static void test_tx__refused_at_commit(void **state)
{
	static const struct db_stmt TWICE =
		PLAIN("t_twice", 0, "INSERT INTO t_deferred VALUES (1), (1)");
	static const struct db_stmt ROWS = READ("t_rows", 0, "SELECT count(*) FROM t_deferred");
	struct ctx *cx = fixture_db_ctx(*state);

	assert_err(cx,
	           db_script(cx, "CREATE TEMP TABLE t_deferred (n int CONSTRAINT t_deferred_key"
	                         " UNIQUE DEFERRABLE INITIALLY DEFERRED)"),
	           ERR_OK);
	assert_err(cx, db_run(cx, &TWICE, DB_NO_ARGS, NULL), ERR_CONFLICT);
	assert_string_equal(db_constraint(cx), "t_deferred_key");
	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx, db_run(cx, &TWICE, DB_NO_ARGS, NULL), ERR_OK);
		assert_err(cx, db_commit(&tx), ERR_CONFLICT);
	}
	assert_int_equal(get_int(cx, &ROWS), 0);
}

static void test_tx__empty(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	CLEANUP(db_end) struct db_tx tx = { 0 };

	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_err(cx, db_commit(&tx), ERR_OK);
	assert_int_equal(get_int(cx, &ONE), 1);
}

/* --- The preamble --- */

static const struct db_stmt PRE = READ("t_pre", 1, "SELECT $1::bigint AS id");
static const struct db_stmt PRE_BAD = READ("t_pre_bad", 0, "SELECT (1 / 0)::bigint AS id");

static void note_call(struct ctx *cx, void *ret)
{
	cx->who.user_id = ((const struct thing *)ret)->id;
}

static void test_precede__rides_along(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct thing t = { 0 };

	db_precede(cx, &PRE, DB_ARGS(DB_INT(42)), &ID, &t, note_call);
	assert_int_equal(t.id, 0);
	assert_int_equal(get_int(cx, &ONE), 1);
	assert_int_equal(t.id, 42);
	assert_int_equal(cx->who.user_id, 42);
	t.id = 0;
	assert_int_equal(get_int(cx, &ONE), 1);
	assert_int_equal(t.id, 0); /* once */
}

static void test_precede__its_failure_stops_the_write(void **state)
{
	static const bool WITHIN[] = { false, true };
	struct ctx *cx = fixture_db_ctx(*state);

	for (size_t i = 0; i < COUNT(WITHIN); i++) {
		const char *name = strdup(new_name(cx)); /* outlives the context */
		struct thing t = { 0 };

		{
			CLEANUP(db_end) struct db_tx tx = { 0 };

			db_precede(cx, &PRE_BAD, DB_NO_ARGS, &ID, &t, note_call);
			if (WITHIN[i])
				assert_err(cx, db_begin(cx, &tx), ERR_OK);
			assert_err(cx, add_row(cx, name), ERR_DATABASE);
			assert_contains(cx->fault.cause, "t_pre_bad");
		}
		/* What comes after does not get past it either. */
		assert_err(cx, add_row(cx, name), ERR_DATABASE);
		assert_int_equal(cx->who.user_id, 0);
		cx = fixture_db_ctx(*state);
		assert_int_equal(count_of(cx, name), 0);
		free((char *)name);
	}
}

static void test_precede__passes_when_the_statement_fails(void **state)
{
	static const struct db_stmt BAD = PLAIN("t_bad", 0, "SELECT 1 / 0");
	struct ctx *cx = fixture_db_ctx(*state);
	struct thing t = { 0 };

	db_precede(cx, &PRE, DB_ARGS(DB_INT(43)), &ID, &t, note_call);
	assert_err(cx, db_run(cx, &BAD, DB_NO_ARGS, NULL), ERR_DATABASE);
	assert_int_equal(t.id, 43);
	assert_contains(cx->fault.cause, "t_bad");
}

static void test_precede__flush(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct thing t = { 0 };

	assert_err(cx, db_flush(cx), ERR_OK);
	db_precede(cx, &PRE, DB_ARGS(DB_INT(44)), &ID, &t, NULL);
	assert_err(cx, db_flush(cx), ERR_OK);
	assert_int_equal(t.id, 44);
}

static void test_precede__ends_with_its_context(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct thing t = { 0 };

	db_precede(cx, &PRE_BAD, DB_NO_ARGS, &ID, &t, NULL);
	cx = fixture_db_ctx(*state);
	assert_int_equal(get_int(cx, &ONE), 1);
}

/* Each Sync that the client sends is one round trip; libpq's trace counts them. */
static int syncs(struct ctx *cx, void (*act)(struct ctx *cx))
{
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	struct ctx own = *cx;
	FILE *trace = tmpfile();
	char line[4096];
	int n = 0;

	own.db = db;
	own.preamble = NULL;
	get_int(&own, &ONE);
	PQtrace(db->conn, trace);
	act(&own);
	PQuntrace(db->conn);
	rewind(trace);
	while (fgets(line, sizeof(line), trace) != NULL)
		n += strstr(line, "\tF\t") != NULL && strstr(line, "\tSync") != NULL;
	fclose(trace);
	return n;
}

static void act_read(struct ctx *cx)
{
	get_int(cx, &PID);
}

static void act_admitted_read(struct ctx *cx)
{
	struct thing t;

	db_precede(cx, &PRE, DB_ARGS(DB_INT(1)), &ID, &t, NULL);
	get_int(cx, &PID);
}

static void act_admitted_write(struct ctx *cx)
{
	static const struct db_stmt TELL =
		READ("t_tell", 1, "SELECT set_config('app.tenant', $1, true)::bigint AS id");
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct thing t;

	db_precede(cx, &TELL, DB_ARGS(DB_INT(cx->who.tenant_id)), &ID, &t, NULL);
	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_err(cx, add_row(cx, new_name(cx)), ERR_OK);
	assert_err(cx, db_commit(&tx), ERR_OK);
}

static void test_round_trips(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);

	assert_int_equal(syncs(cx, act_read), 1);
	assert_int_equal(syncs(cx, act_admitted_read), 1);
	assert_int_equal(syncs(cx, act_admitted_write), 2);
}

/* --- A server that goes away --- */

static void test_lost__a_read_is_sent_again(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t pid = get_int(cx, &PID), now;

	kill_backend(cx, pid);
	now = get_int(cx, &PID);
	assert_true(now != pid);
}

static void test_lost__a_write_is_sent_when_nothing_was(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *name = new_name(cx);

	kill_backend(cx, get_int(cx, &PID));
	assert_err(cx, add_row(cx, name), ERR_OK);
	assert_int_equal(count_of(cx, name), 1);
}

static void test_lost__the_start_of_a_transaction_is_sent_again(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *name = new_name(cx);
	int64_t pid = get_int(cx, &PID);
	CLEANUP(db_end) struct db_tx tx = { 0 };

	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	kill_backend(cx, pid);
	assert_err(cx, add_row(cx, name), ERR_OK);
	assert_err(cx, db_commit(&tx), ERR_OK);
	assert_int_equal(count_of(cx, name), 1);
}

static void test_lost__inside_a_transaction_all_is_lost(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *first = new_name(cx), *second = new_name(cx);
	int64_t pid = get_int(cx, &PID), n;

	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx, add_row(cx, first), ERR_OK);
		kill_backend(cx, pid);
		assert_err(cx, add_row(cx, second), ERR_UNAVAILABLE);
		/* Nothing runs outside the transaction by mistake, not even a read. */
		assert_err(cx, db_get_int(cx, &ONE, DB_NO_ARGS, &n), ERR_UNAVAILABLE);
		assert_err(cx, db_commit(&tx), ERR_UNAVAILABLE);
	}
	assert_int_equal(count_of(cx, first) + count_of(cx, second), 0);
}

/* A write that may have been done is not repeated; a sequence counts how often it was tried. */
static void test_lost__a_write_under_way_is_not_repeated(void **state)
{
	static const struct db_stmt SUICIDE =
		PLAIN("t_suicide", 0,
	              "SELECT pg_terminate_backend(pg_backend_pid())::int"
	              " + 0 * nextval('app.api_key_id_seq')");
	static const struct db_stmt NEXT =
		PLAIN("t_next", 0, "SELECT nextval('app.api_key_id_seq')");
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t before = get_int(cx, &NEXT);

	assert_err(cx, db_run(cx, &SUICIDE, DB_NO_ARGS, NULL), ERR_UNAVAILABLE);
	assert_int_equal(get_int(cx, &NEXT), before + 2);
}

static void test_lost__no_server_at_all(void **state)
{
	CLEANUP(db_close_ptr)
	struct db *db =
		db_open(&(struct db_options){ .conninfo = "host=/nonexistent dbname=x user=x" });
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t n, before = db_now_ms(), first, second;

	cx->db = db;
	assert_err(cx, db_get_int(cx, &ONE, DB_NO_ARGS, &n), ERR_UNAVAILABLE);
	first = db_now_ms() - before;
	assert_in_range(first, DB_RETRY_MS - DB_PAUSE_MAX_MS, DB_RETRY_MS + 1000);
	before = db_now_ms();
	assert_err(cx, db_get_int(cx, &ONE, DB_NO_ARGS, &n), ERR_UNAVAILABLE);
	second = db_now_ms() - before;
	assert_in_range(second, 0, 500); /* it is known to be away: answered at once */
}

/* --- Notifications --- */

static void test_wait(void **state)
{
	struct fixture_db *f = *state;
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	struct ctx *cx = fixture_db_ctx(f);
	struct ctx waiter = *cx;
	int fds[2];

	waiter.db = db;
	assert_int_equal(pipe(fds), 0);
	assert_err(&waiter, db_listen(&waiter, "t_channel"), ERR_OK);
	assert_err(&waiter, db_listen(&waiter, "t_channel"), ERR_OK);
	assert_false(db_wait(&waiter, -1, 30));
	assert_err(cx, db_script(cx, "NOTIFY t_channel"), ERR_OK);
	assert_true(db_wait(&waiter, -1, 5000));
	assert_false(db_wait(&waiter, -1, 0));

	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_false(db_wait(&waiter, fds[0], 60000));

	/* After a loss the channel is followed again, and something may have been missed. */
	kill_backend(cx, get_int(&waiter, &PID));
	assert_true(db_wait(&waiter, -1, 5000));
	assert_false(db_wait(&waiter, -1, 30));
	assert_err(cx, db_script(cx, "NOTIFY t_channel"), ERR_OK);
	assert_true(db_wait(&waiter, -1, 5000));
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tx__commit_and_roll_back),
		cmocka_unit_test(test_tx__savepoint),
		cmocka_unit_test(test_tx__savepoint_before_anything_else),
		cmocka_unit_test(test_tx__commit_after_a_failure_is_no_success),
		cmocka_unit_test(test_tx__refused_at_commit),
		cmocka_unit_test(test_tx__empty),
		cmocka_unit_test(test_precede__rides_along),
		cmocka_unit_test(test_precede__its_failure_stops_the_write),
		cmocka_unit_test(test_precede__passes_when_the_statement_fails),
		cmocka_unit_test(test_precede__flush),
		cmocka_unit_test(test_precede__ends_with_its_context),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_lost__a_read_is_sent_again),
		cmocka_unit_test(test_lost__a_write_is_sent_when_nothing_was),
		cmocka_unit_test(test_lost__the_start_of_a_transaction_is_sent_again),
		cmocka_unit_test(test_lost__inside_a_transaction_all_is_lost),
		cmocka_unit_test(test_lost__a_write_under_way_is_not_repeated),
		cmocka_unit_test(test_lost__no_server_at_all),
		cmocka_unit_test(test_wait),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
