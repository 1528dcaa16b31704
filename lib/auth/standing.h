/*
 * Standing: do credentials still hold whose requests are long over?
 *
 * Streams outlive the request that was admitted.  Who holds them asks here every few seconds, about all
 * of them at once.  The rules are those of admission for who reads events, and who may less
 * than it did does not stand.
 *
 *   Ownership  What is returned lives in cx->arena; arguments are borrowed for the call.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 */
#ifndef AUTH_STANDING_H
#define AUTH_STANDING_H

#include "base/db.h"

/* By what somebody was admitted: a key, a key with a family of tokens, or a person with a session. */
struct standing {
	int64_t tenant_id;
	int64_t key_id, family_id;   /* 0: none */
	int64_t user_id, session_id; /* 0: none */
	int64_t role;                /* that it had; of enum role */
};

/* One that does not hold any more. */
struct standing_fallen {
	int64_t place;      /* which of those that were asked about, from 0 */
	const char *reason; /* a sentence for who listened */
};

/** @ret items are struct standing_fallen.  On a connection of the runner's role; the context needs no tenant */
NODISCARD
enum err standing_check(struct ctx *cx, const struct standing *asked, size_t n, struct list *ret);

extern const struct db_check standing_statements[];

#endif
