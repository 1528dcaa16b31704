/*
 * Text of unknown encoding: what it is, and the same as valid UTF-8.
 *
 * PostgreSQL and JSON take neither bad UTF-8 nor NUL, so everything that is
 * stored goes through here.
 */
#ifndef MAPS_TEXT_H
#define MAPS_TEXT_H

#include "base/arena.h"

/** @ret whether it begins with a UTF-16 byte order mark */
bool text_is_utf16(struct span text);

/**
 * The same text in UTF-8.
 *
 * UTF-16 is known by its byte order mark; a UTF-8 mark is taken off; what is
 * no UTF-8 is read as Latin-1.  Unpaired surrogates become U+FFFD.
 *
 * @ret text itself when nothing had to change, else a copy in the arena (at most
 *      twice the size)
 */
struct span text_to_utf8(struct arena *arena, struct span text);

/**
 * A form for people of bytes that should be UTF-8: bad bytes and control
 * characters become \xNN.
 *
 * @ret NULL when the bytes are their own display form
 */
const char *text_display(struct arena *arena, struct span bytes);

#endif
