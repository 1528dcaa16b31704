/* String map: open addressing with linear probing, at most half full. */
#include "maps/strmap.h"

#include <string.h>

struct strmap_slot {
	const char *key;
	uint32_t len, value;
	uint64_t hash;
};

#define LEAST 16

/* Eight bytes a step; the multiplier and the final mix are those of MurmurHash64A. */
static uint64_t hash_bytes(const char *key, size_t len)
{
	const uint64_t m = 0xc6a4a7935bd1e995u;
	uint64_t h = 0x9e3779b97f4a7c15u ^ (len * m);

	for (; len >= 8; key += 8, len -= 8) {
		uint64_t k;

		memcpy(&k, key, 8);
		k *= m;
		k ^= k >> 47;
		h = (h ^ (k * m)) * m;
	}
	if (len > 0) {
		uint64_t k = 0;

		memcpy(&k, key, len);
		h = (h ^ k) * m;
	}
	h ^= h >> 47;
	h *= m;
	return h ^ (h >> 47);
}

struct strmap strmap_new(struct arena *arena, size_t expect)
{
	size_t cap = LEAST;

	while (cap < expect * 2)
		cap *= 2;
	return (struct strmap){
		.arena = arena,
		.cap = cap,
		.slots = arena_array(arena, cap, sizeof(struct strmap_slot)),
	};
}

static struct strmap_slot *find(const struct strmap *map, const char *key, size_t len,
                                uint64_t hash)
{
	size_t at = hash & (map->cap - 1);

	for (;; at = (at + 1) & (map->cap - 1)) {
		struct strmap_slot *slot = &map->slots[at];

		if (slot->key == NULL ||
		    (slot->hash == hash && slot->len == len && memcmp(slot->key, key, len) == 0))
			return slot;
	}
}

static void grow(struct strmap *map)
{
	struct strmap wider = strmap_new(map->arena, map->cap);

	for (size_t i = 0; i < map->cap; i++) {
		const struct strmap_slot *slot = &map->slots[i];

		if (slot->key != NULL)
			*find(&wider, slot->key, slot->len, slot->hash) = *slot;
	}
	wider.used = map->used;
	*map = wider;
}

static struct strmap_slot *claim(struct strmap *map, const char *key, size_t len, uint32_t value)
{
	uint64_t hash = hash_bytes(key, len);
	struct strmap_slot *slot;

	assert(value != STRMAP_NONE && len < UINT32_MAX);
	if ((map->used + 1) * 2 > map->cap)
		grow(map);
	slot = find(map, key, len, hash);
	if (slot->key == NULL) {
		*slot = (struct strmap_slot){ key, (uint32_t)len, value, hash };
		map->used++;
	}
	return slot;
}

uint32_t strmap_add(struct strmap *map, const char *key, size_t len, uint32_t value)
{
	return claim(map, key, len, value)->value;
}

void strmap_set(struct strmap *map, const char *key, size_t len, uint32_t value)
{
	claim(map, key, len, value)->value = value;
}

uint32_t strmap_get(const struct strmap *map, const char *key, size_t len)
{
	const struct strmap_slot *slot;

	if (map->slots == NULL)
		return STRMAP_NONE;
	slot = find(map, key, len, hash_bytes(key, len));
	return slot->key != NULL ? slot->value : STRMAP_NONE;
}
