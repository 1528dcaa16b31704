/*
 * Redact: where the secrets are in a text.
 *
 * Two ways to know one: by its form (keys of ours, credentials in addresses and header fields,
 * password=...), and by its value, for as long as a context works with it.  log.c replaces both in
 * every line, err.c the values in every fault.
 */
#ifndef BASE_REDACT_H
#define BASE_REDACT_H

#include "base/base.h"

struct ctx;

/* A value that must not be shown; a link of cx->words. */
struct redact_word {
	const char *text;
	size_t len;
	struct redact_word *next;
};

#define REDACT_WORD_MIN 4 /* bytes; hiding shorter values would hide every text */

/**
 * From now on hide a value wherever this context would print it: as a whole, and, where it has several
 * lines, each line of at least 16 bytes but PEM's first and last.
 *
 * @text  borrowed until redact_forget() or the context's end; NULL is no value
 */
void redact_also(struct ctx *cx, const char *text);

/** The values are about to be wiped; texts made before stay as they are, without them. */
void redact_forget(struct ctx *cx);

/* redact_next() or redact_next_word(). */
typedef bool redact_finder(const struct redact_word *words, const char *text, size_t n, size_t from,
                           size_t *ret_start, size_t *ret_end);

/**
 * Find the first secret that begins at or after from.
 *
 * @words  values to find, of a context; may be NULL
 * @ret    false when there is none; else text[*ret_start] to text[*ret_end - 1] must not be shown
 */
bool redact_next(const struct redact_word *words, const char *text, size_t n, size_t from,
                 size_t *ret_start, size_t *ret_end);

/** The same for values alone. */
bool redact_next_word(const struct redact_word *words, const char *text, size_t n, size_t from,
                      size_t *ret_start, size_t *ret_end);

#define REDACTED "[redacted]" /* stands for a secret */

/** @ret text with REDACTED for what is found, in cx->arena; NULL when there is nothing to hide */
char *redact_text(struct ctx *cx, const char *text, redact_finder *find);

#endif
