/* SQL of conversations and their messages. */
#include "chats/conversation_repo.h"

#define COLUMNS                                                                                    \
	"id, project_id, title, door, actor,"                                                      \
	" (SELECT count(*) FROM app.chat_message m WHERE m.tenant_id = c.tenant_id"                \
	" AND m.conversation_id = c.id) AS message_count, version, " DB_US(                        \
		"created_at") ", " DB_US("updated_at")

/* Counted only where the table is large enough to hold so many: a page holds fewer than 128 rows. */
static const struct db_stmt INSERT = {
	.name = "conversation_insert",
	.nparams = 6,
	.sql = "INSERT INTO app.conversation AS c (tenant_id, project_id, title, door, actor)"
	       " SELECT $1, $2::bigint, coalesce($3::text, ''), $4::text, left($5::text, 254)"
	       " WHERE pg_relation_size('app.conversation') / 8192 * 128 < $6::bigint"
	       " OR (SELECT count(*) FROM (SELECT FROM app.conversation WHERE tenant_id = $1"
	       " LIMIT $6::bigint) n) < $6::bigint RETURNING " COLUMNS,
};

enum err conversation_repo_insert(struct ctx *cx, const struct conversation_new *in,
                                  const char *door, int64_t max, struct conversation *ret)
{
	return db_get(cx, &INSERT,
	              DB_ARGS(DB_INT0(in->project_id), DB_TEXT(in->title), DB_TEXT(door),
	                      DB_TEXT(cx->who.actor != NULL ? cx->who.actor : ""), DB_INT(max)),
	              &conversation_schema, ret);
}

static const struct db_stmt GET = {
	.name = "conversation_get",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM app.conversation c WHERE tenant_id = $1 AND id = $2",
};

enum err conversation_repo_get(struct ctx *cx, int64_t id, struct conversation *ret)
{
	return db_get(cx, &GET, DB_ARGS(DB_INT(id)), &conversation_schema, ret);
}

static const struct db_stmt HOLD = {
	.name = "conversation_hold",
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM app.conversation c WHERE tenant_id = $1 AND id = $2"
	       " FOR UPDATE OF c",
};

enum err conversation_repo_hold(struct ctx *cx, int64_t id, struct conversation *ret)
{
	return db_get(cx, &HOLD, DB_ARGS(DB_INT(id)), &conversation_schema, ret);
}

static const struct db_stmt RENAME = {
	.name = "conversation_rename",
	.nparams = 4,
	.sql = "UPDATE app.conversation c SET title = $4, version = version + 1"
	       " WHERE tenant_id = $1 AND id = $2 AND ($3::bigint = 0 OR version = $3)"
	       " RETURNING " COLUMNS,
};

enum err conversation_repo_rename(struct ctx *cx, int64_t id, int64_t version, const char *title,
                                  struct conversation *ret)
{
	return db_get(cx, &RENAME, DB_ARGS(DB_INT(id), DB_INT(version), DB_TEXT(title)),
	              &conversation_schema, ret);
}

static const struct db_stmt LIST = {
	.name = "conversation_list",
	.read = true,
	.nparams = 6,
	.sql = "SELECT " COLUMNS " FROM app.conversation c WHERE tenant_id = $1 AND id < $2"
	       " AND ($3::bigint IS NULL OR project_id = $3) AND ($4::text IS NULL OR door = $4)"
	       " AND ($5::text IS NULL OR title ILIKE $5) ORDER BY id DESC LIMIT $6",
};

enum err conversation_repo_list(struct ctx *cx, const struct conversation_filter *filter,
                                struct list *ret)
{
	const int64_t before = filter->before_id != 0 ? filter->before_id : INT64_MAX;
	const char *like = filter->q != NULL ? db_like(cx->arena, filter->q) : NULL;

	return db_list(cx, &LIST,
	               DB_ARGS(DB_INT(before), DB_INT0(filter->project_id), DB_TEXT(filter->door),
	                       DB_TEXT(like), DB_INT(filter->limit)),
	               &conversation_schema, ret);
}

static const struct db_stmt MESSAGES = {
	.name = "conversation_messages",
	.read = true,
	.nparams = 4,
	.sql = "SELECT m.id, m.conversation_id, m.role, m.content, m.run_id,"
	       " CASE WHEN m.role = 'assistant' THEN r.mode END AS mode,"
	       " CASE WHEN m.role = 'assistant' THEN (SELECT jsonb_agg(jsonb_build_object("
	       "'number', k.number, 'project_id', k.project_id, 'document_id', k.document_id,"
	       " 'commit', k.commit, 'path', k.path, 'start', k.first_line, 'end', k.last_line,"
	       " 'page', k.page, 'blob', k.blob, 'why', k.why)"
	       " ORDER BY k.number) FROM app.chat_citation k WHERE k.tenant_id = $1"
	       " AND k.run_id = m.run_id) END AS citations, r.status, r.model, r.error_message,"
	       " coalesce(r.input_tokens, 0) AS input_tokens,"
	       " coalesce(r.output_tokens, 0) AS output_tokens,"
	       " CASE WHEN m.role = 'assistant' THEN (SELECT coalesce(sum(l.cost_micro), 0)::bigint"
	       " FROM app.llm_call l WHERE l.tenant_id = $1 AND l.job_id = r.job_id) ELSE 0 END"
	       " AS cost_micro, coalesce((date_part('epoch', r.finished_at - r.started_at)"
	       " * 1000)::bigint, 0) AS duration_ms,"
	       " CASE WHEN m.role = 'assistant' THEN coalesce((SELECT"
	       " jsonb_array_length(s.output->'items') FROM app.chat_step s WHERE s.tenant_id = $1"
	       " AND s.run_id = m.run_id AND s.kind = 'retrieve' ORDER BY s.number LIMIT 1), 0)"
	       " ELSE 0 END::bigint AS passages,"
	       " (date_part('epoch', m.created_at) * 1000000)::bigint AS created_at"
	       " FROM app.chat_message m LEFT JOIN app.chat_run r ON r.tenant_id = $1"
	       " AND r.id = m.run_id WHERE m.tenant_id = $1 AND m.conversation_id = $2 AND m.id < $3"
	       " ORDER BY m.id DESC LIMIT $4",
};

enum err conversation_repo_messages(struct ctx *cx, int64_t id, int64_t before_id, int64_t limit,
                                    struct list *ret)
{
	const int64_t before = before_id != 0 ? before_id : INT64_MAX;

	return db_list(cx, &MESSAGES, DB_ARGS(DB_INT(id), DB_INT(before), DB_INT(limit)),
	               &message_schema, ret);
}

static const struct db_stmt BUSY = {
	.name = "conversation_busy",
	.read = true,
	.nparams = 2,
	.sql = "SELECT count(*) FROM app.chat_run WHERE tenant_id = $1 AND conversation_id = $2"
	       " AND status IN ('queued', 'running')",
};

enum err conversation_repo_busy(struct ctx *cx, int64_t id, int64_t *ret)
{
	return db_get_int(cx, &BUSY, DB_ARGS(DB_INT(id)), ret);
}

static const struct db_stmt DELETE = {
	.name = "conversation_delete",
	.nparams = 2,
	.sql = "DELETE FROM app.conversation WHERE tenant_id = $1 AND id = $2",
};

enum err conversation_repo_delete(struct ctx *cx, int64_t id)
{
	return db_run(cx, &DELETE, DB_ARGS(DB_INT(id)), NULL);
}

static const struct db_stmt TAKE_BACK = {
	.name = "conversation_take_back",
	.nparams = 3,
	.sql = "WITH q AS (SELECT m.id FROM app.chat_message m WHERE m.tenant_id = $1"
	       " AND m.conversation_id = $2 AND m.id = $3 AND m.role = 'user'),"
	       " gone AS (DELETE FROM app.chat_message m USING q WHERE m.tenant_id = $1"
	       " AND m.conversation_id = $2 AND m.id >= q.id RETURNING m.id),"
	       " runs AS (DELETE FROM app.chat_run r USING q WHERE r.tenant_id = $1"
	       " AND r.conversation_id = $2 AND r.message_id >= q.id),"
	       " short AS (UPDATE app.conversation c SET summary = NULL, summarized = 0 FROM q"
	       " WHERE c.tenant_id = $1 AND c.id = $2 AND c.summarized >= q.id)"
	       " SELECT count(*) FROM gone",
};

enum err conversation_repo_take_back(struct ctx *cx, int64_t id, int64_t message_id, int64_t *ret)
{
	return db_get_int(cx, &TAKE_BACK, DB_ARGS(DB_INT(id), DB_INT(message_id)), ret);
}

static const struct db_stmt SAY = {
	.name = "conversation_say",
	.nparams = 7,
	.sql = "WITH c AS (UPDATE app.conversation SET updated_at = now(),"
	       " title = CASE WHEN title = '' THEN left(coalesce($6::text, ''), 200) ELSE title END"
	       " WHERE tenant_id = $1 AND id = $2)"
	       " INSERT INTO app.chat_message (tenant_id, conversation_id, role, content, run_id, actor)"
	       " VALUES ($1, $2, $3, $4, $5, left($7::text, 254)) RETURNING id",
};

enum err conversation_repo_say(struct ctx *cx, int64_t id, const char *role, const char *content,
                               int64_t run_id, const char *title, int64_t *ret_id)
{
	return db_get_int(cx, &SAY,
	                  DB_ARGS(DB_INT(id), DB_TEXT(role), DB_TEXT(content), DB_INT0(run_id),
	                          DB_TEXT(title),
	                          DB_TEXT(cx->who.actor != NULL ? cx->who.actor : "")),
	                  ret_id);
}

static const struct field SUMMARY_FIELDS[] = {
	F_TEXT(struct conversation_summary, summary),
	F_INT(struct conversation_summary, summarized),
};
static const struct schema SUMMARY =
	SCHEMA(struct conversation_summary, "ConversationSummary", SUMMARY_FIELDS);

static const struct db_stmt GET_SUMMARY = {
	.name = "conversation_summary",
	.read = true,
	.nparams = 2,
	.sql = "SELECT summary, summarized FROM app.conversation WHERE tenant_id = $1 AND id = $2",
};

enum err conversation_repo_summary(struct ctx *cx, int64_t id, struct conversation_summary *ret)
{
	return db_get(cx, &GET_SUMMARY, DB_ARGS(DB_INT(id)), &SUMMARY, ret);
}

static const struct db_stmt SUMMARIZE = {
	.name = "conversation_summarize",
	.nparams = 4,
	.sql = "UPDATE app.conversation SET summary = left($3::text, 20000), summarized = $4"
	       " WHERE tenant_id = $1 AND id = $2 AND summarized < $4",
};

enum err conversation_repo_summarize(struct ctx *cx, int64_t id,
                                     const struct conversation_summary *in)
{
	return db_run(cx, &SUMMARIZE,
	              DB_ARGS(DB_INT(id), DB_TEXT(in->summary), DB_INT(in->summarized)), NULL);
}

const struct db_check conversation_statements[] = {
	{ .stmt = &INSERT, .row = &conversation_schema },
	{ .stmt = &GET, .row = &conversation_schema },
	{ .stmt = &HOLD, .row = &conversation_schema },
	{ .stmt = &RENAME, .row = &conversation_schema },
	{ .stmt = &LIST, .row = &conversation_schema },
	{ .stmt = &MESSAGES, .row = &message_schema },
	{ .stmt = &BUSY },
	{ .stmt = &DELETE },
	{ .stmt = &TAKE_BACK },
	{ .stmt = &SAY },
	{ .stmt = &GET_SUMMARY, .row = &SUMMARY },
	{ .stmt = &SUMMARIZE },
	{ .stmt = NULL },
};
