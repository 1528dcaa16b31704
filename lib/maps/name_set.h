/*
 * Names of one file: a hash that its author cannot aim at, and a set of names.
 *
 * The hash is keyed by random bytes of the process, so no file holds names that all meet in one
 * slot: nothing is given up after so many probes, and what a set has does not depend on the key.
 * The construction is that of wyhash (Wang Yi, public domain): eight bytes at a time, multiplied to
 * 128 bits whose halves are folded.
 *
 *   Order    Sets list their names as they came.
 *   Growth   At most half full; what passes the caller's limit is dropped, and said.
 */
#ifndef MAPS_NAME_SET_H
#define MAPS_NAME_SET_H

#include "base/arena.h"

#define NAME_SET_BYTES 511 /* of a name; longer ones are dropped */

struct name_key {
	uint64_t a, b;
};

/** @ret the key of this process; differs from run to run */
struct name_key name_key(void);

uint64_t name_hash(const struct name_key *key, struct span name);

/* A slot of a table of names: half of the hash, and 1 + the index of the name; 0 when free. */
struct name_slot {
	uint32_t index, hash;
};

/* Zero is an empty set. */
struct name_set {
	const char **names; /* as they came */
	size_t n;
	struct name_slot *slots;
	size_t nslots;
	struct name_key key;
	bool dropped; /* a name, since it passed a limit */
};

/**
 * @max  names in the set
 * @ret  whether the set did not have the name; it is copied only then
 */
bool name_set_add(struct arena *arena, struct name_set *set, struct span name, size_t max);
bool name_set_has(const struct name_set *set, struct span name);

#endif
