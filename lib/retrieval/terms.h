/*
 * Terms: the words of a text as the search counts them.
 *
 * A word is a run of letters, digits, '_' and bytes beyond ASCII.  An identifier
 * gives its parts (getHTTPResponse, get_http_response: get, http, response) and, when
 * it has several, all of them as one (gethttprespons).  So do two words in capitals with a blank between:
 * SKIP LOCKED, skiplock, as SQL has them.  Terms are in small ASCII letters;
 * the endings of English words are taken off (parsing, parsed, parses, parser: pars), a
 * short list of rules after Porter, "An algorithm for suffix stripping", 1980, made for
 * code and questions about it: it need only do the same to both.
 *
 *   Limits  Words of more than TERM_WORD_MAX bytes are none; numbers of more than six digits neither.
 */
#ifndef RETRIEVAL_TERMS_H
#define RETRIEVAL_TERMS_H

#include "base/base.h"

#define TERM_WORD_MAX 100 /* bytes */

/**
 * Called for each term in the order of the text; the bytes are valid during the call.
 * @written what it comes from, as it stands in the text
 */
typedef void term_each(void *arg, const char *term, size_t n, struct span written);

/** Linear in the text. */
void terms_each(struct span text, term_each *each, void *arg);

/** @ret whether the term is one of the commonest words of English sentences, which say nothing */
bool term_is_noise(const char *term, size_t n);

#endif
