/* Tenants: schemas, events, and the rules. */
#include "auth/tenant.h"

#include "auth/origin.h"
#include "auth/tenant_repo.h"
#include "config/config.h"

#include <inttypes.h>
#include <string.h>

#define REMOVAL_ATTEMPTS  20
#define REMOVAL_BACKOFF_S 5
#define REMOVAL_TIMEOUT_S 3600

static const char *const STATUSES[] = { "active", "deleting", "deleted", NULL };
static const char *const ROLES[] = { "viewer", "member", "operator", "admin", "owner", NULL };

/* What is left of a deleted tenant is called so; nobody else may be. */
static bool is_tombstone(const char *name)
{
	return strncmp(name, "deleted:", strlen("deleted:")) == 0;
}

static enum err check_name(struct ctx *cx, const char *pointer, const char *text)
{
	TRY(schema_check_trimmed(cx, pointer, text));
	if (is_tombstone(text))
		return err_field(cx, ERR_INVALID, pointer, "reserved",
		                 "begins with \"deleted:\", which names deleted tenants");
	return ERR_OK;
}

/* What a browser sends in Origin, byte for byte. */
static enum err check_origin(struct ctx *cx, const char *pointer, const char *text)
{
	if (origin_is_sound(text))
		return ERR_OK;
	return err_field(cx, ERR_INVALID, pointer, "origin",
	                 "is no origin as browsers send it, such as https://app.example.org: small "
	                 "letters, no path, no default port");
}

#define NAME_RULES                                                                                 \
	.min = 1, .max = TENANT_NAME_MAX, .one_line = true, .check = check_name,                   \
	.example = "\"Atlas team\""

static const struct field NEW_FIELDS[] = {
	F_TEXT(struct tenant_new, name, .required = true, NAME_RULES,
	       .doc = "Name, unique in the installation"),
};
const struct schema tenant_new_schema = SCHEMA(struct tenant_new, "TenantNew", NEW_FIELDS);

static const struct field PATCH_FIELDS[] = {
	F_TEXT(struct tenant_patch, name, NAME_RULES, .doc = "New name"),
	F_LIST(struct tenant_patch, cors_origins, .item = FIELD_TEXT, .max = TENANT_ORIGINS_MAX,
	       .check = check_origin, .example = "[\"https://app.example.org\"]",
	       .doc = "Origins of web pages that may call the interface for this tenant"),
};
const struct schema tenant_patch_schema =
	SCHEMA_PATCH(struct tenant_patch, "TenantPatch", PATCH_FIELDS);

static const struct field FIELDS[] = {
	F_INT(struct tenant, id, .example = "3", .doc = "Number of the tenant"),
	F_TEXT(struct tenant, name, .max = TENANT_NAME_MAX, .doc = "Name"),
	F_TEXT(struct tenant, status, .one_of = STATUSES,
	       .doc = "deleting: a job removes what it had; deleted: nothing is left"),
	F_TEXT(struct tenant, role, .nullable = true, .one_of = ROLES,
	       .doc = "Role of who asks; null: none any more"),
	F_LIST(struct tenant, cors_origins, .item = FIELD_TEXT,
	       .doc = "Origins of web pages that may call the interface for this tenant"),
	F_INT(struct tenant, projects_max, .doc = "Most projects; the operator's to change"),
	F_INT(struct tenant, storage_max_bytes,
	      .doc = "Most bytes of clones, maps and documents; the operator's to change"),
	F_INT(struct tenant, jobs_max,
	      .doc = "Most jobs that have not ended; the operator's to change"),
	F_INT(struct tenant, requests_per_minute,
	      .doc = "Most requests in a minute; the operator's to change"),
	F_BOOL(struct tenant, lends_models,
	       .doc = "Whether all tenants may use its models; the operator's to change"),
	F_BOOL(struct tenant, borrows_models,
	       .doc = "Whether it may use those that another tenant lends; the operator's to change"),
	F_INT(struct tenant, removal_job_id, .zero_is_null = true,
	      .doc = "The job that removes what it had; null: it is not deleted"),
	F_INT(struct tenant, version, .doc = "Rises with every change; the ETag is made from it"),
	F_TIME(struct tenant, created_us, .name = "created_at", .doc = "When it was created"),
	F_TIME(struct tenant, updated_us, .name = "updated_at", .doc = "When it last changed"),
};
const struct schema tenant_schema = SCHEMA(struct tenant, "Tenant", FIELDS);

static const struct field REMOVAL_FIELDS[] = {
	F_INT(struct tenant_removal_args, tenant_id, .required = true, .min = 1, .max = INT64_MAX,
	      .doc = "The tenant that was deleted"),
};
static const struct schema REMOVAL_ARGS =
	SCHEMA(struct tenant_removal_args, "TenantRemovalArguments", REMOVAL_FIELDS);

const struct event_kind tenant_created = {
	.type = "tenant.created",
	.version = 1,
	.payload = &tenant_schema,
	.audited = true,
	.doc = "A tenant exists.",
};
const struct event_kind tenant_changed = {
	.type = "tenant.changed",
	.version = 1,
	.payload = &tenant_schema,
	.audited = true,
	.doc = "A tenant was renamed, or got other origins or limits.",
};
const struct event_kind tenant_deleted = {
	.type = "tenant.deleted",
	.version = 1,
	.payload = &tenant_schema,
	.audited = true,
	.doc = "A tenant was deleted; a job removes what it had.",
};

/* May run twice: what is gone is not removed again. */
const struct job_kind tenant_removal_job = {
	.type = "tenant_removal",
	.queue = "default",
	.arguments = &REMOVAL_ARGS,
	.attempts = REMOVAL_ATTEMPTS,
	.backoff_s = REMOVAL_BACKOFF_S,
	.timeout_s = REMOVAL_TIMEOUT_S,
	.always = true,
	.doc = "Remove everything that a deleted tenant had.",
};

/* --- Faults --- */

static enum err not_found(struct ctx *cx, int64_t id)
{
	return err_set(cx, ERR_NOT_FOUND, "there is no tenant %" PRId64, id);
}

/* Whose the name is stays untold. */
static enum err name_taken(struct ctx *cx)
{
	if (strcmp(db_constraint(cx), "tenant_name_key") != 0)
		return cx->fault.code;
	err_set(cx, ERR_CONFLICT, "the name is taken");
	err_fix(cx, "choose another name");
	return ERR_CONFLICT;
}

/* A change that met no row: is there none, or has it moved on? */
static enum err gone_or_stale(struct ctx *cx, int64_t id, int64_t version)
{
	struct tenant now;

	err_clear(cx);
	TRY(tenant_get(cx, id, &now));
	if (strcmp(now.status, "active") != 0)
		return err_set(cx, ERR_STATE, "the tenant is %s", now.status);
	err_set(cx, ERR_STALE, "the tenant is at version %" PRId64 ", not %" PRId64, now.version,
	        version);
	err_fix(cx, "read it again and repeat the change");
	return ERR_STALE;
}

/* What is changed is the tenant in which the caller's role was checked. */
static enum err is_ours(struct ctx *cx, int64_t id)
{
	if (id == cx->who.tenant_id)
		return ERR_OK;
	not_found(cx, id);
	err_fix(cx, "choose the tenant with the header X-Portolan-Tenant");
	return ERR_NOT_FOUND;
}

/* --- Services --- */

enum err tenant_create(struct ctx *cx, const struct tenant_new *in, struct tenant *ret)
{
	const struct config *config = cx->app->config;
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t id;
	enum err e;

	TRY(db_begin(cx, &tx));
	e = tenant_repo_create(cx, in->name, config->tenants_max, config->tenants_per_user_max,
	                       &id);
	if (e == ERR_CONFLICT)
		return name_taken(cx);
	TRY(e);
	if (id == TENANT_TOO_MANY || id == TENANT_TOO_MANY_MINE) {
		bool mine = id == TENANT_TOO_MANY_MINE;

		err_set(cx, ERR_LIMIT,
		        mine ? "a person may own %" PRId64 " tenants"
		             : "the installation allows %" PRId64 " tenants",
		        mine ? config->tenants_per_user_max : config->tenants_max);
		err_fix(cx, "delete a tenant, or have the operator raise the setting %s",
		        mine ? "tenants_per_user_max" : "tenants_max");
		return ERR_LIMIT;
	}
	cx->who.tenant_id = id;
	cx->who.role = ROLE_OWNER;
	TRY(tenant_get(cx, id, ret));
	TRY(event_emit(cx, &tenant_created, 0, ret));
	return db_commit(&tx);
}

/* A program has the role of its credential, which is known when the first statement has come back. */
static void tell_role(const struct ctx *cx, struct tenant *tenant)
{
	if (cx->who.user_id == 0 && tenant->role == NULL)
		tenant->role = role_name(cx->who.role);
}

enum err tenant_get(struct ctx *cx, int64_t id, struct tenant *ret)
{
	enum err e = tenant_repo_get(cx, id, ret);

	if (e == ERR_NOT_FOUND)
		return not_found(cx, id);
	TRY(e);
	tell_role(cx, ret);
	return ERR_OK;
}

enum err tenant_list(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret)
{
	assert(limit >= 1 && limit <= TENANT_LIST_MAX);
	TRY(tenant_repo_list(cx, before_id, limit, ret));
	for (size_t i = 0; i < ret->n; i++)
		tell_role(cx, (struct tenant *)ret->items + i);
	return ERR_OK;
}

enum err tenant_change(struct ctx *cx, int64_t id, int64_t version, const struct tenant_patch *in,
                       struct tenant *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	enum err e;

	TRY(is_ours(cx, id));
	TRY(db_begin(cx, &tx));
	e = tenant_repo_update(cx, version, in);
	if (e == ERR_CONFLICT)
		return name_taken(cx);
	if (e == ERR_NOT_FOUND)
		return gone_or_stale(cx, id, version);
	TRY(e);
	TRY(tenant_get(cx, id, ret));
	TRY(event_emit(cx, &tenant_changed, 0, ret));
	return db_commit(&tx);
}

/* Of a deletion that was begun before, the job may still be at work. */
static enum err start_removal(struct ctx *cx, const struct tenant *tenant)
{
	const struct tenant_removal_args args = { tenant->id };
	const struct job_new in = { .unique_key = tenant_removal_job.type };
	int64_t job_id = tenant->removal_job_id;
	struct job job;
	enum err e = job_id != 0 ? job_get(cx, job_id, &job) : ERR_NOT_FOUND;

	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if (e == ERR_OK && job.finished_us == 0)
		return ERR_OK;
	err_clear(cx);
	TRY(job_stop_all(cx, 0));
	TRY(job_enqueue(cx, &tenant_removal_job, &in, &args, &job_id));
	return tenant_repo_set_job(cx, job_id);
}

enum err tenant_delete(struct ctx *cx, int64_t id, int64_t version, struct tenant *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	enum err e;

	TRY(is_ours(cx, id));
	TRY(db_begin(cx, &tx));
	e = tenant_repo_close(cx, version);
	if (e == ERR_NOT_FOUND)
		return gone_or_stale(cx, id, version);
	TRY(e);
	TRY(tenant_repo_revoke_keys(cx));
	TRY(tenant_get(cx, id, ret));
	TRY(start_removal(cx, ret));
	TRY(tenant_get(cx, id, ret));
	TRY(event_emit(cx, &tenant_deleted, 0, ret));
	return db_commit(&tx);
}

enum err tenant_removal(struct ctx *cx, int64_t id, struct job *ret)
{
	struct tenant tenant;

	TRY(tenant_get(cx, id, &tenant));
	if (tenant.removal_job_id == 0)
		return err_set(cx, ERR_NOT_FOUND, "tenant %" PRId64 " is not deleted", id);
	cx->who.tenant_id = id;
	return job_get(cx, tenant.removal_job_id, ret);
}

/* --- The operator's --- */

enum err tenant_list_all(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret)
{
	return tenant_repo_list_all(cx, before_id, limit, ret);
}

enum err tenant_find(struct ctx *cx, const char *name, struct tenant *ret)
{
	enum err e = tenant_repo_find(cx, name, ret);

	if (e == ERR_NOT_FOUND)
		return err_set(cx, e, "there is no tenant \"%s\"", name);
	return e;
}

enum err tenant_create_for(struct ctx *cx, const char *name, const char *owner, struct tenant *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t id;
	enum err e;

	if (check_name(cx, "NAME", name) != ERR_OK)
		return ERR_INVALID;
	TRY(db_begin(cx, &tx));
	e = tenant_repo_create_for(cx, name, owner, &id);
	if (e == ERR_CONFLICT)
		return name_taken(cx);
	if (e == ERR_NOT_FOUND) {
		err_set(cx, e, "there is no account \"%s\"", owner);
		err_fix(cx, "portolan user create %s", owner);
		return e;
	}
	TRY(e);
	cx->who.tenant_id = id;
	TRY(tenant_repo_find(cx, name, ret));
	TRY(event_emit(cx, &tenant_created, 0, ret));
	return db_commit(&tx);
}

enum err tenant_limit(struct ctx *cx, int64_t id, const struct tenant_limits *in,
                      struct tenant *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	enum err e;

	cx->who.tenant_id = id;
	TRY(db_begin(cx, &tx));
	e = tenant_repo_limit(cx, id, in);
	if (e == ERR_NOT_FOUND)
		return not_found(cx, id);
	TRY(e);
	TRY(tenant_repo_find(cx, arena_printf(cx->arena, "%" PRId64, id), ret));
	TRY(event_emit(cx, &tenant_changed, 0, ret));
	return db_commit(&tx);
}

/* A second one would be a second owner of what is told as the installation's. */
static enum err lent_already(struct ctx *cx)
{
	const char *lender = "";

	err_clear(cx);
	TRY(tenant_repo_lender(cx, &lender));
	err_set(cx, ERR_CONFLICT, "tenant \"%s\" lends its models already", lender);
	err_fix(cx, "portolan tenant models '%s' --lend no", lender);
	return ERR_CONFLICT;
}

enum err tenant_set_models(struct ctx *cx, int64_t id, const struct tenant_models *in,
                           struct tenant *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	enum err e;

	cx->who.tenant_id = id;
	TRY(db_begin(cx, &tx));
	e = tenant_repo_models(cx, id, in);
	if (e == ERR_CONFLICT && strcmp(db_constraint(cx), "tenant_lender") == 0) {
		db_end(&tx);
		return lent_already(cx);
	}
	if (e == ERR_NOT_FOUND)
		return err_set(cx, ERR_STATE, "tenant %" PRId64 " is gone, or being deleted", id);
	TRY(e);
	TRY(tenant_repo_find(cx, arena_printf(cx->arena, "%" PRId64, id), ret));
	TRY(event_emit(cx, &tenant_changed, 0, ret));
	return db_commit(&tx);
}
