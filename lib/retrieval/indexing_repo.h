/* SQL of the job that indexes. */
#ifndef RETRIEVAL_INDEXING_REPO_H
#define RETRIEVAL_INDEXING_REPO_H

#include "base/db.h"

/* A file of the newest map that is not indexed. */
struct indexing_file {
	int64_t entry, bytes;
	const char *path, *oid;
};

/** @ret the version whose chunks the project has; 0: none */
NODISCARD
enum err indexing_repo_version(struct ctx *cx, int64_t project_id, int64_t *ret);

NODISCARD
enum err indexing_repo_note(struct ctx *cx, int64_t project_id, const char *commit, int64_t version,
                            bool complete);

/** @ret items are struct indexing_file behind an entry, of no more bytes than the settings allow */
NODISCARD
enum err indexing_repo_wanted(struct ctx *cx, int64_t project_id, int64_t index_id, int64_t after,
                              int64_t limit, struct list *ret);

/** Files that the map has no more are dead; NULL index: all. */
NODISCARD
enum err indexing_repo_gone(struct ctx *cx, int64_t project_id, int64_t index_id);

/** All files of a project are dead: they are to be cut anew. */
NODISCARD
enum err indexing_repo_forget(struct ctx *cx, int64_t project_id);

/** @ret chunks of the project's live files */
NODISCARD
enum err indexing_repo_count(struct ctx *cx, int64_t project_id, int64_t *ret);

#endif
