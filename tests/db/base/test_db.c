/*
 * The database layer against a real server: rows, faults, transactions, the
 * preamble, one round trip, and a server that goes away.
 */
#include "fixture_db.h"

#include "base/db_conn.h"
#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A row with one member of each kind. */
struct thing {
	int64_t id, when_us, small;
	const char *name, *data;
	bool flag;
};

static const struct field THING_FIELDS[] = {
	F_INT(struct thing, id, .doc = "d"),    F_TEXT(struct thing, name, .doc = "d"),
	F_BOOL(struct thing, flag, .doc = "d"), F_TIME(struct thing, when_us, .doc = "d"),
	F_JSON(struct thing, data, .doc = "d"), F_INT(struct thing, small, .doc = "d"),
};
static const struct schema THING = SCHEMA(struct thing, "Thing", THING_FIELDS);

static const struct field ID_FIELDS[] = { F_INT(struct thing, id, .doc = "d") };
static const struct schema ID = SCHEMA(struct thing, "ThingId", ID_FIELDS);

/* A statement without a tenant. */
#define PLAIN(id, n, text)                                                                         \
	{                                                                                          \
		.name = id, .nparams = n, .any_tenant = true, .sql = text                          \
	}
#define READ(id, n, text)                                                                          \
	{                                                                                          \
		.name = id, .nparams = n, .any_tenant = true, .read = true, .sql = text            \
	}

static const struct db_stmt ONE = READ("t_one", 0, "SELECT 1");
static const struct db_stmt PID = READ("t_pid", 0, "SELECT pg_backend_pid()");
static const struct db_stmt ADD_TENANT =
	PLAIN("t_add", 1, "INSERT INTO app.tenant (name) VALUES ($1) RETURNING id");
static const struct db_stmt COUNT_TENANTS =
	READ("t_count", 1, "SELECT count(*) FROM app.tenant WHERE name = $1");

static int64_t get_int(struct ctx *cx, const struct db_stmt *stmt)
{
	int64_t n = -1;

	assert_err(cx, db_get_int(cx, stmt, DB_NO_ARGS, &n), ERR_OK);
	return n;
}

static int64_t count_of(struct ctx *cx, const char *name)
{
	int64_t n = -1;

	assert_err(cx, db_get_int(cx, &COUNT_TENANTS, DB_ARGS(DB_TEXT(name)), &n), ERR_OK);
	return n;
}

static enum err add_tenant(struct ctx *cx, const char *name)
{
	int64_t id;

	return db_get_int(cx, &ADD_TENANT, DB_ARGS(DB_TEXT(name)), &id);
}

static const char *new_name(struct ctx *cx)
{
	char id[37];

	secret_uuid7(system_clock.wall_us(&system_clock), id);
	return arena_printf(cx->arena, "t-%s", id);
}

/* From another connection: end the one under test. */
static void kill_backend(struct ctx *cx, int64_t pid)
{
	char sql[100];

	snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%lld, 5000)::int", (long long)pid);
	assert_int_equal(fixture_db_int(cx, sql), 1);
}

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
	        "INSERT INTO app.tenant (name) SELECT name FROM app.tenant LIMIT 1") },
	{ ERR_CONFLICT,
	  PLAIN("f_key", 0,
	        "INSERT INTO app.event (tenant_id, kind, payload, actor) VALUES (-1, 'x', '{}', 'x')") },
	{ ERR_DATABASE, PLAIN("f_table", 0, "SELECT 1 FROM app.nowhere") },
	{ ERR_DATABASE, PLAIN("f_zero", 0, "SELECT 1 / 0") },
	{ ERR_DATABASE, PLAIN("f_syntax", 0, "SELEC 1") },
	{ ERR_DATABASE, PLAIN("f_check", 0, "INSERT INTO app.tenant (name) VALUES ('')") },
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

	assert_err(cx, add_tenant(cx, name), ERR_OK);
	assert_err(cx, add_tenant(cx, name), ERR_CONFLICT);
	assert_string_equal(db_constraint(cx), "tenant_name_key");
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
	assert_err(cx, add_tenant(cx, name), ERR_TIMEOUT);
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

/* --- Transactions --- */

static void test_tx__commit_and_roll_back(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *kept = new_name(cx), *lost = new_name(cx);

	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx, add_tenant(cx, kept), ERR_OK);
		assert_true(db_in_transaction(cx));
		assert_err(cx, db_commit(&tx), ERR_OK);
	}
	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx, add_tenant(cx, lost), ERR_OK);
		err_set(cx, ERR_LIMIT, "why it failed");
	}
	assert_false(db_in_transaction(cx));
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
	assert_err(cx, add_tenant(cx, outer), ERR_OK);
	{
		CLEANUP(db_end) struct db_tx in = { 0 };

		assert_err(cx, db_begin(cx, &in), ERR_OK);
		assert_err(cx, add_tenant(cx, inner), ERR_OK);
		assert_err(cx, add_tenant(cx, outer), ERR_CONFLICT);
	}
	{
		CLEANUP(db_end) struct db_tx in = { 0 };

		assert_err(cx, db_begin(cx, &in), ERR_OK);
		assert_err(cx, add_tenant(cx, after), ERR_OK);
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
	assert_err(cx, add_tenant(cx, name), ERR_OK);
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
	assert_err(cx, add_tenant(cx, name), ERR_OK);
	assert_err(cx, add_tenant(cx, name), ERR_CONFLICT);
	assert_err(cx, db_commit(&tx), ERR_DATABASE);
	assert_int_equal(count_of(cx, name), 0);
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
			assert_err(cx, add_tenant(cx, name), ERR_DATABASE);
			assert_contains(cx->fault.cause, "t_pre_bad");
		}
		/* What comes after does not get past it either. */
		assert_err(cx, add_tenant(cx, name), ERR_DATABASE);
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
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(false);
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
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct thing t;

	db_precede(cx, &PRE, DB_ARGS(DB_INT(1)), &ID, &t, NULL);
	assert_err(cx, db_begin(cx, &tx), ERR_OK);
	assert_err(cx, add_tenant(cx, new_name(cx)), ERR_OK);
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
	assert_err(cx, add_tenant(cx, name), ERR_OK);
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
	assert_err(cx, add_tenant(cx, name), ERR_OK);
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
		assert_err(cx, add_tenant(cx, first), ERR_OK);
		kill_backend(cx, pid);
		assert_err(cx, add_tenant(cx, second), ERR_UNAVAILABLE);
		/* Nothing runs outside the transaction by mistake, not even a read. */
		assert_err(cx, db_get_int(cx, &ONE, DB_NO_ARGS, &n), ERR_UNAVAILABLE);
		assert_err(cx, db_commit(&tx), ERR_UNAVAILABLE);
	}
	assert_int_equal(count_of(cx, first) + count_of(cx, second), 0);
}

/* A write that may have been done is not repeated. */
static void test_lost__a_write_under_way_is_not_repeated(void **state)
{
	static const struct db_stmt SUICIDE =
		PLAIN("t_suicide", 0, "SELECT pg_terminate_backend(pg_backend_pid())");
	struct ctx *cx = fixture_db_ctx(*state);

	assert_err(cx, db_run(cx, &SUICIDE, DB_NO_ARGS, NULL), ERR_UNAVAILABLE);
	assert_int_equal(get_int(cx, &ONE), 1);
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

/* --- Notifications --- */

static void test_wait(void **state)
{
	struct fixture_db *f = *state;
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(false);
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

/* --- The check of statements --- */

static void test_check(void **state)
{
	static const struct db_stmt GOOD = READ("c_good", 1, "SELECT $1::bigint AS id");
	static const struct db_stmt TYPO = READ("c_typo", 0, "SELECT nme FROM app.tenant");
	static const struct db_stmt PLACES = READ("c_places", 2, "SELECT $1::bigint AS id");
	static const struct db_stmt EXTRA = READ("c_extra", 0, "SELECT 1::bigint AS id, 2 AS more");
	static const struct db_stmt TYPE = READ("c_type", 0, "SELECT 'x'::text AS id");
	static const struct db_stmt NO_TENANT = {
		.name = "c_tenant",
		.nparams = 1,
		.sql = "SELECT $1::text AS id",
	};
	static const struct {
		struct db_check check;
		enum err wanted;
		const char *told;
	} CASES[] = {
		{ { &GOOD, &ID, false }, ERR_OK, NULL },
		{ { &GOOD, &THING, true }, ERR_OK, NULL },
		{ { &GOOD, &THING, false }, ERR_INTERNAL, "name" },
		{ { &TYPO, NULL, false }, ERR_DATABASE, "nme" },
		{ { &PLACES, &ID, false }, ERR_INTERNAL, "places" },
		{ { &EXTRA, &ID, false }, ERR_INTERNAL, "more" },
		{ { &TYPE, &ID, false }, ERR_INTERNAL, "type" },
		{ { &NO_TENANT, NULL, false }, ERR_INTERNAL, "tenant" },
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
		CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(false);
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
		cmocka_unit_test(test_tx__commit_and_roll_back),
		cmocka_unit_test(test_tx__savepoint),
		cmocka_unit_test(test_tx__savepoint_before_anything_else),
		cmocka_unit_test(test_tx__commit_after_a_failure_is_no_success),
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
		cmocka_unit_test(test_stale_plan__prepared_anew),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_session__settings),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
