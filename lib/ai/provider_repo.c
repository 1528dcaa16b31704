/* SQL of providers. */
#include "ai/provider_repo.h"

#define BREAKER                                                                                    \
	" FROM app.llm_breaker b WHERE b.tenant_id = llm_provider.tenant_id"                       \
	" AND b.provider_id = llm_provider.id)"
#define COLUMNS                                                                                    \
	"id, name, kind, base_url, api_version,"                                                   \
	" CASE WHEN tenant_id = $1 THEN 'tenant' ELSE 'installation' END AS owner,"                \
	" CASE WHEN tenant_id = $1 THEN secret_id END AS secret_id, enabled,"                      \
	" coalesce((SELECT b.failures" BREAKER ", 0) AS failures,"                                 \
	" (SELECT (date_part('epoch', b.failed_at) * 1000000)::bigint" BREAKER                     \
	" AS failed_at, version, " DB_US("created_at") ", " DB_US("updated_at")

static const struct db_stmt LOCK = {
	.name = "provider_lock",
	.nparams = 1,
	.sql = "SELECT pg_advisory_xact_lock(hashtextextended('models_max', $1::bigint))",
};

enum err provider_repo_lock(struct ctx *cx)
{
	return db_run(cx, &LOCK, DB_NO_ARGS, NULL);
}

static const struct db_stmt INSERT = {
	.name = "provider_insert",
	.nparams = 8,
	.sql = "INSERT INTO app.llm_provider (tenant_id, name, kind, base_url, api_version, secret_id,"
	       " enabled) SELECT $1, $2, $3, $4, $5, $6::bigint, $7::boolean"
	       " WHERE (SELECT count(*) FROM app.llm_provider WHERE tenant_id = $1) < $8::bigint"
	       " RETURNING " COLUMNS,
};

enum err provider_repo_insert(struct ctx *cx, const char *name, const struct provider_put *in,
                              int64_t max, struct provider *ret)
{
	return db_get(cx, &INSERT,
	              DB_ARGS(DB_TEXT(name), DB_TEXT(in->kind), DB_TEXT(in->base_url),
	                      DB_TEXT(in->api_version), DB_INT0(in->secret_id),
	                      DB_BOOL(in->enabled), DB_INT(max)),
	              &provider_schema, ret);
}

static const struct db_stmt UPDATE = {
	.name = "provider_update",
	.nparams = 8,
	.sql = "UPDATE app.llm_provider SET kind = $4, base_url = $5, api_version = $6,"
	       " secret_id = $7, enabled = $8, version = version + 1, updated_at = now()"
	       " WHERE tenant_id = $1 AND name = $2 AND ($3::bigint = 0 OR version = $3)"
	       " RETURNING " COLUMNS,
};

enum err provider_repo_update(struct ctx *cx, const char *name, int64_t version,
                              const struct provider_put *in, struct provider *ret)
{
	return db_get(cx, &UPDATE,
	              DB_ARGS(DB_TEXT(name), DB_INT(version), DB_TEXT(in->kind),
	                      DB_TEXT(in->base_url), DB_TEXT(in->api_version),
	                      DB_INT0(in->secret_id), DB_BOOL(in->enabled)),
	              &provider_schema, ret);
}

static const struct db_stmt GET = {
	.name = "provider_get",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM app.llm_provider WHERE tenant_id = $1 AND name = $2",
};

enum err provider_repo_get(struct ctx *cx, const char *name, struct provider *ret)
{
	return db_get(cx, &GET, DB_ARGS(DB_TEXT(name)), &provider_schema, ret);
}

static const struct db_stmt SEEN = {
	.name = "provider_seen",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM app.llm_provider"
	       " WHERE tenant_id IN ($1, (SELECT app.model_lender())) AND name = $2"
	       " ORDER BY tenant_id = $1 DESC LIMIT 1",
};

enum err provider_repo_seen(struct ctx *cx, const char *name, struct provider *ret)
{
	return db_get(cx, &SEEN, DB_ARGS(DB_TEXT(name)), &provider_schema, ret);
}

static const struct db_stmt LIST = {
	.name = "provider_list",
	.read = true,
	.nparams = 3,
	.sql = "SELECT " COLUMNS " FROM app.llm_provider"
	       " WHERE tenant_id IN ($1, (SELECT app.model_lender()))"
	       " AND (tenant_id = $1 OR name NOT IN"
	       " (SELECT o.name FROM app.llm_provider o WHERE o.tenant_id = $1))"
	       " AND ($2::bigint = 0 OR id < $2) ORDER BY id DESC LIMIT $3",
};

enum err provider_repo_list(struct ctx *cx, const struct provider_filter *filter, struct list *ret)
{
	return db_list(cx, &LIST, DB_ARGS(DB_INT(filter->before_id), DB_INT(filter->limit)),
	               &provider_schema, ret);
}

static const struct db_stmt DELETE = {
	.name = "provider_delete",
	.nparams = 3,
	.sql = "DELETE FROM app.llm_provider WHERE tenant_id = $1 AND name = $2"
	       " AND ($3::bigint = 0 OR version = $3) RETURNING " COLUMNS,
};

enum err provider_repo_delete(struct ctx *cx, const char *name, int64_t version,
                              struct provider *ret)
{
	return db_get(cx, &DELETE, DB_ARGS(DB_TEXT(name), DB_INT(version)), &provider_schema, ret);
}

static const struct db_stmt FORGET = {
	.name = "provider_forget_answers",
	.nparams = 1,
	.sql = "DELETE FROM app.llm_cache WHERE tenant_id = $1",
};

enum err provider_repo_forget_answers(struct ctx *cx)
{
	return db_run(cx, &FORGET, DB_NO_ARGS, NULL);
}

const struct db_check provider_statements[] = {
	{ .stmt = &LOCK },
	{ .stmt = &INSERT, .row = &provider_schema },
	{ .stmt = &UPDATE, .row = &provider_schema },
	{ .stmt = &GET, .row = &provider_schema },
	{ .stmt = &SEEN, .row = &provider_schema },
	{ .stmt = &LIST, .row = &provider_schema },
	{ .stmt = &DELETE, .row = &provider_schema },
	{ .stmt = &FORGET },
	{ .stmt = NULL },
};
