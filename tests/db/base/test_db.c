/* The database layer against a real server: rows, faults, the tenant, the check of statements. */
#include "db_aid.h"

#include <stdlib.h>

/* --- Rows --- */

static const struct db_stmt ROW = READ(
	"t_row", 6,
	"SELECT $6::smallint AS small, $1::bigint AS id, $2::text AS name, $3::boolean AS flag,"
	" $4::bigint AS when_us, $5::json AS data");

static void test_row__every_kind(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct thing t = { 0 };

	assert_err(cx,
	           db_get(cx, &ROW,
	                  DB_ARGS(DB_INT(INT64_MIN), DB_TEXT("na\xc3\xafve 'q' \"w\" \\"),
	                          DB_BOOL(true), DB_INT(1795243500123000), DB_TEXT("{\"a\": 1}"),
	                          DB_INT(-3)),
	                  &THING, &t),
	           ERR_OK);
	assert_true(t.id == INT64_MIN);
	assert_string_equal(t.name, "na\xc3\xafve 'q' \"w\" \\");
	assert_true(t.flag);
	assert_true(t.when_us == 1795243500123000);
	assert_string_equal(t.data, "{\"a\": 1}");
	assert_int_equal(t.small, -3);
}

static void test_row__null_is_zero(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct thing t = { .id = 5, .name = "x", .flag = true };

	assert_err(cx,
	           db_get(cx, &ROW,
	                  DB_ARGS(DB_INT0(0), DB_TEXT(NULL), DB_NULL(), DB_NULL(), DB_NULL(),
	                          DB_NULL()),
	                  &THING, &t),
	           ERR_OK);
	assert_int_equal(t.id, 0);
	assert_null(t.name);
	assert_false(t.flag);
	assert_null(t.data);
}

static void test_row__binary(void **state)
{
	static const struct db_stmt BINARY = {
		.name = "t_binary",
		.any_tenant = true,
		.read = true,
		.binary = true,
		.nparams = 5,
		.sql = "SELECT $5::smallint AS small, $1::bigint AS id, $2::text AS name,"
		       " $3::boolean AS flag, $4::timestamptz AS when_us",
	};
	struct ctx *cx = fixture_db_ctx(*state);
	struct thing t = { 0 };

	assert_err(cx,
	           db_get(cx, &BINARY,
	                  DB_ARGS(DB_INT(INT64_MIN), DB_TEXT("na\xc3\xafve"), DB_BOOL(true),
	                          DB_TEXT("2026-11-21 06:05:00.123Z"), DB_INT(-3)),
	                  &THING, &t),
	           ERR_OK);
	assert_true(t.id == INT64_MIN);
	assert_string_equal(t.name, "na\xc3\xafve");
	assert_true(t.flag);
	assert_true(t.when_us == 1795241100123000);
	assert_int_equal(t.small, -3);
	assert_err(cx,
	           db_get(cx, &BINARY,
	                  DB_ARGS(DB_INT0(0), DB_TEXT(NULL), DB_NULL(), DB_NULL(), DB_NULL()),
	                  &THING, &t),
	           ERR_OK);
	assert_int_equal(t.id, 0);
	assert_null(t.name);
	assert_false(t.flag);
	assert_true(t.when_us == 0);
}

static void test_row__bytes(void **state)
{
	static const struct db_stmt BYTES =
		READ("t_bytes", 1, "SELECT octet_length($1::bytea) * 1000 + get_byte($1, 1)");
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t n;

	assert_err(cx, db_get_int(cx, &BYTES, DB_ARGS(DB_BYTES("a\0\xff", 3)), &n), ERR_OK);
	assert_int_equal(n, 3000);
}

static void test_list__items_stand_together(void **state)
{
	static const struct db_stmt SERIES =
		READ("t_series", 1, "SELECT generate_series(1, $1::int) AS id");
	struct ctx *cx = fixture_db_ctx(*state);
	struct list list;

	assert_err(cx, db_list(cx, &SERIES, DB_ARGS(DB_INT(1000)), &ID, &list), ERR_OK);
	assert_int_equal(list.n, 1000);
	assert_int_equal(((const struct thing *)list.items)[999].id, 1000);
	assert_err(cx, db_list(cx, &SERIES, DB_ARGS(DB_INT(0)), &ID, &list), ERR_OK);
	assert_int_equal(list.n, 0);
}

static void test_get__none_many_and_unknown_column(void **state)
{
	static const struct db_stmt NONE = READ("t_none", 0, "SELECT 1 AS id WHERE false");
	static const struct db_stmt MANY = READ("t_many", 0, "SELECT generate_series(1, 2) AS id");
	static const struct db_stmt ODD = READ("t_odd", 0, "SELECT 1 AS id, 2 AS nobody");
	struct ctx *cx = fixture_db_ctx(*state);
	struct thing t = { .id = 77 };

	assert_err(cx, db_get(cx, &NONE, DB_NO_ARGS, &ID, &t), ERR_NOT_FOUND);
	assert_err(cx, db_get(cx, &MANY, DB_NO_ARGS, &ID, &t), ERR_INTERNAL);
	assert_err(cx, db_get(cx, &ODD, DB_NO_ARGS, &ID, &t), ERR_INTERNAL);
	assert_contains(cx->fault.cause, "nobody");
	assert_int_equal(t.id, 77); /* on error it is untouched */
}

static void test_get_text__null_and_text(void **state)
{
	static const struct db_stmt TEXT = READ("t_text", 1, "SELECT $1::text");
	struct ctx *cx = fixture_db_ctx(*state);
	const char *text = "";

	assert_err(cx, db_get_text(cx, &TEXT, DB_ARGS(DB_NULL()), &text), ERR_OK);
	assert_null(text);
	assert_err(cx, db_get_text(cx, &TEXT, DB_ARGS(DB_TEXT("")), &text), ERR_OK);
	assert_string_equal(text, "");
}

static void test_like__wildcards_are_text(void **state)
{
	static const struct db_stmt LIKE = READ("t_like", 2, "SELECT ($1::text LIKE $2)::int");
	static const struct {
		const char *text, *part;
		int found;
	} CASES[] = {
		{ "100%", "0%", 1 }, { "1000", "0%", 0 }, { "a_b", "_", 1 },
		{ "axb", "a_b", 0 }, { "a\\b", "\\", 1 }, { "anything", "", 1 },
	};
	struct ctx *cx = fixture_db_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		int64_t n;

		assert_err(cx,
		           db_get_int(cx, &LIKE,
		                      DB_ARGS(DB_TEXT(CASES[i].text),
		                              DB_TEXT(db_like(cx->arena, CASES[i].part))),
		                      &n),
		           ERR_OK);
		assert_int_equal(n, CASES[i].found);
	}
}

/* --- Faults --- */

static const struct {
	enum err wanted;
	struct db_stmt stmt;
} FAULTS[] = {
	{ ERR_CONFLICT,
	  PLAIN("f_unique", 0,
	        "INSERT INTO app.project (tenant_id, name, repository_url)"
	        " SELECT app.current_tenant_id(), 'twice', 'x' FROM generate_series(1, 2)") },
	{ ERR_CONFLICT, PLAIN("f_key", 0,
	                      "INSERT INTO app.conversation (tenant_id, project_id)"
	                      " VALUES (app.current_tenant_id(), -1)") },
	/* Row security: another tenant's row is not to be written. */
	{ ERR_DATABASE, PLAIN("f_wall", 0,
	                      "INSERT INTO app.event_outbox (tenant_id, kind, payload, actor)"
	                      " VALUES (0, 'x', '{}', 'x')") },
	{ ERR_DATABASE, PLAIN("f_table", 0, "SELECT 1 FROM app.nowhere") },
	{ ERR_DATABASE, PLAIN("f_zero", 0, "SELECT 1 / 0") },
	{ ERR_DATABASE, PLAIN("f_syntax", 0, "SELEC 1") },
	{ ERR_DATABASE, PLAIN("f_check", 0, "UPDATE app.tenant SET name = ''") },
};

static void test_fault__by_sqlstate(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);

	for (size_t i = 0; i < COUNT(FAULTS); i++) {
		assert_err(cx, db_run(cx, &FAULTS[i].stmt, DB_NO_ARGS, NULL), FAULTS[i].wanted);
		assert_contains(cx->fault.cause, "SQLSTATE");
		assert_contains(cx->fault.cause, FAULTS[i].stmt.name);
		/* What the client is told holds nothing of the schema. */
		assert_null(strstr(cx->fault.detail, "app."));
		assert_null(strstr(cx->fault.detail, "tenant"));
		assert_int_equal(get_int(cx, &ONE), 1); /* and the connection goes on */
	}
}

static void test_fault__raised_by_ours(void **state)
{
	static const struct {
		const char *state;
		enum err wanted;
	} CASES[] = {
		{ "PT401", ERR_UNAUTHENTICATED },
		{ "PT403", ERR_FORBIDDEN },
		{ "PT404", ERR_NOT_FOUND },
		{ "PT409", ERR_CONFLICT },
		{ "PT412", ERR_STALE },
		{ "PT422", ERR_LIMIT },
		{ "PT429", ERR_RATE },
		{ "PT503", ERR_UNAVAILABLE },
		{ "PT499", ERR_DATABASE },
	};
	struct ctx *cx = fixture_db_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		assert_err(
			cx,
			db_script(cx, arena_printf(cx->arena,
		                                   "DO $$ BEGIN RAISE 'told' USING ERRCODE = '%s',"
		                                   " HINT = 'do that'; END $$",
		                                   CASES[i].state)),
			CASES[i].wanted);
		assert_string_equal(cx->fault.detail, "told");
		assert_string_equal(cx->fault.fix, "do that");
	}
}

static void test_fault__names_the_constraint(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *name = new_name(cx);

	assert_err(cx, add_row(cx, name), ERR_OK);
	assert_err(cx, add_row(cx, name), ERR_CONFLICT);
	assert_string_equal(db_constraint(cx), "project_tenant_name_key");
}

static void test_fault__statement_timeout(void **state)
{
	static const struct db_stmt SLEEP = PLAIN("t_sleep", 0, "SELECT pg_sleep(20)");
	struct fixture_db *f = *state;
	CLEANUP(db_close_ptr)
	struct db *db = db_open(&(struct db_options){
		.conninfo = getenv("PORTOLAN_TEST_DB_URL"),
		.component = "test",
		.statement_timeout_ms = 100,
	});
	struct ctx *cx = fixture_db_ctx(f);

	cx->db = db;
	assert_err(cx, db_run(cx, &SLEEP, DB_NO_ARGS, NULL), ERR_TIMEOUT);
	assert_int_equal(get_int(cx, &ONE), 1);
}

static void test_fault__lock_timeout(void **state)
{
	static const struct db_stmt LOCK =
		PLAIN("t_lock", 1, "SELECT id FROM app.tenant WHERE id = $1 FOR UPDATE");
	struct fixture_db *f = *state;
	CLEANUP(db_close_ptr)
	struct db *db = db_open(&(struct db_options){ .conninfo = getenv("PORTOLAN_TEST_DB_URL"),
	                                              .lock_timeout_ms = 50 });
	struct ctx *cx = fixture_db_ctx(f);
	struct ctx other = *cx;
	CLEANUP(db_end) struct db_tx tx = { 0 };

	other.db = db;
	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_err(cx, db_run(cx, &LOCK, DB_ARGS(DB_INT(f->tenant_id)), NULL), ERR_OK);
	assert_err(&other, db_run(&other, &LOCK, DB_ARGS(DB_INT(f->tenant_id)), NULL),
	           ERR_UNAVAILABLE);
}

static void test_deadline__nothing_is_sent_after_it(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *name = new_name(cx);

	cx->deadline_ms = 1;
	assert_err(cx, add_row(cx, name), ERR_TIMEOUT);
	cx->deadline_ms = 0;
	assert_int_equal(count_of(cx, name), 0);
}

/* --- The tenant --- */

static void test_tenant__is_the_first_place(void **state)
{
	static const struct db_stmt MINE = {
		.name = "t_mine",
		.nparams = 2,
		.read = true,
		.sql = "SELECT $1::bigint * 1000 + $2::bigint",
	};
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	int64_t n;

	assert_err(cx, db_get_int(cx, &MINE, DB_ARGS(DB_INT(7)), &n), ERR_OK);
	assert_int_equal(n, f->tenant_id * 1000 + 7);
	cx->who.tenant_id = 0;
	assert_err(cx, db_get_int(cx, &MINE, DB_ARGS(DB_INT(7)), &n), ERR_INTERNAL);
	assert_contains(cx->fault.cause, "t_mine");
}

/* --- A schema that changes under a prepared statement --- */

static void test_stale_plan__prepared_anew(void **state)
{
	static const struct db_stmt ALL = PLAIN("t_stale", 0, "SELECT * FROM t_temp");
	struct ctx *cx = fixture_db_ctx(*state);
	struct list list;

	/* A temporary table would go with the connection, so the error is what shows it. */
	assert_err(cx, db_script(cx, "CREATE TEMP TABLE t_temp (id int)"), ERR_OK);
	assert_err(cx, db_list(cx, &ALL, DB_NO_ARGS, &ID, &list), ERR_OK);
	assert_err(cx, db_script(cx, "ALTER TABLE t_temp ALTER id TYPE bigint"), ERR_OK);
	assert_err(cx, db_list(cx, &ALL, DB_NO_ARGS, &ID, &list), ERR_DATABASE);
	assert_contains(cx->fault.cause, "42P01"); /* asked of a new connection */
}

/* --- The check of statements --- */

static void test_check(void **state)
{
	static const struct db_stmt GOOD = READ("c_good", 1, "SELECT $1::bigint AS id");
	static const struct db_stmt TYPO = READ("c_typo", 0, "SELECT nme FROM app.tenant");
	static const struct db_stmt PLACES = READ("c_places", 2, "SELECT $1::bigint AS id");
	static const struct db_stmt EXTRA = READ("c_extra", 0, "SELECT 1::bigint AS id, 2 AS more");
	static const struct db_stmt TYPE = READ("c_type", 0, "SELECT 'x'::text AS id");
	static const struct db_stmt TIME = {
		.name = "c_time",
		.any_tenant = true,
		.binary = true,
		.sql = "SELECT now() AS when_us",
	};
	static const struct db_stmt NO_TIME = {
		.name = "c_no_time",
		.any_tenant = true,
		.binary = true,
		.sql = "SELECT 1::bigint AS when_us",
	};
	static const struct db_stmt TEXT_TIME = READ("c_text_time", 0, "SELECT now() AS when_us");
	static const struct db_stmt NO_TENANT = {
		.name = "c_tenant",
		.nparams = 1,
		.sql = "SELECT $1::text AS id",
	};
	static const struct db_stmt RIGHT =
		READ("c_right", 0, "SELECT secret_hash FROM app.api_key");
	static const struct {
		struct db_check check;
		enum err wanted;
		const char *told;
	} CASES[] = {
		{ { .stmt = &GOOD, .row = &ID }, ERR_OK, NULL },
		{ { .stmt = &GOOD, .row = &THING, .partial = true }, ERR_OK, NULL },
		{ { .stmt = &GOOD, .row = &THING }, ERR_INTERNAL, "name" },
		{ { .stmt = &TYPO }, ERR_DATABASE, "nme" },
		{ { .stmt = &PLACES, .row = &ID }, ERR_INTERNAL, "places" },
		{ { .stmt = &EXTRA, .row = &ID }, ERR_INTERNAL, "more" },
		{ { .stmt = &TYPE, .row = &ID }, ERR_INTERNAL, "type" },
		{ { .stmt = &TIME, .row = &THING, .partial = true }, ERR_OK, NULL },
		{ { .stmt = &NO_TIME, .row = &THING, .partial = true }, ERR_INTERNAL, "type" },
		{ { .stmt = &TEXT_TIME, .row = &THING, .partial = true }, ERR_INTERNAL, "type" },
		{ { .stmt = &NO_TENANT }, ERR_INTERNAL, "tenant" },
		{ { .stmt = &RIGHT }, ERR_DATABASE, "permission denied for table api_key" },
	};
	struct ctx *cx = fixture_db_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		assert_err(cx, db_check_stmt(cx, &CASES[i].check), CASES[i].wanted);
		if (CASES[i].told != NULL) {
			assert_contains(cx->fault.detail, CASES[i].told);
			assert_contains(cx->fault.detail, CASES[i].check.stmt->name);
		}
	}
	assert_int_equal(get_int(cx, &ONE), 1);
}

static void test_session__settings(void **state)
{
	static const struct {
		const char *sql, *wanted;
	} CASES[] = {
		{ "SELECT current_setting('plan_cache_mode')", "force_generic_plan" },
		{ "SELECT current_setting('client_encoding')", "UTF8" },
		{ "SELECT current_setting('statement_timeout')", "10s" },
		{ "SELECT current_setting('lock_timeout')", "2s" },
		{ "SELECT current_setting('idle_in_transaction_session_timeout')", "30s" },
		{ "SELECT current_setting('application_name')", "test" },
	};
	struct ctx *cx = fixture_db_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		const struct db_stmt stmt = READ("t_setting", 0, CASES[i].sql);
		CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
		const char *text = NULL;

		cx->db = db;
		assert_err(cx, db_get_text(cx, &stmt, DB_NO_ARGS, &text), ERR_OK);
		assert_string_equal(text, CASES[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_row__every_kind),
		cmocka_unit_test(test_row__null_is_zero),
		cmocka_unit_test(test_row__binary),
		cmocka_unit_test(test_row__bytes),
		cmocka_unit_test(test_list__items_stand_together),
		cmocka_unit_test(test_get__none_many_and_unknown_column),
		cmocka_unit_test(test_get_text__null_and_text),
		cmocka_unit_test(test_like__wildcards_are_text),
		cmocka_unit_test(test_fault__by_sqlstate),
		cmocka_unit_test(test_fault__raised_by_ours),
		cmocka_unit_test(test_fault__names_the_constraint),
		cmocka_unit_test(test_fault__statement_timeout),
		cmocka_unit_test(test_fault__lock_timeout),
		cmocka_unit_test(test_deadline__nothing_is_sent_after_it),
		cmocka_unit_test(test_tenant__is_the_first_place),
		cmocka_unit_test(test_stale_plan__prepared_anew),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_session__settings),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
