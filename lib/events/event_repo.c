/* SQL of events. */
#include "events/event_repo.h"

static const struct db_stmt INSERT = {
	.name = "event_insert",
	.nparams = 7,
	.sql = "INSERT INTO app.event (tenant_id, project_id, kind, version, payload, actor, request_id)"
	       " VALUES ($1, $2, $3, $4, $5, $6, $7)",
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

const struct db_check event_statements[] = {
	{ .stmt = &INSERT },
	{ .stmt = NULL },
};
