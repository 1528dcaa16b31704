/*
 * Log tail: the last lines that a context logged, kept beside the log.
 *
 * While cx->tail is set, each line that the log takes is kept there too, as it was written: secrets are
 * out of it already.  An attempt at a job is stored with its tail, so that who looks for the cause of a
 * failure need not search the log.
 */
#ifndef BASE_LOG_TAIL_H
#define BASE_LOG_TAIL_H

#include "base/arena.h"

#define LOG_TAIL_LINES 40          /* that are kept */
#define LOG_TAIL_BYTES (16 * 1024) /* of all lines that are kept, about */

struct log_tail {
	char *lines[LOG_TAIL_LINES]; /* a ring; each a JSON object without its newline */
	size_t first, n, bytes;
};

/** Keep a line; the oldest go when there is no room.  Lines longer than a quarter of the room are not kept. */
void log_tail_add(struct log_tail *tail, const char *line, size_t len);

/** @ret the lines as a JSON array, oldest first, in arena */
const char *log_tail_json(const struct log_tail *tail, struct arena *arena);

/** Forget all; frees what is held.  A zero tail is empty. */
void log_tail_clear(struct log_tail *tail);

#endif
