/*
 * Messages: what a client may say over its WebSocket.
 *
 *     {"after": 17}                        go on after this position, back or forth
 *     {"types": ["job.completed"]}         from now on these kinds alone; []: all
 *     {"ping": 1}                          anything; it comes back as {"pong": 1}
 *
 * One message may hold several members.  What it brings about is told: {"after": 17, "types": [...]}.
 * What cannot be read is answered with {"error": ..., "correlation_id": ...}.
 */
#ifndef LIVE_MESSAGE_H
#define LIVE_MESSAGE_H

#include "live/spec.h"

#include "events/kinds.h"

#define LIVE_MESSAGE_MAX ((size_t)4096) /* bytes of a message */

struct live_message {
	uint64_t given;
	int64_t after;
	struct list types; /* const char *: patterns of kinds */
	const char *ping;  /* JSON text */
};

extern const struct schema live_message_schema;

/** Decode one.  @ret in cx->arena.  Returns what schema_decode() does, ERR_INVALID for an empty object */
NODISCARD
enum err message_read(struct ctx *cx, struct span text, struct live_message *ret);

/** Write {"error": what cx->fault tells, "correlation_id": ...}. */
void message_error(struct sb *sb, const struct ctx *cx, const char *correlation_id);

/** Write what a message has brought about.  @kinds with commas between them; "": all */
void message_answer(struct sb *sb, const struct live_message *message, const char *kinds,
                    int64_t after);

/** Write {"after": 17, "types": [...]}: where a stream stands and what it tells. */
void message_state(struct sb *sb, const char *kinds, int64_t after);

#endif
