/* History: which names a commit changed.  Trees are kept for the next comparison, which wants half of them. */
#include "maps/history_parts.h"

#include <string.h>

#define CACHE_SLOTS    1024
#define CACHE_BYTES    ((size_t)16 << 20)
#define TREE_BYTES_MAX ((size_t)32 << 20) /* of one tree */
#define TREE_COST      1024 /* in bytes of a tree: what it takes to find one that is kept */
#define DEPTH_MAX      (MAP_PATH_MAX / 2)

struct cached_tree {
	unsigned char oid[MAP_OID_BYTES];
	struct scan_blob tree;
};

/* One tree a slot, by its id; emptied when it holds too much. */
struct tree_cache {
	struct tree_comparing *comparing;
	struct cached_tree slots[CACHE_SLOTS];
	size_t bytes;
};

static void empty_cache(struct tree_cache *cache)
{
	for (size_t i = 0; i < CACHE_SLOTS; i++)
		scan_blob_free(&cache->slots[i].tree);
	cache->bytes = 0;
}

/* Trees that lead to themselves a thousand times are read a thousand times, so those kept count as well. */
static bool has_enough(const struct history_walk *w)
{
	return w->tree_bytes > HISTORY_TREE_BYTES_MAX ||
	       arena_used(w->arena) > HISTORY_MEMORY_BYTES ||
	       w->nnames >= w->in->tree->nfiles + HISTORY_NAMES_MAX ||
	       w->ntouched + w->nchanges >= HISTORY_CHANGES_MAX;
}

static bool take_tree(void *data, const unsigned char *oid, struct scan_blob *ret)
{
	struct history_walk *w = data;
	struct tree_cache *cache = w->cache;
	struct cached_tree *slot = &cache->slots[(oid[0] | oid[1] << 8) % CACHE_SLOTS];

	if (has_enough(w))
		return false;
	if (slot->tree.object != NULL && memcmp(slot->oid, oid, MAP_OID_BYTES) == 0) {
		*ret = scan_blob_share(&slot->tree);
		w->tree_bytes += ret->text.len + TREE_COST;
		return true;
	}
	if (scan_object(w->scan, oid, SCAN_TREE, TREE_BYTES_MAX, ret) != SKIP_NONE)
		return false;
	w->tree_bytes += ret->text.len + TREE_COST;
	if (ret->text.len > CACHE_BYTES / 16)
		return true;
	cache->bytes += ret->text.len;
	if (cache->bytes > CACHE_BYTES) {
		empty_cache(cache);
		cache->bytes = ret->text.len;
	}
	scan_blob_free(&slot->tree);
	memcpy(slot->oid, oid, MAP_OID_BYTES);
	slot->tree = scan_blob_share(ret);
	return true;
}

static uint32_t name_of(struct history_walk *w, struct span path)
{
	uint32_t name = strmap_get(&w->paths, path.data, path.len);

	if (name != STRMAP_NONE)
		return name;
	path.data = arena_strndup(w->arena, path.data, path.len);
	return history_name_add(w, path);
}

uint32_t history_name_add(struct history_walk *w, struct span path)
{
	if (w->nnames == w->names_cap) {
		size_t cap = w->names_cap != 0 ? w->names_cap * 2 : 4096;

		w->names = arena_grow(w->arena, w->names, w->names_cap * sizeof(*w->names),
		                      cap * sizeof(*w->names));
		w->names_cap = cap;
	}
	w->names[w->nnames] = (struct name){ .path = path, .renamed_to = HISTORY_NONE };
	strmap_set(&w->paths, path.data, path.len, (uint32_t)w->nnames);
	return (uint32_t)w->nnames++;
}

/* @ret false when the walk must end */
static bool take_change(void *data, const struct tree_change *change)
{
	struct history_walk *w = data;
	struct change *kept;
	uint32_t name;

	if (has_enough(w))
		return false;
	name = name_of(w, change->path);
	if (w->nchanges == w->changes_cap) {
		size_t cap = w->changes_cap != 0 ? w->changes_cap * 2 : 1024;

		w->changes = arena_grow(w->arena, w->changes, w->changes_cap * sizeof(*kept),
		                        cap * sizeof(*kept));
		w->changes_cap = cap;
	}
	kept = &w->changes[w->nchanges++];
	*kept = (struct change){ .name = name, .pair = HISTORY_NONE };
	if (change->was != NULL) {
		kept->was_mode = change->was->mode;
		memcpy(kept->was, change->was->oid, MAP_OID_BYTES);
	}
	if (change->is != NULL) {
		kept->is_mode = change->is->mode;
		memcpy(kept->is, change->is->oid, MAP_OID_BYTES);
	}
	return true;
}

void history_changes_begin(struct history_walk *w)
{
	const struct tree_compare how = {
		.data = w,
		.max_depth = DEPTH_MAX,
		.take = take_tree,
		.give = scan_blob_free,
		.change = take_change,
	};

	w->cache = arena_alloc(w->arena, sizeof(*w->cache));
	w->cache->comparing = tree_comparing_new(w->arena, &how);
}

void history_changes_end(struct history_walk *w)
{
	if (w->cache != NULL)
		empty_cache(w->cache);
}

void history_changes(struct history_walk *w, const struct commit *was, const struct commit *is)
{
	bool whole = tree_compare(w->cache->comparing, was != NULL ? was->tree : NULL, is->tree);

	w->stopped = has_enough(w);
	w->out->damaged += !whole && !w->stopped;
}

bool history_blob(struct history_walk *w, const unsigned char *oid, size_t max_bytes,
                  struct scan_blob *ret)
{
	return scan_object(w->scan, oid, SCAN_BLOB, max_bytes, ret) == SKIP_NONE;
}
