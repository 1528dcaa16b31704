/* SQL of the runner's side of the queue; of lib/jobs alone. */
#ifndef JOBS_QUEUE_REPO_H
#define JOBS_QUEUE_REPO_H

#include "jobs/queue.h"

/* What a heartbeat brings back. */
struct queue_pulse {
	bool held;       /* the session has the locks of the runner and its lanes */
	int64_t session; /* pg_backend_pid() */
	int64_t rows;    /* of the runner and its lanes */
};

/* A runner that looks dead. */
struct queue_corpse {
	const char *id, *host;
	int64_t beat_us;
	bool expired; /* its lease is over; false: its lock is free */
};

/* A running job, locked by the caller's transaction. */
struct queue_held {
	bool rerun, cancel_requested;
	int64_t lease_losses;
	const char *error_type, *error_message; /* of the attempt before */
};

/* What is kept of an attempt. */
struct queue_attempt {
	const char *outcome, *host, *error_type, *error_message;
	const char *log; /* JSON array; NULL: nothing */
};

/* What a claim brings; the schema is queue_claim_schema, and the rows come in binary. */
#define QUEUE_CLAIM                                                                                \
	"id, tenant_id, project_id, claim_token AS token, job_type, arguments, checkpoint,"        \
	" attempt, max_attempts, request_id, traceparent, queue, priority, run_at"

/* What of a job goes on when it ends. */
#define QUEUE_ENDED                                                                                \
	"id, tenant_id, project_id, queue, job_type, priority, attempt, max_attempts, unique_key," \
	" order_key, arguments, request_id, traceparent, run_at, created_at, started_at"

extern const struct schema queue_pulse_schema, queue_corpse_schema, queue_held_schema;
extern const struct schema queue_claim_schema;

NODISCARD
enum err queue_repo_join(struct ctx *cx, const struct queue *q, int64_t lock_key, const char *host,
                         int64_t pid, const struct queue *parent);
/** Returns ERR_NOT_FOUND when the runner has no row */
NODISCARD
enum err queue_repo_beat(struct ctx *cx, const struct queue *q, struct queue_pulse *ret);
NODISCARD
enum err queue_repo_sleep(struct ctx *cx, const struct queue *q, unsigned bells);
/** @locks  whether the locks of others are a sign */
NODISCARD
enum err queue_repo_look(struct ctx *cx, const struct queue *q, bool locks,
                         const struct queue_sight *sight, struct queue_look *ret);
/** @known ids in an array's text form */
NODISCARD
enum err queue_repo_disown(struct ctx *cx, const struct queue *q, const char *known, int64_t *ret);
NODISCARD
enum err queue_repo_cancelled(struct ctx *cx, const struct queue *q, const char *running,
                              struct list *ret);
/** @ret items are struct queue_corpse */
NODISCARD
enum err queue_repo_corpses(struct ctx *cx, const struct queue *q, bool locks, struct list *ret);
/** @ret_rows 1 when the runner is declared dead by this call, in the caller's transaction */
NODISCARD
enum err queue_repo_remove(struct ctx *cx, const struct queue *q, const struct queue_suspect *who,
                           bool expired, int64_t *ret_rows);
NODISCARD
enum err queue_repo_leave(struct ctx *cx, const struct queue *q);

/** Lock a running job under its claim.  Returns ERR_NOT_FOUND when it is not held any more */
NODISCARD
enum err queue_repo_hold(struct ctx *cx, const struct job_claim *job, const char *runner,
                         struct queue_held *ret);
/** Lock the running jobs of a runner.  @ret items are struct job_claim */
NODISCARD
enum err queue_repo_orphans(struct ctx *cx, const char *runner, struct list *ret);

/* The ends of an attempt; the caller's transaction holds the job. */
NODISCARD
enum err queue_repo_complete(struct ctx *cx, const struct job_claim *job, const char *result);
/** To the dead letters.  @status failed, dead or cancelled */
NODISCARD
enum err queue_repo_bury(struct ctx *cx, const struct job_claim *job, const char *status,
                         const char *error_type, const char *error_message);
NODISCARD
enum err queue_repo_rerun(struct ctx *cx, const struct job_claim *job);
/** @snooze the attempt does not count */
NODISCARD
enum err queue_repo_delay(struct ctx *cx, const struct job_claim *job, int64_t delay_ms,
                          bool snooze, const char *error_type, const char *error_message);
/** A row for the attempt that ends now, beside one of the ends. */
NODISCARD
enum err queue_repo_note(struct ctx *cx, const struct job_claim *job,
                         const struct queue_attempt *attempt);
NODISCARD
enum err queue_repo_hand_back(struct ctx *cx, const struct job_claim *job);
NODISCARD
enum err queue_repo_lose(struct ctx *cx, const struct job_claim *job);

/** @ret_rows 0 when the claim is not held any more */
NODISCARD
enum err queue_repo_progress(struct ctx *cx, const struct job_claim *job, const char *runner,
                             int64_t percent, const char *message, int64_t *ret_rows);
NODISCARD
enum err queue_repo_checkpoint(struct ctx *cx, const struct job_claim *job, const char *runner,
                               const char *json, int64_t *ret_rows);

/** @ret 1 when this transaction may tidy */
NODISCARD
enum err queue_repo_tidy_lock(struct ctx *cx, int64_t *ret);
NODISCARD
enum err queue_repo_tidy_partitions(struct ctx *cx, int64_t history_days, int64_t dead_days,
                                    int64_t event_days, int64_t *ret);
NODISCARD
enum err queue_repo_tidy_dead(struct ctx *cx, int64_t days, int64_t *ret_rows);
NODISCARD
enum err queue_repo_tidy_answers(struct ctx *cx, int64_t hours, int64_t *ret_rows);
NODISCARD
enum err queue_repo_tidy_families(struct ctx *cx, int64_t *ret_rows);
NODISCARD
enum err queue_repo_tidy_orphans(struct ctx *cx);

#endif
