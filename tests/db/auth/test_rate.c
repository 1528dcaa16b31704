/* A10: buckets in the database: never more than the limit, whoever asks; and origins, A4. */
#include "fixture_db.h"

#include "auth/origin.h"
#include "auth/rate.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 2

/* A process of its own as far as rates go: connection, memory and a clock to be set. */
struct side {
	struct fake_clock clock;
	struct app app;
	struct db *db;
	struct ctx cx;
};

static int64_t side_mono_us(const struct clock *self)
{
	return ((const struct fake_clock *)self)->since_us;
}

static void side_open(struct side *s, const struct ctx *cx)
{
	*s = (struct side){ .app = *cx->app, .db = fixture_db_connect(FIXTURE_APP) };
	s->clock = (struct fake_clock){ .clock = system_clock, .since_us = 1000000 };
	s->clock.clock.mono_us = side_mono_us;
	s->app.clock = &s->clock.clock;
	s->app.rates = rate_memory_new();
	s->app.origins = origin_memory_new();
	s->cx = (struct ctx){ .app = &s->app, .arena = cx->arena, .db = s->db };
}

static void side_close(struct side *s)
{
	db_close(s->db);
	rate_memory_free(s->app.rates);
	origin_memory_free(s->app.origins);
}

/* An id that no other run of the test has used. */
static int64_t fresh_id(struct ctx *cx)
{
	return fixture_db_int(cx, "SELECT nextval('app.job_claim_seq') + 1000000000");
}

static enum err pay_key(struct side *s, int64_t id, int64_t quota, int64_t cost,
                        struct rate_state *ret)
{
	struct rate_payer p = rate_payer_id(RATE_OF_KEY, id, quota);

	return rate_pay(&s->cx, &p, 1, cost, ret);
}

static void move_slots(struct ctx *cx, int64_t key_id, int slots)
{
	const struct db_stmt stmt = {
		.name = "test_move",
		.any_tenant = true,
		.nparams = 2,
		.sql = "UPDATE app.rate_bucket SET slot = slot - $2 WHERE name = 'k' || $1",
	};
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_OWNER);
	struct ctx own = { .app = cx->app, .arena = cx->arena, .db = db };
	int64_t n = 0;

	assert_err(&own,
	           db_run(&own, &stmt,
	                  DB_ARGS(DB_TEXT(arena_printf(cx->arena, "%lld", (long long)key_id)),
	                          DB_INT(slots)),
	                  &n),
	           ERR_OK);
	assert_int_equal(n, 1);
}

/* Ask until refused; the number of tokens that were had. */
static int64_t drain(const struct ctx *cx, int64_t id, int64_t quota, int64_t cost)
{
	struct side s;
	int64_t n = 0;
	enum err e;

	side_open(&s, cx);
	while ((e = pay_key(&s, id, quota, cost, NULL)) == ERR_OK && n <= 10 * quota)
		n += cost;
	if (e != ERR_RATE)
		n = -1;
	side_close(&s);
	return n;
}

/* Each of several processes asks as fast as it can: together they get the limit, and no more. */
static void test_rate__processes_together(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = fresh_id(cx), quota = 3000, sum = 0;
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			int64_t n = drain(cx, id, quota, i == 0 ? RATE_COST_READ : RATE_COST_WRITE);

			_exit(write(pipes[1], &n, sizeof(n)) == sizeof(n) ? 0 : 1);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		int64_t n;

		assert_int_equal(read(pipes[0], &n, sizeof(n)), sizeof(n));
		assert_true(n >= 0);
		sum += n;
	}
	while (wait(NULL) > 0)
		;
	close(pipes[0]);
	close(pipes[1]);
	print_message("# %lld of %lld\n", (long long)sum, (long long)quota);
	assert_true(sum <= quota);
	assert_true(sum >= quota - quota / 20);
}

/* What a process has not used after two seconds goes back. */
static void test_rate__batches_lapse(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = fresh_id(cx);
	struct rate_state st;
	struct side a, b;

	side_open(&a, cx);
	side_open(&b, cx);
	assert_err(&a.cx, pay_key(&a, id, 600, 1, &st), ERR_OK);
	assert_int_equal(st.quota, 600);
	assert_int_equal(st.left, 599);
	assert_in_range(st.return_s, 62, 64);
	assert_err(&b.cx, pay_key(&b, id, 600, 1, &st), ERR_OK);
	assert_int_equal(st.left, 600 - 6 - 1); /* a's batch of 6 is out */
	a.clock.since_us += 2000000;
	assert_err(&a.cx, pay_key(&a, id, 600, 1, &st), ERR_OK);
	assert_int_equal(st.left, 600 - 6 - 2); /* b's batch, and two that were used */
	side_close(&a);
	side_close(&b);
}

/* A token is back when the slot in which it was taken is 32 old, not before. */
static void test_rate__tokens_come_back(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = fresh_id(cx);
	struct side a;

	side_open(&a, cx);
	for (int i = 0; i < 10; i++)
		assert_err(&a.cx, pay_key(&a, id, 10, 1, NULL), ERR_OK);
	assert_err(&a.cx, pay_key(&a, id, 10, 1, NULL), ERR_RATE);
	assert_in_range(a.cx.fault.retry_s, 60, 64);
	a.clock.since_us += (a.cx.fault.retry_s - 1) * 1000000;
	move_slots(cx, id, 30);
	assert_err(&a.cx, pay_key(&a, id, 10, 1, NULL), ERR_RATE);
	a.clock.since_us += 5 * 1000000;
	move_slots(cx, id, 2);
	assert_err(&a.cx, pay_key(&a, id, 10, 1, NULL), ERR_OK);
	side_close(&a);
}

static void set_tenant(struct ctx *cx, const char *column_value)
{
	const struct db_stmt stmt = {
		.name = "test_set_tenant",
		.nparams = 1,
		.sql = arena_printf(cx->arena, "UPDATE app.tenant SET %s WHERE id = $1",
		                    column_value),
	};
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_SUPER);
	struct ctx own = { .app = cx->app, .arena = cx->arena, .db = db, .who = cx->who };
	int64_t n = 0;

	assert_err(&own, db_run(&own, &stmt, DB_NO_ARGS, &n), ERR_OK);
	assert_int_equal(n, 1);
}

/* A tenant's own limit holds instead of the setting, a higher and a lower one, and 0 lets it ask freely. */
static void test_rate__tenants_own_limit(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t tenant_id = cx->who.tenant_id = fixture_db_tenant(cx), key_id = fresh_id(cx);
	struct rate_payer p[2];
	struct rate_state st;
	struct side a;
	int n = 0;

	side_open(&a, cx);
	set_tenant(cx, "requests_per_minute = 7");
	for (; n < 100; n++) {
		p[0] = rate_payer_id(RATE_OF_KEY, key_id, 600);
		p[1] = rate_payer_id(RATE_OF_TENANT, tenant_id, 1000);
		if (rate_pay(&a.cx, p, 2, 1, &st) != ERR_OK)
			break;
	}
	assert_int_equal(n, 7);
	assert_int_equal(st.kind, RATE_OF_TENANT);
	assert_int_equal(st.quota, 7);
	assert_int_equal(a.cx.fault.code, ERR_RATE);
	set_tenant(cx, "requests_per_minute = 0");
	a.clock.since_us += 65 * 1000000;
	for (n = 0; n < 100; n++) {
		p[1] = rate_payer_id(RATE_OF_TENANT, tenant_id, 10);
		assert_err(&a.cx, rate_pay(&a.cx, p + 1, 1, 5, &st), ERR_OK);
	}
	assert_int_equal(st.kind, 0);
	side_close(&a);
}

/* Key and tenant at once from several processes: nobody waits for another in a circle. */
static void test_rate__no_deadlock(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t tenant_id = fresh_id(cx), key_id = fresh_id(cx);
	int status, bad = 0;

	for (int i = 0; i < 4; i++) {
		pid_t pid = fork();
		struct side s;

		assert_true(pid >= 0);
		if (pid != 0)
			continue;
		side_open(&s, cx);
		for (int k = 0; k < 200; k++) {
			struct rate_payer p[2] = {
				rate_payer_id(RATE_OF_KEY, key_id + i % 2, 100000),
				rate_payer_id(RATE_OF_TENANT, tenant_id, 100000),
			};

			s.clock.since_us += 3000000;
			if (rate_pay(&s.cx, p, 2, 1, NULL) != ERR_OK)
				_exit(1);
		}
		_exit(0);
	}
	while (wait(&status) > 0)
		bad += status != 0;
	assert_int_equal(bad, 0);
}

/* The database is away: the error once, then nothing is counted for a second. */
static void test_rate__database_away(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t id = fresh_id(cx);
	struct side a;

	side_open(&a, cx);
	db_close(a.db);
	a.db = a.cx.db = db_open(&(struct db_options){ .conninfo = "host=/nowhere" });
	assert_err(&a.cx, pay_key(&a, id, 10, 1, NULL), ERR_UNAVAILABLE);
	for (int i = 0; i < 100; i++)
		assert_err(&a.cx, pay_key(&a, id, 10, 1, NULL), ERR_OK);
	a.clock.since_us += 1000000;
	assert_err(&a.cx, pay_key(&a, id, 10, 1, NULL), ERR_UNAVAILABLE);
	side_close(&a);
}

/* Workers reach the buckets through the function alone. */
static void test_rate__table_is_closed(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct db_stmt stmt = { .name = "test_peek",
		                      .any_tenant = true,
		                      .sql = "SELECT count(*) FROM app.rate_bucket" };
	int64_t n;

	assert_err(cx, db_get_int(cx, &stmt, DB_NO_ARGS, &n), ERR_DATABASE);
	assert_contains(cx->fault.cause, "42501");
}

static bool allowed(struct side *s, const char *origin, int64_t tenant_id)
{
	bool ret = true;

	assert_err(&s->cx, origin_allowed(&s->cx, origin, tenant_id, &ret), ERR_OK);
	return ret;
}

static void test_origin__of_a_tenant(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t mine = cx->who.tenant_id = fixture_db_tenant(cx), other = fixture_db_tenant(cx);
	const char *origin = arena_printf(cx->arena, "https://o%lld.example", (long long)mine);
	struct side a;

	side_open(&a, cx);
	assert_false(origin_remembered(&a.cx, origin));
	assert_false(allowed(&a, origin, 0));
	set_tenant(cx, arena_printf(cx->arena, "cors_origins = '{https://b.example,%s}'", origin));
	assert_false(allowed(&a, origin, 0)); /* remembered for three seconds */
	a.clock.since_us += 3000000;
	assert_true(allowed(&a, origin, 0));
	assert_true(origin_remembered(&a.cx, origin));
	assert_true(allowed(&a, origin, mine));
	assert_false(allowed(&a, origin, other));
	assert_false(allowed(&a, "https://o.example", mine));
	assert_false(allowed(&a, "*", mine));
	set_tenant(cx, "status = 'deleting'");
	a.clock.since_us += 3000000;
	assert_false(allowed(&a, origin, mine));
	assert_false(allowed(&a, origin, 0));
	side_close(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate__processes_together),
		cmocka_unit_test(test_rate__batches_lapse),
		cmocka_unit_test(test_rate__tokens_come_back),
		cmocka_unit_test(test_rate__tenants_own_limit),
		cmocka_unit_test(test_rate__no_deadlock),
		cmocka_unit_test(test_rate__database_away),
		cmocka_unit_test(test_rate__table_is_closed),
		cmocka_unit_test(test_origin__of_a_tenant),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
