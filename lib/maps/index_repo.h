/* SQL of indexes; of lib/maps/index.c alone. */
#ifndef MAPS_INDEX_REPO_H
#define MAPS_INDEX_REPO_H

#include "base/db.h"
#include "maps/index.h"

/* A part of a bundle, and the table that its lines become rows of. */
struct index_table {
	const char *part;
	const struct db_stmt *put;  /* $2 index, $3 lines */
	const struct db_stmt *drop; /* $2 index, $3 rows at most */
};
enum { INDEX_FILES, INDEX_EDGES, INDEX_SYMBOLS, INDEX_REFERENCES, INDEX_GRAMS };
extern const struct index_table index_tables[]; /* ends with a NULL part */

/** What takes rows away by their keys: $2 index, $3 a key a line.  NULL for edges, which go all */
extern const struct db_stmt *const index_gone[];

/** Take whole lines from the front, about INDEX_PIECE_BYTES of them. */
struct span index_piece(struct span *rest);

/** Returns ERR_NOT_FOUND */
NODISCARD
enum err index_repo_of_project(struct ctx *cx, int64_t project_id, const char *commit,
                               struct map_index *ret);
NODISCARD
enum err index_repo_has(struct ctx *cx, int64_t map_id, int64_t *ret);
/**
 * The transaction's commit does not wait for the disk.  For what a crash of the server may undo: the
 * pieces of an index, which is nobody's before a later commit that waits for all of them.
 */
NODISCARD
enum err index_repo_lazy(struct ctx *cx);
/** @line of the part `index` */
NODISCARD
enum err index_repo_new(struct ctx *cx, int64_t project_id, struct span line, int64_t *ret);
NODISCARD
enum err index_repo_publish(struct ctx *cx, int64_t id, int64_t map_id);
/** @analyser that made its map.  Returns ERR_NOT_FOUND */
NODISCARD
enum err index_repo_spare(struct ctx *cx, int64_t project_id, int64_t keep, const char *analyser,
                          struct index_spare *ret);
/** @line of the part `index`  @ret 0: it is not one of as many files, or not complete */
NODISCARD
enum err index_repo_renew(struct ctx *cx, int64_t id, struct span line, int64_t *ret);
/** @ret one that is to be taken away; 0: none */
NODISCARD
enum err index_repo_stale(struct ctx *cx, int64_t project_id, int64_t keep, int64_t *ret);
NODISCARD
enum err index_repo_drop(struct ctx *cx, int64_t id);

#endif
