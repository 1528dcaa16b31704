/*
 * Digest: a map as Markdown for a language model, within a budget.
 *
 * What is said first is what a reader needs first: size and languages, components and what they depend on, entry
 * points, routes, packages; then files, the most important ones first, with what they define, until the budget
 * is spent.  Importance is the file's PageRank; with a question it is fused with how well the question's words
 * match path, component and names of definitions (Okapi BM25, Robertson et al. 1994; fused by reciprocal
 * ranks, Cormack et al. 2009, the match counting DIGEST_MATCH_WEIGHT times).  Names are split at capitals,
 * underscores and digits, so that "map repo" finds map_repo.c and MapRepo.
 *
 *   Budget   Tokens are estimated at DIGEST_BYTES_A_TOKEN bytes each; the text never has more bytes than that.
 *   Time     Linear in the map, times the words of the question (at most DIGEST_WORDS_MAX).
 */
#ifndef MAPS_DIGEST_H
#define MAPS_DIGEST_H

#include "maps/view.h"

#define DIGEST_BYTES_A_TOKEN 4
#define DIGEST_TOKENS_LEAST  200
#define DIGEST_TOKENS_MOST   100000
#define DIGEST_TOKENS        4000 /* when not told */
#define DIGEST_WORDS_MAX     16
#define DIGEST_MATCH_WEIGHT  3

/**
 * @v        read with VIEW_DEFS and VIEW_IMPORTS
 * @project  its name
 * @question NULL: none
 * @tokens   from DIGEST_TOKENS_LEAST to DIGEST_TOKENS_MOST
 * @ret      in arena
 */
void digest_write(struct arena *arena, const struct view *v, const char *project,
                  const char *question, int64_t tokens, struct span *ret);

/**
 * Files by importance.
 *
 * @ret v->files.n indexes in arena, the most important first
 */
uint32_t *digest_rank(struct arena *arena, const struct view *v, const char *question);

#endif
