/*
 * Activity: how many events of a kind there were on a day, of each project.
 *
 * Kept by a subscription, so each event is counted exactly once, soon after it happened.  Days are those of UTC,
 * and of when the change began.
 */
#ifndef EVENTS_ACTIVITY_H
#define EVENTS_ACTIVITY_H

#include "events/subscription.h"

#define ACTIVITY_DAYS_MAX 366 /* of one question */

struct activity {
	const char *day; /* "2026-11-21" */
	const char *kind;
	int64_t events;
};
extern const struct schema activity_schema;

struct activity_filter {
	int64_t project_id;    /* 0: all, and what is about none */
	const char *from, *to; /* days, both included; NULL: the last 30, today */
	struct list hidden;    /* of const char *: kinds that are left out */
};

/**
 * Counts of the caller's tenant, by day and kind, rising.
 * @ret of struct activity
 * Returns ERR_INVALID for days that are none, or more of them than ACTIVITY_DAYS_MAX ("?from", "?to")
 */
NODISCARD
enum err activity_list(struct ctx *cx, const struct activity_filter *filter, struct list *ret);

/** A .check of a day: ERR_INVALID, rule "date". */
NODISCARD
enum err activity_check_day(struct ctx *cx, const char *pointer, const char *text);

extern const struct event_subscriber activity_subscriber;
extern const struct db_check activity_statements[];

#endif
