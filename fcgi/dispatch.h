/*
 * Dispatch: hands events to the program's subscriptions (events/subscription.h), on a thread and a database
 * connection of its own, so that a slow handler keeps no job and no heartbeat waiting.
 */
#ifndef DISPATCH_H
#define DISPATCH_H

#include "events/follow.h"
#include "events/subscription.h"

#include <pthread.h>
#include <stdatomic.h>

#define DISPATCH_MAX 16 /* subscriptions; dispatch_open() refuses more */

struct dispatch {
	const struct app *app;
	event_subscribers *subscribers;
	pthread_t thread;
	struct arena *arena;
	struct db *db;
	struct ctx cx;
	struct event_reader reader;
	int wake; /* eventfd: readable when the thread is to end */
	atomic_bool quit;

	bool joined, asleep;
	bool away;      /* the last round failed, and that is logged */
	bool elsewhere; /* another process holds what there is to do */
	/* Monotonic milliseconds. */
	int64_t beat_at, tidy_at, retry_at;
	int64_t past_at; /* when places are moved past what nobody wants */
	int64_t due_at
		[DISPATCH_MAX]; /* of patient subscriptions that have something to do; 0: none */
};

/** No thread yet, but the descriptor.  @app borrowed.  @ret false: no descriptors, too many subscribers */
bool dispatch_open(struct dispatch *d, const struct app *app, event_subscribers *subscribers);

void dispatch_start(struct dispatch *d);

/** End the thread, after the round in which it is; may be called without dispatch_start(). */
void dispatch_end(struct dispatch *d);

#endif
