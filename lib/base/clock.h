/*
 * Clock: wall time for records, monotonic time for durations and time-outs.
 *
 * Leases and schedules use the database's clock instead, so that a host whose
 * wall clock jumps does no harm.  Tests hand in a struct clock of their own.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/base.h"

struct clock {
	int64_t (*wall_us)(const struct clock *self); /* Unix time in microseconds, UTC */
	int64_t (*mono_us)(const struct clock *self); /* since some fixed point, never back */
};

/* The machine's own. */
extern const struct clock system_clock;

#define CLOCK_TEXT_MAX 32 /* bytes of a formatted time, NUL included */

/**
 * Write an RFC 3339 time in UTC with milliseconds: 2026-11-21T06:45:00.123Z.
 * Times outside the years 0 to 9999 are written as the first or last of these.
 */
void clock_format(int64_t wall_us, char text[CLOCK_TEXT_MAX]);

/**
 * Read an RFC 3339 time: 2026-11-21T06:45:00.123Z, with any offset.
 *
 * Digits after the sixth of a fraction are dropped.  A leap second is taken where there can be one
 * and is the second after it.
 * @ret  false when the text is anything else or no year from 0 to 9999 in UTC; *ret_us is then untouched
 */
bool clock_parse(const char *text, int64_t *ret_us);

#endif
