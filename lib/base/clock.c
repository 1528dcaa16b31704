/* The machine's clocks. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t wall_us(UNUSED const struct clock *self)
{
	return read_us(CLOCK_REALTIME);
}

static int64_t mono_us(UNUSED const struct clock *self)
{
	return read_us(CLOCK_MONOTONIC);
}

const struct clock system_clock = { .wall_us = wall_us, .mono_us = mono_us };

void clock_format(int64_t at_us, char text[CLOCK_TEXT_MAX])
{
	int64_t ms = ((at_us / 1000) % 1000 + 1000) % 1000;
	time_t s = (time_t)((at_us / 1000 - ms) / 1000);
	struct tm tm;

	gmtime_r(&s, &tm);
	snprintf(text, CLOCK_TEXT_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
	         (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_mon % 12 + 1,
	         (unsigned)tm.tm_mday % 32, (unsigned)tm.tm_hour % 24, (unsigned)tm.tm_min % 60,
	         (unsigned)tm.tm_sec % 61, (unsigned)ms % 1000);
}
