/* Jobs over HTTP: looking at them.  What is done with them: job_acts.c. */
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "jobs/operate.h"
#include "jobs/stats.h"

#include <string.h>

struct list_query {
	const char *status, *type, *queue, *q, *request_id, *cursor, *act;
	int64_t project, since_us, until_us, limit;
};

static const char *const STATUSES[] = { "pending", "running", "retrying",  "completed",
	                                "failed",  "dead",    "cancelled", NULL };
static const char *const DEAD[] = { "failed", "dead", "cancelled", NULL };

#define FILTER_FIELDS                                                                              \
	F_TEXT(struct list_query, type, .min = 1, .max = JOB_TYPE_MAX,                             \
	       .doc = "Only jobs of this type"),                                                   \
		F_TEXT(struct list_query, queue, .min = 1, .max = JOB_QUEUE_MAX,                   \
	               .doc = "Only jobs of this queue"),                                          \
		F_INT(struct list_query, project, .min = 1, .max = INT64_MAX,                      \
	              .doc = "Only jobs of this project"),                                         \
		F_TEXT(struct list_query, q, .min = 1, .max = 200,                                 \
	               .doc = "The number, or part of the type, the arguments or the error")

static const struct field LIST_FIELDS[] = {
	F_TEXT(struct list_query, status, .one_of = STATUSES, .doc = "Only jobs in this state"),
	FILTER_FIELDS,
	F_TEXT(struct list_query, request_id, .min = 1, .max = REQUEST_ID_MAX,
	       .doc = "Only jobs to which this request led"),
	F_TIME(struct list_query, since_us, .name = "since",
	       .doc = "Not what was asked for before this time"),
	F_TIME(struct list_query, until_us, .name = "until",
	       .doc = "Not what was asked for at this time or after"),
	PAGE_FIELDS(struct list_query),
};
static const struct schema LIST_QUERY = SCHEMA(struct list_query, "JobListQuery", LIST_FIELDS);

static const struct field DEAD_FIELDS[] = {
	F_TEXT(struct list_query, status, .one_of = DEAD,
	       .doc = "Only jobs in this state; without it, failed and dead ones"),
	FILTER_FIELDS,
	F_TIME(struct list_query, since_us, .name = "since",
	       .doc = "Not what ended before this time"),
	F_TIME(struct list_query, until_us, .name = "until",
	       .doc = "Not what ended at this time or after"),
	PAGE_FIELDS(struct list_query),
};
static const struct schema DEAD_QUERY = SCHEMA(struct list_query, "JobDeadQuery", DEAD_FIELDS);

static const char *const ACTS[] = { "retry", "cancel", "discard", NULL };

static const struct field COUNT_FIELDS[] = {
	F_TEXT(struct list_query, act, .required = true, .one_of = ACTS, .example = "\"retry\"",
	       .doc = "What would be done: cancel looks at jobs that wait or run, the others at "
	              "those that ended without success"),
	F_TEXT(struct list_query, status, .one_of = STATUSES, .doc = "Only jobs in this state"),
	FILTER_FIELDS,
	F_TIME(struct list_query, since_us, .name = "since",
	       .doc = "As the bulk has it: asked for, or ended, since this time"),
	F_TIME(struct list_query, until_us, .name = "until",
	       .doc = "As the bulk has it: asked for, or ended, before this time"),
};
static const struct schema COUNT_QUERY = SCHEMA(struct list_query, "JobCountQuery", COUNT_FIELDS);

static const struct field STATS_FIELDS[] = {
	F_TEXT(struct stats_filter, period, .one_of = stats_periods,
	       .doc = "hour: minutes of the last hour, as without it; day: quarters of an hour of "
	              "the last day"),
	F_TEXT(struct stats_filter, queue, .min = 1, .max = JOB_QUEUE_MAX,
	       .doc = "Only jobs of this queue"),
	F_TEXT(struct stats_filter, job_type, .name = "type", .min = 1, .max = JOB_TYPE_MAX,
	       .doc = "Only jobs of this type"),
};
static const struct schema STATS_QUERY = SCHEMA(struct stats_filter, "JobStatsQuery", STATS_FIELDS);

struct attempts_query {
	const char *cursor;
	int64_t limit;
};
static const struct field ATTEMPTS_FIELDS[] = { PAGE_FIELDS(struct attempts_query) };
static const struct schema ATTEMPTS_QUERY =
	SCHEMA(struct attempts_query, "JobAttemptsQuery", ATTEMPTS_FIELDS);

static struct job_filter filter_of(const struct list_query *query)
{
	return (struct job_filter){
		.status = query->status,
		.job_type = query->type,
		.queue = query->queue,
		.q = query->q,
		.request_id = query->request_id,
		.project_id = query->project,
		.since_us = query->since_us,
		.until_us = query->until_us,
		.limit = query->limit + 1,
	};
}

static enum err list_jobs(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct job_filter filter = filter_of(query);
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &filter.before_id));
	TRY(job_list(cx, &filter, &list));
	return page_reply(cx, rq, rp, &job_schema, &list, query->limit, offsetof(struct job, id));
}

static enum err list_dead(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &DEAD_QUERY);
	struct job_filter filter = filter_of(query);
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &filter.before_id));
	TRY(job_list_dead(cx, &filter, &list));
	return page_reply(cx, rq, rp, &job_schema, &list, query->limit, offsetof(struct job, id));
}

static enum err count_jobs(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &COUNT_QUERY);
	const struct job_filter filter = filter_of(query);
	enum job_act act = strcmp(query->act, "retry") == 0    ? JOB_RETRY
	                   : strcmp(query->act, "cancel") == 0 ? JOB_CANCEL
	                                                       : JOB_DISCARD;
	struct job_matched counted;

	TRY(job_bulk_count(cx, act, &filter, &counted));
	return reply_json(rp, &job_matched_schema, &counted);
}

static enum err read_stats(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct job_stats stats;

	TRY(job_stats_read(cx, request_query(rq, &STATS_QUERY), &stats));
	return reply_json(rp, &job_stats_schema, &stats);
}

static enum err ask_job(struct ctx *cx, struct request *rq)
{
	return job_look_ask(cx, rq->ids[0], &rq->asked);
}

static enum err get_job(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct job_detail job;

	TRY(job_look_answer(cx, rq->ids[0], rq->asked, &job));
	return reply_json(rp, &job_detail_schema, &job);
}

static enum err list_attempts(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct attempts_query *query = request_query(rq, &ATTEMPTS_QUERY);
	int64_t before;
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &before));
	TRY(job_attempts(cx, rq->ids[0], before, query->limit + 1, &list));
	return page_reply(cx, rq, rp, &job_attempt_schema, &list, query->limit,
	                  offsetof(struct job_attempt, token));
}

#define EXAMPLE                                                                                    \
	"\"id\":12,\"project_id\":7,\"queue\":\"heavy\",\"job_type\":\"repository_processing\","   \
	"\"status\":\"completed\",\"priority\":2,\"progress\":100,\"message\":\"\",\"attempt\":1," \
	"\"max_attempts\":5,\"arguments\":{\"project_id\":7},\"result\":{},\"error_type\":null,"   \
	"\"error_message\":null,\"request_id\":\"req_0193\",\"run_at\":null,"                      \
	"\"created_at\":\"2026-11-21T06:45:00.123Z\",\"started_at\":\"2026-11-21T06:45:00.223Z\"," \
	"\"finished_at\":\"2026-11-21T06:45:04.123Z\""
#define READS                                                                                      \
	.method = HTTP_GET, .tag = "Jobs", .auth = AUTH_ANY, .role = ROLE_VIEWER,                  \
	.area = AREA_JOBS, .rate = RATE_READ, .status = 200

const struct route job_routes[] = {
	{
		.path = "/api/v1/jobs",
		.op = "listJobs",
		READS,
		.alias = true,
		.query = &LIST_QUERY,
		.form = ROUTE_PAGE,
		.reply = &job_schema,
		.run = list_jobs,
		.doc = "List the tenant's jobs, newest first.",
		.example = "{\"items\":[{" EXAMPLE "}],\"next_cursor\":null}",
	},
	{
		.path = "/api/v1/jobs/dead",
		.op = "listDeadJobs",
		READS,
		.query = &DEAD_QUERY,
		.form = ROUTE_PAGE,
		.reply = &job_schema,
		.run = list_dead,
		.doc = "List the dead letters: jobs that failed for good or used up their attempts.",
		.example = "{\"items\":[{" EXAMPLE "}],\"next_cursor\":null}",
	},
	{
		.path = "/api/v1/jobs/count",
		.op = "countJobs",
		READS,
		.query = &COUNT_QUERY,
		.reply = &job_matched_schema,
		.run = count_jobs,
		.doc = "Count the jobs at which a bulk of an act would look, a thousand at most.",
		.detail = "The filter is the bulk's.  Nothing is done.",
		.example = "{\"matched\":12,\"more\":false}",
	},
	{
		.path = "/api/v1/jobs/stats",
		.op = "readJobStats",
		READS,
		.query = &STATS_QUERY,
		.reply = &job_stats_schema,
		.run = read_stats,
		.doc = "Tell how many jobs ended over time, how long they had waited and ran.",
		.example = "{\"period\":\"hour\",\"slot_s\":60,\"items\":[{"
			   "\"at\":\"2026-11-21T06:45:00Z\",\"completed\":12,\"failed\":0,"
			   "\"wait_p50_ms\":8,\"wait_p95_ms\":120,\"run_p50_ms\":900,"
			   "\"run_p95_ms\":4200}]}",
	},
	{
		.path = "/api/v1/jobs/{id}",
		.op = "getJob",
		READS,
		.alias = true,
		.reply = &job_detail_schema,
		.fails = { ERR_NOT_FOUND },
		.ask = ask_job,
		.run = get_job,
		.doc = "Read one job with its progress, and what it waits for.",
		.example = "{" EXAMPLE
			   ",\"waits_for\":[],\"attempts_kept\":1,\"cancel_requested\":false,"
			   "\"checkpoint\":null}",
	},
	{
		.path = "/api/v1/jobs/{id}/attempts",
		.op = "listJobAttempts",
		READS,
		.query = &ATTEMPTS_QUERY,
		.form = ROUTE_PAGE,
		.reply = &job_attempt_schema,
		.fails = { ERR_NOT_FOUND },
		.run = list_attempts,
		.doc = "List the starts of a job that have ended, newest first, each with its error "
		       "and its last log lines.",
		.example =
			"{\"items\":[{\"token\":41,\"attempt\":1,\"outcome\":\"failed\","
			"\"error_type\":\"repository-not-found\",\"error_message\":\"there is no "
			"repository\",\"host\":\"runner-1\",\"log\":[],"
			"\"started_at\":\"2026-11-21T06:45:00.223Z\","
			"\"finished_at\":\"2026-11-21T06:45:04.123Z\"}],\"next_cursor\":null}",
	},
	ROUTES_END,
};
