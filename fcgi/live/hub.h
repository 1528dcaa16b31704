/*
 * Hub: all streams of a relay, their limits, and what happens to them with time.
 *
 *   Threads  The loop's, but for hub_wake().
 */
#ifndef LIVE_HUB_H
#define LIVE_HUB_H

#include "live/feed.h"
#include "live/lws.h"
#include "live/stream.h"

#define HUB_CHUNK 16384 /* bytes that are handed to a socket at a time */

struct hub {
	const struct app *app;
	struct arena *arena; /* of one event of the loop */
	struct ctx cx;
	struct lws_context *lws;
	struct source source;
	struct feed *feed;
	struct stream streams;                           /* head of the ring of all */
	int (*write)(struct hub *hub, struct stream *s); /* the relay's; @ret not 0: to be closed */
	int64_t n, max;
	struct listener *listeners;
	lws_sorted_usec_list_t ticker;
	bool ticking, ending, done;
	bool asked_standing; /* an errand about it is on its way */
	int64_t standing_at_ms, ended_by_ms;
	unsigned char scratch[LWS_PRE + HUB_CHUNK + 1024];
};

/** @max most streams, as the settings and the process's descriptors allow */
void hub_open(struct hub *hub, const struct app *app, struct lws_context *lws, int64_t max);

/** End the threads.  Streams that are left come to their end with the context of libwebsockets. */
void hub_close(struct hub *hub);

/** Give back the rest, when no stream is left. */
void hub_free(struct hub *hub);

/** Something is to be taken from feed or desk; of any thread. */
void hub_wake(void *hub);

/** Take it. */
void hub_news(struct hub *hub);

/**
 * Take a stream in.
 *
 * @ret its place, the hub's until hub_leave()
 * Returns ERR_RATE when tenant or credential have all that they may, ERR_UNAVAILABLE when the relay
 *         has, or is about to end
 */
NODISCARD
enum err hub_join(struct hub *hub, struct lws *wsi, const struct live_spec *spec,
                  struct stream **ret);
void hub_leave(struct hub *hub, struct stream *s);

/** Ask for a turn to write, if there is anything to write. */
void hub_stir(struct hub *hub, struct stream *s);

/** End all streams, so that their clients go on elsewhere; hub->done when that is over. */
void hub_end(struct hub *hub);

/** Begin the hub's context for one thing that happens: the arena is empty again. */
struct ctx *hub_ctx(struct hub *hub);

#endif
