/*
 * Store: every different text of many files once, with a number.
 *
 * Package names, targets and class names repeat in thousands of files.  Texts of an earlier run
 * (maps/cache.h) come first, as they are numbered there; what is new follows.
 */
#ifndef MAPS_STORE_H
#define MAPS_STORE_H

#include "maps/name_set.h"

struct store_slot {
	uint32_t number; /* of the text, plus 1; 0: free */
	uint32_t hash;   /* of the text: where its slot is looked for, and what few others have */
};

struct store {
	struct arena *arena, *index; /* of texts, and of slots */
	struct store_slot *slots;    /* those of this run; open addressing, at most 2/3 full */
	size_t nslots;
	struct name_key key;
	const char **texts; /* by number */
	size_t ntexts, texts_cap;
	size_t first;   /* of this run */
	uint64_t bytes; /* of the texts of this run, each with its NUL */
};

/** @arena that texts live in */
struct store store_new(struct arena *arena);

/** @index that goes when nothing is asked for or added any more, where texts live on */
struct store store_new_apart(struct arena *arena, struct arena *index);

/** Make room for n more texts, then give them by store_add(). */
void store_expect(struct store *store, size_t n);

/**
 * A text that outlives the store gets the next number; it is not looked for among the others.
 * Not after store_index().
 */
void store_add(struct store *store, const char *text);

/** @ret the number of a text, which is copied when it is new in this run */
uint32_t store_index(struct store *store, const char *text);

/** The same of n texts, one after the other; for many it takes less time. */
void store_index_all(struct store *store, const char *const *texts, size_t n, uint32_t *ret);

#endif
