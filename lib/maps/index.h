/*
 * Index: the rows of the database that answer questions about a map.
 *
 * The analyser hands them over as parts of its bundle (maps/tables.h); the job fills
 * an index with them piece by piece, each in a transaction of its own, and makes it
 * the map's in the transaction that publishes the map.  Of each project the newest
 * few are kept (setting map_indexes); others go piece by piece as well.
 *
 * Once there are as many, the oldest becomes that of the next map by the rows that differ, where the
 * analyser can tell them: a push changes few.  Who has looked it up by then goes on with rows of the
 * newer commit, as else with none.
 *
 *   Who reads     search.h, reach.h, source.h
 *   Half filled   An index without a map is nobody's, and taken away by the project's
 *                 next job.
 */
#ifndef MAPS_INDEX_H
#define MAPS_INDEX_H

#include "jobs/run.h"
#include "maps/bundle.h"
#include "maps/patch.h"

/* What one statement puts in or takes away, so that each ends soon. */
#define INDEX_PIECE_BYTES ((size_t)1 << 20)
#define INDEX_PIECE_ROWS  20000

struct map_index {
	int64_t id, map_id;
	const char *commit;
	int64_t files,
		symbols; /* places of files run from 0 to one below, of symbols to five times as far */
	bool complete; /* false: a limit kept something out of it */
};

/**
 * The index of a project's newest map that has one, or of that of a commit.
 *
 * @commit as map_of_project()
 * Returns ERR_NOT_FOUND when there is no such map, ERR_STATE when it has no index (any more),
 *         ERR_INVALID (blames ?commit)
 */
NODISCARD
enum err index_of_project(struct ctx *cx, int64_t project_id, const char *commit,
                          struct map_index *ret);

/** @ret whether a map has an index */
NODISCARD
enum err index_has(struct ctx *cx, int64_t map_id, bool *ret);

/* --- For the job --- */

/**
 * Fill an index from the parts of a bundle; each piece under the job's claim.
 *
 * @run  NULL: for tests, no claim
 * @ret  0 when the bundle has no parts for one
 * Returns ERR_DATABASE for parts that are not as they should be
 */
NODISCARD
enum err index_fill(struct ctx *cx, struct job_run *run, int64_t project_id,
                    const struct bundle *bundle, int64_t *ret);

/* An index that goes when the next one is published. */
struct index_spare {
	int64_t id; /* 0: there is none that could become another */
	struct patch_base base;
};

/** @keep how many indexes stay  @analyser that makes the next map */
NODISCARD
enum err index_spare(struct ctx *cx, int64_t project_id, int64_t keep, const char *analyser,
                     struct index_spare *ret);

/** @ret whether a bundle tells what differs, not all */
bool index_is_patch(const struct bundle *bundle);

/**
 * Make a spare index that of the bundle's commit; in the caller's transaction, which an error has made
 * useless.  Then it is that of a map by index_publish().
 *
 * Returns ERR_STATE when it is not what the bundle was told against, ERR_DATABASE likewise
 */
NODISCARD
enum err index_patch(struct ctx *cx, int64_t id, const struct bundle *bundle);

/** Make an index that of a map, instead of an older one; in the caller's transaction. */
NODISCARD
enum err index_publish(struct ctx *cx, int64_t id, int64_t map_id);

/**
 * Take away what nobody asks any more: indexes of the tenant's deleted projects and, of this one, half
 * filled ones and all but the newest `keep`.
 */
NODISCARD
enum err index_sweep(struct ctx *cx, int64_t project_id, int64_t keep);

extern const struct db_check index_statements[];

#endif
