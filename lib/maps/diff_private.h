/* Between the files of diff; nobody else includes this. */
#ifndef MAPS_DIFF_PRIVATE_H
#define MAPS_DIFF_PRIVATE_H

#include "maps/diff.h"
#include "maps/strmap.h"
#include "maps/view_json.h"

#include <string.h>

struct differ {
	struct arena *arena;
	struct diff *out;
	uint32_t *file_from; /* by file of to: the same file in from, or DIFF_NONE */
};

/* Pairs of two sides, sorted and each once, and which node is which on the other side. */
struct diff_sides {
	const uint64_t *from, *to;
	size_t nfrom, nto;
	const uint32_t *from_of, *to_of;
};

static inline bool diff_same(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

void diff_add(struct arena *arena, struct diff_list *list, uint32_t from, uint32_t to);
uint64_t *diff_pairs(struct arena *arena, const int32_t *from, const int32_t *to, size_t n,
                     size_t *ret_n);
void diff_edges(struct arena *arena, const struct diff_sides *s, struct diff_edge **ret_added,
                size_t *ret_nadded, struct diff_edge **ret_removed, size_t *ret_nremoved);

/** @ret a version in which a asks for a package and b does not, else the first; of rows i and k */
struct span diff_spec(const struct view *a, size_t i, const struct view *b, size_t k);

void diff_components(struct differ *d);
void diff_externals(struct differ *d);
void diff_routes(struct differ *d);
void diff_hotspots(struct differ *d);

#endif
