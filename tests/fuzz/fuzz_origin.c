/*
 * Any text as an origin, a block of addresses and a client's address: what is taken may be written into
 * a header, into nginx's configuration and into an array of PostgreSQL as it is.
 */
#include "auth/origin.h"
#include "auth/rate.h"
#include "base/net_block.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)1 << 20);
	const char *text = arena_strndup(arena, (const char *)data, size);
	struct rate_payer payer = rate_payer_address(RATE_OF_ADDRESS, text, 1), again;

	if (origin_is_sound(text)) {
		assert(strlen(text) <= ORIGIN_MAX);
		assert(strncmp(text, "http", 4) == 0 && strstr(text, "://") != NULL);
		assert(strpbrk(text, " \t\r\n\",;*/\\@?#'") == strchr(text, '/'));
		assert(strchr(strchr(text, '/') + 2, '/') == NULL);
	}
	if (net_block_valid(text))
		assert(text[strspn(text, "0123456789abcdefABCDEF.:/")] == '\0');
	assert(payer.name[0] == 'a' && strlen(payer.name) < RATE_NAME_MAX);
	assert(payer.name[strspn(payer.name, "a0123456789bcdef.:/?")] == '\0');
	if (strchr(payer.name, '/') == NULL && payer.name[1] != '?') {
		again = rate_payer_address(RATE_OF_ADDRESS, payer.name + 1, 1);
		assert(strcmp(again.name, payer.name) == 0);
	}
	return 0;
}
