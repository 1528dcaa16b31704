/* SQL of claims; of lib/jobs alone. */
#ifndef JOBS_CLAIM_REPO_H
#define JOBS_CLAIM_REPO_H

#include "jobs/claim.h"

/* Limits of one queue as a runner needs them. */
struct claim_limit {
	const char *name;
	int64_t per_runner;
	bool limited;
};

/* Arrays in PostgreSQL's text form, of the same length in pairs: where walks begin. */
struct claim_walk {
	const char *queues, *priorities, *mark_us, *mark_ids, *types;
	int64_t n;
};

/* The same: what is done, so many. */
struct claim_ends {
	const char *ids, *tokens, *places;
	size_t n;
};

/** @ret ids of those that were completed, as above, unless it was all; NULL then */
NODISCARD
enum err claim_repo_done(struct ctx *cx, const struct queue *q, const struct claim_ends *ends,
                         const char **ret);
/** @ret items are struct job_claim, in no order that means anything */
NODISCARD
enum err claim_repo_batch(struct ctx *cx, const struct queue *q, const struct claim_walk *walk,
                          struct list *ret);
NODISCARD
enum err claim_repo_limited(struct ctx *cx, const struct queue *q, const char *queue,
                            const char *types, int64_t n, struct list *ret);
/** @ret items are struct claim_limit */
NODISCARD
enum err claim_repo_limits(struct ctx *cx, struct list *ret);

#endif
