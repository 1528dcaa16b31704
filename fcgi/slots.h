/*
 * Slots: the job threads of a runner.
 *
 * Each has arenas and a database connection of its own and runs one attempt at a time (lib/jobs/run.h).
 * The runner's main thread hands jobs to idle slots and asks busy ones to stop; all functions here are
 * the main thread's.
 */
#ifndef SLOTS_H
#define SLOTS_H

#include "base/db.h"
#include "base/log_tail.h"
#include "jobs/run.h"

#include <pthread.h>

#define SLOTS_MAX 64
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
	struct log_tail tail; /* of the attempt */
	int64_t deadline_ms;  /* monotonic */
	bool busy;
};

struct slots {
	const struct app *app;
	struct slot slot[SLOTS_MAX];
	int n;
	int freed; /* eventfd: a slot has become idle */

	pthread_mutex_t lock;
	pthread_cond_t handed; /* a slot became busy, or quit */
	bool quit;
};

/** No thread yet, but the descriptor.  @app borrowed for as long as the slots  @ret false: no descriptors */
bool slots_open(struct slots *all, const struct app *app);

/** Start the threads, runner_jobs of them. */
void slots_start(struct slots *all);

/** @ret how many are idle */
int slots_idle(struct slots *all);

/** Give a job to an idle slot; there must be one.  @runner, @host  borrowed until the job ends */
void slots_hand_over(struct slots *all, const char *runner, const char *host,
                     const struct job_claim *job);

/** Ask jobs to stop: all, those over their time (now > 0, monotonic), or the one of a claim. */
void slots_stop(struct slots *all, enum run_why why, int64_t now, const struct job_claim *job);

/** @ret the claims that are held, without their texts but the queue; *ret_n so many; in arena */
struct job_claim *slots_running(struct slots *all, struct arena *arena, size_t *ret_n);

/** End the threads; all slots are idle. */
void slots_end(struct slots *all);

#endif
