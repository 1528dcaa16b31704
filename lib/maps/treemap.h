/*
 * Treemap: every file a rectangle as large as its lines of code, folder in folder.
 *
 * Squarified (Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000): rows are filled as long as that makes
 * their worst rectangle squarer.  All in whole numbers, so that every machine places them alike; nothing
 * recurses.  Files without code have no rectangle.
 */
#ifndef MAPS_TREEMAP_H
#define MAPS_TREEMAP_H

#include "maps/folders.h"

#define TREEMAP_UNIT   16   /* units of a coordinate in one pixel of the picture */
#define TREEMAP_WIDTH  1200 /* pixels */
#define TREEMAP_HEIGHT 800

/* In units, within TREEMAP_WIDTH and TREEMAP_HEIGHT pixels. */
struct treemap_rect {
	int32_t x, y, width, height;
};

struct treemap {
	const struct view *view;
	struct folders folders;
	struct treemap_rect *files; /* by file */
	struct treemap_rect *rects; /* by folder */
	bool *headed;               /* by folder: room for its name was left at its top */
};

/** @ret in arena */
void treemap_place(struct arena *arena, const struct view *v, struct treemap *ret);

/** Paint it: colours are languages, names stand where they fit.  @ret in arena.  Returns ERR_LIMIT */
NODISCARD
enum err treemap_svg(struct ctx *cx, struct arena *arena, const struct treemap *t,
                     struct span *ret);

/**
 * The same as numbers, for a view that zooms: {unit, width, height, files: {x, y, width, height},
 * folders: {path, x, y, width, height}}; files by index, folders parents first, all in units.
 * Returns ERR_LIMIT
 */
NODISCARD
enum err treemap_coordinates(struct ctx *cx, struct arena *arena, const struct treemap *t,
                             struct span *ret);

#endif
