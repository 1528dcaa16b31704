/* SQL of the job that embeds. */
#ifndef RETRIEVAL_EMBEDDING_REPO_H
#define RETRIEVAL_EMBEDDING_REPO_H

#include "base/db.h"

/* What is embedded, in this order. */
struct embedding_source {
	int64_t project_id; /* 0: the documents */
};

/* A passage without a vector of the space. */
struct embedding_passage {
	int64_t file_id, number;
	bool last; /* of its file */
	const char *around, *text;
};

/* A passage that says what another says that has its vector. */
struct embedding_known {
	const char *hash; /* in hex */
};

/** @ret items are struct embedding_source: one project, the documents, or all */
NODISCARD
enum err embedding_repo_sources(struct ctx *cx, int64_t project_id, struct list *ret);

/** @ret passages of a source that wait */
NODISCARD
enum err embedding_repo_count(struct ctx *cx, int64_t project_id, int64_t space_id, int64_t *ret);

/** @ret items are struct embedding_passage behind one */
NODISCARD
enum err embedding_repo_page(struct ctx *cx, int64_t project_id, int64_t space_id,
                             const struct embedding_passage *after, int64_t limit,
                             struct list *ret);

/** @hashes an array, in hex  @ret items are struct embedding_known, those that have a vector */
NODISCARD
enum err embedding_repo_known(struct ctx *cx, int64_t space_id, const char *hashes,
                              struct list *ret);

/** @lines file, number, hash, vector, signs */
NODISCARD
enum err embedding_repo_put(struct ctx *cx, int64_t project_id, int64_t space_id,
                            int64_t dimensions, struct span lines);

/** @lines file, number, hash of what has a vector already */
NODISCARD
enum err embedding_repo_copy(struct ctx *cx, int64_t project_id, int64_t space_id,
                             struct span lines);

/** All passages of the files have theirs.  @files an array */
NODISCARD
enum err embedding_repo_mark(struct ctx *cx, int64_t space_id, const char *files);

/** Vectors of files that are no more go. */
NODISCARD
enum err embedding_repo_sweep(struct ctx *cx, int64_t project_id);

#endif
