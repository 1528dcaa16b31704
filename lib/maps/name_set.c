/* Names: the hash, and open addressing with linear probing. */
#include "maps/name_set.h"

#include <string.h>
#include <sys/auxv.h>

#define LEAST 64

static uint64_t eight(const char *p)
{
	uint64_t k;

	memcpy(&k, p, sizeof(k));
	return k;
}

static uint64_t folded(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The last bytes, 8 at most, without a look behind the name's end. */
static uint64_t tail(const char *p, size_t n)
{
	uint32_t low, high;

	if (n >= 4) {
		memcpy(&low, p, 4);
		memcpy(&high, p + n - 4, 4);
		return (uint64_t)high << 32 | low;
	}
	return n == 0 ? 0
	              : (uint64_t)(unsigned char)p[0] << 16 |
	                        (uint64_t)(unsigned char)p[n / 2] << 8 | (unsigned char)p[n - 1];
}

/*
 * The system gives each process 16 random bytes.  Others use them as well, so what is kept in memory
 * here does not tell them.
 */
struct name_key name_key(void)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): that is how the system gives an address */
	const char *random = (const char *)getauxval(AT_RANDOM);
	uint64_t a = 0, b = 0;

	if (random != NULL) {
		a = eight(random);
		b = eight(random + 8);
	}
	return (struct name_key){
		.a = folded(a ^ 0xa0761d6478bd642fu, b ^ 0xe7037ed1a0b428dbu) | 1,
		.b = folded(b ^ 0x8ebc6af09c88c6e3u, a ^ 0x589965cc75374cc3u) | 1,
	};
}

uint64_t name_hash(const struct name_key *key, struct span name)
{
	const char *p = name.data;
	size_t n = name.len;
	uint64_t h = key->b ^ n;

	for (; n > 8; p += 8, n -= 8)
		h = folded(eight(p) ^ key->a, h + key->b);
	h = folded(tail(p, n) ^ key->a, h + key->b);
	return folded(h ^ key->a, 0xe7037ed1a0b428dbu ^ key->b);
}

static bool fits(struct span name)
{
	return name.len > 0 && name.len <= NAME_SET_BYTES && !memchr(name.data, 0, name.len) &&
	       !memchr(name.data, '\n', name.len);
}

/* @ret the slot of the name, or the free one for it */
static struct name_slot *find(const struct name_set *set, struct span name, uint64_t hash)
{
	for (size_t at = (size_t)hash;; at++) {
		struct name_slot *slot = &set->slots[at & (set->nslots - 1)];
		const char *known;

		if (slot->index == 0)
			return slot;
		known = set->names[slot->index - 1];
		if (slot->hash == (uint32_t)(hash >> 32) &&
		    strncmp(known, name.data, name.len) == 0 && known[name.len] == '\0')
			return slot;
	}
}

static void grow(struct arena *arena, struct name_set *set)
{
	if (set->nslots == 0)
		set->key = name_key();
	set->nslots = set->nslots != 0 ? 2 * set->nslots : LEAST;
	set->slots = arena_array(arena, set->nslots, sizeof(*set->slots));
	for (size_t i = 0; i < set->n; i++) {
		struct span name = { set->names[i], strlen(set->names[i]) };
		uint64_t hash = name_hash(&set->key, name);

		*find(set, name, hash) =
			(struct name_slot){ (uint32_t)i + 1, (uint32_t)(hash >> 32) };
	}
	set->names = arena_more(arena, set->names, set->n * sizeof(*set->names),
	                        set->nslots / 2 * sizeof(*set->names));
}

bool name_set_add(struct arena *arena, struct name_set *set, struct span name, size_t max)
{
	struct name_slot *slot;
	uint64_t hash;

	if (!fits(name)) {
		set->dropped = set->dropped || name.len > NAME_SET_BYTES;
		return false;
	}
	if (2 * set->n >= set->nslots)
		grow(arena, set);
	hash = name_hash(&set->key, name);
	slot = find(set, name, hash);
	if (slot->index != 0)
		return false;
	if (set->n >= max) {
		set->dropped = true;
		return false;
	}
	set->names[set->n++] = arena_strndup(arena, name.data, name.len);
	*slot = (struct name_slot){ (uint32_t)set->n, (uint32_t)(hash >> 32) };
	return true;
}

bool name_set_has(const struct name_set *set, struct span name)
{
	return set->nslots != 0 && fits(name) &&
	       find(set, name, name_hash(&set->key, name))->index != 0;
}
