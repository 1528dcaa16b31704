/* Jobs over HTTP: retrying, cancelling, discarding; one, or those of a filter. */
#include "reply.h"
#include "routes/tables.h"

#include "app/registry_job_kinds.h"
#include "jobs/operate.h"

#include <string.h>

#define BULK_LIMIT 100 /* jobs of a bulk that does not say how many */

static const char *const DEAD[] = { "failed", "dead", "cancelled", NULL };
static const char *const LIVE[] = { "pending", "running", "retrying", NULL };

static const struct field CHANGE_FIELDS[] = {
	F_JSON(struct job_change, arguments, .nullable = true, .example = "null",
	       .doc = "Other arguments, as the type of the job wants them; it then begins anew"),
	F_INT(struct job_change, priority, .nullable = true, .min = 1, .max = 4,
	      .doc = "Another priority, 1 is served first"),
	F_TEXT(struct job_change, queue, .nullable = true, .min = 1, .max = JOB_QUEUE_MAX,
	       .doc = "Another queue, in which runners look for the type"),
};
static const struct schema CHANGE = SCHEMA(struct job_change, "JobRetry", CHANGE_FIELDS);

/* The body of a bulk. */
struct bulk_in {
	struct list ids;
	const char *status, *type, *queue, *q;
	int64_t project, since_us, until_us, after, limit;
	bool all;
	struct job_change *change;
};

#define IDS                                                                                        \
	F_LIST(struct bulk_in, ids, .item = FIELD_INT, .min = 1, .max = OPERATE_BULK_MAX,          \
	       .doc = "These jobs alone; what cannot be done with one is told of it")
#define FILTER                                                                                     \
	F_TEXT(struct bulk_in, type, .min = 1, .max = JOB_TYPE_MAX,                                \
	       .doc = "Only jobs of this type"),                                                   \
		F_TEXT(struct bulk_in, queue, .min = 1, .max = JOB_QUEUE_MAX,                      \
	               .doc = "Only jobs of this queue"),                                          \
		F_INT(struct bulk_in, project, .min = 1, .max = INT64_MAX,                         \
	              .doc = "Only jobs of this project"),                                         \
		F_TEXT(struct bulk_in, q, .min = 1, .max = 200,                                    \
	               .doc = "The number, or part of the type, the arguments or the error"),      \
		F_INT(struct bulk_in, after, .max = INT64_MAX,                                     \
	              .doc = "Only jobs with higher numbers: last_id of the call before"),         \
		F_INT(struct bulk_in, limit, .min = 1, .max = OPERATE_BULK_MAX,                    \
	              .preset = BULK_LIMIT, .doc = "Most jobs of this call"),                      \
		F_BOOL(struct bulk_in, all, .doc = "The filter is empty on purpose: every one")
#define ENDED                                                                                      \
	F_TEXT(struct bulk_in, status, .one_of = DEAD, .doc = "Only jobs in this state"),          \
		F_TIME(struct bulk_in, since_us, .name = "since",                                  \
	               .doc = "Not what ended before this time"),                                  \
		F_TIME(struct bulk_in, until_us, .name = "until",                                  \
	               .doc = "Not what ended at this time or after")

static const struct field RETRY_FIELDS[] = {
	IDS,
	ENDED,
	FILTER,
	F_OBJ(struct bulk_in, change, .of = &CHANGE, .nullable = true,
	      .doc = "What is changed in all of them"),
};
static const struct schema RETRY = SCHEMA(struct bulk_in, "JobBulkRetry", RETRY_FIELDS);

static const struct field DISCARD_FIELDS[] = { IDS, ENDED, FILTER };
static const struct schema DISCARD = SCHEMA(struct bulk_in, "JobBulkDiscard", DISCARD_FIELDS);

static const struct field CANCEL_FIELDS[] = {
	IDS,
	F_TEXT(struct bulk_in, status, .one_of = LIVE, .doc = "Only jobs in this state"),
	F_TIME(struct bulk_in, since_us, .name = "since",
	       .doc = "Not what was asked for before this time"),
	F_TIME(struct bulk_in, until_us, .name = "until",
	       .doc = "Not what was asked for at this time or after"),
	FILTER,
};
static const struct schema CANCEL = SCHEMA(struct bulk_in, "JobBulkCancel", CANCEL_FIELDS);

/* --- One --- */

static enum err retry_job(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct job job;

	TRY(job_retry(cx, app_job_kinds, rq->ids[0], request_body(rq, &CHANGE), &job));
	return reply_json(rp, &job_schema, &job);
}

/* One that runs is on its way: 202. */
static enum err cancel_job(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct job job;

	TRY(job_cancel(cx, app_job_kinds, rq->ids[0], &job));
	if (strcmp(job.status, "running") == 0)
		rp->status = 202;
	return reply_json(rp, &job_schema, &job);
}

static enum err discard_job(struct ctx *cx, const struct request *rq, UNUSED struct reply *rp)
{
	return job_discard(cx, rq->ids[0]);
}

/* --- Many --- */

static enum err bulk(struct ctx *cx, const struct bulk_in *in, enum job_act act, struct reply *rp)
{
	const struct job_selection which = {
		.ids = in->ids,
		.filter = { .status = in->status,
		            .job_type = in->type,
		            .queue = in->queue,
		            .q = in->q,
		            .project_id = in->project,
		            .since_us = in->since_us,
		            .until_us = in->until_us,
		            .after_id = in->after,
		            .limit = in->limit },
		.all = in->all,
	};
	struct job_bulk done = { 0 };

	TRY(job_bulk(cx, app_job_kinds, act, &which, in->change, &done));
	return reply_json(rp, &job_bulk_schema, &done);
}

static enum err retry_jobs(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	return bulk(cx, request_body(rq, &RETRY), JOB_RETRY, rp);
}

static enum err cancel_jobs(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	return bulk(cx, request_body(rq, &CANCEL), JOB_CANCEL, rp);
}

static enum err discard_jobs(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	return bulk(cx, request_body(rq, &DISCARD), JOB_DISCARD, rp);
}

#define EXAMPLE                                                                                    \
	"{\"id\":12,\"project_id\":7,\"queue\":\"heavy\",\"job_type\":\"repository_processing\","  \
	"\"status\":\"pending\",\"priority\":2,\"progress\":0,\"message\":\"\",\"attempt\":0,"     \
	"\"max_attempts\":5,\"arguments\":{\"project_id\":7},\"result\":null,"                     \
	"\"error_type\":null,\"error_message\":null,\"request_id\":\"req_0193\","                  \
	"\"run_at\":\"2026-11-21T06:45:00.123Z\",\"created_at\":\"2026-11-21T06:45:00.123Z\","     \
	"\"started_at\":null,\"finished_at\":null}"
#define BULK_EXAMPLE                                                                               \
	"{\"matched\":12,\"done\":11,\"skipped\":[{\"id\":7,\"reason\":\"another job that does "   \
	"the same work has not ended yet\"}],\"more\":false,\"last_id\":41}"
#define ACTS                                                                                       \
	.tag = "Jobs", .auth = AUTH_ANY, .role = ROLE_OPERATOR, .area = AREA_JOBS,                 \
	.rate = RATE_WRITE
#define BULKS                                                                                      \
	ACTS, .method = HTTP_POST, .unkept = true, .status = 200, .reply = &job_bulk_schema,       \
	      .example = BULK_EXAMPLE
#define BULK_DETAIL                                                                                \
	"Each job is done or skipped by itself; an empty filter must say all.  While more is "     \
	"true, call again with after = last_id."

const struct route job_act_routes[] = {
	{
		.method = HTTP_POST,
		.path = "/api/v1/jobs/{id}/retry",
		.op = "retryJob",
		ACTS,
		.alias = true,
		.body = &CHANGE,
		.optional = true,
		.status = 200,
		.reply = &job_schema,
		.fails = { ERR_NOT_FOUND, ERR_STATE, ERR_CONFLICT },
		.audit = "job.retried",
		.run = retry_job,
		.doc = "Put a failed, dead or cancelled job back into its queue.",
		.detail = "With other arguments it begins anew; else it resumes where it was.",
		.example = EXAMPLE,
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/jobs/{id}/cancel",
		.op = "cancelJob",
		ACTS,
		.alias = true,
		.status = 200,
		.reply = &job_schema,
		.fails = { ERR_NOT_FOUND, ERR_STATE },
		.audit = "job.cancelled job.cancel_requested",
		.run = cancel_job,
		.doc = "Cancel a job.",
		.detail =
			"One that waits is cancelled at once.  One that runs is asked to stop: the "
			"answer is 202 then, and the job is cancelled as soon as it has noticed.",
		.example = EXAMPLE,
	},
	{
		.method = HTTP_DELETE,
		.path = "/api/v1/jobs/{id}",
		.op = "discardJob",
		ACTS,
		.status = 204,
		.fails = { ERR_NOT_FOUND, ERR_STATE },
		.audit = "job.discarded",
		.run = discard_job,
		.doc = "Discard a failed, dead or cancelled job; what waits for it is cancelled.",
	},
	{
		.path = "/api/v1/jobs/retry",
		.op = "retryJobs",
		BULKS,
		.body = &RETRY,
		.audit = "jobs.retried",
		.run = retry_jobs,
		.doc = "Put many failed, dead or cancelled jobs back into their queues.",
		.detail = BULK_DETAIL,
	},
	{
		.path = "/api/v1/jobs/cancel",
		.op = "cancelJobs",
		BULKS,
		.body = &CANCEL,
		.audit = "jobs.cancelled",
		.run = cancel_jobs,
		.doc = "Cancel many jobs that wait or run.",
		.detail = BULK_DETAIL,
	},
	{
		.path = "/api/v1/jobs/discard",
		.op = "discardJobs",
		BULKS,
		.body = &DISCARD,
		.audit = "jobs.discarded",
		.run = discard_jobs,
		.doc = "Discard many failed, dead or cancelled jobs.",
		.detail = BULK_DETAIL,
	},
	ROUTES_END,
};
