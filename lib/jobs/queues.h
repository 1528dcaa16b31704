/*
 * Queues as operators see them: how they are, pausing them, and their limits.
 *
 * A queue is a name.  It is there while a kind of job has it, a job is in it or somebody has paused or limited
 * it.  What a tenant sets holds for its own jobs; what the installation's operator sets on the command line
 * (tenant 0) holds over all tenants, and tenants may read it.  Runners hear of a change at once, on the
 * channel job_queues.
 *
 *   Ownership  *ret lives in cx->arena.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 */
#ifndef JOBS_QUEUES_H
#define JOBS_QUEUES_H

#include "jobs/operate.h"

#define QUEUES_MAX             200 /* of a list */
#define QUEUES_CONCURRENCY_MAX 10000
#define QUEUES_RATE_MAX        1000000
#define QUEUES_PERIOD_MAX_S    86400

/* Limits; 0: none. */
struct queue_limits {
	int64_t concurrency; /* most jobs that run at a time, on all runners */
	int64_t per_runner;  /* on one; the installation's alone */
	int64_t rate_limit;  /* most starts in rate_period_s */
	int64_t rate_period_s;
	bool paused;
	int64_t paused_us;
	const char *paused_by;
};

/* Of the last minute, five minutes, hour. */
struct queue_ended {
	int64_t m1, m5, h1;
};

/* Milliseconds, of jobs that ended within the last hour; all 0 when none did. */
struct queue_times {
	int64_t p50, p95, p99;
};

struct queue_state {
	const char *name;
	bool paused; /* by the tenant or the installation */
	int64_t pending, running, retrying, blocked,
		dead;     /* dead: kept dead letters that may be retried */
	int64_t oldest_s; /* for which the oldest startable job has waited */
	struct queue_ended *completed, *failed;
	struct queue_times *wait_ms, *run_ms;
	struct queue_limits *limits, *installation; /* the tenant's own; those over all tenants */
	int64_t version;                            /* of the tenant's own */
};

/* Numbers of one queue for GET /status. */
struct queue_brief {
	const char *name;
	bool paused;
	int64_t pending, running, retrying, oldest_pending_s;
};

/* What a client changes; null takes a limit away. */
struct queue_patch {
	uint64_t given;
	int64_t concurrency, rate_limit, rate_period_s;
};

extern const struct schema queue_state_schema, queue_brief_schema, queue_patch_schema;
extern const struct event_kind queue_paused, queue_resumed, queue_limited;

/** @ret items are struct queue_state, by name */
NODISCARD
enum err queues_list(struct ctx *cx, job_kinds kinds, struct list *ret);
/** Returns ERR_NOT_FOUND */
NODISCARD
enum err queues_get(struct ctx *cx, job_kinds kinds, const char *name, struct queue_state *ret);
/** @ret items are struct queue_brief, of queues with unfinished jobs or a pause */
NODISCARD
enum err queues_brief(struct ctx *cx, struct list *ret);

/** Start none of the tenant's jobs in it; those that run go on.  Returns ERR_NOT_FOUND */
NODISCARD
enum err queues_pause(struct ctx *cx, job_kinds kinds, const char *name, bool pause,
                      struct queue_state *ret);
/**
 * @version the one the client saw; 0: any
 * Returns ERR_NOT_FOUND, ERR_STALE, ERR_INVALID for a rate without its period
 */
NODISCARD
enum err queues_limit(struct ctx *cx, job_kinds kinds, const char *name, int64_t version,
                      const struct queue_patch *in, struct queue_state *ret);

/* --- Of the installation; for the gate --- */

struct queue_all {
	const char *name;
	int64_t pending, running, retrying, oldest_s;
	struct queue_limits *limits;
};
extern const struct schema queue_all_schema;

/** @ret items are struct queue_all: queues with unfinished jobs of any tenant, or with limits */
NODISCARD
enum err queues_list_all(struct ctx *cx, job_kinds kinds, struct list *ret);

#define QUEUES_KEEP INT64_C(-1) /* leave a limit as it is */

/* What the installation's operator sets. */
struct queue_all_change {
	int64_t concurrency, per_runner, rate_limit, rate_period_s; /* 0: none; QUEUES_KEEP */
	int pause;                                                  /* 1, 0; -1: as it is */
};

/** Audited in the installation's own log.  Returns ERR_NOT_FOUND, ERR_INVALID */
NODISCARD
enum err queues_set_all(struct ctx *cx, job_kinds kinds, const char *name,
                        const struct queue_all_change *change, struct queue_all *ret);

extern const struct db_check queues_statements[];

#endif
