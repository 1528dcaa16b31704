/*
 * Strip: code points that nobody sees, taken out of what a model reads and of what it writes.
 *
 * Instructions can be hidden in them from the person who reads along, and secrets carried out.  Gone are
 * control characters but tab and line breaks, marks of direction, spaces without width, tags (U+E0000 to
 * U+E007F), selectors of variations, fillers, and what is no character; also the joiners, since a model does not
 * need them.  What is not UTF-8 becomes U+FFFD.
 */
#ifndef AI_STRIP_H
#define AI_STRIP_H

#include "base/arena.h"

/**
 * @text  n bytes, and one behind them that may be read
 * @ret   the text itself when there is nothing to take out, else a copy in arena
 * @ret_n may be NULL
 */
const char *strip_text(struct arena *arena, const char *text, size_t n, size_t *ret_n);

/** The same in place, without memory of its own; what is not UTF-8 is taken out, too.  @ret bytes left */
size_t strip_in_place(char *text, size_t n);

#endif
