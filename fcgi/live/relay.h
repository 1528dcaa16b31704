/*
 * Relay: the server's side of SSE, WebSocket and long-poll, on libwebsockets.
 *
 * It accepts from a listening UNIX socket that its parent holds and that nginx alone may use.  What a
 * connection asks for is a spec (live/spec.h), made by a worker.
 */
#ifndef LIVE_RELAY_H
#define LIVE_RELAY_H

#include "live/hub.h"

/**
 * Make the context of libwebsockets and let it watch both descriptors.
 *
 * @listener  a listening socket; owned by the relay from now on
 * @signals   a signalfd; whatever it tells ends the hub; owned too
 * @hub       not open yet
 * @ret       NULL when that cannot be done
 */
struct lws_context *relay_open(struct hub *hub, int listener, int signals);

/** Serve until the hub is done. */
void relay_run(struct hub *hub);

#endif
