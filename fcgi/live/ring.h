/*
 * Ring: the newest events of all tenants, encoded once, for any number of readers.
 *
 * A reader is a position: what comes after it is in the ring, or older than the ring and read from the
 * database.  Nothing is queued for anybody, so a slow reader costs no more than a fast one.
 *
 *   Ownership  An event is one block with a count of those who hold it; the ring holds what is in it.
 *   Threads    A ring, and the counts of what it has been given, belong to one thread.
 */
#ifndef LIVE_RING_H
#define LIVE_RING_H

#include "events/follow.h"

struct live_event {
	int held;
	int64_t position, tenant_id, project_id; /* project_id 0: about none */
	int64_t run_id;                          /* 0: of no run (chats/turn.h) */
	int64_t created_us;
	uint32_t frame_bytes;         /* of all of text, as SSE sends it */
	uint32_t kind_at, kind_bytes; /* where the kind stands in it */
	uint32_t json_at, json_bytes; /* where the item stands that the other ways send */
	char text[];                  /* "id: 7\nevent: job.done\ndata: {...}\n\n" */
};

/** Encode one, held once.  NULL when it is too large to send, which none that was emitted is. */
struct live_event *live_event_new(struct ctx *cx, int64_t tenant_id, const struct event *event);

struct live_event *live_event_hold(struct live_event *event);

/** Give it up; NULL is accepted. */
void live_event_drop(struct live_event *event);

/* What somebody wants of the log, and may have. */
struct live_filter {
	int64_t tenant_id;
	int64_t project_id; /* 0: any, and those about none */
	int64_t run_id;     /* 0: the same of runs */
	char *kinds;        /* with commas between them; NULL: all */
	char *hidden;       /* none of these; NULL: all may be seen */
};

bool live_event_fits(const struct live_event *event, const struct live_filter *filter);

struct ring {
	struct live_event **slots;
	size_t max, first, n;
	size_t bytes, max_bytes;
	int64_t floor;  /* what comes after this position, up to newest, is in the ring */
	int64_t newest; /* the last that was added, or floor */
};

void ring_open(struct ring *ring, size_t max_events, size_t max_bytes);
void ring_close(struct ring *ring);

/** Empty it; the next event will be the first one after this position. */
void ring_begin(struct ring *ring, int64_t position);

/** Add the next one and forget as many as must go.  The ring takes over the caller's hold. */
void ring_add(struct ring *ring, struct live_event *event);

/** @ret the place of the first event after a position, ring->n when there is none */
size_t ring_after(const struct ring *ring, int64_t position);

/** @place below ring->n.  Borrowed */
struct live_event *ring_at(const struct ring *ring, size_t place);

#endif
