/* Indexes: one that goes becomes another, by the rows that differ. */
#include "maps/grams.h"
#include "maps/index.h"
#include "maps/index_repo.h"
#include "maps/search_repo.h"

#include <stdlib.h>
#include <string.h>

#define GRAMS_AT_ONCE   512 /* rows whose postings are in memory */
#define LISTS_BYTES_MAX ((size_t)1 << 30)

enum err index_spare(struct ctx *cx, int64_t project_id, int64_t keep, const char *analyser,
                     struct index_spare *ret)
{
	enum err e = index_repo_spare(cx, project_id, keep, analyser, ret);

	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	*ret = (struct index_spare){ 0 };
	return ERR_OK;
}

bool index_is_patch(const struct bundle *bundle)
{
	return bundle_find(bundle, "patch") != NULL;
}

static enum err misfit(struct ctx *cx)
{
	return err_set(cx, ERR_STATE, "the stored index is not what the map was told against");
}

static struct span part_of(const struct bundle *bundle, const char *name)
{
	const struct span *part = bundle_find(bundle, name);

	return part != NULL ? *part : (struct span){ "", 0 };
}

static enum err put(struct ctx *cx, int64_t id, const struct index_table *table, struct span rest)
{
	while (rest.len > 0) {
		struct span piece = index_piece(&rest);

		TRY(db_run(cx, table->put, DB_ARGS(DB_INT(id), DB_BYTES(piece.data, piece.len)),
		           NULL));
	}
	return ERR_OK;
}

/* Rows that go, by a key a line, then those that come.  @all whether each key has a row */
static enum err replace(struct ctx *cx, int64_t id, int which, struct span gone, struct span come,
                        bool all)
{
	int64_t rows, keys = 0;

	for (size_t i = 0; i < gone.len; i++)
		keys += gone.data[i] == '\n';
	if (keys > 0) {
		TRY(db_run(cx, index_gone[which],
		           DB_ARGS(DB_INT(id), DB_BYTES(gone.data, gone.len)), &rows));
		if (all && rows != keys)
			return misfit(cx);
	}
	return put(cx, id, &index_tables[which], come);
}

static enum err replace_edges(struct ctx *cx, int64_t id, const struct bundle *bundle)
{
	const struct index_table *table = &index_tables[INDEX_EDGES];
	const struct span *edges = bundle_find(bundle, "edges");

	if (edges == NULL)
		return ERR_OK;
	TRY(db_run(cx, table->drop, DB_ARGS(DB_INT(id), DB_INT(INT32_MAX)), NULL));
	return put(cx, id, table, *edges);
}

/* --- Grams --- */

/* A line of the part, and whether the index has its list. */
struct gram_line {
	struct gram_change change;
	bool found;
};

/* Lines from the front.  @ret false: one that is none */
static bool take_lines(struct arena *arena, struct span *rest, struct gram_line *lines, size_t *n)
{
	for (*n = 0; *n < GRAMS_AT_ONCE && rest->len > 0; ++*n) {
		const char *feed = memchr(rest->data, '\n', rest->len);

		lines[*n] = (struct gram_line){ 0 };
		if (feed == NULL ||
		    !gram_change_read(arena,
		                      (struct span){ rest->data, (size_t)(feed - rest->data) },
		                      &lines[*n].change) ||
		    (*n > 0 && lines[*n].change.gram <= lines[*n - 1].change.gram))
			return false;
		rest->len -= (size_t)(feed + 1 - rest->data);
		rest->data = feed + 1;
	}
	return true;
}

static int by_gram(const void *a, const void *b)
{
	const struct gram_line *x = a, *y = b;

	return x->change.gram < y->change.gram ? -1 : x->change.gram > y->change.gram;
}

/* One list as it will be; an empty one has no row. */
static bool write_list(struct arena *arena, struct sb *sb, const struct gram_line *line,
                       const char *postings)
{
	struct gram_list list;

	if (!gram_patch(arena, postings, line->change.gone, line->change.come, &list))
		return false;
	if (list.n == 0)
		return true;
	sb_addf(sb, "s\t%u\t%u\t", line->change.gram, list.n);
	sb_addn(sb, list.postings, list.len);
	sb_addc(sb, '\n');
	return true;
}

static bool write_lists(struct arena *arena, const struct list *rows, struct gram_line *lines,
                        size_t n, struct sb *sb)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct search_gram *row = (const struct search_gram *)rows->items + i;
		const struct gram_line key = { .change.gram = (uint32_t)row->gram };
		struct gram_line *line = bsearch(&key, lines, n, sizeof(key), by_gram);

		if (line == NULL || !write_list(arena, sb, line, row->postings))
			return false;
		line->found = true;
	}
	for (size_t i = 0; i < n; i++)
		if (!lines[i].found && !write_list(arena, sb, &lines[i], ""))
			return false;
	return true;
}

static enum err patch_lists(struct ctx *cx, int64_t id, struct gram_line *lines, size_t n,
                            struct arena *arena)
{
	struct sb grams = sb_new(arena, GRAMS_AT_ONCE * 16),
		  keys = sb_new(arena, GRAMS_AT_ONCE * 16);
	struct sb come = sb_new(arena, LISTS_BYTES_MAX);
	struct list rows;
	const char *array;

	for (size_t i = 0; i < n; i++) {
		sb_int_after(&grams, i == 0 ? '{' : ',', lines[i].change.gram);
		sb_addf(&keys, "%u\n", lines[i].change.gram);
	}
	sb_addc(&grams, '}');
	TRY(sb_finish(cx, &grams, &array));
	TRY(search_repo_grams(cx, id, SEARCH_SYMBOLS, array, GRAMS_AT_ONCE, &rows));
	if (!write_lists(arena, &rows, lines, n, &come) || come.failed)
		return misfit(cx);
	return replace(cx, id, INDEX_GRAMS, (struct span){ keys.data, keys.len },
	               (struct span){ come.len > 0 ? come.data : "", come.len }, false);
}

static enum err patch_grams(struct ctx *cx, int64_t id, struct span rest)
{
	while (rest.len > 0) {
		CLEANUP(arena_free_ptr) struct arena *arena = arena_new(SIZE_MAX / 2);
		struct gram_line *lines = arena_array(arena, GRAMS_AT_ONCE, sizeof(*lines));
		size_t n;

		if (!take_lines(arena, &rest, lines, &n))
			return misfit(cx);
		TRY(patch_lists(cx, id, lines, n, arena));
	}
	return ERR_OK;
}

enum err index_patch(struct ctx *cx, int64_t id, const struct bundle *bundle)
{
	struct span names = part_of(bundle, "gone_names");
	int64_t renewed;

	TRY(index_repo_renew(cx, id, part_of(bundle, "index"), &renewed));
	if (renewed != 1)
		return misfit(cx);
	TRY(replace(cx, id, INDEX_FILES, part_of(bundle, "gone_files"), part_of(bundle, "files"),
	            true));
	TRY(replace_edges(cx, id, bundle));
	TRY(replace(cx, id, INDEX_SYMBOLS, names, part_of(bundle, "symbols"), true));
	TRY(replace(cx, id, INDEX_REFERENCES, names, part_of(bundle, "references"), false));
	return patch_grams(cx, id, part_of(bundle, "grams"));
}
