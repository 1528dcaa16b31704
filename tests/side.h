/*
 * Runners for tests of the queue, each with a connection and a membership of its own, and one kind of job.
 *
 * "Killed" is what kill -9 is to the database: the session ends, and nothing else happens.
 */
#ifndef TESTS_SIDE_H
#define TESTS_SIDE_H

#include "fixture_db.h"

#include "jobs/claim.h"
#include "jobs/operate.h"
#include "jobs/run.h"

#define SIDE_HOLD_MS 60000 /* of a lease that is not to end */

struct side {
	struct db *db;
	struct arena *arena;
	struct ctx cx;
	struct queue queue;
	struct claim_lane lane;
};

struct side *side_open(struct ctx *of, int64_t lease_ms);
void side_reset(struct side *s, const struct ctx *of);
/** Leave the queue and free. */
void side_close(struct side *s);
/** End the session, keep the rest; the next statement has a new session. */
void side_kill(struct side *s);
/** Free a runner whose row is gone. */
void side_free(struct side *s);

/** The next claim begins at the beginning. */
void side_sweep(struct side *s);
/** Claim up to n and want so many.  @ret the first */
const struct job_claim *side_claim(struct side *s, int64_t n, size_t wanted);
/** Claim up to n jobs of other kinds. */
void side_claim_of(struct side *s, queue_handlers handlers, enum claim_weight weight, int64_t n,
                   struct list *ret);
/** Attempt a claimed job, told to stop when why is not RUN_ON.  @ret the outcome */
const char *side_attempt(struct side *s, const struct job_claim *job, enum run_why why);
/** Look until somebody was declared dead, or for ms milliseconds.  @ret how many were */
int64_t side_rescue(struct side *s, int ms);

/** @n the error that running returns; 0 completes, with the claim's token as result */
int64_t side_enqueue(struct ctx *cx, struct job_new in, int64_t n);
struct job side_job(struct ctx *cx, int64_t id);

/** A job as GET /jobs/{id} reads it. */
NODISCARD
enum err side_look(struct ctx *cx, int64_t id, struct job_detail *ret);
/** @ret events of a job of that kind and status */
int64_t side_events(struct ctx *cx, int64_t job, const char *kind, const char *status);
/** @ret how often the job's work was told of a failure; how is "again" or "over" */
int64_t side_told(struct ctx *cx, int64_t job, const char *how);

extern queue_handlers side_handlers;
extern job_kinds side_kinds; /* of the handlers */

/** Set-up of a test: no job and no runner of a test before is left. */
int side_begin(void **state);

#endif
