/*
 * Kept history: what commits did, so that the history of a new commit costs its own changes alone.
 *
 * One file beside a clone, and beside the one of facts (maps/cache.h), which is made the same way:
 * a row of segments, each written in one piece and closed by a checksum.  A record tells of one
 * commit, by its id: parents, time, author, the paths that it changed, renames within it and, where
 * they were asked for, lines.  None of that depends on other commits, on what is asked, or on which
 * commit is mapped.  So a walk goes over records as it goes over objects, in the same order, with
 * the same result; branches that were rewritten, other limits and older commits need no rule of
 * their own, they just find fewer records.
 *
 *   Safety     The file is not trusted, and may be lost at any time.  The first segment that is not
 *              whole, or is of another analyser or layout, ends it: what follows is cut off and
 *              made anew.  A record that is damaged in itself is as good as none.  Nothing of it is
 *              looked at before history_read(), which belongs inside the sandbox; opening it
 *              belongs before.
 *   Sameness   Nothing is kept of a commit of which something was missing or damaged.
 *   Size       At most max_bytes, about 60 bytes a commit and 7 a change.  When no more fits and
 *              most of it was of no use to the walk, it is begun anew.
 *   Writers    One: a lock is held on the file.  Who does not get it reads only.
 */
#ifndef MAPS_HISTORY_KEPT_H
#define MAPS_HISTORY_KEPT_H

#include "base/base.h"

#define HISTORY_FILE          "history"           /* in the clone's folder */
#define HISTORY_SEGMENT_BYTES ((size_t)256 << 10) /* of records and texts: what a kill may lose */

struct history_kept;

/**
 * Open the file, made when missing, and lock it.  One that cannot be opened is as good as none.
 *
 * @path       NULL: no file
 * @max_bytes  of the file; a larger one is not read
 * @analyser   version whose records are wanted
 * @ret        never NULL; to be closed behind the walk
 */
struct history_kept *history_kept_open(const char *path, uint64_t max_bytes, const char *analyser);

void history_kept_close(struct history_kept *kept);
void history_kept_close_ptr(struct history_kept **kept);

#endif
