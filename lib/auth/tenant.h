/*
 * Tenants: teams with their own projects, members and limits.
 *
 *   Ownership  *ret and what it points to live in cx->arena; nobody frees.
 *   Tenancy    A caller sees the tenants that they belong to; any other id is an unknown one.
 *              What is changed is the tenant of the context.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 *
 * A tenant that is deleted goes in two steps.  At once: its status, so that no credential of it is
 * admitted any more, its keys, and its jobs, which are stopped.  Then a job removes all that it had
 * (auth/removal.h).  What is left is the row, without its name, and the job's own row.
 */
#ifndef AUTH_TENANT_H
#define AUTH_TENANT_H

#include "jobs/operate.h"

#define TENANT_NAME_MAX    100 /* characters */
#define TENANT_ORIGINS_MAX 50
#define TENANT_ORIGIN_MAX  300 /* characters of one origin */
#define TENANT_LIST_MAX    201 /* a page of 200, and one that tells whether more follow */

struct tenant {
	int64_t id;
	const char *name;
	const char *status; /* active, deleting, deleted */
	const char *role;   /* of who asks */
	struct list cors_origins;
	int64_t projects_max, storage_max_bytes, jobs_max, requests_per_minute;
	bool lends_models, borrows_models; /* see ai/provider.h */
	int64_t removal_job_id;            /* 0: not deleted */
	int64_t version;
	int64_t created_us, updated_us;
};

struct tenant_new {
	const char *name;
};

struct tenant_patch {
	uint64_t given;
	const char *name;
	struct list cors_origins;
};

#define TENANT_LIMIT_KEEP    INT64_MIN /* as it is */
#define TENANT_LIMIT_SETTING (-1)      /* what the settings say */

/* What the operator, or a steward (auth/allowance.h), allows one tenant. */
struct tenant_limits {
	int64_t projects_max, storage_max_bytes, jobs_max, requests_per_minute;
	int64_t members_max, api_keys_max, documents_max, conversations_max;
};

/* What the operator says of a tenant and the models of the whole installation. */
struct tenant_models {
	bool set_lends, lends;     /* whether its own are those; of one tenant at most */
	bool set_borrows, borrows; /* whether it may use them */
};

extern const struct schema tenant_schema, tenant_new_schema, tenant_patch_schema;
extern const struct event_kind tenant_created, tenant_changed, tenant_deleted;

/**
 * Create a tenant whose owner is the person who asks; the context becomes that tenant's.
 * Returns ERR_CONFLICT when the name is taken (by whom is not told), ERR_LIMIT when the installation or
 *         the person has as many as the settings tenants_max and tenants_per_user_max allow.
 */
NODISCARD
enum err tenant_create(struct ctx *cx, const struct tenant_new *in, struct tenant *ret);

/**
 * One that the caller belongs to, or has deleted.
 * Returns ERR_NOT_FOUND
 */
NODISCARD
enum err tenant_get(struct ctx *cx, int64_t id, struct tenant *ret);

/** @ret items are struct tenant, newest first: of a person all that they belong to, of a key its own */
NODISCARD
enum err tenant_list(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret);

/**
 * @id       must be the context's tenant
 * @version  the version the client saw; 0: any
 * Returns ERR_NOT_FOUND, ERR_STALE, ERR_CONFLICT
 */
NODISCARD
enum err tenant_change(struct ctx *cx, int64_t id, int64_t version, const struct tenant_patch *in,
                       struct tenant *ret);

/**
 * Delete the context's tenant; the job that removes what it had is told in ret->removal_job_id.
 * Of one whose deletion was begun, the job is enqueued again if it has ended.
 * Returns ERR_NOT_FOUND, ERR_STALE
 */
NODISCARD
enum err tenant_delete(struct ctx *cx, int64_t id, int64_t version, struct tenant *ret);

/**
 * The job of a deletion, for who may see the tenant: they are admitted to nothing else of it.
 * Returns ERR_NOT_FOUND, also when the tenant is not deleted
 */
NODISCARD
enum err tenant_removal(struct ctx *cx, int64_t id, struct job *ret);

/* --- For the operator's command line, whose database role sees all tenants --- */

/** @ret items are struct tenant, newest first, deleted ones too */
NODISCARD
enum err tenant_list_all(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret);

/** @name a name, or a number.  Returns ERR_NOT_FOUND */
NODISCARD
enum err tenant_find(struct ctx *cx, const char *name, struct tenant *ret);

/**
 * @owner e-mail address of the account that will own it
 * Returns ERR_CONFLICT, ERR_NOT_FOUND when there is no such account
 */
NODISCARD
enum err tenant_create_for(struct ctx *cx, const char *name, const char *owner, struct tenant *ret);

/** Returns ERR_NOT_FOUND */
NODISCARD
enum err tenant_limit(struct ctx *cx, int64_t id, const struct tenant_limits *in,
                      struct tenant *ret);

/** Returns ERR_NOT_FOUND, ERR_STATE, ERR_CONFLICT naming the tenant that lends its models already */
NODISCARD
enum err tenant_set_models(struct ctx *cx, int64_t id, const struct tenant_models *in,
                           struct tenant *ret);

/* The job that removes what a deleted tenant had. */
struct tenant_removal_args {
	int64_t tenant_id;
};
extern const struct job_kind tenant_removal_job; /* "tenant_removal" */

extern const struct db_check tenant_statements[];

#endif
