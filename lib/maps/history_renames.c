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
	struct half *items;
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
static void gather(struct history_walk *w, bool came, struct halves *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < w->nchanges; i++) {
		const struct change *c = &w->changes[i];
		uint32_t mode = came ? c->is_mode : c->was_mode;
		const unsigned char *oid = came ? c->is : c->was;
		struct span path = w->names[c->name].path;

		if ((came ? c->was_mode : c->is_mode) != 0 || !is_file(mode) ||
		    c->pair != HISTORY_NONE || memcmp(oid, EMPTY_BLOB, MAP_OID_BYTES) == 0)
			continue;
		ret->items[ret->n++] = (struct half){ oid, path, base_of(path), (uint32_t)i };
	}
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
	w->changes[went].pair = came;
	w->changes[came].pair = went;
}

/* Both lists side by side: the same content, and the same base name if that is asked for. */
static void pair_equal(struct history_walk *w, struct halves *went, struct halves *came, bool named)
{
	int (*order)(const void *, const void *) = named ? by_base : by_path;
	size_t i = 0, k = 0;

	gather(w, false, went);
	gather(w, true, came);
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
static bool cut_all(struct history_walk *w, struct arena *scratch, const struct halves *halves,
                    struct pieces *ret)
{
	bool all = true;

	for (size_t i = 0; i < halves->n; i++) {
		struct scan_blob blob;

		ret[i] = (struct pieces){ 0 };
		if (w->similar_bytes >= HISTORY_SIMILAR_TOTAL ||
		    !history_blob(w, halves->items[i].oid, HISTORY_SIMILAR_BYTES, &blob)) {
			all = false;
			continue;
		}
		w->similar_bytes += blob.text.len;
		ret[i] = cut(scratch, blob.text);
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

static void pair_similar(struct history_walk *w, const struct halves *went,
                         const struct halves *came)
{
	CLEANUP(arena_free_ptr) struct arena *scratch = arena_new(SIZE_MAX / 2);
	struct pieces gone[HISTORY_SIMILAR_FILES], new[HISTORY_SIMILAR_FILES];
	struct candidate *found = arena_array(scratch, went->n * came->n, sizeof(struct candidate));
	size_t n = 0;
	bool all = cut_all(w, scratch, went, gone);

	all = cut_all(w, scratch, came, new) && all;
	w->out->renames_skipped += !all;
	for (size_t i = 0; i < went->n; i++) {
		for (size_t k = 0; k < came->n; k++) {
			uint32_t percent = likeness(&gone[i], &new[k]);

			if (percent >= SIMILAR_LEAST)
				found[n++] = (struct candidate){
					percent,
					by_span(went->items[i].base, came->items[k].base) == 0,
					went->items[i].change, came->items[k].change
				};
		}
	}
	if (n > 1)
		qsort(found, n, sizeof(found[0]), by_likeness);
	for (size_t i = 0; i < n; i++)
		if (w->changes[found[i].went].pair == HISTORY_NONE &&
		    w->changes[found[i].came].pair == HISTORY_NONE)
			join(w, found[i].went, found[i].came);
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

/* Whether a path went of which it is not known yet what it became. */
static bool is_lost(const struct history_walk *w, const struct halves *went)
{
	for (size_t i = 0; i < went->n; i++) {
		uint32_t name = w->changes[went->items[i].change].name;

		if (!of_today(w, name) && w->names[name].renamed_to == HISTORY_NONE)
			return true;
	}
	return false;
}

static void follow_pairs(struct history_walk *w)
{
	for (size_t i = 0; i < w->nchanges; i++) {
		const struct change *went = &w->changes[i];
		struct name *name = &w->names[went->name];
		uint32_t end;

		if (went->is_mode != 0 || went->pair == HISTORY_NONE || of_today(w, went->name) ||
		    name->renamed_to != HISTORY_NONE)
			continue;
		end = history_follow(w, w->changes[went->pair].name);
		if (end != went->name) /* forth and back */
			name->renamed_to = end;
	}
}

void history_renames(struct history_walk *w)
{
	struct halves went = { 0 }, came = { 0 };
	size_t ngone = 0, nnew = 0;

	for (size_t i = 0; i < w->nchanges; i++) {
		ngone += w->changes[i].is_mode == 0;
		nnew += w->changes[i].was_mode == 0;
	}
	if (ngone == 0 || nnew == 0)
		return;
	if (ngone > w->halves_cap || nnew > w->halves_cap) {
		w->halves_cap = ngone > nnew ? ngone : nnew;
		w->halves_cap = w->halves_cap < 256 ? 256 : w->halves_cap * 2;
		for (size_t i = 0; i < COUNT(w->halves); i++)
			w->halves[i] = arena_array(w->arena, w->halves_cap, sizeof(struct half));
	}
	went.items = w->halves[0];
	came.items = w->halves[1];
	pair_equal(w, &went, &came, true);
	pair_equal(w, &went, &came, false);
	gather(w, false, &went);
	gather(w, true, &came);
	if (went.n > 0 && came.n > 0 && (history_counts_lines(w) || is_lost(w, &went))) {
		if (went.n <= HISTORY_SIMILAR_FILES && came.n <= HISTORY_SIMILAR_FILES)
			pair_similar(w, &went, &came);
		else
			w->out->renames_skipped++;
	}
	follow_pairs(w);
}
