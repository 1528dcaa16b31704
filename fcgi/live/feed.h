/*
 * Feed: the thread that follows the log and hands what is new to the relay's loop.
 *
 * While nobody listens it looks every two seconds and asks for no bell.  While somebody does, the bell
 * wakes it (events/bell.h), and a look about once a second is the net below that.  What it has read waits
 * for the loop up to a bound of bytes; then it reads no further.
 */
#ifndef LIVE_FEED_H
#define LIVE_FEED_H

#include "live/ring.h"

struct feed;

/**
 * Start the thread.
 *
 * @app   borrowed
 * @wake  called on that thread when there is something to take
 */
struct feed *feed_start(const struct app *app, void (*wake)(void *self), void *self);

/** End the thread, and give up the place among the readers.  NULL is accepted. */
void feed_end(struct feed *feed);

/** Say whether anybody listens. */
void feed_listen(struct feed *feed, bool listened);

struct feed_news {
	bool begins; /* the log is known from now on: what comes after begin_at follows */
	int64_t begin_at;
	struct live_event **
		events; /* each held once for the taker, who frees the array too; NULL when n is 0 */
	size_t n;
};

/** Take all that has come since the last time. */
void feed_take(struct feed *feed, struct feed_news *ret);

#endif
