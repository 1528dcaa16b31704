/* SQL of events; of lib/events alone. */
#ifndef EVENTS_EVENT_REPO_H
#define EVENTS_EVENT_REPO_H

#include "audit/audit.h"
#include "events/event.h"

/** @payload JSON text */
NODISCARD
enum err event_repo_insert(struct ctx *cx, const struct event_kind *kind, int64_t project_id,
                           const char *payload);

/** The same, with a row of the audit log, in one statement. */
NODISCARD
enum err event_repo_insert_audited(struct ctx *cx, const struct event_kind *kind,
                                   int64_t project_id, const char *payload,
                                   const struct audit_texts *texts);

#endif
