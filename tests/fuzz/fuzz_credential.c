/* Fuzz: the text of a credential.  One that is taken is spelled in exactly one way. */
#include "auth/credential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int64_t id;
	char text[CREDENTIAL_TEXT_MAX + 8], start[32];

	if (n >= sizeof(text) - 16)
		return 0;
	memcpy(text, data, n);
	text[n] = '\0';
	/* A check sum is not found by chance: give the right one. */
	if (n > 0 && data[n - 1] == '_')
		snprintf(text + n, sizeof(text) - n, "%08x", secret_crc32(text, n - 1));
	if (!credential_parse(CREDENTIAL_KEY, text, &id))
		return 0;
	snprintf(start, sizeof(start), "pk_%lld_", (long long)id);
	if (id < 1 || strncmp(text, start, strlen(start)) != 0)
		abort();
	return 0;
}
