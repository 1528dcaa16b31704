/*
 * SQL of the audit log.
 *
 * The tenant is given by hand, because 0 is one here: whether it may be written or seen is row
 * security's business.
 */
#include "audit/audit_repo.h"

static const struct db_stmt INSERT = {
	.name = "audit_insert",
	.any_tenant = true,
	.nparams = 10,
	.sql = "INSERT INTO app.audit (tenant_id, actor, user_id, key_id, action, target, outcome,"
	       " remote, request_id, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
};

enum err audit_repo_insert(struct ctx *cx, const struct audit_act *act,
                           const struct audit_texts *texts)
{
	return db_run(cx, &INSERT,
	              DB_ARGS(DB_INT(cx->who.tenant_id), DB_TEXT(texts->actor),
	                      DB_INT0(cx->who.user_id), DB_INT0(cx->who.key_id),
	                      DB_TEXT(act->action), DB_TEXT(texts->target),
	                      DB_TEXT(act->refused ? "refused" : "done"), DB_TEXT(texts->remote),
	                      DB_TEXT(cx->request_id[0] != '\0' ? cx->request_id : NULL),
	                      DB_TEXT(texts->detail)),
	              NULL);
}

#define ROWS                                                                                                     \
	"SELECT a.position, " DB_US(                                                                             \
		"at") ", a.actor, a.user_id, a.key_id, a.action, a.target,"                                      \
		      " a.outcome, a.remote, a.request_id, a.detail, a.tenant_id, s.seq AS seal_seq,"            \
		      " encode(s.hash, 'hex') AS seal_hash"                                                      \
		      " FROM app.audit a LEFT JOIN app.audit_seal s ON s.position = a.position"                  \
		      " AND s.tenant_id = $1 WHERE a.tenant_id = $1"                                             \
		      " AND ($2::bigint IS NULL OR a.position < $2) AND ($3::bigint IS NULL OR a.position > $3)" \
		      " AND ($4::text IS NULL OR a.action = $4 OR starts_with(a.action, $4 || '.'))"             \
		      " AND ($5::text IS NULL OR a.actor = $5) AND ($6::text IS NULL OR a.target = $6)"          \
		      " AND ($7::text IS NULL OR a.outcome = $7) AND ($8::text IS NULL OR a.request_id = $8)"    \
		      " AND ($9::bigint IS NULL OR a.at >= to_timestamp($9 / 1000000.0))"                        \
		      " AND ($10::bigint IS NULL OR a.at < to_timestamp($10 / 1000000.0))"                       \
		      " ORDER BY a.position "

static const struct db_stmt LIST_DOWN = {
	.name = "audit_list",
	.any_tenant = true,
	.read = true,
	.nparams = 11,
	.sql = ROWS "DESC LIMIT $11",
};
static const struct db_stmt LIST_UP = {
	.name = "audit_list_up",
	.any_tenant = true,
	.read = true,
	.nparams = 11,
	.sql = ROWS "ASC LIMIT $11",
};

enum err audit_repo_list(struct ctx *cx, const struct audit_filter *f, bool up, struct list *ret)
{
	return db_list(cx, up ? &LIST_UP : &LIST_DOWN,
	               DB_ARGS(DB_INT(cx->who.tenant_id), DB_INT0(f->before), DB_INT0(f->after),
	                       DB_TEXT(f->action), DB_TEXT(f->actor), DB_TEXT(f->target),
	                       DB_TEXT(f->outcome), DB_TEXT(f->request_id), DB_INT0(f->since_us),
	                       DB_INT0(f->until_us), DB_INT(f->limit)),
	               &audit_schema, ret);
}

const struct db_check audit_statements[] = {
	{ .stmt = &INSERT },
	{ .stmt = &LIST_DOWN, .row = &audit_schema },
	{ .stmt = &LIST_UP, .row = &audit_schema },
	{ .stmt = NULL },
};
