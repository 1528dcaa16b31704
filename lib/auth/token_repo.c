/* SQL of tokens. */
#include "auth/token_repo.h"

static const struct db_stmt BEGIN = {
	.name = "token_begin",
	.nparams = 4,
	.sql = "WITH gone AS (DELETE FROM app.token_family WHERE tenant_id = $1 AND key_id = $2"
	       " AND (expires_at <= now() OR id IN (SELECT id FROM app.token_family"
	       " WHERE tenant_id = $1 AND key_id = $2 ORDER BY id DESC OFFSET $4::bigint - 1)))"
	       " INSERT INTO app.token_family (tenant_id, key_id, expires_at)"
	       " VALUES ($1, $2, now() + $3::bigint * interval '1 day')"
	       " RETURNING id, key_id, " DB_US("expires_at"),
};

enum err token_repo_begin(struct ctx *cx, int64_t key_id, int64_t days, struct token_family *ret)
{
	return db_get(cx, &BEGIN, DB_ARGS(DB_INT(key_id), DB_INT(days), DB_INT(TOKEN_FAMILIES_MAX)),
	              &token_family_schema, ret);
}

static const struct db_stmt FIRST = {
	.name = "token_first",
	.nparams = 3,
	.sql = "INSERT INTO app.refresh_token (tenant_id, family_id, generation, token_hash)"
	       " VALUES ($1, $2, 1, $3)",
};

enum err token_repo_first(struct ctx *cx, int64_t family_id,
                          const unsigned char hash[SECRET_HASH_BYTES])
{
	return db_run(cx, &FIRST, DB_ARGS(DB_INT(family_id), DB_BYTES(hash, SECRET_HASH_BYTES)),
	              NULL);
}

/* --- Before the tenant is known: functions that want the hash --- */

static const struct field TAKEN_FIELDS[] = {
	F_INT(struct token_taken, tenant_id),
	F_INT(struct token_taken, key_id),
	F_TIME(struct token_taken, expires_us, .name = "expires_at"),
	F_BOOL(struct token_taken, reused),
};
static const struct schema TAKEN = SCHEMA(struct token_taken, "TokenTaken", TAKEN_FIELDS);

static const struct db_stmt TAKE = {
	.name = "token_take",
	.any_tenant = true,
	.nparams = 3,
	.sql = "SELECT tenant_id, key_id, " DB_US(
		"expires_at") ", reused"
			      " FROM app.refresh_take($1, $2, $3)",
};

enum err token_repo_take(struct ctx *cx, int64_t family_id, const char *hashes,
                         const unsigned char next[SECRET_HASH_BYTES], struct token_taken *ret)
{
	return db_get(
		cx, &TAKE,
		DB_ARGS(DB_INT(family_id), DB_TEXT(hashes), DB_BYTES(next, SECRET_HASH_BYTES)),
		&TAKEN, ret);
}

static const struct db_stmt REVOKE = {
	.name = "token_revoke",
	.any_tenant = true,
	.nparams = 2,
	.sql = "SELECT tenant_id, key_id, " DB_US("expires_at") ", false AS reused"
								" FROM app.refresh_revoke($1, $2)",
};

enum err token_repo_revoke(struct ctx *cx, int64_t family_id, const char *hashes,
                           struct token_taken *ret)
{
	return db_get(cx, &REVOKE, DB_ARGS(DB_INT(family_id), DB_TEXT(hashes)), &TAKEN, ret);
}

/* --- Admission --- */

static const struct field ADMITTED_FIELDS[] = {
	F_INT(struct token_admitted, tenant_id),
	F_INT(struct token_admitted, key_id),
	F_INT(struct token_admitted, role),
};
static const struct schema ADMITTED =
	SCHEMA(struct token_admitted, "TokenAdmitted", ADMITTED_FIELDS);

static const struct db_stmt ADMIT = {
	.name = "token_admit",
	.any_tenant = true,
	.read = true,
	.nparams = 5,
	.sql = "SELECT tenant_id, key_id, role FROM app.admit_token($1, $2, $3, $4::integer, $5)",
};

void token_repo_admit_along(struct ctx *cx, const struct token_question *q,
                            struct token_admitted *ret, void (*then)(struct ctx *cx, void *ret))
{
	db_precede(cx, &ADMIT, q->args, COUNT(q->args), &ADMITTED, ret, then);
}

const struct db_check token_statements[] = {
	{ .stmt = &BEGIN, .row = &token_family_schema },
	{ .stmt = &FIRST },
	{ .stmt = &TAKE, .row = &TAKEN },
	{ .stmt = &REVOKE, .row = &TAKEN },
	{ .stmt = &ADMIT, .row = &ADMITTED },
	{ .stmt = NULL },
};
