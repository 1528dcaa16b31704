/* SQL of models. */
#include "ai/model_repo.h"

/* What was configured goes before what was found, and a list says which was found. */
#define KNOWN                                                                                      \
	"coalesce(m.context_tokens, m.found_context) AS context_tokens, m.output_tokens,"          \
	" coalesce(m.dimensions, m.found_dimensions) AS dimensions,"                               \
	" coalesce(m.tools, m.found_tools) AS tools, m.json_schema, m.vision,"                     \
	" coalesce(m.stream_usage, m.found_usage) AS stream_usage"
#define FOUND(one, column, name)                                                                   \
	"CASE WHEN m." one " IS NULL AND m." column " IS NOT NULL THEN '" name "' END"
#define FOUNDS                                                                                     \
	FOUND("context_tokens", "found_context", "context_tokens")                                 \
	", " FOUND("dimensions", "found_dimensions", "dimensions") ", " FOUND(                     \
		"tools", "found_tools", "tools") ", " FOUND("stream_usage", "found_usage",         \
	                                                    "stream_usage")

/* What is lent is preferred where nothing of the tenant's own is. */
#define PREFERRED                                                                                  \
	"(m.preferred AND (m.tenant_id = $1 OR NOT EXISTS (SELECT FROM app.llm_model o"            \
	" WHERE o.tenant_id = $1 AND o.kind = m.kind AND o.preferred)))"
#define COLUMNS                                                                                    \
	"m.id, m.name, p.name AS provider,"                                                        \
	" CASE WHEN m.tenant_id = $1 THEN 'tenant' ELSE 'installation' END AS owner,"              \
	" m.kind, m.remote_name, " PREFERRED " AS preferred, p.enabled, m.fallback, " KNOWN        \
	", to_jsonb(array_remove(ARRAY[" FOUNDS "], NULL)) AS found,"                              \
	" m.price_input, m.price_cached, m.price_output,"                                          \
	" (date_part('epoch', m.probed_at) * 1000000)::bigint AS probed_at, m.probe_error,"        \
	" m.version, (date_part('epoch', m.created_at) * 1000000)::bigint AS created_at,"          \
	" (date_part('epoch', m.updated_at) * 1000000)::bigint AS updated_at"
#define PROVIDER " JOIN app.llm_provider p ON p.tenant_id = m.tenant_id AND p.id = m.provider_id"

/* What a tenant sees: its own, and what is lent by names that it has none of. */
#define SEES                                                                                       \
	"m.tenant_id IN ($1, (SELECT app.model_lender())) AND (m.tenant_id = $1 OR m.name NOT IN"  \
	" (SELECT o.name FROM app.llm_model o WHERE o.tenant_id = $1))"

static const struct db_stmt UNPREFER = {
	.name = "model_unprefer",
	.nparams = 3,
	.sql = "UPDATE app.llm_model SET preferred = false, version = version + 1, updated_at = now()"
	       " WHERE tenant_id = $1 AND kind = $2 AND name <> $3 AND preferred",
};

enum err model_repo_unprefer(struct ctx *cx, const char *kind, const char *but)
{
	return db_run(cx, &UNPREFER, DB_ARGS(DB_TEXT(kind), DB_TEXT(but)), NULL);
}

#define PUT_ARGS(in)                                                                               \
	DB_TEXT((in)->provider), DB_TEXT((in)->kind), DB_TEXT((in)->remote_name),                  \
		DB_BOOL((in)->preferred), DB_TEXT((in)->fallback), DB_INT0((in)->context_tokens),  \
		DB_INT0((in)->output_tokens), DB_INT0((in)->dimensions), DB_TEXT((in)->tools),     \
		DB_TEXT((in)->json_schema), DB_TEXT((in)->vision), DB_TEXT((in)->stream_usage),    \
		DB_INT((in)->price_input), DB_INT((in)->price_cached), DB_INT((in)->price_output)

static const struct db_stmt INSERT = {
	.name = "model_insert",
	.nparams = 18,
	.sql = "WITH m AS (INSERT INTO app.llm_model (tenant_id, name, provider_id, kind, remote_name,"
	       " preferred, fallback, context_tokens, output_tokens, dimensions, tools, json_schema,"
	       " vision, stream_usage, price_input, price_cached, price_output)"
	       " SELECT $1, $2, p.id, $5, $6, $7::boolean, $8, $9::bigint, $10::bigint,"
	       " $11::bigint, $12, $13, $14, $15, $16::bigint, $17::bigint, $18::bigint"
	       " FROM app.llm_provider p WHERE p.tenant_id = $1 AND p.name = $4"
	       " AND (SELECT count(*) FROM app.llm_model WHERE tenant_id = $1) < $3::bigint"
	       " RETURNING *) SELECT " COLUMNS " FROM m" PROVIDER,
};

enum err model_repo_insert(struct ctx *cx, const char *name, const struct model_put *in,
                           int64_t max, struct model *ret)
{
	return db_get(cx, &INSERT, DB_ARGS(DB_TEXT(name), DB_INT(max), PUT_ARGS(in)), &model_schema,
	              ret);
}

/* What was found of another model, or at another provider, is not known of this one. */
#define KEPT(column)                                                                                     \
	column " = CASE WHEN o.provider_id = p.id AND o.remote_name = $6 AND o.kind = $5 THEN o." column \
	       " END"

static const struct db_stmt UPDATE = {
	.name = "model_update",
	.nparams = 18,
	.sql = "WITH m AS (UPDATE app.llm_model o SET provider_id = p.id, kind = $5, remote_name = $6,"
	       " preferred = $7, fallback = $8, context_tokens = $9, output_tokens = $10,"
	       " dimensions = $11, tools = $12, json_schema = $13, vision = $14,"
	       " stream_usage = $15, price_input = $16, price_cached = $17, price_output = $18, " KEPT("found_context") ", " KEPT("found_dimensions") ", " KEPT(
		       "found_tools") ", " KEPT("found_usage") ", " KEPT("probed_at") ", " KEPT("probe_error") ", version = o.version + 1, updated_at = now()"
													       " FROM app.llm_provider p WHERE p.tenant_id = $1 AND p.name = $4 AND o.tenant_id = $1"
													       " AND o.name = $2 AND ($3::bigint = 0 OR o.version = $3) RETURNING o.*) SELECT " COLUMNS
													       " FROM m" PROVIDER,
};

enum err model_repo_update(struct ctx *cx, const char *name, int64_t version,
                           const struct model_put *in, struct model *ret)
{
	return db_get(cx, &UPDATE, DB_ARGS(DB_TEXT(name), DB_INT(version), PUT_ARGS(in)),
	              &model_schema, ret);
}

static const struct db_stmt GET = {
	.name = "model_get",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM app.llm_model m" PROVIDER
	       " WHERE m.tenant_id = $1 AND m.name = $2",
};

enum err model_repo_get(struct ctx *cx, const char *name, struct model *ret)
{
	return db_get(cx, &GET, DB_ARGS(DB_TEXT(name)), &model_schema, ret);
}

static const struct db_stmt SEEN = {
	.name = "model_seen",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM app.llm_model m" PROVIDER " WHERE " SEES " AND m.name = $2",
};

enum err model_repo_seen(struct ctx *cx, const char *name, struct model *ret)
{
	return db_get(cx, &SEEN, DB_ARGS(DB_TEXT(name)), &model_schema, ret);
}

static const struct db_stmt LIST = {
	.name = "model_list",
	.read = true,
	.nparams = 4,
	.sql = "SELECT " COLUMNS " FROM app.llm_model m" PROVIDER " WHERE " SEES
	       " AND ($2::bigint = 0 OR m.id < $2)"
	       " AND ($3::text IS NULL OR m.kind = $3) ORDER BY m.id DESC LIMIT $4",
};

enum err model_repo_list(struct ctx *cx, const struct model_filter *filter, struct list *ret)
{
	return db_list(
		cx, &LIST,
		DB_ARGS(DB_INT(filter->before_id), DB_TEXT(filter->kind), DB_INT(filter->limit)),
		&model_schema, ret);
}

static const struct db_stmt DELETE = {
	.name = "model_delete",
	.nparams = 3,
	.sql = "WITH m AS (DELETE FROM app.llm_model WHERE tenant_id = $1 AND name = $2"
	       " AND ($3::bigint = 0 OR version = $3) RETURNING *) SELECT " COLUMNS
	       " FROM m" PROVIDER,
};

enum err model_repo_delete(struct ctx *cx, const char *name, int64_t version, struct model *ret)
{
	return db_get(cx, &DELETE, DB_ARGS(DB_TEXT(name), DB_INT(version)), &model_schema, ret);
}

/* What an earlier probe found and this one could not look for stays. */
static const struct db_stmt KEEP = {
	.name = "model_keep_found",
	.nparams = 7,
	.sql = "UPDATE app.llm_model SET found_context = coalesce($3, found_context),"
	       " found_dimensions = coalesce($4, found_dimensions),"
	       " found_tools = coalesce($5, found_tools), found_usage = coalesce($6, found_usage),"
	       " probe_error = left($7, 2000), probed_at = now(), version = version + 1"
	       " WHERE tenant_id = $1 AND id = $2",
};

enum err model_repo_found(struct ctx *cx, int64_t id, const struct model_found *found)
{
	return db_run(cx, &KEEP,
	              DB_ARGS(DB_INT(id), DB_INT0(found->context_tokens),
	                      DB_INT0(found->dimensions), DB_TEXT(found->tools),
	                      DB_TEXT(found->stream_usage), DB_TEXT(found->error)),
	              NULL);
}

static const struct field TARGET_FIELDS[] = {
	F_INT(struct target, id),
	F_INT(struct target, owner_id),
	F_INT(struct target, provider_id),
	F_INT(struct target, secret_id),
	F_TEXT(struct target, name),
	F_TEXT(struct target, provider),
	F_TEXT(struct target, kind),
	F_TEXT(struct target, provider_kind),
	F_TEXT(struct target, base_url),
	F_TEXT(struct target, api_version),
	F_TEXT(struct target, remote_name),
	F_TEXT(struct target, fallback),
	F_INT(struct target, context_tokens),
	F_INT(struct target, output_tokens),
	F_INT(struct target, dimensions),
	F_TEXT(struct target, tools),
	F_TEXT(struct target, json_schema),
	F_TEXT(struct target, vision),
	F_TEXT(struct target, stream_usage),
	F_INT(struct target, price_input),
	F_INT(struct target, price_cached),
	F_INT(struct target, price_output),
};
const struct schema target_schema = SCHEMA(struct target, "Target", TARGET_FIELDS);

static const struct db_stmt TARGET = {
	.name = "model_target",
	.read = true,
	.nparams = 3,
	.sql = "SELECT m.id, m.tenant_id AS owner_id, m.provider_id, p.secret_id, m.name, p.name AS provider, m.kind,"
	       " p.kind AS provider_kind, p.base_url, p.api_version, m.remote_name, m.fallback, " KNOWN
	       ", m.price_input, m.price_cached, m.price_output FROM app.llm_model m" PROVIDER
	       " WHERE " SEES " AND m.kind = $2 AND p.enabled"
	       " AND CASE WHEN $3::text IS NULL THEN " PREFERRED " ELSE m.name = $3 END",
};

enum err model_repo_target(struct ctx *cx, const char *kind, const char *name, struct target *ret)
{
	return db_get(cx, &TARGET, DB_ARGS(DB_TEXT(kind), DB_TEXT(name)), &target_schema, ret);
}

const struct db_check model_statements[] = {
	{ .stmt = &UNPREFER },
	{ .stmt = &INSERT, .row = &model_schema },
	{ .stmt = &UPDATE, .row = &model_schema },
	{ .stmt = &GET, .row = &model_schema },
	{ .stmt = &SEEN, .row = &model_schema },
	{ .stmt = &LIST, .row = &model_schema },
	{ .stmt = &DELETE, .row = &model_schema },
	{ .stmt = &KEEP },
	{ .stmt = &TARGET, .row = &target_schema },
	{ .stmt = NULL },
};
