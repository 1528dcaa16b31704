/* SQL of tenants; of lib/auth alone. */
#ifndef AUTH_TENANT_REPO_H
#define AUTH_TENANT_REPO_H

#include "auth/tenant.h"

/* Answers of tenant_repo_create() that are no id. */
#define TENANT_TOO_MANY      0
#define TENANT_TOO_MANY_MINE (-1)

/** @max of the installation, @own_max of the person.  Returns ERR_CONFLICT */
NODISCARD
enum err tenant_repo_create(struct ctx *cx, const char *name, int64_t max, int64_t own_max,
                            int64_t *ret_id);
NODISCARD
enum err tenant_repo_get(struct ctx *cx, int64_t id, struct tenant *ret);
NODISCARD
enum err tenant_repo_list(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret);
/** @version 0: any.  Returns ERR_NOT_FOUND for another version, ERR_CONFLICT */
NODISCARD
enum err tenant_repo_update(struct ctx *cx, int64_t version, const struct tenant_patch *in);
/** Begin the deletion.  @version 0: any.  Returns ERR_NOT_FOUND for another version */
NODISCARD
enum err tenant_repo_close(struct ctx *cx, int64_t version);
NODISCARD
enum err tenant_repo_revoke_keys(struct ctx *cx);
NODISCARD
enum err tenant_repo_set_job(struct ctx *cx, int64_t job_id);

/* The operator's; for the role of the gate. */
NODISCARD
enum err tenant_repo_list_all(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret);
NODISCARD
enum err tenant_repo_find(struct ctx *cx, const char *name, struct tenant *ret);
/** Returns ERR_CONFLICT, ERR_NOT_FOUND when there is no such account */
NODISCARD
enum err tenant_repo_create_for(struct ctx *cx, const char *name, const char *owner,
                                int64_t *ret_id);
/** @ret the limits as the text of the bigint[] that sql/0033 takes */
const char *tenant_repo_limits_text(struct arena *arena, const struct tenant_limits *in);
/** Returns ERR_NOT_FOUND, without a fault */
NODISCARD
enum err tenant_repo_limit(struct ctx *cx, int64_t id, const struct tenant_limits *in);
/** Returns ERR_NOT_FOUND of one that is not active, ERR_CONFLICT when another lends */
NODISCARD
enum err tenant_repo_models(struct ctx *cx, int64_t id, const struct tenant_models *in);
/** The name of the tenant that lends its models.  Returns ERR_NOT_FOUND */
NODISCARD
enum err tenant_repo_lender(struct ctx *cx, const char **ret);

/* A steward's; for the role of the workers.  Returns ERR_FORBIDDEN */
NODISCARD
enum err tenant_repo_roll(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret);

#endif
