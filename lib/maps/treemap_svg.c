/* Treemap: the picture and the numbers. */
#include "maps/treemap.h"

#include "maps/svg.h"

#include <string.h>

#define MARGIN      24
#define HEAD        64
#define LEAST_PX2   20 /* a smaller rectangle is not painted: its folder shows through */
#define LABEL_SIZE  10
#define NAME_SIZE   11
#define CUT_LEAST   44 /* pixels; a name is not cut to fewer than these */
#define LEGEND_MOST 16
#define COORDINATES ((size_t)32 << 20)

struct px {
	int x, y, width, height;
};

static struct span of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

/* Both edges are rounded, so that neighbours meet. */
static struct px pixels(struct treemap_rect r)
{
	int x = r.x / TREEMAP_UNIT, y = r.y / TREEMAP_UNIT;

	return (struct px){ MARGIN + x, HEAD + y, (r.x + r.width) / TREEMAP_UNIT - x,
		            (r.y + r.height) / TREEMAP_UNIT - y };
}

/* A rectangle as a part of a path: it begins at a corner, and comes back to it. */
static void outline(struct sb *sb, struct px p)
{
	sb_int_after(sb, 'M', p.x);
	sb_int_after(sb, ' ', p.y);
	sb_int_after(sb, 'h', p.width);
	sb_int_after(sb, 'v', p.height);
	sb_addc(sb, 'h');
	sb_int_after(sb, '-', p.width);
	sb_addc(sb, 'z');
}

static void paint_folders(const struct treemap *t, struct sb *sb)
{
	sb_add(sb, "<path class=\"k\" d=\"");
	for (size_t d = 0; d < t->folders.n; d++) {
		struct px p = pixels(t->rects[d]);

		if (t->folders.list[d].code > 0 && p.width > 2 && p.height > 2)
			outline(sb, p);
	}
	sb_add(sb, "\"/>\n");
}

/* One path for all files of a language. */
static void paint_language(const struct treemap *t, struct sb *sb, int32_t lang)
{
	struct span name = lang >= 0 ? t->view->languages.name[lang] : (struct span){ "", 0 };
	size_t start = sb->len;
	bool any = false;

	sb_addf(sb, "<path fill=\"%s\" fill-opacity=\"0.42\" class=\"q\" d=\"", svg_color(name));
	for (size_t f = 0; f < t->view->files.n; f++) {
		struct px p;

		if (t->view->files.lang[f] != lang || t->files[f].width == 0)
			continue;
		p = pixels(t->files[f]);
		if (p.width < 2 || p.height < 2 || p.width * p.height < LEAST_PX2)
			continue;
		any = true;
		outline(sb, (struct px){ p.x, p.y, p.width - 1, p.height - 1 });
	}
	sb_add(sb, "\"/>\n");
	if (!any)
		sb_truncate(sb, start);
}

static void paint_names(const struct treemap *t, struct sb *sb)
{
	for (size_t d = 0; d < t->folders.n; d++) {
		struct px p = pixels(t->rects[d]);

		if (!t->headed[d])
			continue;
		svg_text(sb, p.x + 4, p.y + 13, NAME_SIZE, true, "t",
		         folders_name(t->folders.list[d].path), p.width - 8);
	}
	for (size_t f = 0; f < t->view->files.n; f++) {
		struct px p = pixels(t->files[f]);
		struct span name = folders_name(t->view->files.path[f]);

		if (p.height < LABEL_SIZE + 6 || p.width < 24 ||
		    (p.width < CUT_LEAST && svg_width(name, LABEL_SIZE, false) > p.width - 7))
			continue;
		svg_text(sb, p.x + 3, p.y + 12, LABEL_SIZE, false, "t", name, p.width - 7);
	}
}

static int paint_legend(const struct treemap *t, struct sb *sb, int y)
{
	const struct view_languages *l = &t->view->languages;
	int x = MARGIN, right = MARGIN + TREEMAP_WIDTH;

	for (size_t i = 0; i < l->n && i < LEGEND_MOST; i++) {
		int width = 18 + svg_width(l->name[i], 11, false) + 14;

		if (l->code[i] == 0)
			continue;
		if (x > MARGIN && x + width > right) {
			x = MARGIN;
			y += 18;
		}
		sb_addf(sb,
		        "<rect fill=\"%s\" fill-opacity=\"0.6\" x=\"%d\" y=\"%d\" width=\"11\""
		        " height=\"11\" rx=\"2\"/>\n",
		        svg_color(l->name[i]), x, y);
		svg_text(sb, x + 17, y + 10, 11, false, "s", l->name[i], right - x - 17);
		x += width;
	}
	y += 22;
	svg_text(
		sb, MARGIN, y + 10, 11, false, "s",
		SPAN("A rectangle is a file, as large as its lines of code; a frame is a folder. Files "
	             "too small to be seen are left blank."),
		TREEMAP_WIDTH);
	return y + 26;
}

enum err treemap_svg(struct ctx *cx, struct arena *arena, const struct treemap *t, struct span *ret)
{
	struct sb body = sb_new(arena, SVG_BYTES_MAX), sb = sb_new(arena, SVG_BYTES_MAX);
	struct sb line = sb_new(arena, 1024);
	const struct view *v = t->view;
	const char *text;
	int height;

	svg_text(&body, MARGIN, 32, 18, true, "t", SPAN("Lines of code"), TREEMAP_WIDTH);
	sb_addf(&line, "commit %.*s", v->commit.len < 12 ? (int)v->commit.len : 12, v->commit.data);
	if (v->ref.data != NULL && v->ref.len < 256)
		sb_addf(&line, " (%.*s)", (int)v->ref.len, v->ref.data);
	sb_add(&line, " \xc2\xb7 ");
	svg_number(&line, (int64_t)v->files.n);
	sb_add(&line, " files \xc2\xb7 ");
	svg_number(&line, t->folders.list[0].code);
	sb_add(&line, " lines of code");
	svg_text(&body, MARGIN, 50, 11, false, "s", of(line.data), TREEMAP_WIDTH);
	paint_folders(t, &body);
	for (int32_t l = -1; l < (int32_t)v->languages.n; l++)
		paint_language(t, &body, l);
	paint_names(t, &body);
	height = paint_legend(t, &body, HEAD + TREEMAP_HEIGHT + 14);
	svg_open(&sb, TREEMAP_WIDTH + 2 * MARGIN, height, "Treemap");
	sb_addn(&sb, body.data, body.len);
	svg_close(&sb);
	sb.failed |= body.failed;
	TRY(sb_finish(cx, &sb, &text));
	*ret = (struct span){ text, sb.len };
	return ERR_OK;
}

static void columns(struct sb *sb, const struct treemap_rect *rects, size_t n)
{
	static const char *const NAMES[] = { "x", "y", "width", "height" };

	for (size_t c = 0; c < COUNT(NAMES); c++) {
		sb_addf(sb, "%s\"%s\":[", c > 0 ? "," : "", NAMES[c]);
		for (size_t i = 0; i < n; i++) {
			const int32_t value[] = { rects[i].x, rects[i].y, rects[i].width,
				                  rects[i].height };

			if (i > 0)
				sb_int_after(sb, ',', value[c]);
			else
				sb_int(sb, value[c]);
		}
		sb_addc(sb, ']');
	}
}

enum err treemap_coordinates(struct ctx *cx, struct arena *arena, const struct treemap *t,
                             struct span *ret)
{
	struct sb sb = sb_new(arena, COORDINATES);
	const char *text;

	sb_addf(&sb, "{\"unit\":%d,\"width\":%d,\"height\":%d,\"files\":{", TREEMAP_UNIT,
	        TREEMAP_WIDTH * TREEMAP_UNIT, TREEMAP_HEIGHT * TREEMAP_UNIT);
	columns(&sb, t->files, t->view->files.n);
	sb_add(&sb, "},\"folders\":{\"path\":[");
	for (size_t d = 0; d < t->folders.n; d++) {
		struct span path = t->folders.list[d].path;

		if (d > 0)
			sb_addc(&sb, ',');
		sb_jsonn(&sb, path.data, path.len);
	}
	sb_add(&sb, "],");
	columns(&sb, t->rects, t->folders.n);
	sb_add(&sb, "}}");
	TRY(sb_finish(cx, &sb, &text));
	*ret = (struct span){ text, sb.len };
	return ERR_OK;
}
