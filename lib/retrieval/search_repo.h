/* SQL of the search. */
#ifndef RETRIEVAL_SEARCH_REPO_H
#define RETRIEVAL_SEARCH_REPO_H

#include "retrieval/search.h"

struct search_segment {
	int64_t id, chunks;
	const char *counts, *dead;
};

struct search_only {
	int64_t segment_id;
	const char *ranges;
};

struct search_df {
	const char *term;
	int64_t chunks;
};

struct search_postings {
	int64_t segment_id;
	const char *term, *postings;
};

/** @ret items are struct search_segment */
NODISCARD
enum err search_repo_segments(struct ctx *cx, const struct retrieval_query *query,
                              struct list *ret);

/** @ret items are struct search_only, of the query's filters */
NODISCARD
enum err search_repo_only(struct ctx *cx, const struct retrieval_query *query, const char *segments,
                          struct list *ret);

/** @ret items are struct search_df */
NODISCARD
enum err search_repo_df(struct ctx *cx, const char *segments, const char *terms, struct list *ret);

/** @ret items are struct search_postings, by segment */
NODISCARD
enum err search_repo_postings(struct ctx *cx, const char *segments, const char *terms,
                              struct list *ret);

/**
 * @ret items are struct retrieval_hit, in the order of the arrays, without why; score is the place in
 *      the arrays, from 1
 */
NODISCARD
enum err search_repo_hits(struct ctx *cx, const char *segments, const char *chunks,
                          struct list *ret);

/** @ret projects (of the query's) whose newest map is not indexed whole, and documents that wait */
NODISCARD
enum err search_repo_waiting(struct ctx *cx, const struct retrieval_query *query, int64_t *ret);

#endif
