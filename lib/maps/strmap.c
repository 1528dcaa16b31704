/* String map: open addressing with linear probing, at most half full. */
#include "maps/strmap.h"

#include <string.h>

struct strmap_slot {
	const char *key;
	uint32_t len, value;
	uint64_t hash;
};

#define LEAST 16

static uint64_t eight(const char *p)
{
	uint64_t k;

	memcpy(&k, p, sizeof(k));
	return k;
}

/* One step: the halves of the 128-bit product folded, as wyhash does (Wang Yi, public domain). */
static uint64_t folded(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The last bytes, 8 at most, without a look behind the key's end. */
static uint64_t tail(const char *key, size_t len)
{
	uint32_t low, high;

	if (len >= 4) {
		memcpy(&low, key, 4);
		memcpy(&high, key + len - 4, 4);
		return (uint64_t)high << 32 | low;
	}
	return len == 0 ? 0
	                : (uint64_t)(unsigned char)key[0] << 16 |
	                          (uint64_t)(unsigned char)key[len / 2] << 8 |
	                          (unsigned char)key[len - 1];
}

static uint64_t hash_bytes(const char *key, size_t len)
{
	const uint64_t m = 0xa0761d6478bd642fu, s = 0xe7037ed1a0b428dbu;
	uint64_t h = 0x8ebc6af09c88c6e3u ^ len;

	for (; len > 16; key += 16, len -= 16)
		h = folded(eight(key) ^ m, eight(key + 8) ^ h);
	if (len > 8)
		return folded(folded(eight(key) ^ m, eight(key + len - 8) ^ h) ^ s, m);
	return folded(folded(tail(key, len) ^ m, h) ^ s, m);
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
