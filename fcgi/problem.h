/*
 * Problems: a fault as the client sees it (RFC 9457).
 *
 * Members: type ("/docs/problems#SLUG"), title, status, detail, errors (each
 * with pointer, parameter or header, rule and detail), request_id, fix; and, for
 * older clients, error (the title) and details (the blamed fields or the
 * detail).  What went wrong on this side is told in general words only; the
 * cause is in the log under the request id.
 *
 * Below /v1/, the doors of OpenAI's form, it is {"error": {message, type, param, code}} as its clients read it.
 */
#ifndef PROBLEM_H
#define PROBLEM_H

#include "reply.h"

#define PROBLEM_MEDIA     "application/problem+json"
#define PROBLEM_TYPE_BASE "/docs/problems#"

/**
 * Turn cx->fault into the answer.  Headers that the status demands are added:
 * WWW-Authenticate, Retry-After.
 */
void problem_reply(struct reply *rp);

/** Append the page /docs/problems: each code of err.def with its meaning.  HTML without script. */
void problem_page(struct sb *sb);

#endif
