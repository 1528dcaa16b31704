/*
 * Store: facts of many files in little memory.
 *
 * facts_read() fills generous arrays in a scratch arena; what is kept of them
 * is copied here in exact sizes, every different string once.  Package names,
 * targets and class names repeat in thousands of files.
 */
#ifndef MAPS_STORE_H
#define MAPS_STORE_H

#include "maps/facts.h"
#include "maps/strmap.h"

struct store {
	struct arena *arena;
	struct strmap seen;
	const char **texts;
	size_t ntexts, texts_cap;
};

/** @arena that everything kept lives in */
struct store store_new(struct arena *arena);

/** @ret the one copy of a text */
const char *store_text(struct store *store, const char *text);

/** @ret a copy of facts that outlives the arena they were read into */
struct facts store_facts(struct store *store, const struct facts *facts);

#endif
