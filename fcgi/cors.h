/*
 * CORS: which pages of other origins may read answers.
 *
 * A tenant lists origins.  A page of one of them may call with an Authorization header and reads
 * the answers about that tenant.  Before a credential is proven (a pre-flight carries none), and for
 * what anybody may ask, it is enough that some tenant lists the origin.  An answer to a session's
 * cookie is never for other origins, and Access-Control-Allow-Credentials is never sent.
 *
 * Vary: Origin is part of every answer.  nginx's own answers (413, 502 ...) know no lists and carry
 * nothing of this: to a page of another origin they are network errors.
 */
#ifndef CORS_H
#define CORS_H

#include "reply.h"

/** Is the origin listed by any tenant?  Before admission.  Returns what the database does */
NODISCARD
enum err cors_listed(struct ctx *cx, struct request *rq);

/** Is it listed by the caller's tenant?  After admit().  Returns as above, or what admission does */
NODISCARD
enum err cors_caller(struct ctx *cx, struct request *rq);

/** Nobody is proven, or asked too often: what any tenant lists counts, as far as it is remembered. */
void cors_nobody(const struct ctx *cx, struct request *rq);

/** Answer a pre-flight: what the path takes. @methods as in an Allow header, lives as long as rp */
void cors_preflight(struct reply *rp, const char *methods);

/** Write the fields that every answer has. */
void cors_head(struct sb *sb, const struct request *rq);

#endif
