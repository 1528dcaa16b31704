/* SQL of sealing. */
#include "audit/seal_repo.h"

static const struct db_stmt RUN = {
	.name = "seal_run",
	.any_tenant = true,
	.nparams = 1,
	.sql = "SELECT app.seal_audit($1::integer)",
};

enum err seal_repo_run(struct ctx *cx, int64_t most, int64_t *ret)
{
	return db_get_int(cx, &RUN, DB_ARGS(DB_INT(most)), ret);
}

static const struct db_stmt PRUNE = {
	.name = "seal_prune",
	.any_tenant = true,
	.nparams = 2,
	.sql = "SELECT app.prune_audit($1::integer, $2::integer)",
};

enum err seal_repo_prune(struct ctx *cx, int64_t days, int64_t most, int64_t *ret)
{
	return db_get_int(cx, &PRUNE, DB_ARGS(DB_INT(days), DB_INT(most)), ret);
}

static const struct field ANCHOR_FIELDS[] = {
	F_INT(struct seal_anchor, tenant_id),
	F_INT(struct seal_anchor, seq),
	F_TEXT(struct seal_anchor, hash),
};
static const struct schema ANCHOR = SCHEMA(struct seal_anchor, "AuditAnchor", ANCHOR_FIELDS);

static const struct db_stmt ANCHORS = {
	.name = "seal_anchors",
	.any_tenant = true,
	.read = true,
	.nparams = 2,
	.sql = "SELECT tenant_id, seq, encode(hash, 'hex') AS hash FROM app.audit_chain"
	       " WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2",
};

enum err seal_repo_anchors(struct ctx *cx, int64_t after, int64_t most, struct list *ret)
{
	return db_list(cx, &ANCHORS, DB_ARGS(DB_INT(after), DB_INT(most)), &ANCHOR, ret);
}

const struct db_check seal_statements[] = {
	{ .stmt = &RUN, .as = DB_AS_RUNNER },
	{ .stmt = &PRUNE, .as = DB_AS_RUNNER },
	{ .stmt = &ANCHORS, .row = &ANCHOR, .as = DB_AS_RUNNER },
	{ .stmt = NULL },
};
