/* Tenants over HTTP: rows and thin handlers. */
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "auth/allowance.h"
#include "auth/tenant.h"

struct list_query {
	const char *cursor;
	int64_t limit;
	bool all;
};

static const struct field LIST_FIELDS[] = {
	F_BOOL(struct list_query, all,
	       .doc = "All tenants of the installation, for its stewards; false: one's own"),
	PAGE_FIELDS(struct list_query),
};
static const struct schema LIST_QUERY = SCHEMA(struct list_query, "TenantListQuery", LIST_FIELDS);

static enum err list_tenants(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	struct list list;
	int64_t before;

	TRY(page_begin(cx, rq, query->cursor, &before));
	if (query->all)
		TRY(allowances_tenants(cx, before, query->limit + 1, &list));
	else
		TRY(tenant_list(cx, before, query->limit + 1, &list));
	return page_reply(cx, rq, rp, &tenant_schema, &list, query->limit,
	                  offsetof(struct tenant, id));
}

static enum err create_tenant(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct tenant made;

	TRY(tenant_create(cx, request_body(rq, &tenant_new_schema), &made));
	reply_header(rp, "Location",
	             arena_printf(cx->arena, "/api/v1/tenants/%lld", (long long)made.id));
	reply_version(rp, made.version);
	return reply_json(rp, &tenant_schema, &made);
}

static enum err get_tenant(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct tenant tenant;

	TRY(tenant_get(cx, rq->ids[0], &tenant));
	if (reply_version(rp, tenant.version))
		return ERR_OK;
	return reply_json(rp, &tenant_schema, &tenant);
}

static enum err change_tenant(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct tenant_patch *in = request_body(rq, &tenant_patch_schema);
	struct tenant tenant;

	TRY(tenant_change(cx, rq->ids[0], rq->version, in, &tenant));
	reply_version(rp, tenant.version);
	return reply_json(rp, &tenant_schema, &tenant);
}

static enum err delete_tenant(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct tenant tenant;

	TRY(tenant_delete(cx, rq->ids[0], rq->version, &tenant));
	reply_header(rp, "Location",
	             arena_printf(cx->arena, "/api/v1/tenants/%lld/removal", (long long)tenant.id));
	return reply_json(rp, &tenant_schema, &tenant);
}

static enum err get_removal(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct job job;

	TRY(tenant_removal(cx, rq->ids[0], &job));
	return reply_json(rp, &job_schema, &job);
}

static enum err get_usage(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct tenant_usage usage;
	struct tenant tenant;

	TRY(tenant_get(cx, rq->ids[0], &tenant));
	cx->who.tenant_id = tenant.id; /* one that the caller belongs to */
	TRY(allowance_usage(cx, &usage));
	return reply_json(rp, &tenant_usage_schema, &usage);
}

static enum err get_limits(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct allowances all;

	TRY(allowances_get(cx, rq->ids[0], &all));
	return reply_json(rp, &allowances_schema, &all);
}

static enum err change_limits(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct allowances_patch *in = request_body(rq, &allowances_patch_schema);
	struct allowances all;

	TRY(allowances_change(cx, rq->ids[0], rq->version, in, &all));
	reply_version(rp, all.version);
	return reply_json(rp, &allowances_schema, &all);
}

#define EXAMPLE                                                                                    \
	"\"id\":3,\"name\":\"Atlas team\",\"status\":\"active\",\"role\":\"owner\","               \
	"\"cors_origins\":[\"https://app.example.org\"],\"projects_max\":1000,"                    \
	"\"storage_max_bytes\":107374182400,\"jobs_max\":10000,\"requests_per_minute\":60000,"     \
	"\"lends_models\":false,\"borrows_models\":true,"                                          \
	"\"removal_job_id\":null,\"version\":1,\"created_at\":\"2026-11-21T06:45:00.123Z\","       \
	"\"updated_at\":\"2026-11-21T06:45:00.123Z\""
#define LIMITS_EXAMPLE                                                                             \
	"{\"tenant_id\":3,\"name\":\"Atlas team\",\"items\":[{\"name\":\"projects_max\","          \
	"\"doc\":\"projects\",\"used\":12,\"counted\":true,\"max\":50,\"setting\":1000,"           \
	"\"own\":true}],\"may_change\":false,\"version\":1}"
#define TENANTS .tag = "Tenants", .area = AREA_TENANT
#define OWN     TENANTS, .auth = AUTH_ANY, .role = ROLE_ANYONE, .rate = RATE_READ

const struct route tenant_routes[] = {
	{
		.method = HTTP_GET,
		.path = "/api/v1/tenants",
		.op = "listTenants",
		OWN,
		.query = &LIST_QUERY,
		.status = 200,
		.form = ROUTE_PAGE,
		.reply = &tenant_schema,
		.run = list_tenants,
		.doc = "List the tenants that the caller belongs to, newest first.",
		.detail =
			"A program belongs to one. The limits are the installation's to give: its "
			"operator changes them with portolan tenant quota, because they protect "
			"what tenants share.",
		.example = "{\"items\":[{" EXAMPLE "}],\"next_cursor\":null}",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/tenants",
		.op = "createTenant",
		TENANTS,
		.auth = AUTH_USER,
		.role = ROLE_ANYONE,
		.rate = RATE_WRITE,
		.etag = true,
		.body = &tenant_new_schema,
		.status = 201,
		.reply = &tenant_schema,
		.fails = { ERR_CONFLICT, ERR_LIMIT },
		.audit = "tenant.created",
		.run = create_tenant,
		.doc = "Create a tenant; the person who asks becomes its owner.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_GET,
		.path = "/api/v1/tenants/{id}",
		.op = "getTenant",
		OWN,
		.etag = true,
		.status = 200,
		.reply = &tenant_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_tenant,
		.doc = "Read one tenant that the caller belongs to.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_PATCH,
		.path = "/api/v1/tenants/{id}",
		.op = "changeTenant",
		TENANTS,
		.auth = AUTH_ANY,
		.role = ROLE_ADMIN,
		.rate = RATE_WRITE,
		.if_match = true,
		.etag = true,
		.body = &tenant_patch_schema,
		.status = 200,
		.reply = &tenant_schema,
		.fails = { ERR_NOT_FOUND, ERR_CONFLICT, ERR_STATE },
		.audit = "tenant.changed",
		.run = change_tenant,
		.doc = "Change the name or the origins of the chosen tenant; what is not sent stays.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_DELETE,
		.path = "/api/v1/tenants/{id}",
		.op = "deleteTenant",
		TENANTS,
		.auth = AUTH_USER,
		.role = ROLE_OWNER,
		.rate = RATE_WRITE,
		.if_match = true,
		.status = 202,
		.reply = &tenant_schema,
		.fails = { ERR_NOT_FOUND, ERR_STATE },
		.audit = "tenant.deleted",
		.run = delete_tenant,
		.doc = "Delete the chosen tenant with everything that it has.",
		.detail =
			"From now on none of its credentials is admitted. A job removes its clones, "
			"maps, projects, keys, members and all else; Location leads to it. People "
			"keep their accounts.",
		.example = "{" EXAMPLE "}",
	},
	{
		.method = HTTP_GET,
		.path = "/api/v1/tenants/{id}/removal",
		.op = "getTenantRemoval",
		TENANTS,
		.auth = AUTH_USER,
		.role = ROLE_ANYONE,
		.rate = RATE_READ,
		.status = 200,
		.reply = &job_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_removal,
		.doc = "Read the job that removes what a deleted tenant had, for who deleted it.",
	},
	{
		.method = HTTP_GET,
		.path = "/api/v1/tenants/{id}/usage",
		.op = "getTenantUsage",
		OWN,
		.status = 200,
		.reply = &tenant_usage_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_usage,
		.doc = "Read what a tenant has, against its limits.",
		.example = "{\"projects\":12,\"projects_max\":1000,\"storage_bytes\":734003200,"
			   "\"storage_max_bytes\":107374182400,\"jobs\":2,\"jobs_max\":10000,"
			   "\"requests_per_minute\":60000}",
	},
	{
		.method = HTTP_GET,
		.path = "/api/v1/tenants/{id}/limits",
		.op = "getTenantLimits",
		OWN,
		.status = 200,
		.reply = &allowances_schema,
		.fails = { ERR_NOT_FOUND },
		.run = get_limits,
		.doc = "Read the limits of a tenant, each with what is used of it.",
		.detail = "Of a tenant that the caller belongs to; a steward of the installation "
			  "reads those of all.",
		.example = LIMITS_EXAMPLE,
	},
	{
		.method = HTTP_PATCH,
		.path = "/api/v1/tenants/{id}/limits",
		.op = "changeTenantLimits",
		TENANTS,
		.auth = AUTH_USER,
		.role = ROLE_ANYONE,
		.rate = RATE_WRITE,
		.if_match = true,
		.etag = true,
		.body = &allowances_patch_schema,
		.status = 200,
		.reply = &allowances_schema,
		.fails = { ERR_NOT_FOUND, ERR_FORBIDDEN },
		.audit = "tenant.changed",
		.run = change_limits,
		.doc = "Change the limits of a tenant, as a steward of the installation.",
		.detail =
			"They hold from the next request on; what a tenant has beyond a lower limit "
			"stays. No role of a tenant may do it: portolan user promote makes a steward.",
		.example = LIMITS_EXAMPLE,
	},
	ROUTES_END,
};
