/* SQL of providers.  For lib/ai only. */
#ifndef AI_PROVIDER_REPO_H
#define AI_PROVIDER_REPO_H

#include "ai/provider.h"

/** So that a tenant's providers and models are made one at a time, and the limit holds. */
NODISCARD
enum err provider_repo_lock(struct ctx *cx);

/** @ret ERR_NOT_FOUND: it has as many as it may; ERR_CONFLICT: the name is taken, or there is no such secret */
NODISCARD
enum err provider_repo_insert(struct ctx *cx, const char *name, const struct provider_put *in,
                              int64_t max, struct provider *ret);

/** @ret ERR_NOT_FOUND: no such name, or of another version */
NODISCARD
enum err provider_repo_update(struct ctx *cx, const char *name, int64_t version,
                              const struct provider_put *in, struct provider *ret);

/** One of the tenant's own. */
NODISCARD
enum err provider_repo_get(struct ctx *cx, const char *name, struct provider *ret);
/** One of the tenant's own, or else one that is lent. */
NODISCARD
enum err provider_repo_seen(struct ctx *cx, const char *name, struct provider *ret);
/** Those of the tenant's own, and what is lent by names that it has none of. */
NODISCARD
enum err provider_repo_list(struct ctx *cx, const struct provider_filter *filter, struct list *ret);
NODISCARD
enum err provider_repo_delete(struct ctx *cx, const char *name, int64_t version,
                              struct provider *ret);

/** What was answered by other settings is not answered again. */
NODISCARD
enum err provider_repo_forget_answers(struct ctx *cx);

#endif
