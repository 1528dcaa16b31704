/* Store: texts by number, and a hash index that holds nothing but numbers, since there are many. */
#include "maps/store.h"

#include "maps/checksum.h"

#include <string.h>

#define SLOTS_LEAST 8192

struct store store_new_apart(struct arena *arena, struct arena *index)
{
	return (struct store){
		.arena = arena,
		.index = index,
		.nslots = SLOTS_LEAST,
		.slots = arena_array(index, SLOTS_LEAST, sizeof(struct store_slot)),
	};
}

struct store store_new(struct arena *arena)
{
	return store_new_apart(arena, arena);
}

void store_expect(struct store *store, size_t n)
{
	size_t cap = store->texts_cap != 0 ? store->texts_cap : 4096;

	if (store->texts_cap - store->ntexts >= n)
		return;
	while (cap - store->ntexts < n)
		cap *= 2;
	store->texts = arena_grow(store->arena, store->texts, store->texts_cap * sizeof(char *),
	                          cap * sizeof(char *));
	store->texts_cap = cap;
}

void store_add(struct store *store, const char *text)
{
	store_expect(store, 1);
	store->texts[store->ntexts++] = text;
}

/* The slot of a text, or the free one for it. */
static struct store_slot *find(const struct store *store, const char *text, uint64_t hash)
{
	for (size_t at = (size_t)hash;; at++) {
		struct store_slot *slot = &store->slots[at & (store->nslots - 1)];

		if (slot->number == 0 || (slot->hash == (uint32_t)(hash >> 32) &&
		                          strcmp(store->texts[slot->number - 1], text) == 0))
			return slot;
	}
}

/* The texts of this run are all those from the first on: put in again, they need no second array. */
static void grow(struct store *store)
{
	size_t bytes = store->nslots * sizeof(*store->slots);

	store->slots = arena_more(store->index, store->slots, bytes, 2 * bytes);
	store->nslots *= 2;
	memset(store->slots, 0, 2 * bytes);
	for (size_t i = store->first; i < store->ntexts; i++) {
		const char *text = store->texts[i];
		uint64_t hash = checksum(text, strlen(text), 0);

		*find(store, text, hash) =
			(struct store_slot){ (uint32_t)i + 1, (uint32_t)(hash >> 32) };
	}
}

uint32_t store_index(struct store *store, const char *text)
{
	size_t len = strlen(text);
	uint64_t hash = checksum(text, len, 0);
	struct store_slot *slot = find(store, text, hash);
	uint32_t at = (uint32_t)store->ntexts;

	if (slot->number != 0)
		return slot->number - 1;
	if (store->bytes == 0)
		store->first = at;
	*slot = (struct store_slot){ at + 1, (uint32_t)(hash >> 32) };
	store_expect(store, 1);
	store->texts[store->ntexts++] = arena_strndup(store->arena, text, len);
	store->bytes += len + 1;
	if ((store->ntexts - store->first) * 3 > store->nslots * 2)
		grow(store);
	return at;
}
