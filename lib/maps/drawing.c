/* Drawing: files counted into nodes, imports into edges. */
#include "maps/drawing.h"

#include "base/utf8.h"
#include "maps/view_json.h"

#include <stdlib.h>
#include <string.h>

#define FEW_NODES 12 /* so many connected ones can be read with all their lines */
#define ASIDES    3  /* lines from a node that is no part of the program */

static const struct field SHARE_FIELDS[] = {
	F_TEXT(struct drawing_share, language),
	F_INT(struct drawing_share, code),
};
static const struct schema SHARE = SCHEMA(struct drawing_share, "DrawingShare", SHARE_FIELDS);

static const struct field NODE_FIELDS[] = {
	F_TEXT(struct drawing_node, key),
	F_TEXT(struct drawing_node, label),
	F_TEXT(struct drawing_node, above),
	F_TEXT(struct drawing_node, kind),
	F_TEXT(struct drawing_node, role),
	F_TEXT(struct drawing_node, hint),
	F_INT(struct drawing_node, files),
	F_INT(struct drawing_node, code),
	F_INT(struct drawing_node, state, .max = DRAWING_CHANGED),
	F_LIST(struct drawing_node, shares, .of = &SHARE, .max = DRAWING_LANGUAGES_MAX),
};
static const struct schema NODE = SCHEMA(struct drawing_node, "DrawingNode", NODE_FIELDS);

static const struct field EDGE_FIELDS[] = {
	F_INT(struct drawing_edge, from, .max = 2 * DRAWING_NODES_MAX),
	F_INT(struct drawing_edge, to, .max = 2 * DRAWING_NODES_MAX),
	F_INT(struct drawing_edge, weight),
	F_INT(struct drawing_edge, back),
	F_INT(struct drawing_edge, state, .max = DRAWING_CHANGED),
};
static const struct schema EDGE = SCHEMA(struct drawing_edge, "DrawingEdge", EDGE_FIELDS);

static const struct field DRAWING_FIELDS[] = {
	F_TEXT(struct drawing, title),
	F_TEXT(struct drawing, commit),
	F_TEXT(struct drawing, ref, .nullable = true),
	F_LIST(struct drawing, nodes, .of = &NODE, .max = DRAWING_NODES_MAX),
	F_LIST(struct drawing, edges, .of = &EDGE, .max = DRAWING_EDGES_MAX),
	F_INT(struct drawing, files),
	F_INT(struct drawing, code),
	F_INT(struct drawing, hidden_edges),
	F_INT(struct drawing, merged),
	F_BOOL(struct drawing, compares),
};
const struct schema drawing_schema = SCHEMA(struct drawing, "Drawing", DRAWING_FIELDS);

const char *drawing_text(struct arena *arena, struct span text)
{
	size_t n = 0, chars = 0;

	for (; n < text.len && chars < DRAWING_TEXT_MAX; chars++) {
		size_t len = utf8_char(text.data + n, text.len - n);

		n += len != 0 ? len : 1;
	}
	if (n == text.len)
		return arena_strndup(arena, text.data, n);
	return arena_printf(arena, "%.*s\xe2\x80\xa6", (int)n, text.data);
}

/* --- Edges --- */

uint32_t *drawing_weights(struct arena *arena, const struct view *v, const int32_t *group, size_t n)
{
	uint32_t *weight = arena_array(arena, n * n, sizeof(uint32_t));
	bool *has_source = arena_array(arena, n, sizeof(bool));

	for (size_t f = 0; f < v->files.n; f++)
		if (group[f] >= 0 && view_json_is(v->roles[v->files.role[f]], "source"))
			has_source[group[f]] = true;
	for (size_t i = 0; i < v->imports.n; i++) {
		int32_t file = v->imports.from[i], from = group[file], to = group[v->imports.to[i]];

		if (from >= 0 && to >= 0 && from != to &&
		    (!has_source[from] || view_json_is(v->roles[v->files.role[file]], "source")))
			weight[(size_t)from * n + (size_t)to]++;
	}
	return weight;
}

/* Imports between different nodes, both directions in one edge that begins at the more dependent one. */
static void count_edges(struct arena *arena, const struct view *v, const int32_t *group, size_t n,
                        struct drawing *ret)
{
	const uint32_t *weight = drawing_weights(arena, v, group, n);
	struct drawing_edge *edges = arena_array(arena, n * n / 2 + 1, sizeof(*edges));
	size_t nedges = 0;

	for (size_t a = 0; a < n; a++) {
		for (size_t b = a + 1; b < n; b++) {
			uint32_t out = weight[a * n + b], in = weight[b * n + a];
			bool forth = out >= in;

			if (out == 0 && in == 0)
				continue;
			edges[nedges++] = (struct drawing_edge){
				.from = (int64_t)(forth ? a : b),
				.to = (int64_t)(forth ? b : a),
				.weight = forth ? out : in,
				.back = forth ? in : out,
			};
		}
	}
	ret->edges = (struct list){ edges, nedges };
}

static int stronger(const void *a, const void *b)
{
	const struct drawing_edge *x = a, *y = b;
	int64_t wx = x->weight + x->back, wy = y->weight + y->back;

	if ((x->state != 0) != (y->state != 0))
		return x->state != 0 ? -1 : 1;
	if (wx != wy)
		return wx > wy ? -1 : 1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

static int by_ends(const void *a, const void *b)
{
	const struct drawing_edge *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

/* What is drawn so far: which nodes have a line, and which lines there are, by from * n + to. */
struct drawn {
	size_t n, nreached;
	bool *reached, *lead;
	int *asides; /* by node: lines that begin at it */
};

static bool spans(const struct drawn *w, const struct drawing_edge *e)
{
	return !w->reached[e->from] || !w->reached[e->to];
}

/* Whether two stronger lines lead the same way. */
static bool implied(const struct drawn *w, const struct drawing_edge *e)
{
	for (size_t k = 0; k < w->n; k++)
		if (w->lead[(size_t)e->from * w->n + k] && w->lead[k * w->n + (size_t)e->to])
			return true;
	return false;
}

static void take(struct drawn *w, const struct drawing_edge *e)
{
	w->nreached += !w->reached[e->from];
	w->reached[e->from] = true;
	w->nreached += !w->reached[e->to];
	w->reached[e->to] = true;
	w->lead[(size_t)e->from * w->n + (size_t)e->to] = true;
	if (e->back > 0)
		w->lead[(size_t)e->to * w->n + (size_t)e->from] = true;
	w->asides[e->from]++;
}

/* Whether a line that nothing hangs on is worth its room. */
static bool worth(const struct drawing *d, const struct drawn *w, const struct drawing_edge *e)
{
	const struct drawing_node *nodes = d->nodes.items;

	if (e->state != DRAWING_SAME)
		return true;
	if (w->nreached <= FEW_NODES)
		return true;
	return !implied(w, e) && (nodes[e->from].role[0] == '\0' || w->asides[e->from] < ASIDES);
}

void drawing_prune(struct arena *arena, struct drawing *d)
{
	size_t n = d->edges.n, kept = 0, other = 0, max;
	struct drawing_edge *edges = arena_memdup(arena, d->edges.items, n * sizeof(*edges) + 1);
	struct drawing_edge *rest = arena_array(arena, n, sizeof(*rest));
	struct drawn w = {
		.n = d->nodes.n,
		.reached = arena_array(arena, d->nodes.n, sizeof(bool)),
		.lead = arena_array(arena, d->nodes.n * d->nodes.n, sizeof(bool)),
		.asides = arena_array(arena, d->nodes.n, sizeof(int)),
	};

	if (n > 1)
		qsort(edges, n, sizeof(*edges), stronger);
	for (size_t i = 0; i < n; i++) {
		struct drawing_edge e = edges[i];

		if (!spans(&w, &e)) {
			rest[other++] = e;
			continue;
		}
		take(&w, &e);
		edges[kept++] = e;
	}
	max = w.nreached + w.nreached / 2;
	max = max < DRAWING_EDGES_MAX ? max : DRAWING_EDGES_MAX;
	for (size_t i = 0; i < other && kept < max; i++) {
		if (!worth(d, &w, &rest[i]))
			continue;
		take(&w, &rest[i]);
		edges[kept++] = rest[i];
	}
	if (kept > max)
		kept = max;
	d->hidden_edges += (int64_t)(n - kept);
	if (kept > 1)
		qsort(edges, kept, sizeof(*edges), by_ends);
	d->edges = (struct list){ edges, kept };
}

/* --- Nodes --- */

static void count_shares(struct arena *arena, const struct view *v, const int32_t *group,
                         struct drawing_node *nodes, size_t n)
{
	size_t nlangs = v->languages.n;
	int64_t *code = arena_array(arena, n * nlangs, sizeof(int64_t));

	for (size_t f = 0; f < v->files.n; f++)
		if (group[f] >= 0 && v->files.lang[f] >= 0)
			code[(size_t)group[f] * nlangs + (size_t)v->files.lang[f]] +=
				v->files.code[f];
	for (size_t i = 0; i < n; i++) {
		struct drawing_share *shares =
			arena_array(arena, DRAWING_LANGUAGES_MAX, sizeof(*shares));
		size_t nshares = 0;

		for (; nshares < DRAWING_LANGUAGES_MAX; nshares++) {
			int64_t *best = &code[i * nlangs];

			for (size_t l = 0; l < nlangs; l++)
				if (code[i * nlangs + l] > *best)
					best = &code[i * nlangs + l];
			if (nlangs == 0 || *best == 0)
				break;
			shares[nshares] = (struct drawing_share){
				drawing_text(arena, v->languages.name[best - &code[i * nlangs]]),
				*best
			};
			*best = 0;
		}
		nodes[i].shares = (struct list){ shares, nshares };
	}
}

void drawing_fill(struct arena *arena, const struct view *v, const int32_t *group,
                  struct drawing_node *nodes, size_t n, struct drawing *ret)
{
	for (size_t f = 0; f < v->files.n; f++) {
		ret->files++;
		ret->code += v->files.code[f];
		if (group[f] < 0)
			continue;
		nodes[group[f]].files++;
		nodes[group[f]].code += v->files.code[f];
	}
	count_shares(arena, v, group, nodes, n);
	drawing_say(arena, v, group, nodes, n);
	ret->commit = drawing_text(arena, v->commit);
	ret->ref = v->ref.data != NULL ? drawing_text(arena, v->ref) : NULL;
	ret->nodes = (struct list){ nodes, n };
	count_edges(arena, v, group, n, ret);
}

enum err drawing_check(struct ctx *cx, const struct drawing *d)
{
	const struct drawing_node *nodes = d->nodes.items;
	const struct drawing_edge *edges = d->edges.items;

	if (d->title == NULL || d->commit == NULL)
		return err_set(cx, ERR_INVALID, "the drawing has no title");
	for (size_t i = 0; i < d->nodes.n; i++) {
		const struct drawing_share *shares = nodes[i].shares.items;

		if (nodes[i].key == NULL || nodes[i].label == NULL || nodes[i].above == NULL ||
		    nodes[i].kind == NULL || nodes[i].hint == NULL || nodes[i].code < 0 ||
		    nodes[i].code > UINT32_MAX || nodes[i].files < 0)
			return err_set(cx, ERR_INVALID, "node %zu of the drawing is none", i);
		for (size_t k = 0; k < nodes[i].shares.n; k++)
			if (shares[k].language == NULL || shares[k].code < 0 ||
			    shares[k].code > nodes[i].code)
				return err_set(cx, ERR_INVALID,
				               "a language of node %zu of the drawing is none", i);
	}
	for (size_t i = 0; i < d->edges.n; i++)
		if (edges[i].from < 0 || (size_t)edges[i].from >= d->nodes.n || edges[i].to < 0 ||
		    (size_t)edges[i].to >= d->nodes.n || edges[i].from == edges[i].to ||
		    edges[i].weight < 0 || edges[i].back < 0 || edges[i].weight > UINT32_MAX ||
		    edges[i].back > UINT32_MAX)
			return err_set(cx, ERR_INVALID, "edge %zu of the drawing leads nowhere", i);
	return ERR_OK;
}
