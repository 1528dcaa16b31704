/* Budgets: schemas and rules. */
#include "ai/budget.h"

#include "ai/budget_repo.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const PERIODS[] = { "day", "month", NULL };

static const struct field PUT_FIELDS[] = {
	F_TEXT(struct budget_put, period, .required = true, .one_of = PERIODS,
	       .doc = "What it is for: a day or a month, of UTC"),
	F_INT(struct budget_put, limit_micro, .nullable = true, .min = 1, .max = BUDGET_LIMIT_MAX,
	      .example = "5000000",
	      .doc = "Most that may be spent, in millionths of the currency; null: money does not count"),
	F_INT(struct budget_put, limit_tokens, .nullable = true, .min = 1, .max = BUDGET_LIMIT_MAX,
	      .doc = "Most tokens, of input and output together; null: they do not count"),
};
const struct schema budget_put_schema = SCHEMA(struct budget_put, "BudgetPut", PUT_FIELDS);

#define LIMIT .zero_is_null = true, .nullable = true

static const struct field FIELDS[] = {
	F_INT(struct budget, id, .doc = "Number of the budget"),
	F_TEXT(struct budget, name, .example = "\"user:3\"",
	       .doc = "Whose it is: tenant, user:<number> or key:<number>"),
	F_TEXT(struct budget, period, .one_of = PERIODS, .doc = "What it is for"),
	F_INT(struct budget, limit_micro, LIMIT, .doc = "Most that may be spent, in millionths"),
	F_INT(struct budget, limit_tokens, LIMIT, .doc = "Most tokens"),
	F_INT(struct budget, spent_micro, .doc = "Spent in the present period, in millionths"),
	F_INT(struct budget, spent_tokens, .doc = "Tokens of the present period"),
	F_INT(struct budget, held_micro, .doc = "Held by calls that are under way, in millionths"),
	F_INT(struct budget, held_tokens, .doc = "Tokens that they hold"),
	F_INT(struct budget, version, .doc = "Rises with every change; the ETag is made from it"),
	F_TIME(struct budget, created_us, .name = "created_at", .doc = "When it was made"),
	F_TIME(struct budget, updated_us, .name = "updated_at", .doc = "When it last changed"),
};
const struct schema budget_schema = SCHEMA(struct budget, "Budget", FIELDS);

const struct event_kind budget_changed = {
	.type = "budget.changed",
	.version = 1,
	.payload = &budget_schema,
	.audited = true,
	.confidential = true,
	.doc = "A budget for models was made or changed.",
};
const struct event_kind budget_deleted = {
	.type = "budget.deleted",
	.version = 1,
	.payload = &budget_schema,
	.audited = true,
	.confidential = true,
	.doc = "A budget for models is gone; the payload is what it last was.",
};

static enum err not_found(struct ctx *cx, const char *name)
{
	return err_set(cx, ERR_NOT_FOUND, "there is no budget %s", name);
}

/* @ret whether a name can be a budget's */
static bool subject_of(const char *name, struct budget_subject *ret)
{
	const char *colon = strchr(name, ':');
	size_t n = colon == NULL ? strlen(name) : (size_t)(colon - name);
	int64_t id = 0;

	if (colon == NULL && strcmp(name, "tenant") == 0) {
		*ret = (struct budget_subject){ .scope = "tenant" };
		return true;
	}
	if (colon != NULL && colon[1] >= '1' && colon[1] <= '9' && strlen(colon + 1) <= 18 &&
	    strspn(colon + 1, "0123456789") == strlen(colon + 1))
		id = strtoll(colon + 1, NULL, 10);
	if (id > 0 && n == 4 && memcmp(name, "user", 4) == 0)
		*ret = (struct budget_subject){ .scope = "user", .id = id };
	else if (id > 0 && n == 3 && memcmp(name, "key", 3) == 0)
		*ret = (struct budget_subject){ .scope = "key", .id = id };
	else
		return false;
	return true;
}

static enum err get(struct ctx *cx, const char *name, const struct budget_subject *of,
                    struct budget *ret)
{
	enum err e = budget_repo_get(cx, of, ret);

	return e == ERR_NOT_FOUND ? not_found(cx, name) : e;
}

enum err budget_get(struct ctx *cx, const char *name, struct budget *ret)
{
	struct budget_subject of;

	return subject_of(name, &of) ? get(cx, name, &of, ret) : not_found(cx, name);
}

static enum err gone_or_stale(struct ctx *cx, const char *name, const struct budget_subject *of,
                              int64_t version)
{
	struct budget now;

	err_clear(cx);
	TRY(get(cx, name, of, &now));
	err_set(cx, ERR_STALE, "the budget is at version %" PRId64 ", not %" PRId64, now.version,
	        version);
	err_fix(cx, "read it again and repeat the change");
	return ERR_STALE;
}

/* One that is there already breaks llm_budget_subject_key. */
static enum err make(struct ctx *cx, const char *name, const struct budget_subject *of,
                     const struct budget_put *in, struct budget *ret)
{
	enum err e = budget_repo_insert(cx, of, in, ret);

	return e == ERR_CONFLICT ? err_set(cx, ERR_STALE, "there is a budget %s already", name) : e;
}

enum err budget_set(struct ctx *cx, const char *name, int64_t version, const struct budget_put *in,
                    struct budget *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct budget_subject of;
	struct budget made;
	enum err e;

	if (!subject_of(name, &of))
		return version != BUDGET_ABSENT
		               ? not_found(cx, name)
		               : err_field(cx, ERR_INVALID, "name", "subject",
		                           "is not tenant, user:<number> or key:<number>");
	TRY(db_begin(cx, &tx));
	if (version == BUDGET_ABSENT) {
		TRY(make(cx, name, &of, in, &made));
	} else {
		e = budget_repo_update(cx, &of, version, in, &made);
		if (e == ERR_NOT_FOUND)
			return gone_or_stale(cx, name, &of, version);
		TRY(e);
	}
	TRY(event_emit(cx, &budget_changed, 0, &made));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

enum err budget_list(struct ctx *cx, const struct budget_filter *filter, struct list *ret)
{
	assert(filter->limit >= 1 && filter->limit <= BUDGET_LIST_MAX);
	return budget_repo_list(cx, filter, ret);
}

enum err budget_delete(struct ctx *cx, const char *name, int64_t version)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct budget_subject of;
	struct budget was;
	enum err e;

	if (!subject_of(name, &of))
		return not_found(cx, name);
	TRY(db_begin(cx, &tx));
	e = budget_repo_delete(cx, &of, version, &was);
	if (e == ERR_NOT_FOUND)
		return gone_or_stale(cx, name, &of, version);
	TRY(e);
	TRY(event_emit(cx, &budget_deleted, 0, &was));
	return db_commit(&tx);
}

enum err budget_hold(struct ctx *cx, const struct budget_charge *charge)
{
	const struct budget_held *held;
	struct list list;

	TRY(budget_repo_hold(cx, charge, &list));
	held = list.items;
	for (size_t i = 0; i < list.n; i++) {
		if (!held[i].over)
			continue;
		err_set(cx, ERR_BUDGET, "the budget of %s for the %s has not enough left for this",
		        held[i].name, held[i].period);
		err_fix(cx,
		        "Raise it with PUT /api/v1/ai/budgets/%s, ask for fewer tokens, or wait.",
		        held[i].name);
		err_retry(cx, held[i].left_s);
		return ERR_BUDGET;
	}
	return ERR_OK;
}

enum err budget_settle(struct ctx *cx, const struct budget_charge *held,
                       const struct budget_charge *spent)
{
	return budget_repo_settle(cx, held, spent);
}
