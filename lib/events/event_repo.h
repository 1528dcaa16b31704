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

/** @ret how many got their positions */
NODISCARD
enum err event_repo_sequence(struct ctx *cx, int64_t most, int64_t *ret);

/* The part of the log that one list looks through. */
struct event_reach {
	int64_t upto; /* its last position; the one asked for when there is nothing after it */
	bool full;    /* so many events that there may be more */
};
NODISCARD
enum err event_repo_reach(struct ctx *cx, int64_t after, int64_t most, struct event_reach *ret);

/** The same below a position. @ret .upto is the lowest that was looked at */
NODISCARD
enum err event_repo_reach_back(struct ctx *cx, int64_t before, int64_t most,
                               struct event_reach *ret);

/** @upto position, included */
NODISCARD
enum err event_repo_list(struct ctx *cx, const struct event_filter *filter, int64_t upto,
                         struct list *ret);
/** Newest first. @downto position, included */
NODISCARD
enum err event_repo_list_back(struct ctx *cx, const struct event_filter *filter, int64_t downto,
                              struct list *ret);
NODISCARD
enum err event_repo_position_at(struct ctx *cx, int64_t time_us, int64_t *ret);
NODISCARD
enum err event_repo_head(struct ctx *cx, int64_t *ret);

/** @ret names as the text of an array of PostgreSQL; they are ours, or declared, and need no escapes */
const char *event_names(struct ctx *cx, const struct list *names);

#endif
