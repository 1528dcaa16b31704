/* Content: the large tables. */
#include "maps/content_parts.h"

#include "maps/strmap.h"

#include <stdlib.h>
#include <string.h>

static const char *hex(struct content *c, const unsigned char *bytes, size_t n)
{
	static const char DIGITS[] = "0123456789abcdef";
	char *text = arena_alloc(c->arena, n * 2 + 1);

	for (size_t i = 0; i < n; i++) {
		text[2 * i] = DIGITS[bytes[i] >> 4];
		text[2 * i + 1] = DIGITS[bytes[i] & 15];
	}
	return text;
}

static int64_t index_or_none(uint32_t index)
{
	return index == UINT32_MAX ? -1 : (int64_t)index;
}

void content_files(struct content *c)
{
	const struct map_file *files = c->in->tree->files;
	size_t n = c->in->tree->nfiles;

	content_open(c, "files", '{');
	CONTENT_TEXTS("path", n, c->shown[i]);
	CONTENT_TEXTS("oid", n, hex(c, files[i].oid, MAP_OID_BYTES));
	CONTENT_NUMBERS("lang", n, c->lang_index[files[i].facts.lang]);
	CONTENT_NUMBERS("role", n, files[i].role);
	CONTENT_NUMBERS("bytes", n, files[i].bytes);
	CONTENT_NUMBERS("code", n, files[i].facts.code);
	CONTENT_NUMBERS("comment", n, files[i].facts.comment);
	CONTENT_NUMBERS("blank", n, files[i].facts.blank);
	CONTENT_NUMBERS("component", n, c->in->structure->file_component[i]);
	content_close(c, '}');

	content_open(c, "path_bytes", '{');
	content_open(c, "file", '[');
	for (size_t i = 0; i < n; i++)
		if (c->shown[i] != files[i].path.data)
			content_number(c, (int64_t)i);
	content_close(c, ']');
	content_open(c, "hex", '[');
	for (size_t i = 0; i < n; i++)
		if (c->shown[i] != files[i].path.data)
			content_text(c, hex(c, (const unsigned char *)files[i].path.data,
			                    files[i].path.len));
	content_close(c, ']');
	content_close(c, '}');
}

void content_dirs(struct content *c)
{
	const struct structure_dir *dirs = c->in->structure->dirs;
	size_t n = c->in->structure->ndirs;

	content_open(c, "dirs", '{');
	CONTENT_TEXTS("path", n, content_shown(c, dirs[i].path));
	CONTENT_NUMBERS("files", n, dirs[i].files);
	CONTENT_NUMBERS("code", n, dirs[i].code);
	CONTENT_NUMBERS("bytes", n, dirs[i].bytes);
	CONTENT_NUMBERS("depth", n, dirs[i].depth);
	content_close(c, '}');
}

void content_components(struct content *c)
{
	const struct structure *s = c->in->structure;

	content_open(c, "components", '{');
	CONTENT_TEXTS("name", s->ncomponents, s->components[i].name);
	CONTENT_TEXTS("path", s->ncomponents, content_shown(c, s->components[i].path));
	CONTENT_TEXTS("kind", s->ncomponents, s->components[i].kind);
	CONTENT_TEXTS("reason", s->ncomponents, s->components[i].reason);
	CONTENT_NUMBERS("manifest", s->ncomponents, index_or_none(s->components[i].manifest));
	CONTENT_NUMBERS("files", s->ncomponents, s->components[i].files);
	CONTENT_NUMBERS("code", s->ncomponents, s->components[i].code);
	CONTENT_NUMBERS("fan_in", s->ncomponents, s->components[i].fan_in);
	CONTENT_NUMBERS("fan_out", s->ncomponents, s->components[i].fan_out);
	CONTENT_NUMBERS("afferent", s->ncomponents, s->components[i].afferent);
	CONTENT_NUMBERS("efferent", s->ncomponents, s->components[i].efferent);
	CONTENT_NUMBERS("instability", s->ncomponents, s->components[i].instability);
	CONTENT_NUMBERS("layer", s->ncomponents, s->components[i].layer);
	content_close(c, '}');
	content_open(c, "component_links", '{');
	CONTENT_NUMBERS("from", s->nlinks, s->links[i].from);
	CONTENT_NUMBERS("to", s->nlinks, s->links[i].to);
	CONTENT_NUMBERS("edges", s->nlinks, s->links[i].edges);
	content_close(c, '}');
}

void content_imports(struct content *c)
{
	const struct resolve_edge *edges = c->in->resolved->edges;
	size_t n = c->in->resolved->nedges;

	content_open(c, "imports", '{');
	CONTENT_NUMBERS("from", n, edges[i].from);
	CONTENT_NUMBERS("to", n, edges[i].to);
	CONTENT_NUMBERS("line", n, edges[i].line);
	CONTENT_NUMBERS("kind", n, edges[i].kind);
	CONTENT_NUMBERS("rule", n, edges[i].rule);
	CONTENT_NUMBERS("confidence", n, edges[i].confidence);
	content_close(c, '}');
}

void content_unresolved(struct content *c)
{
	const struct resolve_miss *misses = c->in->resolved->misses;
	size_t n = c->drop_unresolved ? 0 : c->in->resolved->nmisses;
	struct strmap seen = strmap_new(c->arena, n / 4);
	uint32_t *target = arena_array(c->arena, n, sizeof(uint32_t)), ntargets = 0;

	content_open(c, "unresolved", '{');
	content_open(c, "targets", '[');
	for (size_t i = 0; i < n; i++) {
		target[i] = strmap_add(&seen, misses[i].target, strlen(misses[i].target), ntargets);
		if (target[i] == ntargets) {
			content_text(c, misses[i].target);
			ntargets++;
		}
	}
	content_close(c, ']');
	CONTENT_NUMBERS("from", n, misses[i].from);
	CONTENT_NUMBERS("target", n, target[i]);
	CONTENT_NUMBERS("line", n, misses[i].line);
	CONTENT_NUMBERS("reason", n, misses[i].reason);
	CONTENT_NUMBERS("external", n, index_or_none(misses[i].external));
	content_close(c, '}');
}

void content_externals(struct content *c)
{
	const struct resolve_out *r = c->in->resolved;

	content_open(c, "externals", '[');
	for (size_t i = 0; i < r->nexternals; i++) {
		const struct resolve_external *e = &r->externals[i];

		content_open(c, NULL, '{');
		content_key(c, "ecosystem");
		content_text(c, ecosystem_name(e->eco));
		content_key(c, "name");
		content_text(c, e->name);
		content_key(c, "spec");
		content_text(c, e->spec);
		content_key(c, "locked");
		content_text(c, e->locked);
		content_key(c, "scope");
		content_text(c, e->scope);
		content_key(c, "manifest");
		content_number(c, e->manifest);
		content_key(c, "line");
		content_number(c, e->line);
		content_key(c, "used_by");
		content_number(c, e->used_by);
		content_close(c, '}');
	}
	content_close(c, ']');
}

/* Packages of a lock file that no manifest declares. */
static uint32_t transitive(const struct content *c, size_t manifest)
{
	uint32_t all = c->in->manifests[manifest].nlocked;
	uint32_t declared = c->in->resolved->declared[manifest];

	return all > declared ? all - declared : 0;
}

void content_manifests(struct content *c)
{
	const struct manifest *m = c->in->manifests;
	size_t n = c->in->nmanifests;

	content_open(c, "manifests", '{');
	CONTENT_NUMBERS("file", n, m[i].file);
	CONTENT_TEXTS("type", n, manifest_type_name(m[i].type));
	CONTENT_TEXTS("ecosystem", n, ecosystem_name(manifest_ecosystem(m[i].type)));
	CONTENT_TEXTS("name", n, m[i].name);
	CONTENT_NUMBERS("locked", n, m[i].nlocked);
	CONTENT_NUMBERS("transitive", n, transitive(c, i));
	content_close(c, '}');
}

void content_entries(struct content *c)
{
	const struct structure_entry *e = c->in->structure->entries;
	size_t n = c->in->structure->nentries;

	content_open(c, "entry_points", '{');
	CONTENT_TEXTS("kind", n, e[i].kind);
	CONTENT_TEXTS("name", n, e[i].name);
	CONTENT_TEXTS("target", n, e[i].target);
	CONTENT_NUMBERS("file", n, index_or_none(e[i].file));
	CONTENT_NUMBERS("line", n, e[i].line);
	content_close(c, '}');
}

void content_graph(struct content *c)
{
	const struct graph *g = c->in->graph;

	content_open(c, "graph", '{');
	content_open(c, "cycles", '[');
	for (size_t k = 0; k < g->ncycles; k++) {
		content_open(c, NULL, '[');
		for (size_t i = 0; i < g->cycles[k].nfiles; i++)
			content_number(c, g->cycles[k].files[i]);
		content_close(c, ']');
	}
	content_close(c, ']');
	content_key(c, "layers");
	content_number(c, g->nlayers);
	CONTENT_NUMBERS("layer", g->nfiles, g->layer[i]);
	CONTENT_NUMBERS("rank", g->nfiles, g->rank[i]);
	CONTENT_NUMBERS("fan_in", g->nfiles, g->fan_in[i]);
	CONTENT_NUMBERS("fan_out", g->nfiles, g->fan_out[i]);
	CONTENT_NUMBERS("impact", g->nfiles, c->in->impact->importers[i]);
	CONTENT_NUMBERS("central", g->ncentral, g->central[i]);
	content_close(c, '}');
}

/* Definitions lie in their files' facts: one pass over the files for each column. */
#define DEF_NUMBERS(name, expression)                                                              \
	do {                                                                                       \
		content_open(c, name, '[');                                                        \
		for (size_t f = 0; f < nfiles; f++)                                                \
			CONTENT_ROW(files[f].facts.ndefs, expression);                             \
		content_row_end(c);                                                                \
		content_close(c, ']');                                                             \
	} while (0)

#define DEF_TEXTS(name, member)                                                                    \
	do {                                                                                       \
		content_open(c, name, '[');                                                        \
		for (size_t f = 0; f < nfiles; f++)                                                \
			for (size_t i = 0; i < files[f].facts.ndefs; i++)                          \
				sb_json_then(&c->sb, files[f].facts.defs[i].member, ',');          \
		content_row_end(c);                                                                \
		content_close(c, ']');                                                             \
	} while (0)

void content_defs(struct content *c)
{
	const struct map_file *files = c->in->tree->files;
	size_t nfiles = c->drop_defs ? 0 : c->in->tree->nfiles;

	content_open(c, "defs", '{');
	DEF_NUMBERS("file", f);
	DEF_TEXTS("name", name);
	DEF_NUMBERS("kind", files[f].facts.defs[i].kind);
	DEF_NUMBERS("line", files[f].facts.defs[i].line);
	DEF_NUMBERS("end_line", files[f].facts.defs[i].end_line);
	DEF_TEXTS("parent", parent);
	nfiles = c->drop_signatures ? 0 : nfiles;
	DEF_TEXTS("signature", signature);
	content_close(c, '}');
}
