/* Diff: components, packages, routes, hotspots. */
#include "maps/diff_private.h"

/* Two texts as one key. */
static struct span key_of(struct arena *arena, struct span a, struct span b)
{
	char *text = arena_alloc(arena, a.len + b.len + 1);

	memcpy(text, a.data, a.len);
	text[a.len] = '\n';
	memcpy(text + a.len + 1, b.data, b.len);
	return (struct span){ text, a.len + b.len + 1 };
}

/* --- Components --- */

static uint32_t *unknown(struct arena *arena, size_t n)
{
	uint32_t *ret = arena_array(arena, n, sizeof(*ret));

	for (size_t i = 0; i < n; i++)
		ret[i] = DIFF_NONE;
	return ret;
}

/* What makes two components the same one, in the order in which it is asked: the surest first. */
static struct span component_key(struct arena *arena, const struct view_components *c, size_t i,
                                 int pass)
{
	if (pass == 0)
		return key_of(arena, c->path[i], c->name[i]);
	return pass == 1 ? c->path[i] : key_of(arena, c->name[i], c->kind[i]);
}

static void match_components(struct differ *d, uint32_t *from_of, uint32_t *to_of)
{
	const struct view_components *a = &d->out->from->components, *b = &d->out->to->components;

	for (int pass = 0; pass < 3; pass++) {
		struct strmap known = strmap_new(d->arena, b->n);

		for (size_t i = 0; i < b->n; i++) {
			struct span key = component_key(d->arena, b, i, pass);

			if (from_of[i] == DIFF_NONE)
				strmap_add(&known, key.data, key.len, (uint32_t)i);
		}
		for (size_t i = 0; i < a->n; i++) {
			struct span key = component_key(d->arena, a, i, pass);
			uint32_t at = strmap_get(&known, key.data, key.len);

			if (to_of[i] != DIFF_NONE || at == STRMAP_NONE || from_of[at] != DIFF_NONE)
				continue;
			to_of[i] = at;
			from_of[at] = (uint32_t)i;
		}
	}
}

void diff_components(struct differ *d)
{
	struct diff *out = d->out;
	const struct view_components *a = &out->from->components, *b = &out->to->components;
	const struct view_links *la = &out->from->links, *lb = &out->to->links;
	uint32_t *from_of = unknown(d->arena, b->n), *to_of = unknown(d->arena, a->n);
	struct diff_sides s = { .from_of = from_of, .to_of = to_of };
	struct diff_list *list = &out->components;

	match_components(d, from_of, to_of);
	out->component_from = from_of;
	for (size_t i = 0; i < b->n; i++) {
		uint32_t old = from_of[i];

		if (old == DIFF_NONE)
			list->added++;
		else if (!diff_same(a->path[old], b->path[i]))
			list->moved++;
		else if (a->files[old] != b->files[i] || a->code[old] != b->code[i] ||
		         !diff_same(a->name[old], b->name[i]))
			list->changed++;
		else
			continue;
		diff_add(d->arena, list, old, (uint32_t)i);
	}
	for (size_t i = 0; i < a->n; i++) {
		if (to_of[i] != DIFF_NONE)
			continue;
		list->removed++;
		diff_add(d->arena, list, (uint32_t)i, DIFF_NONE);
	}
	s.from = diff_pairs(d->arena, la->from, la->to, la->n, &s.nfrom);
	s.to = diff_pairs(d->arena, lb->from, lb->to, lb->n, &s.nto);
	diff_edges(d->arena, &s, &out->links_added, &out->nlinks_added, &out->links_removed,
	           &out->nlinks_removed);
}

/* --- Packages --- */

size_t diff_package_rows(const struct view *v, size_t i)
{
	const struct view_externals *e = &v->externals;
	size_t end = i + 1;

	while (end < e->n && diff_same(e->ecosystem[end], e->ecosystem[i]) &&
	       diff_same(e->name[end], e->name[i]))
		end++;
	return end - i;
}

static bool has_spec(const struct view *v, size_t first, size_t n, struct span spec)
{
	for (size_t i = first; i < first + n; i++)
		if (diff_same(v->externals.spec[i], spec))
			return true;
	return false;
}

struct span diff_spec(const struct view *a, size_t i, const struct view *b, size_t k)
{
	size_t na = diff_package_rows(a, i), nb = diff_package_rows(b, k);

	for (size_t x = i; x < i + na; x++)
		if (!has_spec(b, k, nb, a->externals.spec[x]))
			return a->externals.spec[x];
	return a->externals.spec[i];
}

/* Whether one of them is asked for in a version in which the other is not. */
static bool specs_differ(const struct view *a, size_t i, const struct view *b, size_t k)
{
	size_t na = diff_package_rows(a, i), nb = diff_package_rows(b, k);

	for (size_t x = i; x < i + na; x++)
		if (!has_spec(b, k, nb, a->externals.spec[x]))
			return true;
	for (size_t x = k; x < k + nb; x++)
		if (!has_spec(a, i, na, b->externals.spec[x]))
			return true;
	return false;
}

void diff_externals(struct differ *d)
{
	const struct view *a = d->out->from, *b = d->out->to;
	struct strmap known = strmap_new(d->arena, a->externals.n);
	bool *met = arena_array(d->arena, a->externals.n, sizeof(bool));
	struct diff_list *list = &d->out->externals;

	for (size_t i = 0; i < a->externals.n; i += diff_package_rows(a, i)) {
		struct span key = key_of(d->arena, a->externals.ecosystem[i], a->externals.name[i]);

		strmap_add(&known, key.data, key.len, (uint32_t)i);
	}
	for (size_t i = 0; i < b->externals.n; i += diff_package_rows(b, i)) {
		struct span key = key_of(d->arena, b->externals.ecosystem[i], b->externals.name[i]);
		uint32_t old = strmap_get(&known, key.data, key.len);

		if (old == STRMAP_NONE)
			list->added++;
		else
			met[old] = true;
		if (old != STRMAP_NONE && !specs_differ(a, old, b, i))
			continue;
		list->changed += old != STRMAP_NONE;
		diff_add(d->arena, list, old, (uint32_t)i);
	}
	for (size_t i = 0; i < a->externals.n; i += diff_package_rows(a, i)) {
		if (met[i])
			continue;
		list->removed++;
		diff_add(d->arena, list, (uint32_t)i, DIFF_NONE);
	}
}

/* --- Routes and hotspots: there or not --- */

static void list_missing(struct differ *d, struct diff_list *list, const struct strmap *other,
                         const struct span *keys, size_t n, bool added)
{
	for (size_t i = 0; i < n; i++) {
		if (strmap_get(other, keys[i].data, keys[i].len) != STRMAP_NONE)
			continue;
		diff_add(d->arena, list, added ? DIFF_NONE : (uint32_t)i,
		         added ? (uint32_t)i : DIFF_NONE);
		list->added += added;
		list->removed += !added;
	}
}

static void compare_keys(struct differ *d, struct diff_list *list, const struct span *from,
                         size_t nfrom, const struct span *to, size_t nto)
{
	struct strmap in_from = strmap_new(d->arena, nfrom), in_to = strmap_new(d->arena, nto);

	for (size_t i = 0; i < nfrom; i++)
		strmap_add(&in_from, from[i].data, from[i].len, (uint32_t)i);
	for (size_t i = 0; i < nto; i++)
		strmap_add(&in_to, to[i].data, to[i].len, (uint32_t)i);
	list_missing(d, list, &in_from, to, nto, true);
	list_missing(d, list, &in_to, from, nfrom, false);
}

static struct span *route_keys(struct arena *arena, const struct view *v)
{
	struct span *keys = arena_array(arena, v->routes.n, sizeof(*keys));

	for (size_t i = 0; i < v->routes.n; i++)
		keys[i] = key_of(arena, v->routes.method[i], v->routes.pattern[i]);
	return keys;
}

void diff_routes(struct differ *d)
{
	compare_keys(d, &d->out->routes, route_keys(d->arena, d->out->from), d->out->from->routes.n,
	             route_keys(d->arena, d->out->to), d->out->to->routes.n);
}

/* A hotspot of before has the path that its file has now. */
void diff_hotspots(struct differ *d)
{
	const struct view *a = d->out->from, *b = d->out->to;
	struct span *from = arena_array(d->arena, a->hotspots.n, sizeof(*from));
	struct span *to = arena_array(d->arena, b->hotspots.n, sizeof(*to));

	for (size_t i = 0; i < a->hotspots.n; i++) {
		uint32_t file = d->out->file_to[a->hotspots.file[i]];

		from[i] = file != DIFF_NONE ? b->files.path[file]
		                            : a->files.path[a->hotspots.file[i]];
	}
	for (size_t i = 0; i < b->hotspots.n; i++)
		to[i] = b->files.path[b->hotspots.file[i]];
	compare_keys(d, &d->out->hotspots, from, a->hotspots.n, to, b->hotspots.n);
}
