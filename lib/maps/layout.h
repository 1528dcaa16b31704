/*
 * Layout: where the boxes of a diagram stand and how its lines run.
 *
 * Graphviz's dot does it (layers by network simplex, few crossings, lines around boxes: Gansner, Koutsofios,
 * North, Vo, "A Technique for Drawing Directed Graphs", 1993).  It runs as a program of its own with
 * limits on memory and time, is told sizes and numbers of nodes alone, never a name from a repository, and
 * what it answers is read as numbers or refused.  It gets at most LAYOUT_NODES_MAX nodes.
 */
#ifndef MAPS_LAYOUT_H
#define MAPS_LAYOUT_H

#include "base/ctx.h"

#define LAYOUT_NODES_MAX  100
#define LAYOUT_POINTS_MAX 400 /* of one line */

/* In pixels; x and y are of the upper left corner, y grows downwards. */
struct layout_box {
	int x, y, width, height;
};

struct layout_point {
	int x, y;
};

/* A cubic Bezier line: the first point, then three for each piece. */
struct layout_line {
	uint32_t from, to;
	uint32_t weight; /* heavier lines are kept shorter and straighter; at least 1 */
	struct layout_point *points;
	size_t npoints;
};

struct layout {
	struct layout_box *boxes; /* width and height are given, x and y found */
	size_t nboxes;
	struct layout_line *lines; /* ends and weight are given, points found */
	size_t nlines;
	int width, height;
	bool sideways; /* layers from left to right instead of from top to bottom */
};

/** @ret what dot is asked, in arena */
const char *layout_question(struct arena *arena, const struct layout *l);

/**
 * Take over what dot answers with -Tplain.
 * Returns ERR_MALFORMED, naming the line
 */
NODISCARD
enum err layout_answer(struct ctx *cx, struct arena *arena, struct span text, struct layout *l);

/**
 * Have it laid out by the program that the setting dot_program names.  What becomes much wider than high
 * is tried sideways as well, and the squarer of the two is taken.
 * Returns ERR_UNAVAILABLE (there is none), ERR_TIMEOUT, ERR_LIMIT, ERR_CHILD_KILLED, ERR_MALFORMED
 */
NODISCARD
enum err layout_run(struct ctx *cx, struct arena *arena, struct layout *l);

#endif
