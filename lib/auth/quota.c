/* Quotas: the tenant's own limits over the settings. */
#include "auth/quota.h"

#include "auth/quota_repo.h"
#include "config/config.h"

static const struct field USAGE_FIELDS[] = {
	F_INT(struct quota_usage, projects, .doc = "Projects that there are"),
	F_INT(struct quota_usage, projects_max, .doc = "Most projects"),
	F_INT(struct quota_usage, storage_bytes,
	      .doc = "Bytes of clones and maps, as last measured, and of documents"),
	F_INT(struct quota_usage, storage_max_bytes,
	      .doc = "Most bytes of clones, maps and documents"),
	F_INT(struct quota_usage, jobs, .doc = "Jobs that have not ended"),
	F_INT(struct quota_usage, jobs_max, .doc = "Most jobs that have not ended"),
	F_INT(struct quota_usage, requests_per_minute,
	      .doc = "Requests of all its credentials together that are answered in a minute"),
};
const struct schema quota_usage_schema = SCHEMA(struct quota_usage, "TenantUsage", USAGE_FIELDS);

static struct quota settings(const struct ctx *cx)
{
	const struct config *config = cx->app->config;

	return (struct quota){
		.projects_max = config->projects_max,
		.storage_max_bytes = config->storage_max_bytes,
		.jobs_max = config->jobs_max,
		.requests_per_minute = config->tenant_requests_per_minute,
	};
}

enum err quota_read(struct ctx *cx, struct quota *ret)
{
	const struct quota set = settings(cx);

	return quota_repo_read(cx, &set, ret);
}

enum err quota_usage(struct ctx *cx, struct quota_usage *ret)
{
	const struct quota set = settings(cx);

	return quota_repo_usage(cx, &set, ret);
}
