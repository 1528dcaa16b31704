/* SQL of events. */
#include "events/event_repo.h"

#define NAMES_MAX_BYTES ((size_t)64 * 1024)

/* As EVENT_BYTES_BEFORE, of a list that goes downwards. */
#define EVENT_BYTES_ABOVE                                                                          \
	"sum(octet_length(payload::text)) OVER (ORDER BY position DESC ROWS BETWEEN UNBOUNDED"     \
	" PRECEDING AND CURRENT ROW) - octet_length(payload::text) AS bytes_above"

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

/* --- Reading --- */

static const struct db_stmt SEQUENCE = {
	.name = "event_sequence",
	.nparams = 1,
	.any_tenant = true,
	.sql = "SELECT app.event_sequence($1::integer, true)",
};

enum err event_repo_sequence(struct ctx *cx, int64_t most, int64_t *ret)
{
	return db_get_int(cx, &SEQUENCE, DB_ARGS(DB_INT(most)), ret);
}

static const struct field REACH_FIELDS[] = {
	F_INT(struct event_reach, upto),
	F_BOOL(struct event_reach, full),
};
static const struct schema REACH = SCHEMA(struct event_reach, "EventReach", REACH_FIELDS);

static const struct db_stmt LOOK_AHEAD = {
	.name = "event_reach",
	.read = true,
	.nparams = 3,
	.sql = "SELECT coalesce(max(position), $2) AS upto, count(*) >= $3 AS full"
	       " FROM (SELECT position FROM app.event WHERE tenant_id = $1 AND position > $2"
	       " ORDER BY position LIMIT $3) e",
};

enum err event_repo_reach(struct ctx *cx, int64_t after, int64_t most, struct event_reach *ret)
{
	return db_get(cx, &LOOK_AHEAD, DB_ARGS(DB_INT(after), DB_INT(most)), &REACH, ret);
}

static const struct db_stmt LOOK_BACK = {
	.name = "event_reach_back",
	.read = true,
	.nparams = 3,
	.sql = "SELECT coalesce(min(position), 0) AS upto, count(*) >= $3 AS full"
	       " FROM (SELECT position FROM app.event WHERE tenant_id = $1 AND position < $2"
	       " ORDER BY position DESC LIMIT $3) e",
};

enum err event_repo_reach_back(struct ctx *cx, int64_t before, int64_t most,
                               struct event_reach *ret)
{
	return db_get(cx, &LOOK_BACK, DB_ARGS(DB_INT(before), DB_INT(most)), &REACH, ret);
}

/* $2 and $3: the part of the log; $4 to $8: kinds, hidden ones, project, actor, request. */
#define FILTER                                                                                     \
	" AND ($4::text[] IS NULL OR kind = ANY ($4))"                                             \
	" AND ($5::text[] IS NULL OR kind <> ALL ($5))"                                            \
	" AND ($6::bigint IS NULL OR project_id = $6) AND ($7::text IS NULL OR actor = $7)"        \
	" AND ($8::text IS NULL OR request_id = $8)"

static const struct db_stmt LIST = {
	.name = "event_list",
	.read = true,
	.nparams = 10,
	.sql = "SELECT " EVENT_COLUMNS " FROM (SELECT *, " EVENT_BYTES_BEFORE " FROM app.event"
	       " WHERE tenant_id = $1 AND position > $2 AND position <= $3" FILTER
	       " ORDER BY position LIMIT $9) e WHERE bytes_before < $10::bigint ORDER BY position",
};

static const struct db_stmt LIST_BACK = {
	.name = "event_list_back",
	.read = true,
	.nparams = 10,
	.sql = "SELECT " EVENT_COLUMNS " FROM (SELECT *, " EVENT_BYTES_ABOVE " FROM app.event"
	       " WHERE tenant_id = $1 AND position < $2 AND position >= $3" FILTER
	       " ORDER BY position DESC LIMIT $9) e WHERE bytes_above < $10::bigint"
	       " ORDER BY position DESC",
};

static enum err list(struct ctx *cx, const struct db_stmt *stmt, int64_t from, int64_t to,
                     const struct event_filter *filter, struct list *ret)
{
	return db_list(cx, stmt,
	               DB_ARGS(DB_INT(from), DB_INT(to), DB_TEXT(event_names(cx, &filter->kinds)),
	                       DB_TEXT(event_names(cx, &filter->hidden)),
	                       DB_INT0(filter->project_id), DB_TEXT(filter->actor),
	                       DB_TEXT(filter->request_id), DB_INT(filter->limit),
	                       DB_INT((int64_t)EVENT_PAGE_BYTES)),
	               &event_schema, ret);
}

enum err event_repo_list(struct ctx *cx, const struct event_filter *filter, int64_t upto,
                         struct list *ret)
{
	return list(cx, &LIST, filter->after, upto, filter, ret);
}

enum err event_repo_list_back(struct ctx *cx, const struct event_filter *filter, int64_t downto,
                              struct list *ret)
{
	return list(cx, &LIST_BACK, filter->before, downto, filter, ret);
}

/* What is up to lo is older than the time, what is from hi on is not; each step halves what is between. */
static const struct db_stmt POSITION_AT = {
	.name = "event_position_at",
	.read = true,
	.nparams = 2,
	.sql = "WITH RECURSIVE s (lo, hi) AS (SELECT 0::bigint, (SELECT coalesce(max(position), 0) + 1"
	       " FROM app.event WHERE tenant_id = $1) UNION ALL SELECT CASE WHEN e.older"
	       " THEN e.position ELSE s.lo END, CASE WHEN e.older THEN s.hi ELSE m.mid END FROM s"
	       " CROSS JOIN LATERAL (SELECT (s.lo + s.hi) / 2 AS mid) m"
	       " LEFT JOIN LATERAL (SELECT v.position, v.sequenced_at < timestamptz 'epoch'"
	       " + $2::bigint * interval '1 microsecond' AS older FROM app.event v"
	       " WHERE v.tenant_id = $1 AND v.position >= m.mid AND v.position < s.hi"
	       " ORDER BY v.position LIMIT 1) e ON true WHERE s.hi - s.lo > 1)"
	       " SELECT max(lo) FROM s",
};

enum err event_repo_position_at(struct ctx *cx, int64_t time_us, int64_t *ret)
{
	return db_get_int(cx, &POSITION_AT, DB_ARGS(DB_INT(time_us)), ret);
}

static const struct db_stmt HEAD = {
	.name = "event_head",
	.read = true,
	.nparams = 1,
	.sql = "SELECT coalesce(max(position), 0) FROM app.event WHERE tenant_id = $1",
};

enum err event_repo_head(struct ctx *cx, int64_t *ret)
{
	return db_get_int(cx, &HEAD, DB_NO_ARGS, ret);
}

const char *event_names(struct ctx *cx, const struct list *names)
{
	struct sb sb = sb_new(cx->arena, NAMES_MAX_BYTES);

	if (names->n == 0)
		return NULL;
	for (size_t i = 0; i < names->n; i++)
		sb_addf(&sb, "%c\"%s\"", i == 0 ? '{' : ',',
		        ((const char *const *)names->items)[i]);
	sb_addc(&sb, '}');
	assert(!sb.failed); /* so many names of such a length there are not */
	return sb.data;
}

const struct db_check event_statements[] = {
	{ .stmt = &INSERT },
	{ .stmt = &INSERT_AUDITED },
	{ .stmt = &SEQUENCE },
	{ .stmt = &LOOK_AHEAD, .row = &REACH },
	{ .stmt = &LOOK_BACK, .row = &REACH },
	{ .stmt = &LIST, .row = &event_schema },
	{ .stmt = &LIST_BACK, .row = &event_schema },
	{ .stmt = &POSITION_AT },
	{ .stmt = &HEAD },
	{ .stmt = NULL },
};
