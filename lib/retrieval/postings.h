/*
 * Postings: an inverted index of chunks, as it is made and as it is read.
 *
 * A segment numbers its chunks from 0.  By term it holds the numbers of the chunks that
 * have it, each with a weight: what the term is worth in that chunk, before it is
 * multiplied by how rare the term is.  The weight is that of BM25F (Robertson, Zaragoza, Taylor: Simple BM25
 * Extension to Multiple Weighted Fields, CIKM 2004): occurrences in text, names and path are
 * added by the weights of the fields, saturated (POSTINGS_K1), and set against the length of the chunk
 * (POSTINGS_B, POSTINGS_LENGTH).  A fixed mean length keeps weights of different segments comparable.
 *
 *   Text  Of each posting the difference to the number before (the first to -1), less one, in groups of five
 *         bits, low group first, one character '0' + group, + 32 when another follows; then the
 *         weight, '0' + 0..63.  Printable, without tab.
 *   Memory  The maker's arena, and nothing else: about 12 bytes a posting.
 */
#ifndef RETRIEVAL_POSTINGS_H
#define RETRIEVAL_POSTINGS_H

#include "base/ctx.h"

#define POSTINGS_K1     3.0
#define POSTINGS_B      0.75
#define POSTINGS_LENGTH 90.0 /* terms of a chunk of usual length */
#define POSTINGS_LONG                                                                              \
	3.0 /* times that; what is longer counts as so long: its words are still its words */

/* Weights of a term in a name that the chunk defines, in one around that, in its path; in its text: 1. */
#define POSTINGS_SYMBOL 10.0
#define POSTINGS_AROUND 1.5
#define POSTINGS_PATH   2.5

#define POSTINGS_WEIGHTS 64

enum posting_field {
	POSTING_TEXT,
	POSTING_SYMBOL,
	POSTING_AROUND,
	POSTING_PATH,
	POSTING_PAST,
	POSTING_FIELDS
};

/*
 * What was said of a file by the commits that changed it is a field of its own, with terms of its own: this
 * in front of each.  It stands with the file's first chunk, and is set against its own length.
 */
#define POSTINGS_PAST_MARK   '+'
#define POSTINGS_PAST_LENGTH 40.0

struct postings; /* being made */

struct postings *postings_new(struct arena *arena);

/** Begin the next chunk.  @ret its number */
uint32_t postings_chunk(struct postings *p);

/** Add the terms of a text to the chunk, as a field of it; the text itself before its POSTING_PAST. */
void postings_add(struct postings *p, enum posting_field field, struct span text);

/** End the chunk: its weights are known.  @worth 0 to 1: what they are multiplied by */
void postings_end(struct postings *p, double worth);

/** @ret bytes of memory that it takes */
size_t postings_bytes(const struct postings *p);

/** @ret chunks so far */
uint32_t postings_chunks(const struct postings *p);

/** Called for each term, in the order of their bytes; texts are NUL-terminated. */
typedef enum err postings_each(void *arg, const char *term, uint32_t chunks, const char *text);

/** Hand over the index.  Returns the first error of each() */
NODISCARD
enum err postings_write(struct postings *p, postings_each *each, void *arg);

/**
 * Read.
 *
 * @at   position in the text, moved on
 * @last the number before; -1 at first
 * @ret  the next number, -1 at the end or at what is none; @ret_weight 0 to 63
 */
int64_t postings_next(const char **at, int64_t last, unsigned *ret_weight);

#endif
