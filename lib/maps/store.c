/* Store: texts by number, and a hash index that holds nothing but numbers, since there are many. */
#include "maps/store.h"

#include <string.h>

#define SLOTS_LEAST   8192
#define STORE_AT_ONCE 32

struct store store_new_apart(struct arena *arena, struct arena *index)
{
	return (struct store){
		.arena = arena,
		.index = index,
		.key = name_key(),
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

static uint32_t hash_of(const struct store *store, const char *text, size_t len)
{
	return (uint32_t)name_hash(&store->key, (struct span){ text, len });
}

/* The slot of a text, or the free one for it. */
static struct store_slot *find(const struct store *store, const char *text, uint32_t hash)
{
	for (size_t at = hash;; at++) {
		struct store_slot *slot = &store->slots[at & (store->nslots - 1)];

		if (slot->number == 0 ||
		    (slot->hash == hash && strcmp(store->texts[slot->number - 1], text) == 0))
			return slot;
	}
}

/* No text is looked at: they lie anywhere, and each is there once. */
static void grow(struct store *store)
{
	CLEANUP(arena_free_ptr) struct arena *scratch = arena_new(SIZE_MAX / 2);
	size_t n = store->nslots, bytes = n * sizeof(*store->slots);
	const struct store_slot *old = arena_memdup(scratch, store->slots, bytes);

	store->slots = arena_more(store->index, store->slots, bytes, 2 * bytes);
	store->nslots *= 2;
	memset(store->slots, 0, 2 * bytes);
	for (size_t i = 0; i < n; i++) {
		size_t at = old[i].hash;

		if (old[i].number == 0)
			continue;
		while (store->slots[at & (store->nslots - 1)].number != 0)
			at++;
		store->slots[at & (store->nslots - 1)] = old[i];
	}
}

static uint32_t index_text(struct store *store, const char *text, size_t len, uint32_t hash)
{
	struct store_slot *slot = find(store, text, hash);
	uint32_t at = (uint32_t)store->ntexts;

	if (slot->number != 0)
		return slot->number - 1;
	if (store->bytes == 0)
		store->first = at;
	*slot = (struct store_slot){ at + 1, hash };
	store_expect(store, 1);
	store->texts[store->ntexts++] = arena_strndup(store->arena, text, len);
	store->bytes += len + 1;
	if ((store->ntexts - store->first) * 3 > store->nslots * 2)
		grow(store);
	return at;
}

uint32_t store_index(struct store *store, const char *text)
{
	size_t len = strlen(text);

	return index_text(store, text, len, hash_of(store, text, len));
}

/* What a slot that is likely the right one leads to. */
static const char **likely(const struct store *store, uint32_t hash)
{
	const struct store_slot *slot = &store->slots[hash & (store->nslots - 1)];

	return slot->number != 0 && slot->hash == hash ? &store->texts[slot->number - 1] : NULL;
}

/*
 * A slot, the text's address, the text: each lies anywhere, and would be waited for by each text.  So
 * all slots are asked for first, then what those lead to.
 */
static void index_some(struct store *store, const char *const *texts, size_t n, uint32_t *ret)
{
	uint32_t hashes[STORE_AT_ONCE];
	size_t lens[STORE_AT_ONCE];

	for (size_t i = 0; i < n; i++) {
		lens[i] = strlen(texts[i]);
		hashes[i] = hash_of(store, texts[i], lens[i]);
		__builtin_prefetch(&store->slots[hashes[i] & (store->nslots - 1)], 1);
	}
	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(likely(store, hashes[i]));
	for (size_t i = 0; i < n; i++) {
		const char **text = likely(store, hashes[i]);

		if (text != NULL)
			__builtin_prefetch(*text);
	}
	for (size_t i = 0; i < n; i++)
		ret[i] = index_text(store, texts[i], lens[i], hashes[i]);
}

void store_index_all(struct store *store, const char *const *texts, size_t n, uint32_t *ret)
{
	for (size_t i = 0; i < n; i += STORE_AT_ONCE)
		index_some(store, texts + i, n - i < STORE_AT_ONCE ? n - i : STORE_AT_ONCE,
		           ret + i);
}
