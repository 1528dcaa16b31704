/*
 * Analyse: a commit of a bare repository becomes its system map, a bundle of parts.
 *
 * Scans the tree, reads each blob once for its facts, resolves imports, takes
 * measures and writes the content (format: content.h).  Talks to nobody and
 * writes no file; the same commit, limits and ANALYSER_VERSION give the same
 * bytes.
 */
#ifndef MAPS_ANALYSE_H
#define MAPS_ANALYSE_H

#include "maps/bundle.h"
#include "maps/content.h"
#include "maps/ctags.h"
#include "maps/patch.h"

/* Part of every map's identity; to be raised when the same commit would give other bytes. */
#define ANALYSER_VERSION "2.4.0"

/* What is taken where the caller leaves a limit at 0. */
#define ANALYSE_BLOB_BYTES   ((uint64_t)5 << 20)
#define ANALYSE_FILES        200000u
#define ANALYSE_DEPTH        128u
#define ANALYSE_OUTPUT_BYTES ((uint64_t)64 << 20)
#define ANALYSE_MEMORY_BYTES ((size_t)256 << 20)

struct analyse_in {
	const char *directory; /* of the bare repository; unused when it has no commits */
	const char *commit;    /* 40 hexadecimal digits; NULL or SCAN_COMMIT_NONE: no commits yet */
	const char *ref;       /* for meta.ref; NULL when unknown */
	struct cache *cache;   /* of earlier runs, not loaded yet; NULL: none */
	struct history_kept *past; /* likewise */
	const char *print; /* what facts depend on besides the commit; NULL: ANALYSER_VERSION */
	struct patch_base base; /* whose tables are stored: others are told by what differs */
	struct scan_limits limits;
	struct history_limits history;
	uint64_t max_output_bytes; /* of the content */
	size_t max_memory_bytes;   /* of what is kept in cx->arena */
	void (*progress)(void *data, int percent,
	                 const char *message); /* may be NULL; 0 to 100, rising */
	void *data;                            /* for progress */
	struct ctags *ctags;                   /* NULL: there is none, which coverage then says */
	bool sends; /* parts go to a descriptor as they are made (bundle_to()), and are not kept */
	int fd;
};

/* How many blobs were read and how many were known from earlier runs: part ANALYSE_READS, as JSON. */
#define ANALYSE_READS "reads"
struct analyse_reads {
	int64_t read, cached;
};

struct analyse_result {
	struct bundle
		bundle; /* BUNDLE_CONTENT, and what goes into tables; not ended when it sends */
	struct content_counts counts;
	struct analyse_reads reads;
};

/**
 * Make the map.
 *
 * scan_init() has been called.
 *
 * @ret lives in cx->arena
 * Returns ERR_REPO_NOT_GIT, ERR_REF_NOT_FOUND, ERR_REPO_BROKEN as scan.h tells, ERR_LIMIT when the
 * text grows too large, ERR_OUT_OF_MEMORY when what must be kept does, ERR_TIMEOUT when
 * cx->deadline_ms passes; then nothing has been sent.
 */
NODISCARD
enum err analyse_repository(struct ctx *cx, const struct analyse_in *in,
                            struct analyse_result *ret);

#endif
