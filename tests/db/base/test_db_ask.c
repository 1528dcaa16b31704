/* Questions of several callers that share a round trip: each answer is its caller's own (A6). */
#include "db_aid.h"

static const struct db_stmt TENANT =
	READ("q_tenant", 0, "SELECT coalesce(app.current_tenant_id(), 0) AS id");
static const struct db_stmt USER =
	READ("q_user", 0, "SELECT coalesce(app.current_user_id(), 0) AS id");
static const struct db_stmt BROKEN = READ("q_broken", 0, "SELECT 1 / 0 AS id");
static const struct db_stmt NONE = READ("q_none", 0, "SELECT 1 AS id WHERE false");
static const struct db_stmt SLOW = READ("q_slow", 0, "SELECT 1 AS id FROM pg_sleep(0.02)");
static const struct db_stmt MINE = {
	.name = "q_mine",
	.read = true,
	.nparams = 2,
	.sql = "SELECT id FROM app.project WHERE tenant_id = $1 AND name = $2",
};
/* What row security alone leaves, whatever the statement says of the tenant. */
static const struct db_stmt SEEN = READ("q_seen", 1, "SELECT id FROM app.project WHERE name = $1");

/* Admissions as the program has them: one row, the settings of the transaction, or a refusal. */
static const struct db_stmt ADMIT = READ("q_admit", 1,
                                         "SELECT set_config('app.tenant', $1, true)::bigint AS id,"
                                         " set_config('app.user', '', true) AS name");
static const struct db_stmt REFUSE =
	READ("q_refuse", 0, "SELECT app.admit_key_packed(0, '{}', 1, '', NULL) AS id");

/* Callers with one connection. */
#define CALLERS 4
struct party {
	struct ctx cx[CALLERS];
	struct db_question *q[CALLERS];
	struct db_arg claim[CALLERS]; /* with which it asks to be admitted */
	struct thing admitted[CALLERS];
};

static struct party *gathered(void *state)
{
	struct ctx *cx = fixture_db_ctx(state);
	struct party *p = arena_alloc(cx->arena, sizeof(*p));

	for (int i = 0; i < CALLERS; i++) {
		p->cx[i] = *cx;
		p->cx[i].who = (struct who){ 0 };
	}
	return p;
}

static void take_in(struct ctx *cx, void *ret)
{
	const struct thing *t = ret;

	cx->who = (struct who){ .tenant_id = t->id, .role = ROLE_VIEWER };
}

/* As an edge that counts on a tenant before the database has confirmed it. */
static void admit(struct party *p, int i, int64_t tenant_id)
{
	struct ctx *cx = &p->cx[i];
	const char *text = arena_printf(cx->arena, "%lld", (long long)tenant_id);

	cx->who = (struct who){ .tenant_id = tenant_id };
	p->claim[i] = (struct db_arg)DB_TEXT(text);
	db_precede(cx, &ADMIT, &p->claim[i], 1, &THING, &p->admitted[i], take_in);
}

static void ask(struct party *p, int i, const struct db_stmt *stmt)
{
	assert_err(&p->cx[i], db_ask(&p->cx[i], stmt, DB_NO_ARGS, &p->q[i]), ERR_OK);
}

#define assert_id(p, i, wanted)                                                                    \
	do {                                                                                       \
		struct thing row = { 0 };                                                          \
		assert_err(&(p)->cx[i], db_answer(&(p)->cx[i], (p)->q[i], &ID, &row), ERR_OK);     \
		assert_true(row.id == (wanted));                                                   \
	} while (0)

static enum err answer_to(struct party *p, int i)
{
	struct thing got;

	return db_answer(&p->cx[i], p->q[i], &ID, &got);
}

/* Two tenants in turn: what one was told does not hold for the next. */
static void test_ask__each_as_itself(void **state)
{
	struct party *p = gathered(*state);

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < CALLERS; i++) {
			admit(p, i, 7 + i % 2);
			ask(p, i, &TENANT);
		}
		for (int i = 0; i < CALLERS; i++) {
			assert_id(p, i, 7 + i % 2);
			assert_int_equal(p->cx[i].who.role, ROLE_VIEWER);
			assert_null(p->cx[i].preamble);
		}
	}
	assert_int_equal(get_int(&p->cx[0], &PID), get_int(&p->cx[1], &PID));
}

/* Neighbours of one credential are admitted once, and each is told of it; not across somebody else. */
static void test_ask__admitted_once(void **state)
{
	static const struct db_stmt COUNTED = READ(
		"q_counted", 1,
		"SELECT set_config('app.tenant', $1, true)::bigint AS id, (set_config('t.admissions',"
		" (coalesce(nullif(current_setting('t.admissions', true), ''), '0')::int + 1)::text, true)) AS name");
	static const struct db_stmt ADMISSIONS =
		READ("q_admissions", 0, "SELECT current_setting('t.admissions')::bigint AS id");
	static const struct {
		int64_t tenants[CALLERS], admissions[CALLERS];
	} CASES[] = {
		{ { 7, 7, 7, 7 }, { 1, 1, 1, 1 } }, { { 7, 7, 8, 8 }, { 1, 1, 2, 2 } },
		{ { 7, 8, 7, 8 }, { 1, 2, 3, 4 } }, { { 7, 8, 8, 7 }, { 1, 2, 2, 3 } },
		{ { 7, 7, 0, 7 }, { 1, 1, 1, 2 } },
	};

	for (size_t n = 0; n < COUNT(CASES); n++) {
		struct party *p = gathered(*state);

		for (int i = 0; i < CALLERS; i++) {
			admit(p, i, CASES[n].tenants[i]);
			p->cx[i].preamble->stmt = &COUNTED;
			if (CASES[n].tenants[i] == 0)
				p->cx[i].preamble = NULL;
			ask(p, i, &ADMISSIONS);
		}
		for (int i = 0; i < CALLERS; i++) {
			assert_id(p, i, CASES[n].admissions[i]);
			assert_true(p->cx[i].who.tenant_id == CASES[n].tenants[i]);
			assert_int_equal(p->cx[i].who.role,
			                 CASES[n].tenants[i] == 0 ? ROLE_UNSET : ROLE_VIEWER);
		}
	}
}

/* Nobody, after somebody, is nobody; and a person is nobody's tenant. */
static void test_ask__nobody_inherits(void **state)
{
	struct party *p = gathered(*state);

	admit(p, 0, 7);
	ask(p, 0, &TENANT);
	ask(p, 1, &TENANT);
	p->cx[2].who.user_id = 9;
	ask(p, 2, &TENANT);
	p->cx[3].who = (struct who){ .tenant_id = 8, .user_id = 9 };
	ask(p, 3, &USER);
	assert_id(p, 0, 7);
	assert_id(p, 1, 0);
	assert_id(p, 2, 0);
	assert_id(p, 3, 9);
	ask(p, 1, &USER);
	ask(p, 0, &TENANT);
	assert_id(p, 1, 0);
	assert_id(p, 0, 7);
}

/* Rows of two tenants under one name: the wall holds inside a pipeline as well. */
static void test_ask__sees_its_own_rows(void **state)
{
	struct fixture_db *f = *state;
	struct party *p = gathered(f);
	struct ctx *cx = &p->cx[0];
	const char *name = new_name(cx);
	int64_t tenants[2] = { fixture_db_tenant(cx), fixture_db_tenant(cx) }, ids[2];
	struct list list;

	for (int i = 0; i < 2; i++)
		ids[i] = fixture_db_int(
			cx, arena_printf(cx->arena,
		                         "INSERT INTO app.project (tenant_id, name, repository_url)"
		                         " VALUES (%lld, '%s', 'x') RETURNING id",
		                         (long long)tenants[i], name));
	for (int i = 0; i < CALLERS; i++) {
		admit(p, i, tenants[i % 2]);
		assert_err(
			&p->cx[i],
			db_ask(&p->cx[i], i < 2 ? &MINE : &SEEN, DB_ARGS(DB_TEXT(name)), &p->q[i]),
			ERR_OK);
	}
	for (int i = 0; i < CALLERS; i++) {
		assert_err(&p->cx[i], db_answer_list(&p->cx[i], p->q[i], &ID, &list), ERR_OK);
		assert_int_equal(list.n, 1);
		assert_true(((const struct thing *)list.items)[0].id == ids[i % 2]);
	}
}

/* A key that was revoked, a statement that fails, a row that is not there: told to whom it belongs alone. */
static void test_ask__a_refusal_is_one_callers(void **state)
{
	for (int at = 0; at < CALLERS; at++) {
		struct party *p = gathered(*state);
		struct thing t;

		for (int i = 0; i < CALLERS; i++) {
			admit(p, i, 7 + i);
			if (i == at)
				db_precede(&p->cx[i], &REFUSE, DB_NO_ARGS, &ID, &t, NULL);
			ask(p, i, i == (at + 2) % CALLERS ? &BROKEN : &TENANT);
		}
		for (int i = 0; i < CALLERS; i++) {
			if (i == at) {
				assert_err(&p->cx[i], answer_to(p, i), ERR_UNAUTHENTICATED);
				assert_non_null(p->cx[i].preamble);
			} else if (i == (at + 2) % CALLERS) {
				assert_err(&p->cx[i], answer_to(p, i), ERR_DATABASE);
				assert_int_equal(p->cx[i].who.role, ROLE_VIEWER);
			} else {
				assert_id(p, i, 7 + i);
			}
		}
	}
}

static void test_ask__no_row(void **state)
{
	struct party *p = gathered(*state);

	admit(p, 0, 7);
	ask(p, 0, &NONE);
	admit(p, 1, 8);
	ask(p, 1, &TENANT);
	assert_err(&p->cx[0], answer_to(p, 0), ERR_NOT_FOUND);
	assert_int_equal(p->cx[0].who.role, ROLE_VIEWER);
	assert_id(p, 1, 8);
}

/* The server goes away between two rounds and in the middle of one; everybody is answered. */
static void test_ask__over_a_loss(void **state)
{
	struct party *p = gathered(*state);

	for (int round = 0; round < 2; round++) {
		kill_backend(&p->cx[3], get_int(&p->cx[3], &PID));
		for (int i = 0; i < CALLERS; i++) {
			admit(p, i, 7 + i);
			ask(p, i, i == 1 && round == 1 ? &SLOW : &TENANT);
		}
		for (int i = 0; i < CALLERS; i++)
			assert_id(p, i, i == 1 && round == 1 ? 1 : 7 + i);
	}
}

/* It ends its own session: what was answered before stays, it alone fails, the others are asked again. */
static void test_ask__lost_by_one_of_them(void **state)
{
	static const struct db_stmt END =
		READ("q_end", 0, "SELECT pg_terminate_backend(pg_backend_pid())::int AS id");
	struct party *p = gathered(*state);

	for (int i = 0; i < CALLERS; i++) {
		admit(p, i, 7 + i);
		p->cx[i].deadline_ms =
			p->cx[i].app->clock->mono_us(p->cx[i].app->clock) / 1000 + 300;
		ask(p, i, i == 1 ? &END : &TENANT);
	}
	assert_id(p, 0, 7);
	assert_err(&p->cx[1], answer_to(p, 1), ERR_UNAVAILABLE);
	for (int i = 2; i < CALLERS; i++) {
		p->cx[i].deadline_ms = 0;
		assert_id(p, i, 7 + i);
	}
}

/* A plan that a migration has made useless, in the middle. */
static void test_ask__stale_plan(void **state)
{
	static const struct db_stmt ALL = READ("q_stale", 0, "SELECT * FROM t_asked");
	struct party *p = gathered(*state);
	struct thing got;

	assert_err(&p->cx[0],
	           db_script(&p->cx[0], "CREATE TEMP TABLE t_asked (id int);"
	                                "INSERT INTO t_asked VALUES (5)"),
	           ERR_OK);
	assert_err(&p->cx[0], db_get(&p->cx[0], &ALL, DB_NO_ARGS, &ID, &got), ERR_OK);
	assert_err(&p->cx[0], db_script(&p->cx[0], "ALTER TABLE t_asked ALTER id TYPE bigint"),
	           ERR_OK);
	for (int i = 0; i < CALLERS; i++) {
		admit(p, i, 7 + i);
		ask(p, i, i == 1 ? &ALL : &TENANT);
	}
	assert_id(p, 0, 7);
	assert_err(&p->cx[1], answer_to(p, 1), ERR_DATABASE);
	assert_contains(p->cx[1].fault.cause,
	                "42P01"); /* asked of a new connection, where it is not */
	assert_id(p, 2, 9);
	assert_id(p, 3, 10);
}

/* Nothing waits for a question: other statements and transactions come and go before it is answered. */
static void test_ask__others_between(void **state)
{
	struct party *p = gathered(*state);

	admit(p, 0, 7);
	ask(p, 0, &TENANT);
	p->cx[1].who.tenant_id = 8;
	assert_int_equal(get_int(&p->cx[1], &TENANT), 8);
	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(&p->cx[1], db_begin(&p->cx[1], &tx), ERR_OK);
		assert_int_equal(get_int(&p->cx[1], &TENANT), 8);
		assert_err(&p->cx[1], db_commit(&tx), ERR_OK);
	}
	ask(p, 1, &TENANT);
	assert_id(p, 0, 7);
	assert_id(p, 1, 8);
}

/* Of one alone inside a transaction too; and one that nobody wants to hear is not sent. */
static void test_ask__alone(void **state)
{
	struct party *p = gathered(*state);
	struct ctx *cx = &p->cx[0];
	CLEANUP(db_end) struct db_tx tx = { 0 };

	cx->who.tenant_id = 7;
	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	ask(p, 0, &TENANT);
	assert_id(p, 0, 7);
	assert_err(cx, db_commit(&tx), ERR_OK);
	ask(p, 0, &BROKEN);
	ask(p, 1, &TENANT);
	db_forget(cx, p->q[0]);
	db_forget(cx, NULL);
	assert_null(cx->db->asked->next);
	assert_id(p, 1, 0);
	assert_null(cx->db->asked);
}

static void test_ask__refused_before_it_is_sent(void **state)
{
	struct party *p = gathered(*state);
	struct ctx *cx = &p->cx[0];

	assert_err(cx, db_ask(cx, &MINE, DB_ARGS(DB_TEXT("x")), &p->q[0]), ERR_INTERNAL);
	cx->deadline_ms = 1;
	assert_err(cx, db_ask(cx, &TENANT, DB_NO_ARGS, &p->q[0]), ERR_TIMEOUT);
	assert_null(cx->db->asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ask__each_as_itself),
		cmocka_unit_test(test_ask__admitted_once),
		cmocka_unit_test(test_ask__nobody_inherits),
		cmocka_unit_test(test_ask__sees_its_own_rows),
		cmocka_unit_test(test_ask__a_refusal_is_one_callers),
		cmocka_unit_test(test_ask__no_row),
		cmocka_unit_test(test_ask__over_a_loss),
		cmocka_unit_test(test_ask__lost_by_one_of_them),
		cmocka_unit_test(test_ask__stale_plan),
		cmocka_unit_test(test_ask__others_between),
		cmocka_unit_test(test_ask__alone),
		cmocka_unit_test(test_ask__refused_before_it_is_sent),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
