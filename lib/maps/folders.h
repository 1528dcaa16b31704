/*
 * Folders: the tree above a map's files.
 *
 * Folders stand in the order in which the sorted paths name them, so a parent stands before what is in it, and
 * numbers are summed up by going backwards: nothing recurses, however deep the paths are.
 */
#ifndef MAPS_FOLDERS_H
#define MAPS_FOLDERS_H

#include "maps/view.h"

struct folder {
	struct span path;     /* "" is the root, which is the first */
	int64_t code;         /* lines, folders below included */
	int64_t weight;       /* the same, but what is no source counts less */
	int64_t own;          /* files directly in it */
	uint32_t parent;      /* of the root: itself */
	uint32_t child, next; /* first folder in it, next one beside it; 0: none */
	bool open, shown;     /* for whoever chooses among them */
};

struct folders {
	struct folder *list;
	size_t n;
	uint32_t *of_file; /* by file */
};

/** @ret in arena */
void folders_read(struct arena *arena, const struct view *v, struct folders *ret);

/** @ret the path of what is around it, "" for what stands at the top */
struct span folders_above(struct span path);

/** @ret the last part of a path */
struct span folders_name(struct span path);

#endif
