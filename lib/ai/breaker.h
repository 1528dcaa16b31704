/*
 * Breaker: a provider that has failed some times in a row is left alone for a while; then one call finds
 * out whether it is back.  All processes share what they know, in the database.
 *
 *   closed     fewer than model_breaker_failures in a row: all calls pass
 *   open       for model_breaker_s after the newest failure: none does
 *   half-open  after that: one does, until it has ended or has taken as long as a call may
 *
 * What counts as a failure is the caller's to say: that a provider cannot be reached or breaks off does, that
 * it refuses a request or is busy does not.
 */
#ifndef AI_BREAKER_H
#define AI_BREAKER_H

#include "base/db.h"

/** Returns ERR_PROVIDER_BUSY, with the seconds to wait */
NODISCARD
enum err breaker_pass(struct ctx *cx, int64_t provider_id, const char *provider);

/** The provider has answered. */
NODISCARD
enum err breaker_good(struct ctx *cx, int64_t provider_id);

/** It has failed. */
NODISCARD
enum err breaker_bad(struct ctx *cx, int64_t provider_id);

/** It was not found out how it is: the next call may. */
NODISCARD
enum err breaker_unknown(struct ctx *cx, int64_t provider_id);

extern const struct db_check breaker_statements[];

#endif
