/*
 * Operate: what people see of jobs, and what they do with them.
 *
 * A job is one thing to who looks, wherever its row lies: among those that wait and run, in the history
 * of what was completed, or among the dead letters.  Retrying takes a dead letter back under its id;
 * cancelling takes what waits to the dead letters, and asks what runs to stop; discarding deletes a
 * dead letter for good.  Each is one transaction with its event, which the audit log keeps.
 *
 *   Ownership  *ret and what it points to live in cx->arena; arguments are borrowed for the call.
 *   Tenancy    Another tenant's job is an unknown id.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 *   Time       Short transactions, no network; job_bulk() makes several, each of at most
 *              OPERATE_CHUNK jobs.
 *   Races      Of two who act on one job the first wins; the other is told what has become of it.
 */
#ifndef JOBS_OPERATE_H
#define JOBS_OPERATE_H

#include "jobs/job.h"

#define OPERATE_CHUNK    50   /* jobs of one transaction of a bulk */
#define OPERATE_BULK_MAX 1000 /* jobs of one bulk */
#define OPERATE_SKIPPED  100  /* jobs whose reasons a bulk tells */

/* How the API shows one. */
struct job {
	int64_t id, project_id;
	const char *queue, *job_type, *status;
	int64_t priority, progress; /* progress 0..100 */
	const char *message;        /* what it is doing */
	int64_t attempt, max_attempts;
	const char *arguments, *result; /* JSON text; result NULL before completion */
	const char *error_type, *error_message;
	const char *request_id;                              /* of the request that asked for it */
	int64_t run_us, created_us, started_us, finished_us; /* 0: not yet */
};

/* The same, with what is worth a look when one job is looked at. */
struct job_detail {
	struct job job;
	struct list waits_for;  /* int64_t: jobs that must be completed before it starts */
	int64_t attempts_kept;  /* how many ended attempts there are to look at */
	bool cancel_requested;  /* it runs, and was asked to stop */
	const char *checkpoint; /* JSON text of where it would go on; NULL: at its beginning */
};

/* One start of a job that has ended. */
struct job_attempt {
	int64_t token;   /* rises with every start of any job */
	int64_t attempt; /* as the job counted it */
	const char *outcome, *error_type, *error_message, *host;
	const char *log; /* JSON array of its last log lines */
	int64_t started_us, finished_us;
};

extern const struct schema job_schema, job_detail_schema, job_attempt_schema;

/* What to look for; what is NULL or 0 does not matter. */
struct job_filter {
	const char *status, *job_type, *queue;
	const char *q;          /* the id, or part of type, error or arguments */
	const char *request_id; /* that led to it */
	int64_t project_id;
	int64_t since_us,
		until_us;  /* of created_at; of dead letters finished_at.  since included */
	int64_t before_id; /* lists: newest first */
	int64_t after_id;  /* bulks: oldest first */
	int64_t limit;
};

/** Returns ERR_NOT_FOUND */
NODISCARD
enum err job_get(struct ctx *cx, int64_t id, struct job *ret);

/** Look at all of it, in two steps (base/db.h): others may ask between them.  Returns ERR_NOT_FOUND */
NODISCARD
enum err job_look_ask(struct ctx *cx, int64_t id, struct db_question **ret);
NODISCARD
enum err job_look_answer(struct ctx *cx, int64_t id, struct db_question *q, struct job_detail *ret);

/** @ret items are struct job, newest first */
NODISCARD
enum err job_list(struct ctx *cx, const struct job_filter *filter, struct list *ret);

/** The dead letters alone: failed and dead, unless the filter names a status. */
NODISCARD
enum err job_list_dead(struct ctx *cx, const struct job_filter *filter, struct list *ret);

/**
 * Ended attempts of a job, newest first.
 * @before tokens below this; 0: from the newest
 * Returns ERR_NOT_FOUND when there is no such job
 */
NODISCARD
enum err job_attempts(struct ctx *cx, int64_t id, int64_t before, int64_t limit, struct list *ret);

/* What a retry changes. */
struct job_change {
	const char *arguments; /* JSON; NULL: as they were */
	int64_t priority;      /* 0: as it was */
	const char *queue;     /* NULL: as it was */
};

/** @ret the kind of a type, NULL when the program has none */
const struct job_kind *job_kind_of(job_kinds kinds, const char *type);

/**
 * Check arguments that people wrote, by a kind's schema; pointers begin with /arguments.
 * @project_id  what project_id in them must be; 0: none
 * @ret         the same, as a job has them
 * Returns ERR_INVALID, ERR_UNKNOWN_FIELD, ERR_MALFORMED
 */
NODISCARD
enum err job_check_arguments(struct ctx *cx, const struct job_kind *kind, int64_t project_id,
                             const char *text, const char **ret);

/**
 * Put a failed, dead or cancelled job back in the queue with fresh attempts, under its old id.  With
 * its arguments changed it begins anew; else it resumes at its checkpoint.
 * @change  NULL: nothing
 * Returns ERR_NOT_FOUND, ERR_STATE (the detail names its status), ERR_CONFLICT when an unfinished
 *         job has its unique key, ERR_INVALID or ERR_UNKNOWN_FIELD for a change that its kind forbids.
 */
NODISCARD
enum err job_retry(struct ctx *cx, job_kinds kinds, int64_t id, const struct job_change *change,
                   struct job *ret);

/**
 * Cancel a job: one that waits is over at once, one that runs is asked to stop (*ret is running still)
 * and its runner told.
 * Returns ERR_NOT_FOUND, ERR_STATE when it has ended
 */
NODISCARD
enum err job_cancel(struct ctx *cx, job_kinds kinds, int64_t id, struct job *ret);

/**
 * Delete a dead letter.  What waits for it is cancelled.
 * Returns ERR_NOT_FOUND, ERR_STATE when it is none
 */
NODISCARD
enum err job_discard(struct ctx *cx, int64_t id);

/* --- Many at once --- */

enum job_act { JOB_RETRY = 1, JOB_CANCEL, JOB_DISCARD };

/* Which jobs. */
struct job_selection {
	struct list ids; /* int64_t; these alone */
	struct job_filter filter;
	bool all; /* the filter is empty on purpose */
};

struct job_skipped {
	int64_t id;
	const char *reason;
};

struct job_bulk {
	int64_t matched, done;
	struct list skipped; /* struct job_skipped, the first OPERATE_SKIPPED */
	bool more;           /* others match, and were not looked at */
	int64_t last_id;     /* of those that were; to go on after; 0: none was */
};
extern const struct schema job_bulk_schema;

/**
 * Do the same with many jobs, oldest first.  Each is done or skipped by itself, in the order of ids; what is
 * done stays done when the time is over before the rest.
 *
 * @change of a retry; NULL: nothing
 * Returns ERR_INVALID when the selection is empty and does not say .all
 */
NODISCARD
enum err job_bulk(struct ctx *cx, job_kinds kinds, enum job_act act,
                  const struct job_selection *which, const struct job_change *change,
                  struct job_bulk *ret);

/* Jobs that a bulk would look at. */
struct job_matched {
	int64_t matched; /* at most OPERATE_BULK_MAX */
	bool more;       /* there are others */
};
extern const struct schema job_matched_schema;

/** Count what a bulk of this act with this filter would look at; nothing is done. */
NODISCARD
enum err job_bulk_count(struct ctx *cx, enum job_act act, const struct job_filter *filter,
                        struct job_matched *ret);

/* --- Numbers --- */

/* Numbers for GET /status: jobs of the tenant by status. */
struct job_counts {
	int64_t pending, running, retrying, completed, failed, dead, cancelled;
	int64_t oldest_pending_s; /* 0: none waits */
	int64_t runners;          /* alive */
};
extern const struct schema job_counts_schema;
NODISCARD
enum err job_count(struct ctx *cx, struct job_counts *ret);

/* What happened; each is audited. */
extern const struct event_kind job_cancelled, job_cancel_requested, job_discarded;

extern const struct db_check operate_statements[];

#endif
