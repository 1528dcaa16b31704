/* SQL of secrets. */
#include "auth/vault_repo.h"

#define COLUMNS                                                                                     \
	"id, name, kind, origin, username, host_key, public_key, fingerprint, version, created_by," \
	" " DB_US("created_at") ", " DB_US("updated_at") ", " DB_US("last_used_at")

/* The id is part of what is sealed, so it is drawn first. */
static const struct db_stmt NEXT_ID = {
	.name = "vault_next_id",
	.any_tenant = true,
	.sql = "SELECT nextval('app.secret_id_seq')",
};

enum err vault_repo_next_id(struct ctx *cx, int64_t *ret)
{
	return db_get_int(cx, &NEXT_ID, DB_NO_ARGS, ret);
}

static const struct db_stmt INSERT = {
	.name = "vault_insert",
	.nparams = 12,
	.sql = "INSERT INTO app.secret (tenant_id, id, name, kind, origin, username, host_key,"
	       " public_key, fingerprint, sealed, created_by) OVERRIDING SYSTEM VALUE"
	       " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 WHERE NOT EXISTS"
	       " (SELECT FROM app.secret WHERE tenant_id = $1 OFFSET $12::bigint - 1 LIMIT 1)"
	       " RETURNING " COLUMNS,
};

enum err vault_repo_insert(struct ctx *cx, int64_t id, const struct vault_row *in, int64_t max,
                           struct secret *ret)
{
	return db_get(cx, &INSERT,
	              DB_ARGS(DB_INT(id), DB_TEXT(in->name), DB_TEXT(in->kind), DB_TEXT(in->origin),
	                      DB_TEXT(in->username), DB_TEXT(in->host_key), DB_TEXT(in->public_key),
	                      DB_TEXT(in->fingerprint), DB_BYTES(in->sealed.data, in->sealed.len),
	                      DB_TEXT(cx->who.actor), DB_INT(max)),
	              &secret_schema, ret);
}

static const struct db_stmt GET = {
	.name = "vault_get",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM app.secret WHERE tenant_id = $1 AND id = $2",
};

enum err vault_repo_get(struct ctx *cx, int64_t id, struct secret *ret)
{
	return db_get(cx, &GET, DB_ARGS(DB_INT(id)), &secret_schema, ret);
}

static const struct db_stmt LIST = {
	.name = "vault_list",
	.read = true,
	.nparams = 4,
	.sql = "SELECT " COLUMNS " FROM app.secret WHERE tenant_id = $1 AND id < $2"
	       " AND ($4::text IS NULL OR kind = $4) ORDER BY id DESC LIMIT $3",
};

enum err vault_repo_list(struct ctx *cx, const struct secret_filter *filter, struct list *ret)
{
	int64_t before = filter->before_id != 0 ? filter->before_id : INT64_MAX;

	return db_list(cx, &LIST,
	               DB_ARGS(DB_INT(before), DB_INT(filter->limit), DB_TEXT(filter->kind)),
	               &secret_schema, ret);
}

static const struct db_stmt UPDATE = {
	.name = "vault_update",
	.nparams = 10,
	.sql = "UPDATE app.secret SET name = coalesce($4, name),"
	       " username = CASE WHEN $5 THEN $6 ELSE username END,"
	       " host_key = coalesce($7, host_key), public_key = coalesce($8, public_key),"
	       " fingerprint = coalesce($9, fingerprint), sealed = coalesce($10, sealed),"
	       " version = version + 1, updated_at = now()"
	       " WHERE tenant_id = $1 AND id = $2 AND ($3::bigint IS NULL OR version = $3)"
	       " RETURNING " COLUMNS,
};

enum err vault_repo_update(struct ctx *cx, int64_t id, int64_t version, const struct vault_row *in,
                           struct secret *ret)
{
	struct db_arg sealed = DB_BYTES(in->sealed.data, in->sealed.len);

	if (in->sealed.data == NULL)
		sealed = (struct db_arg)DB_NULL();
	return db_get(cx, &UPDATE,
	              DB_ARGS(DB_INT(id), DB_INT0(version), DB_TEXT(in->name),
	                      DB_BOOL(in->username_given), DB_TEXT(in->username),
	                      DB_TEXT(in->host_key), DB_TEXT(in->public_key),
	                      DB_TEXT(in->fingerprint), sealed),
	              &secret_schema, ret);
}

static const struct db_stmt DELETE = {
	.name = "vault_delete",
	.nparams = 3,
	.sql = "DELETE FROM app.secret"
	       " WHERE tenant_id = $1 AND id = $2 AND ($3::bigint IS NULL OR version = $3)"
	       " RETURNING " COLUMNS,
};

enum err vault_repo_delete(struct ctx *cx, int64_t id, int64_t version, struct secret *ret)
{
	return db_get(cx, &DELETE, DB_ARGS(DB_INT(id), DB_INT0(version)), &secret_schema, ret);
}

/* The order is the order of the ids, so that the answer does not change from one time to the next. */
static const struct db_stmt USERS = {
	.name = "vault_users",
	.read = true,
	.nparams = 2,
	.sql = "SELECT string_agg(name, ', ' ORDER BY place) AS names FROM (SELECT place,"
	       " CASE WHEN place > 5 THEN '…' ELSE name END AS name FROM (SELECT name,"
	       " row_number() OVER (ORDER BY what, id) AS place FROM (SELECT 1 AS what, id,"
	       " name || ' (' || id || ')' AS name FROM app.project WHERE tenant_id = $1"
	       " AND secret_id = $2 UNION ALL SELECT 2, id, 'the provider ' || name"
	       " FROM app.llm_provider WHERE tenant_id = $1 AND secret_id = $2) u) p"
	       " WHERE place <= 6) p",
};

enum err vault_repo_users(struct ctx *cx, int64_t id, const char **ret)
{
	return db_get_text(cx, &USERS, DB_ARGS(DB_INT(id)), ret);
}

static const struct field SEALED_FIELDS[] = {
	F_INT(struct vault_sealed, tenant_id),
	F_INT(struct vault_sealed, id),
	F_TEXT(struct vault_sealed, sealed),
};
static const struct schema SEALED = SCHEMA(struct vault_sealed, "VaultSealed", SEALED_FIELDS);

static const struct db_stmt OPEN = {
	.name = "vault_sealed",
	.read = true,
	.nparams = 2,
	.sql = "SELECT tenant_id, id, encode(sealed, 'hex') AS sealed"
	       " FROM app.secret WHERE tenant_id = $1 AND id = $2",
};

enum err vault_repo_sealed(struct ctx *cx, int64_t id, struct vault_sealed *ret)
{
	return db_get(cx, &OPEN, DB_ARGS(DB_INT(id)), &SEALED, ret);
}

static const struct db_stmt TOUCH = {
	.name = "vault_touch",
	.nparams = 2,
	.sql = "UPDATE app.secret SET last_used_at = now() WHERE tenant_id = $1 AND id = $2"
	       " AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')",
};

enum err vault_repo_touch(struct ctx *cx, int64_t id)
{
	return db_run(cx, &TOUCH, DB_ARGS(DB_INT(id)), NULL);
}

/* --- Of all tenants, as the gate --- */

static const struct db_stmt BATCH = {
	.name = "vault_batch",
	.any_tenant = true,
	.read = true,
	.nparams = 3,
	.sql = "SELECT tenant_id, id, encode(sealed, 'hex') AS sealed FROM app.secret"
	       " WHERE key_number <> $1 AND id > $2 ORDER BY id LIMIT $3",
};

enum err vault_repo_batch(struct ctx *cx, int but_key, int64_t after_id, struct list *ret)
{
	return db_list(cx, &BATCH,
	               DB_ARGS(DB_INT(but_key), DB_INT(after_id), DB_INT(VAULT_BATCH_ROWS)),
	               &SEALED, ret);
}

static const struct db_stmt RESEAL = {
	.name = "vault_reseal",
	.any_tenant = true,
	.nparams = 4,
	.sql = "UPDATE app.secret SET sealed = $4"
	       " WHERE tenant_id = $1 AND id = $2 AND sealed = decode($3, 'hex')",
};

enum err vault_repo_reseal(struct ctx *cx, const struct vault_sealed *was, struct span sealed,
                           int64_t *ret_rows)
{
	return db_run(cx, &RESEAL,
	              DB_ARGS(DB_INT(was->tenant_id), DB_INT(was->id), DB_TEXT(was->sealed),
	                      DB_BYTES(sealed.data, sealed.len)),
	              ret_rows);
}

static const struct field NEED_FIELDS[] = {
	F_INT(struct vault_need, secrets),
	F_INT(struct vault_need, api_keys),
	F_INT(struct vault_need, others),
};
static const struct schema NEED = SCHEMA(struct vault_need, "VaultNeed", NEED_FIELDS);

/* Sessions and tokens do not name their key: those count that are older than the next key, and a minute. */
#define OLDER(table, over)                                                                         \
	"(SELECT count(*) FROM app." table " WHERE " over                                          \
	" AND ($2 = 0 OR created_at < to_timestamp($2::bigint) + interval '1 minute'))"

#define SESSIONS OLDER("session", "expires_at > now()")
#define HANDED   OLDER("password_token", "expires_at > now()")
/* A token that was used has its successor under a newer key; one of an API key that ended is over. */
#define REFRESHES                                                                                  \
	OLDER("refresh_token r",                                                                   \
	      "used_at IS NULL AND EXISTS (SELECT FROM app.token_family f JOIN app.api_key k"      \
	      " ON k.tenant_id = f.tenant_id AND k.id = f.key_id WHERE f.tenant_id = r.tenant_id"  \
	      " AND f.id = r.family_id AND f.revoked_at IS NULL AND f.expires_at > now()"          \
	      " AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()))")

static const struct db_stmt NEEDS = {
	.name = "vault_needs",
	.any_tenant = true,
	.read = true,
	.nparams = 2,
	.sql = "SELECT (SELECT count(*) FROM app.secret WHERE key_number = $1) AS secrets,"
	       " (SELECT count(*) FROM app.api_key WHERE hash_key = $1 AND revoked_at IS NULL"
	       " AND (expires_at IS NULL OR expires_at > now())) AS api_keys, " SESSIONS
	       " + " HANDED " + " REFRESHES " AS others",
};

enum err vault_repo_needs(struct ctx *cx, int key_number, int64_t until_s, struct vault_need *ret)
{
	return db_get(cx, &NEEDS, DB_ARGS(DB_INT(key_number), DB_INT(until_s)), &NEED, ret);
}

static const struct db_stmt NEEDS_ANY = {
	.name = "vault_needs_any",
	.any_tenant = true,
	.read = true,
	.sql = "SELECT (SELECT count(*) FROM app.secret) AS secrets,"
	       " (SELECT count(*) FROM app.api_key WHERE hash_key > 0 AND revoked_at IS NULL"
	       " AND (expires_at IS NULL OR expires_at > now())) AS api_keys,"
	       " (SELECT count(*) FROM app.session WHERE expires_at > now()) AS others",
};

enum err vault_repo_needs_any(struct ctx *cx, struct vault_need *ret)
{
	return db_get(cx, &NEEDS_ANY, DB_NO_ARGS, &NEED, ret);
}

const struct db_check vault_statements[] = {
	{ .stmt = &NEXT_ID },
	{ .stmt = &INSERT, .row = &secret_schema },
	{ .stmt = &GET, .row = &secret_schema },
	{ .stmt = &LIST, .row = &secret_schema },
	{ .stmt = &UPDATE, .row = &secret_schema },
	{ .stmt = &DELETE, .row = &secret_schema },
	{ .stmt = &USERS },
	{ .stmt = &OPEN, .row = &SEALED },
	{ .stmt = &TOUCH },
	{ .stmt = &BATCH, .row = &SEALED, .as = DB_AS_GATE },
	{ .stmt = &RESEAL, .as = DB_AS_GATE },
	{ .stmt = &NEEDS, .row = &NEED, .as = DB_AS_GATE },
	{ .stmt = &NEEDS_ANY, .row = &NEED, .as = DB_AS_GATE },
	{ .stmt = NULL },
};
