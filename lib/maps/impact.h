/*
 * Impact: how many files a change of one file may reach, that is, how many import it, directly or
 * through others.
 *
 * Exact, by sets of bits over the strongly connected sets of files in the order of their dependencies,
 * so many files at a time that the sets stay in the processor's cache.  That takes edges times files
 * by 64 steps; a graph for which this passes IMPACT_WORK_MAX gets the number of direct importers
 * instead, and says so.
 */
#ifndef MAPS_IMPACT_H
#define MAPS_IMPACT_H

#include "maps/resolve.h"

#define IMPACT_WORK_MAX ((uint64_t)1 << 31)

struct impact {
	uint32_t *importers; /* by file; itself not counted */
	bool exact;          /* false: direct importers only */
};

/**
 * @edges     as resolve_imports() orders them
 * @max_work  IMPACT_WORK_MAX
 * @ret       lives in the arena
 */
void impact_count(struct arena *arena, size_t nfiles, const struct resolve_edge *edges,
                  size_t nedges, uint64_t max_work, struct impact *ret);

#endif
