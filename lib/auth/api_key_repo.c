/* SQL of API keys under administration. */
#include "auth/api_key_repo.h"

#define COLUMNS                                                                                                  \
	"id, name, 'pk_' || id || '_' AS prefix,"                                                                \
	" (ARRAY['viewer', 'member', 'operator', 'admin', 'owner'])[role] AS role,"                              \
	" to_jsonb(scopes) AS scopes, created_by, CASE WHEN revoked_at IS NOT NULL THEN 'revoked'"               \
	" WHEN expires_at <= now() THEN 'expired' ELSE 'active' END AS status, " DB_US("created_at") ", " DB_US( \
		"expires_at") ", " DB_US("last_used_at") ", " DB_US("revoked_at") ", rotated_to"

/* The lock is held until the transaction ends, so that a count of keys stays true. */
static const struct db_stmt NEXT_ID = {
	.name = "api_key_next_id",
	.nparams = 1,
	.sql = "SELECT nextval('app.api_key_id_seq') FROM (SELECT"
	       " pg_advisory_xact_lock(hashtextextended('api_key', $1::bigint))) AS held",
};

enum err api_key_repo_next_id(struct ctx *cx, int64_t *ret)
{
	return db_get_int(cx, &NEXT_ID, DB_NO_ARGS, ret);
}

/* A key that is replaced counts no more: replacing is possible at the limit too. */
static const struct db_stmt INSERT = {
	.name = "api_key_insert",
	.nparams = 10,
	.sql = "INSERT INTO app.api_key (tenant_id, id, name, role, scopes, secret_hash, hash_key,"
	       " created_by, expires_at) OVERRIDING SYSTEM VALUE SELECT $1, $2, $3, $4::smallint,"
	       " $5::text[], $6, $7::smallint, $8,"
	       " 'epoch'::timestamptz + $9::bigint * interval '1 microsecond'"
	       " WHERE $10::bigint IS NULL OR $10 > (SELECT count(*) FROM app.api_key"
	       " WHERE tenant_id = $1 AND revoked_at IS NULL AND rotated_to IS NULL"
	       " AND (expires_at IS NULL OR expires_at > now())) RETURNING " COLUMNS,
};

enum err api_key_repo_insert(struct ctx *cx, const struct api_key_row *row, struct api_key *ret)
{
	return db_get(cx, &INSERT,
	              DB_ARGS(DB_INT(row->id), DB_TEXT(row->name), DB_INT(row->role),
	                      DB_TEXT(row->scopes), DB_BYTES(row->hash, SECRET_HASH_BYTES),
	                      DB_INT(row->hash_key), DB_TEXT(row->created_by),
	                      DB_INT0(row->expires_us), DB_INT0(row->max)),
	              &api_key_schema, ret);
}

static const struct db_stmt GET = {
	.name = "api_key_get",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM app.api_key WHERE tenant_id = $1 AND id = $2",
};

static const struct db_stmt LOCK = {
	.name = "api_key_lock",
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM app.api_key WHERE tenant_id = $1 AND id = $2 FOR UPDATE",
};

enum err api_key_repo_get(struct ctx *cx, int64_t id, bool lock, struct api_key *ret)
{
	return db_get(cx, lock ? &LOCK : &GET, DB_ARGS(DB_INT(id)), &api_key_schema, ret);
}

static const struct db_stmt LIST = {
	.name = "api_key_list",
	.read = true,
	.nparams = 4,
	.sql = "SELECT * FROM (SELECT " COLUMNS
	       " FROM app.api_key WHERE tenant_id = $1 AND id < $2)"
	       " AS k WHERE $4::text IS NULL OR status = $4 ORDER BY id DESC LIMIT $3",
};

enum err api_key_repo_list(struct ctx *cx, const struct api_key_filter *filter, struct list *ret)
{
	int64_t before = filter->before_id != 0 ? filter->before_id : INT64_MAX;

	return db_list(cx, &LIST,
	               DB_ARGS(DB_INT(before), DB_INT(filter->limit), DB_TEXT(filter->status)),
	               &api_key_schema, ret);
}

static const struct db_stmt REPLACE = {
	.name = "api_key_replace",
	.nparams = 4,
	.sql = "UPDATE app.api_key SET rotated_to = $3, expires_at = least(expires_at,"
	       " now() + $4::bigint * interval '1 hour') WHERE tenant_id = $1 AND id = $2"
	       " RETURNING " COLUMNS,
};

enum err api_key_repo_replace(struct ctx *cx, int64_t id, int64_t by, int64_t overlap_hours,
                              struct api_key *ret)
{
	return db_get(cx, &REPLACE, DB_ARGS(DB_INT(id), DB_INT(by), DB_INT(overlap_hours)),
	              &api_key_schema, ret);
}

static const struct db_stmt REVOKE = {
	.name = "api_key_revoke",
	.nparams = 2,
	.sql = "UPDATE app.api_key SET revoked_at = now() WHERE tenant_id = $1 AND id = $2"
	       " AND revoked_at IS NULL RETURNING " COLUMNS,
};

enum err api_key_repo_revoke(struct ctx *cx, int64_t id, struct api_key *ret)
{
	return db_get(cx, &REVOKE, DB_ARGS(DB_INT(id)), &api_key_schema, ret);
}

const struct db_check api_key_statements[] = {
	{ .stmt = &NEXT_ID },
	{ .stmt = &INSERT, .row = &api_key_schema },
	{ .stmt = &GET, .row = &api_key_schema },
	{ .stmt = &LOCK, .row = &api_key_schema },
	{ .stmt = &LIST, .row = &api_key_schema },
	{ .stmt = &REPLACE, .row = &api_key_schema },
	{ .stmt = &REVOKE, .row = &api_key_schema },
	{ .stmt = NULL },
};
