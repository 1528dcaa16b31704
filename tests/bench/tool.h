/* What the programs of the bench have in common: rows, and giving up. */
#ifndef BENCH_TOOL_H
#define BENCH_TOOL_H

#include "base/ctx.h"

#include <stdio.h>
#include <stdlib.h>

/** A tenant of the bench's own, with its owner's key.  @ret its id; ends the program on failure */
int64_t bench_tenant(struct ctx *cx);

/** @ret the number above 0 that the environment's @variable holds, else @otherwise */
uint32_t bench_size(const char *variable, uint32_t otherwise);

static inline void row(const char *what, const char *value, const char *aim)
{
	printf("%-52s %22s   %s\n", what, value, aim);
	fflush(stdout);
}

NORETURN
static inline void give_up(const struct ctx *cx, const char *what)
{
	fprintf(stderr, "%s: %s (%s)\n", what, cx->fault.detail != NULL ? cx->fault.detail : "?",
	        cx->fault.cause != NULL ? cx->fault.cause : "no cause");
	exit(EXIT_FAILURE);
}

static inline void must(const struct ctx *cx, enum err e, const char *what)
{
	if (e != ERR_OK)
		give_up(cx, what);
}

static inline double ms_since(int64_t us)
{
	return (double)(system_clock.mono_us(&system_clock) - us) / 1e3;
}

#endif
