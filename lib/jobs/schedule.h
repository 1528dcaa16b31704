/*
 * Schedules: jobs that time brings about, for a tenant.
 *
 * A schedule has a pattern (cron.h) in the wall clock of a time zone.  Each time that it names becomes one
 * job, whatever the number of runners and whatever their clocks say: the database's clock alone counts,
 * and whoever moves next_at on enqueues in the same transaction, under the unique key schedule:ID:TIME.
 *
 *   Summer time  A time that is skipped fires right after the jump, one that comes twice fires once.
 *   Missed       Of times that passed while no runner looked, catch_up says which are made up for: "skip" none
 *                that is older than schedule_grace_s, "once" the last one, "all" each, the newest
 *                schedule_catch_up_max of them.
 *   Trouble      A schedule that cannot enqueue keeps its time, says why in error_message, and is tried again
 *                with back-off; the others do not wait for it.
 *
 *   Ownership    *ret lives in cx->arena.
 *   Tenancy      Another tenant's schedule is an unknown id.
 *   Errors       Those named here, or what base/db.h names for a database in trouble.
 */
#ifndef JOBS_SCHEDULE_H
#define JOBS_SCHEDULE_H

#include "jobs/operate.h"

#define SCHEDULE_NAME_MAX 100
#define SCHEDULE_ZONE_MAX 64

struct schedule_new {
	const char *name;      /* unique within the tenant */
	const char *cron;      /* pattern */
	const char *time_zone; /* IANA name; NULL: UTC */
	const char *job_type;  /* of a kind that is .schedulable */
	int64_t project_id;    /* 0: none */
	const char *arguments; /* JSON; NULL: the project alone */
	const char *catch_up;  /* NULL: once */
	bool enabled;
};

struct schedule_patch {
	uint64_t given;
	const char *name, *cron, *time_zone, *arguments, *catch_up;
	bool enabled;
};

struct schedule {
	int64_t id;
	const char *name, *cron, *time_zone, *job_type;
	int64_t project_id;
	const char *arguments, *catch_up;
	bool enabled;
	int64_t next_us, last_us; /* 0: never */
	int64_t last_job_id;
	const char *error_type, *error_message; /* of the last try, when it failed */
	int64_t failures;                       /* in a row */
	const char *created_by;
	int64_t version, created_us, updated_us;
};

struct schedule_filter {
	const char *q; /* part of the name */
	int64_t project_id;
	int64_t before_id, limit;
};

extern const struct schema schedule_new_schema, schedule_patch_schema, schedule_schema;
extern const struct event_kind schedule_created, schedule_changed, schedule_deleted;

/**
 * Returns ERR_INVALID for a pattern, time zone, kind or project that will not do, ERR_CONFLICT when the
 *         name is taken, ERR_LIMIT when the tenant has schedules_max
 */
NODISCARD
enum err schedule_create(struct ctx *cx, job_kinds kinds, const struct schedule_new *in,
                         struct schedule *ret);
/** Returns ERR_NOT_FOUND */
NODISCARD
enum err schedule_get(struct ctx *cx, int64_t id, struct schedule *ret);
/** @ret items are struct schedule, newest first */
NODISCARD
enum err schedule_list(struct ctx *cx, const struct schedule_filter *filter, struct list *ret);
/**
 * The next time is reckoned anew, from now, when the pattern, the zone or .enabled changes.
 * @version the one the client saw; 0: any
 * Returns ERR_NOT_FOUND, ERR_STALE, ERR_CONFLICT, ERR_INVALID
 */
NODISCARD
enum err schedule_change(struct ctx *cx, job_kinds kinds, int64_t id, int64_t version,
                         const struct schedule_patch *in, struct schedule *ret);
/** Jobs that it has brought about go on.  Returns ERR_NOT_FOUND, ERR_STALE */
NODISCARD
enum err schedule_delete(struct ctx *cx, int64_t id, int64_t version);

/**
 * Enqueue what is due, of all tenants; for the runner, about once a second.  Each schedule is a transaction
 * of its own.  When nothing is due this is one look at an index.
 *
 * @ret_fired jobs that were enqueued; bell_ring() follows
 */
#define SCHEDULE_ROUND 100 /* schedules of one call */
NODISCARD
enum err schedule_run(struct ctx *cx, job_kinds kinds, int64_t *ret_fired);

extern const struct db_check schedule_statements[];

#endif
