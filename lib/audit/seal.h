/*
 * Seal: what the runner does for the audit log.
 *
 * Rows that are settled are added to the hash chains (chain.h) by a function of the database, so that
 * those who write rows never wait for each other.  Ends of the chains are anchors once they are
 * noted elsewhere.  Retention takes away old rows from the front of each chain.
 *
 *   Ownership  What is returned lives in cx->arena; arguments are borrowed for the call.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 */
#ifndef AUDIT_SEAL_H
#define AUDIT_SEAL_H

#include "base/db.h"

#define SEAL_ROWS       5000 /* sealed or taken away at once, about */
#define SEAL_ANCHORS    1000 /* told at once */
#define SEAL_DAYS_LEAST 30   /* of retention; what is younger is never taken away */

/** Seal what is settled.  Cheap when there is nothing.  @ret rows sealed */
NODISCARD
enum err seal_run(struct ctx *cx, int64_t *ret);

/** Take away what is older than so many days, by portions.  @ret rows taken away */
NODISCARD
enum err seal_prune(struct ctx *cx, int64_t days, int64_t *ret);

/* The end of a chain. */
struct seal_anchor {
	int64_t tenant_id; /* 0: the installation's */
	int64_t seq;
	const char *hash; /* hex */
};

/** The ends of chains, by tenant.  @after a tenant; -1: from the first  @ret of struct seal_anchor,
 *  at most SEAL_ANCHORS */
NODISCARD
enum err seal_anchors(struct ctx *cx, int64_t after, struct list *ret);

extern const struct db_check seal_statements[];

#endif
