/*
 * Fuzz: a cursor of any text.  One that is taken must be the one that is given for its id.
 */
#include "page.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct app APP = { .clock = &system_clock };
	static const struct route LIST = { .op = "list" };
	static struct arena *arena;
	struct request rq = { .route = &LIST };
	const char *text, *again;
	struct ctx cx;
	int64_t id;

	if (arena == NULL) {
		secret_init();
		arena = arena_new(ARENA_BYTES);
	}
	ctx_begin(&cx, &APP, arena, NULL);
	text = arena_strndup(arena, (const char *)data, n);
	if (page_begin(&cx, &rq, text, &id) != ERR_OK)
		return 0;
	again = page_cursor(&cx, &rq, id);
	if (id <= 0 || strcmp(again, text) != 0)
		abort();
	return 0;
}
