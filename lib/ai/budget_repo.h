/* SQL of budgets.  For lib/ai only. */
#ifndef AI_BUDGET_REPO_H
#define AI_BUDGET_REPO_H

#include "ai/budget.h"

/* Whose budget it is. */
struct budget_subject {
	const char *scope;
	int64_t id;
};

/* A budget after something was held in it. */
struct budget_held {
	const char *name, *period;
	bool over;
	int64_t left_s; /* seconds until its period ends */
};

NODISCARD
enum err budget_repo_insert(struct ctx *cx, const struct budget_subject *of,
                            const struct budget_put *in, struct budget *ret);
NODISCARD
enum err budget_repo_update(struct ctx *cx, const struct budget_subject *of, int64_t version,
                            const struct budget_put *in, struct budget *ret);
NODISCARD
enum err budget_repo_get(struct ctx *cx, const struct budget_subject *of, struct budget *ret);
NODISCARD
enum err budget_repo_list(struct ctx *cx, const struct budget_filter *filter, struct list *ret);
NODISCARD
enum err budget_repo_delete(struct ctx *cx, const struct budget_subject *of, int64_t version,
                            struct budget *ret);

/** @ret items are struct budget_held */
NODISCARD
enum err budget_repo_hold(struct ctx *cx, const struct budget_charge *charge, struct list *ret);
NODISCARD
enum err budget_repo_settle(struct ctx *cx, const struct budget_charge *held,
                            const struct budget_charge *spent);

#endif
