/* Randomness, hashes and encodings, by libsodium. */
#include "base/secret.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <string.h>

void secret_init(void)
{
	if (sodium_init() < 0) {
		fputs("portolan: libsodium does not start: no randomness\n", stderr);
		abort();
	}
}

void secret_guard(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
#if !WITH_ASAN /* which traces the process in search of leaks */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void secret_random(void *bytes, size_t n)
{
	randombytes_buf(bytes, n);
}

void secret_hash(const void *bytes, size_t n, const void *key, size_t key_n,
                 unsigned char ret[SECRET_HASH_BYTES])
{
	crypto_generichash(ret, SECRET_HASH_BYTES, bytes, n, key, key_n);
}

void secret_sha256(const void *a, size_t a_n, const void *b, size_t b_n,
                   unsigned char ret[SECRET_HASH_BYTES])
{
	crypto_hash_sha256_state state;

	_Static_assert(crypto_hash_sha256_BYTES == SECRET_HASH_BYTES, "SHA-256 gives 32 bytes");
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, a, a_n);
	crypto_hash_sha256_update(&state, b, b_n);
	crypto_hash_sha256_final(&state, ret);
}

uint64_t secret_siphash(const void *bytes, size_t n, const unsigned char key[SECRET_SIP_KEY_BYTES])
{
	uint64_t hash;

	_Static_assert(crypto_shorthash_BYTES == sizeof(hash), "SipHash gives 64 bits");
	_Static_assert(crypto_shorthash_KEYBYTES == SECRET_SIP_KEY_BYTES, "SipHash takes 128 bits");
	crypto_shorthash((unsigned char *)&hash, bytes, n, key);
	return hash;
}

void secret_hex(const void *bytes, size_t n, char *text)
{
	sodium_bin2hex(text, n * 2 + 1, bytes, n);
}

bool secret_hex_decode(const char *text, void *bytes, size_t bytes_max, size_t *ret_n)
{
	const char *end;
	size_t n = strlen(text);

	return sodium_hex2bin(bytes, bytes_max, text, n, NULL, ret_n, &end) == 0 && end == text + n;
}

bool secret_equal(const void *a, const void *b, size_t n)
{
	return sodium_memcmp(a, b, n) == 0;
}

size_t secret_base64url(const void *bytes, size_t n, char *text, size_t text_max)
{
	size_t len = sodium_base64_encoded_len(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);

	assert(len <= text_max);
	sodium_bin2base64(text, text_max, bytes, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return len - 1;
}

const char *secret_base64(struct arena *arena, const void *bytes, size_t n)
{
	size_t max = sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL);

	return sodium_bin2base64(arena_alloc(arena, max), max, bytes, n,
	                         sodium_base64_VARIANT_ORIGINAL);
}

bool secret_base64url_decode(const char *text, size_t n, void *bytes, size_t bytes_max,
                             size_t *ret_n)
{
	const char *end;

	/* libsodium takes some bytes beyond ASCII for letters, so that one secret had several texts. */
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)text[i] > 0x7F)
			return false;
	}
	return sodium_base642bin(bytes, bytes_max, text, n, NULL, ret_n, &end,
	                         sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
	       end == text + n;
}

uint32_t secret_crc32(const void *bytes, size_t n)
{
	static const uint32_t HALVES[16] = {
		/* what four bits add, lowest first */
		0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
		0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
		0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
	};
	const unsigned char *p = bytes;
	uint32_t crc = 0xFFFFFFFFu;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ HALVES[crc & 15];
		crc = crc >> 4 ^ HALVES[crc & 15];
	}
	return ~crc;
}

void secret_uuid7(int64_t wall_us, char text[37])
{
	unsigned char b[16];
	uint64_t ms = (uint64_t)(wall_us / 1000);

	randombytes_buf(b, sizeof(b));
	for (int i = 0; i < 6; i++)
		b[i] = (unsigned char)(ms >> (8 * (5 - i)));
	b[6] = (unsigned char)(0x70 | (b[6] & 0x0F));
	b[8] = (unsigned char)(0x80 | (b[8] & 0x3F));
	snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
	         b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
	         b[13], b[14], b[15]);
}

void secret_wipe(void *bytes, size_t n)
{
	sodium_memzero(bytes, n);
}
