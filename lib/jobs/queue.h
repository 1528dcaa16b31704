/*
 * Queue: what a runner process does with the jobs of all tenants.
 *
 * A runner joins under a fresh UUID and proves its life in two ways: by a heartbeat on the database's
 * clock, and by an advisory lock of its session, which vanishes at the instant at which the process is
 * killed.  Others look once a second; whose lock is free at two looks with the same heartbeat, or whose
 * heartbeat is older than its lease, is declared dead: its jobs go back and its row away in one
 * transaction.  A runner that finds its row gone has been declared dead and must stop.
 *
 * The lock is no sign while the server is younger than a lease, nor for whoever has just reconnected: a
 * restart ends every session, and the runners live on.
 *
 *   Tenancy  These calls are about no tenant; the caller's context needs none.
 *   Errors   What base/db.h names, and those named here.
 *   Threads  A queue belongs to the thread that joined, and to its connection.
 */
#ifndef JOBS_QUEUE_H
#define JOBS_QUEUE_H

#include "events/bell.h"
#include "jobs/job.h"

#define QUEUE_ID_MAX       37 /* a UUID, NUL included */
#define QUEUE_SUSPECTS_MAX 16 /* runners under suspicion at a time; others wait for the next look */
#define QUEUE_CONFIRM_MS   200 /* between the two looks at a free lock */

/* A runner whose lock was seen free. */
struct queue_suspect {
	char id[QUEUE_ID_MAX], host[256];
	int64_t beat_us; /* its heartbeat then */
	int64_t seen_ms; /* monotonic */
};

/* What a runner looks at. */
struct queue_sight {
	const char *heavy, *light; /* queues, arrays in PostgreSQL's text form; heavy: all others */
	const char *types;         /* kinds of jobs that it knows, the same */
	const char *running;       /* ids of the jobs that it runs, the same */
};

/* What it sees. */
struct queue_look {
	bool corpses;       /* a runner looks dead: queue_rescue() */
	bool alone;         /* there is no other runner */
	bool heavy, light;  /* jobs may be started */
	bool schedules;     /* one is due */
	bool cancelled;     /* somebody asked to cancel what runs here: queue_cancelled() */
	const char *limits; /* changes when the limits of a queue do */
	int64_t next_us; /* microseconds until the next job's or schedule's time, within an hour; 0: none */
};

/* One process's membership, or that of a lane in it. */
struct queue {
	char id[QUEUE_ID_MAX];
	int64_t lease_ms;
	int64_t session; /* the server's process behind the connection at the last heartbeat */
	int64_t quiet_until_ms; /* monotonic; until then the locks of others are no sign */
	struct queue_suspect suspects[QUEUE_SUSPECTS_MAX];
	size_t nsuspects;
	int64_t members; /* rows of the process: itself and its lanes */
};

/* All handlers of the program: an array of tables, ended by NULL. */
typedef const struct job_handler *const queue_handlers[];

/** @ret the handler of a type, NULL when this program has none */
const struct job_handler *queue_handler(queue_handlers handlers, const char *type);

/** Join under a fresh id, and listen for the bell (events/bell.h). */
NODISCARD
enum err queue_join(struct ctx *cx, struct queue *q, const char *host, int64_t lease_ms);

/**
 * Join for a lane, which claims under an id of its own, on a connection of its own.  The runner's
 * session holds its lock and beats for it.
 */
NODISCARD
enum err queue_join_lane(struct ctx *cx, struct queue *q, const char *host, struct queue *lane);

/**
 * Renew the lease of all jobs of this runner and its lanes, and the locks after a reconnection.
 * Returns ERR_LEASE_LOST when others have declared this runner dead
 */
NODISCARD
enum err queue_beat(struct ctx *cx, struct queue *q);

/**
 * Hand back what this member has claimed without knowing it: when the connection is lost while a claim
 * commits, nobody hears of the jobs.
 *
 * @known ids of the jobs that it knows, so many
 * @ret   how many were handed back
 */
NODISCARD
enum err queue_disown(struct ctx *cx, const struct queue *q, const int64_t *known, size_t n,
                      int64_t *ret);

/**
 * Say for whom this runner wants to be rung; look at the queue once afterwards, for what was committed
 * before that.
 * @bells of BELL_HEAVY, BELL_LIGHT, BELL_WAITS
 */
NODISCARD
enum err queue_sleep(struct ctx *cx, const struct queue *q, unsigned bells);

/** Look at everything that may be waiting. */
NODISCARD
enum err queue_look(struct ctx *cx, const struct queue *q, const struct queue_sight *sight,
                    struct queue_look *ret);

/** @running as in the sight  @ret items are struct job_claim: those that someone asked to cancel */
NODISCARD
enum err queue_cancelled(struct ctx *cx, const struct queue *q, const char *running,
                         struct list *ret);

/**
 * Look for dead runners and give back their jobs; one that cost JOB_LEASE_LOSSES runners their life
 * is dead.
 *
 * @ret_runners  how many were declared dead
 * @ret_suspects whether to look again after QUEUE_CONFIRM_MS
 */
NODISCARD
enum err queue_rescue(struct ctx *cx, struct queue *q, queue_handlers handlers,
                      int64_t *ret_runners, bool *ret_suspects);

/** Hand back what this runner and its lanes still hold, as if it had never been started, and leave. */
NODISCARD
enum err queue_leave(struct ctx *cx, const struct queue *q);

/**
 * Delete ended jobs, events, answers to idempotency keys and families of tokens past their time, as the
 * settings say, and progress of jobs that are gone; make partitions for the days to come; give back jobs
 * whose runner has no row (somebody deleted it by hand).  Does nothing while another runner is at it.
 *
 * @ret rows deleted; call again when it is QUEUE_TIDY_ROWS or more
 */
#define QUEUE_TIDY_ROWS 5000
NODISCARD
enum err queue_tidy(struct ctx *cx, int64_t *ret);

extern const struct db_check queue_statements[];

#endif
