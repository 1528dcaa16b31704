/*
 * Draw the pictures of a map without the stack: to look at them, and to compare their bytes.
 *
 *     portolan-analyse <request.json >bundle
 *     draw_tool PREFIX <bundle          # PREFIX-components.svg, PREFIX-folders.svg, PREFIX-treemap.svg
 */
#include "base/ctx.h"
#include "config/config.h"
#include "maps/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUNDLE_BYTES ((size_t)1 << 30)

static struct span read_all(struct arena *arena, FILE *from)
{
	struct sb sb = sb_new(arena, BUNDLE_BYTES);
	char buffer[65536];
	size_t n;

	while ((n = fread(buffer, 1, sizeof(buffer), from)) > 0)
		sb_addn(&sb, buffer, n);
	return (struct span){ sb.failed ? "" : sb.data, sb.failed ? 0 : sb.len };
}

/* @ret false, and why on standard error, when there is none */
static bool write_picture(const struct bundle *bundle, enum picture_view view, const char *prefix)
{
	const char *name = picture_view_name(view);
	const struct span *svg, *why;
	char path[4096];
	FILE *to;

	snprintf(path, sizeof(path), "%s_svg", name);
	svg = bundle_find(bundle, path);
	snprintf(path, sizeof(path), "%s_missing", name);
	why = bundle_find(bundle, path);
	if (svg == NULL) {
		fprintf(stderr, "no picture of %s: %.*s\n", name, why != NULL ? (int)why->len : 0,
		        why != NULL ? why->data : "");
		return false;
	}
	snprintf(path, sizeof(path), "%s-%s.svg", prefix, name);
	to = fopen(path, "w");
	if (to == NULL || fwrite(svg->data, 1, svg->len, to) != svg->len || fclose(to) != 0) {
		perror(path);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	static struct config config = { .dot_program = "/usr/bin/dot" };
	static const struct app app = { .clock = &system_clock,
		                        .component = "draw",
		                        .config = &config };
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(2 * BUNDLE_BYTES);
	struct bundle bundle = { 0 };
	struct ctx cx;
	bool drawn = true;

	if (argc != 2) {
		fputs("usage: draw_tool PREFIX <bundle\n", stderr);
		return 2;
	}
	ctx_begin(&cx, &app, arena, NULL);
	if (bundle_read(&cx, read_all(arena, stdin), &bundle) != ERR_OK) {
		fputs("that is no bundle\n", stderr);
		return 1;
	}
	pictures_draw(&cx, &bundle);
	for (int view = 0; view < PICTURE_VIEWS; view++)
		drawn &= write_picture(&bundle, (enum picture_view)view, argv[1]);
	return drawn ? EXIT_SUCCESS : EXIT_FAILURE;
}
