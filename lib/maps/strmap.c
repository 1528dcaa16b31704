/* String map: open addressing with linear probing, at most half full. */
#include "maps/strmap.h"

#include <string.h>

struct strmap_slot {
	const char *key;
	uint32_t len, value;
	uint64_t hash;
};

#define LEAST 16

static uint64_t hash_of(const struct strmap *map, const char *key, size_t len)
{
	return name_hash(&map->hash_key, (struct span){ key, len });
}

struct strmap strmap_new(struct arena *arena, size_t expect)
{
	size_t cap = LEAST;

	while (cap < expect * 2)
		cap *= 2;
	return (struct strmap){
		.arena = arena,
		.hash_key = name_key(),
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
	uint64_t hash = hash_of(map, key, len);
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
	slot = find(map, key, len, hash_of(map, key, len));
	return slot->key != NULL ? slot->value : STRMAP_NONE;
}

static struct strmap_said *said_of(struct strmap_seen *seen, const char *text)
{
	return &seen->said[(uintptr_t)text * 0x9E3779B97F4A7C15u >> 32 & (STRMAP_SEEN - 1)];
}

uint32_t strmap_get_seen(const struct strmap *map, struct strmap_seen *seen, const char *text)
{
	struct strmap_said *said = said_of(seen, text);

	if (said->text != text)
		*said = (struct strmap_said){ text, strmap_get(map, text, strlen(text)) };
	return said->value;
}

bool strmap_was_seen(struct strmap_seen *seen, const char *text, uint32_t *ret)
{
	const struct strmap_said *said = said_of(seen, text);

	*ret = said->value;
	return said->text == text;
}

uint32_t strmap_add_seen(struct strmap *map, struct strmap_seen *seen, const char *text,
                         uint32_t value)
{
	struct strmap_said *said = said_of(seen, text);

	if (said->text != text)
		*said = (struct strmap_said){ text, strmap_add(map, text, strlen(text), value) };
	return said->value;
}
