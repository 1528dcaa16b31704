/* Pictures: the order of the work, and what happens when a part of it fails. */
#include "maps/pictures.h"

#include "base/utf8.h"
#include "maps/diagram.h"
#include "maps/part_repo.h"
#include "maps/treemap.h"

#include <string.h>

static const char *const VIEWS[] = { "components", "folders", "treemap" };
static const char *const BUNDLED[] = { "drawing", "layout", "svg" };
static const char *const STORED[] = { "json", "layout.json", "svg" };

const char *picture_view_name(enum picture_view view)
{
	return VIEWS[view];
}

static const char *bundled(struct ctx *cx, enum picture_view view, const char *what)
{
	return arena_printf(cx->arena, "%s_%s", VIEWS[view], what);
}

static void add(struct ctx *cx, struct bundle *bundle, enum picture_view view, const char *what,
                struct span data)
{
	bundle_add(bundle, bundled(cx, view, what),
	           (struct span){ arena_memdup(cx->arena, data.data, data.len + 1), data.len });
}

/* What has just failed is why the picture is missing; it is no failure of anything else. */
static void missing(struct ctx *cx, struct bundle *bundle, enum picture_view view)
{
	const char *why = cx->fault.detail != NULL ? cx->fault.detail : "it could not be drawn";

	if (bundle_find(bundle, bundled(cx, view, "missing")) == NULL)
		add(cx, bundle, view, "missing", (struct span){ why, strlen(why) });
	err_clear(cx);
}

/* --- In the analyser --- */

static enum err plan_drawing(struct ctx *cx, struct arena *arena, const struct view *v,
                             enum picture_view view, struct bundle *bundle)
{
	struct sb sb = sb_new(arena, json_limits_body.max_bytes);
	struct drawing drawing;
	const char *text;

	if (view == PICTURE_COMPONENTS)
		drawing_of_components(arena, v, &drawing);
	else
		drawing_of_folders(arena, v, &drawing);
	schema_encode(&sb, &drawing_schema, &drawing);
	TRY(sb_finish(cx, &sb, &text));
	add(cx, bundle, view, BUNDLED[PICTURE_DRAWING], (struct span){ text, sb.len });
	return ERR_OK;
}

static enum err plan_treemap(struct ctx *cx, struct arena *arena, const struct view *v,
                             struct bundle *bundle)
{
	struct treemap treemap;
	struct span svg, layout;

	treemap_place(arena, v, &treemap);
	TRY(treemap_svg(cx, arena, &treemap, &svg));
	TRY(treemap_coordinates(cx, arena, &treemap, &layout));
	add(cx, bundle, PICTURE_TREEMAP, BUNDLED[PICTURE_SVG], svg);
	add(cx, bundle, PICTURE_TREEMAP, BUNDLED[PICTURE_LAYOUT], layout);
	return ERR_OK;
}

void pictures_plan(struct ctx *cx, const struct view *v, struct bundle *bundle)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(VIEW_ARENA_MAX);

	for (int view = PICTURE_COMPONENTS; view <= PICTURE_FOLDERS; view++)
		if (plan_drawing(cx, arena, v, (enum picture_view)view, bundle) != ERR_OK)
			missing(cx, bundle, (enum picture_view)view);
	if (plan_treemap(cx, arena, v, bundle) != ERR_OK)
		missing(cx, bundle, PICTURE_TREEMAP);
}

/* --- In the runner --- */

static enum err decode(struct ctx *cx, struct span text, struct drawing *ret)
{
	TRY(schema_decode(cx, &drawing_schema, text, ret));
	return drawing_check(cx, ret);
}

static enum err draw(struct ctx *cx, struct arena *arena, struct span text, enum picture_view view,
                     struct bundle *bundle)
{
	struct drawing drawing;
	struct diagram diagram;
	struct span svg, layout;

	TRY(decode(cx, text, &drawing));
	diagram_begin(arena, &drawing, &diagram);
	TRY(layout_run(cx, arena, &diagram.layout));
	TRY(diagram_svg(cx, &diagram, &svg));
	TRY(diagram_coordinates(cx, &diagram, &layout));
	add(cx, bundle, view, BUNDLED[PICTURE_SVG], svg);
	add(cx, bundle, view, BUNDLED[PICTURE_LAYOUT], layout);
	return ERR_OK;
}

void pictures_draw(struct ctx *cx, struct bundle *bundle)
{
	for (int view = PICTURE_COMPONENTS; view <= PICTURE_FOLDERS; view++) {
		CLEANUP(arena_free_ptr) struct arena *arena = arena_new(VIEW_ARENA_MAX);
		const struct span *text = bundle_find(
			bundle, bundled(cx, (enum picture_view)view, BUNDLED[PICTURE_DRAWING]));

		if (text != NULL &&
		    draw(cx, arena, *text, (enum picture_view)view, bundle) != ERR_OK)
			missing(cx, bundle, (enum picture_view)view);
	}
}

/* --- In the database --- */

static const char *stored(struct ctx *cx, enum picture_view view, enum picture_form form)
{
	return arena_printf(cx->arena, "%s.%s", VIEWS[view], STORED[form]);
}

/* A reason is read by people: one line of valid text. */
static const char *reason_of(struct ctx *cx, const struct span *told)
{
	size_t n = told == NULL ? 0 : utf8_valid(told->data, told->len);

	if (n == 0 || memchr(told->data, '\0', n) != NULL)
		return "it was not drawn";
	return drawing_text(cx->arena, (struct span){ told->data, n });
}

enum err pictures_put(struct ctx *cx, int64_t map_id, const struct bundle *bundle)
{
	TRY(part_repo_clear(cx, map_id));
	for (int i = 0; i < PICTURE_VIEWS * PICTURE_FORMS; i++) {
		enum picture_view view = (enum picture_view)(i / PICTURE_FORMS);
		enum picture_form form = (enum picture_form)(i % PICTURE_FORMS);
		const struct span *data = bundle_find(bundle, bundled(cx, view, BUNDLED[form]));
		struct map_part part = { .name = stored(cx, view, form) };

		if (view == PICTURE_TREEMAP && form == PICTURE_DRAWING)
			continue;
		if (data != NULL && utf8_valid(data->data, data->len) == data->len &&
		    memchr(data->data, '\0', data->len) == NULL)
			part.data = *data;
		else
			part.reason =
				reason_of(cx, bundle_find(bundle, bundled(cx, view, "missing")));
		TRY(part_repo_put(cx, map_id, &part));
	}
	return ERR_OK;
}

enum err pictures_get(struct ctx *cx, int64_t map_id, enum picture_view view,
                      enum picture_form form, const char **ret)
{
	struct map_part_row row = { 0 };
	enum err e = part_repo_get(cx, map_id, stored(cx, view, form), &row);

	if (e == ERR_OK && row.data != NULL) {
		*ret = row.data;
		return ERR_OK;
	}
	if (e != ERR_OK && e != ERR_NOT_FOUND)
		return e;
	if (e == ERR_OK)
		return err_set(cx, ERR_NOT_FOUND, "the map has no picture of its %s: %s",
		               VIEWS[view], row.reason);
	err_set(cx, ERR_NOT_FOUND, "the map is older than pictures, and has none of its %s",
	        VIEWS[view]);
	err_fix(cx, "map the project again: POST /api/v1/projects/{id}/sync");
	return ERR_NOT_FOUND;
}

enum err pictures_drawing(struct ctx *cx, int64_t map_id, enum picture_view view,
                          struct drawing *ret)
{
	const char *text;

	TRY(pictures_get(cx, map_id, view, PICTURE_DRAWING, &text));
	return decode(cx, (struct span){ text, strlen(text) }, ret);
}
