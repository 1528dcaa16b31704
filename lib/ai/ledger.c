/* The ledger: what is held, what was spent. */
#include "ai/ledger.h"

#include "ai/budget.h"
#include "ai/ledger_repo.h"

#define MILLION 1000000

const char *const ledger_states[] = { "open",      "done",   "failed", "cut",
	                              "cancelled", "cached", "lost",   NULL };
const char *const ledger_groups[] = { "model",  "provider", "project", "user", "key",
	                              "prompt", "status",   "day",     NULL };

#define NUMBER .zero_is_null = true, .nullable = true

static const struct field CALL_FIELDS[] = {
	F_INT(struct ledger_call, id, .example = "1", .doc = "Number of the request"),
	F_INT(struct ledger_call, first_id, NUMBER,
	      .doc = "The first request of the same call; null: this is it"),
	F_INT(struct ledger_call, attempt, .doc = "Which of the call's requests it is, from 1"),
	F_TEXT(struct ledger_call, kind, .doc = "chat or embedding"),
	F_TEXT(struct ledger_call, provider, .doc = "Name of the provider"),
	F_TEXT(struct ledger_call, model, .doc = "Name of the model"),
	F_TEXT(struct ledger_call, remote_name, .doc = "What the provider calls it"),
	F_TEXT(struct ledger_call, status, .one_of = ledger_states,
	       .doc = "How it ended: cut after its first token, failed before, cached when another's "
	              "answer was given again, lost when the process that asked has died"),
	F_TEXT(struct ledger_call, error, .nullable = true, .doc = "Slug of the problem"),
	F_TEXT(struct ledger_call, prompt, .nullable = true, .doc = "Name of the template"),
	F_TEXT(struct ledger_call, prompt_version, .nullable = true, .doc = "And its version"),
	F_INT(struct ledger_call, project_id, NUMBER, .doc = "The project that it was about"),
	F_INT(struct ledger_call, job_id, NUMBER, .doc = "The job that asked"),
	F_INT(struct ledger_call, user_id, NUMBER, .doc = "The person for whom it was"),
	F_INT(struct ledger_call, key_id, NUMBER, .doc = "The API key for which it was"),
	F_TEXT(struct ledger_call, actor, .doc = "Who asked"),
	F_TEXT(struct ledger_call, request_id, .doc = "The request that brought it about"),
	F_TEXT(struct ledger_call, remote_id, .nullable = true,
	       .doc = "What the provider calls it, for its support"),
	F_INT(struct ledger_call, input_tokens,
	      .doc = "Tokens of the request, cached ones included"),
	F_INT(struct ledger_call, cached_tokens, .doc = "Of those, from the provider's cache"),
	F_INT(struct ledger_call, output_tokens, .doc = "Tokens of the answer, reasoning included"),
	F_INT(struct ledger_call, reasoning_tokens, .doc = "Of those, reasoning"),
	F_BOOL(struct ledger_call, estimated,
	       .doc = "Whether the provider did not tell all of them, and some are estimated"),
	F_INT(struct ledger_call, cost_micro, .doc = "Cost in millionths of the currency"),
	F_INT(struct ledger_call, first_token_ms, NUMBER, .doc = "Milliseconds to the first token"),
	F_INT(struct ledger_call, duration_ms, NUMBER, .doc = "Milliseconds in all"),
	F_TIME(struct ledger_call, created_us, .name = "created_at", .doc = "When it was sent"),
};
const struct schema ledger_call_schema = SCHEMA(struct ledger_call, "ModelCall", CALL_FIELDS);

static const struct field SUM_FIELDS[] = {
	F_TEXT(struct ledger_sum, name, .doc = "Of the group; empty: of none"),
	F_INT(struct ledger_sum, calls, .doc = "Requests"),
	F_INT(struct ledger_sum, failed, .doc = "Of those, failed, cut or lost"),
	F_INT(struct ledger_sum, cached, .doc = "Answers that were given again"),
	F_INT(struct ledger_sum, input_tokens, .doc = "Tokens of input"),
	F_INT(struct ledger_sum, cached_tokens, .doc = "Of those, from the provider's cache"),
	F_INT(struct ledger_sum, output_tokens, .doc = "Tokens of output"),
	F_INT(struct ledger_sum, cost_micro, .doc = "Cost in millionths of the currency"),
};
const struct schema ledger_sum_schema = SCHEMA(struct ledger_sum, "ModelUsage", SUM_FIELDS);

/* Tokens and prices have limits (READER_TOKENS_MAX, MODEL_PRICE_MAX): nothing overflows. */
int64_t ledger_cost(const struct target *to, const struct llm_usage *usage)
{
	int64_t fresh = usage->input_tokens - usage->cached_tokens;
	int64_t sum = fresh * to->price_input + usage->cached_tokens * to->price_cached +
	              usage->output_tokens * to->price_output;

	return (sum + MILLION - 1) / MILLION;
}

static enum err free_held(struct ctx *cx, const struct ledger_freed *freed)
{
	const struct budget_charge held = {
		.user_id = freed->user_id,
		.key_id = freed->key_id,
		.micro = freed->held_micro,
		.tokens = freed->held_tokens,
	};
	const struct budget_charge spent = { .micro = freed->cost_micro, .tokens = freed->tokens };

	return budget_settle(cx, &held, &spent);
}

static enum err settle_lost(struct ctx *cx, int64_t job_id)
{
	const struct ledger_freed *freed;
	struct list lost;

	TRY(ledger_repo_lose(cx, job_id, &lost));
	freed = lost.items;
	for (size_t i = 0; i < lost.n; i++)
		TRY(free_held(cx, &freed[i]));
	return ERR_OK;
}

enum err ledger_open(struct ctx *cx, const struct target *to, const struct ledger_about *about,
                     const struct ledger_held *held, int64_t *ret_id)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const struct budget_charge charge = {
		.user_id = about->user_id,
		.key_id = about->key_id,
		.micro = held->micro,
		.tokens = held->input_tokens + held->output_tokens,
	};

	TRY(db_begin(cx, &tx));
	TRY(settle_lost(cx, about->job_id));
	TRY(budget_hold(cx, &charge));
	TRY(ledger_repo_open(cx, to, about, held, ret_id));
	return db_commit(&tx);
}

enum err ledger_settle(struct ctx *cx, int64_t id, const struct ledger_end *end)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct ledger_freed freed;
	enum err e;

	TRY(db_begin(cx, &tx));
	e = ledger_repo_settle(cx, id, end, &freed);
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	TRY(free_held(cx, &freed));
	return db_commit(&tx);
}

enum err ledger_cached(struct ctx *cx, const char *provider, const char *model,
                       const struct ledger_about *about, int64_t *ret_id)
{
	return ledger_repo_cached(cx, provider, model, about, ret_id);
}

enum err ledger_list(struct ctx *cx, const struct ledger_filter *filter, struct list *ret)
{
	assert(filter->limit >= 1 && filter->limit <= LEDGER_LIST_MAX);
	return ledger_repo_list(cx, filter, ret);
}

enum err ledger_sums(struct ctx *cx, const char *by, const struct ledger_filter *filter,
                     struct list *ret)
{
	return ledger_repo_sums(cx, by, filter, ret);
}
