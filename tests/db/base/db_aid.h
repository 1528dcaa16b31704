/* What the tests of the database layer share: a few statements, and a row. */
#ifndef TESTS_DB_BASE_DB_AID_H
#define TESTS_DB_BASE_DB_AID_H

#include "fixture_db.h"

#include "base/db_conn.h"
#include "base/secret.h"

#include <stdio.h>
#include <string.h>

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
static const struct schema THING UNUSED = SCHEMA(struct thing, "Thing", THING_FIELDS);

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
static const struct db_stmt PID UNUSED = READ("t_pid", 0, "SELECT pg_backend_pid()");
static const struct db_stmt ADD_ROW =
	PLAIN("t_add", 1,
              "INSERT INTO app.project (tenant_id, name, repository_url)"
              " VALUES (app.current_tenant_id(), $1, 'x') RETURNING id");
static const struct db_stmt COUNT_ROWS =
	READ("t_count", 1, "SELECT count(*) FROM app.project WHERE name = $1");

static inline int64_t get_int(struct ctx *cx, const struct db_stmt *stmt)
{
	int64_t n = -1;

	assert_err(cx, db_get_int(cx, stmt, DB_NO_ARGS, &n), ERR_OK);
	return n;
}

static inline int64_t count_of(struct ctx *cx, const char *name)
{
	int64_t n = -1;

	assert_err(cx, db_get_int(cx, &COUNT_ROWS, DB_ARGS(DB_TEXT(name)), &n), ERR_OK);
	return n;
}

static inline enum err add_row(struct ctx *cx, const char *name)
{
	int64_t id;

	return db_get_int(cx, &ADD_ROW, DB_ARGS(DB_TEXT(name)), &id);
}

static inline const char *new_name(struct ctx *cx)
{
	char id[37];

	secret_uuid7(system_clock.wall_us(&system_clock), id);
	return arena_printf(cx->arena, "t-%s", id);
}

/* From another connection: end the one under test. */
static inline void kill_backend(struct ctx *cx, int64_t pid)
{
	char sql[100];

	snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%lld, 5000)::int", (long long)pid);
	assert_int_equal(fixture_db_int(cx, sql), 1);
}

#endif
