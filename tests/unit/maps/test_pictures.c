/*
 * Pictures: no box overlaps another, every text lies inside its box, no name becomes markup, and the same map
 * gives the same bytes.  (B4)
 */
#include "map_text.h"

#include "config/config.h"
#include "maps/diagram.h"
#include "maps/svg.h"
#include "maps/treemap.h"

#include <stdio.h>
#include <string.h>

#define HOSTILE "<script>alert(1)</script>"
#define CONTROLS                                                                                   \
	"a\x01"                                                                                    \
	"b\x1b"                                                                                    \
	"c"
#define TURNED                                                                                     \
	"left\xe2\x80\xae"                                                                         \
	"right" /* U+202E */

static const struct text_map SHOP = {
	.commit = "0123456789abcdef0123456789abcdef01234567",
	.files = {
		{ "api/" HOSTILE ".c", 10, 0, HOSTILE },
		{ "api/" TURNED "&\"'.c", 20, 0, HOSTILE },
		{ "core/" CONTROLS ".c", 300, 0, "core" },
		{ "core/a.c", 400, 0, "core" },
		{ "core/b.c", 0, 0, "core" },
		{ "util/wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww.c",
		  5, 0, "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww" },
		{ "x/lonely.c", 1, 0, "x" },
	},
	.imports = {
		{ "api/" HOSTILE ".c", "core/a.c" },
		{ "core/a.c", "util/wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww.c" },
		{ "util/wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww.c", "core/a.c" },
	},
	.more = ",'graph':{'cycles':[],'layer':[0,0,0,0,0,0,0],'rank':[1,1,9,8,7,3,0],"
		"'fan_in':[0,0,0,2,0,1,0],'fan_out':[1,0,0,1,0,1,0]}",
};

/* The runner's setting; this test needs graphviz, as the runner does. */
static struct ctx *with_dot(void **state, struct config *config)
{
	struct ctx *cx = fixture_ctx(*state);

	*config = (struct config){ .dot_program = "/usr/bin/dot" };
	((struct app *)(uintptr_t)cx->app)->config = config;
	return cx;
}

static const char *draw(struct ctx *cx, const struct drawing *drawing, struct diagram *d)
{
	struct span svg;

	diagram_begin(cx->arena, drawing, d);
	if (layout_run(cx, cx->arena, &d->layout) != ERR_OK)
		fail_msg("%s", cx->fault.detail);
	assert_int_equal(diagram_svg(cx, d, &svg), ERR_OK);
	assert_int_equal(strlen(svg.data), svg.len);
	return svg.data;
}

/* --- Looking at what was written --- */

struct seen_box {
	int x, y, width, height;
};

static struct span unescaped(char *buffer, const char *from, const char *end)
{
	static const char *const FROM[] = { "&lt;", "&gt;", "&amp;", "&quot;", "&#39;" };
	size_t n = 0;

	while (from < end) {
		size_t i = 0;

		while (i < COUNT(FROM) && strncmp(from, FROM[i], strlen(FROM[i])) != 0)
			i++;
		buffer[n++] = i < COUNT(FROM) ? "<>&\"'"[i] : *from;
		from += i < COUNT(FROM) ? strlen(FROM[i]) : 1;
	}
	return (struct span){ buffer, n };
}

/* Every text of a group lies in the box of the group. */
static void check_texts(const char *group, const char *end, const struct seen_box *box)
{
	const char *p = group;
	int texts = 0;

	while ((p = strstr(p, "<text ")) != NULL && p < end) {
		char buffer[4096];
		const char *open = strchr(p, '>') + 1, *close = strstr(open, "</text>");
		int x, y, size, width;
		bool bold = strstr(p, "font-weight") != NULL && strstr(p, "font-weight") < open;

		assert_int_equal(sscanf(p, "<text x=\"%d\" y=\"%d\"", &x, &y), 2);
		assert_int_equal(sscanf(strstr(p, "font-size"), "font-size=\"%d\"", &size), 1);
		width = svg_width(unescaped(buffer, open, close), size, bold);
		if (strstr(p, " r\"") != NULL && strstr(p, " r\"") < open)
			x -= width;
		if (x < box->x || x + width > box->x + box->width || y - size < box->y ||
		    y + size / 3 > box->y + box->height)
			fail_msg("text %.*s at %d,%d is not in %d,%d %dx%d", (int)(close - open),
			         open, x, y, box->x, box->y, box->width, box->height);
		texts++;
		p = close;
	}
	assert_true(texts >= 2);
}

static size_t check_boxes(const char *svg)
{
	struct seen_box boxes[DRAWING_NODES_MAX];
	size_t n = 0;

	for (const char *p = svg; (p = strstr(p, "<rect class=\"b")) != NULL; p++) {
		struct seen_box *b = &boxes[n++];

		assert_int_equal(sscanf(strstr(p, " x="),
		                        " x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"", &b->x,
		                        &b->y, &b->width, &b->height),
		                 4);
		check_texts(p, strstr(p, "</g>"), b);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			assert_true(boxes[i].x + boxes[i].width <= boxes[k].x ||
			            boxes[k].x + boxes[k].width <= boxes[i].x ||
			            boxes[i].y + boxes[i].height <= boxes[k].y ||
			            boxes[k].y + boxes[k].height <= boxes[i].y);
	return n;
}

static void check_harmless(const char *svg)
{
	assert_null(strstr(svg, "<script"));
	assert_null(strstr(svg, "\xe2\x80\xae"));
	for (const char *p = svg; *p != '\0'; p++)
		assert_true((unsigned char)*p >= ' ' || *p == '\n');
}

/* --- Diagrams --- */

static void test_diagram__boxes_hold_their_texts_and_keep_apart(void **state)
{
	struct config config;
	struct ctx *cx = with_dot(state, &config);
	struct drawing drawing;
	struct diagram d;
	struct view v;
	const char *svg;

	map_text_view(cx, &SHOP, &v);
	drawing_of_components(cx->arena, &v, &drawing);
	svg = draw(cx, &drawing, &d);
	assert_int_equal(check_boxes(svg), 4);
	check_harmless(svg);
	assert_contains(svg, "Not connected by imports");
	assert_contains(svg, "prefers-color-scheme:dark");
	assert_contains(svg, "commit 0123456789ab");
	drawing_of_folders(cx->arena, &v, &drawing);
	svg = draw(cx, &drawing, &d);
	assert_int_equal(check_boxes(svg), 5); /* "</script>" is a folder and a file */
	check_harmless(svg);
}

static void test_diagram__same_map_same_bytes(void **state)
{
	struct config config;
	struct ctx *cx = with_dot(state, &config);
	struct drawing drawing;
	struct diagram d;
	struct view v;
	const char *first;

	map_text_view(cx, &SHOP, &v);
	drawing_of_components(cx->arena, &v, &drawing);
	first = draw(cx, &drawing, &d);
	map_text_view(cx, &SHOP, &v);
	drawing_of_components(cx->arena, &v, &drawing);
	assert_string_equal(draw(cx, &drawing, &d), first);
}

/* Files of many components, each importing the next and the first. */
static struct span many(struct ctx *cx, int n)
{
	struct sb sb = sb_new(cx->arena, (size_t)1 << 20);
	static const char *const TEXTS[] = { "'path':[", "],'oid':[" };
	static const char *const NUMBERS[] = { "lang", "role", "code", "comment", "blank" };

	sb_add(&sb, "{'meta':{'commit':'c'},'legend':{'roles':['source']},'languages':[],"
	            "'files':{");
	for (int t = 0; t < 2; t++) {
		sb_add(&sb, TEXTS[t]);
		for (int i = 0; i < n; i++)
			sb_addf(&sb, "%s'd%03d/f'", i > 0 ? "," : "", i);
	}
	for (size_t t = 0; t < COUNT(NUMBERS) + 1; t++) {
		sb_addf(&sb, "],'%s':[", t < COUNT(NUMBERS) ? NUMBERS[t] : "component");
		for (int i = 0; i < n; i++)
			sb_addf(&sb, "%s%d", i > 0 ? "," : "",
			        t == 0   ? -1
			        : t == 1 ? 0
			        : t == 5 ? i
			                 : 1000 - i);
	}
	sb_add(&sb, "]},'components':{");
	for (int t = 0; t < 5; t++) {
		static const char *const NAMES[] = { "name", "path", "kind", "files", "code" };

		sb_addf(&sb, "%s'%s':[", t > 0 ? "]," : "", NAMES[t]);
		for (int i = 0; i < n; i++)
			sb_addf(&sb, t < 3 ? "%s'd%03d'" : "%s%d", i > 0 ? "," : "", i);
	}
	sb_add(&sb, "]},'imports':{");
	for (int t = 0; t < 3; t++) {
		static const char *const NAMES[] = { "from", "to", "line" };

		sb_addf(&sb, "%s'%s':[", t > 0 ? "]," : "", NAMES[t]);
		for (int i = 0; i < 2 * n; i++)
			sb_addf(&sb, "%s%d", i > 0 ? "," : "",
			        t == 0   ? i % n
			        : t == 2 ? 1
			        : i < n  ? (i + 1) % n
			                 : 0);
	}
	sb_add(&sb, "]}}");
	return quotes(cx, sb.data);
}

static void test_drawing__never_more_than_can_be_read(void **state)
{
	struct config config;
	struct ctx *cx = with_dot(state, &config);
	struct drawing drawing;
	struct diagram d;
	struct view v;

	assert_int_equal(view_read(cx, cx->arena, many(cx, 300), VIEW_IMPORTS, &v), ERR_OK);
	drawing_of_components(cx->arena, &v, &drawing);
	assert_int_equal(drawing.nodes.n, DRAWING_NODES_MAX);
	assert_int_equal(drawing.merged, 300 - DRAWING_NODES_MAX + 1);
	assert_true(drawing.edges.n <= DRAWING_EDGES_MAX && drawing.hidden_edges > 0);
	assert_int_equal(check_boxes(draw(cx, &drawing, &d)), DRAWING_NODES_MAX);
	drawing_of_folders(cx->arena, &v, &drawing);
	assert_true(drawing.nodes.n > 10 && drawing.nodes.n <= DRAWING_FOLDERS_MAX);
}

static void test_drawing__stored_and_read_back(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb one = sb_new(cx->arena, 1 << 20), two = sb_new(cx->arena, 1 << 20);
	struct drawing drawing, back;
	struct view v;

	map_text_view(cx, &SHOP, &v);
	drawing_of_components(cx->arena, &v, &drawing);
	schema_encode(&one, &drawing_schema, &drawing);
	assert_int_equal(
		schema_decode(cx, &drawing_schema, (struct span){ one.data, one.len }, &back),
		ERR_OK);
	assert_int_equal(drawing_check(cx, &back), ERR_OK);
	assert_string_equal(((const struct drawing_node *)back.nodes.items)[0].role, "");
	schema_encode(&two, &drawing_schema, &back);
	assert_string_equal(one.data, two.data);
	((struct drawing_edge *)(uintptr_t)back.edges.items)[0].to = 4;
	assert_int_equal(drawing_check(cx, &back), ERR_INVALID);
}

/* One that was stored before boxes had roles. */
static void test_drawing__of_an_older_map(void **state)
{
	static const char OLD[] =
		"{'title':'Components','commit':'c','ref':null,'nodes':[{'key':'a','label':'a','above':'',"
		"'kind':'folder','hint':'','files':1,'code':2,'state':0,'shares':[]}],'edges':[],"
		"'files':1,'code':2,'hidden_edges':0,'merged':0,'compares':false}";
	struct config config;
	struct ctx *cx = with_dot(state, &config);
	struct drawing drawing;
	struct diagram d;

	assert_int_equal(schema_decode(cx, &drawing_schema, quotes(cx, OLD), &drawing), ERR_OK);
	assert_int_equal(drawing_check(cx, &drawing), ERR_OK);
	assert_contains(draw(cx, &drawing, &d), "1 file \xc2\xb7 2 lines");
}

/* --- What dot may answer --- */

static void test_layout__what_is_no_answer_is_refused(void **state)
{
	static const char *const BAD[] = {
		"",
		"graph 1 2 2\n",
		"graph 1 2 2\nnode n0 1 1 1 1\nstop\n",
		"graph 1 2 2\nnode n0 1 1\nnode n7 1 1\nstop\n",
		"graph 1 2 2\nnode n0 1 1\nnode n1 x 1\nstop\n",
		"graph 1 2 2\nnode n0 1 1\nnode n1 99999999999 1\nstop\n",
		"graph 1 2 2\nnode n0 1 1\nnode n1 1 1\nedge n1 n0 4 1 1 1 1 1 1 1 1\nstop\n",
		"graph 1 2 2\nnode n0 1 1\nnode n1 1 1\nedge n0 n1 3 1 1 1 1 1 1\nstop\n",
		"graph 1 2 2\nnode n0 1 1\nnode n1 1 1\nedge n0 n1 4 1 1 1\nstop\n",
		"graph 1 2 2\nnode n0 1 1\nnode n1 1 1\nhello\nstop\n",
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(BAD); i++) {
		struct layout_box boxes[2] = { { .width = 10, .height = 10 },
			                       { .width = 10, .height = 10 } };
		struct layout_line line = { .from = 0, .to = 1, .weight = 1 };
		struct layout l = { .boxes = boxes, .nboxes = 2, .lines = &line, .nlines = 1 };

		if (layout_answer(cx, cx->arena, (struct span){ BAD[i], strlen(BAD[i]) }, &l) !=
		    ERR_MALFORMED)
			fail_msg("case %zu was taken", i);
	}
}

static void test_layout__places_and_lines(void **state)
{
	static const char GOOD[] = "graph 1 2 2\nnode n0 1 1.5 1 1\nnode n1 1 0.5 1 1\n"
				   "edge n0 n1 4 1 0.6 1 0.8 1 0.9 1 1.4 solid black\nstop\n";
	struct ctx *cx = fixture_ctx(*state);
	struct layout_box boxes[2] = { { .width = 10, .height = 20 },
		                       { .width = 10, .height = 20 } };
	struct layout_line line = { .from = 0, .to = 1, .weight = 1 };
	struct layout l = { .boxes = boxes, .nboxes = 2, .lines = &line, .nlines = 1 };

	assert_int_equal(layout_answer(cx, cx->arena, SPAN(GOOD), &l), ERR_OK);
	assert_int_equal(l.height, 144);
	assert_int_equal(boxes[0].x, 67);
	assert_int_equal(boxes[0].y, 26);
	assert_int_equal(boxes[1].y, 98);
	/* Turned round: it begins at n0, which stands above. */
	assert_true(line.points[0].y < line.points[3].y);
}

static void test_layout__names_are_never_told(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct drawing drawing;
	struct diagram d;
	struct view v;

	map_text_view(cx, &SHOP, &v);
	drawing_of_components(cx->arena, &v, &drawing);
	diagram_begin(cx->arena, &drawing, &d);
	assert_null(strstr(layout_question(cx->arena, &d.layout), "script"));
	assert_null(strstr(layout_question(cx->arena, &d.layout), "core"));
}

static void test_layout__a_program_that_is_not_there(void **state)
{
	struct config config;
	struct ctx *cx = with_dot(state, &config);
	struct layout_box boxes[1] = { { .width = 10, .height = 10 } };
	struct layout l = { .boxes = boxes, .nboxes = 1 };

	config.dot_program = "/no/such/dot";
	assert_int_equal(layout_run(cx, cx->arena, &l), ERR_UNAVAILABLE);
	config.dot_program = "/bin/false";
	assert_int_equal(layout_run(cx, cx->arena, &l), ERR_UNAVAILABLE);
	config.dot_program = "";
	assert_int_equal(layout_run(cx, cx->arena, &l), ERR_UNAVAILABLE);
}

/* --- Treemap --- */

static bool within(struct treemap_rect a, struct treemap_rect b)
{
	return a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width &&
	       a.y + a.height <= b.y + b.height;
}

static bool apart(struct treemap_rect a, struct treemap_rect b)
{
	return a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y ||
	       b.y + b.height <= a.y;
}

static void test_treemap__files_lie_apart_inside_their_folders(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct treemap t;
	struct span svg;
	struct view v;

	assert_int_equal(view_read(cx, cx->arena, many(cx, 200), 0, &v), ERR_OK);
	for (int round = 0; round < 2; round++) {
		treemap_place(cx->arena, &v, &t);
		for (size_t i = 0; i < v.files.n; i++) {
			assert_true(within(t.files[i], t.rects[t.folders.of_file[i]]));
			for (size_t k = 0; k < i; k++)
				assert_true(apart(t.files[i], t.files[k]));
		}
		for (size_t d = 1; d < t.folders.n; d++)
			assert_true(within(t.rects[d], t.rects[t.folders.list[d].parent]));
		map_text_view(cx, &SHOP, &v);
	}
	assert_int_equal(treemap_svg(cx, cx->arena, &t, &svg), ERR_OK);
	check_harmless(svg.data);
	assert_int_equal(t.files[4].width, 0); /* no code, no room */
}

/* Twice the lines, twice the area, where no frame is between. */
static void test_treemap__areas_are_lines(void **state)
{
	static const struct text_map FLAT = {
		.commit = "c",
		.files = { { "a", 4000 }, { "b", 2000 }, { "c", 1000 }, { "d", 1000 } },
	};
	struct ctx *cx = fixture_ctx(*state);
	int64_t whole = (int64_t)TREEMAP_WIDTH * TREEMAP_HEIGHT * TREEMAP_UNIT * TREEMAP_UNIT;
	struct treemap t;
	struct view v;

	map_text_view(cx, &FLAT, &v);
	treemap_place(cx->arena, &v, &t);
	for (size_t i = 0; i < v.files.n; i++) {
		int64_t area = (int64_t)t.files[i].width * t.files[i].height;
		int64_t due = whole * v.files.code[i] / 8000;

		assert_true(area > due * 99 / 100 && area < due * 101 / 100);
	}
}

/* --- Texts --- */

static void test_svg__texts(void **state)
{
	static const struct {
		const char *in, *out;
	} CASES[] = {
		{ "a<b>&\"'", ">a&lt;b&gt;&amp;&quot;&#39;</text>" },
		{ "a\xff"
		  "b",
		  ">a\xef\xbf\xbd"
		  "b</text>" },
		{ "a\xe2\x80\x8f"
		  "b",
		  ">a\xef\xbf\xbd"
		  "b</text>" },
		{ "\xef\xbf\xbe", ">\xef\xbf\xbd</text>" },
		{ "\xd7\xa9\xd7\x9c", ">\xd7\xa9\xd7\x9c</text>" },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct sb sb = sb_new(cx->arena, 4096);

		svg_text(&sb, 1, 2, 10, false, "t",
		         (struct span){ CASES[i].in, strlen(CASES[i].in) }, 0);
		assert_contains(sb.data, CASES[i].out);
	}
	assert_int_equal(svg_width(SPAN("ii"), 100, false), 56);
	assert_true(svg_width(SPAN("ii"), 100, true) > 56);
}

/* --- Views --- */

static void test_view__what_is_no_content_is_refused(void **state)
{
	static const char *const BAD[] = {
		"",
		"[]",
		"{",
		"{'files':{'path':['a']}}",
		"{'files':{'path':['a'],'oid':[]}}",
		"{'legend':{'roles':['']},'files':{'path':['a'],'oid':['b'],'lang':[0],'role':[0],"
		"'code':[1],'comment':[0],'blank':[0],'component':[0]}}",
		"{'imports':{'from':[0],'to':[0],'line':[0]}}",
		"{'languages':[{'name':1}]}",
		"{'languages':[{'name':'a'},]}",
		"{'graph':{'layer':[0],'rank':[0],'fan_in':[0],'fan_out':[0]}}",
		"{'graph':{'cycles':[[0]]}}",
		"{'files':{'path':['a'",
		"{'meta':{'commit':'a}",
		"{'meta':{'commit':'\\u'}}",
		"{'meta':{'commit':'\\u12g4'}}",
		"{'x':]}",
	};
	struct ctx *cx = fixture_ctx(*state);
	struct view v;

	for (size_t i = 0; i < COUNT(BAD); i++)
		if (view_read(cx, cx->arena, quotes(cx, BAD[i]), VIEW_IMPORTS, &v) != ERR_MALFORMED)
			fail_msg("case %zu was taken", i);
}

static void test_view__escapes_and_members_of_the_future(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct view v;

	assert_int_equal(
		view_read(
			cx, cx->arena,
			quotes(cx,
	                       "{'later':{'a':[1,{'b':']}'}]},'meta':{'commit':'\\u00e9\\n"
	                       "\\ud83d\\ude00\\ud83d','ref':null,'new':1.5e3},'env':{'name':[]}}"),
			0, &v),
		ERR_OK);
	assert_int_equal(v.commit.len, 2 + 1 + 4 + 3);
	assert_memory_equal(v.commit.data, "\xc3\xa9\n\xf0\x9f\x98\x80\xef\xbf\xbd", v.commit.len);
	assert_null(v.ref.data);
	assert_int_equal(v.files.n + v.routes.n + v.hotspots.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_diagram__boxes_hold_their_texts_and_keep_apart),
		cmocka_unit_test(test_diagram__same_map_same_bytes),
		cmocka_unit_test(test_drawing__never_more_than_can_be_read),
		cmocka_unit_test(test_drawing__stored_and_read_back),
		cmocka_unit_test(test_drawing__of_an_older_map),
		cmocka_unit_test(test_layout__what_is_no_answer_is_refused),
		cmocka_unit_test(test_layout__places_and_lines),
		cmocka_unit_test(test_layout__names_are_never_told),
		cmocka_unit_test(test_layout__a_program_that_is_not_there),
		cmocka_unit_test(test_treemap__files_lie_apart_inside_their_folders),
		cmocka_unit_test(test_treemap__areas_are_lines),
		cmocka_unit_test(test_svg__texts),
		cmocka_unit_test(test_view__what_is_no_content_is_refused),
		cmocka_unit_test(test_view__escapes_and_members_of_the_future),
	};
	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
