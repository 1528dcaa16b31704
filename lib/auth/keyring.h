/*
 * The keyring: master keys, from which every other key of the installation derives.
 *
 * It is a file that only the account of the service may read, or a systemd
 * credential of the name "master-keys": one line per key, "<number> <43
 * characters of URL-safe Base64>", numbers 1 and up, the highest is the newest.
 * What is new is hashed and sealed under the newest; what is old is still
 * recognised and opened under the one that it names, as long as that is in the
 * file.  A third word in a line is the Unix time in seconds from which the key
 * is used for what is new: before, it is only recognised, so that every process
 * knows a key before the first one uses it.  The file is looked at once a second,
 * and at once when a key is named that is not known; a change needs no restart.
 *
 * A key is never used itself: for each purpose one is derived from it
 * (libsodium's crypto_kdf), so that a hash for one purpose is none for another.
 *
 * Any thread may use a ring.  All of it lives in locked memory and is wiped at the end.
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
	KEYRING_REPLAY,         /* recognises a request that is repeated */
	KEYRING_PURPOSES
};

/* Every process has looked at the file in this time; a new key is used after it. */
#define KEYRING_ANNOUNCE_S 5

/* One key of a ring, without its bytes. */
struct keyring_key {
	int number;
	int64_t from_s; /* Unix time from which it is used; 0: always */
	bool in_use;    /* what is new is made under it */
};

/**
 * Read a keyring file.  Free it with keyring_free().
 *
 * Returns ERR_INVALID, the fault naming file and line, when it is missing, is not formed like one
 *         or may be read by others than its owner (and group root).
 */
NODISCARD
enum err keyring_open(struct ctx *cx, const char *path, struct keyring **ret);

/** A ring of one key, number 1: for tests.  Free it with keyring_free(). */
struct keyring *keyring_of(const unsigned char master[KEYRING_KEY_BYTES]);

void keyring_free(struct keyring *ring);

/** @ret number of the key in use: the newest whose time has come */
int keyring_newest(const struct keyring *ring);

/** The keys as the file has them now, the highest number first.  @ret how many */
int keyring_list(const struct keyring *ring, struct keyring_key ret[KEYRING_MAX]);

/**
 * Derive the key of a purpose.
 * @number of the master key
 * @ret    false when the ring has no such key; wipe the result after use
 */
bool keyring_derive(const struct keyring *ring, int number, enum keyring_purpose purpose,
                    unsigned char ret[KEYRING_KEY_BYTES]);

/** Keyed BLAKE2b-256 under the key in use: what is stored of a new token.  @ret number of that key */
int keyring_hash(const struct keyring *ring, enum keyring_purpose purpose, const void *bytes,
                 size_t n, unsigned char ret[SECRET_HASH_BYTES]);

/** The hashes under every key, as the text of a bytea[]: what a token that comes in is looked up by.
 *  @ret in arena */
const char *keyring_hashes(struct arena *arena, const struct keyring *ring,
                           enum keyring_purpose purpose, const void *bytes, size_t n);

/**
 * Add a new key to the file, which is made when there is none (mode 0600), whole or not at all.
 * @in_s  seconds from now until it is used; 0: at once, for the first key.  KEYRING_ANNOUNCE_S else
 * @ret   its number
 * Returns ERR_INVALID as keyring_open(), ERR_LIMIT when the file is full
 */
NODISCARD
enum err keyring_add(struct ctx *cx, const char *path, int64_t in_s, int *ret_number);

/**
 * Take a key out of the file.  That nothing needs it is the caller's to know.
 * Returns ERR_NOT_FOUND, ERR_STATE for the key in use and newer ones
 */
NODISCARD
enum err keyring_remove(struct ctx *cx, const char *path, int number);

#endif
