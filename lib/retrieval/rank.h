/*
 * Rank: from postings to the best chunks.
 *
 * Chunks are scored by BM25 over the query's terms; so are whole files, of which a term counts with the
 * best of their chunks; and what commits said of files; and chunks by what they mean, where there
 * are vectors.  The lists are fused by reciprocal
 * ranks (Cormack, Clarke, Buettcher: Reciprocal Rank Fusion outperforms Condorcet and individual Rank
 * Learning Methods, SIGIR 2009).
 *
 *   Time    Linear in the postings read and the chunks of the segments.
 *   Order   Ties go to the segment and chunk that come first.
 */
#ifndef RETRIEVAL_RANK_H
#define RETRIEVAL_RANK_H

#include "base/arena.h"

#define RANK_DEPTH 400 /* of each list that is fused */

/* A term of the query. */
struct rank_term {
	const char *name;
	double weight; /* how rare it is, times how often the query has it */
};

/* A segment as it is read. */
struct rank_segment {
	int64_t id;
	uint32_t chunks;
	const char *counts, *dead; /* as in app.search_segment */
	const char *only;          /* ranges like dead: others do not count; NULL: all do */
};

struct rank_hit {
	int64_t segment;
	uint32_t chunk;
	double score;
};

struct rank; /* of one query */

struct rank *rank_new(struct arena *arena);

/** Begin a segment. */
void rank_segment(struct rank *r, const struct rank_segment *segment);

/** Score a term's postings in the segment at hand. */
void rank_term(struct rank *r, const struct rank_term *term, const char *postings);

/** The same of what commits said of files: postings with their first chunks. */
void rank_past(struct rank *r, const struct rank_term *term, const char *postings);

/** A chunk of it that is near by meaning; filters are not asked again.  @similarity above 0 */
void rank_near(struct rank *r, uint32_t chunk, double similarity);

/** End the segment: its best chunks and files join those of others. */
void rank_segment_end(struct rank *r);

/** @ret the best, at most n, in `hits`; how many */
size_t rank_finish(struct rank *r, struct rank_hit *hits, size_t n);

#endif
