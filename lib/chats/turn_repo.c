/* SQL of runs, their steps and citations. */
#include "chats/turn_repo.h"

static const struct db_stmt INSERT = {
	.name = "turn_insert",
	.nparams = 6,
	.sql = "INSERT INTO app.chat_run (tenant_id, conversation_id, message_id, wanted_model,"
	       " log_position, user_id, key_id) VALUES ($1, $2, 0, $3, $4, $5, $6) RETURNING id",
};

enum err turn_repo_insert(struct ctx *cx, int64_t conversation_id, const char *model,
                          int64_t log_position, int64_t *ret_id)
{
	return db_get_int(cx, &INSERT,
	                  DB_ARGS(DB_INT(conversation_id), DB_TEXT(model), DB_INT(log_position),
	                          DB_INT(cx->who.user_id), DB_INT(cx->who.key_id)),
	                  ret_id);
}

static const struct db_stmt BIND = {
	.name = "turn_bind",
	.nparams = 4,
	.sql = "UPDATE app.chat_run SET message_id = $3, job_id = $4"
	       " WHERE tenant_id = $1 AND id = $2",
};

enum err turn_repo_bind(struct ctx *cx, int64_t id, int64_t message_id, int64_t job_id)
{
	return db_run(cx, &BIND, DB_ARGS(DB_INT(id), DB_INT(message_id), DB_INT(job_id)), NULL);
}

static const struct db_stmt GET = {
	.name = "turn_get",
	.read = true,
	.nparams = 2,
	.sql = "SELECT r.id, r.conversation_id, c.project_id, r.message_id, r.job_id, r.status,"
	       " r.mode, r.wanted_model, r.model, r.answer,"
	       " (SELECT jsonb_agg(jsonb_build_object('number', k.number, 'project_id',"
	       " k.project_id, 'document_id', k.document_id, 'commit', k.commit, 'path', k.path,"
	       " 'start', k.first_line, 'end', k.last_line, 'page', k.page, 'blob', k.blob, 'why',"
	       " k.why) ORDER BY k.number)"
	       " FROM app.chat_citation k WHERE k.tenant_id = $1 AND k.run_id = r.id) AS citations,"
	       " r.dropped::bigint AS dropped_citations,"
	       " (SELECT jsonb_agg(jsonb_build_object('number', s.number, 'kind', s.kind, 'name',"
	       " s.name, 'detail', s.detail, 'duration_ms', s.duration_ms) ORDER BY s.number)"
	       " FROM app.chat_step s WHERE s.tenant_id = $1 AND s.run_id = r.id) AS steps,"
	       " r.cached_from, r.input_tokens, r.output_tokens,"
	       " (SELECT coalesce(sum(l.cost_micro), 0)::bigint FROM app.llm_call l"
	       " WHERE l.tenant_id = $1 AND l.job_id = r.job_id) AS cost_micro,"
	       " (SELECT count(*) FROM app.llm_call l WHERE l.tenant_id = $1 AND l.job_id = r.job_id"
	       " AND l.status = 'lost') AS lost_calls,"
	       " r.error_type, r.error_message,"
	       " (date_part('epoch', r.created_at) * 1000000)::bigint AS created_at,"
	       " (date_part('epoch', r.started_at) * 1000000)::bigint AS started_at,"
	       " (date_part('epoch', r.finished_at) * 1000000)::bigint AS finished_at,"
	       " coalesce((date_part('epoch', r.finished_at - r.started_at) * 1000)::bigint, 0)"
	       " AS duration_ms"
	       " FROM app.chat_run r JOIN app.conversation c ON c.tenant_id = $1"
	       " AND c.id = r.conversation_id WHERE r.tenant_id = $1 AND r.id = $2",
};

/* What is not shown. */
static const struct field INNER_FIELDS[] = {
	F_INT(struct turn, log_position),
	F_INT(struct turn, user_id),
	F_INT(struct turn, key_id),
};
static const struct schema INNER = SCHEMA(struct turn, "RunInner", INNER_FIELDS);

static const struct db_stmt GET_INNER = {
	.name = "turn_get_inner",
	.read = true,
	.nparams = 2,
	.sql = "SELECT log_position, user_id, key_id FROM app.chat_run WHERE tenant_id = $1 AND id = $2",
};

enum err turn_repo_get(struct ctx *cx, int64_t id, struct turn *ret)
{
	struct turn turn = { 0 }, inner = { 0 };

	TRY(db_get(cx, &GET, DB_ARGS(DB_INT(id)), &turn_schema, &turn));
	TRY(db_get(cx, &GET_INNER, DB_ARGS(DB_INT(id)), &INNER, &inner));
	turn.log_position = inner.log_position;
	turn.user_id = inner.user_id;
	turn.key_id = inner.key_id;
	*ret = turn;
	return ERR_OK;
}

static const struct db_stmt OF_JOB = {
	.name = "turn_of_job",
	.read = true,
	.nparams = 2,
	.sql = "SELECT id FROM app.chat_run WHERE tenant_id = $1 AND job_id = $2"
	       " AND status IN ('queued', 'running')",
};

enum err turn_repo_of_job(struct ctx *cx, int64_t job_id, int64_t *ret_id)
{
	return db_get_int(cx, &OF_JOB, DB_ARGS(DB_INT(job_id)), ret_id);
}

static const struct db_stmt START = {
	.name = "turn_start",
	.nparams = 2,
	.sql = "UPDATE app.chat_run SET status = 'running', started_at = coalesce(started_at, now())"
	       " WHERE tenant_id = $1 AND id = $2 AND status IN ('queued', 'running')",
};

enum err turn_repo_start(struct ctx *cx, int64_t id)
{
	return db_run(cx, &START, DB_ARGS(DB_INT(id)), NULL);
}

static const struct db_stmt QUESTION = {
	.name = "turn_question",
	.read = true,
	.nparams = 2,
	.sql = "SELECT m.content FROM app.chat_run r JOIN app.chat_message m ON m.tenant_id = $1"
	       " AND m.id = r.message_id WHERE r.tenant_id = $1 AND r.id = $2",
};

enum err turn_repo_question(struct ctx *cx, int64_t id, const char **ret)
{
	return db_get_text(cx, &QUESTION, DB_ARGS(DB_INT(id)), ret);
}

static const struct db_stmt MODE = {
	.name = "turn_mode",
	.nparams = 4,
	.sql = "UPDATE app.chat_run SET mode = $3, model = coalesce(left($4::text, 200), model)"
	       " WHERE tenant_id = $1 AND id = $2",
};

enum err turn_repo_mode(struct ctx *cx, int64_t id, const char *mode, const char *model)
{
	return db_run(cx, &MODE, DB_ARGS(DB_INT(id), DB_TEXT(mode), DB_TEXT(model)), NULL);
}

static const struct db_stmt GROW = {
	.name = "turn_grow",
	.nparams = 4,
	.sql = "UPDATE app.chat_run SET answer = CASE WHEN char_length(answer) = $3::bigint"
	       " THEN answer ELSE left(answer, $3::integer) END || $4::text"
	       " WHERE tenant_id = $1 AND id = $2",
};

enum err turn_repo_grow(struct ctx *cx, int64_t id, int64_t offset, const char *text)
{
	return db_run(cx, &GROW, DB_ARGS(DB_INT(id), DB_INT(offset), DB_TEXT(text)), NULL);
}

static const struct db_stmt SPEND = {
	.name = "turn_spend",
	.nparams = 4,
	.sql = "UPDATE app.chat_run SET input_tokens = input_tokens + $3,"
	       " output_tokens = output_tokens + $4 WHERE tenant_id = $1 AND id = $2",
};

enum err turn_repo_spend(struct ctx *cx, int64_t id, int64_t input_tokens, int64_t output_tokens)
{
	return db_run(cx, &SPEND, DB_ARGS(DB_INT(id), DB_INT(input_tokens), DB_INT(output_tokens)),
	              NULL);
}

static const struct db_stmt END = {
	.name = "turn_end",
	.nparams = 6,
	.sql = "UPDATE app.chat_run SET status = $3, error_type = $4, error_message = left($5, 2000),"
	       " dropped = dropped + $6::integer, finished_at = clock_timestamp()"
	       " WHERE tenant_id = $1 AND id = $2 AND status IN ('queued', 'running')",
};

enum err turn_repo_end(struct ctx *cx, int64_t id, const char *status, const char *error_type,
                       const char *error_message, int64_t dropped, int64_t *ret_rows)
{
	return db_run(cx, &END,
	              DB_ARGS(DB_INT(id), DB_TEXT(status), DB_TEXT(error_type),
	                      DB_TEXT(error_message), DB_INT(dropped)),
	              ret_rows);
}

static const struct db_stmt CITE = {
	.name = "turn_cite",
	.nparams = 12,
	.sql = "INSERT INTO app.chat_citation (tenant_id, run_id, number, project_id, commit, path,"
	       " first_line, last_line, blob, why, document_id, page) VALUES ($1, $2, $3, $4, $5, $6,"
	       " $7, $8, $9, left($10::text, 300), $11, $12) ON CONFLICT (tenant_id, run_id, number) DO NOTHING",
};

enum err turn_repo_cite(struct ctx *cx, int64_t id, const struct citation *c)
{
	return db_run(cx, &CITE,
	              DB_ARGS(DB_INT(id), DB_INT(c->number), DB_INT0(c->project_id),
	                      DB_TEXT(c->commit), DB_TEXT(c->path), DB_INT(c->start),
	                      DB_INT(c->end), DB_TEXT(c->blob),
	                      DB_TEXT(c->why != NULL ? c->why : ""), DB_INT0(c->document_id),
	                      DB_INT0(c->page)),
	              NULL);
}

static const struct db_stmt STEPS = {
	.name = "turn_steps",
	.read = true,
	.nparams = 2,
	.sql = "SELECT number::bigint AS number, kind, name, detail, output, duration_ms"
	       " FROM app.chat_step WHERE tenant_id = $1 AND run_id = $2 ORDER BY number",
};

enum err turn_repo_steps(struct ctx *cx, int64_t id, struct list *ret)
{
	return db_list(cx, &STEPS, DB_ARGS(DB_INT(id)), &turn_kept_schema, ret);
}

static const struct db_stmt KEEP = {
	.name = "turn_keep",
	.nparams = 8,
	.sql = "INSERT INTO app.chat_step (tenant_id, run_id, number, kind, name, detail, output,"
	       " duration_ms) VALUES ($1, $2, $3, $4, left($5::text, 200), left($6::text, 1000),"
	       " $7, $8)",
};

enum err turn_repo_keep(struct ctx *cx, int64_t id, const struct turn_step *step,
                        const char *output)
{
	return db_run(cx, &KEEP,
	              DB_ARGS(DB_INT(id), DB_INT(step->number), DB_TEXT(step->kind),
	                      DB_TEXT(step->name), DB_TEXT(step->detail), DB_TEXT(output),
	                      DB_INT(step->duration_ms)),
	              NULL);
}

static const struct field BEFORE_FIELDS[] = {
	F_INT(struct message, id),
	F_TEXT(struct message, role),
	F_TEXT(struct message, content),
};
static const struct schema BEFORE_ROW = SCHEMA(struct message, "MessageBefore", BEFORE_FIELDS);

static const struct db_stmt BEFORE = {
	.name = "turn_before",
	.read = true,
	.nparams = 3,
	.sql = "SELECT m.id, m.role, m.content FROM app.chat_run r JOIN app.conversation c"
	       " ON c.tenant_id = $1 AND c.id = r.conversation_id"
	       " JOIN app.chat_message m ON m.tenant_id = $1 AND m.conversation_id = c.id"
	       " AND m.id > c.summarized AND m.id < r.message_id"
	       " WHERE r.tenant_id = $1 AND r.id = $2 ORDER BY m.id DESC LIMIT $3",
};

enum err turn_repo_before(struct ctx *cx, int64_t id, int64_t limit, struct list *ret)
{
	return db_list(cx, &BEFORE, DB_ARGS(DB_INT(id), DB_INT(limit)), &BEFORE_ROW, ret);
}

const struct db_check turn_statements[] = {
	{ .stmt = &INSERT },
	{ .stmt = &BIND },
	{ .stmt = &GET, .row = &turn_schema },
	{ .stmt = &GET_INNER, .row = &INNER },
	{ .stmt = &OF_JOB },
	{ .stmt = &START },
	{ .stmt = &QUESTION },
	{ .stmt = &MODE },
	{ .stmt = &GROW },
	{ .stmt = &SPEND },
	{ .stmt = &END },
	{ .stmt = &CITE },
	{ .stmt = &STEPS, .row = &turn_kept_schema },
	{ .stmt = &KEEP },
	{ .stmt = &BEFORE, .row = &BEFORE_ROW },
	{ .stmt = NULL },
};
