/*
 * API keys: the credential of programs.
 *
 * A key is a text of auth/credential.h.  Only a hash of the whole text is stored, under
 * KEYRING_API_KEY of cx->app->keyring.
 *
 *   Ownership  Arguments are borrowed for the call; a claim borrows the text that it was read from.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 */
#ifndef AUTH_KEY_H
#define AUTH_KEY_H

#include "auth/credential.h"
#include "base/db.h"

#define KEY_TEXT_MAX CREDENTIAL_TEXT_MAX /* bytes of a key, NUL included */

/* A key as its text shows it; nothing of it is proven yet. */
struct key_claim {
	int64_t id;
	const char *text; /* the whole key; borrowed */
};

/* A new key. */
struct key_made {
	int64_t id;
	char text[KEY_TEXT_MAX]; /* shown once; wipe after use */
};

/** @ret false when the text is not formed like a key (prefix, length, check sum); it borrows text */
bool key_parse(const char *text, struct key_claim *ret);

/**
 * Create a tenant, if there is none of that name, and a key of it.
 * For set-up: the context needs no tenant, and the connection is the gate's.
 * @key_name shown in lists; 1 to 100 characters
 */
NODISCARD
enum err key_setup(struct ctx *cx, const char *tenant, const char *key_name, enum role role,
                   struct key_made *ret);

/** @ret whether a key of this number has not ended, though perhaps with another text; as the gate */
NODISCARD
enum err key_stands(struct ctx *cx, int64_t id, bool *ret);

/**
 * Who is behind a key, checked by the database in the round trip of the next
 * statement (db_precede); cx->who is filled when that returns.
 *
 * The tenant of a key never changes, so it is remembered per process and the
 * next statement's $1 is known at once; whether the key still holds is asked
 * every time.  The first use of a key by a process costs a round trip.
 *
 * Nothing is proven before that statement returns; who needs no statement calls db_flush().
 *
 * @least the least role that will do
 * @scope what a key that is narrowed to scopes must have (auth/scope.h); "": nothing
 * Returns ERR_UNAUTHENTICATED or ERR_FORBIDDEN, here or from the next statement.  The detail of the
 *         latter tells the client what is missing.
 */
NODISCARD
enum err key_admit(struct ctx *cx, const struct key_claim *claim, enum role least,
                   const char *scope);

/**
 * Note that the caller's key is in use.  Written at most once a minute by all processes together;
 * call it when the answer is gone, outside the request's transaction.  A failure is not told: the
 * time is a hint for people.
 */
void key_used(struct ctx *cx);

/* Which tenant each key is of, and when its use was written, as far as this process knows: cx->app->keys.  Safe between threads. */
struct key_memory *key_memory_new(void);
void key_memory_free(struct key_memory *memory);

extern const struct db_check key_statements[];

#endif
