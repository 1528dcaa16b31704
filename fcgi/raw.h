/*
 * Raw: bodies that are bytes and no JSON, of a route whose row names their types (.raw).
 *
 * They may be larger than what a request holds in memory, and are not read before the caller is known: the first
 * piece takes the proof of who asks with it (files/upload.h).  The handler finds rq->upload filled in, and runs in
 * the transaction that holds the pieces; with an Idempotency-Key that is the one of fcgi/replay.h.
 */
#ifndef RAW_H
#define RAW_H

#include "serve.h"

/**
 * Is the body of a raw type?  Then it is left where it is, as rq->source.
 *
 * @ret whether it is; the body is decoded as JSON otherwise
 * Returns ERR_MEDIA_TYPE, ERR_TOO_LARGE for what is announced, ERR_BAD_REQUEST
 */
NODISCARD
enum err raw_begin(struct ctx *cx, struct request *rq, const struct body_source *source, bool *ret);

/** Take what is left where it is, if anything is.  In a transaction. */
NODISCARD
enum err raw_take(struct ctx *cx, struct request *rq);

/** Run ex->rq's handler with what was taken, in one transaction. */
NODISCARD
enum err raw_run(struct ctx *cx, struct exchange *ex);

#endif
