/*
 * History: what the commits before a commit say about its files.
 *
 * The commits are walked newest first, as `git log` does, and the raw trees of
 * each and of its parent are compared entry by entry, equal ids skipped: no
 * file is read for that.
 *
 *   Counted     Commits with one parent or none.  Merges are walked through and
 *               counted as merges, their own changes are not: what they bring
 *               in has been counted where it was made (`git log --no-merges`).
 *   Names       A file's history is that of its path.  A path that is no longer
 *               there adds its history to the file that it was renamed to, by
 *               the newest such commit, over any number of renames.  Renames
 *               are found within one commit: a path that went and one that came
 *               with the same content, equal base names first; then, where few
 *               came and went, those of half the same content and more, most
 *               alike first (the measure of git's diffcore-delta.c: bytes of
 *               equal lines, by the larger of both files).
 *   Authors     Names as in the commits, put right by `.mailmap` in the root
 *               folder (gitmailmap(5)); one name is one author, as in
 *               `git shortlog`.  E-mail addresses are not kept.
 *   Owners      Whoever made the most commits; the bus factor is the smallest
 *               number of authors that made more than half of them.
 *   Coupling    Pairs of files, one of them source code at least, changed by the
 *               same commits (Gall, Hajek, Jazayeri:
 *               Detection of Logical Coupling Based on Product Release History,
 *               ICSM 1998); measure and thresholds are those of code-maat.
 *   Hotspots    Commits times lines of code (Tornhill: Your Code as a Crime Scene).
 *   Lines       Added and removed lines cost reading the files, so they are
 *               counted for the newest commits only, by Myers' algorithm as in git.
 *   Time        Committer's time in seconds since 1970: facts of the commits.
 *
 * What a commit did is kept (maps/history_kept.h), so that the next walk reads new
 * commits alone; what is found is the same to the byte.
 *
 * Objects are not checked against their ids here, which would take three times
 * as long.  What is missing or damaged (a shallow or partial clone) is counted
 * and left out.  Linear in the bytes of the trees read; every limit that was
 * met is told.
 */
#ifndef MAPS_HISTORY_H
#define MAPS_HISTORY_H

#include "maps/scan.h"
#include "maps/structure.h"

#define HISTORY_CHANGES_MAX       ((size_t)8 << 20)    /* changes of paths, of all commits */
#define HISTORY_CHANGES_COMMIT    ((size_t)1 << 20)    /* and of one */
#define HISTORY_PATH_BYTES_COMMIT ((size_t)64 << 20)   /* in those of one */
#define HISTORY_NAMES_MAX         1000000u             /* different paths that are no more */
#define HISTORY_TREE_BYTES_MAX    ((uint64_t)32 << 30) /* of all trees read */
#define HISTORY_TREE_BYTES_COMMIT ((uint64_t)1 << 30)  /* and for one commit */
#define HISTORY_MEMORY_BYTES      ((size_t)128 << 20) /* while it is read; nearly all is given back */
#define HISTORY_AUTHORS_MAX       100000u             /* different names and addresses */
#define HISTORY_AUTHOR_BYTES      100                 /* of a name; longer ones are cut */
#define HISTORY_IDENTITY_BYTES    1000                /* of a name and its address; likewise */
#define HISTORY_PARENTS_MAX       1024 /* of one commit; it is unreadable with more */
#define HISTORY_TIME_MAX          INT64_C(253402300799) /* the year 9999; times are clamped */

#define HISTORY_SIMILAR_FILES 64                  /* most that came, and that went, by content */
#define HISTORY_SIMILAR_BYTES ((size_t)256 << 10) /* of one file */
#define HISTORY_SIMILAR_TOTAL                                                                      \
	((uint64_t)256 << 20) /* of all files read for it; the last commit's may pass it */
#define HISTORY_LINES_BYTES ((size_t)256 << 10)   /* of one file whose lines are counted */
#define HISTORY_LINES_TOTAL ((uint64_t)128 << 20) /* of all of them, and of one commit's */

#define HISTORY_COUPLED_FILES  50 /* a commit of more files couples none */
#define HISTORY_COUPLED_LEAST  5  /* commits that both files have in common */
#define HISTORY_COUPLED_DEGREE 30 /* percent */
#define HISTORY_COUPLED_MAX    500
#define HISTORY_HOTSPOTS_MAX   100
#define HISTORY_OWNERS_MAX     5 /* authors told of a component */

/* What is taken where the caller leaves a limit at 0.  No limit of days is the default. */
#define HISTORY_COMMITS      200000u
#define HISTORY_LINE_COMMITS 500u
#define HISTORY_OFF          UINT32_MAX /* max_commits: no history at all */

struct history_limits {
	uint32_t max_commits;  /* walked */
	uint32_t max_days;     /* before the first commit's time; 0: all */
	uint32_t line_commits; /* newest ones whose lines are counted; HISTORY_OFF: none */
};

struct history_author {
	const char *name; /* valid text */
	uint32_t commits;
	int64_t first_s, last_s;
};

/* Of a file; all zero when no commit of the window changed it. */
struct history_file {
	uint32_t commits, authors, bus_factor;
	uint32_t owner, owner_commits; /* owner: index of an author; the first by name of equals */
	uint32_t added, removed;       /* lines, by the newest line_commits */
	int64_t first_s, last_s;
};

struct history_owner {
	uint32_t author, commits;
};

struct history_component {
	uint32_t commits, authors, bus_factor;
	struct history_owner owners[HISTORY_OWNERS_MAX]; /* most commits first */
	uint32_t nowners;
};

struct history_rename {
	uint32_t file;   /* what it is now */
	const char *was; /* an earlier path, as text */
};

struct history_pair {
	uint32_t a, b;           /* files, a < b */
	uint32_t together;       /* commits that changed both */
	uint32_t degree;         /* percent: together by the mean of both files' commits */
	uint32_t a_to_b, b_to_a; /* percent of the commits of a that changed b; and of b, a */
	bool linked;             /* one imports the other */
};

struct history_kept;

/* Why the walk ended before the first commit.  Names: history_end_name(). */
enum history_end {
	HISTORY_WHOLE = 0,
	HISTORY_COMMITS_LIMIT, /* max_commits */
	HISTORY_DAYS_LIMIT,    /* max_days */
	HISTORY_WORK_LIMIT,    /* a HISTORY_..._MAX of changes, names or bytes */
	HISTORY_MEMORY_LIMIT,
	HISTORY_NOT_READ, /* switched off, or no commit */
	HISTORY_END_COUNT
};

struct history {
	struct history_limits limits; /* as applied */
	uint32_t commits, merges;     /* walked; commits without merges */
	int64_t first_s, last_s;      /* of the commits; 0 without any */
	uint32_t bus_factor;
	struct history_author *authors; /* most commits first; ties by name */
	size_t nauthors;
	struct history_file *files; /* by file */
	struct history_component *components;
	struct history_rename *renames; /* by file, then path */
	size_t nrenames;
	uint32_t hotspots[HISTORY_HOTSPOTS_MAX]; /* files, highest product first; ties by path */
	size_t nhotspots;
	struct history_pair *pairs; /* highest degree first, then most together; ties by path */
	size_t npairs;
	bool pairs_truncated; /* there are more than HISTORY_COUPLED_MAX */

	enum history_end end;
	uint32_t cut;        /* commits whose parents are not there: a shallow clone */
	uint32_t unreadable; /* commits that could not be read */
	uint32_t damaged;    /* commits of which a tree could not be read: changes may be missing */
	uint32_t wide;       /* commits of too many files to couple */
	uint32_t line_commits; /* whose lines were counted */
	uint32_t
		lines_skipped; /* changes whose file was too large, or not there, or beyond a total */
	uint32_t
		renames_skipped; /* commits in which some similar content was not compared, likewise */
};

struct history_in {
	const char *commit; /* 40 hexadecimal digits; NULL: no commits yet */
	struct history_limits limits;
	struct history_kept *kept;    /* by earlier walks, not loaded yet; NULL: nothing is */
	const struct scan_tree *tree; /* files with their facts */
	const struct resolve_edge *edges;
	size_t nedges;
	const struct structure *structure;
};

/**
 * Read it.
 *
 * @scan  NULL when there are no commits
 * @ret   lives in cx->arena
 * Returns ERR_TIMEOUT when cx->deadline_ms passes, ERR_OUT_OF_MEMORY when an object could not be
 * read for want of it.  A repository that is damaged is no error.
 */
NODISCARD
enum err history_read(struct ctx *cx, struct scan *scan, const struct history_in *in,
                      struct history *ret);

/** @ret "", "commits", "days", "work", "memory", "off": stored in maps; stable */
const char *history_end_name(enum history_end end);

#endif
