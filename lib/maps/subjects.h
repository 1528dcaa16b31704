/*
 * Subjects: what the newest commits say of the files they changed, for the search.
 *
 * Commits are walked newest first, as history.h does; each with one parent is compared with it, and
 * its subject (the first line of its message) is noted with each path that it changed.  Commits of
 * many files say little of each and are passed over.
 *
 *   Form    One line a path: the path as maps show it, a tab, its subjects, newest first, SUBJECTS_BETWEEN
 *           between them.
 *   Limits  SUBJECTS_..._MAX.  What is missing or damaged (a shallow clone) is left out.
 */
#ifndef MAPS_SUBJECTS_H
#define MAPS_SUBJECTS_H

#include "base/sb.h"
#include "maps/scan.h"

#define SUBJECTS_BETWEEN     '\x1e'
#define SUBJECTS_WIDE        50                  /* files above which a commit says nothing */
#define SUBJECTS_PATH_MAX    1500                /* bytes of a path's subjects */
#define SUBJECTS_TREE_BYTES  ((size_t)32 << 20)  /* of one tree */
#define SUBJECTS_TREES_BYTES ((uint64_t)4 << 30) /* of all trees read */

/**
 * @commit 40 digits
 * @ret    the lines are appended
 * Returns ERR_OUT_OF_MEMORY; ERR_REF_NOT_FOUND when the commit cannot be read
 */
NODISCARD
enum err subjects_read(struct ctx *cx, struct scan *scan, const char *commit, int64_t max_commits,
                       struct sb *ret);

#endif
