/*
 * What is made of a stored map: the analyser that wrote it has read hostile bytes, so the text may be
 * anything.  Whatever is read must be drawn, compared and exported within its bounds.
 */
#include "maps/diagram.h"
#include "maps/diff.h"
#include "maps/digest.h"
#include "maps/exports.h"
#include "maps/treemap.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void draw(struct ctx *cx, const struct drawing *drawing)
{
	struct diagram d;
	struct span text;

	if (drawing->nodes.n > DRAWING_NODES_MAX || drawing->edges.n > DRAWING_EDGES_MAX ||
	    drawing_check(cx, drawing) != ERR_OK)
		abort();
	diagram_begin(cx->arena, drawing, &d);
	if (diagram_svg(cx, &d, &text) != ERR_OK || strstr(text.data, "<script") != NULL ||
	    diagram_coordinates(cx, &d, &text) != ERR_OK ||
	    export_dot(cx, cx->arena, drawing, &text) != ERR_OK ||
	    export_mermaid(cx, cx->arena, drawing, &text) != ERR_OK)
		abort();
}

static void compare(struct ctx *cx, const struct view *a, const struct view *b, bool empty)
{
	struct drawing drawing;
	struct span text;
	struct diff diff;

	diff_maps(cx->arena, a, b, &diff);
	if (empty && diff.files.n + diff.nimports_added + diff.nimports_removed > 0 &&
	    diff.files.moved == 0 && diff.files.added != diff.files.removed)
		abort();
	diff_drawing(cx->arena, &diff, &drawing);
	draw(cx, &drawing);
	if (diff_json(cx, cx->arena, &diff, &text) != ERR_OK ||
	    diff_markdown(cx, cx->arena, &diff, &text) != ERR_OK)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct app app = { .clock = &system_clock, .component = "fuzz" };
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)1 << 30);
	struct drawing drawing;
	struct treemap treemap;
	struct span text;
	struct view v, none;
	struct ctx cx;

	ctx_begin(&cx, &app, arena, NULL);
	if (view_read(&cx, arena, (struct span){ (const char *)data, size },
	              VIEW_DEFS | VIEW_IMPORTS, &v) != ERR_OK)
		return 0;
	drawing_of_components(arena, &v, &drawing);
	draw(&cx, &drawing);
	drawing_of_folders(arena, &v, &drawing);
	draw(&cx, &drawing);
	treemap_place(arena, &v, &treemap);
	if (treemap_svg(&cx, arena, &treemap, &text) != ERR_OK)
		abort();
	digest_write(arena, &v, "p", "map view", DIGEST_TOKENS_LEAST, &text);
	if (text.len > (size_t)DIGEST_TOKENS_LEAST * DIGEST_BYTES_A_TOKEN)
		abort();
	if (export_graphml(&cx, arena, &v, &text) != ERR_OK ||
	    export_cyclonedx(&cx, arena, &v, "p", &text) != ERR_OK)
		abort();
	compare(&cx, &v, &v, true);
	if (view_read(&cx, arena, SPAN("{}"), 0, &none) != ERR_OK)
		abort();
	compare(&cx, &v, &none, false);
	return 0;
}
