/*
 * Seal: a secret as it is stored.
 *
 * XChaCha20-Poly1305 under a key that derives from the master key in use
 * (auth/keyring.h).  A sealed text begins with its version and the number of that
 * master key, and is bound to its place: the tenant, table, row and column are
 * authenticated with it, so that moved to any other place it does not open.
 *
 *   byte   0       version, 1
 *          1..2    number of the master key, big-endian
 *          3..26   nonce
 *          27..    ciphertext, then 16 bytes that authenticate all of it
 *
 * No error holds any of the material.
 */
#ifndef AUTH_SEAL_H
#define AUTH_SEAL_H

#include "auth/keyring.h"

#define SEAL_NONCE_BYTES    24
#define SEAL_HEADER_BYTES   (3 + SEAL_NONCE_BYTES)
#define SEAL_OVERHEAD_BYTES (SEAL_HEADER_BYTES + 16)
#define SEAL_PLAIN_MAX      ((size_t)64 * 1024)

/* Where a secret stands.  Names are constants. */
struct seal_place {
	const char *table, *column;
	int64_t tenant_id, row_id;
};

/* A secret in the clear: NUL-terminated, in locked memory that seal_wipe() wipes and gives back. */
struct seal_text {
	char *data; /* NULL: nothing */
	size_t len; /* without the NUL */
};

/** @n at most SEAL_PLAIN_MAX.  @ret in cx->arena, n + SEAL_OVERHEAD_BYTES */
struct span seal_shut(struct ctx *cx, const struct keyring *ring, const struct seal_place *place,
                      const void *plain, size_t n);

/**
 * @ret  put away with seal_wipe()
 * Returns ERR_UNSEALABLE: not of this place, damaged, of another version, or under a master key that
 *         the ring does not have, which the fix then names
 */
NODISCARD
enum err seal_open(struct ctx *cx, const struct keyring *ring, const struct seal_place *place,
                   struct span sealed, struct seal_text *ret);

/** For CLEANUP; nothing inside is accepted. */
void seal_wipe(struct seal_text *text);

/** @ret number of the master key that a sealed text names, 0 when it is too short to be one */
int seal_key_number(struct span sealed);

#endif
