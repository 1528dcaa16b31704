/*
 * One entry of a commit's tree, as the parts of the analysis hand it on:
 * scan.c fills it, resolve.c and content.c read it.
 */
#ifndef MAPS_FILE_H
#define MAPS_FILE_H

#include "maps/facts.h"
#include "maps/lang.h"

#define MAP_OID_BYTES 20   /* SHA-1 */
#define MAP_PATH_MAX  4096 /* bytes of a path; longer ones are left out and counted */

/* Why an entry was not read.  Names: skip_reason_name(). */
enum skip_reason {
	SKIP_NONE = 0,
	SKIP_TOO_LARGE, /* passes limits.max_blob_bytes */
	SKIP_BINARY,
	SKIP_LFS, /* a pointer; the content is elsewhere */
	SKIP_SYMLINK,
	SKIP_SUBMODULE,
	SKIP_MISSING, /* the object is not in the repository (partial clone, damage) */
	SKIP_CORRUPT, /* the object cannot be read */
	SKIP_COUNT
};

/* Why a file's definitions were not read, though its language has some.  Names: def_gap_name(). */
enum def_gap {
	GAP_NONE = 0,
	GAP_NO_TOOL,   /* universal-ctags is not installed */
	GAP_TOO_LARGE, /* passes CTAGS_FILE_BYTES */
	GAP_TIMED_OUT,
	GAP_CRASHED,
	GAP_TOO_MUCH, /* what ctags says of it passes CTAGS_OUTPUT_BYTES */
	GAP_GAVE_UP,  /* ctags was started CTAGS_STARTS_MAX times before */
	GAP_COUNT
};

struct map_file {
	struct span path; /* NUL-terminated, any bytes but NUL; unique */
	unsigned char oid[MAP_OID_BYTES];
	uint64_t bytes;         /* of the blob; 0 when it is not there */
	enum role_of_file role; /* 0 for what is no regular file */
	enum skip_reason skip;
	enum def_gap gap;
	struct facts facts; /* zero when skipped */
};

#endif
