/*
 * Quotas: how much a tenant may have, and how much it has.
 *
 * Each limit is the tenant's own or, where it has none, the installation's setting.  Limits are the
 * operator's to give (portolan tenant quota): they protect a machine that tenants share, so no owner of
 * a tenant raises their own, and the role of the workers may not write them.
 *
 *   projects               counted when one is created (projects/project.h)
 *   storage                bytes of clones and maps, measured by the job that fetches them, and of documents
 *   jobs                   unfinished ones, counted when one is enqueued (jobs/job.h)
 *   requests per minute    counted at admission
 *
 *   Ownership  What is returned lives in cx->arena; arguments are borrowed for the call.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 */
#ifndef AUTH_QUOTA_H
#define AUTH_QUOTA_H

#include "base/db.h"

/* The limits that hold for a tenant. */
struct quota {
	int64_t projects_max, storage_max_bytes, jobs_max, requests_per_minute;
};

/* What a tenant has, against its limits. */
struct quota_usage {
	int64_t projects, projects_max;
	int64_t storage_bytes, storage_max_bytes;
	int64_t jobs, jobs_max;
	int64_t requests_per_minute;
};

extern const struct schema quota_usage_schema;

/** The limits of the context's tenant. */
NODISCARD
enum err quota_read(struct ctx *cx, struct quota *ret);

/** What the context's tenant has, counted now. */
NODISCARD
enum err quota_usage(struct ctx *cx, struct quota_usage *ret);

extern const struct db_check quota_statements[];

#endif
