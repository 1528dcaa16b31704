/*
 * Migrations: numbered SQL files, each applied once, in order, and taken back
 * by a file of its own.
 *
 *     sql/0002_search.sql        applies version 2
 *     sql/0002_search.down.sql   takes it back
 *
 * What was applied is told in app_meta.schema_migration, apart from the schema
 * that the files make.  A file runs in one transaction together with its row
 * there, so it is applied whole or not at all; what PostgreSQL cannot do in a
 * transaction has no place in a file.  Of several that migrate at once, one
 * works and the others wait, then find nothing left to do.
 *
 * All this runs on a connection of the role that owns the tables.
 */
#ifndef BASE_MIGRATE_H
#define BASE_MIGRATE_H

#include "base/db.h"

#define MIGRATE_NEWEST  39   /* the version that this program is written for */
#define MIGRATE_TO_LAST (-1) /* as a target: the newest file */

/* One file to run, or that was run. */
struct migrate_step {
	int64_t version;
	const char *name; /* "search" */
	bool down;
};

/**
 * What migrate_run() would do.  Changes nothing, not even an empty database.
 *
 * @dir  folder of the files
 * @to   the version to be at afterwards; 0: an empty database
 * @ret  items are struct migrate_step
 * Returns ERR_INVALID for files that are missing, misnamed, doubled or leave a gap, and for a
 *         target that does not exist; ERR_STATE when an applied file has changed since, or the
 *         database has a version that there is no file of.
 */
NODISCARD
enum err migrate_plan(struct ctx *cx, const char *dir, int64_t to, struct list *ret);

/**
 * Bring the database to a version.
 *
 * @ret  what was done, also when a later step failed
 * Returns as migrate_plan(), ERR_UNAVAILABLE when another migration does not end within a minute,
 *         and ERR_DATABASE for a file that the server refuses; the detail names file and line.
 */
NODISCARD
enum err migrate_run(struct ctx *cx, const char *dir, int64_t to, struct list *ret);

/** @ret the version that the database is at; 0: none.  For any role. */
NODISCARD
enum err migrate_version(struct ctx *cx, int64_t *ret);

extern const struct db_check migrate_statements[];

#endif
