/* Diff: as JSON. */
#include "maps/diff_private.h"

#include "base/sb.h"

struct writer {
	struct sb sb;
	const struct diff *d;
	bool truncated;
};

/* A list of a member's rows; more than DIFF_ROWS_MAX are counted only. */
enum wanted { CAME, WENT, CHANGED };

typedef void row_writer(struct writer *w, struct diff_pair row);

static bool is_wanted(struct diff_pair row, enum wanted wanted)
{
	bool came = row.from == DIFF_NONE, went = row.to == DIFF_NONE;

	return wanted == CAME ? came : wanted == WENT ? went : !came && !went;
}

static void text(struct writer *w, const char *name, struct span value)
{
	if (w->sb.len > 0 && w->sb.data[w->sb.len - 1] != '{')
		sb_addc(&w->sb, ',');
	sb_json_name(&w->sb, name);
	sb_jsonn(&w->sb, value.data, value.len);
}

static void number(struct writer *w, const char *name, int64_t value)
{
	if (w->sb.len > 0 && w->sb.data[w->sb.len - 1] != '{')
		sb_addc(&w->sb, ',');
	sb_json_name(&w->sb, name);
	sb_int(&w->sb, value);
}

static void open(struct writer *w, const char *name, char bracket)
{
	char last = w->sb.len > 0 ? w->sb.data[w->sb.len - 1] : '{';

	if (last != '{' && last != '[')
		sb_addc(&w->sb, ',');
	if (name != NULL)
		sb_json_name(&w->sb, name);
	sb_addc(&w->sb, bracket);
}

static void rows(struct writer *w, const char *name, const struct diff_list *list,
                 enum wanted wanted, row_writer *write)
{
	size_t n = 0;

	open(w, name, '[');
	for (size_t i = 0; i < list->n; i++) {
		if (!is_wanted(list->rows[i], wanted))
			continue;
		if (n++ == DIFF_ROWS_MAX) {
			w->truncated = true;
			break;
		}
		write(w, list->rows[i]);
	}
	sb_addc(&w->sb, ']');
}

static void write_file(struct writer *w, struct diff_pair row)
{
	const struct view *a = w->d->from, *b = w->d->to;

	open(w, NULL, '{');
	text(w, "path", row.to != DIFF_NONE ? b->files.path[row.to] : a->files.path[row.from]);
	if (row.from != DIFF_NONE && row.to != DIFF_NONE &&
	    !diff_same(a->files.path[row.from], b->files.path[row.to]))
		text(w, "moved_from", a->files.path[row.from]);
	if (row.from != DIFF_NONE)
		number(w, "code_from", a->files.code[row.from]);
	if (row.to != DIFF_NONE)
		number(w, "code_to", b->files.code[row.to]);
	sb_addc(&w->sb, '}');
}

static void cycle(struct writer *w, const char *name, const struct view *v, uint32_t c)
{
	open(w, name, '[');
	for (int32_t i = v->graph.cycle_start[c]; i < v->graph.cycle_start[c + 1]; i++) {
		struct span path = v->files.path[v->graph.cycle_files[i]];

		if (i - v->graph.cycle_start[c] == DIFF_ROWS_MAX) {
			w->truncated = true;
			break;
		}
		if (i > v->graph.cycle_start[c])
			sb_addc(&w->sb, ',');
		sb_jsonn(&w->sb, path.data, path.len);
	}
	sb_addc(&w->sb, ']');
}

static void write_cycle(struct writer *w, struct diff_pair row)
{
	open(w, NULL, '{');
	if (row.from != DIFF_NONE)
		cycle(w, "from", w->d->from, row.from);
	if (row.to != DIFF_NONE)
		cycle(w, "to", w->d->to, row.to);
	sb_addc(&w->sb, '}');
}

static void specs(struct writer *w, const char *name, const struct view *v, uint32_t first)
{
	size_t n = diff_package_rows(v, first);

	open(w, name, '[');
	for (size_t i = first; i < first + n; i++) {
		open(w, NULL, '{');
		text(w, "spec", v->externals.spec[i]);
		text(w, "scope", v->externals.scope[i]);
		text(w, "manifest", v->files.path[v->externals.manifest[i]]);
		sb_addc(&w->sb, '}');
	}
	sb_addc(&w->sb, ']');
}

static void write_external(struct writer *w, struct diff_pair row)
{
	const struct view *v = row.to != DIFF_NONE ? w->d->to : w->d->from;
	uint32_t at = row.to != DIFF_NONE ? row.to : row.from;

	open(w, NULL, '{');
	text(w, "ecosystem", v->externals.ecosystem[at]);
	text(w, "name", v->externals.name[at]);
	if (row.from != DIFF_NONE)
		specs(w, "from", w->d->from, row.from);
	if (row.to != DIFF_NONE)
		specs(w, "to", w->d->to, row.to);
	sb_addc(&w->sb, '}');
}

static void write_route(struct writer *w, struct diff_pair row)
{
	const struct view *v = row.to != DIFF_NONE ? w->d->to : w->d->from;
	uint32_t at = row.to != DIFF_NONE ? row.to : row.from;

	open(w, NULL, '{');
	text(w, "method", v->routes.method[at]);
	text(w, "pattern", v->routes.pattern[at]);
	text(w, "path", v->files.path[v->routes.file[at]]);
	number(w, "line", v->routes.line[at]);
	sb_addc(&w->sb, '}');
}

static void write_component(struct writer *w, struct diff_pair row)
{
	const struct view_components *a = &w->d->from->components, *b = &w->d->to->components;

	open(w, NULL, '{');
	text(w, "name", row.to != DIFF_NONE ? b->name[row.to] : a->name[row.from]);
	text(w, "path", row.to != DIFF_NONE ? b->path[row.to] : a->path[row.from]);
	text(w, "kind", row.to != DIFF_NONE ? b->kind[row.to] : a->kind[row.from]);
	if (row.from != DIFF_NONE) {
		if (row.to != DIFF_NONE && !diff_same(a->path[row.from], b->path[row.to]))
			text(w, "moved_from", a->path[row.from]);
		number(w, "files_from", a->files[row.from]);
		number(w, "code_from", a->code[row.from]);
	}
	if (row.to != DIFF_NONE) {
		number(w, "files_to", b->files[row.to]);
		number(w, "code_to", b->code[row.to]);
	}
	sb_addc(&w->sb, '}');
}

static void write_hotspot(struct writer *w, struct diff_pair row)
{
	const struct view *v = row.to != DIFF_NONE ? w->d->to : w->d->from;
	uint32_t at = row.to != DIFF_NONE ? row.to : row.from;

	open(w, NULL, '{');
	text(w, "path", v->files.path[v->hotspots.file[at]]);
	number(w, "score", v->hotspots.score[at]);
	sb_addc(&w->sb, '}');
}

static void list(struct writer *w, const char *name, const struct diff_list *list, bool changes,
                 row_writer *write)
{
	open(w, name, '{');
	rows(w, "added", list, CAME, write);
	rows(w, "removed", list, WENT, write);
	if (changes)
		rows(w, "changed", list, CHANGED, write);
	sb_addc(&w->sb, '}');
}

static void edges(struct writer *w, const char *name, const struct diff_edge *edges, size_t n,
                  const struct span *names)
{
	open(w, name, '[');
	for (size_t i = 0; i < n && i < DIFF_ROWS_MAX; i++) {
		open(w, NULL, '{');
		text(w, "from", names[edges[i].from]);
		text(w, "to", names[edges[i].to]);
		sb_addc(&w->sb, '}');
	}
	w->truncated |= n > DIFF_ROWS_MAX;
	sb_addc(&w->sb, ']');
}

static void side(struct writer *w, const char *name, const struct view *v, int64_t code,
                 size_t imports)
{
	open(w, name, '{');
	text(w, "commit", v->commit);
	if (v->ref.data != NULL)
		text(w, "ref", v->ref);
	text(w, "analyser", v->analyser);
	number(w, "files", (int64_t)v->files.n);
	number(w, "code", code);
	number(w, "imports", (int64_t)imports);
	number(w, "cycles", (int64_t)v->graph.ncycles);
	number(w, "components", (int64_t)v->components.n);
	sb_addc(&w->sb, '}');
}

static void count(struct writer *w, const char *name, const struct diff_list *list)
{
	open(w, name, '{');
	number(w, "added", (int64_t)list->added);
	number(w, "removed", (int64_t)list->removed);
	number(w, "changed", (int64_t)list->changed);
	number(w, "moved", (int64_t)list->moved);
	sb_addc(&w->sb, '}');
}

static void count_edges(struct writer *w, const char *name, size_t added, size_t removed)
{
	open(w, name, '{');
	number(w, "added", (int64_t)added);
	number(w, "removed", (int64_t)removed);
	sb_addc(&w->sb, '}');
}

static void summary(struct writer *w)
{
	const struct diff *d = w->d;

	open(w, "summary", '{');
	count(w, "files", &d->files);
	count_edges(w, "imports", d->nimports_added, d->nimports_removed);
	count(w, "cycles", &d->cycles);
	count(w, "externals", &d->externals);
	count(w, "routes", &d->routes);
	count(w, "components", &d->components);
	count_edges(w, "component_links", d->nlinks_added, d->nlinks_removed);
	count(w, "hotspots", &d->hotspots);
	sb_addc(&w->sb, '}');
}

enum err diff_json(struct ctx *cx, struct arena *arena, const struct diff *d, struct span *ret)
{
	struct writer w = { .sb = sb_new(arena, DIFF_BYTES_MAX), .d = d };
	const char *out;

	sb_addc(&w.sb, '{');
	side(&w, "from", d->from, d->code_from, d->imports_from);
	side(&w, "to", d->to, d->code_to, d->imports_to);
	summary(&w);
	list(&w, "files", &d->files, true, write_file);
	open(&w, "imports", '{');
	edges(&w, "added", d->imports_added, d->nimports_added, d->to->files.path);
	edges(&w, "removed", d->imports_removed, d->nimports_removed, d->from->files.path);
	sb_addc(&w.sb, '}');
	list(&w, "cycles", &d->cycles, true, write_cycle);
	list(&w, "externals", &d->externals, true, write_external);
	list(&w, "routes", &d->routes, false, write_route);
	list(&w, "components", &d->components, true, write_component);
	open(&w, "component_links", '{');
	edges(&w, "added", d->links_added, d->nlinks_added, d->to->components.name);
	edges(&w, "removed", d->links_removed, d->nlinks_removed, d->from->components.name);
	sb_addc(&w.sb, '}');
	list(&w, "hotspots", &d->hotspots, false, write_hotspot);
	sb_add(&w.sb, w.truncated ? ",\"truncated\":true}" : ",\"truncated\":false}");
	TRY(sb_finish(cx, &w.sb, &out));
	*ret = (struct span){ out, w.sb.len };
	return ERR_OK;
}
