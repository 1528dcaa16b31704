/* Drawing: which components and which folders become boxes. */
#include "maps/drawing.h"

#include "maps/folders.h"
#include "maps/strmap.h"
#include "maps/view_json.h"

#include <stdlib.h>
#include <string.h>

#define SMALL_SHARE  100 /* a component with less than 1/100 of the code is small */
#define SMALL_MOST   6   /* as many small ones in one folder are boxes of their own */
#define CROWD        40  /* as many components are boxes of their own, however small */
#define FOLDER_SHARE 200 /* a folder with less than 1/200 of the weight is not opened */

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

/* --- Components --- */

/* What may be a box: a component, or many small ones that lie in one folder. */
struct unit {
	struct span path;
	size_t first; /* component */
	size_t members;
	int64_t code, files;
	bool shares_path; /* with other components: the path alone does not tell which */
	bool gathers;     /* small ones in one folder */
};

struct units {
	struct unit *list;
	size_t n;
	uint32_t *of; /* by component */
};

/* How many small components lie below each folder, at any depth. */
static struct strmap count_small(struct arena *arena, const struct view *v, int64_t small)
{
	struct strmap ret = strmap_new(arena, v->components.n);

	for (size_t i = 0; i < v->components.n; i++) {
		struct span up = folders_above(v->components.path[i]);

		for (; up.len > 0 && v->components.code[i] < small; up = folders_above(up)) {
			uint32_t now = strmap_get(&ret, up.data, up.len);

			strmap_set(&ret, up.data, up.len, now == STRMAP_NONE ? 1 : now + 1);
		}
	}
	return ret;
}

/* @ret the outermost folder around it with many small ones, or the path itself */
static struct span gathered_in(const struct strmap *count, struct span path)
{
	struct span ret = path, up = folders_above(path);

	for (; up.len > 0; up = folders_above(up)) {
		uint32_t n = strmap_get(count, up.data, up.len);

		if (n != STRMAP_NONE && n > SMALL_MOST)
			ret = up;
	}
	return ret;
}

/* @ret lines of which a component with fewer is small; 0 where there are not many components */
static int64_t small_lines(const struct view *v)
{
	int64_t code = 0;

	for (size_t i = 0; i < v->components.n; i++)
		code += v->components.code[i];
	return v->components.n > CROWD ? code / SMALL_SHARE : 0;
}

static void find_units(struct arena *arena, const struct view *v, struct units *ret)
{
	size_t n = v->components.n;
	int64_t small = small_lines(v);
	const struct strmap count = count_small(arena, v, small);
	struct strmap gathered = strmap_new(arena, 16), paths = strmap_new(arena, n);

	ret->list = arena_array(arena, n, sizeof(*ret->list));
	ret->of = arena_array(arena, n, sizeof(*ret->of));
	for (size_t i = 0; i < n; i++) {
		struct span path = v->components.path[i];
		bool again = strmap_get(&paths, path.data, path.len) != STRMAP_NONE;

		strmap_set(&paths, path.data, path.len, again ? 2 : 1);
	}
	for (size_t i = 0; i < n; i++) {
		struct span path = v->components.path[i], in = path;
		uint32_t at = (uint32_t)ret->n;

		if (v->components.code[i] < small)
			in = gathered_in(&count, path);
		if (in.len < path.len)
			at = strmap_add(&gathered, in.data, in.len, at);
		if (at == ret->n)
			ret->list[ret->n++] = (struct unit){
				.path = in,
				.first = i,
				.shares_path = strmap_get(&paths, path.data, path.len) > 1,
				.gathers = in.len < path.len,
			};
		ret->of[i] = at;
		ret->list[at].members++;
		ret->list[at].code += v->components.code[i];
		ret->list[at].files += v->components.files[i];
	}
}

/* @ret by unit: its node; the smallest share the last one when there are too many */
static int32_t *pick_units(struct arena *arena, const struct units *units, size_t *ret_n)
{
	size_t n = units->n, used = 0;
	struct candidate *all = arena_array(arena, n, sizeof(*all));
	bool *own = arena_array(arena, n, sizeof(bool));
	int32_t *node = arena_array(arena, n, sizeof(*node));

	for (size_t i = 0; i < n; i++)
		all[i] = (struct candidate){ i, units->list[i].code, units->list[i].files };
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

static struct span key_with_name(struct arena *arena, struct span path, struct span name)
{
	const char *text = arena_printf(arena, "%.*s#%.*s", (int)path.len, path.data, (int)name.len,
	                                name.data);

	return (struct span){ text, strlen(text) };
}

/* What people need not be told: that it is a folder, or what was found to hold together. */
static bool is_plain(struct span kind)
{
	return view_json_is(kind, "folder") || view_json_is(kind, "cluster");
}

/* Whether a name is that or ends with it, as "@vue/shared" does with "shared". */
static bool ends_with(struct span name, struct span last)
{
	return last.len > 0 && name.len >= last.len &&
	       (name.len == last.len || name.data[name.len - last.len - 1] == '/') &&
	       memcmp(name.data + name.len - last.len, last.data, last.len) == 0;
}

/* What it is, and where. */
static const char *place_of(struct arena *arena, struct span kind, struct span up)
{
	const char *text;

	if (is_plain(kind))
		return drawing_text(arena, up);
	text = arena_printf(arena, "%.*s%s%.*s", (int)kind.len, kind.data,
	                    up.len > 0 ? " \xc2\xb7 " : "", (int)up.len, up.data);
	return drawing_text(arena, (struct span){ text, strlen(text) });
}

static const char *kind_of(struct arena *arena, const struct view *v, size_t component)
{
	struct span kind = v->components.kind[component];
	const char *text;

	if (v->components.reason == NULL || v->components.reason[component].len == 0)
		return drawing_text(arena, kind);
	text = arena_printf(arena, "%.*s: %.*s", (int)kind.len, kind.data,
	                    (int)v->components.reason[component].len,
	                    v->components.reason[component].data);
	return drawing_text(arena, (struct span){ text, strlen(text) });
}

struct drawing_node drawing_component(struct arena *arena, const struct view *v, size_t component)
{
	struct span name = v->components.name[component], path = v->components.path[component];
	struct span last = folders_name(path), up = path;
	struct drawing_node node = {
		.key = drawing_text(arena, path),
		.kind = kind_of(arena, v, component),
		.role = "",
		.hint = "",
	};

	if (view_is_root(name)) {
		node.label = "(top level)";
	} else if (path.len == 0) {
		node.label = drawing_text(arena, name);
		up = SPAN("top level");
	} else if (name.len == last.len && ends_with(name, last)) {
		node.label = drawing_label(arena, path, &up);
	} else {
		node.label = drawing_text(arena, name);
		if (ends_with(name, last)) /* and so says it */
			up = folders_above(path);
	}
	node.above = place_of(arena, v->components.kind[component], up);
	return node;
}

static struct drawing_node describe(struct arena *arena, const struct view *v,
                                    const struct unit *unit)
{
	struct drawing_node node = drawing_component(arena, v, unit->first);

	if (unit->gathers) {
		struct span small = SPAN("small ones"), up;

		node.key = drawing_text(arena, key_with_name(arena, unit->path, small));
		node.label = drawing_text(arena, folders_name(unit->path));
		node.kind = arena_printf(arena, "%zu small components", unit->members);
		up = folders_above(unit->path);
		node.above = arena_printf(arena, "%zu small parts%s%s", unit->members,
		                          up.len > 0 ? " \xc2\xb7 " : "", drawing_text(arena, up));
	} else if (unit->shares_path) {
		node.key = drawing_text(
			arena, key_with_name(arena, unit->path, v->components.name[unit->first]));
	}
	return node;
}

void drawing_of_components(struct arena *arena, const struct view *v, struct drawing *ret)
{
	struct units units = { 0 };
	int32_t *group = arena_array(arena, v->files.n, sizeof(*group)), *node;
	struct drawing_node *nodes;
	size_t own, n;

	*ret = (struct drawing){ .title = "Components" };
	find_units(arena, v, &units);
	node = pick_units(arena, &units, &own);
	n = own + (own < units.n);
	nodes = arena_array(arena, n, sizeof(*nodes));
	for (size_t i = 0; i < units.n; i++) {
		if ((size_t)node[i] == own)
			ret->merged += (int64_t)units.list[i].members;
		else
			nodes[node[i]] = describe(arena, v, &units.list[i]);
	}
	if (n > own)
		nodes[own] = (struct drawing_node){
			.key = "*",
			.label = arena_printf(arena, "%lld smaller ones", (long long)ret->merged),
			.above = "",
			.kind = "components",
		};
	for (size_t f = 0; f < v->files.n; f++)
		group[f] = node[units.of[v->files.component[f]]];
	drawing_fill(arena, v, group, nodes, n, ret);
	drawing_prune(arena, ret);
}

/* --- Folders --- */

/* Below the top a folder with less than `least` is no box: it stays with what is around it. */
static bool is_part(const struct folders *t, uint32_t parent, uint32_t child, int64_t least)
{
	return parent == 0 || t->list[child].weight >= least;
}

/* @ret boxes that opening it would make */
static size_t parts_of(const struct folders *t, uint32_t at, int64_t least)
{
	size_t n = 0;

	for (uint32_t c = t->list[at].child; c != 0; c = t->list[c].next)
		n += is_part(t, at, c, least);
	return n;
}

/* The largest shown folder to open; when whole, all its parts must find room.  @ret UINT32_MAX: none */
static uint32_t next_to_open(struct folders *t, size_t shown, int64_t least, bool whole)
{
	uint32_t best = UINT32_MAX;

	for (uint32_t i = 0; i < t->n; i++) {
		struct folder *d = &t->list[i];
		size_t parts;

		if (!d->shown || d->open || d->weight < least ||
		    (best != UINT32_MAX && d->weight <= t->list[best].weight))
			continue;
		parts = parts_of(t, i, least);
		if (parts > 0 && (!whole || shown + parts <= DRAWING_FOLDERS_MAX))
			best = i;
	}
	return best;
}

/* Show its largest parts, `room` at most; what is left over stays in its own box.  @ret boxes more */
static size_t open_folder(struct arena *arena, struct folders *t, uint32_t at, int64_t least,
                          size_t room)
{
	size_t n = parts_of(t, at, least), all = 0, i = 0;
	struct candidate *parts = arena_array(arena, n, sizeof(*parts));
	struct folder *d = &t->list[at];

	for (uint32_t c = d->child; c != 0; c = t->list[c].next, all++)
		if (is_part(t, at, c, least))
			parts[i++] = (struct candidate){ c, t->list[c].weight, t->list[c].own };
	qsort(parts, n, sizeof(*parts), larger);
	for (i = 0; i < n && i < room; i++)
		t->list[parts[i].index].shown = true;
	d->open = true;
	d->shown = d->own > 0 || i < all;
	return i - !d->shown;
}

static void open_folders(struct arena *arena, struct folders *t)
{
	int64_t least = t->list[0].weight / FOLDER_SHARE;
	size_t shown = 1;
	uint32_t at;

	t->list[0].shown = true;
	while ((at = next_to_open(t, shown, least, true)) != UINT32_MAX)
		shown += open_folder(arena, t, at, least, SIZE_MAX);
	/* A picture of a few boxes, one of which is nearly all there is, says nothing. */
	while (shown < DRAWING_FOLDERS_MAX / 2 &&
	       (at = next_to_open(t, shown, least, false)) != UINT32_MAX)
		shown += open_folder(arena, t, at, least, DRAWING_FOLDERS_MAX / 2);
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
		struct span above;

		node[i] = i > 0 ? node[d->parent] : -1;
		if (!d->shown)
			continue;
		node[i] = (int32_t)n;
		nodes[n++] = (struct drawing_node){
			.key = drawing_text(arena, d->path),
			.label = d->path.len == 0 ? "(top level)"
			                          : drawing_label(arena, d->path, &above),
			.above = d->path.len == 0 ? "" : drawing_text(arena, above),
			.kind = d->open && d->child != 0 ? "rest of the folder" : "folder",
		};
	}
	for (size_t f = 0; f < v->files.n; f++)
		group[f] = node[t.of_file[f]];
	drawing_fill(arena, v, group, nodes, n, ret);
	drawing_prune(arena, ret);
}
