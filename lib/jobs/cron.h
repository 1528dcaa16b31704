/*
 * Cron: patterns of times, in the wall clock of whoever reads them.
 *
 *     minute hour day-of-month month day-of-week
 *       0-59  0-23    1-31      1-12    0-7       0 and 7 are Sunday; also jan to dec, sun to sat
 *
 *   A field is an asterisk for every one, a value, a range a-b, or several with commas between them; of an
 *   asterisk or a range, /n behind it takes every n-th.
 *   @hourly @daily (@midnight) @weekly @monthly @yearly (@annually)
 *
 * A day counts when day of month and day of week both fit; where both are given, that is, neither begins
 * with *, one of the two is enough.  That is the rule of every cron since Vixie's.
 *
 * No time zone, no summer time: a minute is one that a clock on the wall shows, as the number of minutes
 * since it showed 1970-01-01 00:00.  Who schedules turns it into an instant.
 */
#ifndef JOBS_CRON_H
#define JOBS_CRON_H

#include "base/ctx.h"

#define CRON_TEXT_MAX 200 /* bytes */

struct cron {
	uint64_t minutes;                /* bit n: the minute n counts */
	uint32_t hours, days, months;    /* days and months from 1 */
	uint32_t weekdays;               /* bit 0: Sunday */
	bool days_given, weekdays_given; /* the field does not begin with * */
};

/**
 * Read a pattern.
 *
 * @pointer names the field for err_field()
 * Returns ERR_INVALID, blaming pointer: which of the five fields, what is wrong, and what would be
 *         right; also for a pattern that no calendar ever meets (31 February).
 */
NODISCARD
enum err cron_parse(struct ctx *cx, const char *pointer, const char *text, struct cron *ret);

/**
 * The first minute that fits, after the given one.
 *
 * Looks at four centuries at most, after which the calendar repeats.
 * @ret false when there is none before the year 10000
 */
bool cron_next(const struct cron *cron, int64_t after_min, int64_t *ret_min);

#endif
