/*
 * SSE: the events of a provider's stream, from bytes as they come.
 *
 * Takes what the HTML standard's "event stream" allows: lines that end with CR, LF or both, comments, fields
 * that do not matter, data over several lines, a byte order mark in front; cut at any byte.  Beyond it, a line
 * that begins with a brace is an event of its own: some servers put an error into the stream as bare JSON.
 *
 * Time is linear in the bytes; an event that passes its limit is an error.
 */
#ifndef AI_SSE_H
#define AI_SSE_H

#include "base/ctx.h"
#include "base/sb.h"

#define SSE_LINE_MAX  ((size_t)256 << 10) /* bytes of a line */
#define SSE_EVENT_MAX ((size_t)512 << 10) /* bytes of an event's data */
#define SSE_NAME_MAX  64                  /* bytes of an event's name; what is longer is cut */

struct sse {
	struct sb line, data;
	char name[SSE_NAME_MAX + 1],
		given[SSE_NAME_MAX + 1]; /* of the event to come, of the last */
	bool has_data, after_cr, past_mark;
};

/* One event; its texts hold until the next call. */
struct sse_event {
	const char *name; /* "" when it has none */
	struct span data; /* with a NUL behind it */
};

struct sse sse_new(struct arena *arena);

/** Begin another stream in the same memory. */
void sse_reset(struct sse *sse);

/**
 * Take some bytes, up to the end of an event.
 * @used  how many were taken; call again with the rest
 * @ret   .data.data is NULL when no event has ended
 * Returns ERR_REMOTE_FAILED when a line or an event is too long
 */
NODISCARD
enum err sse_take(struct ctx *cx, struct sse *sse, const char *bytes, size_t n, size_t *used,
                  struct sse_event *ret);

/** The stream has ended: what was begun is an event, too.  @ret as sse_take() */
NODISCARD
enum err sse_end(struct ctx *cx, struct sse *sse, struct sse_event *ret);

#endif
