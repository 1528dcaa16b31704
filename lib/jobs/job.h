/*
 * Jobs: durable background work in app.background_job.  What people see of them and do with them is
 * in operate.h.
 *
 * A job runs at least once, under a lease.  job_enqueue() writes it in the
 * caller's transaction; a runner claims it with FOR UPDATE SKIP LOCKED, and its
 * result is written only under the fencing token of its claim: a runner that
 * was stopped past its lease cannot write.
 *
 *   status    pending    waits for its first start (or for run_at)
 *             running    claimed by a runner that lives
 *             retrying   failed, waits for its next start
 *             completed  done, result is set
 *             failed     an error that trying again cannot mend
 *             dead       attempts used up, or it cost three runners their life
 *             cancelled
 */
#ifndef JOBS_JOB_H
#define JOBS_JOB_H

#include "events/event.h"

#define JOB_TYPE_MAX     50
#define JOB_QUEUE_MAX    50
#define JOB_LEASE_LOSSES 3 /* lost leases that send a job to the dead letters */

/* What a runner needs to run one. */
struct job_claim {
	int64_t id, tenant_id, project_id, token;
	const char *job_type, *arguments, *checkpoint; /* JSON text */
	int64_t attempt, max_attempts;
	const char *request_id, *traceparent;
	const char *queue;
	int64_t priority, run_us;
	bool refused;  /* of a batch: not a claim, but a completion that was not accepted */
	int64_t place; /* where the claim left its row: block * 65536 + line; 0: not known */
};

#define JOB_AFTER_MAX 100 /* jobs that one may wait for */

struct job_new {
	const char *queue;      /* NULL: the kind's */
	int64_t project_id;     /* 0: none */
	const char *unique_key; /* NULL: none */
	const char *order_key;  /* NULL: none */
	int64_t delay_ms;
	int64_t priority;     /* 1..4; 0: 2 */
	const int64_t *after; /* jobs of the tenant that must be completed first ... */
	size_t nafter;        /* ... so many; not together with a unique_key */
};

/* Ended jobs that count as well when a unique key is looked for. */
enum job_unique {
	JOB_UNIQUE_COMPLETED = 1,
	JOB_UNIQUE_FAILED = 2, /* failed and dead */
	JOB_UNIQUE_CANCELLED = 4,
};

struct job_run; /* one attempt, as its code sees it; jobs/run.h */

/*
 * A kind of job, as those who enqueue it need it: one row in its domain.  What runs it is bound
 * in the runner alone (struct job_handler), so that the API's processes link none of the work.
 */
struct job_kind {
	const char *type; /* at most JOB_TYPE_MAX characters */
	const char *queue;
	const struct schema *arguments; /* checked when enqueued and when run */
	int attempts;
	int backoff_s; /* base of full-jitter exponential back-off, at most an hour */
	int timeout_s; /* of one attempt */
	/*
	 * Of jobs with a unique key.  One that has not ended always counts; when it runs already it
	 * will run once more, unless .unique_running says that running is enough.  Ended ones count
	 * as .unique_ended says (of enum job_unique), for .unique_for_s seconds after their end.
	 */
	bool unique_running;
	unsigned unique_ended;
	int unique_for_s;
	bool schedulable; /* a tenant's schedule may bring it about */
	/*
	 * Takes milliseconds, and touches nothing but the database: run in batches on a lane of its
	 * own, and nothing is told of its success.  Light kinds have queues of their own.
	 */
	bool light;
	/*
	 * Spends its time waiting for somebody else: many run at a time, on threads of their own with small
	 * stacks, and share a few connections to the database, of which one that waits has none.  Such
	 * kinds have queues of their own.
	 */
	bool waits;
	/*
	 * Called in the transaction that cancels a job which waits, for what it would have worked on; may
	 * be NULL.  project_id is 0 of a job without one.  One that runs tells by its handler.
	 */
	enum err (*cancelled)(struct ctx *cx, int64_t job_id, int64_t project_id);
	bool always; /* enqueued also when the tenant has as many jobs as it may: it makes room */
	const char *doc;
};

/* Kinds of the program, as those who operate the queue need them: pointers, ended by NULL. */
typedef const struct job_kind *const job_kinds[];

/* The code of a kind; one row in the runner's table, which a row without kind ends. */
struct job_handler {
	const struct job_kind *kind;
	/* Runs one attempt.  On error cx->fault is kept; err.def says whether it is tried again. */
	enum err (*run)(struct ctx *cx, struct job_run *run, const void *arguments);
	/*
	 * Called in the transaction that ends an attempt without success, with the job's tenant in
	 * cx->who; may be NULL.  It tells what the job works on why, and whether it is tried again.
	 */
	enum err (*failed)(struct ctx *cx, const struct job_claim *job, const struct fault *why,
	                   bool again);
};

#define JOB_ERROR_MAX 2000 /* bytes of an error_message */

/** @ret what people are told of a fault: the detail and the next step, at most JOB_ERROR_MAX bytes */
const char *job_error_text(struct ctx *cx, const struct fault *why);

/* What an event about a job tells. */
struct job_told {
	int64_t job_id;
	const char *job_type, *status;
	int64_t attempt;
	const char *error_type, *error_message;
};
extern const struct event_kind job_completed; /* status completed */
extern const struct event_kind job_retried;
extern const struct event_kind job_failed; /* status failed, dead or cancelled */

extern const struct schema job_told_schema;

/**
 * Enqueue in the caller's transaction; bell_ring() after the commit wakes a runner.  With a unique_key
 * that counts as taken (struct job_kind), that job's id is given.
 *
 * A job with .after starts when all of those are completed.  One that failed or is dead is waited for,
 * since it may be retried; when one is cancelled or discarded, this job is cancelled.
 *
 * @args of kind->arguments
 * Returns ERR_LIMIT when the tenant has as many unfinished jobs as it may, unless kind->always;
 *         ERR_STATE when a job of .after is cancelled or not known
 */
NODISCARD
enum err job_enqueue(struct ctx *cx, const struct job_kind *kind, const struct job_new *in,
                     const void *args, int64_t *ret_id);

/**
 * Give up a project's unfinished jobs, in the transaction that deletes it: those that wait are gone,
 * one that runs is asked to stop and leaves no trace on the project.
 */
NODISCARD
enum err job_drop_project(struct ctx *cx, int64_t project_id);

/**
 * Stop the tenant's work, because it is deleted: jobs that run are asked to stop, those that wait are
 * not started any more.
 * @but a job that goes on; 0: none
 */
NODISCARD
enum err job_stop_all(struct ctx *cx, int64_t but);

/** @ret jobs of the tenant that run, but that one */
NODISCARD
enum err job_running(struct ctx *cx, int64_t but, int64_t *ret);

extern const struct db_check job_statements[];

#endif
