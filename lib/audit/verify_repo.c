/* SQL of the check of the audit log. */
#include "audit/verify_repo.h"

static const struct db_stmt FREEZE = {
	.name = "verify_freeze",
	.any_tenant = true,
	.read = true,
	.sql = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
};

enum err verify_repo_freeze(struct ctx *cx)
{
	return db_run(cx, &FREEZE, DB_NO_ARGS, NULL);
}

static const struct field CHAIN_ID_FIELDS[] = {
	F_INT(struct verify_chain_id, tenant_id, .doc = "Tenant; 0: the installation"),
};
static const struct schema CHAIN_ID =
	SCHEMA(struct verify_chain_id, "AuditChainId", CHAIN_ID_FIELDS);

static const struct db_stmt CHAINS = {
	.name = "verify_chains",
	.any_tenant = true,
	.read = true,
	.sql = "SELECT tenant_id FROM app.audit_chain UNION SELECT tenant_id FROM app.audit_seal"
	       " UNION SELECT tenant_id FROM app.audit ORDER BY tenant_id",
};

enum err verify_repo_chains(struct ctx *cx, struct list *ret)
{
	return db_list(cx, &CHAINS, DB_NO_ARGS, &CHAIN_ID, ret);
}

static const struct field ENDS_FIELDS[] = {
	F_INT(struct verify_ends, seq),
	F_INT(struct verify_ends, base_seq),
	F_TEXT(struct verify_ends, hash),
	F_TEXT(struct verify_ends, base_hash),
};
static const struct schema ENDS = SCHEMA(struct verify_ends, "AuditChainEnds", ENDS_FIELDS);

static const struct db_stmt GET_ENDS = {
	.name = "verify_ends",
	.any_tenant = true,
	.read = true,
	.nparams = 1,
	.sql = "SELECT seq, base_seq, encode(hash, 'hex') AS hash,"
	       " encode(base_hash, 'hex') AS base_hash FROM app.audit_chain WHERE tenant_id = $1",
};

enum err verify_repo_ends(struct ctx *cx, int64_t tenant_id, struct verify_ends *ret)
{
	return db_get(cx, &GET_ENDS, DB_ARGS(DB_INT(tenant_id)), &ENDS, ret);
}

static const struct field SEAL_FIELDS[] = {
	F_INT(struct verify_seal, seq),
	F_INT(struct verify_seal, place),
	F_TEXT(struct verify_seal, prev_hash),
	F_TEXT(struct verify_seal, hash),
	F_BOOL(struct verify_seal, here),
	F_TEXT(struct verify_seal, row.tenant_id, .name = "tenant_id"),
	F_TEXT(struct verify_seal, row.position, .name = "position"),
	F_TEXT(struct verify_seal, row.at_us, .name = "at_us"),
	F_TEXT(struct verify_seal, row.actor, .name = "actor"),
	F_TEXT(struct verify_seal, row.user_id, .name = "user_id"),
	F_TEXT(struct verify_seal, row.key_id, .name = "key_id"),
	F_TEXT(struct verify_seal, row.action, .name = "action"),
	F_TEXT(struct verify_seal, row.target, .name = "target"),
	F_TEXT(struct verify_seal, row.outcome, .name = "outcome"),
	F_TEXT(struct verify_seal, row.remote, .name = "remote"),
	F_TEXT(struct verify_seal, row.request_id, .name = "request_id"),
	F_TEXT(struct verify_seal, row.detail, .name = "detail"),
};
static const struct schema SEAL = SCHEMA(struct verify_seal, "AuditSealedRow", SEAL_FIELDS);

static const struct db_stmt SEALS = {
	.name = "verify_seals",
	.any_tenant = true,
	.read = true,
	.nparams = 3,
	.sql = "SELECT s.seq, s.position AS place, encode(s.prev_hash, 'hex') AS prev_hash,"
	       " encode(s.hash, 'hex') AS hash, a.position IS NOT NULL AS here,"
	       " a.tenant_id::text AS tenant_id, a.position::text AS position,"
	       " (extract(epoch FROM a.at) * 1000000)::bigint::text AS at_us, a.actor,"
	       " a.user_id::text AS user_id, a.key_id::text AS key_id, a.action, a.target,"
	       " a.outcome, a.remote, a.request_id, a.detail::text AS detail"
	       " FROM app.audit_seal s LEFT JOIN app.audit a ON a.position = s.position"
	       " WHERE s.tenant_id = $1 AND s.seq > $2 ORDER BY s.seq LIMIT $3",
};

enum err verify_repo_seals(struct ctx *cx, int64_t tenant_id, int64_t after, struct list *ret)
{
	return db_list(cx, &SEALS, DB_ARGS(DB_INT(tenant_id), DB_INT(after), DB_INT(VERIFY_PAGE)),
	               &SEAL, ret);
}

#define UNSEALED                                                                                   \
	" FROM app.audit a WHERE a.tenant_id = $1"                                                 \
	" AND NOT EXISTS (SELECT FROM app.audit_seal s WHERE s.position = a.position)"

/* Transactions below the horizon are sealed whole. */
static const struct db_stmt STRAY = {
	.name = "verify_stray",
	.any_tenant = true,
	.read = true,
	.nparams = 1,
	.sql = "SELECT coalesce(min(a.position), 0)" UNSEALED
	       " AND a.xid < (SELECT horizon FROM app.audit_horizon)",
};

enum err verify_repo_stray(struct ctx *cx, int64_t tenant_id, int64_t *ret)
{
	return db_get_int(cx, &STRAY, DB_ARGS(DB_INT(tenant_id)), ret);
}

static const struct db_stmt COUNT_UNSEALED = {
	.name = "verify_unsealed",
	.any_tenant = true,
	.read = true,
	.nparams = 1,
	.sql = "SELECT count(*)" UNSEALED,
};

enum err verify_repo_unsealed(struct ctx *cx, int64_t tenant_id, int64_t *ret)
{
	return db_get_int(cx, &COUNT_UNSEALED, DB_ARGS(DB_INT(tenant_id)), ret);
}

const struct db_check verify_statements[] = {
	{ .stmt = &FREEZE, .as = DB_AS_GATE },
	{ .stmt = &CHAINS, .row = &CHAIN_ID, .as = DB_AS_GATE },
	{ .stmt = &GET_ENDS, .row = &ENDS, .as = DB_AS_GATE },
	{ .stmt = &SEALS, .row = &SEAL, .as = DB_AS_GATE },
	{ .stmt = &STRAY, .as = DB_AS_GATE },
	{ .stmt = &COUNT_UNSEALED, .as = DB_AS_GATE },
	{ .stmt = NULL },
};
