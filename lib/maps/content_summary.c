/* Content: what was left out and why, and the few numbers that are printed at once. */
#include "maps/content_parts.h"

#include <stdlib.h>
#include <string.h>

static void write_skipped(struct content *c)
{
	const struct scan_tree *tree = c->in->tree;

	content_open(c, "skipped", '{');
	for (int column = 0; column < 2; column++) {
		size_t rows = 0;

		content_open(c, column == 0 ? "file" : "reason", '[');
		for (size_t i = 0; i < tree->nfiles && rows < CONTENT_SKIPPED_MAX; i++) {
			if (tree->files[i].skip == SKIP_NONE)
				continue;
			content_number(c, column == 0 ? (int64_t)i : tree->files[i].skip);
			rows++;
		}
		content_close(c, ']');
	}
	content_close(c, '}');
}

void content_coverage(struct content *c)
{
	const struct scan_tree *tree = c->in->tree;
	uint64_t facts_truncated = 0, manifests_truncated = 0, recognised = 0;

	for (size_t i = 0; i < tree->nfiles; i++) {
		facts_truncated += tree->files[i].facts.truncated;
		recognised += tree->files[i].facts.lang != LANG_NONE;
	}
	for (size_t i = 0; i < c->in->nmanifests; i++)
		manifests_truncated += c->in->manifests[i].truncated;
	content_open(c, "coverage", '{');
	content_count(c, "files_total", tree->nfiles + tree->over_limit);
	content_count(c, "analysed", c->counts->analysed);
	content_count(c, "recognised", recognised);
	write_skipped(c);
	content_count(c, "skipped_total", tree->nfiles - c->counts->analysed);
	content_open(c, "broken_dirs", '[');
	for (size_t i = 0; i < tree->nbroken_dirs && i < CONTENT_SKIPPED_MAX; i++)
		content_text(c, tree->broken_dirs[i]);
	content_close(c, ']');
	content_count(c, "over_limit", tree->over_limit);
	content_count(c, "too_deep", tree->too_deep);
	content_count(c, "path_too_long", tree->path_too_long);
	content_count(c, "bad_names", tree->bad_names);
	content_count(c, "facts_truncated", facts_truncated);
	content_count(c, "manifests_truncated", manifests_truncated);
	content_flag(c, "imports_truncated", c->in->resolved->truncated);
	content_flag(c, "unresolved_dropped", c->drop_unresolved);
	content_flag(c, "signatures_dropped", c->drop_signatures);
	content_flag(c, "defs_dropped", c->drop_defs);
	content_flag(c, "impact_exact", c->in->impact->exact);
	content_history_coverage(c);
	content_flag(c, "surface_truncated", c->in->surface->truncated);
	content_gaps(c);
	content_close(c, '}');
}

static int larger_dir(const void *a, const void *b)
{
	const struct structure_dir *x = *(const struct structure_dir *const *)a;
	const struct structure_dir *y = *(const struct structure_dir *const *)b;

	if (x->code != y->code)
		return x->code > y->code ? -1 : 1;
	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return x < y ? -1 : 1; /* both in one array, sorted by path */
}

/* The largest by code; the root, and folders that only lead to one other, say nothing. */
static void write_folders(struct content *c)
{
	const struct structure *s = c->in->structure;
	const struct structure_dir **dirs = arena_array(c->arena, s->ndirs, sizeof(*dirs));
	size_t n = 0;

	for (size_t i = 1; i < s->ndirs; i++)
		if (!s->dirs[i].passes_through)
			dirs[n++] = &s->dirs[i];
	if (n > 1)
		qsort(dirs, n, sizeof(*dirs), larger_dir);
	content_open(c, "folders", '[');
	for (size_t i = 0; i < n && i < CONTENT_FOLDERS_TOP; i++) {
		content_open(c, NULL, '{');
		content_key(c, "path");
		content_text(c, content_shown(c, dirs[i]->path));
		content_count(c, "files", dirs[i]->files);
		content_count(c, "code", dirs[i]->code);
		content_close(c, '}');
	}
	content_close(c, ']');
}

static void write_top_languages(struct content *c)
{
	content_open(c, "languages", '[');
	for (size_t i = 0; i < c->nlanguages && i < CONTENT_LANGUAGES_TOP; i++) {
		content_open(c, NULL, '{');
		content_key(c, "name");
		content_text(c, lang_name(c->languages[i].lang));
		content_count(c, "files", c->languages[i].files);
		content_count(c, "code", c->languages[i].code);
		content_close(c, '}');
	}
	content_close(c, ']');
}

static void write_depended(struct content *c)
{
	const struct graph *g = c->in->graph;

	content_open(c, "depended", '[');
	for (size_t i = 0; i < g->ndepended && i < CONTENT_DEPENDED_TOP; i++) {
		content_open(c, NULL, '{');
		content_key(c, "path");
		content_text(c, c->shown[g->depended[i]]);
		content_count(c, "fan_in", g->fan_in[g->depended[i]]);
		content_close(c, '}');
	}
	content_close(c, ']');
}

/* Different packages, however many manifests name them; externals are sorted by name. */
static uint64_t count_packages(const struct resolve_out *r, bool used)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->nexternals;) {
		size_t first = i;
		bool any = false;

		for (; i < r->nexternals && r->externals[i].eco == r->externals[first].eco &&
		       strcmp(r->externals[i].name, r->externals[first].name) == 0;
		     i++)
			any |= r->externals[i].used_by > 0;
		n += any || !used;
	}
	return n;
}

void content_summary(struct content *c)
{
	const struct graph *g = c->in->graph;
	uint64_t tests = 0, largest = 0, missing = 0;

	for (size_t i = 0; i < c->in->tree->nfiles; i++)
		tests += c->in->tree->files[i].role == FILE_TEST;
	for (size_t i = 0; i < g->ncycles; i++)
		largest = g->cycles[i].nfiles > largest ? g->cycles[i].nfiles : largest;
	for (size_t i = 0; i < c->in->resolved->nmisses; i++)
		missing += c->in->resolved->misses[i].reason == MISS_NOT_FOUND ||
		           c->in->resolved->misses[i].reason == MISS_AMBIGUOUS;
	content_open(c, "summary", '{');
	content_count(c, "files", c->counts->files);
	content_count(c, "code", c->counts->code);
	write_top_languages(c);
	write_folders(c);
	write_depended(c);
	content_count(c, "external_packages", count_packages(c->in->resolved, false));
	content_count(c, "externals_used", count_packages(c->in->resolved, true));
	content_count(c, "imports", c->counts->imports);
	content_count(c, "unresolved", missing);
	content_count(c, "cycles", g->ncycles);
	content_count(c, "largest_cycle", largest);
	content_count(c, "tests", tests);
	content_count(c, "components", c->counts->components);
	content_close(c, '}');
}
