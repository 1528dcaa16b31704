/* Who asks, as row-level security is told it: app.tenant and app.user, until the transaction ends (A6). */
#include "db_aid.h"

static const struct db_stmt TENANT =
	READ("t_tenant", 0, "SELECT coalesce(app.current_tenant_id(), 0)");
static const struct db_stmt USER = READ("t_user", 0, "SELECT coalesce(app.current_user_id(), 0)");
static const struct db_stmt BROKEN = PLAIN("t_broken", 0, "SELECT 1 / 0");

static struct ctx *asking(void *state, int64_t tenant_id, int64_t user_id)
{
	struct ctx *cx = fixture_db_ctx(state);

	cx->who = (struct who){ .tenant_id = tenant_id, .user_id = user_id };
	return cx;
}

#define assert_told(cx, tenant, user)                                                              \
	do {                                                                                       \
		assert_int_equal(get_int(cx, &TENANT), tenant);                                    \
		assert_int_equal(get_int(cx, &USER), user);                                        \
	} while (0)

/* Each statement alone is a transaction of its own, and nothing is left for the next. */
static void test_who__lone_statements(void **state)
{
	assert_told(asking(*state, 7, 0), 7, 0);
	assert_told(asking(*state, 0, 8), 0, 8);
	assert_told(asking(*state, 7, 8), 7, 8);
	assert_told(asking(*state, 0, 0), 0, 0);
}

static void test_who__nothing_outlives_a_transaction(void **state)
{
	for (int commits = 0; commits < 2; commits++) {
		struct ctx *cx = asking(*state, 7, 8);
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_told(cx, 7, 8);
		if (commits)
			assert_err(cx, db_commit(&tx), ERR_OK);
		else
			db_end(&tx);
		assert_told(asking(*state, 0, 0), 0, 0);
	}
}

/* Within one transaction somebody else asks, then nobody, then the first again. */
static void test_who__changes(void **state)
{
	struct ctx *cx = asking(*state, 0, 0);
	CLEANUP(db_end) struct db_tx tx = { 0 };

	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_told(cx, 0, 0);
	cx->who.tenant_id = 7;
	assert_told(cx, 7, 0);
	cx->who.user_id = 8;
	assert_told(cx, 7, 8);
	cx->who = (struct who){ 0 };
	assert_told(cx, 0, 0);
	cx->who.tenant_id = 9;
	assert_told(cx, 9, 0);
	assert_err(cx, db_commit(&tx), ERR_OK);
}

/* What is told inside a savepoint is undone with it, on the server too. */
static void test_who__savepoints(void **state)
{
	for (int undone = 0; undone < 2; undone++) {
		struct ctx *cx = asking(*state, 7, 0);
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_told(cx, 7, 0);
		{
			CLEANUP(db_end) struct db_tx inner = { 0 };

			assert_err(cx, db_begin(cx, &inner), ERR_OK);
			cx->who.tenant_id = 9;
			assert_told(cx, 9, 0);
			if (undone)
				assert_err(cx, db_run(cx, &BROKEN, DB_NO_ARGS, NULL), ERR_DATABASE);
			else
				assert_err(cx, db_commit(&inner), ERR_OK);
		}
		assert_told(cx, 9, 0);
		cx->who.tenant_id = 7;
		assert_told(cx, 7, 0);
	}
}

/* Told first inside a savepoint that is given up: the transaction around it has not heard. */
static void test_who__first_told_in_a_savepoint(void **state)
{
	struct ctx *cx = asking(*state, 0, 0);
	CLEANUP(db_end) struct db_tx tx = { 0 };

	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_told(cx, 0, 0);
	{
		CLEANUP(db_end) struct db_tx inner = { 0 };

		assert_err(cx, db_begin(cx, &inner), ERR_OK);
		cx->who.tenant_id = 7;
		assert_told(cx, 7, 0);
	}
	assert_told(cx, 7, 0);
}

/* BEGIN and a savepoint go out together: who asks is told to the transaction, not to the savepoint. */
static void test_who__both_levels_at_once(void **state)
{
	struct ctx *cx = asking(*state, 7, 0);
	CLEANUP(db_end) struct db_tx tx = { 0 };

	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	{
		CLEANUP(db_end) struct db_tx inner = { 0 };

		assert_err(cx, db_begin(cx, &inner), ERR_OK);
		assert_told(cx, 7, 0);
	}
	assert_told(cx, 7, 0);
	assert_int_equal(cx->db->told, 1);
}

/* An admission tells by itself; what it tells is what holds in the transaction. */
static void test_who__told_by_the_admission(void **state)
{
	static const struct db_stmt ADMIT =
		READ("t_admit", 0, "SELECT set_config('app.tenant', '7', true)::bigint AS id");
	struct ctx *cx = asking(*state, 7, 0);
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct thing t;

	db_precede(cx, &ADMIT, DB_NO_ARGS, &ID, &t, NULL);
	assert_told(cx, 7, 0);
	db_precede(cx, &ADMIT, DB_NO_ARGS, &ID, &t, NULL);
	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_told(cx, 7, 0);
	assert_int_equal(cx->db->told, 1);
	assert_err(cx, db_commit(&tx), ERR_OK);
	assert_told(asking(*state, 0, 0), 0, 0);
}

/* A new session knows nothing: the start of a transaction that was lost is told again. */
static void test_who__after_a_loss(void **state)
{
	struct ctx *cx = asking(*state, 7, 0);
	CLEANUP(db_end) struct db_tx tx = { 0 };

	kill_backend(cx, get_int(cx, &PID));
	assert_told(cx, 7, 0);
	kill_backend(cx, get_int(cx, &PID));
	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_told(cx, 7, 0);
	kill_backend(cx, get_int(cx, &PID));
	{
		int64_t n;

		assert_err(cx, db_get_int(cx, &TENANT, DB_NO_ARGS, &n), ERR_UNAVAILABLE);
	}
	db_end(&tx);
	assert_told(cx, 7, 0);
}

/* A script in a transaction runs as who asks. */
static void test_who__scripts(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = asking(f, f->tenant_id, 0);
	const char *name = new_name(cx);
	CLEANUP(db_end) struct db_tx tx = { 0 };

	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_err(cx,
	           db_script(cx, arena_printf(cx->arena,
	                                      "INSERT INTO app.project (tenant_id, name,"
	                                      " repository_url) VALUES (%lld, '%s', 'x')",
	                                      (long long)f->tenant_id, name)),
	           ERR_OK);
	assert_int_equal(count_of(cx, name), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who__lone_statements),
		cmocka_unit_test(test_who__nothing_outlives_a_transaction),
		cmocka_unit_test(test_who__changes),
		cmocka_unit_test(test_who__savepoints),
		cmocka_unit_test(test_who__first_told_in_a_savepoint),
		cmocka_unit_test(test_who__both_levels_at_once),
		cmocka_unit_test(test_who__told_by_the_admission),
		cmocka_unit_test(test_who__after_a_loss),
		cmocka_unit_test(test_who__scripts),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
