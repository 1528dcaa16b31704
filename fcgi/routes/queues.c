/* Queues over HTTP. */
#include "reply.h"
#include "routes/tables.h"

#include "app/registry_job_kinds.h"
#include "jobs/queues.h"

static enum err list_queues(struct ctx *cx, UNUSED const struct request *rq, struct reply *rp)
{
	struct list list;

	TRY(queues_list(cx, app_job_kinds, &list));
	return reply_page(rp, &queue_state_schema, list.items, list.n, NULL);
}

static enum err get_queue(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct queue_state queue;

	TRY(queues_get(cx, app_job_kinds, rq->name, &queue));
	return reply_json(rp, &queue_state_schema, &queue);
}

static enum err pause_queue(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct queue_state queue;

	TRY(queues_pause(cx, app_job_kinds, rq->name, true, &queue));
	return reply_json(rp, &queue_state_schema, &queue);
}

static enum err resume_queue(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct queue_state queue;

	TRY(queues_pause(cx, app_job_kinds, rq->name, false, &queue));
	return reply_json(rp, &queue_state_schema, &queue);
}

static enum err limit_queue(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct queue_state queue;

	TRY(queues_limit(cx, app_job_kinds, rq->name, rq->version,
	                 request_body(rq, &queue_patch_schema), &queue));
	reply_version(rp, queue.version);
	return reply_json(rp, &queue_state_schema, &queue);
}

#define NO_LIMITS                                                                                  \
	"{\"concurrency\":null,\"per_runner\":null,\"rate_limit\":null,\"rate_period_s\":null,"    \
	"\"paused\":false,\"paused_at\":null,\"paused_by\":null}"
#define EXAMPLE                                                                                      \
	"{\"name\":\"heavy\",\"paused\":false,\"pending\":3,\"running\":1,\"retrying\":0,"           \
	"\"blocked\":0,\"dead\":2,\"oldest_s\":4,\"completed\":{\"m1\":2,\"m5\":9,\"h1\":80},"       \
	"\"failed\":{\"m1\":0,\"m5\":0,\"h1\":1},\"wait_ms\":{\"p50\":12,\"p95\":900,\"p99\":2100}," \
	"\"run_ms\":{\"p50\":800,\"p95\":4000,\"p99\":9000},\"limits\":" NO_LIMITS ","               \
	"\"installation\":" NO_LIMITS ",\"version\":1}"
#define CALLER .tag = "Queues", .auth = AUTH_ANY, .area = AREA_JOBS
#define READS  CALLER, .method = HTTP_GET, .role = ROLE_VIEWER, .rate = RATE_READ
#define WRITES CALLER, .role = ROLE_OPERATOR, .rate = RATE_WRITE

const struct route queue_routes[] = {
	{
		.path = "/api/v1/queues",
		.op = "listQueues",
		READS,
		.status = 200,
		.form = ROUTE_PAGE,
		.reply = &queue_state_schema,
		.run = list_queues,
		.doc = "List the queues with the tenant's jobs in each, their throughput, times and "
		       "limits.",
		.detail = "There are few: all are on one page.",
		.example = "{\"items\":[" EXAMPLE "],\"next_cursor\":null}",
	},
	{
		.path = "/api/v1/queues/{name}",
		.op = "getQueue",
		READS,
		.status = 200,
		.reply = &queue_state_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_queue,
		.doc = "Read one queue.",
		.example = EXAMPLE,
	},
	{
		.method = HTTP_PATCH,
		.path = "/api/v1/queues/{name}",
		.op = "limitQueue",
		WRITES,
		.if_match = true,
		.etag = true,
		.body = &queue_patch_schema,
		.status = 200,
		.reply = &queue_state_schema,
		.fails = { ERR_NOT_FOUND },
		.audit = "queue.limited",
		.run = limit_queue,
		.doc = "Limit how many of the tenant's jobs of a queue run at a time, or start in a "
		       "time.",
		.detail = "If-Match is the queue's version in quotes.  null takes a limit away.",
		.example = EXAMPLE,
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/queues/{name}/pause",
		.op = "pauseQueue",
		WRITES,
		.status = 200,
		.reply = &queue_state_schema,
		.fails = { ERR_NOT_FOUND },
		.audit = "queue.paused",
		.run = pause_queue,
		.doc = "Start none of the tenant's jobs in a queue until it is resumed.",
		.detail = "Jobs that run go on.",
		.example = EXAMPLE,
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/queues/{name}/resume",
		.op = "resumeQueue",
		WRITES,
		.status = 200,
		.reply = &queue_state_schema,
		.fails = { ERR_NOT_FOUND },
		.audit = "queue.resumed",
		.run = resume_queue,
		.doc = "Start jobs of a paused queue again.",
		.example = EXAMPLE,
	},
	ROUTES_END,
};
