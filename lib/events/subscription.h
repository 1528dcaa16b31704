/*
 * Subscriptions: parts of the program that are told of events, durably.
 *
 * A subscription is a name, kinds, and a handler.  Its place in the log is a row; whoever hands on holds that
 * row for one transaction, in which what the handler writes and the new place are committed together.  So
 * an event is handed on at least once, and what comes of it in the database comes exactly once.
 *
 *   Order     Of each project; what is about no project is in order by itself, for each tenant.
 *   Failure   An event that the handler does not take is written down (app.event_delivery) and tried again
 *             with full-jitter back-off; the later ones of its project wait behind it, others go on.  After
 *             .attempts it is parked: an operator looks, hands it on again or discards it
 *             (events/delivery.h), and its project's later events go on.
 *   Several   Of the processes that hand on, one holds a subscription at a time.  When its session ends, or
 *             is idle in the transaction for SUBSCRIPTION_IDLE_MS, the next one goes on from the row.
 *   Tenancy   The handler runs as its event's tenant, bound by the wall; the rest is about no tenant, on a
 *             connection of the runner's role.  Events of tenants that are being deleted are passed over.
 */
#ifndef EVENTS_SUBSCRIPTION_H
#define EVENTS_SUBSCRIPTION_H

#include "events/event.h"

#define SUBSCRIPTION_NAME_MAX 100
#define SUBSCRIPTION_BATCH    500 /* events of one round */
#define SUBSCRIPTION_PASS_OVER                                                                     \
	100 /* events that it does not want, before its place is moved past them */
#define SUBSCRIPTION_IDLE_MS       5000 /* for which a holder that is silent keeps others out */
#define SUBSCRIPTION_BACKOFF_MAX_S 3600
#define SUBSCRIPTION_ARENA_BYTES   ((size_t)64 * 1024 * 1024) /* that a round needs at most */

struct event_subscriber {
	const char *name;         /* "activity"; for ever */
	const char *const *kinds; /* "project.created", "job.*" or "*"; NULL ends */
	/*
	 * Take n events of one tenant, in order, in the transaction that is open; no network.  When it fails,
	 * all it wrote is undone, and the events are handed to it again one by one.  What it asks for because of
	 * an event carries that one's request id when it says so: event_take_request().
	 */
	enum err (*handle)(struct ctx *cx, const struct event *events, size_t n);
	int attempts;    /* before an event is parked */
	int patience_ms; /* for which events may wait, so that more of them are handed on at a time */
	int backoff_s;   /* ceiling of the first pause; each further one is twice as long */
	const char *doc;
};

/* Every subscriber, ended by NULL; app/registry_subscribers.h has the program's. */
typedef const struct event_subscriber *const event_subscribers[];

/** @ret NULL, or in arena which subscriber breaks which rule */
const char *event_subscribers_check(struct arena *arena, event_subscribers subscribers);

/** Write down the subscriptions; a new one begins at the oldest event that is kept. */
NODISCARD
enum err subscription_register(struct ctx *cx, event_subscribers subscribers);

/**
 * Bring events into order, and see whether there is anything to hand on.
 *
 * @ret_work    whether to call subscription_run() for each subscriber
 * @ret_wait_ms until the next event is to be tried again; -1: none waits
 */
NODISCARD
enum err subscription_look(struct ctx *cx, event_subscribers subscribers, bool *ret_work,
                           int64_t *ret_wait_ms);

/**
 * Whether a subscription has anything to do: an event that it wants or that is due again, or a place so far
 * behind that it should be moved.  A round that finds nothing costs five statements and a commit.
 *
 * @all whatever is behind its place counts
 */
NODISCARD
enum err subscription_wants(struct ctx *cx, const struct event_subscriber *subscriber, bool all,
                            bool *ret);

/* What one round has done. */
struct subscription_round {
	bool elsewhere;         /* another holds it: look again soon */
	bool more;              /* call again */
	int64_t handled;        /* events that the handler took */
	int64_t failed, parked; /* those it did not: to be tried again, given up */
	struct fault fault;     /* why, of the last one */
	int64_t at;             /* its position */
};

/**
 * Hand on one portion: what is due again, and up to SUBSCRIPTION_BATCH events after the place.
 *
 * On error nothing of it has happened.  Ring the bell afterwards, for what handlers wrote.
 */
NODISCARD
enum err subscription_run(struct ctx *cx, const struct event_subscriber *subscriber,
                          struct subscription_round *ret);

/**
 * Take away what is past its retention: parked events and deleted keys of state as old as the log may be,
 * counts as the setting activity_days says, pieces of answers as event_pieces_hours says.
 * @ret rows taken away
 */
NODISCARD
enum err subscription_tidy(struct ctx *cx, int64_t *ret);

extern const struct db_check subscription_statements[];

#endif
