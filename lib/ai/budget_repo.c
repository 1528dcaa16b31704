/* SQL of budgets. */
#include "ai/budget_repo.h"

/* The first day of the period that is now. */
#define STARTS "date_trunc(period, now() AT TIME ZONE 'UTC')::date"
/* What was spent in an earlier period counts no more. */
#define SPENT(column) "CASE WHEN period_start = " STARTS " THEN " column " ELSE 0 END"
#define NAME          "CASE WHEN scope = 'tenant' THEN scope ELSE scope || ':' || subject_id END AS name"
#define COLUMNS                                                                                        \
	"id, " NAME ", period, coalesce(limit_micro, 0) AS limit_micro,"                               \
	" coalesce(limit_tokens, 0) AS limit_tokens, " SPENT("spent_micro") " AS spent_micro, " SPENT( \
		"spent_tokens") " AS spent_tokens, held_micro, held_tokens, version, " DB_US("created_at") ", " DB_US("updated_at")

static const struct db_stmt INSERT = {
	.name = "budget_insert",
	.nparams = 6,
	.sql = "INSERT INTO app.llm_budget (tenant_id, scope, subject_id, period, limit_micro,"
	       " limit_tokens) VALUES ($1, $2, $3, $4, $5, $6) RETURNING " COLUMNS,
};

enum err budget_repo_insert(struct ctx *cx, const struct budget_subject *of,
                            const struct budget_put *in, struct budget *ret)
{
	return db_get(cx, &INSERT,
	              DB_ARGS(DB_TEXT(of->scope), DB_INT(of->id), DB_TEXT(in->period),
	                      DB_INT0(in->limit_micro), DB_INT0(in->limit_tokens)),
	              &budget_schema, ret);
}

static const struct db_stmt UPDATE = {
	.name = "budget_update",
	.nparams = 7,
	.sql = "UPDATE app.llm_budget SET period = $5, limit_micro = $6, limit_tokens = $7,"
	       " spent_micro = CASE WHEN period = $5 THEN spent_micro ELSE 0 END,"
	       " spent_tokens = CASE WHEN period = $5 THEN spent_tokens ELSE 0 END,"
	       " version = version + 1, updated_at = now() WHERE tenant_id = $1 AND scope = $2"
	       " AND subject_id = $3 AND ($4::bigint = 0 OR version = $4) RETURNING " COLUMNS,
};

enum err budget_repo_update(struct ctx *cx, const struct budget_subject *of, int64_t version,
                            const struct budget_put *in, struct budget *ret)
{
	return db_get(cx, &UPDATE,
	              DB_ARGS(DB_TEXT(of->scope), DB_INT(of->id), DB_INT(version),
	                      DB_TEXT(in->period), DB_INT0(in->limit_micro),
	                      DB_INT0(in->limit_tokens)),
	              &budget_schema, ret);
}

static const struct db_stmt GET = {
	.name = "budget_get",
	.read = true,
	.nparams = 3,
	.sql = "SELECT " COLUMNS " FROM app.llm_budget"
	       " WHERE tenant_id = $1 AND scope = $2 AND subject_id = $3",
};

enum err budget_repo_get(struct ctx *cx, const struct budget_subject *of, struct budget *ret)
{
	return db_get(cx, &GET, DB_ARGS(DB_TEXT(of->scope), DB_INT(of->id)), &budget_schema, ret);
}

static const struct db_stmt LIST = {
	.name = "budget_list",
	.read = true,
	.nparams = 3,
	.sql = "SELECT " COLUMNS " FROM app.llm_budget WHERE tenant_id = $1"
	       " AND ($2::bigint = 0 OR id < $2) ORDER BY id DESC LIMIT $3",
};

enum err budget_repo_list(struct ctx *cx, const struct budget_filter *filter, struct list *ret)
{
	return db_list(cx, &LIST, DB_ARGS(DB_INT(filter->before_id), DB_INT(filter->limit)),
	               &budget_schema, ret);
}

static const struct db_stmt DELETE = {
	.name = "budget_delete",
	.nparams = 4,
	.sql = "DELETE FROM app.llm_budget WHERE tenant_id = $1 AND scope = $2 AND subject_id = $3"
	       " AND ($4::bigint = 0 OR version = $4) RETURNING " COLUMNS,
};

enum err budget_repo_delete(struct ctx *cx, const struct budget_subject *of, int64_t version,
                            struct budget *ret)
{
	return db_get(cx, &DELETE, DB_ARGS(DB_TEXT(of->scope), DB_INT(of->id), DB_INT(version)),
	              &budget_schema, ret);
}

/* --- Holding and settling --- */

/* In the order of their ids, so that two calls do not wait for each other. */
#define MINE                                                                                       \
	"WITH mine AS (SELECT id AS mine_id FROM app.llm_budget WHERE tenant_id = $1 AND ("        \
	"scope = 'tenant' OR (scope = 'user' AND subject_id = $2)"                                 \
	" OR (scope = 'key' AND subject_id = $3)) ORDER BY id FOR UPDATE)"

static const struct field HELD_FIELDS[] = {
	F_TEXT(struct budget_held, name),
	F_TEXT(struct budget_held, period),
	F_BOOL(struct budget_held, over),
	F_INT(struct budget_held, left_s),
};
static const struct schema HELD = SCHEMA(struct budget_held, "BudgetHeld", HELD_FIELDS);

static const struct db_stmt HOLD = {
	.name = "budget_hold",
	.nparams = 5,
	.sql = MINE
	" UPDATE app.llm_budget SET spent_micro = " SPENT("spent_micro") ", spent_tokens = " SPENT(
		"spent_tokens") ", period_start = " STARTS ", held_micro = held_micro + $4,"
				" held_tokens = held_tokens + $5 FROM mine WHERE tenant_id = $1 AND id = mine_id RETURNING " NAME
				", period, coalesce(spent_micro + held_micro > limit_micro, false)"
				" OR coalesce(spent_tokens + held_tokens > limit_tokens, false) AS over,"
				" ceil(extract(epoch FROM (period_start + ('1 ' || period)::interval)"
				" - (now() AT TIME ZONE 'UTC')))::bigint AS left_s",
};

enum err budget_repo_hold(struct ctx *cx, const struct budget_charge *charge, struct list *ret)
{
	return db_list(cx, &HOLD,
	               DB_ARGS(DB_INT(charge->user_id), DB_INT(charge->key_id),
	                       DB_INT(charge->micro), DB_INT(charge->tokens)),
	               &HELD, ret);
}

/* What was held before the budget was made is not in it. */
static const struct db_stmt SETTLE = {
	.name = "budget_settle",
	.nparams = 7,
	.sql = MINE
	" UPDATE app.llm_budget SET spent_micro = " SPENT("spent_micro") " + $6, spent_tokens = " SPENT(
		"spent_tokens") " + $7, period_start = " STARTS
				", held_micro = greatest(held_micro - $4, 0),"
				" held_tokens = greatest(held_tokens - $5, 0) FROM mine"
				" WHERE tenant_id = $1 AND id = mine_id",
};

enum err budget_repo_settle(struct ctx *cx, const struct budget_charge *held,
                            const struct budget_charge *spent)
{
	return db_run(cx, &SETTLE,
	              DB_ARGS(DB_INT(held->user_id), DB_INT(held->key_id), DB_INT(held->micro),
	                      DB_INT(held->tokens), DB_INT(spent->micro), DB_INT(spent->tokens)),
	              NULL);
}

const struct db_check budget_statements[] = {
	{ .stmt = &INSERT, .row = &budget_schema },
	{ .stmt = &UPDATE, .row = &budget_schema },
	{ .stmt = &GET, .row = &budget_schema },
	{ .stmt = &LIST, .row = &budget_schema },
	{ .stmt = &DELETE, .row = &budget_schema },
	{ .stmt = &HOLD, .row = &HELD },
	{ .stmt = &SETTLE },
	{ .stmt = NULL },
};
