/*
 * What jobs ended over time: how many, how long they had waited and how long they ran, in slots of equal
 * length up to now.
 *
 * Quarters of an hour are counted once they are over (app.job_stats), by the runner; what came after, and the
 * minutes of the last hour, are read from the history and the dead letters by the time of their end.  Times are
 * counted in classes of a tenth of their natural logarithm and told by the middle of one: to within 6 %.
 * A failure is counted when it is still kept at the end of its quarter.
 *
 *   Ownership  *ret lives in cx->arena.
 *   Errors     what base/db.h names for a database in trouble
 */
#ifndef JOBS_STATS_H
#define JOBS_STATS_H

#include "jobs/job.h"

struct stats_filter {
	const char *period; /* hour: 60 slots of a minute; day: 96 of a quarter of an hour */
	const char *queue, *job_type; /* NULL: any */
};

struct stats_slot {
	int64_t at_us; /* when it begins */
	int64_t completed, failed;
	int64_t wait_p50_ms, wait_p95_ms, run_p50_ms,
		run_p95_ms; /* of completed ones; 0: none was */
};

struct job_stats {
	const char *period;
	int64_t slot_s;    /* length of a slot */
	struct list items; /* struct stats_slot, oldest first, none left out */
};
extern const struct schema job_stats_schema;
extern const char *const stats_periods[]; /* ended by NULL */

/** @filter .period is one of stats_periods, NULL: the first */
NODISCARD
enum err job_stats_read(struct ctx *cx, const struct stats_filter *filter, struct job_stats *ret);

/** Count quarters of an hour that are over, a few at a time.  Of the runner. @ret how many are left to count */
NODISCARD
enum err job_stats_roll(struct ctx *cx, int64_t *ret);

extern const struct db_check stats_statements[];

#endif
