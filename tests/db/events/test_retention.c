/* Partitions by day: made ahead, dropped in time, never waited for.  D5. */
#include "teller.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct db_stmt KEEP = {
	.name = "t_keep",
	.nparams = 1,
	.any_tenant = true,
	.sql = "SELECT app.keep_partitions('event', $1::integer)",
};

static int64_t keep(struct ctx *cx, int64_t days)
{
	int64_t n = -1;

	assert_err(cx, db_get_int(cx, &KEEP, DB_ARGS(DB_INT(days)), &n), ERR_OK);
	return n;
}

static void script(struct teller *super, const char *sql)
{
	assert_err(&super->cx, db_script(teller_ctx(super), sql), ERR_OK);
}

/* @ret how many partitions have a name like that */
static int64_t partitions(struct ctx *cx, const char *like)
{
	return fixture_db_int(cx, arena_printf(cx->arena,
	                                       "SELECT count(*) FROM pg_class WHERE relnamespace ="
	                                       " 'app_part'::regnamespace AND relkind = 'r'"
	                                       " AND relname LIKE '%s'",
	                                       like));
}

static void test_keep__makes_days_ahead(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct teller super, t;

	teller_open(&super, cx, FIXTURE_SUPER);
	teller_open(&t, cx, FIXTURE_RUNNER);
	script(&super, "DO $$ BEGIN EXECUTE format('DROP TABLE app_part.%I',"
	               " 'event_' || to_char(current_date + 2, 'YYYYMMDD')); END $$");
	assert_int_equal(keep(&t.cx, 90), 0);
	assert_int_equal(partitions(cx, "event\\_2%"), 3); /* today and two days */
	assert_int_equal(keep(&t.cx, 90), 0);              /* nothing is left to do */
	assert_int_equal(partitions(cx, "event\\_2%"), 3);
	teller_close(&super);
	teller_close(&t);
}

/* A day's partition goes whole; what came for a day that had none goes from where it lies. */
static void test_keep__drops_what_is_old(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct teller super, t;

	teller_open(&super, cx, FIXTURE_SUPER);
	teller_open(&t, cx, FIXTURE_RUNNER);
	script(&super,
	       "CREATE TABLE app_part.event_20200101 PARTITION OF app.event FOR VALUES"
	       " FROM ('2020-01-01') TO ('2020-01-02');"
	       "INSERT INTO app.event (tenant_id, kind, payload, actor, sequenced_at) VALUES"
	       " (1, 't.old', '{}', 'a', '2020-01-01 12:00'),"
	       " (1, 't.old', '{}', 'a', '2020-02-01 12:00'),"
	       " (1, 't.young', '{}', 'a', now() - interval '5 days')");
	assert_int_equal(fixture_db_int(cx, "SELECT count(*) FROM app_part.event_rest"), 2);
	assert_int_equal(keep(&t.cx, 0), 0); /* 0: nothing goes */
	assert_int_equal(keep(&t.cx, 90), 1);
	assert_int_equal(partitions(cx, "event\\_2020%"), 0);
	assert_int_equal(fixture_db_int(cx, "SELECT count(*) FROM app.event WHERE kind = 't.old'"),
	                 0);
	assert_int_equal(
		fixture_db_int(cx, "SELECT count(*) FROM app.event WHERE kind = 't.young'"), 1);
	teller_close(&super);
	teller_close(&t);
}

/* A day for which rows lie in the rest already gets no partition, which would not take them. */
static void test_keep__a_day_whose_rows_came_before(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct teller super, t;

	teller_open(&super, cx, FIXTURE_SUPER);
	teller_open(&t, cx, FIXTURE_RUNNER);
	script(&super, "DO $$ BEGIN EXECUTE format('DROP TABLE app_part.%I',"
	               " 'event_' || to_char(current_date + 1, 'YYYYMMDD')); END $$;"
	               "INSERT INTO app.event (tenant_id, kind, payload, actor, sequenced_at)"
	               " VALUES (1, 't.early', '{}', 'a', current_date + 1 + time '12:00')");
	assert_int_equal(keep(&t.cx, 90), 0);
	assert_int_equal(partitions(cx, "event\\_2%"), 2);
	script(&super, "DELETE FROM app.event WHERE kind = 't.early'");
	assert_int_equal(keep(&t.cx, 90), 0);
	assert_int_equal(partitions(cx, "event\\_2%"), 3);
	teller_close(&super);
	teller_close(&t);
}

/* Somebody reads the old day for long: retention gives up soon, without an error, and comes again. */
static void test_keep__does_not_wait(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct teller super, reader, t;
	int64_t since;

	teller_open(&super, cx, FIXTURE_SUPER);
	teller_open(&reader, cx, FIXTURE_SUPER);
	teller_open(&t, cx, FIXTURE_RUNNER);
	script(&super, "CREATE TABLE app_part.event_20200103 PARTITION OF app.event FOR VALUES"
	               " FROM ('2020-01-03') TO ('2020-01-04')");
	script(&reader, "BEGIN; SELECT count(*) FROM app_part.event_20200103");
	since = system_clock.mono_us(&system_clock);
	assert_int_equal(keep(&t.cx, 90), 0);
	assert_in_range(system_clock.mono_us(&system_clock) - since, 0, 5 * 1000000);
	assert_int_equal(partitions(cx, "event\\_2020%"), 1);
	assert_err(cx, tell(cx, 1, 1), ERR_OK); /* nobody was kept from telling */
	script(&reader, "COMMIT");
	assert_int_equal(keep(&t.cx, 90), 1);
	assert_int_equal(partitions(cx, "event\\_2020%"), 0);
	teller_close(&super);
	teller_close(&reader);
	teller_close(&t);
}

/* Nobody reaches rows but through the table, which row security binds. */
static void test_partition__is_out_of_reach(void **state)
{
	static const enum fixture_role ROLES[] = { FIXTURE_APP, FIXTURE_RUNNER, FIXTURE_GATE };
	struct ctx *cx = fixture_db_ctx(*state);

	for (size_t i = 0; i < COUNT(ROLES); i++) {
		struct teller t;

		teller_open(&t, cx, ROLES[i]);
		assert_err(&t.cx, db_script(&t.cx, "SELECT count(*) FROM app_part.event_rest"),
		           ERR_DATABASE);
		assert_contains(t.cx.fault.cause, "42501");
		teller_close(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keep__makes_days_ahead),
		cmocka_unit_test(test_keep__drops_what_is_old),
		cmocka_unit_test(test_keep__a_day_whose_rows_came_before),
		cmocka_unit_test(test_keep__does_not_wait),
		cmocka_unit_test(test_partition__is_out_of_reach),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
