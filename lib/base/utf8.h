/*
 * UTF-8: is it valid, and where does it stop being so.
 *
 * Follows RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/base.h"

/**
 * @ret bytes of the character at s (1 to 4), or 0 when s does not begin a valid one.
 * n must be at least 1.
 */
size_t utf8_char(const char *s, size_t n);

/** @ret bytes of the longest valid run that s begins with; n when all is valid */
size_t utf8_valid(const char *s, size_t n);

/* A text that comes in pieces, which may end within a character.  Begins as { 0 }. */
struct utf8_run {
	char tail[4]; /* of a character whose rest has not come */
	size_t ntail;
	bool broken;
};

/** Take the next piece. */
void utf8_run_add(struct utf8_run *run, const char *s, size_t n);

/** @ret whether all pieces together are valid */
bool utf8_run_valid(const struct utf8_run *run);

/**
 * Does a valid text hold characters that nobody sees, or that turn what is beside them: breaks of lines,
 * marks of direction, spaces without width, tags?  Two names could look the same by them.  The joiners
 * of scripts that need them are let through.
 */
bool utf8_hides(const char *s);

/** @ret characters in a valid text */
size_t utf8_length(const char *s, size_t n);

#endif
