/* SQL of idempotency keys. */
#include "auth/replay_repo.h"

static const struct field ROW_FIELDS[] = {
	F_TEXT(struct replay_row, request_hash),
	F_INT(struct replay_row, status),
	F_TEXT(struct replay_row, headers),
	F_TEXT(struct replay_row, body),
};
static const struct schema ROW = SCHEMA(struct replay_row, "ReplayRow", ROW_FIELDS);

/* Two statements, not one: the second must see what the holder before us committed. */
static const struct db_stmt LOCK = {
	.name = "replay_lock",
	.nparams = 2,
	.sql = "SELECT pg_try_advisory_xact_lock(hashtextextended($2::text, $1::bigint))::int"
	       " AS locked",
};

static const struct db_stmt GET = {
	.name = "replay_get",
	.nparams = 3,
	.sql = "SELECT encode(request_hash, 'hex') AS request_hash, status, headers, body"
	       " FROM app.idempotency_key WHERE tenant_id = $1 AND key = $2"
	       " AND created_at > now() - make_interval(hours => $3::int)",
};

static const struct db_stmt PUT = {
	.name = "replay_put",
	.nparams = 6,
	.sql = "INSERT INTO app.idempotency_key"
	       " (tenant_id, key, request_hash, status, headers, body)"
	       " VALUES ($1, $2, decode($3, 'hex'), $4, $5, $6)"
	       " ON CONFLICT (tenant_id, key) DO UPDATE SET request_hash = excluded.request_hash,"
	       " status = excluded.status, headers = excluded.headers, body = excluded.body,"
	       " created_at = now()",
};

enum err replay_repo_lock(struct ctx *cx, const char *key, int64_t *ret)
{
	return db_get_int(cx, &LOCK, DB_ARGS(DB_TEXT(key)), ret);
}

enum err replay_repo_get(struct ctx *cx, const char *key, int64_t hours, struct replay_row *ret)
{
	return db_get(cx, &GET, DB_ARGS(DB_TEXT(key), DB_INT(hours)), &ROW, ret);
}

enum err replay_repo_put(struct ctx *cx, const char *key, const struct replay_row *row)
{
	return db_run(cx, &PUT,
	              DB_ARGS(DB_TEXT(key), DB_TEXT(row->request_hash), DB_INT(row->status),
	                      DB_TEXT(row->headers), DB_TEXT(row->body)),
	              NULL);
}

const struct db_check replay_statements[] = {
	{ .stmt = &LOCK },
	{ .stmt = &GET, .row = &ROW },
	{ .stmt = &PUT },
	{ .stmt = NULL },
};
