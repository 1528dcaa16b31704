/* SQL of the ledger. */
#include "ai/ledger_repo.h"

#define LOST_AT_ONCE "20"

static const struct db_stmt OPEN = {
	.name = "ledger_open",
	.nparams = 19,
	.sql = "INSERT INTO app.llm_call (tenant_id, first_id, attempt, kind, provider, model,"
	       " remote_name, prompt, prompt_version, project_id, job_id, user_id, key_id, actor,"
	       " request_id, held_input, held_tokens, held_micro, open_until)"
	       " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, left($14, 254),"
	       " $15, $16, $17, $18, now() + make_interval(secs => $19::bigint)) RETURNING id",
};

enum err ledger_repo_open(struct ctx *cx, const struct target *to, const struct ledger_about *about,
                          const struct ledger_held *held, int64_t *ret_id)
{
	return db_get_int(
		cx, &OPEN,
		DB_ARGS(DB_INT0(about->first_id), DB_INT(about->attempt), DB_TEXT(about->kind),
	                DB_TEXT(to->provider), DB_TEXT(to->name), DB_TEXT(to->remote_name),
	                DB_TEXT(about->prompt), DB_TEXT(about->prompt_version),
	                DB_INT0(about->project_id), DB_INT0(about->job_id), DB_INT0(about->user_id),
	                DB_INT0(about->key_id), DB_TEXT(cx->who.actor == NULL ? "" : cx->who.actor),
	                DB_TEXT(cx->request_id), DB_INT(held->input_tokens),
	                DB_INT(held->input_tokens + held->output_tokens), DB_INT(held->micro),
	                DB_INT(about->open_s)),
		ret_id);
}

static const struct field FREED_FIELDS[] = {
	F_INT(struct ledger_freed, user_id),    F_INT(struct ledger_freed, key_id),
	F_INT(struct ledger_freed, held_micro), F_INT(struct ledger_freed, held_tokens),
	F_INT(struct ledger_freed, cost_micro), F_INT(struct ledger_freed, tokens),
};
static const struct schema FREED = SCHEMA(struct ledger_freed, "LedgerFreed", FREED_FIELDS);

#define FREED_COLUMNS                                                                              \
	"user_id, key_id, held_micro, held_tokens, cost_micro,"                                    \
	" input_tokens + output_tokens AS tokens"

static const struct db_stmt SETTLE = {
	.name = "ledger_settle",
	.nparams = 13,
	.sql = "UPDATE app.llm_call SET status = $3, error = $4, remote_id = left($5, 200),"
	       " input_tokens = $6, cached_tokens = $7, output_tokens = $8, reasoning_tokens = $9,"
	       " estimated = $10, cost_micro = $11, first_token_ms = $12, duration_ms = $13,"
	       " open_until = NULL WHERE tenant_id = $1 AND id = $2 AND status = 'open'"
	       " RETURNING " FREED_COLUMNS,
};

enum err ledger_repo_settle(struct ctx *cx, int64_t id, const struct ledger_end *end,
                            struct ledger_freed *ret)
{
	const struct db_arg none = DB_NULL(), first = DB_INT(end->first_token_ms);
	const struct llm_usage *u = &end->usage;

	return db_get(cx, &SETTLE,
	              DB_ARGS(DB_INT(id), DB_TEXT(end->status), DB_TEXT(end->error),
	                      DB_TEXT(end->remote_id), DB_INT(u->input_tokens),
	                      DB_INT(u->cached_tokens), DB_INT(u->output_tokens),
	                      DB_INT(u->reasoning_tokens), DB_BOOL(u->estimated),
	                      DB_INT(u->cost_micro), end->first_token_ms < 0 ? none : first,
	                      DB_INT(end->duration_ms)),
	              &FREED, ret);
}

static const struct db_stmt LOSE = {
	.name = "ledger_lose",
	.nparams = 2,
	.sql = "UPDATE app.llm_call SET status = 'lost', estimated = true, input_tokens = held_input,"
	       " output_tokens = held_tokens - held_input, cost_micro = held_micro, open_until = NULL"
	       " WHERE tenant_id = $1 AND status = 'open' AND id IN (SELECT id FROM app.llm_call"
	       " WHERE tenant_id = $1 AND status = 'open' AND (open_until < now() OR job_id = $2)"
	       " ORDER BY id LIMIT " LOST_AT_ONCE
	       " FOR UPDATE SKIP LOCKED) RETURNING " FREED_COLUMNS,
};

enum err ledger_repo_lose(struct ctx *cx, int64_t job_id, struct list *ret)
{
	return db_list(cx, &LOSE, DB_ARGS(DB_INT0(job_id)), &FREED, ret);
}

static const struct db_stmt CACHED = {
	.name = "ledger_cached",
	.nparams = 12,
	.sql = "INSERT INTO app.llm_call (tenant_id, attempt, kind, provider, model, remote_name,"
	       " status, prompt, prompt_version, project_id, job_id, user_id, key_id, actor,"
	       " request_id, duration_ms) VALUES ($1, 0, $2, $3, $4, '', 'cached', $5, $6, $7, $8, $9,"
	       " $10, left($11, 254), $12, 0) RETURNING id",
};

enum err ledger_repo_cached(struct ctx *cx, const char *provider, const char *model,
                            const struct ledger_about *about, int64_t *ret_id)
{
	return db_get_int(cx, &CACHED,
	                  DB_ARGS(DB_TEXT(about->kind), DB_TEXT(provider), DB_TEXT(model),
	                          DB_TEXT(about->prompt), DB_TEXT(about->prompt_version),
	                          DB_INT0(about->project_id), DB_INT0(about->job_id),
	                          DB_INT0(about->user_id), DB_INT0(about->key_id),
	                          DB_TEXT(cx->who.actor == NULL ? "" : cx->who.actor),
	                          DB_TEXT(cx->request_id)),
	                  ret_id);
}

/* --- Looking --- */

/* From $2 on: model, provider, status, project, person, key, since, until. */
#define FILTERED                                                                                   \
	"tenant_id = $1 AND ($2::text IS NULL OR model = $2)"                                      \
	" AND ($3::text IS NULL OR provider = $3) AND ($4::text IS NULL OR status = $4)"           \
	" AND ($5::bigint IS NULL OR project_id = $5) AND ($6::bigint IS NULL OR user_id = $6)"    \
	" AND ($7::bigint IS NULL OR key_id = $7)"                                                 \
	" AND ($8::bigint IS NULL OR created_at >= to_timestamp($8 / 1000000.0))"                  \
	" AND ($9::bigint IS NULL OR created_at < to_timestamp($9 / 1000000.0))"
#define FILTER_ARGS(f)                                                                             \
	DB_TEXT((f)->model), DB_TEXT((f)->provider), DB_TEXT((f)->status),                         \
		DB_INT0((f)->project_id), DB_INT0((f)->user_id), DB_INT0((f)->key_id),             \
		DB_INT0((f)->since_us), DB_INT0((f)->until_us)

static const struct db_stmt LIST = {
	.name = "ledger_list",
	.read = true,
	.nparams = 11,
	.sql = "SELECT id, first_id, attempt, kind, provider, model, remote_name, status, error,"
	       " prompt, prompt_version, project_id, job_id, user_id, key_id, actor, request_id,"
	       " remote_id, input_tokens, cached_tokens, output_tokens, reasoning_tokens, estimated,"
	       " cost_micro, first_token_ms, duration_ms, " DB_US(
		       "created_at") " FROM app.llm_call WHERE " FILTERED
				     " AND ($10::bigint = 0 OR id < $10) ORDER BY id DESC LIMIT $11",
};

enum err ledger_repo_list(struct ctx *cx, const struct ledger_filter *filter, struct list *ret)
{
	return db_list(
		cx, &LIST,
		DB_ARGS(FILTER_ARGS(filter), DB_INT(filter->before_id), DB_INT(filter->limit)),
		&ledger_call_schema, ret);
}

static const struct db_stmt SUMS = {
	.name = "ledger_sums",
	.read = true,
	.nparams = 11,
	.sql = "SELECT coalesce(CASE $10::text WHEN 'model' THEN model WHEN 'provider' THEN provider"
	       " WHEN 'status' THEN status WHEN 'prompt' THEN prompt WHEN 'project' THEN"
	       " project_id::text WHEN 'user' THEN user_id::text WHEN 'key' THEN key_id::text"
	       " WHEN 'day' THEN to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') END, '')"
	       " AS name, count(*) AS calls,"
	       " count(*) FILTER (WHERE status IN ('failed', 'cut', 'lost')) AS failed,"
	       " count(*) FILTER (WHERE status = 'cached') AS cached,"
	       " sum(input_tokens)::bigint AS input_tokens,"
	       " sum(cached_tokens)::bigint AS cached_tokens,"
	       " sum(output_tokens)::bigint AS output_tokens, sum(cost_micro)::bigint AS cost_micro"
	       " FROM app.llm_call WHERE " FILTERED
	       " GROUP BY 1 ORDER BY sum(cost_micro) DESC, 1 DESC LIMIT $11",
};

enum err ledger_repo_sums(struct ctx *cx, const char *by, const struct ledger_filter *filter,
                          struct list *ret)
{
	return db_list(cx, &SUMS,
	               DB_ARGS(FILTER_ARGS(filter), DB_TEXT(by), DB_INT(LEDGER_LIST_MAX)),
	               &ledger_sum_schema, ret);
}

const struct db_check ledger_statements[] = {
	{ .stmt = &OPEN },
	{ .stmt = &SETTLE, .row = &FREED },
	{ .stmt = &LOSE, .row = &FREED },
	{ .stmt = &CACHED },
	{ .stmt = &LIST, .row = &ledger_call_schema },
	{ .stmt = &SUMS, .row = &ledger_sum_schema },
	{ .stmt = NULL },
};
