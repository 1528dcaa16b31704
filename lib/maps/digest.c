/* Digest: what is written, and when the room for it ends. */
#include "maps/digest.h"

#include "base/sb.h"
#include "maps/view_json.h"

#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES  ((size_t)2048)
#define COMPONENTS_PART 20 /* percent of the budget that a section may take at most */
#define ENTRIES_PART    8
#define ROUTES_PART     12
#define PACKAGES_PART   8
#define FILE_DEFS       24 /* definitions named of one file */
#define DEPENDS_SHOWN   8
#define TAIL_BYTES      100

struct digest {
	struct arena *arena;
	const struct view *v;
	struct sb sb, line;
	size_t max; /* bytes that the current section may reach */
};

/* Names are data: no line of theirs may look like ours, and no control character comes through. */
static void name(struct digest *d, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c < ' ' || c == 127 || c == '`')
			sb_addc(&d->line, ' ');
		else
			sb_addc(&d->line, (char)c);
	}
}

/* Write what was gathered as a line, if it fits.  @ret whether it did */
static bool put(struct digest *d)
{
	bool fits = !d->line.failed && d->sb.len + d->line.len + 1 <= d->max;

	if (fits) {
		sb_addn(&d->sb, d->line.data, d->line.len);
		sb_addc(&d->sb, '\n');
	}
	sb_truncate(&d->line, 0);
	d->line.failed = false;
	return fits;
}

static void section(struct digest *d, size_t whole, int percent, const char *title)
{
	d->max = d->sb.len + whole * (size_t)percent / 100;
	sb_addf(&d->line, "\n## %s\n", title);
	put(d);
}

static void left_out(struct digest *d, size_t n, const char *what)
{
	if (n == 0)
		return;
	d->max += TAIL_BYTES;
	sb_addf(&d->line, "- (%zu more %s)", n, what);
	put(d);
}

static void write_head(struct digest *d, const char *project)
{
	const struct view *v = d->v;
	int64_t code = 0;

	for (size_t f = 0; f < v->files.n; f++)
		code += v->files.code[f];
	sb_add(&d->line, "# Map of ");
	name(d, (struct span){ project, strlen(project) });
	sb_add(&d->line, " at ");
	name(d, v->commit);
	put(d);
	sb_addf(&d->line, "%zu files, %lld lines of code:", v->files.n, (long long)code);
	for (size_t i = 0; i < v->languages.n && i < 6; i++) {
		sb_add(&d->line, i > 0 ? ", " : " ");
		name(d, v->languages.name[i]);
		sb_addf(&d->line, " %d", v->languages.code[i]);
	}
	sb_addc(&d->line, '.');
	put(d);
}

struct sized {
	size_t index;
	int32_t size;
};

static int larger(const void *a, const void *b)
{
	const struct sized *x = a, *y = b;

	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* @ret by component: its first link; they lie by component */
static size_t *first_links(struct digest *d)
{
	const struct view_links *l = &d->v->links;
	size_t *first = arena_array(d->arena, d->v->components.n, sizeof(*first));

	for (size_t i = l->n; i-- > 0;)
		first[l->from[i]] = i;
	return first;
}

/* @link its first one, where it has any */
static void write_component(struct digest *d, size_t i, size_t link)
{
	const struct view *v = d->v;
	int shown = 0;

	sb_add(&d->line, "- ");
	name(d, v->components.name[i]);
	sb_add(&d->line, " (");
	name(d, v->components.kind[i]);
	sb_add(&d->line, ", ");
	name(d, v->components.path[i].len > 0 ? v->components.path[i] : SPAN("top folder"));
	sb_addf(&d->line, "): %d files, %d lines", v->components.files[i], v->components.code[i]);
	for (; link < v->links.n && v->links.from[link] == (int32_t)i; link++) {
		if (shown == DEPENDS_SHOWN)
			break;
		sb_add(&d->line, shown++ == 0 ? "; uses " : ", ");
		name(d, v->components.name[v->links.to[link]]);
	}
}

/* The largest first: what is left out for want of room is small. */
static void write_components(struct digest *d, size_t whole)
{
	size_t n = d->v->components.n, i = 0, *links = first_links(d);
	struct sized *order = arena_array(d->arena, n, sizeof(*order));

	if (n == 0)
		return;
	section(d, whole, COMPONENTS_PART, "Components");
	for (size_t c = 0; c < n; c++)
		order[c] = (struct sized){ c, d->v->components.code[c] };
	qsort(order, n, sizeof(*order), larger);
	for (; i < n; i++) {
		write_component(d, order[i].index, links[order[i].index]);
		if (!put(d))
			break;
	}
	left_out(d, n - i, "components");
}

static void place(struct digest *d, int32_t file, int32_t line)
{
	if (file < 0)
		return;
	sb_add(&d->line, " in ");
	name(d, d->v->files.path[file]);
	if (line > 0)
		sb_addf(&d->line, ":%d", line);
}

static void write_entries(struct digest *d, size_t whole)
{
	const struct view_entries *e = &d->v->entries;
	size_t i = 0;

	if (e->n == 0)
		return;
	section(d, whole, ENTRIES_PART, "Entry points");
	for (; i < e->n; i++) {
		sb_add(&d->line, "- ");
		name(d, e->kind[i]);
		sb_addc(&d->line, ' ');
		name(d, e->name[i]);
		place(d, e->file[i], e->line[i]);
		if (!put(d))
			break;
	}
	left_out(d, e->n - i, "entry points");
}

static void write_routes(struct digest *d, size_t whole)
{
	const struct view_routes *r = &d->v->routes;
	size_t i = 0;

	if (r->n == 0)
		return;
	section(d, whole, ROUTES_PART, "Routes");
	for (; i < r->n; i++) {
		sb_add(&d->line, "- ");
		name(d, r->method[i]);
		sb_addc(&d->line, ' ');
		name(d, r->pattern[i]);
		place(d, r->file[i], r->line[i]);
		if (!put(d))
			break;
	}
	left_out(d, r->n - i, "routes");
}

static bool same_package(const struct view_externals *e, size_t a, size_t b)
{
	return e->ecosystem[a].len == e->ecosystem[b].len && e->name[a].len == e->name[b].len &&
	       memcmp(e->ecosystem[a].data, e->ecosystem[b].data, e->ecosystem[a].len) == 0 &&
	       memcmp(e->name[a].data, e->name[b].data, e->name[a].len) == 0;
}

static void write_package(struct digest *d, size_t i)
{
	const struct view_externals *e = &d->v->externals;

	sb_add(&d->line, "- ");
	name(d, e->ecosystem[i]);
	sb_addc(&d->line, ' ');
	name(d, e->name[i]);
	if (e->spec[i].len > 0) {
		sb_addc(&d->line, ' ');
		name(d, e->spec[i]);
	}
	sb_addf(&d->line, ", used by %d files", e->used_by[i]);
}

/* The most used first. */
static void write_packages(struct digest *d, size_t whole)
{
	const struct view_externals *e = &d->v->externals;
	struct sized *order = arena_array(d->arena, e->n, sizeof(*order));
	size_t n = 0, i = 0;

	if (e->n == 0)
		return;
	section(d, whole, PACKAGES_PART, "External packages");
	for (size_t row = 0; row < e->n; row++)
		if (row == 0 || !same_package(e, row, row - 1))
			order[n++] = (struct sized){ row, e->used_by[row] };
	qsort(order, n, sizeof(*order), larger);
	for (; i < n; i++) {
		write_package(d, order[i].index);
		if (!put(d))
			break;
	}
	left_out(d, n - i, "packages");
}

static void write_defs(struct digest *d, size_t first, size_t end)
{
	const struct view_defs *defs = &d->v->defs;
	size_t i = first;

	for (; i < end && i < first + FILE_DEFS; i++) {
		sb_add(&d->line, "- ");
		name(d, d->v->def_kinds[defs->kind[i]]);
		sb_addc(&d->line, ' ');
		if (defs->parent[i].len > 0) {
			name(d, defs->parent[i]);
			sb_addc(&d->line, '.');
		}
		name(d, defs->name[i]);
		sb_addf(&d->line, " %d-%d", defs->line[i], defs->end_line[i]);
		if (!put(d))
			return;
	}
	if (i < end) {
		sb_addf(&d->line, "- (%zu more definitions)", end - i);
		put(d);
	}
}

/* @ret where each file's definitions begin; they lie by file */
static size_t *index_defs(struct digest *d)
{
	const struct view *v = d->v;
	size_t *starts = arena_array(d->arena, v->files.n + 1, sizeof(*starts)), at = 0;

	for (size_t f = 0; f < v->files.n; f++) {
		starts[f] = at;
		while (at < v->defs.n && v->defs.file[at] <= (int32_t)f)
			at++;
	}
	starts[v->files.n] = at;
	return starts;
}

static void write_files(struct digest *d, size_t whole, const char *question)
{
	const struct view *v = d->v;
	uint32_t *ranked = digest_rank(d->arena, v, question);
	size_t *starts = index_defs(d), i = 0;

	section(d, whole, 100,
	        question != NULL ? "Files that matter for the question" : "Files that matter most");
	d->max = whole - TAIL_BYTES;
	for (; i < v->files.n; i++) {
		uint32_t f = ranked[i];

		sb_add(&d->line, "### ");
		name(d, v->files.path[f]);
		sb_add(&d->line, " (");
		if (view_language(v, f).len > 0) {
			name(d, view_language(v, f));
			sb_add(&d->line, ", ");
		}
		sb_addf(&d->line, "%d lines", v->files.code[f]);
		if (v->graph.n > 0 && v->graph.fan_in[f] > 0)
			sb_addf(&d->line, ", imported by %d files", v->graph.fan_in[f]);
		sb_addc(&d->line, ')');
		if (!put(d))
			break;
		write_defs(d, starts[f], starts[f + 1]);
	}
	d->max = whole;
	left_out(d, v->files.n - i, "files");
}

void digest_write(struct arena *arena, const struct view *v, const char *project,
                  const char *question, int64_t tokens, struct span *ret)
{
	size_t whole = (size_t)tokens * DIGEST_BYTES_A_TOKEN;
	struct digest d = { .arena = arena, .v = v };

	d.sb = sb_new(arena, whole);
	d.line = sb_new(arena, LINE_MAX_BYTES);
	d.max = whole;
	write_head(&d, project);
	write_components(&d, whole);
	write_entries(&d, whole);
	write_routes(&d, whole);
	write_packages(&d, whole);
	write_files(&d, whole, question);
	*ret = (struct span){ d.sb.data != NULL ? d.sb.data : "", d.sb.len };
}
