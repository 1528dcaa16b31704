/*
 * Desk: the thread that asks the database what the relay's loop must not wait for.
 *
 *   catch-up   a page of events that are older than the ring, for one stream
 *   standing   which of those who listen may not any more
 *   cancel     a run that nobody waits for any more
 *
 * Errands are done one after the other, in the order in which they were given.
 */
#ifndef LIVE_DESK_H
#define LIVE_DESK_H

#include "live/ring.h"

#include "auth/standing.h"

struct desk;
struct stream;

enum errand_kind { ERRAND_CATCH_UP = 1, ERRAND_STANDING, ERRAND_CANCEL };

struct errand {
	struct errand *next;
	enum errand_kind kind;
	enum err outcome; /* when it is done */

	/* ERRAND_CATCH_UP */
	struct stream *stream;     /* whose; the loop's alone, NULL: nobody waits for it any more */
	struct live_filter filter; /* its texts are the errand's own */
	int64_t after, until;      /* what comes after until is in the ring */
	struct live_event **events;
	size_t n;
	int64_t reached; /* all that fits the wish up to here has been given */

	/* ERRAND_STANDING */
	struct standing *asked;
	size_t nasked;
	const char **reasons; /* one a place, constant or in memory; NULL: it holds */

	/* ERRAND_CANCEL; whose run it is says .who */
	struct standing who;
	int64_t run_id;
	char request_id[REQUEST_ID_MAX + 1];
};

/** @wake called on the desk's thread when an errand is done */
struct desk *desk_start(const struct app *app, void (*wake)(void *self), void *self);

/** End the thread; errands that are left are freed.  NULL is accepted. */
void desk_end(struct desk *desk);

/** Give an errand, made by errand_new(). */
void desk_ask(struct desk *desk, struct errand *errand);

/** @ret those that are done, in a chain; each is to be freed by errand_free() */
struct errand *desk_take(struct desk *desk);

struct errand *errand_new(enum errand_kind kind);
void errand_free(struct errand *errand);

#endif
