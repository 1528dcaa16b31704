/* SQL of tenants. */
#include "auth/tenant_repo.h"

#include "config/config.h"

#define ORIGINS_TEXT_MAX ((size_t)64 * 1024)

#define ROLE_NAME(column) "(ARRAY['viewer', 'member', 'operator', 'admin', 'owner'])[" column "]"

/* $1 to $4 are the settings that hold where a tenant has no limit of its own. */
#define COLUMNS                                                                                    \
	"id, name, status, to_jsonb(cors_origins) AS cors_origins,"                                \
	" coalesce(projects_max, $1) AS projects_max,"                                             \
	" coalesce(storage_max_bytes, $2) AS storage_max_bytes,"                                   \
	" coalesce(jobs_max, $3) AS jobs_max,"                                                     \
	" coalesce(requests_per_minute, $4) AS requests_per_minute,"                               \
	" lends_models, borrows_models,"                                                           \
	" removal_job_id, version, " DB_US("created_at") ", " DB_US("updated_at")

#define SETTINGS(config)                                                                           \
	DB_INT((config)->projects_max), DB_INT((config)->storage_max_bytes),                       \
		DB_INT((config)->jobs_max), DB_INT((config)->tenant_requests_per_minute)

/* --- As a member or a program sees them --- */

static const struct db_stmt CREATE = {
	.name = "tenant_create",
	.any_tenant = true,
	.nparams = 3,
	.sql = "SELECT app.tenant_create($1, $2, $3)",
};

enum err tenant_repo_create(struct ctx *cx, const char *name, int64_t max, int64_t own_max,
                            int64_t *ret_id)
{
	return db_get_int(cx, &CREATE, DB_ARGS(DB_TEXT(name), DB_INT(max), DB_INT(own_max)),
	                  ret_id);
}

/*
 * Who asks is what the admission tells the transaction, which may be this very round trip.  Who has
 * deleted a tenant sees what has become of it when no membership is left.
 */
#define SEEN                                                                                                            \
	"SELECT " COLUMNS ", " ROLE_NAME(                                                                               \
		"own_role") " AS role FROM app.tenant"                                                                  \
			    " LEFT JOIN (SELECT tenant_id AS of_tenant, role AS own_role FROM app.member"               \
			    " WHERE user_id = (SELECT app.current_user_id()) AND status = 'active') m"                  \
			    " ON of_tenant = id WHERE (own_role IS NOT NULL OR ((SELECT app.current_user_id()) IS NULL" \
			    " AND id = (SELECT app.current_tenant_id()))"

static const struct db_stmt GET = {
	.name = "tenant_get",
	.any_tenant = true,
	.read = true,
	.nparams = 5,
	.sql = SEEN " OR removed_by = (SELECT app.current_user_id())) AND id = $5",
};

enum err tenant_repo_get(struct ctx *cx, int64_t id, struct tenant *ret)
{
	return db_get(cx, &GET, DB_ARGS(SETTINGS(cx->app->config), DB_INT(id)), &tenant_schema,
	              ret);
}

static const struct db_stmt LIST = {
	.name = "tenant_list",
	.any_tenant = true,
	.read = true,
	.nparams = 6,
	.sql = SEEN ") AND status <> 'deleted' AND id < $5 ORDER BY id DESC LIMIT $6",
};

enum err tenant_repo_list(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret)
{
	return db_list(cx, &LIST,
	               DB_ARGS(SETTINGS(cx->app->config),
	                       DB_INT(before_id != 0 ? before_id : INT64_MAX), DB_INT(limit)),
	               &tenant_schema, ret);
}

/* --- Changes --- */

static const struct db_stmt UPDATE = {
	.name = "tenant_update",
	.nparams = 6,
	.sql = "UPDATE app.tenant SET name = CASE WHEN $3 THEN $4 ELSE name END,"
	       " cors_origins = CASE WHEN $5 THEN $6::text[] ELSE cors_origins END,"
	       " version = version + 1, updated_at = now() WHERE id = $1 AND status = 'active'"
	       " AND ($2::bigint IS NULL OR version = $2) RETURNING id",
};

/* Origins hold no quote and no backslash: they are in normal form. */
static enum err array_of(struct ctx *cx, const struct list *list, const char **ret)
{
	struct sb sb = sb_new(cx->arena, ORIGINS_TEXT_MAX);
	const char *const *items = list->items;

	for (size_t i = 0; i < list->n; i++)
		sb_addf(&sb, "%s\"%s\"", i == 0 ? "{" : ",", items[i]);
	sb_add(&sb, list->n == 0 ? "{}" : "}");
	return sb_finish(cx, &sb, ret);
}

enum err tenant_repo_update(struct ctx *cx, int64_t version, const struct tenant_patch *in)
{
	bool name = schema_given(&tenant_patch_schema, in, "name");
	bool origins = schema_given(&tenant_patch_schema, in, "cors_origins");
	const char *array;
	int64_t id;

	TRY(array_of(cx, &in->cors_origins, &array));
	return db_get_int(cx, &UPDATE,
	                  DB_ARGS(DB_INT0(version), DB_BOOL(name), DB_TEXT(in->name),
	                          DB_BOOL(origins), DB_TEXT(array)),
	                  &id);
}

static const struct db_stmt CLOSE = {
	.name = "tenant_close",
	.nparams = 2,
	.sql = "UPDATE app.tenant SET status = 'deleting',"
	       " removed_by = coalesce(app.current_user_id(), removed_by),"
	       " version = version + 1, updated_at = now() WHERE id = $1 AND status <> 'deleted'"
	       " AND ($2::bigint IS NULL OR version = $2) RETURNING id",
};

enum err tenant_repo_close(struct ctx *cx, int64_t version)
{
	int64_t id;

	return db_get_int(cx, &CLOSE, DB_ARGS(DB_INT0(version)), &id);
}

static const struct db_stmt REVOKE_KEYS = {
	.name = "tenant_revoke_keys",
	.nparams = 1,
	.sql = "UPDATE app.api_key SET revoked_at = now() WHERE tenant_id = $1"
	       " AND revoked_at IS NULL",
};

enum err tenant_repo_revoke_keys(struct ctx *cx)
{
	return db_run(cx, &REVOKE_KEYS, DB_NO_ARGS, NULL);
}

static const struct db_stmt SET_JOB = {
	.name = "tenant_set_job",
	.nparams = 2,
	.sql = "UPDATE app.tenant SET removal_job_id = $2 WHERE id = $1",
};

enum err tenant_repo_set_job(struct ctx *cx, int64_t job_id)
{
	return db_run(cx, &SET_JOB, DB_ARGS(DB_INT(job_id)), NULL);
}

/* --- The operator's --- */

static const struct db_stmt LIST_ALL = {
	.name = "tenant_list_all",
	.any_tenant = true,
	.read = true,
	.nparams = 6,
	.sql = "SELECT " COLUMNS ", NULL::text AS role FROM app.tenant WHERE id < $5"
	       " ORDER BY id DESC LIMIT $6",
};

enum err tenant_repo_list_all(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret)
{
	return db_list(cx, &LIST_ALL,
	               DB_ARGS(SETTINGS(cx->app->config),
	                       DB_INT(before_id != 0 ? before_id : INT64_MAX), DB_INT(limit)),
	               &tenant_schema, ret);
}

/* A name wins over a number. */
static const struct db_stmt FIND = {
	.name = "tenant_find",
	.any_tenant = true,
	.read = true,
	.nparams = 5,
	.sql = "SELECT " COLUMNS ", NULL::text AS role FROM app.tenant"
	       " WHERE name = $5 OR id::text = $5 ORDER BY name = $5 DESC LIMIT 1",
};

enum err tenant_repo_find(struct ctx *cx, const char *name, struct tenant *ret)
{
	return db_get(cx, &FIND, DB_ARGS(SETTINGS(cx->app->config), DB_TEXT(name)), &tenant_schema,
	              ret);
}

/* Without such an account the row of the tenant goes with the transaction. */
static const struct db_stmt CREATE_FOR = {
	.name = "tenant_create_for",
	.any_tenant = true,
	.nparams = 2,
	.sql = "WITH t AS (INSERT INTO app.tenant (name) VALUES ($1) RETURNING id)"
	       " INSERT INTO app.member (tenant_id, user_id, role, status)"
	       " SELECT t.id, u.id, 5, 'active' FROM t, app.user_account u"
	       " WHERE u.email = lower($2::text) RETURNING tenant_id",
};

enum err tenant_repo_create_for(struct ctx *cx, const char *name, const char *owner,
                                int64_t *ret_id)
{
	return db_get_int(cx, &CREATE_FOR, DB_ARGS(DB_TEXT(name), DB_TEXT(owner)), ret_id);
}

static const struct db_stmt LIMIT = {
	.name = "tenant_limit",
	.any_tenant = true,
	.nparams = 2,
	.sql = "SELECT app.tenant_limits_put($1, $2::bigint[])",
};

const char *tenant_repo_limits_text(struct arena *arena, const struct tenant_limits *in)
{
	const int64_t all[] = {
		in->projects_max, in->storage_max_bytes, in->jobs_max,      in->requests_per_minute,
		in->members_max,  in->api_keys_max,      in->documents_max, in->conversations_max,
	};
	const char *text = "{";

	for (size_t i = 0; i < COUNT(all); i++) {
		const char *n = all[i] == TENANT_LIMIT_KEEP
		                        ? "NULL"
		                        : arena_printf(arena, "%lld", (long long)all[i]);

		text = arena_printf(arena, "%s%s%s", text, i == 0 ? "" : ",", n);
	}
	return arena_printf(arena, "%s}", text);
}

enum err tenant_repo_limit(struct ctx *cx, int64_t id, const struct tenant_limits *in)
{
	int64_t same;

	TRY(db_get_int(cx, &LIMIT,
	               DB_ARGS(DB_INT(id), DB_TEXT(tenant_repo_limits_text(cx->arena, in))),
	               &same));
	return same != 0 ? ERR_OK : ERR_NOT_FOUND;
}

static const struct db_stmt ROLL = {
	.name = "tenant_roll",
	.any_tenant = true,
	.read = true,
	.nparams = 6,
	.sql = "SELECT " COLUMNS
	       ", NULL::text AS role FROM app.tenant_roll($5, $6) ORDER BY id DESC",
};

enum err tenant_repo_roll(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret)
{
	return db_list(cx, &ROLL,
	               DB_ARGS(SETTINGS(cx->app->config),
	                       DB_INT(before_id != 0 ? before_id : INT64_MAX), DB_INT(limit)),
	               &tenant_schema, ret);
}

static const struct db_stmt MODELS = {
	.name = "tenant_models",
	.any_tenant = true,
	.nparams = 3,
	.sql = "UPDATE app.tenant SET lends_models = coalesce($2::boolean, lends_models),"
	       " borrows_models = coalesce($3::boolean, borrows_models),"
	       " version = version + 1, updated_at = now()"
	       " WHERE id = $1 AND status = 'active' RETURNING id",
};

enum err tenant_repo_models(struct ctx *cx, int64_t id, const struct tenant_models *in)
{
	const struct db_arg keep = DB_NULL(), lends = DB_BOOL(in->lends),
			    borrows = DB_BOOL(in->borrows);
	int64_t same;

	return db_get_int(
		cx, &MODELS,
		DB_ARGS(DB_INT(id), in->set_lends ? lends : keep, in->set_borrows ? borrows : keep),
		&same);
}

static const struct db_stmt LENDER = {
	.name = "tenant_lender",
	.any_tenant = true,
	.read = true,
	.nparams = 0,
	.sql = "SELECT name FROM app.tenant WHERE lends_models AND status = 'active'",
};

enum err tenant_repo_lender(struct ctx *cx, const char **ret)
{
	return db_get_text(cx, &LENDER, DB_NO_ARGS, ret);
}

const struct db_check tenant_statements[] = {
	{ .stmt = &CREATE },
	{ .stmt = &GET, .row = &tenant_schema },
	{ .stmt = &LIST, .row = &tenant_schema },
	{ .stmt = &UPDATE },
	{ .stmt = &CLOSE },
	{ .stmt = &REVOKE_KEYS },
	{ .stmt = &SET_JOB },
	{ .stmt = &LIST_ALL, .row = &tenant_schema, .as = DB_AS_GATE },
	{ .stmt = &FIND, .row = &tenant_schema, .as = DB_AS_GATE },
	{ .stmt = &CREATE_FOR, .as = DB_AS_GATE },
	{ .stmt = &LIMIT, .as = DB_AS_GATE },
	{ .stmt = &MODELS, .as = DB_AS_GATE },
	{ .stmt = &LENDER, .as = DB_AS_GATE },
	{ .stmt = &ROLL, .row = &tenant_schema },
	{ .stmt = NULL },
};
