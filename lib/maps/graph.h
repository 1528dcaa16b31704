/*
 * Graph: measures on the edges between files.
 *
 * Everything is computed with whole numbers in a fixed order, so the same
 * edges give the same numbers on every machine.  Time is linear in files and
 * edges (times GRAPH_RANK_ROUNDS for the rank); nothing recurses.
 *
 *   Fan         Different files on the other side, however many lines.
 *   Cycles      Strongly connected sets of two files and more.  Edges within
 *               one unit do not count: names used within a Go package, and
 *               Rust's "mod", which says what a module holds, not what it needs.
 *   Layers      0 for a file that depends on no other; else one above the
 *               highest it depends on; files of one cycle share a layer.
 *   Rank        PageRank, damping 0.85, over the files that have edges.
 */
#ifndef MAPS_GRAPH_H
#define MAPS_GRAPH_H

#include "maps/resolve.h"

#define GRAPH_RANK_ROUNDS 40
#define GRAPH_RANK_ONE    1000000000u /* the ranks of all files sum to about this */
#define GRAPH_CENTRAL_MAX 50

struct graph_cycle {
	uint32_t *files; /* ascending: the smallest path first */
	size_t nfiles;
};

struct graph {
	size_t nfiles;
	uint32_t *fan_in, *fan_out; /* by file */
	uint32_t *layer;            /* by file */
	uint32_t *rank;             /* by file, in parts of GRAPH_RANK_ONE; 0 without edges */
	uint32_t nlayers;
	struct graph_cycle *cycles; /* by their first file */
	size_t ncycles;
	uint32_t central[GRAPH_CENTRAL_MAX]; /* highest rank first; ties by path */
	size_t ncentral;
	uint32_t depended[GRAPH_CENTRAL_MAX]; /* highest fan-in first; ties by path */
	size_t ndepended;
};

/** @edges as resolve_imports() orders them  @ret lives in the arena */
void graph_measure(struct arena *arena, size_t nfiles, const struct resolve_edge *edges,
                   size_t nedges, struct graph *ret);

#endif
