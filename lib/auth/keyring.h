/*
 * The keyring: master keys, from which every other key of the installation derives.
 *
 * It is a file that only the account of the service may read, or a systemd
 * credential of the name "master-keys": one line per key, "<number> <43
 * characters of URL-safe Base64>", numbers 1 and up, the highest is the newest.
 * What is new is hashed and sealed under the newest; what is old is still
 * recognised and opened under the one that it names, as long as that is in the
 * file.  A key is never used itself: for each purpose one is derived from it
 * (libsodium's crypto_kdf), so that a hash for one purpose is none for another.
 *
 * All of it lives in locked memory and is wiped at the end.
 */
#ifndef AUTH_KEYRING_H
#define AUTH_KEYRING_H

#include "base/ctx.h"
#include "base/secret.h"

#define KEYRING_MAX       8  /* master keys in a file */
#define KEYRING_KEY_BYTES 32 /* of a master key, and of a derived one */

struct keyring;

/* What a derived key is for.  Numbers are part of what is stored: they are only added. */
enum keyring_purpose {
	KEYRING_API_KEY = 1,
	KEYRING_SESSION,
	KEYRING_CSRF,
	KEYRING_ACCESS_TOKEN, /* signs JWTs */
	KEYRING_REFRESH_TOKEN,
	KEYRING_PASSWORD_TOKEN, /* invitations and resets */
	KEYRING_SEAL,           /* encrypts secrets at rest */
};

/**
 * Read a keyring file.  Free it with keyring_free().
 *
 * Returns ERR_INVALID, the fault naming file and line, when it is missing, is not formed like one
 *         or may be read by others than its owner (and group root).
 */
NODISCARD
enum err keyring_open(struct ctx *cx, const char *path, struct keyring **ret);

/** A ring of one key, number 1: for tests. */
struct keyring *keyring_of(const unsigned char master[KEYRING_KEY_BYTES]);

void keyring_free(struct keyring *ring);

/** @ret number of the newest key */
int keyring_newest(const struct keyring *ring);

/** @ret how many keys there are; keyring_number() of 0 is the newest, then downwards */
int keyring_count(const struct keyring *ring);
int keyring_number(const struct keyring *ring, int i);

/**
 * Derive the key of a purpose.
 * @number of the master key
 * @ret    false when the ring has no such key; wipe the result after use
 */
bool keyring_derive(const struct keyring *ring, int number, enum keyring_purpose purpose,
                    unsigned char ret[KEYRING_KEY_BYTES]);

/** Keyed BLAKE2b-256 under the newest key: what is stored of a new token. */
void keyring_hash(const struct keyring *ring, enum keyring_purpose purpose, const void *bytes,
                  size_t n, unsigned char ret[SECRET_HASH_BYTES]);

/** The hashes under every key, as the text of a bytea[]: what a token that comes in is looked up by. */
const char *keyring_hashes(struct arena *arena, const struct keyring *ring,
                           enum keyring_purpose purpose, const void *bytes, size_t n);

/**
 * Add a new key to the file, which is made when there is none (mode 0600), whole or not at all.
 * @ret its number
 * Returns ERR_INVALID as keyring_open(), ERR_LIMIT when the file is full
 */
NODISCARD
enum err keyring_add(struct ctx *cx, const char *path, int *ret_number);

#endif
