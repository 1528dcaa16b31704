/*
 * Signatures: a definition's head on one line.
 *
 * Read from the bytes around the name, so it needs nothing of a language but
 * how bodies and comments look: back to the start of the declaration, on to
 * what opens the body or ends the statement.  White space is collapsed,
 * comments are left out, attributes and annotations before it as well.
 */
#ifndef MAPS_SIGNATURE_H
#define MAPS_SIGNATURE_H

#include "maps/facts.h"

/**
 * @text  the whole file; no more than a few KiB around the name are looked at
 * @name  of the definition; a name that does not point into the text has no signature
 * @line  where the name stands
 * @ret_start_line  where the signature starts; line when there is none
 * @ret   in the arena, at most FACTS_SIGN_MAX bytes; "" when there is none
 */
const char *signature_read(struct arena *arena, enum lang lang, enum def_kind kind,
                           struct span text, struct span name, uint32_t line,
                           uint32_t *ret_start_line);

#endif
