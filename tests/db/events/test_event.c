/* The log of events against a real server: D5, D11. */
#include "fixture_db.h"

#include "events/event.h"

#include <stdio.h>
#include <string.h>

struct told {
	int64_t number;
	const char *text;
};
static const struct field TOLD_FIELDS[] = {
	F_INT(struct told, number, .doc = "d"),
	F_TEXT(struct told, text, .doc = "d"),
};
static const struct schema TOLD = SCHEMA(struct told, "Told", TOLD_FIELDS);
static const struct event_kind KIND = {
	.type = "test.told",
	.version = 3,
	.payload = &TOLD,
	.doc = "d",
};

/* The newest event of the fixture's tenant, as a row. */
struct row {
	int64_t project_id, version;
	const char *kind, *payload, *actor, *request_id;
};
static const struct field ROW_FIELDS[] = {
	F_INT(struct row, project_id, .doc = "d"), F_INT(struct row, version, .doc = "d"),
	F_TEXT(struct row, kind, .doc = "d"),      F_JSON(struct row, payload, .doc = "d"),
	F_TEXT(struct row, actor, .doc = "d"),     F_TEXT(struct row, request_id, .doc = "d"),
};
static const struct schema ROW = SCHEMA(struct row, "Row", ROW_FIELDS);
static const struct db_stmt NEWEST = {
	.name = "t_newest",
	.nparams = 1,
	.read = true,
	.sql = "SELECT project_id, version, kind, payload, actor, request_id FROM app.event_all"
	       " WHERE tenant_id = $1 ORDER BY xid DESC LIMIT 1",
};

static void test_emit(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct told told = { 7, "quote \" and \xc3\xa9" };
	struct row row;

	cx->who.actor = "key:9";
	assert_err(cx, event_emit(cx, &KIND, 12, &told), ERR_OK);
	assert_err(cx, db_get(cx, &NEWEST, DB_NO_ARGS, &ROW, &row), ERR_OK);
	assert_string_equal(row.kind, "test.told");
	assert_int_equal(row.version, 3);
	assert_int_equal(row.project_id, 12);
	assert_string_equal(row.actor, "key:9");
	assert_string_equal(row.request_id, cx->request_id);
	assert_contains(row.payload, "\"number\": 7");
	assert_contains(row.payload, "quote \\\" and \xc3\xa9");

	cx->who.actor = NULL; /* a program without a name of its own */
	assert_err(cx, event_emit(cx, &KIND, 0, &told), ERR_OK);
	assert_err(cx, db_get(cx, &NEWEST, DB_NO_ARGS, &ROW, &row), ERR_OK);
	assert_string_equal(row.actor, cx->app->component);
	assert_int_equal(row.project_id, 0);
}

static void test_emit__goes_with_its_transaction(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct told told = { 1, "undone" };
	struct row row;

	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx, event_emit(cx, &KIND, 99, &told), ERR_OK);
	}
	assert_err(cx, db_get(cx, &NEWEST, DB_NO_ARGS, &ROW, &row), ERR_OK);
	assert_int_not_equal(row.project_id, 99);
}

static void test_emit__needs_a_tenant(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);

	cx->who.tenant_id = 0;
	assert_err(cx, event_emit(cx, &KIND, 0, &(struct told){ 1, "x" }), ERR_INTERNAL);
}

/* What was told stays told: the application's role may neither change nor take back. */
static void test_log__append_only(void **state)
{
	static const char *const SCRIPTS[] = {
		"UPDATE app.event SET actor = 'nobody'",
		"DELETE FROM app.event",
		"UPDATE app.event_outbox SET actor = 'nobody'",
		"DELETE FROM app.event_outbox",
		"TRUNCATE app.event",
		"INSERT INTO app.event (tenant_id, kind, payload, actor)"
		" SELECT app.current_tenant_id(), 'x', '{}', 'x'",
	};
	struct ctx *cx = fixture_db_ctx(*state);

	for (size_t i = 0; i < COUNT(SCRIPTS); i++) {
		assert_err(cx, db_script(cx, SCRIPTS[i]), ERR_DATABASE);
		assert_contains(cx->fault.cause, "42501");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_emit),
		cmocka_unit_test(test_emit__goes_with_its_transaction),
		cmocka_unit_test(test_emit__needs_a_tenant),
		cmocka_unit_test(test_log__append_only),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
