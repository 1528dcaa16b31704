/* How the service is: for people and programs that watch it. */
#include "health.h"
#include "reply.h"
#include "routes/tables.h"
#include "serve.h"

#include "base/version.h"
#include "jobs/queues.h"
#include "retrieval/vector.h"

struct status {
	struct job_counts *jobs;
	const char *system_health, *database_status, *version;
	struct list modules, queues;
	int64_t schema_version;
	struct vector_state *vectors;
};

static const char *const HEALTHS[] = { "ok", "degraded", "failing", NULL };

static const struct field STATUS_FIELDS[] = {
	F_OBJ(struct status, jobs, .of = &job_counts_schema,
	      .doc = "Jobs of the tenant by state, and the runners that work on them"),
	F_LIST(struct status, queues, .of = &queue_brief_schema,
	       .doc = "The tenant's queues that have unfinished jobs or are paused"),
	F_TEXT(struct status, system_health, .one_of = HEALTHS,
	       .doc = "failing when a module is; degraded when no runner or no relay is alive"),
	F_TEXT(struct status, database_status, .one_of = HEALTHS, .doc = "The database's part"),
	F_LIST(struct status, modules, .of = &health_module_schema, .doc = "Each part on its own"),
	F_TEXT(struct status, version, .doc = "Version of the service"),
	F_INT(struct status, schema_version, .doc = "Version of the database schema"),
	F_OBJ(struct status, vectors, .of = &vector_state_schema,
	      .doc = "What a search by meaning compares vectors by"),
};
static const struct schema STATUS = SCHEMA(struct status, "Status", STATUS_FIELDS);

struct alive {
	const char *status, *version;
};

static const struct field ALIVE_FIELDS[] = {
	F_TEXT(struct alive, status, .doc = "ok"),
	F_TEXT(struct alive, version, .doc = "Version of the service"),
};
static const struct schema ALIVE = SCHEMA(struct alive, "Alive", ALIVE_FIELDS);

static enum err get_status(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct job_counts counts;
	struct vector_state vectors;
	struct status status = { .jobs = &counts, .version = version_text, .vectors = &vectors };
	struct health_report report;
	const struct health_module *modules;

	TRY(job_count(cx, &counts));
	TRY(queues_brief(cx, &status.queues));
	TRY(vector_look(cx, &vectors));
	health_look(cx, rq->server->health, &report);
	modules = report.modules.items;
	status.modules = report.modules;
	status.schema_version = report.schema_version;
	status.database_status = modules[HEALTH_DATABASE].status;
	status.system_health = report.status;
	if (health_is_ok(&report) && (counts.runners == 0 || modules[HEALTH_LIVE].detail != NULL))
		status.system_health = "degraded";
	return reply_json(rp, &STATUS, &status);
}

static enum err get_livez(UNUSED struct ctx *cx, UNUSED const struct request *rq, struct reply *rp)
{
	const struct alive alive = { "ok", version_text };

	return reply_json(rp, &ALIVE, &alive);
}

static enum err get_readyz(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct health_report report;

	health_look(cx, rq->server->health, &report);
	if (!health_is_ok(&report)) {
		rp->status = 503;
		reply_header(rp, "Retry-After", "1");
	}
	return reply_json(rp, &health_report_schema, &report);
}

#define EXAMPLE_MODULES                                                                            \
	"\"modules\":[{\"name\":\"database\",\"status\":\"ok\",\"detail\":null}],"                 \
	"\"schema_version\":1"

const struct route status_routes[] = {
	{
		.method = HTTP_GET,
		.path = "/api/v1/status",
		.op = "getStatus",
		.tag = "Health",
		.auth = AUTH_ANY,
		.role = ROLE_VIEWER,
		.area = AREA_STATUS,
		.rate = RATE_READ,
		.alias = true,
		.status = 200,
		.reply = &STATUS,
		.run = get_status,
		.doc = "Tell how the service and the tenant's jobs are.",
		.example = "{\"jobs\":{\"pending\":0,\"running\":1,\"retrying\":0,\"completed\":12,"
			   "\"failed\":0,\"dead\":0,\"cancelled\":0,\"oldest_pending_s\":0,"
			   "\"runners\":1},\"queues\":[{\"name\":\"heavy\",\"paused\":false,"
			   "\"pending\":0,\"running\":1,\"retrying\":0,\"oldest_pending_s\":0}],"
			   "\"system_health\":\"ok\",\"database_status\":\"ok\","
			   "\"version\":\"1.0\"," EXAMPLE_MODULES ",\"vectors\":{"
			   "\"extension\":\"0.8.0\",\"index\":true}}",
	},
	{
		.method = HTTP_GET,
		.path = "/livez",
		.op = "getLivez",
		.tag = "Health",
		.auth = AUTH_NONE,
		.role = ROLE_ANYONE,
		.area = AREA_NONE,
		.rate = RATE_PROBE,
		.status = 200,
		.reply = &ALIVE,
		.run = get_livez,
		.doc = "Tell that the process is alive.",
		.detail = "Looks at nothing else, so that a database that is away restarts nobody.",
		.example = "{\"status\":\"ok\",\"version\":\"1.0\"}",
	},
	{
		.method = HTTP_GET,
		.path = "/readyz",
		.op = "getReadyz",
		.tag = "Health",
		.auth = AUTH_NONE,
		.role = ROLE_ANYONE,
		.area = AREA_NONE,
		.rate = RATE_PROBE,
		.status = 200,
		.reply = &health_report_schema,
		.reply_503 = true,
		.run = get_readyz,
		.doc = "Tell whether requests can be served, module by module.",
		.detail = "Answers 503 with the same body when a module fails.",
		.example = "{\"status\":\"ok\"," EXAMPLE_MODULES "}",
	},
	ROUTES_END,
};
