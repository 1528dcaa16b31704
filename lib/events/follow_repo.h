/* SQL of followers; of lib/events alone. */
#ifndef EVENTS_FOLLOW_REPO_H
#define EVENTS_FOLLOW_REPO_H

#include "events/follow.h"

/** @ret how many got their positions; -1 when another is at it */
NODISCARD
enum err follow_repo_sequence(struct ctx *cx, int64_t most, int64_t *ret);

/** Wait until who is at it has committed. */
NODISCARD
enum err follow_repo_wait(struct ctx *cx);

NODISCARD
enum err follow_repo_list(struct ctx *cx, int64_t after, int64_t limit, struct list *ret);
NODISCARD
enum err follow_repo_newest(struct ctx *cx, int64_t *ret);

NODISCARD
enum err follow_repo_count(struct ctx *cx, const char *component, int64_t *ret);

NODISCARD
enum err follow_repo_beat(struct ctx *cx, const struct event_reader *reader, int64_t pid);
NODISCARD
enum err follow_repo_sleep(struct ctx *cx, const struct event_reader *reader, bool asleep);
NODISCARD
enum err follow_repo_leave(struct ctx *cx, const struct event_reader *reader);

#endif
