/*
 * Fuzz: patterns of times.  What is taken must come again and again, each time later and on a minute that
 * the pattern names; what is refused says which field and what to do.
 */
#include "jobs/cron.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)4 * 1024 * 1024)
#define ROUNDS      50

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The first eight bytes are where to begin, within some centuries. */
static int64_t start_of(const uint8_t *data, size_t n)
{
	int64_t from = 0;

	memcpy(&from, data, n < sizeof(from) ? n : sizeof(from));
	return from % INT64_C(200000000);
}

static void walk(const struct cron *cron, int64_t from)
{
	int64_t at = from;

	for (int i = 0; i < ROUNDS; i++) {
		int64_t next;

		if (!cron_next(cron, at, &next) || next <= at)
			abort(); /* every pattern that is taken has a time to come */
		at = next;
		if ((cron->minutes >> ((at % 60 + 60) % 60) & 1) == 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct app APP = { .clock = &system_clock };
	static struct arena *arena;
	size_t skip = n < 8 ? n : 8;
	struct cron cron;
	struct ctx cx;

	if (arena == NULL)
		arena = arena_new(ARENA_BYTES);
	ctx_begin_unnamed(&cx, &APP, arena, NULL);
	if (cron_parse(&cx, "/cron", arena_strndup(arena, (const char *)data + skip, n - skip),
	               &cron) == ERR_OK)
		walk(&cron, start_of(data, n));
	else if (cx.fault.nfields != 1 || cx.fault.fix == NULL)
		abort();
	return 0;
}
