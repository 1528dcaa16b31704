/* Becoming a WebSocket: what a request must say. */
#ifndef ROUTES_UPGRADE_H
#define ROUTES_UPGRADE_H

#include "request.h"

/**
 * No rule of browsers keeps a page of another origin from opening a WebSocket with our cookie and from
 * reading it, so the origin is looked at here; and what nginx and the relay would drop without a word is told.
 *
 * Returns ERR_BAD_REQUEST, or what cookie_check_origin() does
 */
NODISCARD
enum err upgrade_check(struct ctx *cx, const struct request *rq);

#endif
