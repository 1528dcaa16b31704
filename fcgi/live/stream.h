/*
 * Streams: who listens, by whatever way, and how far they have come.
 *
 * A stream is a cursor: all that fits it up to there has been sent.  What comes next is in the ring, or
 * in a page that the desk brings when the ring has moved on.  So a reader costs the same however slow it
 * is, and one that was away goes on where it was.
 *
 *   Threads  All of this belongs to the loop's thread.
 */
#ifndef LIVE_STREAM_H
#define LIVE_STREAM_H

#include "live/desk.h"
#include "live/spec.h"

struct lws;

/* Whom streams belong to; one for all streams of one credential. */
struct listener {
	struct listener *next;
	struct standing who;
	int64_t streams;
};

enum ending {
	NOT_ENDING = 0,
	ENDING_AGE,     /* it has lasted long enough */
	ENDING_RESTART, /* the relay ends */
	ENDING_FALLEN,  /* the credential does not hold any more */
};

struct stream {
	struct stream *prev, *next;
	struct lws *wsi;
	enum live_way way;
	struct listener *listener;
	struct live_filter filter; /* its texts are the stream's */
	int64_t limit;             /* of a poll */
	bool usage;                /* of a LIVE_CHAT: its usage is told */
	char request_id[REQUEST_ID_MAX + 1];

	int64_t cursor;
	struct live_event *now; /* being sent; held */
	size_t now_at;          /* bytes of it that are gone */
	struct live_event **page;
	size_t page_n, page_at;
	int64_t page_reached;
	struct errand *errand; /* at the desk */
	int64_t errand_at_ms;  /* not before */
	bool jumps;            /* to this position, when what is being sent is gone */
	int64_t jump_to;

	struct live_event
		*last; /* of an answer: the run as it was last told of; held; NULL: not yet */
	char *note; /* what goes out between two events: an answer, an error, a whole poll's answer */
	size_t note_bytes, note_at;
	char *in; /* of a message that has not ended */
	size_t in_bytes;

	enum ending ending;
	bool greeted;     /* the first answer has been given */
	bool beats;       /* it is time to show that it lives */
	int64_t asked_ms; /* since when it waits to be writeable; 0: it does not */
	int64_t wrote_ms; /* when something was written last */
	int64_t end_ms;   /* of its age, or of the poll's patience */
	int64_t told;     /* the last position that an SSE client was told; -1: none */
};

/* Where streams get what they send. */
struct source {
	struct ring ring;
	struct desk *desk;
	bool ready; /* the log is known */
	int64_t now_ms;
};

/**
 * The event that is to be sent next, or is being sent.
 * @ret NULL when there is none, or the desk has been asked for it
 */
struct live_event *stream_next(struct source *source, struct stream *s);

/** What stream_next() gave has been sent whole. */
void stream_sent(struct stream *s);

/** Go on after another position; what is being sent is finished before. */
void stream_jump(struct stream *s, int64_t position);

/** Other kinds from here on.  @kinds copied; "": all */
void stream_set_kinds(struct stream *s, const char *kinds);

/** Kinds that are not to be seen, at the beginning.  @kinds copied */
void stream_set_hidden(struct stream *s, const char *kinds);

/** Take what the desk has brought; the errand is freed. */
void stream_take_page(struct source *source, struct stream *s, struct errand *errand);

/** Put a text in front of the next event.  Copied */
void stream_note(struct stream *s, const char *text, size_t n);

/** Nobody waits for what the desk has been asked for. */
void stream_forget_errand(struct stream *s);

/** Give back all that it holds but its place in a list. */
void stream_clear(struct stream *s);

#endif
