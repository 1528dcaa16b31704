/*
 * Lanes: the threads of a runner that do light jobs in batches.
 *
 * Each is a member of the queue of its own, with a connection of its own whose commits do not wait for the
 * disk: what a crash of the server takes back is a job that was done, which is done again, and never a
 * part of it.  A lane works until the queue is empty and then waits until it is told to look.  All
 * functions here are the main thread's, which beats for the lanes and holds their locks.
 */
#ifndef LANE_H
#define LANE_H

#include "base/db.h"
#include "jobs/claim.h"
#include "jobs/run.h"

#include <pthread.h>

#define LANES_MAX 16

struct lanes;

struct lane {
	struct lanes *all;
	pthread_t thread;
	struct arena *arena; /* of one batch */
	struct db *db;
	struct ctx cx;
	struct queue member;
	struct claim_lane claim;
	struct claim_done done[CLAIM_BATCH_MAX]; /* not yet written */
	size_t ndone;
	bool unsure;  /* whether a claim that failed was done */
	int failures; /* of claims in a row */

	/* Under the lock of all. */
	bool wanted, idle;
	bool doubted;        /* the server may have taken back what was written last */
	int64_t job_ends_ms; /* monotonic, when its present job must be done; 0: none runs */
};

struct lanes {
	const struct app *app;
	const char *host;
	struct arena *arena; /* as long as the lanes */
	struct lane lane[LANES_MAX];
	int n;
	int freed; /* eventfd, borrowed: a lane has become idle */

	pthread_mutex_t lock;
	pthread_cond_t told;
	bool quit;
	char limits[48]; /* the version of the queues' limits that all should know */
};

/** @app, @host borrowed for as long as the lanes  @freed an eventfd */
void lanes_open(struct lanes *all, const struct app *app, const char *host, int freed);

/** Join with all lanes.  Returns what claim_lane_open() and queue_join_lane() return */
NODISCARD
enum err lanes_join(struct ctx *cx, struct lanes *all, struct queue *q);

/** Start the threads. */
void lanes_start(struct lanes *all);

/** There may be work: an idle lane looks at the queue. */
void lanes_look(struct lanes *all);

/**
 * The server was away.  What it has not brought to the disk is undone, and jobs that were done are claimed
 * again, which nobody would hear of: lanes hand back all that they do not know.
 */
void lanes_doubt(struct lanes *all);

/** Know the limits of that version. */
void lanes_limits(struct lanes *all, const char *version);

/** Claim no more; what runs and what is done is brought to its end. */
void lanes_stop(struct lanes *all);

/** @ret whether one is idle */
bool lanes_idle(struct lanes *all);

/** @ret whether a job of a lane has passed its time, which light jobs do not do */
bool lanes_stuck(struct lanes *all, int64_t now_ms);

/** End the threads: what is done is written, what has not begun stays claimed for queue_leave(). */
void lanes_end(struct lanes *all);

#endif
