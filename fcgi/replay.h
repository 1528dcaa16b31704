/*
 * Idempotency-Key: a POST that is repeated gets the first one's answer.
 *
 * What the handler writes and the stored answer are one transaction.  Stored
 * are answers of success, and refusals that the same request would meet again
 * (not found, conflict, a limit); their writes are rolled back first.  Nothing is
 * stored of what was refused before the handler ran or failed on this side.
 *
 * A secret that is shown once is not stored: of a .secret route it is what
 * reply_keep() says, where the secret is null.  Answers that are nothing but
 * credentials (.unkept) and those to nobody in particular are not kept at all.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include "serve.h"

/**
 * Run ex->rq's handler, or give the stored answer again with Idempotency-Replayed: true.
 *
 * Returns ERR_INVALID for a key that is not well-formed, ERR_IN_FLIGHT, ERR_KEY_REUSED, or what
 *         the handler returns.
 */
NODISCARD
enum err replay_run(struct ctx *cx, struct exchange *ex);

#endif
