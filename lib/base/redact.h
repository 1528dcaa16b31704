/* Redact: where the secrets are in a text.  log.c is the way to have them replaced. */
#ifndef BASE_REDACT_H
#define BASE_REDACT_H

#include "base/base.h"

/**
 * Find the first secret that begins at or after from.
 *
 * @ret  false when there is none; else text[*ret_start] to text[*ret_end - 1] must not be shown
 */
bool redact_next(const char *text, size_t n, size_t from, size_t *ret_start, size_t *ret_end);

#endif
