/* Diagram: boxes as large as their texts, lines as thick as what they stand for, a legend. */
#include "maps/diagram.h"

#include "maps/svg.h"

#include <string.h>

#define MARGIN      24
#define HEAD        64 /* title and what it counts */
#define WIDTH_LEAST 760
#define PAD         10 /* inside a box */
#define TEXT_LEAST  96
#define TEXT_MOST   190
#define LABEL_MOST  230
#define SIZE_LABEL  13
#define SIZE_SMALL  10
#define BAR         5
#define GAP         12
#define ROW_TITLE   30
#define CAPTION     18
#define HEAD_LENGTH 9 /* of an arrow */
#define BADGE       16

static struct span of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

static const struct drawing_node *node_at(const struct diagram *d, size_t i)
{
	return (const struct drawing_node *)d->drawing->nodes.items + i;
}

static const struct drawing_edge *edge_at(const struct diagram *d, size_t i)
{
	return (const struct drawing_edge *)d->drawing->edges.items + i;
}

/* Drawings that were stored before there were roles have none. */
static bool is_aside(const struct drawing_node *node)
{
	return node->role != NULL && node->role[0] != '\0';
}

static const char *detail(struct arena *arena, const struct drawing_node *node)
{
	struct sb sb = sb_new(arena, 256);

	svg_number(&sb, node->files);
	sb_add(&sb, node->files == 1 ? " file \xc2\xb7 " : " files \xc2\xb7 ");
	svg_number(&sb, node->code);
	sb_add(&sb, node->code == 1 ? " line" : " lines");
	if (is_aside(node))
		sb_addf(&sb, " \xc2\xb7 %s", node->role);
	return sb.data;
}

static int widest(int a, int b)
{
	return a > b ? a : b;
}

/* A name that is a path says most at its end: what is too long is cut at the beginning. */
static struct span shortened(struct arena *arena, const char *label, int room)
{
	const char *rest = label, *slash;

	while (svg_width(of(label), SIZE_LABEL, true) > room &&
	       (slash = strchr(rest + (rest[0] != '\0'), '/')) != NULL && slash[1] != '\0') {
		rest = slash + 1;
		label = arena_printf(arena, "\xe2\x80\xa6/%s", rest);
	}
	return of(label);
}

/* Of where it lies the beginning and the end say most: what is too long is cut between them. */
static struct span place_text(struct arena *arena, const char *above, int room)
{
	const char *head = strchr(above, '/'), *rest = head, *text = above;

	while (svg_width(of(text), SIZE_SMALL, false) > room && rest != NULL &&
	       (rest = strchr(rest + 1, '/')) != NULL)
		text = arena_printf(arena, "%.*s/\xe2\x80\xa6%s", (int)(head - above), above, rest);
	return of(text);
}

static void measure(struct arena *arena, const struct drawing_node *node, struct layout_box *ret)
{
	struct span label = shortened(arena, node->label, LABEL_MOST);
	int width = svg_width(place_text(arena, node->above, TEXT_MOST), SIZE_SMALL, false), large;

	width = widest(width, svg_width(of(node->hint), SIZE_SMALL, false));
	width = width < TEXT_MOST ? width : TEXT_MOST;
	large = svg_width(label, SIZE_LABEL, true) + (node->state != 0 ? BADGE : 0);
	width = widest(width, large < LABEL_MOST ? large : LABEL_MOST);
	width = widest(width, svg_width(of(detail(arena, node)), SIZE_SMALL, false));
	width = widest(width, TEXT_LEAST);
	ret->width = width + 2 * PAD;
	ret->height = 56 + (node->above[0] != '\0' ? 13 : 0) + (node->hint[0] != '\0' ? 13 : 0);
}

static uint32_t heaviness(const struct drawing_edge *e)
{
	int64_t n = e->weight + e->back;
	uint32_t bits = 1;

	while (n > 1 && bits < 16) {
		n >>= 1;
		bits++;
	}
	return bits;
}

void diagram_begin(struct arena *arena, const struct drawing *drawing, struct diagram *ret)
{
	size_t n = drawing->nodes.n;
	bool *connected = arena_array(arena, n, sizeof(bool));

	*ret = (struct diagram){ .arena = arena, .drawing = drawing };
	ret->place = arena_array(arena, n, sizeof(*ret->place));
	ret->boxes = arena_array(arena, n, sizeof(*ret->boxes));
	ret->layout.boxes = arena_array(arena, n, sizeof(*ret->layout.boxes));
	ret->layout.lines = arena_array(arena, drawing->edges.n, sizeof(*ret->layout.lines));
	for (size_t i = 0; i < drawing->edges.n; i++)
		connected[edge_at(ret, i)->from] = connected[edge_at(ret, i)->to] = true;
	for (size_t i = 0; i < n; i++) {
		measure(arena, node_at(ret, i), &ret->boxes[i]);
		ret->place[i] = connected[i] ? (int32_t)ret->layout.nboxes : -1;
		if (connected[i])
			ret->layout.boxes[ret->layout.nboxes++] = ret->boxes[i];
	}
	for (size_t i = 0; i < drawing->edges.n; i++) {
		const struct drawing_edge *e = edge_at(ret, i);

		ret->layout.lines[ret->layout.nlines++] = (struct layout_line){
			.from = (uint32_t)ret->place[e->from],
			.to = (uint32_t)ret->place[e->to],
			.weight = heaviness(e),
		};
	}
}

/* --- Places --- */

/* @ret the nodes that nothing connects, those with most code first */
static size_t *lonely_nodes(const struct diagram *d, size_t *ret_n)
{
	size_t *list = arena_array(d->arena, d->drawing->nodes.n, sizeof(*list)), n = 0;

	for (size_t i = 0; i < d->drawing->nodes.n; i++) {
		size_t at = n;

		if (d->place[i] >= 0)
			continue;
		for (; at > 0 && node_at(d, list[at - 1])->code < node_at(d, i)->code; at--)
			list[at] = list[at - 1];
		list[at] = i;
		n++;
	}
	*ret_n = n;
	return list;
}

/* Rows of what nothing connects.  @ret the y below them */
static int place_rows(struct diagram *d, int y)
{
	int x = MARGIN, tallest = 0;
	size_t n;
	const size_t *lonely = lonely_nodes(d, &n);

	y += n > 0 ? ROW_TITLE : 0;
	for (size_t i = 0; i < n; i++) {
		struct layout_box *box = &d->boxes[lonely[i]];

		if (x > MARGIN && x + box->width > d->width - MARGIN) {
			x = MARGIN;
			y += tallest + GAP;
			tallest = 0;
		}
		box->x = x;
		box->y = y;
		x += box->width + GAP;
		tallest = widest(tallest, box->height);
	}
	return n > 0 ? y + tallest + GAP : y;
}

/* @ret the y where the rows begin */
static int place(struct diagram *d)
{
	int rows = HEAD + (d->layout.nboxes > 0 ? d->layout.height + GAP : 0), shift;

	d->width = widest(d->layout.width + 2 * MARGIN, WIDTH_LEAST);
	shift = (d->width - d->layout.width) / 2;
	for (size_t i = 0; i < d->drawing->nodes.n; i++) {
		if (d->place[i] < 0)
			continue;
		d->boxes[i] = d->layout.boxes[d->place[i]];
		d->boxes[i].x += shift;
		d->boxes[i].y += HEAD;
	}
	for (size_t i = 0; i < d->layout.nlines; i++) {
		for (size_t k = 0; k < d->layout.lines[i].npoints; k++) {
			d->layout.lines[i].points[k].x += shift;
			d->layout.lines[i].points[k].y += HEAD;
		}
	}
	return rows;
}

/* --- Lines --- */

/* A whole square root: the largest n with n * n <= x. */
static int root(int64_t x)
{
	int64_t n = 0;

	for (int64_t bit = INT64_C(1) << 20; bit != 0; bit >>= 1)
		if ((n + bit) * (n + bit) <= x)
			n += bit;
	return (int)n;
}

/* The tip at p, pointing away from q; p is drawn back to where the line ends. */
static void arrow(struct sb *sb, struct layout_point *p, struct layout_point q, int half, int state)
{
	int64_t dx = p->x - q.x, dy = p->y - q.y;
	int length = root(dx * dx + dy * dy);
	struct layout_point tip = *p, base;

	if (length == 0)
		return;
	base.x = (int)(tip.x - dx * HEAD_LENGTH / length);
	base.y = (int)(tip.y - dy * HEAD_LENGTH / length);
	sb_addf(sb, "<path class=\"a%.*s\" d=\"M%d %dL%d %dL%d %dZ\"/>\n", state != 0,
	        &"0123"[state], tip.x, tip.y, (int)(base.x - dy * half / length),
	        (int)(base.y + dx * half / length), (int)(base.x + dy * half / length),
	        (int)(base.y - dx * half / length));
	*p = base;
}

static void write_title(struct sb *sb, const char *text)
{
	sb_add(sb, "<title>");
	svg_escape(sb, of(text));
	sb_add(sb, "</title>");
}

static const char *const BADGES[] = { "", "+", "\xe2\x88\x92", "~" };

/* What came or went is said by a sign on the line as well, half way. */
static void paint_mark(struct diagram *d, struct sb *sb, const struct layout_line *line, int state)
{
	const struct layout_point *p = line->points + (line->npoints - 1) / 3 / 2 * 3;
	int x = (p[0].x + 3 * p[1].x + 3 * p[2].x + p[3].x) / 8;
	int y = (p[0].y + 3 * p[1].y + 3 * p[2].y + p[3].y) / 8;

	if (state == DRAWING_SAME)
		return;
	sb_addf(sb, "<circle class=\"g\" cx=\"%d\" cy=\"%d\" r=\"8\"/>\n", x, y);
	svg_text(sb, x, y + 5, SIZE_LABEL + 2, true, arena_printf(d->arena, "a%d m", state),
	         of(BADGES[state]), 0);
}

static void paint_line(struct diagram *d, struct sb *sb, size_t i)
{
	const struct drawing_edge *e = edge_at(d, i);
	struct layout_line *line = &d->layout.lines[i];
	int bits = (int)heaviness(e), half = 4 + bits / 3, state = (int)e->state;
	size_t n = line->npoints;
	const char *text;

	if (n < 4)
		return;
	text = arena_printf(d->arena, "%s \xe2\x86\x92 %s: %lld",
	                    node_at(d, (size_t)e->from)->label, node_at(d, (size_t)e->to)->label,
	                    (long long)e->weight);
	if (e->back > 0)
		text = arena_printf(d->arena, "%s; back: %lld", text, (long long)e->back);
	sb_add(sb, "<g>");
	write_title(sb, text);
	arrow(sb, &line->points[n - 1], line->points[n - 2], half, state);
	if (e->back > 0)
		arrow(sb, &line->points[0], line->points[1], half, state);
	sb_addf(sb, "<path class=\"e%.*s\" stroke-width=\"%d.%d\" d=\"M%d %dC", state != 0,
	        &"0123"[state], (6 + bits * 3) / 10, (6 + bits * 3) % 10, line->points[0].x,
	        line->points[0].y);
	for (size_t k = 1; k < n; k++)
		sb_addf(sb, "%s%d %d", k > 1 ? " " : "", line->points[k].x, line->points[k].y);
	sb_add(sb, "\"/>");
	paint_mark(d, sb, line, state);
	sb_add(sb, "</g>\n");
}

/* --- Boxes --- */

/* How much of the largest there is here, in the colours of its languages. */
static void paint_bar(const struct diagram *d, struct sb *sb, const struct drawing_node *node,
                      const struct layout_box *box)
{
	const struct drawing_share *shares = node->shares.items;
	int room = box->width - 2 * PAD, x = box->x + PAD, y = box->y + box->height - PAD - BAR + 3;
	int64_t largest = 1, shown = 0;
	int length;

	for (size_t i = 0; i < d->drawing->nodes.n; i++)
		largest = node_at(d, i)->code > largest ? node_at(d, i)->code : largest;
	/* By the root, so that what is a hundredth of the largest is seen as a tenth. */
	length = (int)(root(node->code * 10000 / largest) * (int64_t)room / 100);
	length = length < 3 ? 3 : length;
	sb_addf(sb, "<rect class=\"u\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\"/>\n",
	        x, y, room, BAR);
	if (node->code == 0)
		return;
	for (size_t i = 0; i < node->shares.n; i++)
		shown += shares[i].code;
	for (size_t i = 0; i < node->shares.n && shown > 0; i++) {
		int part = (int)(shares[i].code * length / shown);

		if (part == 0)
			continue;
		sb_addf(sb, "<rect fill=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
		        svg_color(of(shares[i].language)), x, y, part, BAR);
		x += part;
	}
}

static void paint_box(const struct diagram *d, struct sb *sb, size_t i)
{
	const struct drawing_node *node = node_at(d, i);
	const struct layout_box *box = &d->boxes[i];
	int x = box->x + PAD, y = box->y + PAD + 3, room = box->width - 2 * PAD;
	int state = (int)node->state;

	sb_add(sb, "<g>");
	write_title(sb, arena_printf(d->arena, "%s (%s): %s\n%s", node->key, node->kind,
	                             detail(d->arena, node), node->hint));
	/* What is no part of the program stands back. */
	sb_addf(sb,
	        "<rect class=\"b%.*s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\"/>\n",
	        state != 0 || is_aside(node), state != 0 ? &"0123"[state] : "o", box->x, box->y,
	        box->width, box->height);
	if (node->above[0] != '\0') {
		svg_text(sb, x, y + 5, SIZE_SMALL, false, "s",
		         place_text(d->arena, node->above, room), room);
		y += 13;
	}
	if (state != 0)
		svg_text(sb, box->x + box->width - PAD, y + 9, SIZE_LABEL + 2, true,
		         arena_printf(d->arena, "a%d r", state), of(BADGES[state]), 0);
	svg_text(sb, x, y + 9, SIZE_LABEL, true, "t",
	         shortened(d->arena, node->label, room - (state != 0 ? BADGE : 0)),
	         room - (state != 0 ? BADGE : 0));
	svg_text(sb, x, y + 24, SIZE_SMALL, false, "s", of(detail(d->arena, node)), room);
	if (node->hint[0] != '\0')
		svg_text(sb, x, y + 37, SIZE_SMALL, false, "s", of(node->hint), room);
	paint_bar(d, sb, node, box);
	sb_add(sb, "</g>\n");
}

/* --- Around them --- */

static void paint_head(const struct diagram *d, struct sb *sb)
{
	const struct drawing *w = d->drawing;
	struct sb line = sb_new(d->arena, 1024);

	svg_text(sb, MARGIN, 32, 18, true, "t", of(w->title), d->width - 2 * MARGIN);
	sb_addf(&line, "commit %.12s", w->commit);
	if (w->ref != NULL)
		sb_addf(&line, " (%s)", w->ref);
	sb_add(&line, " \xc2\xb7 ");
	svg_number(&line, w->files);
	sb_add(&line, " files \xc2\xb7 ");
	svg_number(&line, w->code);
	sb_add(&line, " lines of code");
	svg_text(sb, MARGIN, 50, 11, false, "s", of(line.data), d->width - 2 * MARGIN);
}

/* The languages of the boxes, most code first.  @ret the y below */
static int paint_languages(const struct diagram *d, struct sb *sb, int y)
{
	struct drawing_share known[24];
	size_t n = 0;
	int x = MARGIN;

	for (size_t i = 0; i < d->drawing->nodes.n; i++) {
		const struct drawing_node *node = node_at(d, i);
		const struct drawing_share *shares = node->shares.items;

		for (size_t k = 0; k < node->shares.n; k++) {
			size_t at = 0;

			while (at < n && strcmp(known[at].language, shares[k].language) != 0)
				at++;
			if (at == COUNT(known))
				continue;
			if (at == n)
				known[n++] = (struct drawing_share){ shares[k].language, 0 };
			known[at].code += shares[k].code;
		}
	}
	for (size_t shown = 0; shown < n; shown++) {
		struct drawing_share *best = known;
		int width;

		for (size_t i = 1; i < n; i++)
			best = known[i].code > best->code ? &known[i] : best;
		width = 18 + svg_width(of(best->language), 11, false) + 14;
		if (x > MARGIN && x + width > d->width - MARGIN) {
			x = MARGIN;
			y += CAPTION;
		}
		sb_addf(sb,
		        "<rect fill=\"%s\" x=\"%d\" y=\"%d\" width=\"11\" height=\"11\""
		        " rx=\"2\"/>\n",
		        svg_color(of(best->language)), x, y);
		svg_text(sb, x + 17, y + 10, 11, false, "s", of(best->language),
		         d->width - x - 17 - MARGIN);
		x += width;
		best->code = -1;
	}
	return n > 0 ? y + CAPTION + 4 : y;
}

static int paint_caption(const struct diagram *d, struct sb *sb, int y, const char *text)
{
	svg_text(sb, MARGIN, y + 10, 11, false, "s", of(text), d->width - 2 * MARGIN);
	return y + CAPTION;
}

static int paint_legend(const struct diagram *d, struct sb *sb, int y)
{
	const struct drawing *w = d->drawing;

	y = paint_languages(d, sb, y);
	y = paint_caption(
		d, sb, y,
		"A \xe2\x86\x92 B: files of A import files of B; thicker: more of them; heads "
		"at both ends: both ways.");
	y = paint_caption(
		d, sb, y,
		"The bar: lines of code against the largest box, by language. Small print: the "
		"main files, by code and importers.");
	y = paint_caption(
		d, sb, y,
		"What tests import is drawn for boxes of tests only; a box without tint is no "
		"part of the program.");
	if (w->compares)
		y = paint_caption(
			d, sb, y,
			"+ green: came \xc2\xb7 \xe2\x88\x92 red, dashed: went \xc2\xb7 ~ amber: "
			"its files changed");
	if (w->compares && w->merged > 0)
		y = paint_caption(d, sb, y,
		                  arena_printf(d->arena, "%lld smaller components are not drawn.",
		                               (long long)w->merged));
	if (w->hidden_edges > 0)
		y = paint_caption(d, sb, y,
		                  arena_printf(d->arena, "Weaker links that are not drawn: %lld.",
		                               (long long)w->hidden_edges));
	return y + 8;
}

enum err diagram_svg(struct ctx *cx, struct diagram *d, struct span *ret)
{
	struct sb body = sb_new(d->arena, SVG_BYTES_MAX), sb = sb_new(d->arena, SVG_BYTES_MAX);
	int rows = place(d), y = place_rows(d, rows);
	const char *text;

	paint_head(d, &body);
	for (size_t i = 0; i < d->layout.nlines; i++)
		paint_line(d, &body, i);
	for (size_t i = 0; i < d->drawing->nodes.n; i++)
		paint_box(d, &body, i);
	if (y > rows)
		svg_text(&body, MARGIN, rows + 18, 12, true, "s", SPAN("Not connected by imports"),
		         d->width - 2 * MARGIN);
	d->height = paint_legend(d, &body, y + 8);
	svg_open(&sb, d->width, d->height, d->drawing->title);
	sb_addn(&sb, body.data, body.len);
	svg_close(&sb);
	sb.failed |= body.failed;
	TRY(sb_finish(cx, &sb, &text));
	*ret = (struct span){ text, sb.len };
	return ERR_OK;
}

enum err diagram_coordinates(struct ctx *cx, const struct diagram *d, struct span *ret)
{
	static const char *const NAMES[] = { "x", "y", "width", "height" };
	struct sb sb = sb_new(d->arena, SVG_BYTES_MAX);
	const char *text;

	sb_addf(&sb, "{\"width\":%d,\"height\":%d,\"nodes\":{\"key\":[", d->width, d->height);
	for (size_t i = 0; i < d->drawing->nodes.n; i++) {
		sb_add(&sb, i > 0 ? "," : "");
		sb_json(&sb, node_at(d, i)->key);
	}
	for (size_t c = 0; c < COUNT(NAMES); c++) {
		sb_addf(&sb, "],\"%s\":[", NAMES[c]);
		for (size_t i = 0; i < d->drawing->nodes.n; i++) {
			const struct layout_box *b = &d->boxes[i];
			int value[] = { b->x, b->y, b->width, b->height };

			sb_addf(&sb, "%s%d", i > 0 ? "," : "", value[c]);
		}
	}
	sb_add(&sb, "]}}");
	TRY(sb_finish(cx, &sb, &text));
	*ret = (struct span){ text, sb.len };
	return ERR_OK;
}
