/* SQL of rate limits; of lib/auth alone. */
#ifndef AUTH_RATE_REPO_H
#define AUTH_RATE_REPO_H

#include "auth/rate_local.h"

/**
 * Take from the buckets of the payers that are not .paid, in one statement.
 * @ret one row for each of them, in their order
 */
NODISCARD
enum err rate_repo_take(struct ctx *cx, const struct rate_payer *payers, int n, int64_t cost,
                        struct list *ret);

#endif
