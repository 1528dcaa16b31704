/*
 * Handing a connection over to the relay of live streams (fcgi/live.c).
 *
 * The answer is an X-Accel-Redirect, which nginx follows to the relay's socket and does not show; this
 * worker is free at once.  Who the caller is goes with it, proven.
 */
#ifndef HANDOVER_H
#define HANDOVER_H

#include "live/spec.h"
#include "reply.h"

/**
 * @spec what is wanted; the caller and the request's id are filled in here
 * Returns what admission does
 */
NODISCARD
enum err handover(struct ctx *cx, const struct request *rq, struct reply *rp,
                  struct live_spec *spec);

#endif
