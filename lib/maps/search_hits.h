/* The search itself, from words to places; of lib/maps/search.c alone. */
#ifndef MAPS_SEARCH_HITS_H
#define MAPS_SEARCH_HITS_H

#include "maps/search_repo.h"

/* Rising: better ones first. */
enum search_match { MATCH_EXACT, MATCH_PREFIX, MATCH_WORD, MATCH_PART, MATCH_FUZZY, MATCH_NONE };

struct search_hit {
	int64_t place;
	enum search_match match;
	int score; /* higher first, within a match */
	const char *text;
};

struct search_hits {
	struct search_hit *items; /* best first */
	size_t n;
	bool complete;
};

/** @only as search_repo_texts() */
NODISCARD
enum err search_hits(struct ctx *cx, const struct map_index *index, enum search_about about,
                     const char *q, const char *only, int64_t limit, struct search_hits *ret);

/** How a text matches, fuzzy aside; MATCH_NONE.  @ret_score 1: in the same case */
enum search_match search_judge(struct span text, struct span q, enum search_about about,
                               int *ret_score);

/** @ret "exact", ... */
const char *search_match_name(enum search_match match);

#endif
