/* SQL of activity; of lib/events alone. */
#ifndef EVENTS_ACTIVITY_REPO_H
#define EVENTS_ACTIVITY_REPO_H

#include "events/activity.h"

/** Arrays of the same length, as texts. @times in microseconds since 1970 */
NODISCARD
enum err activity_repo_count(struct ctx *cx, const char *projects, const char *kinds,
                             const char *times);

/** @filter both days are given */
NODISCARD
enum err activity_repo_list(struct ctx *cx, const struct activity_filter *filter, struct list *ret);

#endif
