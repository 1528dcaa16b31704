/*
 * Settle: the end of an attempt, whoever brings it about; of lib/jobs alone.
 *
 * All of it happens in the caller's transaction, which holds the job
 * (queue_repo_hold() or queue_repo_orphans()).
 */
#ifndef JOBS_SETTLE_H
#define JOBS_SETTLE_H

#include "jobs/queue_repo.h"

#define SETTLE_BACKOFF_MAX_S 3600

/* How an attempt ended. */
enum settle_end {
	SETTLE_COMPLETED = 1,
	SETTLE_FAILED, /* cx->fault-like why; tried again when its kind of error and attempts allow */
	SETTLE_CANCELLED, /* somebody asked for it */
	SETTLE_RETURNED,  /* an interruption of ours: no attempt */
	SETTLE_LOST,      /* its runner died */
};

/**
 * @handler  NULL when this program has none for the job
 * @why      of SETTLE_FAILED
 * @result   of SETTLE_COMPLETED, JSON text or NULL
 * A job that somebody asked to run once more does so instead of ending.
 */
NODISCARD
enum err settle(struct ctx *cx, const struct job_handler *handler, const struct job_claim *job,
                const struct queue_held *held, enum settle_end end, const struct fault *why,
                const char *result);

/** @ret whether a job is tried again after a failed attempt */
bool settle_again(const struct job_claim *job, const struct fault *why);

/**
 * Back-off before the next start, with full jitter: anything from 0 to base * 2^(attempt - 1)
 * seconds, of which never more than SETTLE_BACKOFF_MAX_S.
 *
 * @attempt the one that failed, from 1
 * @random  any 64 bits
 * @ret     milliseconds
 */
int64_t settle_backoff_ms(int64_t base_s, int64_t attempt, uint64_t random);

#endif
