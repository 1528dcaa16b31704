/*
 * Ledger: a row for each request to a provider, opened with what it may cost before it is sent, settled with
 * what it did cost when it has ended.
 *
 * A row that nobody settles (its process was killed) is settled as lost, at what was held: nobody knows what the
 * provider has charged.  The next call of the same job does so, which is made by another attempt then, because a job
 * asks one at a time; or else the next one of the tenant after its time.
 *
 * Every function keeps the promises of projects/project.h: ownership, tenancy, errors, time.
 */
#ifndef AI_LEDGER_H
#define AI_LEDGER_H

#include "ai/dialect.h"
#include "base/db.h"

#define LEDGER_LIST_MAX 201

/* What a call is about, the same for all of its requests. */
struct ledger_about {
	const char *kind; /* "chat", "embedding" */
	const char *prompt, *prompt_version;
	int64_t project_id, job_id, user_id, key_id;
	int64_t first_id; /* of its first request; 0: none yet */
	int64_t attempt;
	int64_t open_s; /* so long it takes at most */
};

/* What is held for a request. */
struct ledger_held {
	int64_t input_tokens, output_tokens, micro;
};

/* How it ended. */
struct ledger_end {
	const char *status; /* "done", "failed", "cut", "cancelled" */
	const char *error;  /* slug; NULL: none */
	const char *remote_id;
	struct llm_usage usage;
	int64_t first_token_ms; /* -1: there was none */
	int64_t duration_ms;
};

/* A row as it is listed. */
struct ledger_call {
	int64_t id, first_id, attempt;
	const char *kind, *provider, *model, *remote_name, *status, *error, *prompt,
		*prompt_version;
	int64_t project_id, job_id, user_id, key_id;
	const char *actor, *request_id, *remote_id;
	int64_t input_tokens, cached_tokens, output_tokens, reasoning_tokens;
	bool estimated;
	int64_t cost_micro, first_token_ms, duration_ms, created_us;
};

struct ledger_filter {
	const char *model, *provider, *status;
	int64_t project_id, user_id, key_id, since_us, until_us; /* 0: any */
	int64_t before_id, limit;
};

/* Sums over rows. */
struct ledger_sum {
	const char *name; /* of the group */
	int64_t calls, failed, cached, input_tokens, cached_tokens, output_tokens, cost_micro;
};

extern const struct schema ledger_call_schema, ledger_sum_schema;
extern const char *const ledger_groups[]; /* "model", "provider", ...; NULL ends them */
extern const char *const ledger_states[];

/** @ret what tokens cost at a model, rounded up */
int64_t ledger_cost(const struct target *to, const struct llm_usage *usage);

/** Open a row and hold its cost.  Returns ERR_BUDGET */
NODISCARD
enum err ledger_open(struct ctx *cx, const struct target *to, const struct ledger_about *about,
                     const struct ledger_held *held, int64_t *ret_id);

/** Settle a row that is open; one that is lost already stays so. */
NODISCARD
enum err ledger_settle(struct ctx *cx, int64_t id, const struct ledger_end *end);

/** Write that an answer came from the cache. */
NODISCARD
enum err ledger_cached(struct ctx *cx, const char *provider, const char *model,
                       const struct ledger_about *about, int64_t *ret_id);

NODISCARD
enum err ledger_list(struct ctx *cx, const struct ledger_filter *filter, struct list *ret);

/** Sums by one of ledger_groups, the dearest first; at most LEDGER_LIST_MAX. */
NODISCARD
enum err ledger_sums(struct ctx *cx, const char *by, const struct ledger_filter *filter,
                     struct list *ret);

extern const struct db_check ledger_statements[];

#endif
