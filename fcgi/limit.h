/*
 * Limits: what a request is charged for, and to whom.
 *
 * A row's .rate says what: RATE_PROBE nothing, RATE_READ and RATE_WRITE their cost, RATE_SIGN_IN one
 * attempt.  A caller whom this process has seen to be good pays from the bucket of the key (or person)
 * and that of the tenant.  Anybody else pays from the bucket of the address first, and from these as
 * soon as the credential is proven.  An attempt to sign in pays from a bucket of its own.
 *
 * When the database cannot count, a request passes.
 */
#ifndef LIMIT_H
#define LIMIT_H

#include "request.h"

/** Charge the address, where nobody else can be.  Before admission.  Returns ERR_RATE */
NODISCARD
enum err limit_address(struct ctx *cx, struct request *rq);

/**
 * Charge the caller whom admit() has let in; who is new to this process is proven first.
 * Returns ERR_RATE, ERR_UNAUTHENTICATED, ERR_FORBIDDEN
 */
NODISCARD
enum err limit_caller(struct ctx *cx, struct request *rq);

/** The credential turned out to be none: its next request is a stranger's. */
void limit_forget(struct ctx *cx, const struct request *rq);

/** Write the fields RateLimit and RateLimit-Policy, when the request was counted. */
void limit_head(struct sb *sb, const struct rate_state *state);

#endif
