/* What one process knows of the buckets: batches and when they were found empty.  Of lib/auth alone. */
#ifndef AUTH_RATE_LOCAL_H
#define AUTH_RATE_LOCAL_H

#include "auth/rate.h"

/* What the database said of one bucket. */
struct rate_grant {
	int64_t granted;   /* tokens; 0: refused, or no limit */
	int64_t remaining; /* tokens in the bucket afterwards */
	int64_t quota;     /* 0: no limit */
	int64_t wait_ms;   /* when refused: until what was asked for is there */
	int64_t return_ms; /* until the next tokens come back */
};

enum rate_answer {
	RATE_PAID,
	RATE_ASK,     /* those that are not .paid must be asked for; .back is to be handed back */
	RATE_REFUSED, /* ret tells by which, wait_us for how long */
};

struct rate_outcome {
	enum rate_answer answer;
	int64_t wait_us;
	struct rate_state state;
};

/** Pay from the batches at hand. @now_us monotonic */
struct rate_outcome rate_local_pay(struct rate_memory *memory, struct rate_payer *payers, int n,
                                   int64_t cost, int64_t now_us);

/**
 * Take in what the database granted to the payers that are not .paid, and pay from it.
 *
 * @grants one for each of these, in their order
 * @asked_us when the statement was sent: from then the batch counts
 */
struct rate_outcome rate_local_settle(struct rate_memory *memory, struct rate_payer *payers, int n,
                                      int64_t cost, const struct rate_grant *grants,
                                      int64_t asked_us, int64_t now_us);

/** The database does not answer: count nothing for a second. */
void rate_local_pause(struct rate_memory *memory, int64_t now_us);

#endif
