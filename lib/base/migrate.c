/* Which files there are, which were applied, and the way from here to there. */
#include "base/migrate.h"

#include "base/secret.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX_BYTES (4 * 1024 * 1024)
#define VERSION_DIGITS 4
#define FILES_MAX      9999
#define LOCK_KEY       INT64_C(0x706f72746f6c616e) /* "portolan"; nobody else's advisory lock */
#define DOWN_SUFFIX    ".down.sql"
#define UP_SUFFIX      ".sql"
#define VERSION_FORMAT "%04" PRId64

/* A version on disk. */
struct file {
	int64_t version;
	const char *name;
	const char *up, *down; /* paths; down NULL when there is none */
	const char *text;      /* of up */
	char checksum[SECRET_HEX_MAX];
};

/* A version in the database. */
struct applied {
	int64_t version;
	const char *name, *checksum;
};

static const struct field APPLIED_FIELDS[] = {
	F_INT(struct applied, version, .doc = "Number of the file"),
	F_TEXT(struct applied, name, .doc = "Name of the file without number and ending"),
	F_TEXT(struct applied, checksum, .doc = "BLAKE2b-256 of the file, in hex"),
};
static const struct schema APPLIED_SCHEMA =
	SCHEMA(struct applied, "MigrationApplied", APPLIED_FIELDS);

static const struct db_stmt EXISTS = {
	.name = "migrate_exists",
	.any_tenant = true,
	.read = true,
	.sql = "SELECT count(*) FROM pg_catalog.pg_tables"
	       " WHERE schemaname = 'app_meta' AND tablename = 'schema_migration'",
};
static const struct db_stmt PATIENCE = {
	.name = "migrate_patience",
	.any_tenant = true,
	.nparams = 1,
	.sql = "SELECT set_config('lock_timeout', $1, true), set_config('statement_timeout', '0', true)",
};
static const struct db_stmt LOCK = {
	.name = "migrate_lock",
	.any_tenant = true,
	.nparams = 1,
	.sql = "SELECT pg_advisory_xact_lock($1)",
};
static const struct db_stmt LIST = {
	.name = "migrate_list",
	.any_tenant = true,
	.read = true,
	.sql = "SELECT version, name, checksum FROM app_meta.schema_migration ORDER BY version",
};
static const struct db_stmt VERSION = {
	.name = "migrate_version",
	.any_tenant = true,
	.read = true,
	.sql = "SELECT coalesce(max(version), 0) FROM app_meta.schema_migration",
};
static const struct db_stmt ADD = {
	.name = "migrate_add",
	.any_tenant = true,
	.nparams = 3,
	.sql = "INSERT INTO app_meta.schema_migration (version, name, checksum) VALUES ($1, $2, $3)",
};
static const struct db_stmt REMOVE = {
	.name = "migrate_remove",
	.any_tenant = true,
	.nparams = 1,
	.sql = "DELETE FROM app_meta.schema_migration WHERE version = $1",
};

#define ANY_ROLE (DB_AS_APP | DB_AS_RUNNER | DB_AS_GATE | DB_AS_OWNER)

const struct db_check migrate_statements[] = {
	{ .stmt = &EXISTS, .as = ANY_ROLE },
	{ .stmt = &PATIENCE, .as = DB_AS_OWNER },
	{ .stmt = &LOCK, .as = DB_AS_OWNER },
	{ .stmt = &LIST, .row = &APPLIED_SCHEMA, .as = DB_AS_OWNER },
	{ .stmt = &VERSION, .as = ANY_ROLE },
	{ .stmt = &ADD, .as = DB_AS_OWNER },
	{ .stmt = &REMOVE, .as = DB_AS_OWNER },
	{ .stmt = NULL },
};

static const char BOOK[] =
	"CREATE SCHEMA app_meta;"
	"COMMENT ON SCHEMA app_meta IS 'Which migrations were applied; outlives the schema they make';"
	"CREATE TABLE app_meta.schema_migration ("
	"    version bigint PRIMARY KEY,"
	"    name text NOT NULL,"
	"    checksum text NOT NULL,"
	"    applied_at timestamptz NOT NULL DEFAULT now());"
	"COMMENT ON TABLE app_meta.schema_migration IS 'One row an applied file of sql/';"
	"GRANT USAGE ON SCHEMA app_meta TO portolan_app;"
	"GRANT SELECT ON app_meta.schema_migration TO portolan_app";

/* --- Files --- */

static void close_folder(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

static void close_file(FILE **f)
{
	if (*f != NULL)
		fclose(*f);
}

static enum err read_text(struct ctx *cx, const char *path, const char **ret)
{
	CLEANUP(close_file) FILE *f = fopen(path, "re");
	char *text;
	struct stat st;
	size_t n;

	if (f == NULL || fstat(fileno(f), &st) < 0)
		return err_set(cx, ERR_INVALID, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX_BYTES)
		return err_set(cx, ERR_INVALID, "%s: is no file of at most 4 MiB", path);
	n = (size_t)st.st_size;
	text = arena_alloc(cx->arena, n + 1);
	if (fread(text, 1, n, f) != n)
		return err_set(cx, ERR_INVALID, "%s: cannot be read", path);
	if (memchr(text, '\0', n) != NULL)
		return err_set(cx, ERR_INVALID, "%s: holds a NUL", path);
	text[n] = '\0';
	*ret = text;
	return ERR_OK;
}

static bool ends_with(const char *text, size_t n, const char *end)
{
	size_t e = strlen(end);

	return n >= e && memcmp(text + n - e, end, e) == 0;
}

/* "0002_search.sql" is version 2, called "search".  @ret false for a name of another form */
static bool parse_name(struct arena *arena, const char *text, struct file *ret, bool *down)
{
	static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	size_t n = strlen(text), stem;

	if (strspn(text, "0123456789") != VERSION_DIGITS || text[VERSION_DIGITS] != '_')
		return false;
	*down = ends_with(text, n, DOWN_SUFFIX);
	stem = n - strlen(*down ? DOWN_SUFFIX : UP_SUFFIX);
	text += VERSION_DIGITS + 1;
	stem -= VERSION_DIGITS + 1;
	if (stem == 0 || strspn(text, LETTERS) != stem)
		return false;
	ret->version = strtoll(text - VERSION_DIGITS - 1, NULL, 10);
	ret->name = arena_strndup(arena, text, stem);
	return ret->version > 0;
}

/* Enter one directory entry into files[version - 1]. */
static enum err enter(struct ctx *cx, const char *dir, const char *entry, struct file *files)
{
	struct file seen = { 0 };
	struct file *file;
	const char **place;
	bool down;

	if (entry[0] == '.' || !ends_with(entry, strlen(entry), UP_SUFFIX))
		return ERR_OK;
	if (!parse_name(cx->arena, entry, &seen, &down))
		return err_set(cx, ERR_INVALID, "%s/%s is not named like 0002_search.sql", dir,
		               entry);
	file = &files[seen.version - 1];
	if (file->name != NULL && strcmp(file->name, seen.name) != 0)
		return err_set(cx, ERR_INVALID,
		               "version " VERSION_FORMAT " exists twice: %s and %s", seen.version,
		               file->name, seen.name);
	file->version = seen.version;
	file->name = seen.name;
	place = down ? &file->down : &file->up;
	*place = arena_printf(cx->arena, "%s/%s", dir, entry);
	return ERR_OK;
}

static enum err complete(struct ctx *cx, struct file *file, int64_t version)
{
	unsigned char hash[SECRET_HASH_BYTES];

	if (file->name == NULL || file->up == NULL)
		return err_set(cx, ERR_INVALID, "there is no file of version " VERSION_FORMAT,
		               version);
	if (file->down == NULL)
		return err_set(cx, ERR_INVALID, "%s has no %s beside it", file->up, DOWN_SUFFIX);
	TRY(read_text(cx, file->up, &file->text));
	secret_hash(file->text, strlen(file->text), NULL, 0, hash);
	secret_hex(hash, sizeof(hash), file->checksum);
	return ERR_OK;
}

/* @ret the files in order, from version 1 without a gap */
static enum err read_folder(struct ctx *cx, const char *dir, struct file **ret, int64_t *ret_n)
{
	CLEANUP(close_folder) DIR *d = opendir(dir);
	struct file *files = arena_array(cx->arena, FILES_MAX, sizeof(*files));
	int64_t last = 0;

	if (d == NULL)
		return err_set(cx, ERR_INVALID, "%s: %s", dir, strerror(errno));
	for (struct dirent *entry; (entry = readdir(d)) != NULL;)
		TRY(enter(cx, dir, entry->d_name, files));
	for (int64_t i = 0; i < FILES_MAX; i++) {
		if (files[i].name != NULL)
			last = i + 1;
	}
	for (int64_t i = 0; i < last; i++)
		TRY(complete(cx, &files[i], i + 1));
	*ret = files;
	*ret_n = last;
	return ERR_OK;
}

/* --- From here to there --- */

static enum err list_applied(struct ctx *cx, struct list *ret)
{
	int64_t exists;

	*ret = (struct list){ 0 };
	TRY(db_get_int(cx, &EXISTS, DB_NO_ARGS, &exists));
	if (exists == 0)
		return ERR_OK;
	return db_list(cx, &LIST, DB_NO_ARGS, &APPLIED_SCHEMA, ret);
}

/* What was applied must be what the files say. */
static enum err compare(struct ctx *cx, const struct file *files, int64_t nfiles,
                        const struct list *applied)
{
	const struct applied *rows = applied->items;

	for (size_t i = 0; i < applied->n; i++) {
		int64_t version = rows[i].version;

		if (version != (int64_t)i + 1)
			return err_set(cx, ERR_STATE,
			               "the database lacks version " VERSION_FORMAT
			               " below version " VERSION_FORMAT,
			               (int64_t)i + 1, version);
		if (version > nfiles) {
			err_set(cx, ERR_STATE,
			        "the database has version " VERSION_FORMAT
			        " (%s), the newest file is " VERSION_FORMAT,
			        version, rows[i].name, nfiles);
			err_fix(cx, "use the release that wrote it");
			return ERR_STATE;
		}
		if (strcmp(files[i].checksum, rows[i].checksum) != 0) {
			err_set(cx, ERR_STATE, "%s has changed since it was applied", files[i].up);
			err_fix(cx, "restore the file and put the change into a new one");
			return ERR_STATE;
		}
	}
	return ERR_OK;
}

static enum err target(struct ctx *cx, int64_t to, int64_t nfiles, int64_t *ret)
{
	*ret = to == MIGRATE_TO_LAST ? nfiles : to;
	if (*ret < 0 || *ret > nfiles)
		return err_set(cx, ERR_INVALID,
		               "there is no version %" PRId64 "; the newest is %" PRId64, to,
		               nfiles);
	return ERR_OK;
}

static struct migrate_step step_from(const struct file *files, int64_t at, int64_t to)
{
	const struct file *file = &files[to > at ? at : at - 1];

	return (struct migrate_step){ file->version, file->name, to < at };
}

enum err migrate_plan(struct ctx *cx, const char *dir, int64_t to, struct list *ret)
{
	struct migrate_step *steps;
	struct list applied;
	struct file *files;
	int64_t nfiles, at, n = 0;

	TRY(read_folder(cx, dir, &files, &nfiles));
	TRY(target(cx, to, nfiles, &to));
	TRY(list_applied(cx, &applied));
	TRY(compare(cx, files, nfiles, &applied));
	at = (int64_t)applied.n;
	steps = arena_array(cx->arena, (size_t)(to > at ? to - at : at - to), sizeof(*steps));
	while (at != to) {
		steps[n++] = step_from(files, at, to);
		at += to > at ? 1 : -1;
	}
	*ret = (struct list){ .items = steps, .n = (size_t)n };
	return ERR_OK;
}

static enum err apply(struct ctx *cx, const struct file *file, bool down)
{
	const char *path = down ? file->down : file->up;
	const char *text = file->text;
	enum err e;

	if (down)
		TRY(read_text(cx, file->down, &text));
	e = db_script(cx, text);
	if (e != ERR_OK)
		return err_set(cx, e, "%s: %s", path,
		               cx->fault.cause != NULL ? cx->fault.cause : cx->fault.detail);
	if (down)
		return db_run(cx, &REMOVE, DB_ARGS(DB_INT(file->version)), NULL);
	return db_run(cx, &ADD,
	              DB_ARGS(DB_INT(file->version), DB_TEXT(file->name), DB_TEXT(file->checksum)),
	              NULL);
}

/* Under the lock: only then is what was read of the table still true. */
static enum err step_once(struct ctx *cx, const struct file *files, int64_t nfiles, int64_t to,
                          struct migrate_step *ret, bool *ret_done)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const char *patience = "60s"; /* for the lock, and for what the file waits for */
	struct list applied;
	int64_t exists, at;

	TRY(db_begin(cx, &tx));
	TRY(db_run(cx, &PATIENCE, DB_ARGS(DB_TEXT(patience)), NULL));
	if (db_run(cx, &LOCK, DB_ARGS(DB_INT(LOCK_KEY)), NULL) != ERR_OK)
		return err_set(cx, ERR_UNAVAILABLE, "another migration is still at work after %s",
		               patience);
	TRY(db_get_int(cx, &EXISTS, DB_NO_ARGS, &exists));
	if (exists == 0)
		TRY(db_script(cx, BOOK));
	TRY(list_applied(cx, &applied));
	TRY(compare(cx, files, nfiles, &applied));
	at = (int64_t)applied.n;
	*ret_done = at == to;
	if (!*ret_done) {
		*ret = step_from(files, at, to);
		TRY(apply(cx, &files[ret->version - 1], ret->down));
	}
	return db_commit(&tx);
}

enum err migrate_run(struct ctx *cx, const char *dir, int64_t to, struct list *ret)
{
	struct migrate_step *done = arena_array(cx->arena, FILES_MAX, sizeof(*done));
	struct file *files;
	int64_t nfiles;
	bool there = false;

	*ret = (struct list){ .items = done };
	TRY(read_folder(cx, dir, &files, &nfiles));
	TRY(target(cx, to, nfiles, &to));
	while (!there) {
		assert(ret->n < FILES_MAX);
		TRY(step_once(cx, files, nfiles, to, &done[ret->n], &there));
		if (!there)
			ret->n++;
	}
	return ERR_OK;
}

enum err migrate_version(struct ctx *cx, int64_t *ret)
{
	int64_t exists;

	*ret = 0;
	TRY(db_get_int(cx, &EXISTS, DB_NO_ARGS, &exists));
	return exists == 0 ? ERR_OK : db_get_int(cx, &VERSION, DB_NO_ARGS, ret);
}
