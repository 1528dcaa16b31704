/* Between surface.c and surface_mounts.c; nobody else includes this. */
#ifndef MAPS_SURFACE_MOUNTS_H
#define MAPS_SURFACE_MOUNTS_H

#include "maps/surface.h"

/* Mounts whose target file is known, by that file. */
struct surface_mount {
	uint32_t to, from;
	const struct fact_mount *mount;
};

struct surface_mounts {
	struct surface_mount *rows;
	size_t n;
};

/** Find the files of all mounts.  @ret lives in the arena */
struct surface_mounts surface_mounts_find(struct arena *arena, const struct resolve_in *in,
                                          const struct resolve_edge *edges, size_t nedges);

/** @ret a pattern below the prefixes at which its file's router is mounted */
const char *surface_mounts_pattern(const struct surface_mounts *mounts, struct arena *arena,
                                   uint32_t file, const struct fact_route *route);

#endif
