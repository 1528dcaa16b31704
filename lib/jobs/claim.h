/*
 * Claim: how a runner takes jobs out of the queue, and gives batches of them back as done.
 *
 * A lane is one claimer: the job threads of a runner, those of jobs that wait for somebody else, both fed
 * by its main thread, or one thread of light jobs.  It knows the queues of its kinds of jobs and the limits
 * that hold for them.  A job that waits and has come into a queue of the first (by a program that did not
 * know better) is done there.
 *
 * The batch before is completed, then the next one claimed, so that what waited for the first is seen by the
 * second.  A claim walks down the index once a queue and priority.  While there is more than a claim can take,
 * a walk begins where the last one ended (the mark), so that what is dead there and cannot be cleared away
 * yet, because somebody holds an old snapshot, costs nothing; once a second, and when a claim finds less than
 * it asked for, the whole is swept, for jobs whose transaction took longer than those after it.
 *
 * Queues that are paused or have a limit are claimed from one by one, by app.job_claim_limited().
 */
#ifndef JOBS_CLAIM_H
#define JOBS_CLAIM_H

#include "jobs/queue.h"

#define CLAIM_QUEUES_MAX 64
#define CLAIM_BATCH_MAX  500 /* jobs in one claim, completions in one statement */
#define CLAIM_PRIORITIES 4

struct claim_queue {
	char name[JOB_QUEUE_MAX + 1];
	bool limited;       /* somebody has paused it or set a limit */
	int64_t per_runner; /* most that run here; 0: no limit */
	int64_t mark_us[CLAIM_PRIORITIES],
		mark_id[CLAIM_PRIORITIES]; /* last run_at and id claimed */
};

/* Which kinds of jobs a lane is for. */
enum claim_weight { CLAIM_HEAVY = 1, CLAIM_LIGHT = 2, CLAIM_WAITS = 4 };

struct claim_lane {
	enum claim_weight weight;
	const struct job_handler *const *handlers; /* as queue_handlers */
	const char *types; /* of its kinds, an array in PostgreSQL's text form; in arena */
	struct claim_queue queue[CLAIM_QUEUES_MAX];
	size_t nqueues;
	char limits[48];  /* the version of the limits that it knows */
	int64_t swept_ms; /* monotonic, when the last sweep ended */
	int64_t sweep_ms; /* what that took */
	bool deep;        /* the last claim got all it asked for */
};

/** A completion to be written: what was claimed. */
struct claim_done {
	int64_t id, token, place;
};

/**
 * @arena  lives as long as the lane
 * Returns ERR_INTERNAL when a queue has kinds of several weights, or there are too many
 */
NODISCARD
enum err claim_lane_open(struct ctx *cx, struct arena *arena, queue_handlers handlers,
                         enum claim_weight weight, struct claim_lane *lane);

/**
 * Know the limits of the queues anew, when they are not those of the version known.
 * @version as queue_look() gave it; NULL: in any case
 */
NODISCARD
enum err claim_limits(struct ctx *cx, struct claim_lane *lane, const char *version);

/**
 * What a runner with three lanes looks at.
 * @running ids of jobs that run in the first two, so many
 */
NODISCARD
enum err claim_sight(struct ctx *cx, const struct claim_lane *heavy, const struct claim_lane *waits,
                     const struct claim_lane *light, const struct job_claim *running, size_t n,
                     struct queue_sight *ret);

/* What one claim is about. */
struct claim_wish {
	int64_t n;                     /* most jobs, up to CLAIM_BATCH_MAX */
	const struct claim_done *done; /* to be completed by the way; light jobs without a result */
	size_t ndone;                  /* up to CLAIM_BATCH_MAX */
	const struct job_claim
		*running; /* what runs in the lane; only their queues are looked at */
	size_t nrunning;
};

/**
 * Complete and claim.
 *
 * A job of .done that is no longer this runner's, or that somebody asked to run once more, is not
 * completed; it comes back .refused.
 *
 * @q   the lane's membership
 * @ret items are struct job_claim, most urgent first, the refused ones last
 * When it fails it is not known whether anything was done: complete again with n = 0, then
 * queue_disown().
 */
NODISCARD
enum err queue_claim(struct ctx *cx, const struct queue *q, struct claim_lane *lane,
                     const struct claim_wish *wish, struct list *ret);

extern const struct db_check claim_statements[];

#endif
