/*
 * Allowances: what a tenant may have of everything that is counted, and what it has.
 *
 * Each limit is the tenant's own or, where it has none, the installation's setting.  They protect what
 * tenants share, so no role of a tenant changes them.  The operator does (portolan tenant quota), and a
 * steward: a person whom the operator has made one (portolan user promote), who may see and change the limits
 * of every tenant, and nothing else of it.  The database judges that, not the program (sql/0038_stewards.sql).
 *
 *   Ownership  What is returned lives in cx->arena; arguments are borrowed for the call.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 */
#ifndef AUTH_ALLOWANCE_H
#define AUTH_ALLOWANCE_H

#include "auth/tenant.h"

enum allowance_kind {
	ALLOWANCE_PROJECTS,
	ALLOWANCE_STORAGE,
	ALLOWANCE_JOBS,
	ALLOWANCE_REQUESTS,
	ALLOWANCE_MEMBERS,
	ALLOWANCE_API_KEYS,
	ALLOWANCE_DOCUMENTS,
	ALLOWANCE_CONVERSATIONS,
	ALLOWANCE_KINDS
};

/* One limit.  Its name is that of the member of struct tenant_limits. */
struct allowance {
	const char *name;
	const char *doc; /* what is counted, in words */
	int64_t used;
	bool counted; /* false: what is used is not known, only held to the limit */
	int64_t max;
	int64_t setting; /* what holds for tenants without a limit of their own */
	bool own;
};

/* The limits of one tenant. */
struct allowances {
	int64_t tenant_id;
	const char *name;
	struct list items; /* struct allowance, in the order of the kinds */
	bool may_change;   /* who asks is a steward */
	int64_t version;   /* the tenant's */
};

/* The same as the first programs knew it: some of the limits, by members. */
struct tenant_usage {
	int64_t projects, projects_max;
	int64_t storage_bytes, storage_max_bytes;
	int64_t jobs, jobs_max;
	int64_t requests_per_minute;
};

struct allowances_patch {
	uint64_t given;
	int64_t projects_max, storage_max_bytes, jobs_max, requests_per_minute;
	int64_t members_max, api_keys_max, documents_max, conversations_max;
};

extern const struct schema allowance_schema, allowances_schema, allowances_patch_schema;
extern const struct schema tenant_usage_schema;

/** The limits of the context's tenant, without what is used.  @ret items are struct allowance */
NODISCARD
enum err allowance_limits(struct ctx *cx, struct list *ret);

/** What the context's tenant may have of one kind. */
NODISCARD
enum err allowance_max(struct ctx *cx, enum allowance_kind kind, int64_t *ret);

/** What the context's tenant may have, and has, counted now.  @ret items are struct allowance, by kind */
NODISCARD
enum err allowance_read(struct ctx *cx, struct list *ret);

/**
 * One at a time counts what the context's tenant has, until the transaction ends: who counts first and then
 * adds would else be joined by others who counted the same.  Inside a transaction, before the count.
 */
NODISCARD
enum err allowance_lock(struct ctx *cx);

/* Below a limit by more than all creators that could meet there, nobody needs the lock. */
#define ALLOWANCE_SPARE 256

/** What the context's tenant has, counted now. */
NODISCARD
enum err allowance_usage(struct ctx *cx, struct tenant_usage *ret);

/** The refusal of one more: limit, use, and who may raise it.  Returns ERR_LIMIT */
enum err allowance_reached(struct ctx *cx, enum allowance_kind kind, int64_t used, int64_t max);

/**
 * The limits of a tenant, and what it has; the context becomes that tenant's.
 * Returns ERR_NOT_FOUND when the caller neither belongs to it nor is a steward
 */
NODISCARD
enum err allowances_get(struct ctx *cx, int64_t tenant_id, struct allowances *ret);

/**
 * @version the one the client saw; 0: any
 * Returns ERR_FORBIDDEN when the person is no steward, ERR_NOT_FOUND, ERR_STALE
 */
NODISCARD
enum err allowances_change(struct ctx *cx, int64_t tenant_id, int64_t version,
                           const struct allowances_patch *in, struct allowances *ret);

/**
 * All tenants of the installation, for a steward.
 * @ret items are struct tenant, newest first.  Returns ERR_FORBIDDEN
 */
NODISCARD
enum err allowances_tenants(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret);

extern const struct db_check allowance_statements[];

#endif
