/* SQL of allowances. */
#include "auth/allowance_repo.h"

#include "auth/tenant_repo.h"
#include "config/config.h"

static const struct field LIMIT_FIELDS[] = {
	F_TEXT(struct allowance, name),
	F_INT(struct allowance, max),
	F_INT(struct allowance, setting),
	F_BOOL(struct allowance, own),
};
static const struct schema LIMIT = SCHEMA(struct allowance, "AllowanceLimit", LIMIT_FIELDS);

/* $2 to $9 are the settings. */
static const struct db_stmt LIMITS = {
	.name = "allowance_limits",
	.read = true,
	.nparams = 9,
	.sql = "SELECT v.name, coalesce(own, setting) AS max, setting, own IS NOT NULL AS own"
	       " FROM app.tenant t, LATERAL (VALUES"
	       " (1, 'projects_max', projects_max, $2::bigint),"
	       " (2, 'storage_max_bytes', storage_max_bytes, $3::bigint),"
	       " (3, 'jobs_max', jobs_max, $4::bigint),"
	       " (4, 'requests_per_minute', requests_per_minute, $5::bigint),"
	       " (5, 'members_max', members_max, $6::bigint),"
	       " (6, 'api_keys_max', api_keys_max, $7::bigint),"
	       " (7, 'documents_max', documents_max, $8::bigint),"
	       " (8, 'conversations_max', conversations_max, $9::bigint)"
	       ") v (place, name, own, setting) WHERE t.id = $1 ORDER BY place",
};

enum err allowance_repo_limits(struct ctx *cx, struct list *ret)
{
	const struct config *c = cx->app->config;

	return db_list(cx, &LIMITS,
	               DB_ARGS(DB_INT(c->projects_max), DB_INT(c->storage_max_bytes),
	                       DB_INT(c->jobs_max), DB_INT(c->tenant_requests_per_minute),
	                       DB_INT(c->members_max), DB_INT(c->api_keys_max),
	                       DB_INT(c->documents_max), DB_INT(c->conversations_max)),
	               &LIMIT, ret);
}

static const struct db_stmt LOCK = {
	.name = "allowance_lock",
	.nparams = 1,
	.sql = "SELECT pg_advisory_xact_lock(hashtextextended('allowance', $1::bigint))",
};

enum err allowance_repo_lock(struct ctx *cx)
{
	return db_run(cx, &LOCK, DB_NO_ARGS, NULL);
}

struct used {
	int64_t projects, storage, jobs, members, api_keys, documents, conversations;
};
static const struct field USED_FIELDS[] = {
	F_INT(struct used, projects),      F_INT(struct used, storage),
	F_INT(struct used, jobs),          F_INT(struct used, members),
	F_INT(struct used, api_keys),      F_INT(struct used, documents),
	F_INT(struct used, conversations),
};
static const struct schema USED_ROW = SCHEMA(struct used, "AllowanceUsed", USED_FIELDS);

static const struct db_stmt USED = {
	.name = "allowance_used",
	.read = true,
	.nparams = 1,
	.sql = "SELECT (SELECT count(*) FROM app.project WHERE tenant_id = $1) AS projects,"
	       " ((SELECT coalesce(sum(clone_bytes + map_bytes), 0) FROM app.project"
	       " WHERE tenant_id = $1) + (SELECT coalesce(sum(bytes), 0) FROM app.document"
	       " WHERE tenant_id = $1))::bigint AS storage,"
	       " (SELECT count(*) FROM app.background_job WHERE tenant_id = $1) AS jobs,"
	       " (SELECT count(*) FROM app.member WHERE tenant_id = $1) AS members,"
	       " (SELECT count(*) FROM app.api_key WHERE tenant_id = $1 AND revoked_at IS NULL"
	       " AND rotated_to IS NULL AND (expires_at IS NULL OR expires_at > now())) AS api_keys,"
	       " (SELECT count(*) FROM app.document WHERE tenant_id = $1) AS documents,"
	       " (SELECT count(*) FROM app.conversation WHERE tenant_id = $1) AS conversations",
};

enum err allowance_repo_used(struct ctx *cx, int64_t ret[ALLOWANCE_KINDS])
{
	struct used used;

	TRY(db_get(cx, &USED, DB_NO_ARGS, &USED_ROW, &used));
	ret[ALLOWANCE_PROJECTS] = used.projects;
	ret[ALLOWANCE_STORAGE] = used.storage;
	ret[ALLOWANCE_JOBS] = used.jobs;
	ret[ALLOWANCE_REQUESTS] = 0;
	ret[ALLOWANCE_MEMBERS] = used.members;
	ret[ALLOWANCE_API_KEYS] = used.api_keys;
	ret[ALLOWANCE_DOCUMENTS] = used.documents;
	ret[ALLOWANCE_CONVERSATIONS] = used.conversations;
	return ERR_OK;
}

static const struct db_stmt VISIT = {
	.name = "allowance_visit",
	.any_tenant = true,
	.read = true,
	.nparams = 1,
	.sql = "SELECT app.tenant_visit($1)::integer::bigint",
};

enum err allowance_repo_visit(struct ctx *cx, int64_t tenant_id, bool *ret)
{
	int64_t may = 0;

	TRY(db_get_int(cx, &VISIT, DB_ARGS(DB_INT(tenant_id)), &may));
	*ret = may != 0;
	return ERR_OK;
}

static const struct db_stmt CHANGE = {
	.name = "allowance_change",
	.any_tenant = true,
	.nparams = 3,
	.sql = "SELECT app.tenant_limit($1, $2, $3::bigint[])",
};

enum err allowance_repo_change(struct ctx *cx, int64_t tenant_id, int64_t version,
                               const struct tenant_limits *in, int64_t *ret)
{
	return db_get_int(cx, &CHANGE,
	                  DB_ARGS(DB_INT(tenant_id), DB_INT0(version),
	                          DB_TEXT(tenant_repo_limits_text(cx->arena, in))),
	                  ret);
}

const struct db_check allowance_statements[] = {
	{ .stmt = &LIMITS, .row = &LIMIT },
	{ .stmt = &LOCK },
	{ .stmt = &USED, .row = &USED_ROW },
	{ .stmt = &VISIT },
	{ .stmt = &CHANGE },
	{ .stmt = NULL },
};
