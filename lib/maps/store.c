#include "maps/store.h"

#include <string.h>

struct store store_new(struct arena *arena)
{
	return (struct store){ .arena = arena, .seen = strmap_new(arena, 4096) };
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

uint32_t store_index(struct store *store, const char *text)
{
	size_t len = strlen(text);
	uint32_t at = strmap_get(&store->seen, text, len);
	const char *copy;

	if (at != STRMAP_NONE)
		return at;
	copy = arena_strndup(store->arena, text, len);
	at = (uint32_t)store->ntexts;
	strmap_add(&store->seen, copy, len, at);
	store_add(store, copy);
	store->bytes += len + 1;
	return at;
}
