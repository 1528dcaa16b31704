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
	SETTLE_SNOOZED,   /* it asked to be started later: no attempt */
	SETTLE_LOST,      /* its runner died */
};

struct settlement {
	enum settle_end end;
	const struct job_handler *handler; /* NULL when this program has none for the job */
	bool quiet;                        /* no event tells of a completion */
	const struct fault *why;           /* of SETTLE_FAILED and SETTLE_SNOOZED */
	const char *result;                /* of SETTLE_COMPLETED, JSON text or NULL */
	int64_t wait_ms;                   /* of SETTLE_SNOOZED */
	const char *host;                  /* where it ran; NULL: not known */
	const char *log;                   /* what it logged last, a JSON array; NULL: nothing */
};

/**
 * Write the end of an attempt: where the job goes, the attempt's own row, events, and word to what
 * the job works on.  A job that somebody asked to run once more does so instead of ending.
 */
NODISCARD
enum err settle(struct ctx *cx, const struct job_claim *job, const struct queue_held *held,
                const struct settlement *s);

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
