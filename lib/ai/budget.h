/*
 * Budgets: what models may cost a tenant, a person or an API key in a day or a month.
 *
 * Days and months are those of UTC.  A call holds the most that it may cost before it is sent, in all budgets
 * that it concerns or in none, and gives it back for what it did cost when it has ended; so no number of calls
 * at once passes a limit.  A model without prices costs tokens only.
 *
 * Every function keeps the promises of projects/project.h: ownership, tenancy, errors, time.
 */
#ifndef AI_BUDGET_H
#define AI_BUDGET_H

#include "events/event.h"

#define BUDGET_LIMIT_MAX INT64_C(1000000000000000) /* millionths or tokens */
#define BUDGET_LIST_MAX  201
#define BUDGET_ABSENT    INT64_C(-1)

/* What a client sends to set one. */
struct budget_put {
	const char *period;   /* "day", "month" */
	int64_t limit_micro;  /* 0: none by money */
	int64_t limit_tokens; /* 0: none by tokens */
};

struct budget {
	int64_t id;
	const char *name; /* "tenant", "user:3", "key:7" */
	const char *period;
	int64_t limit_micro, limit_tokens;
	int64_t spent_micro, spent_tokens; /* in the present period */
	int64_t held_micro, held_tokens;   /* by calls that are under way */
	int64_t version, created_us, updated_us;
};

struct budget_filter {
	int64_t before_id, limit;
};

/* Whose money it is, and how much. */
struct budget_charge {
	int64_t user_id, key_id; /* 0: none; the tenant always pays */
	int64_t micro, tokens;
};

extern const struct schema budget_put_schema, budget_schema;
extern const struct event_kind budget_changed, budget_deleted;

/**
 * @name  "tenant", "user:<number>" or "key:<number>"
 * Returns ERR_INVALID, ERR_STALE, ERR_NOT_FOUND
 */
NODISCARD
enum err budget_set(struct ctx *cx, const char *name, int64_t version, const struct budget_put *in,
                    struct budget *ret);
NODISCARD
enum err budget_get(struct ctx *cx, const char *name, struct budget *ret);
NODISCARD
enum err budget_list(struct ctx *cx, const struct budget_filter *filter, struct list *ret);
NODISCARD
enum err budget_delete(struct ctx *cx, const char *name, int64_t version);

/** Reserve, in the caller's transaction.  Returns ERR_BUDGET, with the seconds until the period ends */
NODISCARD
enum err budget_hold(struct ctx *cx, const struct budget_charge *charge);

/** Give back what was held and count what it cost, in the caller's transaction. */
NODISCARD
enum err budget_settle(struct ctx *cx, const struct budget_charge *held,
                       const struct budget_charge *spent);

extern const struct db_check budget_statements[];

#endif
