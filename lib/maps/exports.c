/* Exports: DOT, Mermaid and GraphML.  CycloneDX is in exports_cdx.c. */
#include "maps/exports.h"

#include "maps/svg.h"

#include <stdlib.h>
#include <string.h>

static enum err finish(struct ctx *cx, struct sb *sb, struct span *ret)
{
	const char *text;

	TRY(sb_finish(cx, sb, &text));
	*ret = (struct span){ text, sb->len };
	return ERR_OK;
}

static const struct drawing_node *node_at(const struct drawing *d, size_t i)
{
	return (const struct drawing_node *)d->nodes.items + i;
}

/* A quoted text of DOT.  Escapes of record labels and of layout ("\N") must not arise. */
static void dot_text(struct sb *sb, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			sb_addc(sb, '\\');
		sb_addc(sb, (unsigned char)*text < ' ' || *text == 127 ? ' ' : *text);
	}
}

enum err export_dot(struct ctx *cx, struct arena *arena, const struct drawing *d, struct span *ret)
{
	struct sb sb = sb_new(arena, EXPORT_TEXT_MAX);
	const struct drawing_edge *edges = d->edges.items;

	sb_add(&sb, "digraph map {\n\tlabel=\"");
	dot_text(&sb, arena_printf(arena, "%s of commit %.12s", d->title, d->commit));
	sb_add(&sb, "\";\n\tnode [shape=box];\n");
	for (size_t i = 0; i < d->nodes.n; i++) {
		const struct drawing_node *n = node_at(d, i);

		sb_addf(&sb, "\tn%zu [label=\"", i);
		dot_text(&sb, n->label);
		sb_addf(&sb, "\\n%lld files, %lld lines\", tooltip=\"", (long long)n->files,
		        (long long)n->code);
		dot_text(&sb, n->key);
		sb_add(&sb, "\"];\n");
	}
	for (size_t i = 0; i < d->edges.n; i++) {
		sb_addf(&sb, "\tn%lld -> n%lld [label=\"%lld\"];\n", (long long)edges[i].from,
		        (long long)edges[i].to, (long long)edges[i].weight);
		if (edges[i].back > 0)
			sb_addf(&sb, "\tn%lld -> n%lld [label=\"%lld\"];\n", (long long)edges[i].to,
			        (long long)edges[i].from, (long long)edges[i].back);
	}
	sb_add(&sb, "}\n");
	return finish(cx, &sb, ret);
}

/* Mermaid knows character entities by number: what could end a label or be markup is written so. */
static void mermaid_text(struct sb *sb, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == 127)
			sb_addc(sb, ' ');
		else if (strchr("\"#&<>;`\\[]{}()|*_~%", c) != NULL)
			sb_addf(sb, "#%d;", c);
		else
			sb_addc(sb, (char)c);
	}
}

enum err export_mermaid(struct ctx *cx, struct arena *arena, const struct drawing *d,
                        struct span *ret)
{
	struct sb sb = sb_new(arena, EXPORT_TEXT_MAX);
	const struct drawing_edge *edges = d->edges.items;

	sb_add(&sb, "flowchart TD\n");
	for (size_t i = 0; i < d->nodes.n; i++) {
		sb_addf(&sb, "\tn%zu[\"", i);
		mermaid_text(&sb, node_at(d, i)->label);
		sb_addf(&sb, "<br/>%lld files, %lld lines\"]\n", (long long)node_at(d, i)->files,
		        (long long)node_at(d, i)->code);
	}
	for (size_t i = 0; i < d->edges.n; i++)
		sb_addf(&sb, "\tn%lld %s|%lld| n%lld\n", (long long)edges[i].from,
		        edges[i].back > 0 ? "<-->" : "-->",
		        (long long)edges[i].weight + (long long)edges[i].back,
		        (long long)edges[i].to);
	return finish(cx, &sb, ret);
}

/* --- GraphML --- */

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void data(struct sb *sb, const char *key, struct span text)
{
	sb_addf(sb, "<data key=\"%s\">", key);
	svg_escape(sb, text);
	sb_add(sb, "</data>");
}

static void write_nodes(struct sb *sb, const struct view *v)
{
	for (size_t f = 0; f < v->files.n && !sb->failed; f++) {
		sb_addf(sb, "<node id=\"f%zu\">", f);
		data(sb, "path", v->files.path[f]);
		data(sb, "language", view_language(v, f));
		data(sb, "component", v->components.name[v->files.component[f]]);
		sb_addf(sb, "<data key=\"lines\">%d</data>", v->files.code[f]);
		if (v->graph.n > 0)
			sb_addf(sb, "<data key=\"rank\">%d</data><data key=\"fan_in\">%d</data>",
			        v->graph.rank[f], v->graph.fan_in[f]);
		sb_add(sb, "</node>\n");
	}
}

static void write_edges(struct sb *sb, struct arena *arena, const struct view *v)
{
	size_t n = v->imports.n;
	uint64_t *pairs = arena_array(arena, n, sizeof(*pairs));

	for (size_t i = 0; i < n; i++)
		pairs[i] = (uint64_t)v->imports.from[i] << 32 | (uint32_t)v->imports.to[i];
	if (n > 1)
		qsort(pairs, n, sizeof(*pairs), by_number);
	for (size_t i = 0, end; i < n && !sb->failed; i = end) {
		for (end = i + 1; end < n && pairs[end] == pairs[i];)
			end++;
		sb_addf(sb,
		        "<edge source=\"f%u\" target=\"f%u\"><data key=\"weight\">%zu</data></edge>\n",
		        (unsigned)(pairs[i] >> 32), (unsigned)pairs[i], end - i);
	}
}

enum err export_graphml(struct ctx *cx, struct arena *arena, const struct view *v, struct span *ret)
{
	static const struct {
		const char *id, *of, *type;
	} KEYS[] = {
		{ "path", "node", "string" },      { "language", "node", "string" },
		{ "component", "node", "string" }, { "lines", "node", "int" },
		{ "rank", "node", "int" },         { "fan_in", "node", "int" },
		{ "weight", "edge", "int" },
	};
	struct sb sb = sb_new(arena, EXPORT_GRAPHML_MAX);

	sb_add(&sb, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	            "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n");
	for (size_t i = 0; i < COUNT(KEYS); i++)
		sb_addf(&sb, "<key id=\"%s\" for=\"%s\" attr.name=\"%s\" attr.type=\"%s\"/>\n",
		        KEYS[i].id, KEYS[i].of, KEYS[i].id, KEYS[i].type);
	sb_add(&sb, "<graph id=\"map\" edgedefault=\"directed\">\n");
	write_nodes(&sb, v);
	write_edges(&sb, arena, v);
	sb_add(&sb, "</graph>\n</graphml>\n");
	return finish(cx, &sb, ret);
}
