/* When a schedule fires; of lib/jobs alone. */
#ifndef JOBS_SCHEDULE_FIRE_H
#define JOBS_SCHEDULE_FIRE_H

#include "jobs/cron.h"
#include "jobs/schedule.h"

/** @ret_us the first time after now, by the database's clock; 0: there is none */
NODISCARD
enum err schedule_next(struct ctx *cx, const struct cron *cron, const char *zone, int64_t *ret_us);

#endif
