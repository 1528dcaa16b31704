/* SQL of quotas. */
#include "auth/quota_repo.h"

static const struct field QUOTA_FIELDS[] = {
	F_INT(struct quota, projects_max),
	F_INT(struct quota, storage_max_bytes),
	F_INT(struct quota, jobs_max),
	F_INT(struct quota, requests_per_minute),
};
static const struct schema QUOTA = SCHEMA(struct quota, "Quota", QUOTA_FIELDS);

#define LIMITS                                                                                     \
	"coalesce(projects_max, $2) AS projects_max,"                                              \
	" coalesce(storage_max_bytes, $3) AS storage_max_bytes,"                                   \
	" coalesce(jobs_max, $4) AS jobs_max,"                                                     \
	" coalesce(requests_per_minute, $5) AS requests_per_minute"

static const struct db_stmt READ = {
	.name = "quota_read",
	.read = true,
	.nparams = 5,
	.sql = "SELECT " LIMITS " FROM app.tenant WHERE id = $1",
};

static const struct db_stmt USAGE = {
	.name = "quota_usage",
	.read = true,
	.nparams = 5,
	.sql = "SELECT " LIMITS ", p.projects, (p.storage_bytes + (SELECT coalesce(sum(d.bytes), 0)"
	       " FROM app.document d WHERE d.tenant_id = $1))::bigint AS storage_bytes,"
	       " (SELECT count(*) FROM app.background_job WHERE tenant_id = $1) AS jobs"
	       " FROM app.tenant, (SELECT count(*) AS projects,"
	       " coalesce(sum(clone_bytes + map_bytes), 0)::bigint AS storage_bytes"
	       " FROM app.project WHERE tenant_id = $1) p WHERE id = $1",
};

#define SETTINGS(s)                                                                                \
	DB_ARGS(DB_INT((s)->projects_max), DB_INT((s)->storage_max_bytes), DB_INT((s)->jobs_max),  \
	        DB_INT((s)->requests_per_minute))

enum err quota_repo_read(struct ctx *cx, const struct quota *settings, struct quota *ret)
{
	return db_get(cx, &READ, SETTINGS(settings), &QUOTA, ret);
}

enum err quota_repo_usage(struct ctx *cx, const struct quota *settings, struct quota_usage *ret)
{
	return db_get(cx, &USAGE, SETTINGS(settings), &quota_usage_schema, ret);
}

const struct db_check quota_statements[] = {
	{ .stmt = &READ, .row = &QUOTA },
	{ .stmt = &USAGE, .row = &quota_usage_schema },
	{ .stmt = NULL },
};
