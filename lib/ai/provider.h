/*
 * Providers of models: who is asked, where, and with which secret.
 *
 * A tenant has those of its own.  Besides them it sees those of the installation, if there are any: the operator
 * has one tenant lend its providers and models to all the others (auth/tenant.h), but for those that may not
 * borrow.  What is the tenant's own goes before what is lent by the same name, which is then not seen.  Whoever
 * borrows pays from the own budgets into the own ledger; what is lent can be changed by the lender alone, and its
 * secret is opened in the lender's name (ai/owner.h).
 *
 * Every function keeps the promises of projects/project.h: ownership, tenancy, errors, time.
 */
#ifndef AI_PROVIDER_H
#define AI_PROVIDER_H

#include "base/net_guard.h"
#include "events/event.h"

#define PROVIDER_NAME_MAX 50
#define PROVIDER_URL_MAX  500
#define PROVIDER_LIST_MAX 201         /* a page of 200, and one that tells whether more follow */
#define PROVIDER_ANY      INT64_C(0)  /* of whatever version */
#define PROVIDER_ABSENT   INT64_C(-1) /* there must be none of that name yet */

/* What a client sends to set one. */
struct provider_put {
	const char *kind;     /* of ai/dialect.h */
	const char *base_url; /* NULL: the kind's own */
	const char *api_version;
	int64_t secret_id; /* of auth/vault.h, kind provider_key; 0: none is needed */
	bool enabled;
};

struct provider {
	int64_t id;
	const char *name, *kind, *base_url, *api_version;
	const char *owner; /* of provider_owners */
	int64_t secret_id; /* 0 also when it is lent */
	bool enabled;
	int64_t failures,
		failed_us; /* in a row, and when the last was; 0: the last call went well */
	int64_t version, created_us, updated_us;
};

struct provider_filter {
	int64_t before_id; /* newest first, ids below this; 0: from the newest */
	int64_t limit;     /* 1 to PROVIDER_LIST_MAX */
};

extern const struct schema provider_put_schema, provider_schema;
extern const char *const provider_owners[]; /* "tenant", "installation"; NULL ends them */
extern const struct event_kind provider_changed, provider_deleted;

/**
 * Where this installation may connect to for models.
 *
 * A host and port that the setting model_hosts names is the operator's own and trusted; all else is judged
 * like every address that a user gives.
 */
struct net_policy provider_policy(struct ctx *cx, const struct net_url *url);

/**
 * One of the tenant's own; so do all others that change something.
 *
 * @version that the client saw; PROVIDER_ANY, PROVIDER_ABSENT
 * Returns ERR_INVALID blaming the field, ERR_URL_REFUSED, ERR_STALE, ERR_NOT_FOUND, ERR_LIMIT
 */
NODISCARD
enum err provider_set(struct ctx *cx, const char *name, int64_t version,
                      const struct provider_put *in, struct provider *ret);

/** One of the tenant's own, or one that is lent.  Returns ERR_NOT_FOUND */
NODISCARD
enum err provider_get(struct ctx *cx, const char *name, struct provider *ret);

/** @ret items are struct provider, newest first; lent ones too */
NODISCARD
enum err provider_list(struct ctx *cx, const struct provider_filter *filter, struct list *ret);

/** Delete one with its models.  Returns ERR_NOT_FOUND, ERR_STALE */
NODISCARD
enum err provider_delete(struct ctx *cx, const char *name, int64_t version);

extern const struct db_check provider_statements[];

#endif
