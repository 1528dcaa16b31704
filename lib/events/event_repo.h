/* SQL of events; of lib/events alone. */
#ifndef EVENTS_EVENT_REPO_H
#define EVENTS_EVENT_REPO_H

#include "events/event.h"

/** @payload JSON text */
NODISCARD
enum err event_repo_insert(struct ctx *cx, const struct event_kind *kind, int64_t project_id,
                           const char *payload);

#endif
