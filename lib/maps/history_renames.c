/*
 * History: what came under a new name.
 *
 * The similarity of two files is git's (diffcore-delta.c): each is cut into lines, long ones every 64
 * bytes; the bytes of the pieces that both have, by the bytes of the larger file.
 */
#include "maps/history_parts.h"

#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES   64
#define SIMILAR_LEAST 50 /* percent */

static const unsigned char EMPTY_BLOB[MAP_OID_BYTES] = {
	0xe6, 0x9d, 0xe2, 0x9b, 0xb2, 0xd1, 0xd6, 0x43, 0x4b, 0x8b,
	0x29, 0xae, 0x77, 0x5a, 0xd8, 0xc2, 0xe4, 0x8c, 0x53, 0x91,
};

/* A change that is half of a rename, perhaps. */
struct half {
	const unsigned char *oid;
	struct span path, base;
	uint32_t change;
};

struct halves {
	struct half *items; /* in w->scratch */
	size_t n;
};

static struct span base_of(struct span path)
{
	const char *slash = memrchr(path.data, '/', path.len);
	size_t skip = slash != NULL ? (size_t)(slash + 1 - path.data) : 0;

	return (struct span){ path.data + skip, path.len - skip };
}

static bool is_file(uint32_t mode)
{
	return (mode & TREE_MODE_TYPE) == TREE_MODE_FILE;
}

/* What went, or what came, and has no other half yet; an empty file may be any other. */
static bool is_half(const struct change *c, bool came)
{
	uint32_t mode = came ? c->is_mode : c->was_mode;

	return (came ? c->was_mode : c->is_mode) == 0 && is_file(mode) && c->pair == 0 &&
	       memcmp(came ? c->is : c->was, EMPTY_BLOB, MAP_OID_BYTES) != 0;
}

static struct halves gather(struct history_walk *w, bool came)
{
	const struct deed *deed = &w->deed;
	const struct kept_texts *texts = history_kept_texts(w->kept);
	struct halves ret = { 0 };

	for (size_t i = 0; i < deed->nchanges; i++)
		ret.n += is_half(&deed->changes[i], came);
	ret.items = arena_array(w->scratch, ret.n, sizeof(struct half));
	ret.n = 0;
	for (size_t i = 0; i < deed->nchanges; i++) {
		const struct change *c = &deed->changes[i];
		const char *text = texts->items[c->path];
		struct span path = { text, strlen(text) };

		if (is_half(c, came))
			ret.items[ret.n++] = (struct half){ came ? c->is : c->was, path,
				                            base_of(path), (uint32_t)i };
	}
	return ret;
}

static int by_span(struct span a, struct span b)
{
	int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_base(const void *a, const void *b)
{
	const struct half *x = a, *y = b;
	int order = memcmp(x->oid, y->oid, MAP_OID_BYTES);

	if (order == 0)
		order = by_span(x->base, y->base);
	return order != 0 ? order : by_span(x->path, y->path);
}

static int by_path(const void *a, const void *b)
{
	const struct half *x = a, *y = b;
	int order = memcmp(x->oid, y->oid, MAP_OID_BYTES);

	return order != 0 ? order : by_span(x->path, y->path);
}

static void join(struct history_walk *w, uint32_t went, uint32_t came)
{
	w->deed.changes[went].pair = came + 1;
	w->deed.changes[came].pair = went + 1;
}

/* Both lists side by side: the same content, and the same base name if that is asked for. */
static void pair_lists(struct history_walk *w, struct halves *went, struct halves *came, bool named)
{
	int (*order)(const void *, const void *) = named ? by_base : by_path;
	size_t i = 0, k = 0;

	*went = gather(w, false);
	*came = gather(w, true);
	if (went->n == 0 || came->n == 0)
		return;
	qsort(went->items, went->n, sizeof(struct half), order);
	qsort(came->items, came->n, sizeof(struct half), order);
	while (i < went->n && k < came->n) {
		const struct half *x = &went->items[i], *y = &came->items[k];
		int differ = memcmp(x->oid, y->oid, MAP_OID_BYTES);

		if (differ == 0 && named)
			differ = by_span(x->base, y->base);
		if (differ == 0)
			join(w, x->change, y->change);
		i += differ <= 0;
		k += differ >= 0;
	}
}

void history_pair_equal(struct history_walk *w)
{
	struct deed *deed = &w->deed;
	struct halves went, came;
	size_t ngone = 0, nnew = 0;

	for (size_t i = 0; i < deed->nchanges; i++) {
		ngone += deed->changes[i].is_mode == 0;
		nnew += deed->changes[i].was_mode == 0;
	}
	if (ngone == 0 || nnew == 0)
		return;
	pair_lists(w, &went, &came, true);
	pair_lists(w, &went, &came, false);
	went = gather(w, false);
	came = gather(w, true);
	if (went.n == 0 || came.n == 0)
		return;
	deed->flags |= DEED_LONE;
	if (went.n > HISTORY_SIMILAR_FILES || came.n > HISTORY_SIMILAR_FILES)
		deed->flags |= DEED_MANY;
	for (size_t i = 0; i < went.n; i++)
		deed->changes[went.items[i].change].flags |= CHANGE_LONE;
}

/* --- Similar content --- */

struct piece {
	uint32_t hash, bytes;
};

struct pieces {
	struct piece *items; /* by hash, each once */
	size_t n, bytes;
};

static int by_hash(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static struct pieces cut(struct arena *arena, struct span text)
{
	struct pieces ret = { .bytes = text.len };
	size_t cap = text.len / 8 + 16, kept = 0;

	ret.items = arena_array(arena, cap, sizeof(struct piece));
	for (size_t i = 0; i < text.len;) {
		uint32_t hash = 2166136261u, bytes = 0; /* FNV-1a */
		bool line_ends = false;

		for (; i < text.len && bytes < PIECE_BYTES && !line_ends; i++, bytes++) {
			hash = (hash ^ (unsigned char)text.data[i]) * 16777619u;
			line_ends = text.data[i] == '\n';
		}
		if (ret.n == cap) {
			ret.items = arena_grow(arena, ret.items, cap * sizeof(struct piece),
			                       cap * 2 * sizeof(struct piece));
			cap *= 2;
		}
		ret.items[ret.n++] = (struct piece){ hash, bytes };
	}
	if (ret.n == 0)
		return ret;
	qsort(ret.items, ret.n, sizeof(struct piece), by_hash);
	for (size_t i = 1; i < ret.n; i++) {
		if (ret.items[i].hash == ret.items[kept].hash)
			ret.items[kept].bytes += ret.items[i].bytes;
		else
			ret.items[++kept] = ret.items[i];
	}
	ret.n = kept + 1;
	return ret;
}

/* @ret percent */
static uint32_t likeness(const struct pieces *a, const struct pieces *b)
{
	size_t same = 0, larger = a->bytes > b->bytes ? a->bytes : b->bytes;

	for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
		const struct piece *x = &a->items[i], *y = &b->items[k];

		if (x->hash == y->hash)
			same += x->bytes < y->bytes ? x->bytes : y->bytes;
		i += x->hash <= y->hash;
		k += x->hash >= y->hash;
	}
	return larger > 0 ? (uint32_t)(same * 100 / larger) : 0;
}

/* @ret whether all could be read */
static bool cut_all(struct history_walk *w, const struct halves *halves, struct pieces *ret)
{
	bool all = true;

	for (size_t i = 0; i < halves->n; i++) {
		struct scan_blob blob;

		ret[i] = (struct pieces){ 0 };
		if (!history_blob(w, halves->items[i].oid, HISTORY_SIMILAR_BYTES, &blob)) {
			all = false;
			continue;
		}
		w->deed.similar_bytes += blob.text.len;
		ret[i] = cut(w->scratch, blob.text);
		scan_blob_free(&blob);
	}
	return all;
}

struct candidate {
	uint32_t percent;
	bool same_base;
	uint32_t went, came; /* changes: in the order of their paths */
};

static int by_likeness(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->percent != y->percent)
		return x->percent > y->percent ? -1 : 1;
	if (x->same_base != y->same_base)
		return x->same_base ? -1 : 1;
	if (x->went != y->went)
		return x->went < y->went ? -1 : 1;
	return x->came < y->came ? -1 : x->came > y->came;
}

void history_pair_similar(struct history_walk *w)
{
	struct pieces gone[HISTORY_SIMILAR_FILES], new[HISTORY_SIMILAR_FILES];
	struct halves went = gather(w, false), came = gather(w, true);
	struct candidate *found = arena_array(w->scratch, went.n * came.n, sizeof(*found));
	struct change *changes = w->deed.changes;
	size_t n = 0;
	bool all = cut_all(w, &went, gone);

	all = cut_all(w, &came, new) && all;
	for (size_t i = 0; i < went.n; i++) {
		for (size_t k = 0; k < came.n; k++) {
			uint32_t percent = likeness(&gone[i], &new[k]);

			if (percent >= SIMILAR_LEAST)
				found[n++] = (struct candidate){
					percent,
					by_span(went.items[i].base, came.items[k].base) == 0,
					went.items[i].change, came.items[k].change
				};
		}
	}
	if (n > 1)
		qsort(found, n, sizeof(found[0]), by_likeness);
	for (size_t i = 0; i < n; i++) {
		if (changes[found[i].went].pair != 0 || changes[found[i].came].pair != 0)
			continue;
		join(w, found[i].went, found[i].came);
		changes[found[i].went].flags |= CHANGE_SIMILAR;
		changes[found[i].came].flags |= CHANGE_SIMILAR;
	}
	w->deed.flags |= DEED_SIMILAR | (all ? 0 : DEED_PARTLY);
}

/* --- Names over time --- */

static bool of_today(const struct history_walk *w, uint32_t name)
{
	return name < w->in->tree->nfiles;
}

/* Paths are shortened on the way, so that long chains of renames stay cheap. */
uint32_t history_follow(struct history_walk *w, uint32_t name)
{
	uint32_t end = name;

	while (w->names[end].renamed_to != HISTORY_NONE)
		end = w->names[end].renamed_to;
	while (name != end) {
		uint32_t next = w->names[name].renamed_to;

		w->names[name].renamed_to = end;
		name = next;
	}
	return end;
}

bool history_is_lost(struct history_walk *w)
{
	for (size_t i = 0; i < w->deed.nchanges; i++) {
		const struct change *c = &w->deed.changes[i];
		uint32_t name = (c->flags & CHANGE_LONE) != 0 ? history_name(w, c->path) : 0;

		if ((c->flags & CHANGE_LONE) != 0 && !of_today(w, name) &&
		    w->names[name].renamed_to == HISTORY_NONE)
			return true;
	}
	return false;
}

void history_renames(struct history_walk *w, bool similar)
{
	const struct change *changes = w->deed.changes;

	for (size_t i = 0; i < w->deed.nchanges; i++) {
		const struct change *went = &changes[i];
		uint32_t name, end;

		if ((went->flags & CHANGE_WENT) == 0 || went->pair == 0 ||
		    ((went->flags & CHANGE_SIMILAR) != 0 && !similar))
			continue;
		name = history_name(w, went->path);
		if (of_today(w, name) || w->names[name].renamed_to != HISTORY_NONE)
			continue;
		end = history_follow(w, history_name(w, changes[went->pair - 1].path));
		if (end != name) /* forth and back */
			w->names[name].renamed_to = end;
	}
}
