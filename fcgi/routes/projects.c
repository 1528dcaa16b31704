/* Projects over HTTP: rows and thin handlers. */
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "projects/project.h"

struct list_query {
	const char *q, *status, *cursor;
	int64_t secret, limit;
};

static const char *const STATUSES[] = {
	"pending", "cloning", "analysing", "ready", "failed", NULL
};

static const struct field LIST_FIELDS[] = {
	F_TEXT(struct list_query, q, .min = 1, .max = 200, .doc = "Part of the name or the URL"),
	F_TEXT(struct list_query, status, .one_of = STATUSES, .doc = "Only projects in this state"),
	F_INT(struct list_query, secret, .min = 1, .max = INT64_MAX,
	      .doc = "Only projects that this secret opens"),
	PAGE_FIELDS(struct list_query),
};
static const struct schema LIST_QUERY = SCHEMA(struct list_query, "ProjectListQuery", LIST_FIELDS);

/* The answer to a request for a map. */
struct sync_started {
	int64_t project_id, job_id;
};

static const struct field SYNC_FIELDS[] = {
	F_INT(struct sync_started, project_id, .doc = "The project"),
	F_INT(struct sync_started, job_id, .doc = "The job that maps its newest commit"),
};
static const struct schema SYNC_STARTED = SCHEMA(struct sync_started, "SyncStarted", SYNC_FIELDS);

static enum err filter_of(struct ctx *cx, const struct request *rq, struct project_filter *ret)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);

	*ret = (struct project_filter){ .q = query->q,
		                        .status = query->status,
		                        .secret_id = query->secret,
		                        .limit = query->limit + 1 };
	return page_begin(cx, rq, query->cursor, &ret->before_id);
}

static enum err ask_list(struct ctx *cx, struct request *rq)
{
	struct project_filter filter;

	TRY(filter_of(cx, rq, &filter));
	return project_list_ask(cx, &filter, &rq->asked);
}

static enum err list_projects(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct project_filter filter;
	struct list list;

	TRY(filter_of(cx, rq, &filter));
	TRY(project_list_answer(cx, &filter, rq->asked, &list));
	return page_reply(cx, rq, rp, &project_schema, &list, query->limit,
	                  offsetof(struct project, id));
}

static enum err create_project(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct project_new *in = request_body(rq, &project_new_schema);
	struct project_made made = { 0 };

	TRY(project_create(cx, in, &made.project, &made.job_id));
	reply_header(rp, "Location",
	             arena_printf(cx->arena, "/api/v1/projects/%lld", (long long)made.project.id));
	reply_version(rp, made.project.version);
	return reply_json(rp, &project_made_schema, &made);
}

static enum err check_project(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct project_outlook outlook;

	TRY(project_check(cx, request_body(rq, &project_wanted_schema), &outlook));
	return reply_json(rp, &project_outlook_schema, &outlook);
}

static enum err ask_project(struct ctx *cx, struct request *rq)
{
	return project_ask(cx, rq->ids[0], &rq->asked);
}

static enum err get_project(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct project project;

	TRY(project_answer(cx, rq->ids[0], rq->asked, &project));
	if (reply_version(rp, project.version))
		return ERR_OK;
	return reply_json(rp, &project_schema, &project);
}

static enum err change_project(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct project_patch *in = request_body(rq, &project_patch_schema);
	struct project project;

	TRY(project_change(cx, rq->ids[0], rq->version, in, &project));
	reply_version(rp, project.version);
	return reply_json(rp, &project_schema, &project);
}

static enum err delete_project(struct ctx *cx, const struct request *rq, UNUSED struct reply *rp)
{
	TRY(project_delete(cx, rq->ids[0], rq->version));
	return ERR_OK;
}

static enum err sync_project(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct sync_started started = { .project_id = rq->ids[0] };

	TRY(project_sync(cx, rq->ids[0], &started.job_id));
	reply_header(rp, "Location",
	             arena_printf(cx->arena, "/api/v1/jobs/%lld", (long long)started.job_id));
	return reply_json(rp, &SYNC_STARTED, &started);
}

#define EXAMPLE                                                                                                                                            \
	"\"id\":7,\"name\":\"Atlas\",\"repository_url\":\"https://git.example.org/atlas.git\","                                                            \
	"\"default_branch\":null,\"status\":\"pending\",\"error_type\":null,\"error\":null,"                                                               \
	"\"head_commit\":null,\"storage_bytes\":0,\"secret_id\":null,\"sync_schedule_id\":null,\"version\":1,\"created_at\":\"2026-11-21T06:45:00.123Z\"," \
	"\"updated_at\":\"2026-11-21T06:45:00.123Z\""
#define CALLER .tag = "Projects", .auth = AUTH_ANY, .area = AREA_PROJECTS
#define READS  CALLER, .role = ROLE_VIEWER, .rate = RATE_READ
#define WRITES CALLER, .role = ROLE_MEMBER, .rate = RATE_WRITE

const struct route project_routes[] = {
	{
		.method = HTTP_GET,
		.path = "/api/v1/projects",
		.op = "listProjects",
		READS,
		.alias = true,
		.query = &LIST_QUERY,
		.status = 200,
		.form = ROUTE_PAGE,
		.reply = &project_schema,
		.ask = ask_list,
		.run = list_projects,
		.doc = "List the tenant's projects, newest first.",
		.example = "{\"items\":[{" EXAMPLE "}],\"next_cursor\":null}",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/projects",
		.op = "createProject",
		WRITES,
		.alias = true,
		.body = &project_new_schema,
		.etag = true,
		.status = 201,
		.reply = &project_made_schema,
		.fails = { ERR_CONFLICT, ERR_LIMIT, ERR_URL_REFUSED, ERR_ORIGIN_MISMATCH },
		.audit = "project.created",
		.run = create_project,
		.doc = "Create a project and start the job that clones and maps it.",
		.example = "{" EXAMPLE ",\"job_id\":12}",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/projects/check",
		.op = "checkProject",
		WRITES,
		.body = &project_wanted_schema,
		.status = 200,
		.reply = &project_outlook_schema,
		.fails = { ERR_URL_REFUSED, ERR_ORIGIN_MISMATCH },
		.unaudited = "it looks at an address, and makes nothing",
		.run = check_project,
		.doc = "Look at an address before a project is made of it.",
		.detail =
			"Says what createProject would, and whether the settings would let the job connect. "
			"Nothing is made, and the network is not asked.",
		.example =
			"{\"repository_url\":\"https://git.example.org/atlas.git\",\"name\":\"atlas\","
			"\"project_id\":null,\"name_taken\":false}",
	},
	{
		.method = HTTP_GET,
		.path = "/api/v1/projects/{id}",
		.op = "getProject",
		READS,
		.alias = true,
		.etag = true,
		.status = 200,
		.reply = &project_schema,
		.fails = { ERR_NOT_FOUND },
		.ask = ask_project,
		.run = get_project,
		.doc = "Read one project.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_PATCH,
		.path = "/api/v1/projects/{id}",
		.op = "changeProject",
		WRITES,
		.alias = true,
		.if_match = true,
		.etag = true,
		.body = &project_patch_schema,
		.status = 200,
		.reply = &project_schema,
		.fails = { ERR_NOT_FOUND, ERR_CONFLICT, ERR_LIMIT, ERR_ORIGIN_MISMATCH },
		.audit = "project.changed",
		.run = change_project,
		.doc = "Change a project's name, branch, secret or schedule; what is not sent stays.",
		.detail =
			"sync_schedule makes, changes or deletes (null) the schedule by which the project is "
			"synced: sync_schedule_id leads to it.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_DELETE,
		.path = "/api/v1/projects/{id}",
		.op = "deleteProject",
		WRITES,
		.alias = true,
		.if_match = true,
		.status = 204,
		.fails = { ERR_NOT_FOUND },
		.audit = "project.deleted",
		.run = delete_project,
		.doc = "Delete a project with its maps; a job removes its clone.",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/projects/{id}/sync",
		.op = "syncProject",
		WRITES,
		.status = 202,
		.reply = &SYNC_STARTED,
		.fails = { ERR_NOT_FOUND },
		.audit = "project.sync_requested",
		.run = sync_project,
		.doc = "Ask for a map of the newest commit.",
		.detail = "A job that waits already serves this request too.",
		.example = "{\"project_id\":7,\"job_id\":12}",
	},
	ROUTES_END,
};
