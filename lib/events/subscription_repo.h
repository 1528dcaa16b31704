/* SQL of handing on; of lib/events alone. */
#ifndef EVENTS_SUBSCRIPTION_REPO_H
#define EVENTS_SUBSCRIPTION_REPO_H

#include "events/subscription.h"

/** @kinds text of an array */
NODISCARD
enum err subscription_repo_register(struct ctx *cx, const char *name, const char *kinds,
                                    const char *doc);

struct subscription_look {
	int64_t moved; /* events that got a position; -1: another is at it */
	bool work;
	int64_t wait_ms; /* -1: nothing is to be tried again */
};
/** @names of the subscriptions, text of an array */
NODISCARD
enum err subscription_repo_look(struct ctx *cx, const char *names, struct subscription_look *ret);

/** @behind events after its place that are work, whatever they are */
NODISCARD
enum err subscription_repo_wants(struct ctx *cx, const char *name, int64_t behind, bool *ret);

struct subscription_place {
	int64_t id, position;
	bool waiting;     /* whether an event is due again */
	const char *idle; /* the server's patience with this session, as it now is */
};
/** Hold the row until the transaction ends.  Returns ERR_NOT_FOUND when another does */
NODISCARD
enum err subscription_repo_hold(struct ctx *cx, const char *name, struct subscription_place *ret);

/* An event to hand on. */
struct subscription_step {
	int64_t delivery_id, attempt; /* of one that is due again */
	int64_t tenant_id;
	struct event event;
	bool blocked; /* one of its project waits */
	bool done;    /* for the round's own use */
};

/** The log after the place.  @ret of struct subscription_step */
NODISCARD
enum err subscription_repo_next(struct ctx *cx, const struct subscription_place *place,
                                struct list *ret);

/** What is due again, with what stands behind it.  @ret of struct subscription_step */
NODISCARD
enum err subscription_repo_due(struct ctx *cx, int64_t id, struct list *ret);

/** Whether the caller's tenant is one to work for. */
NODISCARD
enum err subscription_repo_tenant_lives(struct ctx *cx, bool *ret);

/* Why an event was not taken, as it is written down. */
struct subscription_failure {
	const char *type, *message;
	int64_t wait_ms; /* until it is tried again; -1: it is parked */
};

/**
 * Write down an event of the caller's tenant that was not taken.
 * @ret_new false: it lies there already, and stays as it is
 */
NODISCARD
enum err subscription_repo_fail(struct ctx *cx, int64_t id, int64_t position,
                                const struct subscription_failure *why, bool *ret_new);

/** Write down events of the caller's tenant that wait behind others. @positions text of an array */
NODISCARD
enum err subscription_repo_defer(struct ctx *cx, int64_t id, const char *positions);

/** It was taken: the next of its project is due. */
NODISCARD
enum err subscription_repo_taken(struct ctx *cx, const struct subscription_step *step);

/** It was not: later again, or parked, and then the next of its project is due. */
NODISCARD
enum err subscription_repo_again(struct ctx *cx, const struct subscription_step *step,
                                 const struct subscription_failure *why);
NODISCARD
enum err subscription_repo_park(struct ctx *cx, const struct subscription_step *step,
                                const struct subscription_failure *why);

/** @lazy nothing but the place was written: it need not be on the disk, and is found again from the log */
NODISCARD
enum err subscription_repo_advance(struct ctx *cx, const struct subscription_place *place,
                                   int64_t handled, bool lazy);

NODISCARD
enum err subscription_repo_tidy(struct ctx *cx, int64_t event_days, int64_t activity_days,
                                int64_t piece_hours, int64_t *ret);

#endif
