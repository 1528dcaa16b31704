/* History: what a commit did.  Trees are kept for the next comparison, which wants half of them. */
#include "maps/history_parts.h"

#include <string.h>

#define CACHE_SLOTS    8192
#define CACHE_BYTES    ((size_t)16 << 20)
#define TREE_BYTES_MAX ((size_t)32 << 20) /* of one tree */
#define TREE_COST      1024 /* in bytes of a tree: what it takes to find one that is kept */
#define DEPTH_MAX      (MAP_PATH_MAX / 2)

/* --- As it is kept --- */

/* When one of these fails: a new member is kept, or said not to be, and here is the new size. */
static_assert(sizeof(struct change) == 68, "change has a member that is not kept");
static_assert(sizeof(struct deed) == 48, "deed has a member that is not kept");

static const struct code_field CHANGE_FIELDS[] = {
	CODE_NUMBER(struct change, path),
	CODE_UP_TO(struct change, flags, CHANGE_ALL),
	CODE_UP_TO(struct change, pair, HISTORY_CHANGES_COMMIT),
	CODE_NUMBER(struct change, added),
	CODE_NUMBER(struct change, removed),
};
static const struct code_table CHANGE = CODE_TABLE(struct change, CHANGE_FIELDS);

static const struct code_field DEED_FIELDS[] = {
	CODE_UP_TO(struct deed, flags, DEED_ALL),
	CODE_NUMBER(struct deed, lines_skipped),
	CODE_NUMBER(struct deed, tree_bytes),
	CODE_NUMBER(struct deed, similar_bytes),
	CODE_NUMBER(struct deed, lines_bytes),
	CODE_ROWS(struct deed, changes, nchanges, &CHANGE, HISTORY_CHANGES_COMMIT),
};
const struct code_table history_deed_table = CODE_TABLE(struct deed, DEED_FIELDS);

bool history_deed_check(const struct deed *deed, size_t ntexts)
{
	for (size_t i = 0; i < deed->nchanges; i++)
		if (deed->changes[i].path >= ntexts || deed->changes[i].pair > deed->nchanges)
			return false;
	return true;
}

/* --- Trees --- */

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
	return w->deed.tree_bytes > HISTORY_TREE_BYTES_COMMIT ||
	       w->deed.nchanges >= HISTORY_CHANGES_COMMIT ||
	       w->path_bytes > HISTORY_PATH_BYTES_COMMIT;
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
		w->deed.tree_bytes += ret->text.len + TREE_COST;
		return true;
	}
	if (scan_object(w->scan, oid, SCAN_TREE, TREE_BYTES_MAX, ret) != SKIP_NONE)
		return false;
	w->deed.tree_bytes += ret->text.len + TREE_COST;
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

uint32_t history_name_add(struct history_walk *w, struct span path)
{
	if (w->nnames == w->names_cap) {
		size_t cap = w->names_cap != 0 ? w->names_cap * 2 : 4096;

		w->names = arena_grow(w->arena, w->names, w->names_cap * sizeof(*w->names),
		                      cap * sizeof(*w->names));
		w->names_cap = cap;
	}
	w->memory += sizeof(*w->names) + path.len;
	w->names[w->nnames] = (struct name){ .path = path, .renamed_to = HISTORY_NONE };
	strmap_set(&w->paths, path.data, path.len, (uint32_t)w->nnames);
	return (uint32_t)w->nnames++;
}

uint32_t history_name(struct history_walk *w, uint32_t path)
{
	const struct kept_texts *texts = history_kept_texts(w->kept);
	struct kept_use *use = &texts->uses[path];
	struct span text;

	if (use->name != HISTORY_NONE)
		return use->name;
	text = (struct span){ texts->items[path], strlen(texts->items[path]) };
	use->name = strmap_get(&w->paths, text.data, text.len);
	if (use->name == STRMAP_NONE)
		use->name = history_name_add(w, text);
	return use->name;
}

/* @ret false when the commit is too much */
static bool take_change(void *data, const struct tree_change *change)
{
	struct history_walk *w = data;
	struct deed *deed = &w->deed;
	struct change *kept;

	if (has_enough(w))
		return false;
	if (deed->nchanges == w->changes_cap) {
		size_t cap = w->changes_cap != 0 ? w->changes_cap * 2 : 1024;

		w->changes = arena_grow(w->arena, w->changes, w->changes_cap * sizeof(*kept),
		                        cap * sizeof(*kept));
		w->changes_cap = cap;
		deed->changes = w->changes;
	}
	w->path_bytes += change->path.len;
	kept = &deed->changes[deed->nchanges++];
	*kept = (struct change){ .path = history_kept_text(w->kept, change->path) };
	if (change->was != NULL) {
		kept->was_mode = change->was->mode;
		memcpy(kept->was, change->was->oid, MAP_OID_BYTES);
	}
	if (change->is != NULL) {
		kept->is_mode = change->is->mode;
		memcpy(kept->is, change->is->oid, MAP_OID_BYTES);
	}
	kept->flags = kept->is_mode == 0 ? CHANGE_WENT : 0;
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

void history_changes(struct history_walk *w, const unsigned char *was, const unsigned char *is)
{
	w->deed = (struct deed){ .changes = w->changes };
	w->path_bytes = 0;
	w->compared = true;
	w->lasting = true;
	w->whole = tree_compare(w->cache->comparing, was, is);
	w->stopped = has_enough(w);
	history_pair_equal(w);
}

bool history_blob(struct history_walk *w, const unsigned char *oid, size_t max_bytes,
                  struct scan_blob *ret)
{
	enum skip_reason why = scan_object(w->scan, oid, SCAN_BLOB, max_bytes, ret);

	w->lasting &= why == SKIP_NONE || why == SKIP_TOO_LARGE;
	return why == SKIP_NONE;
}
