/*
 * Refusals: who was not let in, without letting them fill the audit log.
 *
 * Each is written after the answer, in a transaction of its own.  Of one address, reason and claimed
 * name a process writes one row a minute, and REFUSAL_RATE rows a minute of all together; the next
 * row says how many were left out.  When no next one comes, refusal_due() says it a minute later.
 *
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 */
#ifndef AUDIT_REFUSAL_H
#define AUDIT_REFUSAL_H

#include "audit/audit.h"

#define REFUSAL_QUIET_US (INT64_C(60) * 1000000) /* between two rows of the same */
#define REFUSAL_RATE     120                     /* rows a minute, of one process */
#define REFUSAL_SLOTS    512                     /* different ones that are remembered */

struct refusals;

/** What one process remembers: cx->app->refusals, freed by refusals_free().  Safe between threads. */
struct refusals *refusals_new(void);
void refusals_free(struct refusals *refusals);

/* What was refused; who claimed to ask is cx->who's actor. */
struct refusal {
	const char *reason; /* slug of the error; constant */
	const char *op;     /* operation that was asked for; constant */
	int64_t status;     /* of the answer */
	bool proven;        /* cx->who is who it says */
};

/**
 * Note a refusal in cx->app->refusals' memory and, unless there were too many, in the audit log.
 * Of a caller who is not proven, the row is the installation's.
 */
NODISCARD
enum err refusal_note(struct ctx *cx, const struct refusal *refusal);

/** Write one count of what was left out and is due; mostly there is none, and that costs nothing. */
NODISCARD
enum err refusal_due(struct ctx *cx);

#endif
