/* SQL of segments. */
#ifndef RETRIEVAL_SEGMENT_REPO_H
#define RETRIEVAL_SEGMENT_REPO_H

#include "retrieval/segment.h"

/* A chunk as it is read again. */
struct segment_old_chunk {
	int64_t file_id, chunks; /* of the file; 0: the row stands for the file alone */
	const char *path, *past, *kind, *symbols, *around, *text;
};

/* One that is worth joining with others. */
struct segment_small {
	int64_t id;
	bool heavy; /* much of it is dead: alone a reason */
};

NODISCARD
enum err segment_repo_new(struct ctx *cx, int64_t project_id, int64_t *ret);

/**
 * @lines path, oid, language, source, first chunk, chunks, document (or \N), subjects
 * @ret   items are ids, in order
 */
NODISCARD
enum err segment_repo_put_files(struct ctx *cx, int64_t segment_id, int64_t project_id,
                                struct span lines, struct list *ret);

/** @lines file, number, first line, last line, page, kind, symbols, types around, text */
NODISCARD
enum err segment_repo_put_chunks(struct ctx *cx, struct span lines);

/** @lines term, chunks, postings */
NODISCARD
enum err segment_repo_put_terms(struct ctx *cx, int64_t segment_id, struct span lines);

NODISCARD
enum err segment_repo_publish(struct ctx *cx, int64_t segment_id, int64_t chunks,
                              const char *counts);

/** Files of older segments whose place a file of this one takes are dead. */
NODISCARD
enum err segment_repo_replace(struct ctx *cx, int64_t project_id, int64_t segment_id);

/** Tell the project's segments (0: those of documents) which of their chunks are dead. */
NODISCARD
enum err segment_repo_count_dead(struct ctx *cx, int64_t project_id);

/** @lines file, segment's first chunk */
NODISCARD
enum err segment_repo_move(struct ctx *cx, int64_t segment_id, struct span lines);

NODISCARD
enum err segment_repo_retire(struct ctx *cx, const char *segments);

/** @ret items are struct segment_small: what may be joined to one segment */
NODISCARD
enum err segment_repo_small(struct ctx *cx, int64_t project_id, struct list *ret);

/** @ret items are struct segment_old_chunk, of the next live file after a file */
NODISCARD
enum err segment_repo_next_file(struct ctx *cx, const char *segments, int64_t after,
                                struct list *ret);

/** @ret a segment that nobody needs; 0: there is none */
NODISCARD
enum err segment_repo_stale(struct ctx *cx, int64_t project_id, int64_t *ret);

/** Take some of its rows away.  @ret 0: there are no more, and it is gone */
NODISCARD
enum err segment_repo_drop(struct ctx *cx, int64_t segment_id, int64_t most, int64_t *ret);

#endif
