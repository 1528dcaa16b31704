/* SQL of queues as operators see them; of lib/jobs alone. */
#ifndef JOBS_QUEUES_REPO_H
#define JOBS_QUEUES_REPO_H

#include "jobs/queues.h"

/** @names an array's text: queues that are there in any case  @one NULL: all */
NODISCARD
enum err queues_repo_list(struct ctx *cx, const char *names, const char *one, struct list *ret);
NODISCARD
enum err queues_repo_brief(struct ctx *cx, struct list *ret);
NODISCARD
enum err queues_repo_pause(struct ctx *cx, const char *name, bool pause);
/** Returns ERR_NOT_FOUND when it has another version, ERR_DATABASE for half of a rate */
NODISCARD
enum err queues_repo_limit(struct ctx *cx, const char *name, int64_t version,
                           const struct queue_patch *in);
NODISCARD
enum err queues_repo_list_all(struct ctx *cx, const char *names, const char *one, struct list *ret);
NODISCARD
enum err queues_repo_set_all(struct ctx *cx, const char *name,
                             const struct queue_all_change *change);
/** Let runners know that something about a queue has changed, once that is committed. */
NODISCARD
enum err queues_repo_notify(struct ctx *cx, const char *name);

#endif
