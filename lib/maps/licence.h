/*
 * Licences: what a text says of its own, by an SPDX line or by being one.
 *
 *   Tags   "SPDX-License-Identifier: expression" in the first bytes of a file;
 *          the expression is checked against the grammar of SPDX (annex D of
 *          the specification 2.3) and the list of identifiers.
 *   Texts  A licence's words, whatever their case, wrapping and punctuation,
 *          without copyright lines, are cut into runs of five; the smallest
 *          LICENCE_SKETCH hashes of those are its sketch (bottom-k sketches,
 *          A. Broder, "On the resemblance and containment of documents", 1997).
 *          The share of a sketch that a text contains is the confidence.
 *
 *   Input  Any bytes; linear time, LICENCE_WORDS_MAX words are read.
 */
#ifndef MAPS_LICENCE_H
#define MAPS_LICENCE_H

#include "base/arena.h"

#define LICENCE_SKETCH         64    /* hashes of a licence */
#define LICENCE_SHINGLE        5     /* words of a run */
#define LICENCE_WORDS_MAX      20000 /* of a text; the longest licence has a third of that */
#define LICENCE_CONFIDENT      80    /* percent of a sketch from which on a text is that licence */
#define LICENCE_MATCHES_MAX    4     /* different licences in one text */
#define LICENCE_EXPRESSION_MAX 200   /* bytes */
#define LICENCE_TAG_HEAD       4096  /* bytes at a text's start where tags are looked for */
#define LICENCE_TAGS_MAX       4     /* of one text */

struct licence_match {
	const char *id; /* of SPDX; "GPL-2.0" where only the text is known */
	uint8_t percent;
};

/**
 * The licences that a text contains, the surest first; of several of a family (BSD, GPL, ...) the
 * surest one, and of equals the longest.
 *
 * @ret  room for LICENCE_MATCHES_MAX
 * Returns how many.
 */
size_t licence_match(struct arena *arena, struct span text, struct licence_match *ret);

/** The next tag of a text.  @rest is moved behind it; @ret lies in the text. */
bool licence_tag(struct span *rest, struct span *ret);

/** @ret whether it is an expression of known identifiers, "LicenseRef-..." allowed */
bool licence_expression_valid(struct span expression);

/** @ret whether a text may be worth matching: it speaks of warranties or a public licence */
bool licence_likely(struct span text);

/* For the tool that makes the sketches: */

/** @ret  sorted hashes of all runs, in the arena; returns how many */
size_t licence_shingles(struct arena *arena, struct span text, uint32_t **ret);

/** @ret  room for LICENCE_SKETCH; returns how many */
size_t licence_sketch(struct arena *arena, struct span text, uint32_t *ret, uint32_t *ret_words);

#endif
