/*
 * Attempt: requests to one model's provider until one succeeds, none is worth trying any more, or time is up;
 * each with its row in the ledger, and the breaker told.
 *
 * For lib/ai only.
 */
#ifndef AI_ATTEMPT_H
#define AI_ATTEMPT_H

#include "ai/exchange.h"
#include "ai/ledger.h"

struct attempt {
	/* What is to be done. */
	struct ledger_about about;
	struct exchange exchange; /* .what, .body, .cancelled, .arg; the rest is filled in here */
	int64_t deadline_ms;      /* monotonic: of all requests together */
	struct ledger_held held;  /* .micro is filled in here */
	/* Sends one request and reads the answer. */
	enum err (*send)(struct ctx *cx, struct attempt *a);
	void *self;

	/* What came of it, all models together. */
	struct reader *reader; /* of the newest request; NULL before the first */
	struct llm_usage usage;
	int64_t call_id, attempts;
};

/**
 * @ret_next whether another model may be asked after a failure: nothing of an answer has come, and what failed
 *           may be this provider's alone
 */
NODISCARD
enum err attempt_model(struct ctx *cx, struct attempt *a, const struct target *to, bool *ret_next);

/** @ret milliseconds of the monotonic clock when a call must have ended.  @total_ms 0: the setting */
int64_t attempt_deadline(const struct ctx *cx, int64_t total_ms);

#endif
