/* Diff: as Markdown for a comment on a pull request. */
#include "maps/diff_private.h"

#include "base/sb.h"

#define CODE_MAX    200 /* bytes of a name that are shown */
#define CYCLE_FILES 6

struct writer {
	struct sb sb;
	const struct diff *d;
};

/*
 * A name from a repository in the middle of our text: as code, on one line.  Backticks and pipes would end the
 * code or the cell of a table, so they are shown as others; in code nothing else is markup, nor a mention.
 */
static void code(struct writer *w, struct span text)
{
	size_t n = text.len < CODE_MAX ? text.len : CODE_MAX;

	while (n < text.len && n > 0 && ((unsigned char)text.data[n] & 0xc0) == 0x80)
		n--;
	sb_addc(&w->sb, '`');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text.data[i];

		sb_addc(&w->sb, c < ' ' || c == 127 ? ' '
		                : c == '`'          ? '\''
		                : c == '|'          ? '/'
		                                    : (char)c);
	}
	sb_add(&w->sb, n < text.len ? "\xe2\x80\xa6`" : n == 0 ? " `" : "`");
}

static void delta(struct writer *w, const char *what, int64_t from, int64_t to, size_t added,
                  size_t removed, size_t changed)
{
	if (from == to && added + removed + changed == 0)
		return;
	sb_addf(&w->sb, "| %s | %lld | %lld | %zu | %zu | ", what, (long long)from, (long long)to,
	        added, removed);
	if (changed > 0)
		sb_addf(&w->sb, "%zu", changed);
	sb_add(&w->sb, " |\n");
}

/* Different packages, however many manifests name them. */
static int64_t packages(const struct view *v)
{
	int64_t n = 0;

	for (size_t i = 0; i < v->externals.n; i += diff_package_rows(v, i))
		n++;
	return n;
}

static void table(struct writer *w)
{
	const struct diff *d = w->d;
	const struct view *a = d->from, *b = d->to;

	sb_add(&w->sb,
	       "| | before | now | + | \xe2\x88\x92 | changed |\n|---|--:|--:|--:|--:|--:|\n");
	delta(w, "files", (int64_t)a->files.n, (int64_t)b->files.n, d->files.added,
	      d->files.removed, d->files.changed + d->files.moved);
	if (d->code_from != d->code_to)
		sb_addf(&w->sb, "| lines of code | %lld | %lld | | | |\n", (long long)d->code_from,
		        (long long)d->code_to);
	delta(w, "imports between files", (int64_t)d->imports_from, (int64_t)d->imports_to,
	      d->nimports_added, d->nimports_removed, 0);
	delta(w, "cycles", (int64_t)a->graph.ncycles, (int64_t)b->graph.ncycles, d->cycles.added,
	      d->cycles.removed, d->cycles.changed);
	delta(w, "external packages", packages(a), packages(b), d->externals.added,
	      d->externals.removed, d->externals.changed);
	delta(w, "routes", (int64_t)a->routes.n, (int64_t)b->routes.n, d->routes.added,
	      d->routes.removed, 0);
	delta(w, "components", (int64_t)a->components.n, (int64_t)b->components.n,
	      d->components.added, d->components.removed,
	      d->components.changed + d->components.moved);
	delta(w, "links between components", (int64_t)a->links.n, (int64_t)b->links.n,
	      d->nlinks_added, d->nlinks_removed, 0);
	delta(w, "hotspots", (int64_t)a->hotspots.n, (int64_t)b->hotspots.n, d->hotspots.added,
	      d->hotspots.removed, 0);
}

static void fold(struct writer *w, const char *title, size_t n)
{
	sb_addf(&w->sb, "\n<details><summary>%s (%zu)</summary>\n\n", title, n);
}

static void unfold(struct writer *w, size_t n)
{
	if (n > DIFF_MD_ROWS)
		sb_addf(&w->sb, "- \xe2\x80\xa6 and %zu more\n", n - DIFF_MD_ROWS);
	sb_add(&w->sb, "\n</details>\n");
}

static const char *mark(struct diff_pair row)
{
	return row.from == DIFF_NONE ? "- **+** "
	       : row.to == DIFF_NONE ? "- **\xe2\x88\x92** "
	                             : "- ~ ";
}

typedef void row_writer(struct writer *w, struct diff_pair row);

static void rows(struct writer *w, const char *title, const struct diff_list *list,
                 row_writer *write)
{
	if (list->n == 0)
		return;
	fold(w, title, list->n);
	for (size_t i = 0; i < list->n && i < DIFF_MD_ROWS; i++) {
		sb_add(&w->sb, mark(list->rows[i]));
		write(w, list->rows[i]);
		sb_addc(&w->sb, '\n');
	}
	unfold(w, list->n);
}

static void write_cycle(struct writer *w, struct diff_pair row)
{
	const struct view *v = row.to != DIFF_NONE ? w->d->to : w->d->from;
	uint32_t c = row.to != DIFF_NONE ? row.to : row.from;
	int32_t first = v->graph.cycle_start[c], n = v->graph.cycle_start[c + 1] - first;

	sb_addf(&w->sb, "%d files", n);
	if (row.from != DIFF_NONE && row.to != DIFF_NONE)
		sb_addf(&w->sb, " (before: %d)",
		        w->d->from->graph.cycle_start[row.from + 1] -
		                w->d->from->graph.cycle_start[row.from]);
	sb_add(&w->sb, ": ");
	for (int32_t i = 0; i < n && i < CYCLE_FILES; i++) {
		sb_add(&w->sb, i > 0 ? ", " : "");
		code(w, v->files.path[v->graph.cycle_files[first + i]]);
	}
	if (n > CYCLE_FILES)
		sb_add(&w->sb, ", \xe2\x80\xa6");
}

static void write_external(struct writer *w, struct diff_pair row)
{
	const struct view *v = row.to != DIFF_NONE ? w->d->to : w->d->from;
	uint32_t at = row.to != DIFF_NONE ? row.to : row.from;

	code(w, v->externals.ecosystem[at]);
	sb_addc(&w->sb, ' ');
	code(w, v->externals.name[at]);
	if (row.from != DIFF_NONE && row.to != DIFF_NONE) {
		sb_addc(&w->sb, ' ');
		code(w, diff_spec(w->d->from, row.from, w->d->to, row.to));
		sb_add(&w->sb, " \xe2\x86\x92 ");
		code(w, diff_spec(w->d->to, row.to, w->d->from, row.from));
	} else if (v->externals.spec[at].len > 0) {
		sb_addc(&w->sb, ' ');
		code(w, v->externals.spec[at]);
	}
	sb_add(&w->sb, " in ");
	code(w, v->files.path[v->externals.manifest[at]]);
}

static void write_route(struct writer *w, struct diff_pair row)
{
	const struct view *v = row.to != DIFF_NONE ? w->d->to : w->d->from;
	uint32_t at = row.to != DIFF_NONE ? row.to : row.from;

	code(w, v->routes.method[at]);
	sb_addc(&w->sb, ' ');
	code(w, v->routes.pattern[at]);
	sb_add(&w->sb, " in ");
	code(w, v->files.path[v->routes.file[at]]);
}

static void write_component(struct writer *w, struct diff_pair row)
{
	const struct view_components *a = &w->d->from->components, *b = &w->d->to->components;

	code(w, row.to != DIFF_NONE ? b->name[row.to] : a->name[row.from]);
	if (row.from != DIFF_NONE && row.to != DIFF_NONE) {
		if (!diff_same(a->path[row.from], b->path[row.to])) {
			sb_add(&w->sb, " moved from ");
			code(w, a->path[row.from]);
			sb_add(&w->sb, " to ");
			code(w, b->path[row.to]);
		}
		sb_addf(&w->sb, ": %d \xe2\x86\x92 %d files, %d \xe2\x86\x92 %d lines",
		        a->files[row.from], b->files[row.to], a->code[row.from], b->code[row.to]);
		return;
	}
	sb_add(&w->sb, " in ");
	code(w, row.to != DIFF_NONE ? b->path[row.to] : a->path[row.from]);
}

static void write_hotspot(struct writer *w, struct diff_pair row)
{
	const struct view *v = row.to != DIFF_NONE ? w->d->to : w->d->from;

	code(w, v->files.path[v->hotspots.file[row.to != DIFF_NONE ? row.to : row.from]]);
}

static void write_file(struct writer *w, struct diff_pair row)
{
	const struct view_files *a = &w->d->from->files, *b = &w->d->to->files;

	if (row.from != DIFF_NONE && row.to != DIFF_NONE &&
	    !diff_same(a->path[row.from], b->path[row.to])) {
		code(w, a->path[row.from]);
		sb_add(&w->sb, " moved to ");
	}
	code(w, row.to != DIFF_NONE ? b->path[row.to] : a->path[row.from]);
}

/* Both lists in one fold, what came before what went. */
static void edges(struct writer *w, const char *title, const struct diff_edge *added, size_t nadded,
                  const struct span *to, const struct diff_edge *removed, size_t nremoved,
                  const struct span *from)
{
	size_t n = nadded + nremoved;

	if (n == 0)
		return;
	fold(w, title, n);
	for (size_t i = 0; i < n && i < DIFF_MD_ROWS; i++) {
		const struct diff_edge *e = i < nadded ? &added[i] : &removed[i - nadded];
		const struct span *names = i < nadded ? to : from;

		sb_add(&w->sb, i < nadded ? "- **+** " : "- **\xe2\x88\x92** ");
		code(w, names[e->from]);
		sb_add(&w->sb, " \xe2\x86\x92 ");
		code(w, names[e->to]);
		sb_addc(&w->sb, '\n');
	}
	unfold(w, n);
}

enum err diff_markdown(struct ctx *cx, struct arena *arena, const struct diff *d, struct span *ret)
{
	struct writer w = { .sb = sb_new(arena, DIFF_BYTES_MAX), .d = d };
	const char *out;

	sb_add(&w.sb, "### System map: ");
	code(&w, (struct span){ d->from->commit.data,
	                        d->from->commit.len < 12 ? d->from->commit.len : 12 });
	sb_add(&w.sb, " \xe2\x86\x92 ");
	code(&w,
	     (struct span){ d->to->commit.data, d->to->commit.len < 12 ? d->to->commit.len : 12 });
	sb_add(&w.sb, "\n\n");
	if (diff_is_empty(d)) {
		sb_add(&w.sb, "Nothing of the structure changed.\n");
	} else {
		table(&w);
		rows(&w, "Cycles", &d->cycles, write_cycle);
		rows(&w, "External packages", &d->externals, write_external);
		rows(&w, "Routes", &d->routes, write_route);
		rows(&w, "Components", &d->components, write_component);
		edges(&w, "Links between components", d->links_added, d->nlinks_added,
		      d->to->components.name, d->links_removed, d->nlinks_removed,
		      d->from->components.name);
		rows(&w, "Hotspots", &d->hotspots, write_hotspot);
		edges(&w, "Imports between files", d->imports_added, d->nimports_added,
		      d->to->files.path, d->imports_removed, d->nimports_removed,
		      d->from->files.path);
		rows(&w, "Files", &d->files, write_file);
	}
	TRY(sb_finish(cx, &w.sb, &out));
	*ret = (struct span){ out, w.sb.len };
	return ERR_OK;
}
