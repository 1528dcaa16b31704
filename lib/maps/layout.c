/* Layout: sizes out, positions in; both as text of numbers. */
#include "maps/layout.h"

#include "base/sb.h"
#include "base/tool.h"
#include "config/config.h"

#include <string.h>

#define QUESTION_BYTES ((size_t)256 * 1024)
#define ANSWER_BYTES   ((size_t)1 << 20)
#define TIMEOUT_MS     5000 /* it takes 20 to 60 */
#define MEMORY_BYTES   ((int64_t)512 << 20)
#define DOT_PER_INCH   72
#define COORDINATE_MAX 1000000 /* thousandths of an inch */
#define OPEN_FILES     64
#define WIDE           1300 /* pixels that a screen has */

const char *layout_question(struct arena *arena, const struct layout *l)
{
	struct sb sb = sb_new(arena, QUESTION_BYTES);

	assert(l->nboxes <= LAYOUT_NODES_MAX);
	sb_addf(&sb, "digraph g{graph[rankdir=%s,nodesep=0.25,ranksep=0.55,splines=true];",
	        l->sideways ? "LR" : "TB");
	sb_add(&sb, "node[shape=box,fixedsize=true,label=\"\"];edge[dir=none];\n");
	for (size_t i = 0; i < l->nboxes; i++) {
		int w = l->boxes[i].width * 1000 / DOT_PER_INCH;
		int h = l->boxes[i].height * 1000 / DOT_PER_INCH;

		sb_addf(&sb, "n%zu[width=%d.%03d,height=%d.%03d];\n", i, w / 1000, w % 1000,
		        h / 1000, h % 1000);
	}
	for (size_t i = 0; i < l->nlines; i++)
		sb_addf(&sb, "n%u->n%u[weight=%u];\n", l->lines[i].from, l->lines[i].to,
		        l->lines[i].weight);
	sb_add(&sb, "}\n");
	return sb.failed ? "" : sb.data;
}

/* --- The answer --- */

struct answer {
	const char *p, *end;
	bool bad;
};

static struct span word(struct answer *a)
{
	struct span w;

	while (a->p < a->end && *a->p == ' ')
		a->p++;
	w.data = a->p;
	while (a->p < a->end && *a->p != ' ' && *a->p != '\n')
		a->p++;
	w.len = (size_t)(a->p - w.data);
	a->bad |= w.len == 0;
	return w;
}

static void end_line(struct answer *a)
{
	while (a->p < a->end && *a->p != '\n')
		a->p++;
	if (a->p < a->end)
		a->p++;
}

static uint32_t number(struct answer *a, struct span w, uint32_t below)
{
	uint32_t n = 0;

	for (size_t i = 0; i < w.len && n < below; i++) {
		a->bad |= w.data[i] < '0' || w.data[i] > '9';
		n = n * 10 + (uint32_t)(w.data[i] - '0');
	}
	a->bad |= w.len == 0 || n >= below;
	return a->bad ? 0 : n;
}

static uint32_t node(struct answer *a, uint32_t below)
{
	struct span w = word(a);

	if (w.len < 2 || w.data[0] != 'n') {
		a->bad = true;
		return 0;
	}
	return number(a, (struct span){ w.data + 1, w.len - 1 }, below);
}

/* Inches, as printf("%.5g") writes them.  @ret pixels, rounded */
static int pixels(struct answer *a)
{
	struct span w = word(a);
	bool minus = w.len > 0 && w.data[0] == '-', point = false;
	int64_t n = 0, unit = 1000;
	size_t i = minus;

	a->bad |= w.len == i;
	for (; i < w.len && n <= COORDINATE_MAX; i++) {
		char c = w.data[i];

		if (c == '.' && !point) {
			point = true;
		} else if (c >= '0' && c <= '9') {
			if (!point)
				n = n * 10 + (c - '0') * INT64_C(1000);
			else
				n += (c - '0') * (unit /= 10);
		} else if (c == 'e' && i + 1 < w.len && w.data[i + 1] == '-') {
			n = 0; /* less than a thousandth */
			break;
		} else {
			a->bad = true;
			break;
		}
	}
	a->bad |= n > COORDINATE_MAX;
	n = (n * DOT_PER_INCH + 500) / 1000;
	return (int)(minus ? -n : n);
}

static void take_node(struct answer *a, struct layout *l, bool *seen)
{
	uint32_t i = node(a, (uint32_t)l->nboxes);
	int x = pixels(a), y = pixels(a);

	if (a->bad)
		return;
	l->boxes[i].x = x - l->boxes[i].width / 2;
	l->boxes[i].y = l->height - y - l->boxes[i].height / 2;
	seen[i] = true;
}

static int64_t distance(const struct layout_box *box, struct layout_point p)
{
	int64_t x = box->x + box->width / 2 - p.x, y = box->y + box->height / 2 - p.y;

	return x * x + y * y;
}

static bool is_line(const struct layout_line *line, uint32_t from, uint32_t to)
{
	return line->npoints == 0 && line->from == from && line->to == to;
}

static void take_edge(struct answer *a, struct arena *arena, struct layout *l)
{
	uint32_t from = node(a, (uint32_t)l->nboxes), to = node(a, (uint32_t)l->nboxes);
	uint32_t n = number(a, word(a), LAYOUT_POINTS_MAX);
	struct layout_line *line = l->lines;

	while (line < l->lines + l->nlines && !is_line(line, from, to))
		line++;
	a->bad |= n < 4 || n % 3 != 1 || line == l->lines + l->nlines;
	if (a->bad)
		return;
	line->points = arena_array(arena, n, sizeof(*line->points));
	line->npoints = n;
	for (uint32_t i = 0; i < n; i++) {
		line->points[i].x = pixels(a);
		line->points[i].y = l->height - pixels(a);
	}
	/* A line that runs against the layers may have been turned round. */
	if (distance(&l->boxes[from], line->points[0]) +
	            distance(&l->boxes[to], line->points[n - 1]) <=
	    distance(&l->boxes[from], line->points[n - 1]) +
	            distance(&l->boxes[to], line->points[0]))
		return;
	for (uint32_t i = 0; i < n / 2; i++) {
		struct layout_point p = line->points[i];

		line->points[i] = line->points[n - 1 - i];
		line->points[n - 1 - i] = p;
	}
}

enum err layout_answer(struct ctx *cx, struct arena *arena, struct span text, struct layout *l)
{
	struct answer a = { .p = text.data, .end = text.data + text.len };
	bool *seen = arena_array(arena, l->nboxes, sizeof(bool)), stopped = false;
	size_t at = 0;

	while (a.p < a.end && !a.bad && !stopped) {
		struct span what = word(&a);

		at++;
		if (what.len == 5 && memcmp(what.data, "graph", 5) == 0) {
			word(&a); /* scale */
			l->width = pixels(&a);
			l->height = pixels(&a);
		} else if (what.len == 4 && memcmp(what.data, "node", 4) == 0) {
			take_node(&a, l, seen);
		} else if (what.len == 4 && memcmp(what.data, "edge", 4) == 0) {
			take_edge(&a, arena, l);
		} else if (what.len == 4 && memcmp(what.data, "stop", 4) == 0) {
			stopped = true;
		} else {
			a.bad = true;
		}
		end_line(&a);
	}
	for (size_t i = 0; i < l->nboxes; i++)
		a.bad |= !seen[i];
	if (a.bad || !stopped)
		return err_set(cx, ERR_MALFORMED, "line %zu of the layout cannot be read", at);
	return ERR_OK;
}

static enum err run_once(struct ctx *cx, struct arena *arena, struct layout *l)
{
	static const char *const ENV[] = { "LANG=C", "PATH=/usr/bin:/bin", NULL };
	const char *program = cx->app->config->dot_program, *question = layout_question(arena, l);
	const char *const argv[] = { program, "-Tplain", NULL };
	const struct tool_request rq = {
		.argv = argv,
		.env = ENV,
		.input = { question, strlen(question) },
		.output_max_bytes = ANSWER_BYTES,
		.timeout_ms = TIMEOUT_MS,
		.limits = { .memory_bytes = MEMORY_BYTES,
		            .cpu_s = TIMEOUT_MS / 1000,
		            .file_size_bytes = 1,
		            .open_files = OPEN_FILES },
	};
	CLEANUP(tool_end) struct tool_result result = { 0 };

	if (program[0] == '\0')
		return err_set(cx, ERR_UNAVAILABLE, "the setting dot_program is empty");
	TRY(tool_run(cx, &rq, &result));
	if (result.exit_code != 0) {
		err_set(cx, ERR_UNAVAILABLE, "dot ended with status %d", result.exit_code);
		err_cause(cx, "%s", result.stderr_tail);
		err_fix(cx, "install the package graphviz, or set dot_program");
		return ERR_UNAVAILABLE;
	}
	return layout_answer(cx, arena, result.output, l);
}

/* How far it is from 3 to 2, which a screen shows best; in percent. */
static int64_t oddness(const struct layout *l)
{
	int64_t w = l->width * INT64_C(2) + 1, h = l->height * INT64_C(3) + 1;

	return w > h ? w * 100 / h : h * 100 / w;
}

static struct layout again(struct arena *arena, const struct layout *l)
{
	struct layout copy = *l;

	copy.boxes = arena_memdup(arena, l->boxes, l->nboxes * sizeof(*l->boxes));
	copy.lines = arena_memdup(arena, l->lines, l->nlines * sizeof(*l->lines));
	for (size_t i = 0; i < l->nlines; i++)
		copy.lines[i].npoints = 0;
	copy.sideways = true;
	return copy;
}

enum err layout_run(struct ctx *cx, struct arena *arena, struct layout *l)
{
	struct layout other;

	if (l->nboxes == 0)
		return ERR_OK;
	TRY(run_once(cx, arena, l));
	if (l->width < WIDE || l->width < 2 * l->height)
		return ERR_OK;
	other = again(arena, l);
	TRY(run_once(cx, arena, &other));
	if (oddness(&other) < oddness(l))
		*l = other;
	return ERR_OK;
}
