/*
 * String map: borrowed byte strings to 32-bit numbers, for indexes that are
 * built once and asked often.
 *
 * Open addressing in an arena; keys are borrowed and must outlive the map.
 * The hash is that of name_set.h, keyed by the process, so that no repository can
 * hold names that all meet in one slot; results never depend on the order of slots.
 */
#ifndef MAPS_STRMAP_H
#define MAPS_STRMAP_H

#include "base/arena.h"
#include "maps/name_set.h"

#define STRMAP_NONE UINT32_MAX /* no such key; never a stored value */

struct strmap_slot;

struct strmap {
	struct arena *arena;
	struct strmap_slot *slots;
	size_t cap, used;
	struct name_key hash_key;
};

/** @expect how many keys will come; the map grows beyond it */
struct strmap strmap_new(struct arena *arena, size_t expect);

/** Store a value unless the key has one.  @ret the value the key has now */
uint32_t strmap_add(struct strmap *map, const char *key, size_t len, uint32_t value);

/** Store a value, replacing the one before. */
void strmap_set(struct strmap *map, const char *key, size_t len, uint32_t value);

/** @ret the value, or STRMAP_NONE */
uint32_t strmap_get(const struct strmap *map, const char *key, size_t len);

#endif
