/*
 * Segments: batches of chunks as rows of the database, with their inverted index.
 *
 * Made by jobs: files and their chunks are put piece by piece, each piece under the job's claim; then
 * the terms; then the segment is published and takes the place of what its files were before, in one
 * transaction.  Small segments are joined, so that a search reads few.
 *
 *   Half filled  A segment that is not published is nobody's, and swept by the next job of its project.
 *   Documents    Project 0 stands for the documents of the tenant.
 *   Memory       The maker's own arena: SEGMENT_BYTES of terms, and one batch.
 */
#ifndef RETRIEVAL_SEGMENT_H
#define RETRIEVAL_SEGMENT_H

#include "jobs/run.h"
#include "retrieval/postings.h"

#define SEGMENT_CHUNKS    65536               /* of one; it is published when it has so many ... */
#define SEGMENT_BYTES     ((size_t)192 << 20) /* ... or its terms take so much memory */
#define SEGMENT_SMALL     8192                /* chunks below which segments are joined ... */
#define SEGMENT_SMALL_MAX 8                   /* ... when there are more than so many */
#define SEGMENT_DEAD_PART 3                   /* or the third part of a segment's chunks is dead */
/* What passages are worth that share the words of what is looked for, and seldom are it. */
#define SEGMENT_WORTH_TEST    0.6  /* in tests, examples, benchmarks */
#define SEGMENT_WORTH_CHANGES 0.5  /* in lists of changes */
#define SEGMENT_WORTH_SECTION 0.8  /* of prose */
#define SEGMENT_WORTH_LINES   0.75 /* between definitions */
#define SEGMENT_WORTH_HELD    0.9  /* types and values: what holds, and does nothing */

#define SEGMENT_PIECE_BYTES ((size_t)1 << 20)
#define SEGMENT_PIECE_ROWS  20000

/* A segment being made.  Zero but for the first three. */
struct segment {
	struct ctx *cx;
	struct job_run *run; /* NULL: for tests, no claim */
	int64_t project_id;
	int64_t id; /* 0: nothing was put yet */
	struct arena *arena, *scratch;
	struct postings *postings;
	struct sb counts;
};

/* A file to be put, with its chunks as rows of retrieval/cut.h. */
struct segment_file {
	const char *path, *oid, *language, *source;
	int64_t document_id; /* 0: none */
	int64_t chunks;
	struct span rows; /* so many lines */
	const char *past; /* subjects of commits, as in maps/subjects.h; NULL: none known */
};

/** Begin.  @run NULL: for tests */
void segment_begin(struct segment *s, struct ctx *cx, struct job_run *run, int64_t project_id);

/** For CLEANUP(segment_end): gives the memory back. */
void segment_end(struct segment *s);

/**
 * Put a batch of files; publishes the segment and begins another when it is full.
 * Returns ERR_INTERNAL for rows that are none, ERR_LEASE_LOST, ERR_CANCELLED
 */
NODISCARD
enum err segment_put(struct segment *s, const struct segment_file *files, size_t n);

/** Publish what was put, if anything was. */
NODISCARD
enum err segment_publish(struct segment *s);

/** Tell the project's segments which of their chunks are dead; in the caller's transaction. */
NODISCARD
enum err segment_count(struct ctx *cx, int64_t project_id);

/** Join small segments of a project, and those of which much is dead. */
NODISCARD
enum err segment_join(struct ctx *cx, struct job_run *run, int64_t project_id);

/** Take away what nobody needs: of deleted projects, and what is half filled or replaced of this one. */
NODISCARD
enum err segment_sweep(struct ctx *cx, int64_t project_id);

/** A transaction under the job's claim.  @run NULL: without one */
NODISCARD
enum err segment_tx(struct ctx *cx, struct job_run *run, struct db_tx *tx);

extern const struct db_check segment_statements[];

#endif
