/* Between surface.c and surface_mounts.c; nobody else includes this. */
#ifndef MAPS_SURFACE_MOUNTS_H
#define MAPS_SURFACE_MOUNTS_H

#include "maps/surface.h"

/* Mounts whose target file is known, by that file. */
struct surface_mount {
	uint32_t to, from;
	const struct fact_mount *mount;
};

#define MOUNT_PATTERNS_MAX 16 /* of one route; further mounts of its router are left out */

struct surface_mounts {
	struct surface_mount *rows;
	size_t n;
};

/** Find the files of all mounts.  @ret lives in the arena */
struct surface_mounts surface_mounts_find(struct arena *arena, const struct resolve_in *in,
                                          const struct resolve_edge *edges, size_t nedges);

/**
 * A route's patterns below the prefixes at which its file's router is mounted: one for each place,
 * in the order of the files that mount it; as written when nobody does.
 *
 * @ret how many, at least one
 */
size_t surface_mounts_patterns(const struct surface_mounts *mounts, struct arena *arena,
                               uint32_t file, const struct fact_route *route,
                               const char *ret[MOUNT_PATTERNS_MAX]);

#endif
