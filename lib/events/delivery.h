/*
 * Deliveries, as an operator sees them: how far subscriptions are, and what they could not hand on.
 *
 * A tenant sees its own: of each subscription how many of its events wait, and those of them that failed.
 *
 *   Tenancy  The id of another tenant's delivery is an unknown id.
 */
#ifndef EVENTS_DELIVERY_H
#define EVENTS_DELIVERY_H

#include "events/event.h"

#define DELIVERY_PAGE_MAX 200
#define DELIVERY_LAG_MAX  10000 /* events that are counted; more are told as so many */

struct subscription {
	const char *name, *doc;
	struct list kinds;  /* of const char * */
	int64_t position;   /* up to where the log was handed on */
	int64_t handled;    /* events of all tenants so far */
	int64_t lag_events; /* the tenant's that wait after it, at most DELIVERY_LAG_MAX */
	int64_t lag_s;      /* seconds for which the oldest of them has waited */
	int64_t failing;    /* that are tried again, and those behind them */
	int64_t parked;
	int64_t updated_us; /* when it last moved on */
};
extern const struct schema subscription_schema;

struct delivery {
	int64_t id;
	const char *subscription;
	int64_t position;
	const char *kind;
	int64_t version, project_id;
	const char *payload, *actor, *request_id;
	int64_t created_us;
	const char *state; /* waiting, behind, parked */
	int64_t attempt;
	const char *error_type, *error_message;
	int64_t failed_us, retry_us;
};
extern const struct schema delivery_schema;

struct delivery_filter {
	const char *subscription; /* its name; NULL: any */
	const char *state;        /* NULL: any */
	int64_t before_id;        /* newest first, ids below this; 0: from the newest */
	int64_t limit;            /* 1 to DELIVERY_PAGE_MAX + 1 */
};

/* Which parked events are handed on again. */
struct delivery_choice {
	const char *subscription; /* its name; NULL: any */
};
extern const struct schema delivery_choice_schema;

/** @ret of struct subscription, by name */
NODISCARD
enum err subscription_list(struct ctx *cx, struct list *ret);

/** @ret of struct delivery */
NODISCARD
enum err delivery_list(struct ctx *cx, const struct delivery_filter *filter, struct list *ret);

/**
 * Hand on a parked event again, with fresh attempts, or one that waits at once.  Ring the bell afterwards.
 * Returns ERR_NOT_FOUND; ERR_STATE when it stands behind another of its project
 */
NODISCARD
enum err delivery_redeliver(struct ctx *cx, int64_t id, struct delivery *ret);

/** Give up a parked event for good.  Returns ERR_NOT_FOUND; ERR_STATE when it is not parked */
NODISCARD
enum err delivery_discard(struct ctx *cx, int64_t id);

/** Hand on all parked events of a subscription again, or of all. @ret how many */
NODISCARD
enum err delivery_redeliver_all(struct ctx *cx, const struct delivery_choice *choice, int64_t *ret);

extern const struct db_check delivery_statements[];

#endif
