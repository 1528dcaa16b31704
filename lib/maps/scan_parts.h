/*
 * What the files of the scan share: scan.c walks trees, scan_read.c reads objects.
 */
#ifndef MAPS_SCAN_PARTS_H
#define MAPS_SCAN_PARTS_H

#include "maps/scan.h"

#include <git2.h>

#define SCAN_WINDOW_BYTES ((size_t)4 << 20)  /* of a pack that libgit2 maps at once, */
#define SCAN_MAPPED_BYTES ((size_t)16 << 20) /* ... and of all */

struct packs;

struct scan {
	git_odb *odb;
	struct packs *packs; /* asked first; NULL: nobody but odb is asked */
	bool may_be_loose;
	bool bulk;
	bool out_of_memory;
};

/**
 * Read an object of a type, from a pack or, by libgit2, after a look at its size.
 *
 * @ret  empty unless SKIP_NONE is returned; *bytes is set then, and for SKIP_TOO_LARGE
 */
enum skip_reason scan_read(struct scan *scan, const git_oid *oid, git_object_t type,
                           uint64_t max_bytes, uint64_t *bytes, struct scan_blob *ret);

#endif
