/* Allowances: schemas, and the rules. */
#include "auth/allowance.h"

#include "auth/allowance_repo.h"
#include "auth/tenant_repo.h"

#include <inttypes.h>

#define LIMIT_MAX ((int64_t)1 << 53) /* what every client's numbers hold */

static const char *const DOCS[ALLOWANCE_KINDS] = {
	[ALLOWANCE_PROJECTS] = "projects",
	[ALLOWANCE_STORAGE] = "bytes of clones, maps and documents",
	[ALLOWANCE_JOBS] = "jobs that have not ended",
	[ALLOWANCE_REQUESTS] = "requests in a minute",
	[ALLOWANCE_MEMBERS] = "members, invited and disabled ones included",
	[ALLOWANCE_API_KEYS] = "API keys that work",
	[ALLOWANCE_DOCUMENTS] = "documents",
	[ALLOWANCE_CONVERSATIONS] = "conversations",
};
static const char *const NAMES[ALLOWANCE_KINDS + 1] = {
	[ALLOWANCE_PROJECTS] = "projects_max",   [ALLOWANCE_STORAGE] = "storage_max_bytes",
	[ALLOWANCE_JOBS] = "jobs_max",           [ALLOWANCE_REQUESTS] = "requests_per_minute",
	[ALLOWANCE_MEMBERS] = "members_max",     [ALLOWANCE_API_KEYS] = "api_keys_max",
	[ALLOWANCE_DOCUMENTS] = "documents_max", [ALLOWANCE_CONVERSATIONS] = "conversations_max",
};

static const struct field FIELDS[] = {
	F_TEXT(struct allowance, name, .one_of = NAMES, .doc = "Name of the limit"),
	F_TEXT(struct allowance, doc, .doc = "What is counted"),
	F_INT(struct allowance, used, .doc = "What the tenant has"),
	F_BOOL(struct allowance, counted,
	       .doc = "false: what is used is not told, only held to the limit"),
	F_INT(struct allowance, max, .doc = "What it may have; of requests 0 is no limit"),
	F_INT(struct allowance, setting,
	      .doc = "What tenants without a limit of their own may have"),
	F_BOOL(struct allowance, own, .doc = "Whether this limit is the tenant's own"),
};
const struct schema allowance_schema = SCHEMA(struct allowance, "TenantLimit", FIELDS);

static const struct field ALL_FIELDS[] = {
	F_INT(struct allowances, tenant_id, .doc = "Number of the tenant"),
	F_TEXT(struct allowances, name, .doc = "Its name"),
	F_LIST(struct allowances, items, .of = &allowance_schema, .doc = "Its limits"),
	F_BOOL(struct allowances, may_change, .doc = "Whether who asks may change them"),
	F_INT(struct allowances, version, .doc = "The tenant's; the ETag is made from it"),
};
const struct schema allowances_schema = SCHEMA(struct allowances, "TenantLimits", ALL_FIELDS);

#define LIMIT(member, what)                                                                        \
	F_INT(struct allowances_patch, member, .nullable = true, .min = 0, .max = LIMIT_MAX,       \
	      .preset = TENANT_LIMIT_SETTING, .doc = "Most " what "; null: as the setting says")
static const struct field PATCH_FIELDS[] = {
	LIMIT(projects_max, "projects"),
	LIMIT(storage_max_bytes, "bytes of clones, maps and documents"),
	LIMIT(jobs_max, "jobs that have not ended"),
	LIMIT(requests_per_minute, "requests in a minute, 0 for no limit"),
	LIMIT(members_max, "members"),
	LIMIT(api_keys_max, "API keys that work"),
	LIMIT(documents_max, "documents"),
	LIMIT(conversations_max, "conversations"),
};
const struct schema allowances_patch_schema =
	SCHEMA_PATCH(struct allowances_patch, "TenantLimitsPatch", PATCH_FIELDS);

static const struct field USAGE_FIELDS[] = {
	F_INT(struct tenant_usage, projects, .doc = "Projects that there are"),
	F_INT(struct tenant_usage, projects_max, .doc = "Most projects"),
	F_INT(struct tenant_usage, storage_bytes,
	      .doc = "Bytes of clones and maps, as last measured, and of documents"),
	F_INT(struct tenant_usage, storage_max_bytes,
	      .doc = "Most bytes of clones, maps and documents"),
	F_INT(struct tenant_usage, jobs, .doc = "Jobs that have not ended"),
	F_INT(struct tenant_usage, jobs_max, .doc = "Most jobs that have not ended"),
	F_INT(struct tenant_usage, requests_per_minute,
	      .doc = "Requests of all its credentials together that are answered in a minute"),
};
const struct schema tenant_usage_schema = SCHEMA(struct tenant_usage, "TenantUsage", USAGE_FIELDS);

enum err allowance_limits(struct ctx *cx, struct list *ret)
{
	struct allowance *items;

	TRY(allowance_repo_limits(cx, ret));
	items = (struct allowance *)ret->items;
	for (size_t i = 0; i < ret->n; i++)
		items[i].doc = DOCS[i];
	return ERR_OK;
}

enum err allowance_max(struct ctx *cx, enum allowance_kind kind, int64_t *ret)
{
	const struct allowance *items;
	struct list list;

	TRY(allowance_repo_limits(cx, &list));
	if (list.n != ALLOWANCE_KINDS)
		return err_set(cx, ERR_NOT_FOUND, "the tenant is gone");
	items = list.items;
	*ret = items[kind].max;
	return ERR_OK;
}

enum err allowance_lock(struct ctx *cx)
{
	return allowance_repo_lock(cx);
}

enum err allowance_read(struct ctx *cx, struct list *ret)
{
	int64_t used[ALLOWANCE_KINDS];
	struct allowance *items;

	TRY(allowance_limits(cx, ret));
	if (ret->n != ALLOWANCE_KINDS)
		return err_set(cx, ERR_NOT_FOUND, "the tenant is gone");
	TRY(allowance_repo_used(cx, used));
	items = (struct allowance *)ret->items;
	for (size_t i = 0; i < ret->n; i++) {
		items[i].used = used[i];
		items[i].counted = i != ALLOWANCE_REQUESTS;
	}
	return ERR_OK;
}

enum err allowance_usage(struct ctx *cx, struct tenant_usage *ret)
{
	const struct allowance *items;
	struct list list;

	TRY(allowance_read(cx, &list));
	items = list.items;
	*ret = (struct tenant_usage){
		.projects = items[ALLOWANCE_PROJECTS].used,
		.projects_max = items[ALLOWANCE_PROJECTS].max,
		.storage_bytes = items[ALLOWANCE_STORAGE].used,
		.storage_max_bytes = items[ALLOWANCE_STORAGE].max,
		.jobs = items[ALLOWANCE_JOBS].used,
		.jobs_max = items[ALLOWANCE_JOBS].max,
		.requests_per_minute = items[ALLOWANCE_REQUESTS].max,
	};
	return ERR_OK;
}

enum err allowance_reached(struct ctx *cx, enum allowance_kind kind, int64_t used, int64_t max)
{
	err_set(cx, ERR_LIMIT, "the tenant has %" PRId64 " of at most %" PRId64 " %s", used, max,
	        DOCS[kind]);
	err_fix(cx,
	        "delete what is not needed, or ask who runs the installation to raise the limit "
	        "%s of the tenant",
	        NAMES[kind]);
	return ERR_LIMIT;
}

/* The context's tenant. */
static enum err read_all(struct ctx *cx, struct allowances *ret)
{
	struct tenant tenant;

	TRY(tenant_repo_find(cx, arena_printf(cx->arena, "%" PRId64, ret->tenant_id), &tenant));
	TRY(allowance_read(cx, &ret->items));
	ret->name = tenant.name;
	ret->version = tenant.version;
	return ERR_OK;
}

enum err allowances_get(struct ctx *cx, int64_t tenant_id, struct allowances *ret)
{
	struct tenant tenant;

	*ret = (struct allowances){ .tenant_id = tenant_id };
	TRY(allowance_repo_visit(cx, tenant_id, &ret->may_change));
	if (!ret->may_change)
		TRY(tenant_get(cx, tenant_id, &tenant));
	cx->who.tenant_id = tenant_id;
	return read_all(cx, ret);
}

#define TAKE(member)                                                                               \
	.member = schema_given(&allowances_patch_schema, in, #member) ? in->member                 \
	                                                              : TENANT_LIMIT_KEEP

static enum err refused(struct ctx *cx, int64_t tenant_id, int64_t version, int64_t why)
{
	struct tenant tenant;
	bool there = false;

	if (why == ALLOWANCE_NOT_YOU) {
		TRY(tenant_get(cx, tenant_id, &tenant)); /* another's is an unknown one */
		err_set(cx, ERR_FORBIDDEN, "limits are changed by who runs the installation");
		err_fix(cx, "ask for it: portolan tenant quota changes them, and portolan user "
		            "promote lets a person do so");
		return ERR_FORBIDDEN;
	}
	TRY(allowance_repo_visit(cx, tenant_id, &there));
	if (!there)
		return err_set(cx, ERR_NOT_FOUND, "there is no tenant %" PRId64, tenant_id);
	err_set(cx, ERR_STALE, "the tenant is not at version %" PRId64 " any more", version);
	err_fix(cx, "read its limits again and repeat the change");
	return ERR_STALE;
}

enum err allowances_change(struct ctx *cx, int64_t tenant_id, int64_t version,
                           const struct allowances_patch *in, struct allowances *ret)
{
	const struct tenant_limits limits = { TAKE(projects_max),  TAKE(storage_max_bytes),
		                              TAKE(jobs_max),      TAKE(requests_per_minute),
		                              TAKE(members_max),   TAKE(api_keys_max),
		                              TAKE(documents_max), TAKE(conversations_max) };
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct tenant tenant;
	int64_t id = 0;

	TRY(db_begin(cx, &tx));
	TRY(allowance_repo_change(cx, tenant_id, version, &limits, &id));
	if (id <= 0)
		return refused(cx, tenant_id, version, id);
	cx->who.tenant_id = tenant_id;
	*ret = (struct allowances){ .tenant_id = tenant_id, .may_change = true };
	TRY(tenant_repo_find(cx, arena_printf(cx->arena, "%" PRId64, tenant_id), &tenant));
	TRY(event_emit(cx, &tenant_changed, 0, &tenant));
	TRY(read_all(cx, ret));
	return db_commit(&tx);
}

enum err allowances_tenants(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret)
{
	return tenant_repo_roll(cx, before_id, limit, ret);
}
