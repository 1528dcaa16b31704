/*
 * Events: what happened, written in the transaction in which it happened.
 *
 * A domain declares its kinds as constants; emitting one writes a row into the outbox, which gets its
 * place in the log (app.event) when somebody reads.  Nothing is delivered here: readers follow the log,
 * and bell_ring() wakes them once the change is committed.
 */
#ifndef EVENTS_EVENT_H
#define EVENTS_EVENT_H

#include "base/db.h"

struct event_kind {
	const char *type;             /* "project.created" */
	int version;                  /* of the payload, 1 and up */
	const struct schema *payload; /* what is told */
	bool audited;                 /* somebody asked for it: it goes into the audit log too */
	bool confidential; /* of people and credentials: read by those who may read the audit log */
	const char *doc;
};

/* An event as readers see it. */
struct event {
	int64_t position; /* in the log; who has seen one has seen all below it */
	const char *kind;
	int64_t version;     /* of the payload */
	int64_t project_id;  /* 0: about no project */
	const char *payload; /* JSON text, as the kind's schema of that version has it */
	const char *actor, *request_id;
	int64_t created_us; /* when the transaction of the change began */
};

extern const struct schema event_schema;

/* Columns of app.event as event_schema wants them. */
#define EVENT_COLUMNS                                                                              \
	"position, kind, version, project_id, payload, actor, request_id, " DB_US("created_at")

/* Bytes of the payloads before each row's, so that a list can end before it is too large. */
#define EVENT_BYTES_BEFORE                                                                         \
	"sum(octet_length(payload::text)) OVER (ORDER BY position ROWS BETWEEN UNBOUNDED"          \
	" PRECEDING AND CURRENT ROW) - octet_length(payload::text) AS bytes_before"

/**
 * Append an event of the caller's tenant; actor and request id are the context's.  When its kind is
 * .audited, the same statement writes the audit log; the target there is the noun of the type with
 * the payload's "<noun>_id" or "id".
 *
 * @project_id 0 when it is about no project
 * @payload    an object of kind->payload
 * Call it inside the transaction of the change.
 */
NODISCARD
enum err event_emit(struct ctx *cx, const struct event_kind *kind, int64_t project_id,
                    const void *payload);

/**
 * Go on in the request in which an event happened: what is asked for and told from now on carries its id, so
 * that what the event led to is found.  For handlers of events (subscription.h), whose own id comes back after them.
 */
void event_take_request(struct ctx *cx, const struct event *event);

/* Which events; what is 0 or empty does not matter. */
struct event_filter {
	int64_t after;      /* position, not included */
	int64_t before;     /* position, not included; 0: the end of the log */
	bool newest_first;  /* from before downwards; else from after upwards */
	struct list kinds;  /* of const char *: only these */
	struct list hidden; /* of const char *: none of these */
	int64_t project_id;
	const char *actor, *request_id; /* NULL: any */
	int64_t limit;                  /* 1 to EVENT_PAGE_MAX */
};

#define EVENT_PAGE_MAX   1000
#define EVENT_SCAN       10000             /* events that one list looks through */
#define EVENT_PAGE_BYTES ((size_t)4 << 20) /* of payloads; a page ends before it passes them */

/* What was found, in the order of positions, or against it. */
struct event_page {
	struct list items;   /* of struct event */
	int64_t next_after;  /* up to where was looked: where to go on */
	int64_t next_before; /* of newest first: down to where was looked; 0: to the beginning */
	bool more;           /* there was more to look at */
};

/**
 * Events of the caller's tenant.  What is committed when it is called is in it: the caller reads its own
 * writes.
 *
 * A filter that few events pass may give an empty page with .more: go on from .next_after, or below
 * .next_before.  Newest first, .next_after is where who wants to follow the log begins.
 */
NODISCARD
enum err event_list(struct ctx *cx, const struct event_filter *filter, struct event_page *ret);

/** @ret position of the tenant's newest event, 0 when it has none: where who wants only the future begins */
NODISCARD
enum err event_head(struct ctx *cx, int64_t *ret);

/**
 * Where a time lies in the log: all up to *ret got its place before it, what is after *ret did not.  An
 * event gets its place after it happened, mostly within a moment.
 * Time  by halves over the positions: some 30 looks into an index
 */
NODISCARD
enum err event_position_at(struct ctx *cx, int64_t time_us, int64_t *ret);

/* Every statement of this domain, for the check against the schema. */
extern const struct db_check event_statements[];

#endif
