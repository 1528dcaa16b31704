/* SQL of followers. */
#include "events/follow_repo.h"

static const struct field FOLLOWED_FIELDS[] = {
	F_INT(struct event_followed, event.position, .name = "position"),
	F_TEXT(struct event_followed, event.kind, .name = "kind"),
	F_INT(struct event_followed, event.version, .name = "version"),
	F_INT(struct event_followed, event.project_id, .name = "project_id"),
	F_JSON(struct event_followed, event.payload, .name = "payload"),
	F_TEXT(struct event_followed, event.actor, .name = "actor"),
	F_TEXT(struct event_followed, event.request_id, .name = "request_id"),
	F_TIME(struct event_followed, event.created_us, .name = "created_at"),
	F_INT(struct event_followed, tenant_id),
};
static const struct schema FOLLOWED =
	SCHEMA(struct event_followed, "EventFollowed", FOLLOWED_FIELDS);

static const struct db_stmt SEQUENCE = {
	.name = "follow_sequence",
	.nparams = 1,
	.any_tenant = true,
	.sql = "SELECT app.event_sequence($1::integer, false)",
};

enum err follow_repo_sequence(struct ctx *cx, int64_t most, int64_t *ret)
{
	return db_get_int(cx, &SEQUENCE, DB_ARGS(DB_INT(most)), ret);
}

/* The lock of event_sequence(), shared: those who wait do not wait for each other. */
static const struct db_stmt WAIT = {
	.name = "follow_wait",
	.any_tenant = true,
	.sql = "SELECT pg_advisory_xact_lock_shared(1886351988, 1)",
};

enum err follow_repo_wait(struct ctx *cx)
{
	return db_run(cx, &WAIT, DB_NO_ARGS, NULL);
}

static const struct db_stmt LIST = {
	.name = "follow_list",
	.nparams = 3,
	.any_tenant = true,
	.read = true,
	.sql = "SELECT " EVENT_COLUMNS ", tenant_id FROM (SELECT *, " EVENT_BYTES_BEFORE
	       " FROM app.event WHERE position > $1 ORDER BY position LIMIT $2) e"
	       " WHERE bytes_before < $3::bigint ORDER BY position",
};

enum err follow_repo_list(struct ctx *cx, int64_t after, int64_t limit, struct list *ret)
{
	return db_list(cx, &LIST,
	               DB_ARGS(DB_INT(after), DB_INT(limit), DB_INT((int64_t)EVENT_PAGE_BYTES)),
	               &FOLLOWED, ret);
}

static const struct db_stmt NEWEST = {
	.name = "follow_newest",
	.any_tenant = true,
	.read = true,
	.sql = "SELECT coalesce(max(position), 0) FROM app.event",
};

enum err follow_repo_newest(struct ctx *cx, int64_t *ret)
{
	return db_get_int(cx, &NEWEST, DB_NO_ARGS, ret);
}

/* --- Readers --- */

static const struct db_stmt COUNT_OF = {
	.name = "follow_count",
	.nparams = 1,
	.any_tenant = true,
	.read = true,
	.sql = "SELECT count(*) FROM app.event_reader WHERE component = $1"
	       " AND heartbeat_at > now() - interval '30 seconds'",
};

enum err follow_repo_count(struct ctx *cx, const char *component, int64_t *ret)
{
	return db_get_int(cx, &COUNT_OF, DB_ARGS(DB_TEXT(component)), ret);
}

static const struct db_stmt BEAT = {
	.name = "follow_beat",
	.nparams = 4,
	.any_tenant = true,
	.sql = "WITH gone AS (DELETE FROM app.event_reader WHERE id <> $1"
	       " AND heartbeat_at < now() - interval '1 minute')"
	       " INSERT INTO app.event_reader (id, host, pid, component)"
	       " VALUES ($1, left($2::text, 255), $3, $4)"
	       " ON CONFLICT (id) DO UPDATE SET heartbeat_at = now()",
};

enum err follow_repo_beat(struct ctx *cx, const struct event_reader *reader, int64_t pid)
{
	return db_run(cx, &BEAT,
	              DB_ARGS(DB_TEXT(reader->id), DB_TEXT(reader->host), DB_INT(pid),
	                      DB_TEXT(cx->app->component)),
	              NULL);
}

static const struct db_stmt SLEEP = {
	.name = "follow_sleep",
	.nparams = 2,
	.any_tenant = true,
	/* What comes next must not wait for the disk because of this. */
	.sql = "WITH u AS (UPDATE app.event_reader SET asleep = $2 WHERE id = $1"
	       " AND asleep <> $2 RETURNING 1)"
	       " SELECT set_config('synchronous_commit', 'off', true) FROM u",
};

enum err follow_repo_sleep(struct ctx *cx, const struct event_reader *reader, bool asleep)
{
	return db_run(cx, &SLEEP, DB_ARGS(DB_TEXT(reader->id), DB_BOOL(asleep)), NULL);
}

static const struct db_stmt LEAVE = {
	.name = "follow_leave",
	.nparams = 1,
	.any_tenant = true,
	.sql = "DELETE FROM app.event_reader WHERE id = $1",
};

enum err follow_repo_leave(struct ctx *cx, const struct event_reader *reader)
{
	return db_run(cx, &LEAVE, DB_ARGS(DB_TEXT(reader->id)), NULL);
}

const struct db_check follow_statements[] = {
	{ .stmt = &SEQUENCE, .as = DB_AS_RUNNER },
	{ .stmt = &WAIT, .as = DB_AS_RUNNER },
	{ .stmt = &LIST, .row = &FOLLOWED, .as = DB_AS_RUNNER },
	{ .stmt = &NEWEST, .as = DB_AS_RUNNER },
	{ .stmt = &COUNT_OF, .as = DB_AS_APP | DB_AS_RUNNER },
	{ .stmt = &BEAT, .as = DB_AS_RUNNER },
	{ .stmt = &SLEEP, .as = DB_AS_RUNNER },
	{ .stmt = &LEAVE, .as = DB_AS_RUNNER },
	{ .stmt = NULL },
};
