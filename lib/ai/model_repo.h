/* SQL of models.  For lib/ai only. */
#ifndef AI_MODEL_REPO_H
#define AI_MODEL_REPO_H

#include "ai/dialect.h"
#include "ai/model.h"

extern const struct schema target_schema;

/** No other model of that kind is preferred any more. */
NODISCARD
enum err model_repo_unprefer(struct ctx *cx, const char *kind, const char *but);

/** @ret ERR_NOT_FOUND: as many as there may be, or no such provider */
NODISCARD
enum err model_repo_insert(struct ctx *cx, const char *name, const struct model_put *in,
                           int64_t max, struct model *ret);

/** @ret ERR_NOT_FOUND: no such name, or of another version, or no such provider */
NODISCARD
enum err model_repo_update(struct ctx *cx, const char *name, int64_t version,
                           const struct model_put *in, struct model *ret);

/** One of the tenant's own. */
NODISCARD
enum err model_repo_get(struct ctx *cx, const char *name, struct model *ret);
/** One of the tenant's own, or else one that is lent. */
NODISCARD
enum err model_repo_seen(struct ctx *cx, const char *name, struct model *ret);
/** Those of the tenant's own, and what is lent by names that it has none of. */
NODISCARD
enum err model_repo_list(struct ctx *cx, const struct model_filter *filter, struct list *ret);
NODISCARD
enum err model_repo_delete(struct ctx *cx, const char *name, int64_t version, struct model *ret);
NODISCARD
enum err model_repo_found(struct ctx *cx, int64_t id, const struct model_found *found);

/** A model with its provider, both in use, the own before the lent.  @name NULL: the preferred one of its kind */
NODISCARD
enum err model_repo_target(struct ctx *cx, const char *kind, const char *name, struct target *ret);

#endif
