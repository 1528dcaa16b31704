/*
 * Pictures: what the job draws of a map, and where it is kept.
 *
 * The analyser condenses what it writes to drawings, and paints the treemap; the
 * runner has the drawings laid out (maps/layout.h) and painted, and publishes all of it with the map, as rows of
 * app.map_part.  A picture that cannot be made is a row with the reason: the map does not depend on it.
 *
 *   In the bundle   <view>_drawing, <view>_layout, <view>_svg, and <view>_missing with a reason
 *   In the table    <view>.json, <view>.layout.json, <view>.svg
 */
#ifndef MAPS_PICTURES_H
#define MAPS_PICTURES_H

#include "maps/bundle.h"
#include "maps/drawing.h"

enum picture_view { PICTURE_COMPONENTS, PICTURE_FOLDERS, PICTURE_TREEMAP, PICTURE_VIEWS };

enum picture_form {
	PICTURE_DRAWING, /* JSON of drawing_schema; the treemap has none */
	PICTURE_LAYOUT,  /* JSON: where everything is */
	PICTURE_SVG,
	PICTURE_FORMS
};

/** @ret "components", "folders", "treemap" */
const char *picture_view_name(enum picture_view view);

/**
 * In the analyser: add to the bundle what can be made of the content alone.  Never fails: see above
 *
 * @v as content_view() gives it, or as view_read() does with VIEW_IMPORTS
 */
void pictures_plan(struct ctx *cx, const struct view *v, struct bundle *bundle);

/** In the runner, outside of transactions: have the drawings laid out and painted. */
void pictures_draw(struct ctx *cx, struct bundle *bundle);

/** Store what the bundle holds of pictures; in the transaction that publishes the map. */
NODISCARD
enum err pictures_put(struct ctx *cx, int64_t map_id, const struct bundle *bundle);

/**
 * Read one.  @ret text in cx->arena
 * Returns ERR_NOT_FOUND; the detail says why there is none
 */
NODISCARD
enum err pictures_get(struct ctx *cx, int64_t map_id, enum picture_view view,
                      enum picture_form form, const char **ret);

/** The drawing of a view, decoded.  Returns as pictures_get() */
NODISCARD
enum err pictures_drawing(struct ctx *cx, int64_t map_id, enum picture_view view,
                          struct drawing *ret);

#endif
