/* Schedules over HTTP. */
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "app/registry_job_kinds.h"
#include "jobs/schedule.h"

struct list_query {
	const char *q, *cursor;
	int64_t project, limit;
};

static const struct field LIST_FIELDS[] = {
	F_TEXT(struct list_query, q, .min = 1, .max = 200, .doc = "Part of the name"),
	F_INT(struct list_query, project, .min = 1, .max = INT64_MAX,
	      .doc = "Only schedules of this project"),
	PAGE_FIELDS(struct list_query),
};
static const struct schema LIST_QUERY = SCHEMA(struct list_query, "ScheduleListQuery", LIST_FIELDS);

static enum err list_schedules(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct schedule_filter filter = { .q = query->q,
		                          .project_id = query->project,
		                          .limit = query->limit + 1 };
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &filter.before_id));
	TRY(schedule_list(cx, &filter, &list));
	return page_reply(cx, rq, rp, &schedule_schema, &list, query->limit,
	                  offsetof(struct schedule, id));
}

static enum err create_schedule(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct schedule made;

	TRY(schedule_create(cx, app_job_kinds, request_body(rq, &schedule_new_schema), &made));
	reply_header(rp, "Location",
	             arena_printf(cx->arena, "/api/v1/schedules/%lld", (long long)made.id));
	reply_version(rp, made.version);
	return reply_json(rp, &schedule_schema, &made);
}

/* When it fired last is no change of it: the tag is of the whole answer. */
static enum err get_schedule(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct schedule schedule;

	TRY(schedule_get(cx, rq->ids[0], &schedule));
	reply_header(rp, "ETag", arena_printf(cx->arena, "\"%lld\"", (long long)schedule.version));
	return reply_json(rp, &schedule_schema, &schedule);
}

static enum err change_schedule(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct schedule schedule;

	TRY(schedule_change(cx, app_job_kinds, rq->ids[0], rq->version,
	                    request_body(rq, &schedule_patch_schema), &schedule));
	reply_version(rp, schedule.version);
	return reply_json(rp, &schedule_schema, &schedule);
}

static enum err delete_schedule(struct ctx *cx, const struct request *rq, UNUSED struct reply *rp)
{
	return schedule_delete(cx, rq->ids[0], rq->version);
}

#define EXAMPLE                                                                                    \
	"{\"id\":3,\"name\":\"Nightly map\",\"cron\":\"30 3 * * *\","                              \
	"\"time_zone\":\"Europe/Berlin\",\"job_type\":\"repository_processing\",\"project_id\":7," \
	"\"arguments\":{\"project_id\":7},\"catch_up\":\"once\",\"enabled\":true,"                 \
	"\"next_at\":\"2026-11-22T02:30:00Z\",\"last_at\":null,\"last_job_id\":null,"              \
	"\"error_type\":null,\"error_message\":null,\"failures\":0,"                               \
	"\"created_by\":\"ada@example.org\",\"version\":1,"                                        \
	"\"created_at\":\"2026-11-21T06:45:00.123Z\",\"updated_at\":\"2026-11-21T06:45:00.123Z\"}"
#define CALLER .tag = "Schedules", .auth = AUTH_ANY, .area = AREA_JOBS
#define READS  CALLER, .method = HTTP_GET, .role = ROLE_VIEWER, .rate = RATE_READ
#define WRITES CALLER, .role = ROLE_OPERATOR, .rate = RATE_WRITE

const struct route schedule_routes[] = {
	{
		.path = "/api/v1/schedules",
		.op = "listSchedules",
		READS,
		.query = &LIST_QUERY,
		.status = 200,
		.form = ROUTE_PAGE,
		.reply = &schedule_schema,
		.run = list_schedules,
		.doc = "List the tenant's schedules, newest first.",
		.example = "{\"items\":[" EXAMPLE "],\"next_cursor\":null}",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/schedules",
		.op = "createSchedule",
		WRITES,
		.body = &schedule_new_schema,
		.etag = true,
		.status = 201,
		.reply = &schedule_schema,
		.fails = { ERR_CONFLICT, ERR_LIMIT },
		.audit = "schedule.created",
		.run = create_schedule,
		.doc = "Have a job done at the times that a pattern names.",
		.detail =
			"Times are of the wall clock of time_zone.  One that summer time skips fires "
			"right after the jump, one that comes twice fires once.",
		.example = EXAMPLE,
	},
	{
		.path = "/api/v1/schedules/{id}",
		.op = "getSchedule",
		READS,
		.status = 200,
		.reply = &schedule_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_schedule,
		.doc = "Read one schedule: when it fires, when it last did, and why not.",
		.example = EXAMPLE,
	},
	{
		.method = HTTP_PATCH,
		.path = "/api/v1/schedules/{id}",
		.op = "changeSchedule",
		WRITES,
		.if_match = true,
		.etag = true,
		.body = &schedule_patch_schema,
		.status = 200,
		.reply = &schedule_schema,
		.fails = { ERR_NOT_FOUND, ERR_CONFLICT },
		.audit = "schedule.changed",
		.run = change_schedule,
		.doc = "Change, pause or resume a schedule; what is not sent stays.",
		.detail = "If-Match is the schedule's version in quotes.",
		.example = EXAMPLE,
	},
	{
		.method = HTTP_DELETE,
		.path = "/api/v1/schedules/{id}",
		.op = "deleteSchedule",
		WRITES,
		.if_match = true,
		.status = 204,
		.fails = { ERR_NOT_FOUND },
		.audit = "schedule.deleted",
		.run = delete_schedule,
		.doc = "Delete a schedule; jobs that it brought about go on.",
	},
	ROUTES_END,
};
