/*
 * Random bytes, hashes and constant-time comparison, all by libsodium.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/arena.h"

#define SECRET_HASH_BYTES 32                          /* BLAKE2b-256 */
#define SECRET_HEX_MAX    (SECRET_HASH_BYTES * 2 + 1) /* its hex form, NUL included */

/** Make libsodium ready; aborts when the machine has no randomness.  Safe to call again. */
void secret_init(void);

/**
 * From now on this process leaves no core file, and others of its account can neither trace it nor read
 * its memory.  For who holds keys.  Its files in /proc belong to root then.
 */
void secret_guard(void);

void secret_random(void *bytes, size_t n);

/** BLAKE2b-256 of n bytes, keyed when key_n > 0 (at most 64 bytes of key). */
void secret_hash(const void *bytes, size_t n, const void *key, size_t key_n,
                 unsigned char ret[SECRET_HASH_BYTES]);

/** SHA-256 of two runs of bytes, one after the other: for hashes that PostgreSQL makes as well. */
void secret_sha256(const void *a, size_t a_n, const void *b, size_t b_n,
                   unsigned char ret[SECRET_HASH_BYTES]);

#define SECRET_SIP_KEY_BYTES 16

/** SipHash-2-4, for hash tables whose keys come from outside: without the key nobody can collide. */
uint64_t secret_siphash(const void *bytes, size_t n, const unsigned char key[SECRET_SIP_KEY_BYTES]);

/** Lower-case hex of n bytes; text has room for 2 * n + 1. */
void secret_hex(const void *bytes, size_t n, char *text);

/** @ret false when text is not hex or passes bytes_max */
bool secret_hex_decode(const char *text, void *bytes, size_t bytes_max, size_t *ret_n);

/** @ret whether n bytes are equal; the time does not tell where they differ */
bool secret_equal(const void *a, const void *b, size_t n);

/** URL-safe Base64 without padding.  @ret bytes written without the NUL */
size_t secret_base64url(const void *bytes, size_t n, char *text, size_t text_max);

/** Plain Base64 with padding, as HTTP headers have it.  @ret in the arena */
const char *secret_base64(struct arena *arena, const void *bytes, size_t n);

/** @ret false when text is no such Base64 or passes bytes_max */
bool secret_base64url_decode(const char *text, size_t n, void *bytes, size_t bytes_max,
                             size_t *ret_n);

/** CRC-32 (IEEE 802.3), for check sums that catch typing errors, not attacks. */
uint32_t secret_crc32(const void *bytes, size_t n);

/** Write a time-ordered random id (UUID version 7, RFC 9562), 36 characters and a NUL. */
void secret_uuid7(int64_t wall_us, char text[37]);

/** Overwrite a secret so that the compiler cannot leave it out. */
void secret_wipe(void *bytes, size_t n);

#endif
