/* Jobs over HTTP. */
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "jobs/job.h"

struct list_query {
	const char *status, *type, *q, *cursor;
	int64_t project, limit;
};

static const char *const STATUSES[] = { "pending", "running", "retrying",  "completed",
	                                "failed",  "dead",    "cancelled", NULL };

static const struct field LIST_FIELDS[] = {
	F_TEXT(struct list_query, status, .one_of = STATUSES, .doc = "Only jobs in this state"),
	F_TEXT(struct list_query, type, .min = 1, .max = JOB_TYPE_MAX,
	       .doc = "Only jobs of this type"),
	F_INT(struct list_query, project, .min = 1, .max = INT64_MAX,
	      .doc = "Only jobs of this project"),
	F_TEXT(struct list_query, q, .min = 1, .max = 200,
	       .doc = "Part of the type, the arguments or the error"),
	PAGE_FIELDS(struct list_query),
};
static const struct schema LIST_QUERY = SCHEMA(struct list_query, "JobListQuery", LIST_FIELDS);

static enum err list_jobs(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct job_filter filter = { .status = query->status,
		                     .job_type = query->type,
		                     .q = query->q,
		                     .project_id = query->project,
		                     .limit = query->limit + 1 };
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &filter.before_id));
	TRY(job_list(cx, &filter, &list));
	return page_reply(cx, rq, rp, &job_schema, &list, query->limit, offsetof(struct job, id));
}

static enum err get_job(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct job job;

	TRY(job_get(cx, rq->ids[0], &job));
	return reply_json(rp, &job_schema, &job);
}

static enum err retry_job(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct job job;

	TRY(job_retry(cx, rq->ids[0], &job));
	return reply_json(rp, &job_schema, &job);
}

#define EXAMPLE                                                                                    \
	"\"id\":12,\"project_id\":7,\"queue\":\"heavy\",\"job_type\":\"repository_processing\","   \
	"\"status\":\"completed\",\"priority\":2,\"progress\":100,\"message\":\"\",\"attempt\":1," \
	"\"max_attempts\":5,\"arguments\":{\"project_id\":7},\"result\":{},\"error_type\":null,"   \
	"\"error_message\":null,\"request_id\":\"req_0193\",\"run_at\":null,"                      \
	"\"created_at\":\"2026-11-21T06:45:00.123Z\",\"started_at\":\"2026-11-21T06:45:00.223Z\"," \
	"\"finished_at\":\"2026-11-21T06:45:04.123Z\""

const struct route job_routes[] = {
	{
		.method = HTTP_GET,
		.path = "/api/v1/jobs",
		.op = "listJobs",
		.tag = "Jobs",
		.auth = AUTH_ANY,
		.role = ROLE_VIEWER,
		.area = AREA_JOBS,
		.rate = RATE_READ,
		.alias = true,
		.query = &LIST_QUERY,
		.status = 200,
		.form = ROUTE_PAGE,
		.reply = &job_schema,
		.run = list_jobs,
		.doc = "List the tenant's jobs, newest first.",
		.example = "{\"items\":[{" EXAMPLE "}],\"next_cursor\":null}",
	},
	{
		.method = HTTP_GET,
		.path = "/api/v1/jobs/{id}",
		.op = "getJob",
		.tag = "Jobs",
		.auth = AUTH_ANY,
		.role = ROLE_VIEWER,
		.area = AREA_JOBS,
		.rate = RATE_READ,
		.alias = true,
		.status = 200,
		.reply = &job_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_job,
		.doc = "Read one job with its progress.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/jobs/{id}/retry",
		.op = "retryJob",
		.tag = "Jobs",
		.auth = AUTH_ANY,
		.role = ROLE_OPERATOR,
		.area = AREA_JOBS,
		.rate = RATE_WRITE,
		.alias = true,
		.status = 200,
		.reply = &job_schema,
		.fails = { ERR_NOT_FOUND, ERR_STATE, ERR_CONFLICT },
		.audit = "job.retried",
		.run = retry_job,
		.doc = "Put a failed, dead or cancelled job back into its queue.",
		.example = "{" EXAMPLE "}",
	},
	ROUTES_END,
};
