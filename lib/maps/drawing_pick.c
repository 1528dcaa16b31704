/* Drawing: which components and which folders become boxes. */
#include "maps/drawing.h"

#include "maps/folders.h"

#include <stdlib.h>
#include <string.h>

#define FOLDER_SHARE 100 /* a folder with less than 1/100 of the weight is not opened */

/* --- Components --- */

struct candidate {
	size_t index;
	int64_t code, files;
};

static int larger(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->code != y->code)
		return x->code > y->code ? -1 : 1;
	if (x->files != y->files)
		return x->files > y->files ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* @ret by component: its node; the smallest share the last one when there are too many */
static int32_t *pick_components(struct arena *arena, const struct view *v, size_t *ret_n)
{
	size_t n = v->components.n, used = 0;
	struct candidate *all = arena_array(arena, n, sizeof(*all));
	bool *own = arena_array(arena, n, sizeof(bool));
	int32_t *node = arena_array(arena, n, sizeof(*node));

	for (size_t i = 0; i < n; i++)
		all[i] = (struct candidate){ i, v->components.code[i], v->components.files[i] };
	if (n > 1)
		qsort(all, n, sizeof(*all), larger);
	for (size_t i = 0; i < n; i++)
		own[all[i].index] = n <= DRAWING_NODES_MAX || i < DRAWING_NODES_MAX - 1;
	for (size_t i = 0; i < n; i++)
		node[i] = own[i] ? (int32_t)used++ : -1;
	for (size_t i = 0; i < n; i++)
		if (node[i] < 0)
			node[i] = (int32_t)used;
	*ret_n = used;
	return node;
}

void drawing_of_components(struct arena *arena, const struct view *v, struct drawing *ret)
{
	size_t own, n;
	int32_t *node = pick_components(arena, v, &own);
	int32_t *group = arena_array(arena, v->files.n, sizeof(*group));
	struct drawing_node *nodes;

	*ret = (struct drawing){ .title = "Components" };
	n = own + (own < v->components.n);
	nodes = arena_array(arena, n, sizeof(*nodes));
	for (size_t i = 0; i < v->components.n; i++) {
		struct span path = v->components.path[i], name = v->components.name[i];

		if ((size_t)node[i] == own) {
			ret->merged++;
			continue;
		}
		nodes[node[i]] = (struct drawing_node){
			.key = drawing_text(arena, path),
			.label = view_is_root(name) ? "(top level)" : drawing_text(arena, name),
			.above = drawing_text(arena, path),
			.kind = drawing_text(arena, v->components.kind[i]),
		};
		if (path.len == name.len && memcmp(path.data, name.data, name.len) == 0)
			nodes[node[i]].above = "";
	}
	if (n > own)
		nodes[own] = (struct drawing_node){
			.key = "*",
			.label = arena_printf(arena, "%lld smaller ones", (long long)ret->merged),
			.above = "",
			.kind = "components",
		};
	for (size_t f = 0; f < v->files.n; f++)
		group[f] = node[v->files.component[f]];
	drawing_fill(arena, v, group, nodes, n, ret);
	drawing_prune(arena, ret);
}

/* --- Folders --- */

static size_t children_of(const struct folders *t, const struct folder *folder)
{
	size_t n = 0;

	for (uint32_t c = folder->child; c != 0; c = t->list[c].next)
		n++;
	return n;
}

/* The largest shown folder, whole: whose parts all find room; NULL: there is none */
static struct folder *next_to_open(struct folders *t, size_t shown, int64_t least, bool whole)
{
	struct folder *best = NULL;

	for (size_t i = 0; i < t->n; i++) {
		struct folder *d = &t->list[i];

		if (d->shown && !d->open && d->child != 0 && d->weight >= least &&
		    (best == NULL || d->weight > best->weight) &&
		    (!whole || shown - (d->own == 0) + children_of(t, d) <= DRAWING_FOLDERS_MAX))
			best = d;
	}
	return best;
}

/* @ret how many folders are shown more than before */
static size_t open_whole(struct folders *t, struct folder *d)
{
	size_t more = 0;

	d->open = true;
	d->shown = d->own > 0;
	for (uint32_t c = d->child; c != 0; c = t->list[c].next, more++)
		t->list[c].shown = true;
	return more - !d->shown;
}

/* Of a folder with too many parts the largest, in so many boxes; the others stay in its own. */
static size_t open_partly(struct arena *arena, struct folders *t, struct folder *d, size_t room)
{
	size_t n = children_of(t, d), i = 0;
	struct candidate *parts = arena_array(arena, n, sizeof(*parts));

	for (uint32_t c = d->child; c != 0; c = t->list[c].next)
		parts[i++] = (struct candidate){ c, t->list[c].weight, t->list[c].own };
	qsort(parts, n, sizeof(*parts), larger);
	d->open = true;
	for (i = 0; i < n && i < room; i++)
		t->list[parts[i].index].shown = true;
	return i;
}

static void open_folders(struct arena *arena, struct folders *t)
{
	int64_t least = t->list[0].weight / FOLDER_SHARE;
	size_t shown = 1;
	struct folder *d;

	t->list[0].shown = true;
	while ((d = next_to_open(t, shown, least, true)) != NULL)
		shown += open_whole(t, d);
	/* A picture of a few boxes, one of which is nearly all there is, says nothing. */
	while (shown < DRAWING_FOLDERS_MAX / 2 &&
	       (d = next_to_open(t, shown, least, false)) != NULL)
		shown += open_partly(arena, t, d, DRAWING_FOLDERS_MAX / 2 + 1);
}

void drawing_of_folders(struct arena *arena, const struct view *v, struct drawing *ret)
{
	struct folders t;
	int32_t *group = arena_array(arena, v->files.n, sizeof(*group)), *node;
	struct drawing_node *nodes = arena_array(arena, DRAWING_FOLDERS_MAX, sizeof(*nodes));
	size_t n = 0;

	*ret = (struct drawing){ .title = "Folders" };
	folders_read(arena, v, &t);
	open_folders(arena, &t);
	node = arena_array(arena, t.n, sizeof(*node));
	for (size_t i = 0; i < t.n; i++) {
		struct folder *d = &t.list[i];

		node[i] = i > 0 ? node[d->parent] : -1;
		if (!d->shown)
			continue;
		node[i] = (int32_t)n;
		nodes[n++] = (struct drawing_node){
			.key = drawing_text(arena, d->path),
			.label = d->path.len == 0 ? "(top level)"
			                          : drawing_text(arena, folders_name(d->path)),
			.above = drawing_text(arena, folders_above(d->path)),
			.kind = d->open && d->child != 0 ? "rest of the folder" : "folder",
		};
	}
	for (size_t f = 0; f < v->files.n; f++)
		group[f] = node[t.of_file[f]];
	drawing_fill(arena, v, group, nodes, n, ret);
	drawing_prune(arena, ret);
}
