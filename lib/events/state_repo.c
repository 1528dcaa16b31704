/*
 * SQL of state.
 *
 * The project of a key is looked for whenever it is written: it may have been made, or have gone, since.
 */
#include "events/state_repo.h"

#define COLUMNS "id, key, project_id, version, data, " DB_US("updated_at")

#define PROJECT                                                                                    \
	"(SELECT p.id FROM app.project p WHERE p.tenant_id = $1"                                   \
	" AND p.id = substring($2 FROM '^project:([1-9][0-9]{0,17})(:|$)')::bigint)"

static const struct db_stmt GET = {
	.name = "state_get",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM app.state WHERE tenant_id = $1 AND key = $2"
	       " AND data IS NOT NULL",
};

enum err state_repo_get(struct ctx *cx, const char *key, struct state *ret)
{
	return db_get(cx, &GET, DB_ARGS(DB_TEXT(key)), &state_schema, ret);
}

static const struct db_stmt LOCK_COUNT = {
	.name = "state_lock_count",
	.nparams = 1,
	.sql = "SELECT pg_advisory_xact_lock(hashtextextended('state_keys_max', $1::bigint))",
};

enum err state_repo_lock_count(struct ctx *cx)
{
	return db_run(cx, &LOCK_COUNT, DB_NO_ARGS, NULL);
}

/* A key that was deleted has its row still: its version goes on. */
static const struct db_stmt MAKE = {
	.name = "state_make",
	.nparams = 4,
	.sql = "INSERT INTO app.state AS s (tenant_id, key, project_id, data)"
	       " SELECT $1, $2::text, " PROJECT ", $3::jsonb WHERE (SELECT count(*) FROM app.state"
	       " WHERE tenant_id = $1 AND data IS NOT NULL) < $4::bigint"
	       " ON CONFLICT (tenant_id, key) DO UPDATE SET project_id = excluded.project_id,"
	       " version = s.version + 1, data = excluded.data, updated_at = now()"
	       " WHERE s.data IS NULL RETURNING " COLUMNS,
};

enum err state_repo_make(struct ctx *cx, const char *key, const char *data, int64_t max,
                         struct state *ret)
{
	return db_get(cx, &MAKE, DB_ARGS(DB_TEXT(key), DB_TEXT(data), DB_INT(max)), &state_schema,
	              ret);
}

static const struct db_stmt CHANGE = {
	.name = "state_change",
	.nparams = 4,
	.sql = "UPDATE app.state SET project_id = " PROJECT ", version = version + 1, data = $4,"
	       " updated_at = now() WHERE tenant_id = $1 AND key = $2::text"
	       " AND ($3::bigint = 0 OR version = $3) AND data IS NOT NULL RETURNING " COLUMNS,
};

enum err state_repo_change(struct ctx *cx, const char *key, int64_t version, const char *data,
                           struct state *ret)
{
	return db_get(cx, &CHANGE, DB_ARGS(DB_TEXT(key), DB_INT(version), DB_TEXT(data)),
	              &state_schema, ret);
}

static const struct db_stmt DELETE = {
	.name = "state_delete",
	.nparams = 3,
	.sql = "UPDATE app.state SET version = version + 1, data = NULL, updated_at = now()"
	       " WHERE tenant_id = $1 AND key = $2 AND ($3::bigint = 0 OR version = $3)"
	       " AND data IS NOT NULL RETURNING " COLUMNS,
};

enum err state_repo_delete(struct ctx *cx, const char *key, int64_t version, struct state *ret)
{
	return db_get(cx, &DELETE, DB_ARGS(DB_TEXT(key), DB_INT(version)), &state_schema, ret);
}

static const struct db_stmt LIST = {
	.name = "state_list",
	.read = true,
	.nparams = 4,
	.sql = "SELECT " COLUMNS " FROM app.state WHERE tenant_id = $1 AND id < $2"
	       " AND data IS NOT NULL AND ($3::text IS NULL OR starts_with(key, $3))"
	       " ORDER BY id DESC LIMIT $4",
};

enum err state_repo_list(struct ctx *cx, const struct state_filter *filter, struct list *ret)
{
	int64_t before = filter->before_id != 0 ? filter->before_id : INT64_MAX;

	return db_list(cx, &LIST,
	               DB_ARGS(DB_INT(before), DB_TEXT(filter->prefix), DB_INT(filter->limit)),
	               &state_schema, ret);
}

const struct db_check state_statements[] = {
	{ .stmt = &GET, .row = &state_schema },
	{ .stmt = &LOCK_COUNT },
	{ .stmt = &MAKE, .row = &state_schema },
	{ .stmt = &CHANGE, .row = &state_schema },
	{ .stmt = &DELETE, .row = &state_schema },
	{ .stmt = &LIST, .row = &state_schema },
	{ .stmt = NULL },
};
