/*
 * Strips: a place for every file and folder of a map, within the folder that it lies in.
 *
 * What a folder holds stands in rows, those above that depend on those below: by the mean layer (maps/graph.h)
 * of the files in it, most first, and what has no imports at the bottom.  So a line between two things of one
 * folder mostly runs downwards, and each place stays where it is whatever is opened around it.
 *
 * This is a strip treemap (Bederson, Shneiderman, Wattenberg, "Ordered and Quantum Treemaps", 2002) whose
 * shares are logarithms, so that a small folder beside a large one is still seen.  How many rows there are is
 * told by the shape of the folder and not by trying, so the time is linear but for sorting.  All in whole
 * numbers; nothing recurses.
 */
#ifndef MAPS_STRIPS_H
#define MAPS_STRIPS_H

#include "base/arena.h"

#define STRIPS_UNIT 10000 /* a side of the folder around */

/* In parts of STRIPS_UNIT of the sides of the folder around. */
struct strips_place {
	int32_t x, y, width, height;
};

struct strips_in {
	size_t nfolders;        /* parents before what lies in them; the root is the first */
	const uint32_t *parent; /* by folder */
	size_t nfiles;
	const uint32_t *folder; /* by file */
	const uint32_t *layer;  /* by file */
	const bool *linked;     /* by file: it has imports, or importers */
};

/* The root's own place is all there is. */
struct strips {
	struct strips_place *folders, *files;
};

/** @ret in arena */
void strips_place(struct arena *arena, const struct strips_in *in, struct strips *ret);

#endif
