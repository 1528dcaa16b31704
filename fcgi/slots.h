/*
 * Slots: the job threads of a runner.
 *
 * Each has arenas of its own and runs one attempt at a time (lib/jobs/run.h).  The runner's main thread
 * hands jobs to idle slots and asks busy ones to stop; all functions here are the main thread's.
 *
 * Few work: each has a database connection of its own.  Many wait, for a model that answers: their stacks
 * are small, and they share a few connections, which none keeps while it waits (base/db.h, Pools).
 */
#ifndef SLOTS_H
#define SLOTS_H

#include "base/db.h"
#include "base/log_tail.h"
#include "jobs/run.h"

#include <pthread.h>

#define EXIT_LOST 75 /* EX_TEMPFAIL: the process ends at once; start me again */

struct slots;

/* One job thread.  The main thread hands over by `busy`, under the lock. */
struct slot {
	struct slots *all;
	pthread_t thread;
	struct arena *arena;       /* of the attempt */
	struct arena *claim_arena; /* of the claim's texts */
	struct db *db;
	struct job_claim claim;
	struct job_run run;
	struct log_tail tail;  /* of the attempt */
	int64_t deadline_ms;   /* monotonic */
	pthread_cond_t handed; /* it became busy, or quit */
	bool busy;
};

/* How many there are, and how they live. */
struct slots_plan {
	int n;
	int connections;    /* that they share; 0: each has its own */
	size_t stack_bytes; /* 0: as the system gives it */
};

struct slots {
	const struct app *app;
	struct slots_plan plan;
	struct slot *slot;
	int n;                /* that are started */
	atomic_int nbusy;     /* written under the lock */
	int freed;            /* eventfd, borrowed: a slot has become idle */
	struct db_pool *pool; /* NULL: connections of their own */

	pthread_mutex_t lock;
	bool quit;
};

/** No thread yet.  @app borrowed for as long as the slots  @freed an eventfd, the same */
void slots_open(struct slots *all, const struct app *app, const struct slots_plan *plan, int freed);

/** Start the threads. */
void slots_start(struct slots *all);

/** @ret how many are idle */
int slots_idle(struct slots *all);

/** Give a job to an idle slot; there must be one.  @runner, @host  borrowed until the job ends */
void slots_hand_over(struct slots *all, const char *runner, const char *host,
                     const struct job_claim *job);

/** Ask jobs to stop: all, those over their time (now > 0, monotonic), or the one of a claim. */
void slots_stop(struct slots *all, enum run_why why, int64_t now, const struct job_claim *job);

/**
 * Add the claims that are held to those of ret, without their texts but the queue.
 * @ret room for .n more
 */
void slots_running(struct slots *all, struct arena *arena, struct job_claim *ret, size_t *n);

/** End the threads; all slots are idle. */
void slots_end(struct slots *all);

#endif
