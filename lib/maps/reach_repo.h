/* SQL of the graph; of lib/maps/reach.c alone. */
#ifndef MAPS_REACH_REPO_H
#define MAPS_REACH_REPO_H

#include "base/db.h"
#include "maps/reach.h"

/* One file's edges of a direction, for walking. */
struct reach_row {
	int64_t file;
	const char *others; /* numbers with commas */
};

struct reach_name {
	int64_t file;
	const char *path;
};

/** @ret number of a file.  Returns ERR_NOT_FOUND */
NODISCARD
enum err reach_repo_file(struct ctx *cx, int64_t index_id, const char *path, int64_t *ret);
/** @files an array in PostgreSQL's text form  @ret by file */
NODISCARD
enum err reach_repo_edges(struct ctx *cx, int64_t index_id, bool inward, const char *files,
                          struct list *ret);
NODISCARD
enum err reach_repo_names(struct ctx *cx, int64_t index_id, const char *files, struct list *ret);
NODISCARD
enum err reach_repo_steps(struct ctx *cx, int64_t index_id, bool inward, int64_t file,
                          const char *kind, int64_t limit, struct list *ret);
NODISCARD
enum err reach_repo_count(struct ctx *cx, int64_t index_id, bool inward, int64_t file,
                          const char *kind, int64_t *ret);
/** @from, @to arrays of one length  @ret the best known edge of each pair */
NODISCARD
enum err reach_repo_way(struct ctx *cx, int64_t index_id, const char *from, const char *to,
                        struct list *ret);

#endif
