/* View: which member goes where; reading JSON is in view_json.c. */
#include "maps/view_json.h"

#include <string.h>

enum column_type { COLUMN_INTS, COLUMN_TEXTS };

/* One column: its table's member, its name, where its array and the table's length are. */
struct column {
	const char *table, *name;
	enum column_type type;
	bool may_lack;
	size_t at, rows;
};

#define COLUMN(table, member, kind, lacks)                                                         \
	{                                                                                          \
#table, #member, kind, lacks, offsetof(struct view, table.member),                 \
			offsetof(struct view, table.n)                                             \
	}
#define INTS(table, member)        COLUMN(table, member, COLUMN_INTS, false)
#define TEXTS(table, member)       COLUMN(table, member, COLUMN_TEXTS, false)
#define NEWER_TEXTS(table, member) COLUMN(table, member, COLUMN_TEXTS, true)

static const struct column COLUMNS[] = {
	TEXTS(files, path),
	TEXTS(files, oid),
	INTS(files, lang),
	INTS(files, role),
	INTS(files, code),
	INTS(files, comment),
	INTS(files, blank),
	INTS(files, component),
	TEXTS(components, name),
	TEXTS(components, path),
	TEXTS(components, kind),
	NEWER_TEXTS(components, reason),
	INTS(components, files),
	INTS(components, code),
	INTS(imports, from),
	INTS(imports, to),
	INTS(imports, line),
	TEXTS(defs, name),
	TEXTS(defs, parent),
	INTS(defs, file),
	INTS(defs, kind),
	INTS(defs, line),
	INTS(defs, end_line),
	TEXTS(routes, method),
	TEXTS(routes, pattern),
	INTS(routes, file),
	INTS(routes, line),
	TEXTS(languages, name),
	INTS(languages, files),
	INTS(languages, code),
	TEXTS(externals, ecosystem),
	TEXTS(externals, name),
	TEXTS(externals, spec),
	TEXTS(externals, scope),
	INTS(externals, manifest),
	INTS(externals, line),
	INTS(externals, used_by),
	INTS(hotspots, file),
	INTS(hotspots, score),
	{ "component_links", "from", COLUMN_INTS, false, offsetof(struct view, links.from),
	  offsetof(struct view, links.n) },
	{ "component_links", "to", COLUMN_INTS, false, offsetof(struct view, links.to),
	  offsetof(struct view, links.n) },
	{ "component_links", "edges", COLUMN_INTS, false, offsetof(struct view, links.edges),
	  offsetof(struct view, links.n) },
	{ "entry_points", "kind", COLUMN_TEXTS, false, offsetof(struct view, entries.kind),
	  offsetof(struct view, entries.n) },
	{ "entry_points", "name", COLUMN_TEXTS, false, offsetof(struct view, entries.name),
	  offsetof(struct view, entries.n) },
	{ "entry_points", "target", COLUMN_TEXTS, false, offsetof(struct view, entries.target),
	  offsetof(struct view, entries.n) },
	{ "entry_points", "file", COLUMN_INTS, false, offsetof(struct view, entries.file),
	  offsetof(struct view, entries.n) },
	{ "entry_points", "line", COLUMN_INTS, false, offsetof(struct view, entries.line),
	  offsetof(struct view, entries.n) },
	{ "graph", "layer", COLUMN_INTS, false, offsetof(struct view, graph.layer),
	  offsetof(struct view, graph.n) },
	{ "graph", "rank", COLUMN_INTS, false, offsetof(struct view, graph.rank),
	  offsetof(struct view, graph.n) },
	{ "graph", "fan_in", COLUMN_INTS, false, offsetof(struct view, graph.fan_in),
	  offsetof(struct view, graph.n) },
	{ "graph", "fan_out", COLUMN_INTS, false, offsetof(struct view, graph.fan_out),
	  offsetof(struct view, graph.n) },
};

static const struct column *column_of(const char *table, struct span name)
{
	for (size_t i = 0; i < COUNT(COLUMNS); i++)
		if (strcmp(COLUMNS[i].table, table) == 0 && strlen(COLUMNS[i].name) == name.len &&
		    memcmp(COLUMNS[i].name, name.data, name.len) == 0)
			return &COLUMNS[i];
	return NULL;
}

static void *member(struct view *v, size_t at)
{
	return (char *)v + at;
}

/* Every column of a table that was there has the table's length. */
static void check_columns(struct view_json *r, struct view *v, const char *table)
{
	for (size_t i = 0; i < COUNT(COLUMNS); i++) {
		const struct column *c = &COLUMNS[i];

		if (strcmp(c->table, table) == 0 && !c->may_lack &&
		    *(void **)member(v, c->at) == NULL && *(size_t *)member(v, c->rows) > 0)
			view_json_bad(r, "a column is missing");
	}
}

static void forget(struct view *v, const char *table)
{
	for (size_t i = 0; i < COUNT(COLUMNS); i++) {
		if (strcmp(COLUMNS[i].table, table) != 0)
			continue;
		*(void **)member(v, COLUMNS[i].at) = NULL;
		*(size_t *)member(v, COLUMNS[i].rows) = 0;
	}
}

/* {"column": [...], ...}; lists of lists (cycles) have a reader of their own. */
static void read_cycles(struct view_json *r, struct view *v);

static void read_table(struct view_json *r, struct view *v, const char *table)
{
	struct span key;
	bool sized = false;

	forget(v, table); /* a member that comes twice: the last one counts */
	for (bool first = true; view_json_key(r, &first, &key);) {
		const struct column *c = column_of(table, key);
		size_t n = 0;
		void **at;

		if (c == NULL) {
			if (strcmp(table, "graph") == 0 && view_json_is(key, "cycles"))
				read_cycles(r, v);
			else
				view_json_skip(r);
			continue;
		}
		at = member(v, c->at);
		if (c->type == COLUMN_INTS)
			*at = view_json_ints(r, &n);
		else
			*at = view_json_texts(r, &n);
		if (sized && n != *(size_t *)member(v, c->rows))
			view_json_bad(r, "columns differ in length");
		*(size_t *)member(v, c->rows) = n;
		sized = true;
	}
	check_columns(r, v, table);
}

/* What a row does not tell is an empty text. */
static void blank_row(struct view *v, const char *table, size_t row)
{
	for (size_t i = 0; i < COUNT(COLUMNS); i++)
		if (strcmp(COLUMNS[i].table, table) == 0 && COLUMNS[i].type == COLUMN_TEXTS)
			(*(struct span **)member(v, COLUMNS[i].at))[row] = (struct span){ "", 0 };
}

/* [{"name": ..., ...}, ...]: the same columns, given row by row. */
static void read_rows(struct view_json *r, struct view *v, const char *table)
{
	size_t n = 0, rows = view_json_count_rows(r);
	struct span key;

	if (!view_json_room(r, rows * 4)) /* columns */
		return;

	for (size_t i = 0; i < COUNT(COLUMNS); i++) {
		const struct column *c = &COLUMNS[i];

		if (strcmp(c->table, table) != 0)
			continue;
		*(void **)member(v, c->at) =
			arena_array(r->arena, rows,
		                    c->type == COLUMN_INTS ? sizeof(int32_t) : sizeof(struct span));
		*(size_t *)member(v, c->rows) = rows;
	}
	for (bool first = true; view_json_item(r, &first) && n < rows; n++) {
		blank_row(v, table, n);
		for (bool inner = true; view_json_key(r, &inner, &key);) {
			const struct column *c = column_of(table, key);

			if (c == NULL)
				view_json_skip(r);
			else if (c->type == COLUMN_INTS)
				(*(int32_t **)member(v, c->at))[n] = view_json_int(r);
			else
				(*(struct span **)member(v, c->at))[n] = view_json_text(r);
		}
	}
}

static void read_cycles(struct view_json *r, struct view *v)
{
	struct view_graph *g = &v->graph;
	size_t starts = 0, files = 0;

	g->ncycles = g->ncycle_files = 0;
	g->cycle_start = g->cycle_files = NULL;

	for (bool first = true; view_json_item(r, &first);) {
		size_t n;
		int32_t *cycle = view_json_ints(r, &n);

		if (g->ncycles == starts) {
			size_t cap = starts != 0 ? starts * 2 : 16;

			g->cycle_start = arena_grow(r->arena, g->cycle_start,
			                            (starts + (starts != 0)) * sizeof(int32_t),
			                            (cap + 1) * sizeof(int32_t));
			starts = cap;
		}
		if (g->ncycle_files + n > files) {
			size_t cap = (files + n) * 2;

			g->cycle_files = arena_grow(r->arena, g->cycle_files,
			                            files * sizeof(int32_t), cap * sizeof(int32_t));
			files = cap;
		}
		for (size_t i = 0; i < n; i++)
			g->cycle_files[g->ncycle_files++] = cycle[i];
		g->ncycles++;
		g->cycle_start[g->ncycles] = (int32_t)g->ncycle_files;
	}
}

static void read_meta(struct view_json *r, struct view *v)
{
	struct span key;

	for (bool first = true; view_json_key(r, &first, &key);) {
		if (view_json_is(key, "commit"))
			v->commit = view_json_text(r);
		else if (view_json_is(key, "analyser"))
			v->analyser = view_json_text(r);
		else if (view_json_is(key, "ref") && !view_json_null(r))
			v->ref = view_json_text(r);
		else if (!view_json_is(key, "ref"))
			view_json_skip(r);
	}
}

static void read_legend(struct view_json *r, struct view *v)
{
	struct span key;

	for (bool first = true; view_json_key(r, &first, &key);) {
		if (view_json_is(key, "roles"))
			v->roles = view_json_texts(r, &v->nroles);
		else if (view_json_is(key, "def_kinds"))
			v->def_kinds = view_json_texts(r, &v->ndef_kinds);
		else
			view_json_skip(r);
	}
}

static void read_history(struct view_json *r, struct view *v)
{
	struct span key;

	for (bool first = true; view_json_key(r, &first, &key);) {
		if (view_json_is(key, "hotspots") && view_json_next_is(r, '{'))
			read_table(r, v, "hotspots");
		else
			view_json_skip(r);
	}
}

static void read_member(struct view_json *r, struct view *v, struct span key, unsigned want)
{
	static const char *const TABLES[] = { "files",        "components", "component_links",
		                              "entry_points", "routes",     "graph" };
	static const char *const ROWS[] = { "languages", "externals" };

	if (view_json_is(key, "meta")) {
		read_meta(r, v);
		return;
	}
	if (view_json_is(key, "legend")) {
		read_legend(r, v);
		return;
	}
	if (view_json_is(key, "history") && view_json_next_is(r, '{')) {
		read_history(r, v);
		return;
	}
	if ((view_json_is(key, "defs") && (want & VIEW_DEFS) != 0) ||
	    (view_json_is(key, "imports") && (want & VIEW_IMPORTS) != 0)) {
		read_table(r, v, view_json_is(key, "defs") ? "defs" : "imports");
		return;
	}
	for (size_t i = 0; i < COUNT(TABLES); i++) {
		if (view_json_is(key, TABLES[i]) && view_json_next_is(r, '{')) {
			read_table(r, v, TABLES[i]);
			return;
		}
	}
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		if (view_json_is(key, ROWS[i])) {
			read_rows(r, v, ROWS[i]);
			return;
		}
	}
	view_json_skip(r);
}

static void check_index(struct view_json *r, const int32_t *column, size_t n, int32_t least,
                        size_t below)
{
	for (size_t i = 0; column != NULL && i < n; i++)
		if (column[i] < least || column[i] >= (int64_t)below)
			view_json_bad(r, "an index leads nowhere");
}

static void check_least(struct view_json *r, const int32_t *column, size_t n)
{
	check_index(r, column, n, 0, INT32_MAX);
}

/* A view without files is one of an empty repository; all else then is empty too. */
static void check_view(struct view_json *r, const struct view *v)
{
	size_t files = v->files.n;

	check_index(r, v->files.lang, files, -1, v->languages.n);
	check_index(r, v->files.role, files, 0, v->nroles);
	check_index(r, v->files.component, files, 0, v->components.n);
	check_least(r, v->files.code, files);
	check_least(r, v->files.comment, files);
	check_least(r, v->files.blank, files);
	check_least(r, v->components.code, v->components.n);
	check_least(r, v->components.files, v->components.n);
	check_index(r, v->links.from, v->links.n, 0, v->components.n);
	check_index(r, v->links.to, v->links.n, 0, v->components.n);
	check_least(r, v->links.edges, v->links.n);
	check_index(r, v->imports.from, v->imports.n, 0, files);
	check_index(r, v->imports.to, v->imports.n, 0, files);
	check_index(r, v->externals.manifest, v->externals.n, 0, files);
	check_index(r, v->entries.file, v->entries.n, -1, files);
	check_index(r, v->routes.file, v->routes.n, 0, files);
	check_index(r, v->hotspots.file, v->hotspots.n, 0, files);
	check_index(r, v->defs.file, v->defs.n, 0, files);
	check_index(r, v->defs.kind, v->defs.n, 0, v->ndef_kinds);
	check_index(r, v->graph.cycle_files, v->graph.ncycle_files, 0, files);
	if (v->graph.n != 0 && v->graph.n != files)
		view_json_bad(r, "the graph is not of these files");
}

enum err view_read(struct ctx *cx, struct arena *arena, struct span text, unsigned want,
                   struct view *ret)
{
	struct view_json r = { .arena = arena, .p = text.data, .end = text.data + text.len };
	struct span key;

	*ret = (struct view){ .commit = { "", 0 }, .analyser = { "", 0 } };
	for (bool first = true; view_json_key(&r, &first, &key);)
		read_member(&r, ret, key, want);
	if (r.bad == NULL && !r.too_many) /* else columns may be shorter than their tables */
		check_view(&r, ret);
	if (r.too_many)
		return err_set(cx, ERR_LIMIT, "a table of the map has more than %u rows",
		               VIEW_ROWS_MAX);
	if (r.bad != NULL)
		return err_set(cx, ERR_MALFORMED, "the content of the map cannot be read: %s",
		               r.bad);
	return ERR_OK;
}

struct span view_language(const struct view *v, size_t file)
{
	int32_t lang = v->files.lang[file];

	return lang >= 0 ? v->languages.name[lang] : (struct span){ "", 0 };
}

bool view_is_root(struct span name)
{
	return name.len == 0 || (name.len == 1 && name.data[0] == '.');
}
