/*
 * Made map: a repository of any size that exists in numbers alone, as the parts of a bundle.
 *
 * Files in folders of 50, edges that lead to few files more often than to others, names of
 * words put together.  The same sizes give the same bytes.
 */
#ifndef TESTS_MADE_MAP_H
#define TESTS_MADE_MAP_H

#include "maps/bundle.h"

struct made_map {
	uint32_t files, edges, symbols;
};

/** Make the parts; they live in cx->arena. */
void made_map_bundle(struct ctx *cx, const struct made_map *sizes, struct bundle *ret);

/** @ret path of a file, name of a symbol; in the arena */
const char *made_map_path(struct arena *arena, uint32_t file);
const char *made_map_name(struct arena *arena, uint32_t symbol);

#endif
