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

/*
 * What a map said of texts, by their addresses: names come out of a store (store.h) in which each is
 * once, so most are asked for again at the same place, and need not be read for that.  The texts stay where
 * they are as long as this is used, and the map's values as they are.
 */
#define STRMAP_SEEN 16384

struct strmap_seen {
	struct strmap_said {
		const char *text;
		uint32_t value;
	} said[STRMAP_SEEN];
};

/** @expect how many keys will come; the map grows beyond it */
struct strmap strmap_new(struct arena *arena, size_t expect);

/** Store a value unless the key has one.  @ret the value the key has now */
uint32_t strmap_add(struct strmap *map, const char *key, size_t len, uint32_t value);

/** Store a value, replacing the one before. */
void strmap_set(struct strmap *map, const char *key, size_t len, uint32_t value);

/** @ret the value, or STRMAP_NONE */
uint32_t strmap_get(const struct strmap *map, const char *key, size_t len);

/** The same of a text that ends with NUL; @seen of this map alone, zero at first.  Nothing is added later */
uint32_t strmap_get_seen(const struct strmap *map, struct strmap_seen *seen, const char *text);

/** @ret whether the text at that address was asked for; then what was said of it */
bool strmap_was_seen(struct strmap_seen *seen, const char *text, uint32_t *ret);

/** The same as strmap_add() of a text that ends with NUL. */
uint32_t strmap_add_seen(struct strmap *map, struct strmap_seen *seen, const char *text,
                         uint32_t value);

#endif
