/* SQL of activity. */
#include "events/activity_repo.h"

#include "events/event_repo.h"

/* In the order of the key, so that two who count cannot wait for each other. */
static const struct db_stmt COUNT_EVENTS = {
	.name = "activity_count",
	.nparams = 4,
	.sql = "INSERT INTO app.event_activity AS a (tenant_id, day, project_id, kind, events)"
	       " SELECT $1, (timestamptz 'epoch' + e.us * interval '1 microsecond')::date, e.project_id,"
	       " e.kind, count(*) FROM unnest($2::bigint[], $3::text[], $4::bigint[])"
	       " AS e (project_id, kind, us) GROUP BY 2, 3, 4 ORDER BY 2, 3, 4"
	       " ON CONFLICT (tenant_id, day, project_id, kind)"
	       " DO UPDATE SET events = a.events + excluded.events",
};

enum err activity_repo_count(struct ctx *cx, const char *projects, const char *kinds,
                             const char *times)
{
	return db_run(cx, &COUNT_EVENTS, DB_ARGS(DB_TEXT(projects), DB_TEXT(kinds), DB_TEXT(times)),
	              NULL);
}

static const struct db_stmt LIST = {
	.name = "activity_list",
	.read = true,
	.nparams = 5,
	.sql = "SELECT to_char(day, 'YYYY-MM-DD') AS day, kind, sum(events)::bigint AS events"
	       " FROM app.event_activity WHERE tenant_id = $1 AND day BETWEEN $2::text::date"
	       " AND $3::text::date AND ($4::bigint IS NULL OR project_id = $4)"
	       " AND ($5::text[] IS NULL OR kind <> ALL ($5)) GROUP BY event_activity.day, kind"
	       " ORDER BY event_activity.day, kind",
};

enum err activity_repo_list(struct ctx *cx, const struct activity_filter *filter, struct list *ret)
{
	return db_list(cx, &LIST,
	               DB_ARGS(DB_TEXT(filter->from), DB_TEXT(filter->to),
	                       DB_INT0(filter->project_id),
	                       DB_TEXT(event_names(cx, &filter->hidden))),
	               &activity_schema, ret);
}

const struct db_check activity_statements[] = {
	{ .stmt = &COUNT_EVENTS, .as = DB_AS_RUNNER },
	{ .stmt = &LIST, .row = &activity_schema },
	{ .stmt = NULL },
};
