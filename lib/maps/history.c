/* History: from the walk to what is told of files. */
#include "maps/history_parts.h"

#include "maps/text.h"

#include <stdlib.h>
#include <string.h>

#define MAILMAP_BYTES_MAX ((size_t)4 << 20)

static void set_defaults(struct history_limits *limits)
{
	if (limits->max_commits == 0)
		limits->max_commits = HISTORY_COMMITS;
	if (limits->line_commits == 0)
		limits->line_commits = HISTORY_LINE_COMMITS;
	else if (limits->line_commits == HISTORY_OFF)
		limits->line_commits = 0;
}

static void read_mailmap(struct history_walk *w)
{
	uint32_t name = strmap_get(&w->paths, ".mailmap", strlen(".mailmap"));
	struct scan_blob blob;

	if (name == STRMAP_NONE ||
	    !history_blob(w, w->in->tree->files[name].oid, MAILMAP_BYTES_MAX, &blob))
		return;
	authors_mailmap(&w->authors, blob.text);
	scan_blob_free(&blob);
}

static void begin(struct history_walk *w)
{
	const struct scan_tree *tree = w->in->tree;

	history_kept_load(w->kept);
	w->authors = authors_new(w->arena);
	w->paths = strmap_new(w->arena, tree->nfiles * 2);
	for (size_t i = 0; i < tree->nfiles; i++)
		history_name_add(w, tree->files[i].path);
	history_changes_begin(w);
	read_mailmap(w);
}

/* From names to files of today, each once a commit, though it came and went in one. */
static void settle_names(struct history_walk *w)
{
	size_t nfiles = w->in->tree->nfiles, used = 0;
	uint32_t *seen = arena_array(w->arena, w->nnames, sizeof(uint32_t));

	for (size_t v = 0; v < w->nvisits; v++) {
		size_t at = w->visits[v].first, end = w->visits[v + 1].first, width = 0;

		w->visits[v].first = (uint32_t)used;
		for (; at < end; at++) {
			uint32_t name = history_follow(w, w->touched[at]);

			if (seen[name] == v + 1)
				continue;
			seen[name] = (uint32_t)v + 1;
			width++;
			if (name < nfiles)
				w->touched[used++] = name;
		}
		w->visits[v].wide = width > HISTORY_COUPLED_FILES;
		w->out->wide += w->visits[v].wide;
	}
	w->visits[w->nvisits].first = (uint32_t)used;
	w->ntouched = used;
	for (uint32_t n = 0; n < w->nnames; n++) {
		uint32_t end = history_follow(w, n);

		if (end < nfiles) {
			w->out->files[end].added += w->names[n].added;
			w->out->files[end].removed += w->names[n].removed;
		}
	}
}

static void sort_by_file(struct history_walk *w)
{
	size_t nfiles = w->in->tree->nfiles;
	uint32_t *next = arena_array(w->arena, nfiles, sizeof(uint32_t));

	w->start = arena_array(w->arena, nfiles + 1, sizeof(uint32_t));
	w->by_file = arena_array(w->arena, w->ntouched, sizeof(uint32_t));
	for (size_t i = 0; i < w->ntouched; i++)
		w->start[w->touched[i] + 1]++;
	for (size_t f = 0; f < nfiles; f++) {
		w->start[f + 1] += w->start[f];
		next[f] = w->start[f];
	}
	for (uint32_t v = 0; v < w->nvisits; v++)
		for (uint32_t i = w->visits[v].first; i < w->visits[v + 1].first; i++)
			w->by_file[next[w->touched[i]]++] = v;
}

static const char *shown(struct arena *arena, struct span path)
{
	const char *text = text_display(arena, path);

	return text != NULL ? text : arena_strndup(arena, path.data, path.len);
}

static int by_rename(const void *a, const void *b)
{
	const struct history_rename *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return strcmp(x->was, y->was);
}

static void list_renames(struct history_walk *w)
{
	struct history *out = w->out;
	size_t nfiles = w->in->tree->nfiles;

	for (uint32_t n = (uint32_t)nfiles; n < w->nnames; n++)
		out->nrenames += history_follow(w, n) < nfiles;
	out->renames = arena_array(w->cx->arena, out->nrenames, sizeof(*out->renames));
	out->nrenames = 0;
	for (uint32_t n = (uint32_t)nfiles; n < w->nnames; n++) {
		uint32_t file = history_follow(w, n);

		if (file < nfiles)
			out->renames[out->nrenames++] =
				(struct history_rename){ file,
				                         shown(w->cx->arena, w->names[n].path) };
	}
	if (out->nrenames > 1)
		qsort(out->renames, out->nrenames, sizeof(*out->renames), by_rename);
}

static uint64_t heat(const struct history_walk *w, uint32_t file)
{
	const struct map_file *f = &w->in->tree->files[file];

	if (f->role != FILE_SOURCE && f->role != FILE_TEST)
		return 0;
	return (uint64_t)w->out->files[file].commits * f->facts.code;
}

static void find_hotspots(struct history_walk *w)
{
	struct history *out = w->out;

	for (uint32_t f = 0; f < w->in->tree->nfiles; f++) {
		uint64_t product = heat(w, f);
		size_t at = out->nhotspots;

		if (product == 0 ||
		    (at == HISTORY_HOTSPOTS_MAX && product <= heat(w, out->hotspots[at - 1])))
			continue;
		if (at < HISTORY_HOTSPOTS_MAX)
			out->nhotspots++;
		else
			at--;
		for (; at > 0 && heat(w, out->hotspots[at - 1]) < product; at--)
			out->hotspots[at] = out->hotspots[at - 1];
		out->hotspots[at] = f;
	}
}

enum err history_read(struct ctx *cx, struct scan *scan, const struct history_in *in,
                      struct history *ret)
{
	CLEANUP(history_kept_close_ptr) struct history_kept *none = NULL;
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(SIZE_MAX / 2);
	CLEANUP(arena_free_ptr) struct arena *scratch = arena_new(SIZE_MAX / 2);
	struct history_walk w = {
		.cx = cx, .scan = scan, .in = in, .out = ret, .arena = arena, .scratch = scratch
	};
	unsigned char head[MAP_OID_BYTES];
	enum err e;

	*ret = (struct history){
		.limits = in->limits,
		.files = arena_array(cx->arena, in->tree->nfiles, sizeof(*ret->files)),
		.components = arena_array(cx->arena, in->structure->ncomponents,
		                          sizeof(*ret->components)),
	};
	if (scan == NULL || in->limits.max_commits == HISTORY_OFF || !commit_id(in->commit, head)) {
		ret->end = HISTORY_NOT_READ;
		return ERR_OK;
	}
	set_defaults(&ret->limits);
	if (in->kept == NULL)
		none = history_kept_open(NULL, 0, "");
	w.kept = in->kept != NULL ? in->kept : none;
	begin(&w);
	scan_in_bulk(scan, true);
	e = history_walk(&w, head);
	scan_in_bulk(scan, false);
	history_changes_end(&w);
	history_kept_write(w.kept);
	TRY(e);
	if (scan_out_of_memory(scan))
		return err_set(cx, ERR_OUT_OF_MEMORY,
		               "an object of this repository needs more memory than there is");
	settle_names(&w);
	sort_by_file(&w);
	history_owners(&w);
	history_coupling(&w);
	list_renames(&w);
	find_hotspots(&w);
	history_kept_forget(w.kept);
	return ERR_OK;
}

const char *history_end_name(enum history_end end)
{
	static const char *const NAMES[] = {
		[HISTORY_WHOLE] = "",
		[HISTORY_COMMITS_LIMIT] = "commits",
		[HISTORY_DAYS_LIMIT] = "days",
		[HISTORY_WORK_LIMIT] = "work",
		[HISTORY_MEMORY_LIMIT] = "memory",
		[HISTORY_NOT_READ] = "off",
	};

	static_assert(COUNT(NAMES) == HISTORY_END_COUNT, "a name for each");
	return NAMES[end];
}
