/*
 * The audit log: who did what, when, from where, by which request; and who was refused.
 *
 * A change that is an event is written along with it (events/event.h, .audited), in the same
 * statement and transaction.  What is no event goes through audit_note().  Who asks is the context's
 * who, from where its remote.  Every text passes the redactor; details are cut to a few kilobytes.
 *
 * Rows are only added, by any role.  Shortly after, the runner has them sealed in one hash chain for
 * each tenant (chain.h), which verify.h recomputes.  Chain 0 is the installation's own, for what has
 * no tenant; no tenant sees it.
 *
 *   Ownership  What is returned lives in cx->arena.
 *   Errors     Those named here, or the database's.
 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include "base/db.h"

#define AUDIT_TEXT_MAX   500  /* bytes of one text of a detail; longer ones are cut */
#define AUDIT_DETAIL_MAX 4096 /* bytes of a detail; a larger one is left out */
#define AUDIT_ACTION_MAX 50   /* characters */
#define AUDIT_PAGE_MAX   1000 /* rows of one list */

/* What happened. */
struct audit_act {
	const char *action;          /* "member.removed"; constant */
	const char *target;          /* "member:3"; NULL: nothing that has a number */
	bool refused;                /* somebody was not allowed to */
	const struct schema *schema; /* of the detail; NULL: none */
	const void *detail;
};

/* The columns of a row that a statement of another domain writes along. */
struct audit_texts {
	const char *actor, *target, *remote, *detail; /* detail is JSON */
};

/** Make the texts of a row: redacted, within their limits. */
void audit_texts_of(struct ctx *cx, const struct audit_act *act, struct audit_texts *ret);

/**
 * Write a row of cx->who's tenant, or of the installation when there is none, that no event stands
 * for.  Call it inside the transaction of the change.
 */
NODISCARD
enum err audit_note(struct ctx *cx, const struct audit_act *act);

/* A row. */
struct audit {
	int64_t position; /* rises with time within a few seconds */
	int64_t tenant_id;
	int64_t at_us;
	int64_t user_id, key_id; /* 0: none */
	const char *actor, *action, *target, *outcome, *remote, *request_id, *detail;
	int64_t seal_seq;      /* place in the chain; 0: not sealed yet */
	const char *seal_hash; /* hex; NULL: not sealed yet */
};
extern const struct schema audit_schema;

/* Which rows; what is NULL or 0 does not matter. */
struct audit_filter {
	int64_t before, after; /* positions, not included */
	const char *action;    /* "project.created", or "project" for all of that kind */
	const char *actor, *target, *outcome, *request_id;
	int64_t since_us, until_us; /* since included, until not */
	int64_t limit;              /* 1 to AUDIT_PAGE_MAX + 1 */
};

/** Rows of cx->who's tenant (0: the installation's, which only the operator's role sees), newest
 *  first.  @ret of struct audit */
NODISCARD
enum err audit_list(struct ctx *cx, const struct audit_filter *filter, struct list *ret);

/** The same, oldest first. */
NODISCARD
enum err audit_list_up(struct ctx *cx, const struct audit_filter *filter, struct list *ret);

/** Append a row as one line of JSON, newline included. */
void audit_line(struct sb *sb, const struct audit *row);

extern const struct db_check audit_statements[];

#endif
