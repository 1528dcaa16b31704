/*
 * Fuzz: a Cookie header of any text.  A session that is read from it must be the one that is written for
 * it, and a cookie that is found must stand in the header.
 */
#include "cookie.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct session_claim claim;
	char text[SESSION_TEXT_MAX];
	char *header = malloc(n + 1);
	struct span value;

	if (header == NULL)
		abort();
	secret_init();
	memcpy(header, data, n);
	header[n] = '\0';
	if (cookie_find(header, "portolan", &value)) {
		if (value.data < header || value.data + value.len > header + strlen(header))
			abort();
		if (session_parse(value.data, value.len, &claim)) {
			session_text(&claim, text);
			if (strlen(text) != value.len || memcmp(text, value.data, value.len) != 0)
				abort();
		}
	}
	free(header);
	return 0;
}
