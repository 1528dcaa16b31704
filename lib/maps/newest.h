/*
 * Newest: commits of a repository, newest first, as `git log` walks them.
 *
 *   Order    By committer's time; of equal times the one that was met first.
 *   Missing  What cannot be read (a shallow clone) is left out.
 *   Memory   The arena, some hundred bytes a commit.
 */
#ifndef MAPS_NEWEST_H
#define MAPS_NEWEST_H

#include "maps/scan.h"

#define NEWEST_LINE_MAX 200 /* bytes of a subject, of a name */

struct newest_commit {
	unsigned char oid[MAP_OID_BYTES], tree[MAP_OID_BYTES];
	int64_t time_s;
	struct span parents; /* lines; a copy */
	size_t nparents;
	const char *subject; /* first line of its message; valid text without control characters */
	const char *author;  /* name; likewise */
};

/* Borrowed until the next step. */
struct newest_step {
	const struct newest_commit *commit;
	const struct newest_commit *parent; /* NULL: there is none, several, or it cannot be read */
};

struct newest;

struct newest *newest_new(struct arena *arena, struct scan *scan);

/** @commit 40 digits  @ret false when it cannot be read */
bool newest_begin(struct newest *w, const char *commit);

/** @ret false: there are no more */
bool newest_next(struct newest *w, struct newest_step *ret);

#endif
