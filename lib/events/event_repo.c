/* SQL of events. */
#include "events/event_repo.h"

#define INTO                                                                                              \
	"INSERT INTO app.event_outbox (tenant_id, project_id, kind, version, payload, actor, request_id)" \
	" VALUES ($1, $2, $3, $4, $5, $6, $7)"

static const struct db_stmt INSERT = { .name = "event_insert", .nparams = 7, .sql = INTO };

static const struct db_stmt INSERT_AUDITED = {
	.name = "event_insert_audited",
	.nparams = 12,
	.sql = "WITH audited AS (INSERT INTO app.audit (tenant_id, action, actor, request_id,"
	       " user_id, key_id, target, remote, detail, outcome)"
	       " VALUES ($1, $3, $6, $7, $8, $9, $10, $11, $12, 'done')) " INTO,
};

enum err event_repo_insert(struct ctx *cx, const struct event_kind *kind, int64_t project_id,
                           const char *payload)
{
	const char *actor = cx->who.actor != NULL ? cx->who.actor : cx->app->component;

	return db_run(cx, &INSERT,
	              DB_ARGS(DB_INT0(project_id), DB_TEXT(kind->type), DB_INT(kind->version),
	                      DB_TEXT(payload), DB_TEXT(actor), DB_TEXT(cx->request_id)),
	              NULL);
}

enum err event_repo_insert_audited(struct ctx *cx, const struct event_kind *kind,
                                   int64_t project_id, const char *payload,
                                   const struct audit_texts *texts)
{
	return db_run(cx, &INSERT_AUDITED,
	              DB_ARGS(DB_INT0(project_id), DB_TEXT(kind->type), DB_INT(kind->version),
	                      DB_TEXT(payload), DB_TEXT(texts->actor), DB_TEXT(cx->request_id),
	                      DB_INT0(cx->who.user_id), DB_INT0(cx->who.key_id),
	                      DB_TEXT(texts->target), DB_TEXT(texts->remote),
	                      DB_TEXT(texts->detail)),
	              NULL);
}

const struct db_check event_statements[] = {
	{ .stmt = &INSERT },
	{ .stmt = &INSERT_AUDITED },
	{ .stmt = NULL },
};
