/*
 * Diagram: a drawing as a picture.
 *
 *     diagram_begin(arena, &drawing, &d);      boxes are as large as their texts
 *     TRY(layout_run(cx, arena, &d.layout));   they are given places
 *     TRY(diagram_svg(cx, &d, &svg));          and are painted
 *
 * Boxes that nothing connects are not laid out but stand in rows below.  What a box says is cut to its width;
 * the whole of it is in its tooltip.
 */
#ifndef MAPS_DIAGRAM_H
#define MAPS_DIAGRAM_H

#include "maps/drawing.h"
#include "maps/layout.h"

struct diagram {
	struct arena *arena;
	const struct drawing *drawing;
	struct layout layout;     /* of the connected nodes alone */
	int32_t *place;           /* by node: its box in the layout, or -1 */
	struct layout_box *boxes; /* by node: where it is painted; filled by diagram_svg() */
	int width, height;        /* of the picture */
};

void diagram_begin(struct arena *arena, const struct drawing *drawing, struct diagram *ret);

/** @ret the picture, in the arena of the diagram.  Returns ERR_LIMIT */
NODISCARD
enum err diagram_svg(struct ctx *cx, struct diagram *d, struct span *ret);

/**
 * Where the boxes of the painted picture are, as JSON: {width, height, nodes: {key, x, y, width,
 * height}} in pixels; the nodes are those of the drawing, in its order.
 */
NODISCARD
enum err diagram_coordinates(struct ctx *cx, const struct diagram *d, struct span *ret);

#endif
