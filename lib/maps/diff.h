/*
 * Diff: what came and went between two maps.
 *
 * Works on two views.  Files are matched by path; of those left over, the ones with the same blob were moved, and
 * count as the same file from then on: an import between moved files is the same import.
 *
 *   Imports     Pairs of files, however many lines.
 *   Cycles      One that shares two files and more with one of before is that one, changed.
 *   Components  By path and name, else by path (it was renamed), else by name and kind (it was moved).
 *   Order       Paths, names; the same two maps give the same bytes.
 *   Time        Linear, but for sorting.
 */
#ifndef MAPS_DIFF_H
#define MAPS_DIFF_H

#include "maps/drawing.h"

#define DIFF_ROWS_MAX  2000 /* of one list in the JSON; the summary counts all */
#define DIFF_MD_ROWS   15   /* of one list in the Markdown */
#define DIFF_BYTES_MAX ((size_t)8 << 20)

/* Two indexes: into `from` and into `to`; DIFF_NONE where there is none. */
struct diff_pair {
	uint32_t from, to;
};

#define DIFF_NONE UINT32_MAX

/* An import, by files of the view that has it. */
struct diff_edge {
	uint32_t from, to;
};

struct diff_list {
	struct diff_pair *rows; /* came: from is none; went: to is none; else changed or moved */
	size_t n, added, removed, changed, moved;
};

struct diff {
	const struct view *from, *to;
	uint32_t *file_to; /* by file of from: the same file in to, or DIFF_NONE */
	struct diff_list files, cycles, externals, routes, components, hotspots;
	struct diff_edge *imports_added, *imports_removed; /* of to; of from */
	size_t nimports_added, nimports_removed;
	size_t imports_from, imports_to;               /* pairs of files */
	struct diff_edge *links_added, *links_removed; /* components of to; of from */
	size_t nlinks_added, nlinks_removed;
	uint32_t *component_from; /* by component of to: the same one of from, or DIFF_NONE */
	int64_t code_from, code_to;
};

/** @from, @to read with VIEW_IMPORTS  @ret borrows from them, in arena */
void diff_maps(struct arena *arena, const struct view *from, const struct view *to,
               struct diff *ret);

/** @ret whether nothing of what is compared differs */
bool diff_is_empty(const struct diff *d);

/* All: @ret in arena.  Return ERR_LIMIT. */
NODISCARD
enum err diff_json(struct ctx *cx, struct arena *arena, const struct diff *d, struct span *ret);
/** Short, for a comment on a pull request: a table, then lists that are folded away. */
NODISCARD
enum err diff_markdown(struct ctx *cx, struct arena *arena, const struct diff *d, struct span *ret);
/** The components of both, with what came and went marked. */
void diff_drawing(struct arena *arena, const struct diff *d, struct drawing *ret);

/** @ret rows of externals of the same package behind row i, i itself included */
size_t diff_package_rows(const struct view *v, size_t i);

#endif
