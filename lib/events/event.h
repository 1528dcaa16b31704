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

/* Every statement of this domain, for the check against the schema. */
extern const struct db_check event_statements[];

#endif
