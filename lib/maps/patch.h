/*
 * Patch: which files differ between a commit whose tables (maps/tables.h) are stored and the one at
 * hand, and what the files of that commit gave, so that only what differs needs to be told.
 *
 * Everything is found from the two commits: nothing but their names and a print of what else
 * decides about rows comes from the earlier run.  Facts of the blobs that were replaced are in the cache
 * (maps/cache.h) or read once more.
 *
 * There is none where a file came, went or became something else, where .gitattributes changed, where
 * something could not be read of either commit, or where too much changed: then all is told.
 */
#ifndef MAPS_PATCH_H
#define MAPS_PATCH_H

#include "maps/scan.h"

#define PATCH_FILES_MAX 4096u /* changed files, and folders that are read for it */
#define PATCH_SHARE     16    /* of all files may have changed, one in so many */
#define PATCH_LEAST     16    /* and so many more */
#define PATCH_PRINT_LEN 16    /* hexadecimal digits of a print or sum */

/* The commit whose tables are stored, and what its part `index` said of them. */
struct patch_base {
	const char *commit; /* NULL: none is */
	const char *print;  /* of all that decides about rows besides the commit */
	const char *edges;  /* sum of the part `edges` */
};

struct patch_file {
	uint32_t file; /* in the tree of the commit at hand */
	struct facts was;
};

struct patch {
	struct patch_base base;
	struct patch_file *files; /* by file */
	size_t nfiles;
};

/* What reads a file of the earlier commit: fills in its facts.  @ret false: not all of them */
typedef bool patch_read(void *data, struct map_file *was);

/**
 * Compare the trees and read what changed.
 *
 * @tree of the commit, whole
 * @ret  lives in cx->arena
 * Returns false when there is no patch; that is no error
 */
bool patch_find(struct ctx *cx, struct scan *scan, const char *commit, const struct scan_tree *tree,
                const struct patch_base *base, patch_read *read, void *data, struct patch *ret);

/** @ret PATCH_PRINT_LEN digits that stand for bytes; in the arena */
const char *patch_sum(struct arena *arena, struct span bytes);

#endif
