/* The text of credentials. */
#include "auth/credential.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_BYTES 32
#define SECRET_CHARS 43 /* of URL-safe Base64 without padding */
#define CRC_CHARS    8
#define ID_CHARS_MAX 18 /* any number of so many digits fits an int64_t */

bool credential_parse(const char *prefix, const char *text, int64_t *ret_id)
{
	size_t n = strnlen(text, CREDENTIAL_TEXT_MAX), start = strlen(prefix), digits, secret_n;
	char sum[CRC_CHARS + 1];
	unsigned char secret[SECRET_BYTES];
	const char *p = text + start;

	if (n >= CREDENTIAL_TEXT_MAX || strncmp(text, prefix, start) != 0)
		return false;
	digits = strspn(p, "0123456789");
	if (digits == 0 || digits > ID_CHARS_MAX || p[0] == '0' || p[digits] != '_')
		return false;
	if (n != start + digits + 1 + SECRET_CHARS + 1 + CRC_CHARS ||
	    text[n - CRC_CHARS - 1] != '_')
		return false;
	snprintf(sum, sizeof(sum), "%08" PRIx32, secret_crc32(text, n - CRC_CHARS - 1));
	if (memcmp(sum, text + n - CRC_CHARS, CRC_CHARS) != 0)
		return false;
	if (!secret_base64url_decode(p + digits + 1, SECRET_CHARS, secret, sizeof(secret),
	                             &secret_n) ||
	    secret_n != sizeof(secret))
		return false;
	secret_wipe(secret, sizeof(secret));
	*ret_id = strtoll(p, NULL, 10);
	return true;
}

void credential_make(const char *prefix, int64_t id, char ret[CREDENTIAL_TEXT_MAX])
{
	unsigned char secret[SECRET_BYTES];
	size_t n;

	secret_random(secret, sizeof(secret));
	n = (size_t)snprintf(ret, CREDENTIAL_TEXT_MAX, "%s%" PRId64 "_", prefix, id);
	n += secret_base64url(secret, sizeof(secret), ret + n, CREDENTIAL_TEXT_MAX - n);
	secret_wipe(secret, sizeof(secret));
	snprintf(ret + n, CREDENTIAL_TEXT_MAX - n, "_%08" PRIx32, secret_crc32(ret, n));
}
