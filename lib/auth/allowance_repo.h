/* SQL of allowances; of lib/auth alone. */
#ifndef AUTH_ALLOWANCE_REPO_H
#define AUTH_ALLOWANCE_REPO_H

#include "auth/allowance.h"

/* Answers of allowance_repo_change() that are no id. */
#define ALLOWANCE_STALE   0 /* no such tenant, or it is at another version */
#define ALLOWANCE_NOT_YOU (-1)

/** @ret items are struct allowance in the order of the kinds, without what is used */
NODISCARD
enum err allowance_repo_limits(struct ctx *cx, struct list *ret);
/** Held to the end of the transaction. */
NODISCARD
enum err allowance_repo_lock(struct ctx *cx);
/** @ret what the context's tenant has, by kind; of requests nothing */
NODISCARD
enum err allowance_repo_used(struct ctx *cx, int64_t ret[ALLOWANCE_KINDS]);
/** @ret whether the person of the context is a steward, and there is such a tenant */
NODISCARD
enum err allowance_repo_visit(struct ctx *cx, int64_t tenant_id, bool *ret);
/** @version 0: any.  @ret the tenant, or one of the answers above */
NODISCARD
enum err allowance_repo_change(struct ctx *cx, int64_t tenant_id, int64_t version,
                               const struct tenant_limits *in, int64_t *ret);

#endif
