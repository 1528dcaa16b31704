/*
 * Idempotency keys: the answer to a request, stored with what it did.
 *
 *     CLEANUP(db_end) struct db_tx tx = { 0 };
 *     TRY(db_begin(cx, &tx));
 *     TRY(replay_claim(cx, key, hashes, hours, &stored, &found));
 *     if (!found) {
 *             ... the work, in savepoints ...
 *             TRY(replay_store(cx, key, hash, &answer));
 *     }
 *     TRY(db_commit(&tx));
 *
 * The work and its stored answer are one transaction: a repeated request finds
 * both or neither.  Keys are those of who asks, a person or an API key (its access
 * tokens included): another one of the tenant, who may be allowed less, is no repetition.
 *
 *   Ownership  What is returned lives in cx->arena; arguments are borrowed for the call.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 */
#ifndef AUTH_REPLAY_H
#define AUTH_REPLAY_H

#include "base/db.h"
#include "base/secret.h"

#define REPLAY_KEY_MAX 255 /* characters, printable ASCII */

/* An answer, without the headers that each transmission has anew. */
struct replay_answer {
	int64_t status;
	const char *headers; /* "Name: value\n" for each */
	const char *body;    /* UTF-8 without NUL */
};

/** @ret whether a text may be a key: 1 to REPLAY_KEY_MAX printable ASCII characters */
bool replay_key_is_sound(const char *key);

/**
 * Claim a key until the end of the transaction that the caller has open.
 *
 * @hashes of all that makes the request this one, under each master key: keyring_hashes()
 * @hours  how long an answer is kept
 * @ret    the stored answer when *ret_found
 * Returns ERR_IN_FLIGHT when another transaction holds the key, ERR_KEY_REUSED when the stored
 *         answer is to another request.
 */
NODISCARD
enum err replay_claim(struct ctx *cx, const char *key, const char *hashes, int64_t hours,
                      struct replay_answer *ret, bool *ret_found);

/** Store the answer under a key that this transaction has claimed.  @hash under the master key in use */
NODISCARD
enum err replay_store(struct ctx *cx, const char *key, const unsigned char hash[SECRET_HASH_BYTES],
                      const struct replay_answer *answer);

extern const struct db_check replay_statements[];

#endif
