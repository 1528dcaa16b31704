/*
 * Commits: which ones changed a path, by whom, and what they say, newest first.
 *
 * A clone was written by strangers: as for a source (maps/source.h), portolan-analyse reads it in its
 * sandbox, asked with the word "commits".  It answers with a bundle of one part, `commits`: a struct commits_found as JSON.
 *
 *   Commits  As `git log --no-merges`, from a commit back; names without addresses, as they are written.
 *   Limits   COMMITS_LOOKED_MAX looked at, COMMITS_MS of time: past one of them the answer is not complete.
 */
#ifndef MAPS_COMMITS_H
#define MAPS_COMMITS_H

#include "base/schema.h"
#include "maps/bundle.h"

#define COMMITS_LIMIT_MAX  100
#define COMMITS_LOOKED_MAX 20000
#define COMMITS_MS         5000
#define COMMITS_TEXT_MAX   500 /* bytes of what is looked for */

/* What is looked for; NULL or "": anything. */
struct commits_query {
	const char *path;   /* the file, or what is below the folder */
	const char *text;   /* words that the subject has, in any order and case */
	const char *author; /* part of the name, in any case */
	int64_t limit;      /* 1 to COMMITS_LIMIT_MAX */
};

/* What portolan-analyse is asked. */
struct commits_request {
	const char *directory, *commit; /* absolute, of the bare repository; 40 digits */
	const char *path, *text, *author;
	int64_t limit;
};

struct commits_entry {
	const char *commit, *author, *subject;
	int64_t at_us;
	int64_t files; /* that it changed; 0: not counted, since no path was asked for */
};

struct commits_found {
	struct list items; /* struct commits_entry */
	int64_t looked_at; /* commits */
	bool complete;     /* false: a limit of commits or time ended the search */
};

/** @ret for people: "9fceb02d0ae5 2026-11-30 Ann: Parse empty lines too (3 files)" */
const char *commits_line(struct arena *arena, const struct commits_entry *entry);

extern const struct schema commits_request_schema, commits_entry_schema, commits_found_schema;

/**
 * @commit as in source_read(): NULL: of the newest map
 * Returns what source_read() returns
 */
NODISCARD
enum err commits_read(struct ctx *cx, int64_t project_id, const char *commit,
                      const struct commits_query *query, struct commits_found *ret);

/**
 * In portolan-analyse: look; scan_init() and sandbox_enter() are done.
 * Returns ERR_REF_NOT_FOUND, ERR_REPO_NOT_GIT, ERR_OUT_OF_MEMORY
 */
NODISCARD
enum err commits_open(struct ctx *cx, const struct commits_request *in, struct bundle *ret);

#endif
