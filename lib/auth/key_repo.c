/* SQL of API keys.  None of it has a tenant yet: it is what finds the tenant. */
#include "auth/key_repo.h"

static const struct field ADMITTED_FIELDS[] = {
	F_INT(struct key_admitted, packed, .doc = "Tenant of the key * 8 + its role"),
};
static const struct schema ADMITTED = SCHEMA(struct key_admitted, "KeyAdmitted", ADMITTED_FIELDS);

/*
 * Always one row, or an error: the statement behind it in the same transaction
 * is not done for a caller who is refused.  It also tells the transaction whose
 * it is, so that row security lets that statement see the tenant's rows.
 */
static const struct db_stmt ADMIT = {
	.name = "key_admit",
	.any_tenant = true,
	.read = true,
	.nparams = 5,
	.sql = "SELECT app.admit_key_packed($1, $2, $3, $4, $5) AS packed",
};

int64_t key_repo_tenant_of(const struct key_admitted *in)
{
	return in->packed / 8;
}

enum role key_repo_role_of(const struct key_admitted *in)
{
	return (enum role)(in->packed % 8);
}

void key_repo_question(struct key_question *q, int64_t id, const char *hashes, enum role least,
                       const char *scope, int64_t tenant_id)
{
	const struct key_question made = { {
		DB_INT(id),
		DB_TEXT(hashes),
		DB_INT(least),
		DB_TEXT(scope),
		DB_INT0(tenant_id),
	} };

	*q = made;
}

enum err key_repo_admit(struct ctx *cx, const struct key_question *q, struct key_admitted *ret)
{
	return db_get(cx, &ADMIT, q->args, COUNT(q->args), &ADMITTED, ret);
}

void key_repo_admit_along(struct ctx *cx, const struct key_question *q, struct key_admitted *ret,
                          void (*then)(struct ctx *cx, void *ret))
{
	db_precede(cx, &ADMIT, q->args, COUNT(q->args), &ADMITTED, ret, then);
}

static const struct db_stmt TENANT = {
	.name = "key_tenant",
	.any_tenant = true,
	.nparams = 1,
	.sql = "INSERT INTO app.tenant (name) VALUES ($1)"
	       " ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
};

enum err key_repo_tenant(struct ctx *cx, const char *name, int64_t *ret_id)
{
	return db_get_int(cx, &TENANT, DB_ARGS(DB_TEXT(name)), ret_id);
}

static const struct db_stmt NEXT_ID = {
	.name = "key_next_id",
	.any_tenant = true,
	.sql = "SELECT nextval(pg_get_serial_sequence('app.api_key', 'id'))",
};

enum err key_repo_next_id(struct ctx *cx, int64_t *ret)
{
	return db_get_int(cx, &NEXT_ID, DB_NO_ARGS, ret);
}

static const struct db_stmt INSERT = {
	.name = "key_insert",
	.nparams = 6,
	.any_tenant = true,
	.sql = "INSERT INTO app.api_key (tenant_id, id, name, role, secret_hash, hash_key)"
	       " OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6)",
};

enum err key_repo_insert(struct ctx *cx, int64_t tenant_id, const char *name, enum role role,
                         const struct key_stored *key)
{
	return db_run(cx, &INSERT,
	              DB_ARGS(DB_INT(tenant_id), DB_INT(key->id), DB_TEXT(name), DB_INT(role),
	                      DB_BYTES(key->hash, sizeof(key->hash)), DB_INT(key->hash_key)),
	              NULL);
}

static const struct db_stmt STANDS = {
	.name = "key_stands",
	.any_tenant = true,
	.read = true,
	.nparams = 1,
	.sql = "SELECT count(*) FROM app.api_key WHERE id = $1 AND hash_key > 0"
	       " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())",
};

enum err key_repo_stands(struct ctx *cx, int64_t id, int64_t *ret)
{
	return db_get_int(cx, &STANDS, DB_ARGS(DB_INT(id)), ret);
}

static const struct db_stmt USED = {
	.name = "key_used",
	.nparams = 2,
	.sql = "UPDATE app.api_key SET last_used_at = now() WHERE tenant_id = $1 AND id = $2"
	       " AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')",
};

enum err key_repo_used(struct ctx *cx)
{
	return db_run(cx, &USED, DB_ARGS(DB_INT(cx->who.key_id)), NULL);
}

const struct db_check key_statements[] = {
	{ .stmt = &USED },
	{ .stmt = &ADMIT, .row = &ADMITTED, .as = DB_AS_APP | DB_AS_GATE },
	{ .stmt = &TENANT, .as = DB_AS_GATE },
	{ .stmt = &NEXT_ID, .as = DB_AS_GATE },
	{ .stmt = &INSERT, .as = DB_AS_GATE },
	{ .stmt = &STANDS, .as = DB_AS_GATE },
	{ .stmt = NULL },
};
