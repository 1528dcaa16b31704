/*
 * Run: one attempt at a job, as its code sees it and as the runner drives it.
 *
 * The code of a job reads what it is to do from its arguments, tells how far it is, asks now and then
 * whether it should stop, and writes under its claim: between run_begin() and db_commit() nobody else
 * can take the job over, and when somebody has done so already run_begin() refuses.  So a runner that
 * was stopped past its lease can do work again, but not write what came of it.
 */
#ifndef JOBS_RUN_H
#define JOBS_RUN_H

#include "jobs/queue.h"

#include <stdatomic.h>

#define RUN_PROGRESS_MS 1000 /* between two writes of progress */
#define RUN_MESSAGE_MAX 200  /* bytes of a progress message */

/* Why an attempt should stop; rising in force. */
enum run_why {
	RUN_ON = 0,
	RUN_TIMEOUT,  /* its kind's time is over: tried again */
	RUN_SHUTDOWN, /* the runner ends: handed back, no attempt */
	RUN_CANCEL,   /* somebody asked for it */
	RUN_LOST,     /* the lease is gone: write nothing */
};

struct job_run {
	const struct job_claim *job;
	const char *runner;                /* id of the queue's membership */
	const struct job_handler *handler; /* what runs it; run_attempt() sets it */
	_Atomic int why;                   /* enum run_why; other threads set it */
	int64_t told_ms;   /* monotonic, of the last progress written; 0: none yet */
	bool completed;    /* run_complete() was called */
	int64_t snooze_ms; /* run_snooze() was called; 0: not */
	const char *host;  /* where it runs, for who looks at its attempts; NULL: not told */
	const atomic_int
		*company; /* jobs on threads like its own, itself included; NULL: it is alone */
	const char *step; /* what it is at; NULL: nothing named yet */
	int64_t step_ms;  /* monotonic, when that began */
	/* Called when a step is over; NULL: nobody wants to know. */
	void (*stepped)(struct ctx *cx, const struct job_run *run, int64_t duration_ms);
};

/* --- For the code of a job --- */

/** @ret whether to stop; then clean up and return ERR_CANCELLED */
bool run_stopped(const struct job_run *run);

/** @ret how many jobs run on threads like this one's just now, this one included */
int run_company(const struct job_run *run);

/**
 * Tell how far the job is.  Written at most every RUN_PROGRESS_MS; what comes between is dropped.
 * Trouble with the database is no trouble of the job's.
 */
void run_progress(struct ctx *cx, struct job_run *run, int percent, const char *message);

/** Begin a step; the one before is over.  It shows as progress at once.  @name constant; NULL: the end */
void run_step(struct ctx *cx, struct job_run *run, int percent, const char *name);

/** Keep a point to resume at; the next attempt finds it in run->job->checkpoint.
 *  Returns ERR_LEASE_LOST */
NODISCARD
enum err run_checkpoint(struct ctx *cx, struct job_run *run, const char *json);

/** Begin a transaction in which the job is ours.  Returns ERR_LEASE_LOST */
NODISCARD
enum err run_begin(struct ctx *cx, struct job_run *run, struct db_tx *tx);

/**
 * Complete the job in the transaction of run_begin(), together with what it made.
 * A job that returns ERR_OK without it is completed then, without a result.
 *
 * @result JSON text or NULL
 */
NODISCARD
enum err run_complete(struct ctx *cx, struct job_run *run, const char *result);

/**
 * Ask to be started again later, which is no attempt: what the job needs is not there yet.
 *
 * @delay_ms from now; at least 1
 * @why      for people, constant or in cx->arena
 * @ret      an error to return with, after cleaning up
 */
NODISCARD
enum err run_snooze(struct ctx *cx, struct job_run *run, int64_t delay_ms, const char *why);

/* --- For the runner --- */

/** Become the job: its tenant, its name as actor, the ids of the request that asked for it. */
void run_adopt(struct ctx *cx, const struct job_run *run);

/** Ask an attempt to stop; the stronger reason stands.  Any thread. */
void run_stop(struct job_run *run, enum run_why why);

/* What became of an attempt, for the log. */
struct run_report {
	const char *outcome; /* completed, retrying, failed, cancelled, returned, snoozed, lost */
	struct fault fault;  /* of retrying and failed */
};

/**
 * Run one attempt and settle it, waiting for the database as long as the lease holds.
 *
 * After run_adopt().
 * Returns an error only when the end could not be written: the job is still claimed, and the
 *         runner must end so that it is rescued.
 */
NODISCARD
enum err run_attempt(struct ctx *cx, queue_handlers handlers, struct job_run *run,
                     struct run_report *ret);

/**
 * The same for a light job, whose success is left to be written with that of others.
 *
 * @ret_done whether queue_claim() is to complete it; if not, its end is written
 */
NODISCARD
enum err run_light(struct ctx *cx, queue_handlers handlers, struct job_run *run, bool *ret_done,
                   struct run_report *ret);

/** End a light job whose completion in a batch was refused: it runs once more, or is not ours. */
NODISCARD
enum err run_refused(struct ctx *cx, struct job_run *run);

#endif
