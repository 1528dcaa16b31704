/* Subjects: what each of the newest commits changed. */
#include "maps/subjects.h"

#include "maps/history_parts.h"
#include "maps/newest.h"
#include "maps/text.h"

#include <string.h>

#define DEPTH_MAX (MAP_PATH_MAX / 2)

/* A path that was changed, and what was said of it. */
struct told {
	struct span path;
	struct sb subjects;
};

struct walk {
	struct scan *scan;
	struct arena *arena;
	struct strmap paths;
	struct told *told;
	size_t ntold, told_cap;
	struct span changed[SUBJECTS_WIDE + 1]; /* by the commit at hand */
	size_t nchanged;
	uint64_t tree_bytes;
};

/* --- What one changed --- */

static bool take_tree(void *data, const unsigned char *oid, struct scan_blob *ret)
{
	struct walk *w = data;

	if (w->tree_bytes > SUBJECTS_TREES_BYTES ||
	    scan_object(w->scan, oid, SCAN_TREE, SUBJECTS_TREE_BYTES, ret) != SKIP_NONE)
		return false;
	w->tree_bytes += ret->text.len + 1024; /* what it costs to find one, too */
	return true;
}

static bool take_change(void *data, const struct tree_change *change)
{
	struct walk *w = data;

	if (w->nchanged > SUBJECTS_WIDE)
		return false;
	if (change->is != NULL)
		w->changed[w->nchanged++] =
			(struct span){ arena_strndup(w->arena, change->path.data, change->path.len),
			               change->path.len };
	return true;
}

static void tell(struct walk *w, struct span path, const char *subject)
{
	uint32_t number = strmap_get(&w->paths, path.data, path.len);
	struct told *told;

	if (number == STRMAP_NONE) {
		if (w->ntold == w->told_cap) {
			size_t cap = w->told_cap != 0 ? w->told_cap * 2 : 1024;

			w->told = arena_grow(w->arena, w->told, w->told_cap * sizeof(*w->told),
			                     cap * sizeof(*w->told));
			w->told_cap = cap;
		}
		number = (uint32_t)w->ntold++;
		w->told[number] = (struct told){ path, sb_new(w->arena, SUBJECTS_PATH_MAX) };
		strmap_add(&w->paths, path.data, path.len, number);
	}
	told = &w->told[number];
	if (told->subjects.len > 0)
		sb_addc(&told->subjects, SUBJECTS_BETWEEN);
	sb_add(&told->subjects, subject); /* one that does not fit is the last */
}

static void take_commit(struct walk *w, struct tree_comparing *comparing,
                        const struct newest_commit *commit, const struct newest_commit *parent)
{
	w->nchanged = 0;
	(void)tree_compare(comparing, parent->tree, commit->tree);
	if (w->nchanged > SUBJECTS_WIDE || commit->subject[0] == '\0')
		return;
	for (size_t i = 0; i < w->nchanged; i++)
		tell(w, w->changed[i], commit->subject);
}

static void walk_commits(struct walk *w, struct newest *newest, int64_t max_commits)
{
	const struct tree_compare how = {
		.data = w,
		.max_depth = DEPTH_MAX,
		.take = take_tree,
		.give = scan_blob_free,
		.change = take_change,
	};
	struct tree_comparing *comparing = tree_comparing_new(w->arena, &how);
	struct newest_step step;

	for (int64_t n = 0; n < max_commits && newest_next(newest, &step); n++)
		if (step.parent != NULL)
			take_commit(w, comparing, step.commit, step.parent);
}

enum err subjects_read(struct ctx *cx, struct scan *scan, const char *commit, int64_t max_commits,
                       struct sb *ret)
{
	struct walk *w = arena_alloc(cx->arena, sizeof(*w));
	struct newest *newest = newest_new(cx->arena, scan);

	w->scan = scan;
	w->arena = cx->arena;
	w->paths = strmap_new(cx->arena, 1024);
	if (!newest_begin(newest, commit))
		return err_set(cx, ERR_REF_NOT_FOUND, "commit %.40s cannot be read", commit);
	walk_commits(w, newest, max_commits);
	if (scan_out_of_memory(scan))
		return err_set(cx, ERR_OUT_OF_MEMORY,
		               "an object of this repository needs more memory than there is");
	for (size_t i = 0; i < w->ntold; i++) {
		const char *shown = text_display(cx->arena, w->told[i].path);

		if (shown != NULL)
			sb_add(ret, shown);
		else
			sb_addn(ret, w->told[i].path.data, w->told[i].path.len);
		sb_addc(ret, '\t');
		sb_addn(ret, w->told[i].subjects.data, w->told[i].subjects.len);
		sb_addc(ret, '\n');
	}
	return ERR_OK;
}
