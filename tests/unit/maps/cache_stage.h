/* One test's file of facts. */
#ifndef TESTS_MAPS_CACHE_STAGE_H
#define TESTS_MAPS_CACHE_STAGE_H

#include "fixture.h"
#include "maps/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct stage {
	struct ctx *cx;
	struct arena *scratch;
	char path[64];
};

static inline struct stage stage_open(void **state)
{
	struct stage st = { .cx = fixture_ctx(*state), .scratch = arena_new((size_t)64 << 20) };
	int fd;

	snprintf(st.path, sizeof(st.path), "/tmp/cache.XXXXXX");
	fd = mkstemp(st.path);
	assert_true(fd >= 0);
	close(fd);
	return st;
}

static inline void stage_close(struct stage *st)
{
	unlink(st->path);
	arena_free(st->scratch);
}

#endif
