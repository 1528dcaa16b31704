/* SQL of schedules; of lib/jobs alone. */
#ifndef JOBS_SCHEDULE_REPO_H
#define JOBS_SCHEDULE_REPO_H

#include "jobs/schedule.h"

/* Which schedules are to fire now. */
#define SCHEDULE_DUE "enabled AND next_at <= now() AND (held_until IS NULL OR held_until <= now())"

/* A schedule whose time has come, locked.  Walls are minutes as its clock on the wall shows them. */
struct schedule_due {
	int64_t id, tenant_id, project_id;
	const char *cron, *time_zone, *job_type, *arguments, *catch_up;
	int64_t next_us, now_us, next_wall, now_wall, failures;
};

/** @ret the name as the database has it; NULL when there is no such zone */
NODISCARD
enum err schedule_repo_zone(struct ctx *cx, const char *zone, const char **ret);
/** @ret what a clock on the wall of the zone shows now */
NODISCARD
enum err schedule_repo_wall(struct ctx *cx, const char *zone, int64_t *ret);
/**
 * Instants of wall times, those after one and up to another, rising and each once.
 * @walls an array's text  @until_us 0: without an end  @ret items are int64_t, microseconds
 */
NODISCARD
enum err schedule_repo_instants(struct ctx *cx, const char *zone, const char *walls,
                                int64_t after_us, int64_t until_us, struct list *ret);
/** Be the only one of the tenant who counts, until the transaction ends. */
NODISCARD
enum err schedule_repo_lock_count(struct ctx *cx);
/** Returns ERR_NOT_FOUND when there are max already, ERR_CONFLICT */
NODISCARD
enum err schedule_repo_insert(struct ctx *cx, const struct schedule_new *in, int64_t next_us,
                              int64_t max, struct schedule *ret);
NODISCARD
enum err schedule_repo_get(struct ctx *cx, int64_t id, struct schedule *ret);
NODISCARD
enum err schedule_repo_list(struct ctx *cx, const struct schedule_filter *filter, struct list *ret);
/** @next_us SCHEDULE_SAME: as it was.  Returns ERR_NOT_FOUND when no such version is there */
#define SCHEDULE_SAME INT64_C(-1)
NODISCARD
enum err schedule_repo_update(struct ctx *cx, int64_t id, int64_t version,
                              const struct schedule_patch *in, int64_t next_us,
                              struct schedule *ret);
NODISCARD
enum err schedule_repo_delete(struct ctx *cx, int64_t id, int64_t version, struct schedule *ret);

/** Returns ERR_NOT_FOUND when none is due that nobody else has */
NODISCARD
enum err schedule_repo_take_due(struct ctx *cx, struct schedule_due *ret);
/** Compare and set.  @last_us, @job 0: nothing was enqueued.  Returns ERR_NOT_FOUND */
NODISCARD
enum err schedule_repo_move_on(struct ctx *cx, const struct schedule_due *due, int64_t next_us,
                               int64_t last_us, int64_t job);
NODISCARD
enum err schedule_repo_failed(struct ctx *cx, const struct schedule_due *due, int64_t hold_s,
                              const char *error_type, const char *error_message);

#endif
