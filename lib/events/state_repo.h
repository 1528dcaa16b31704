/* SQL of state; of lib/events alone. */
#ifndef EVENTS_STATE_REPO_H
#define EVENTS_STATE_REPO_H

#include "events/state.h"

NODISCARD
enum err state_repo_get(struct ctx *cx, const char *key, struct state *ret);

/** One counts at a time, until the transaction ends. */
NODISCARD
enum err state_repo_lock_count(struct ctx *cx);

/** Make a key that is not there.  Returns ERR_NOT_FOUND when it is, or when there are max keys */
NODISCARD
enum err state_repo_make(struct ctx *cx, const char *key, const char *data, int64_t max,
                         struct state *ret);

/** @version STATE_ANY or the one that is there.  Returns ERR_NOT_FOUND */
NODISCARD
enum err state_repo_change(struct ctx *cx, const char *key, int64_t version, const char *data,
                           struct state *ret);
NODISCARD
enum err state_repo_delete(struct ctx *cx, const char *key, int64_t version, struct state *ret);
NODISCARD
enum err state_repo_list(struct ctx *cx, const struct state_filter *filter, struct list *ret);

#endif
