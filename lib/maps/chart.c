/* Chart: its two texts.  Keeping them is in chart_repo.c. */
#include "maps/chart.h"

#include "maps/chart_parts.h"
#include "maps/content_parts.h"
#include "maps/strips.h"
#include "maps/strmap.h"

#include <string.h>

#define ARENA_BYTES (4 * CHART_BYTES_MAX)
#define DAY_S       86400
#define RANK_UNIT   1000 /* of a rank, in a millionth */

/* The folder that each file, and each folder, lies in. */
struct nesting {
	uint32_t *parent, *folder; /* by folder; by file */
};

static size_t folder_bytes(struct span path)
{
	const char *slash = memrchr(path.data, '/', path.len);

	return slash == NULL ? 0 : (size_t)(slash - path.data);
}

static struct span name_of(struct span path)
{
	size_t n = folder_bytes(path);

	n += n > 0;
	return (struct span){ path.data + n, path.len - n };
}

static struct nesting nest(struct arena *arena, const struct content_in *in)
{
	const struct structure *s = in->structure;
	struct strmap by_path = strmap_new(arena, s->ndirs);
	struct nesting n = {
		.parent = arena_array(arena, s->ndirs, sizeof(uint32_t)),
		.folder = arena_array(arena, in->tree->nfiles, sizeof(uint32_t)),
	};

	for (size_t d = 0; d < s->ndirs; d++)
		strmap_add(&by_path, s->dirs[d].path.data, s->dirs[d].path.len, (uint32_t)d);
	for (size_t d = 1; d < s->ndirs; d++)
		n.parent[d] =
			strmap_get(&by_path, s->dirs[d].path.data, folder_bytes(s->dirs[d].path));
	for (size_t f = 0; f < in->tree->nfiles; f++) {
		struct span path = in->tree->files[f].path;

		n.folder[f] = strmap_get(&by_path, path.data, folder_bytes(path));
	}
	return n;
}

static uint32_t *cycles_of(struct content *c)
{
	const struct graph *g = c->in->graph;
	uint32_t *cycle = arena_array(c->arena, c->in->tree->nfiles, sizeof(*cycle));

	for (size_t k = 0; k < g->ncycles; k++)
		for (size_t i = 0; i < g->cycles[k].nfiles; i++)
			cycle[g->cycles[k].files[i]] = (uint32_t)k + 1;
	return cycle;
}

static void write_past(struct content *c)
{
	const struct history *h = c->in->history;
	size_t n = h->end != HISTORY_NOT_READ ? c->in->tree->nfiles : 0;

	CONTENT_NUMBERS("commits", n, h->files[i].commits);
	CONTENT_NUMBERS("authors", n, h->files[i].authors);
	CONTENT_NUMBERS("owner", n,
	                h->files[i].authors > 0 && h->files[i].owner < CHART_AUTHORS_MAX
	                        ? (int64_t)h->files[i].owner
	                        : -1);
	CONTENT_NUMBERS("last", n, h->files[i].last_s / DAY_S);
}

static void write_files(struct content *c, const struct nesting *nesting)
{
	const struct map_file *files = c->in->tree->files;
	const struct graph *g = c->in->graph;
	const int8_t *tested = chart_tested(c->arena, c->in);
	const uint32_t *cycle = cycles_of(c);
	size_t n = c->in->tree->nfiles;

	content_open(c, "files", '{');
	CONTENT_NUMBERS("folder", n, nesting->folder[i]);
	CONTENT_TEXTS("name", n, content_shown(c, name_of(files[i].path)));
	CONTENT_NUMBERS("lang", n, c->lang_index[files[i].facts.lang]);
	CONTENT_NUMBERS("role", n, files[i].role);
	CONTENT_NUMBERS("code", n, files[i].facts.code);
	CONTENT_NUMBERS("component", n, c->in->structure->file_component[i]);
	CONTENT_NUMBERS("fan_in", n, g->fan_in[i]);
	CONTENT_NUMBERS("fan_out", n, g->fan_out[i]);
	CONTENT_NUMBERS("impact", n, c->in->impact->importers[i]);
	CONTENT_NUMBERS("rank", n, g->rank[i] / RANK_UNIT);
	CONTENT_NUMBERS("layer", n, g->layer[i]);
	CONTENT_NUMBERS("cycle", n, cycle[i]);
	CONTENT_NUMBERS("tested", n, tested[i]);
	write_past(c);
	content_close(c, '}');
}

static void write_folders(struct content *c, const struct nesting *nesting)
{
	const struct structure *s = c->in->structure;

	content_open(c, "folders", '{');
	CONTENT_TEXTS("name", s->ndirs, content_shown(c, name_of(s->dirs[i].path)));
	CONTENT_NUMBERS("parent", s->ndirs, nesting->parent[i]);
	content_close(c, '}');
}

static void write_names(struct content *c)
{
	const struct history *h = c->in->history;
	size_t nauthors = h->nauthors < CHART_AUTHORS_MAX ? h->nauthors : CHART_AUTHORS_MAX;

	CONTENT_TEXTS("languages", c->nlanguages, lang_name(c->languages[i].lang));
	content_open(c, "roles", '[');
	content_text(c, "");
	for (int i = FILE_SOURCE; i <= FILE_CONFIG; i++)
		content_text(c, lang_role_name((enum role_of_file)i));
	content_close(c, ']');
	CONTENT_TEXTS("authors", nauthors, h->authors[i].name);
}

static void write_parts(struct content *c)
{
	const struct structure *s = c->in->structure;
	const struct history *h = c->in->history;
	size_t n = s->ncomponents;
	size_t nentries = s->nentries < CHART_ENTRIES_MAX ? s->nentries : CHART_ENTRIES_MAX;

	content_open(c, "components", '{');
	CONTENT_TEXTS("name", n, s->components[i].name);
	CONTENT_TEXTS("path", n, content_shown(c, s->components[i].path));
	CONTENT_TEXTS("kind", n, s->components[i].kind);
	CONTENT_NUMBERS("code", n, s->components[i].code);
	CONTENT_NUMBERS("layer", n, s->components[i].layer);
	content_close(c, '}');
	content_open(c, "entries", '{');
	CONTENT_TEXTS("kind", nentries, s->entries[i].kind);
	CONTENT_TEXTS("name", nentries, s->entries[i].name);
	CONTENT_NUMBERS("file", nentries,
	                s->entries[i].file == STRUCTURE_NONE ? -1 : (int64_t)s->entries[i].file);
	CONTENT_NUMBERS("line", nentries, s->entries[i].line);
	content_close(c, '}');
	content_open(c, "coupling", '{');
	CONTENT_NUMBERS("a", h->npairs, h->pairs[i].a);
	CONTENT_NUMBERS("b", h->npairs, h->pairs[i].b);
	CONTENT_NUMBERS("together", h->npairs, h->pairs[i].together);
	CONTENT_NUMBERS("degree", h->npairs, h->pairs[i].degree);
	content_close(c, '}');
}

static void write_chart(struct content *c, const struct nesting *nesting)
{
	sb_addc(&c->sb, '{');
	content_key(c, "commit");
	content_text(c, c->in->commit);
	content_key(c, "ref");
	if (c->in->ref != NULL)
		content_text(c, c->in->ref);
	else
		sb_add(&c->sb, "null");
	write_files(c, nesting);
	write_folders(c, nesting);
	write_names(c);
	write_parts(c);
	content_flag(c, "history", c->in->history->end != HISTORY_NOT_READ);
	content_flag(c, "impact_exact", c->in->impact->exact);
	sb_addc(&c->sb, '}');
}

/* --- The graph --- */

/* Edges are sorted by from, to; of one pair there may be several.  @ret how many pairs were kept */
static size_t pairs(struct content *c, uint32_t *count, uint32_t *to)
{
	const struct resolve_edge *e = c->in->resolved->edges;
	size_t n = 0;

	for (size_t i = 0; i < c->in->resolved->nedges; i++) {
		if (i > 0 && e[i].from == e[i - 1].from && e[i].to == e[i - 1].to)
			continue;
		if (e[i].from == e[i].to)
			continue;
		if (n < CHART_IMPORTS_MAX) {
			count[e[i].from]++;
			to[n] = e[i].to;
		}
		n++;
	}
	return n;
}

static void write_imports(struct content *c)
{
	size_t most = c->in->resolved->nedges < CHART_IMPORTS_MAX ? c->in->resolved->nedges
	                                                          : CHART_IMPORTS_MAX;
	uint32_t *to = arena_array(c->arena, most, sizeof(*to));
	uint32_t *count = arena_array(c->arena, c->in->tree->nfiles, sizeof(*count));
	size_t all = pairs(c, count, to);

	content_open(c, "imports", '{');
	CONTENT_NUMBERS("count", c->in->tree->nfiles, count[i]);
	CONTENT_NUMBERS("to", all < most ? all : most, to[i]);
	content_close(c, '}');
	content_flag(c, "complete", all <= most && !c->in->resolved->truncated);
}

static void write_places(struct content *c, const char *name, const struct strips_place *p,
                         size_t n)
{
	content_open(c, name, '{');
	CONTENT_NUMBERS("x", n, p[i].x);
	CONTENT_NUMBERS("y", n, p[i].y);
	CONTENT_NUMBERS("width", n, p[i].width);
	CONTENT_NUMBERS("height", n, p[i].height);
	content_close(c, '}');
}

static void write_graph(struct content *c, const struct nesting *nesting)
{
	const struct graph *g = c->in->graph;
	size_t n = c->in->tree->nfiles;
	bool *linked = arena_array(c->arena, n, sizeof(*linked));
	const struct strips_in in = {
		.nfolders = c->in->structure->ndirs,
		.parent = nesting->parent,
		.nfiles = n,
		.folder = nesting->folder,
		.layer = g->layer,
		.linked = linked,
	};
	struct strips places;

	for (size_t f = 0; f < n; f++)
		linked[f] = g->fan_in[f] > 0 || g->fan_out[f] > 0;
	strips_place(c->arena, &in, &places);
	sb_addc(&c->sb, '{');
	content_key(c, "commit");
	content_text(c, c->in->commit);
	content_count(c, "unit", STRIPS_UNIT);
	write_places(c, "folders", places.folders, in.nfolders);
	write_places(c, "files", places.files, n);
	write_imports(c);
	sb_addc(&c->sb, '}');
}

static enum err write_both(struct ctx *cx, struct arena *arena, const struct content_in *in,
                           struct bundle *bundle)
{
	static const char *const NAMES[CHART_PARTS] = { "chart_files", "chart_graph" };
	struct content_counts counts = { 0 };
	struct content *c = arena_alloc(arena, sizeof(*c));
	struct span text[CHART_PARTS];
	struct nesting nesting;

	if (in->tree->nfiles > CHART_FILES_MAX)
		return err_set(cx, ERR_LIMIT, "it has more than %d files", CHART_FILES_MAX);
	content_begin(c, cx, arena, in, &counts);
	nesting = nest(arena, in);
	for (int part = 0; part < CHART_PARTS; part++) {
		const char *done;

		c->sb = sb_new(arena, CHART_BYTES_MAX);
		if (part == CHART_FILES)
			write_chart(c, &nesting);
		else
			write_graph(c, &nesting);
		TRY(sb_finish(cx, &c->sb, &done));
		text[part] = (struct span){ done, c->sb.len };
	}
	for (int part = 0; part < CHART_PARTS; part++)
		bundle_add(bundle, NAMES[part], text[part]);
	return ERR_OK;
}

void chart_write(struct ctx *cx, const struct content_in *in, struct bundle *bundle)
{
	CLEANUP(arena_free_ptr) struct arena *own = bundle->sends ? arena_new(ARENA_BYTES) : NULL;
	const char *why;

	if (write_both(cx, own != NULL ? own : cx->arena, in, bundle) == ERR_OK)
		return;
	why = cx->fault.detail != NULL ? cx->fault.detail : "it could not be written";
	why = arena_strdup(cx->arena, why);
	err_clear(cx);
	bundle_add(bundle, "chart_missing", (struct span){ why, strlen(why) });
}
