/*
 * Admission: who is calling, and may they.
 *
 * The only reader of credentials.  What the row asks for (.auth, .role) is
 * checked here and nowhere else.  The answer is the same for a key that is
 * missing, malformed, unknown, expired or revoked.
 */
#ifndef ADMIT_H
#define ADMIT_H

#include "request.h"

/**
 * Admit the caller to rq->route.
 *
 * The proof rides in the round trip of the context's next statement; who sends none calls
 * admit_settle().  Until then cx->who says who the caller claims to be.
 * Returns ERR_UNAUTHENTICATED, ERR_FORBIDDEN
 */
NODISCARD
enum err admit(struct ctx *cx, struct request *rq);

/** @ret whether an access token is what the request was admitted by, if it was */
bool admit_by_token(const struct request *rq);

/** Have the proof checked now, if nothing has been sent yet.  Returns as admit(). */
NODISCARD
enum err admit_settle(struct ctx *cx);

/** Describe ERR_UNAUTHENTICATED, whoever noticed it: one text for every reason. */
void admit_refused(struct ctx *cx, const struct request *rq);

#endif
