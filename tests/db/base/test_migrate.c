/*
 * Migrations, up and down, on files of the test's own.
 *
 * They take the real schema away first and put it back at the end, so nothing
 * else may use the database meanwhile.
 */
#include "fixture_db.h"

#include "base/migrate.h"
#include "base/secret.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#define REAL_DIR "sql"

struct fixture_migrate {
	struct app app;
	struct arena *arena;
	struct db *db;
	struct ctx cx;
	char dir[64];
};

static struct ctx *begin(struct fixture_migrate *f)
{
	ctx_begin(&f->cx, &f->app, f->arena, f->db);
	return &f->cx;
}

static int open_owner(void **state)
{
	struct fixture_migrate *f = calloc(1, sizeof(*f));
	struct list done;

	secret_init();
	f->app = (struct app){ .clock = &system_clock, .component = "test" };
	f->arena = arena_new((size_t)256 * 1024 * 1024);
	f->db = fixture_db_connect(FIXTURE_OWNER);
	*state = f;
	if (f->db == NULL)
		return -1;
	begin(f);
	assert_err(&f->cx, migrate_run(&f->cx, REAL_DIR, 0, &done), ERR_OK);
	return 0;
}

static int close_owner(void **state)
{
	struct fixture_migrate *f = *state;
	struct list done;

	begin(f);
	assert_err(&f->cx, migrate_run(&f->cx, REAL_DIR, MIGRATE_TO_LAST, &done), ERR_OK);
	db_close(f->db);
	arena_free(f->arena);
	free(f);
	return 0;
}

static void put(struct fixture_migrate *f, const char *name, const char *text)
{
	char path[160];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void take(struct fixture_migrate *f, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	assert_int_equal(unlink(path), 0);
}

/* A folder with two good versions. */
static int make_dir(void **state)
{
	struct fixture_migrate *f = *state;

	snprintf(f->dir, sizeof(f->dir), "/tmp/portolan-sql.XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	put(f, "0001_first.sql", "CREATE SCHEMA t_m; CREATE TABLE t_m.a (id int);");
	put(f, "0001_first.down.sql", "DROP SCHEMA t_m CASCADE;");
	put(f, "0002_second.sql", "ALTER TABLE t_m.a ADD b int;");
	put(f, "0002_second.down.sql", "ALTER TABLE t_m.a DROP b;");
	put(f, "README", "not a migration");
	return 0;
}

static int drop_dir(void **state)
{
	struct fixture_migrate *f = *state;
	char command[160];

	assert_err(begin(f),
	           db_script(&f->cx, "DROP SCHEMA IF EXISTS t_m CASCADE;"
	                             "TRUNCATE app_meta.schema_migration"),
	           ERR_OK);
	snprintf(command, sizeof(command), "rm -r '%s'", f->dir);
	return system(command);
}

static size_t run_to(struct fixture_migrate *f, int64_t to, enum err wanted)
{
	struct ctx *cx = begin(f);
	struct list done = { 0 };

	assert_err(cx, migrate_run(cx, f->dir, to, &done), wanted);
	return done.n;
}

static int64_t version(struct fixture_migrate *f)
{
	int64_t at = -1;

	begin(f);
	assert_err(&f->cx, migrate_version(&f->cx, &at), ERR_OK);
	return at;
}

/* Columns of the test's table; 0 when there is none. */
static int64_t columns(struct fixture_migrate *f)
{
	static const struct db_stmt COLUMNS = {
		.name = "t_columns",
		.any_tenant = true,
		.read = true,
		.sql = "SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass('t_m.a')"
		       " AND attnum > 0 AND NOT attisdropped",
	};
	int64_t n = -1;

	begin(f);
	assert_err(&f->cx, db_get_int(&f->cx, &COLUMNS, DB_NO_ARGS, &n), ERR_OK);
	return n;
}

static void test_up_down_up(void **state)
{
	struct fixture_migrate *f = *state;

	assert_int_equal(run_to(f, MIGRATE_TO_LAST, ERR_OK), 2);
	assert_int_equal(version(f), 2);
	assert_int_equal(columns(f), 2);
	assert_int_equal(run_to(f, MIGRATE_TO_LAST, ERR_OK), 0); /* nothing left to do */
	assert_int_equal(run_to(f, 1, ERR_OK), 1);
	assert_int_equal(columns(f), 1);
	assert_int_equal(run_to(f, 0, ERR_OK), 1);
	assert_int_equal(version(f), 0);
	assert_int_equal(columns(f), 0);
	assert_int_equal(run_to(f, 2, ERR_OK), 2);
	assert_int_equal(columns(f), 2);
	run_to(f, 3, ERR_INVALID);
	run_to(f, -7, ERR_INVALID);
}

static void test_real_files_up_down_up(void **state)
{
	struct fixture_migrate *f = *state;
	struct ctx *cx = begin(f);
	struct list done;

	assert_err(cx, migrate_run(cx, REAL_DIR, MIGRATE_TO_LAST, &done), ERR_OK);
	assert_int_equal(done.n, MIGRATE_NEWEST);
	assert_err(cx, migrate_run(cx, REAL_DIR, 0, &done), ERR_OK);
	assert_int_equal(done.n, MIGRATE_NEWEST);
	assert_err(cx, migrate_run(cx, REAL_DIR, MIGRATE_TO_LAST, &done), ERR_OK);
	assert_err(cx, migrate_run(cx, REAL_DIR, 0, &done), ERR_OK);
}

static void test_plan(void **state)
{
	struct fixture_migrate *f = *state;
	struct ctx *cx = begin(f);
	const struct migrate_step *steps;
	struct list plan;

	assert_err(cx, migrate_plan(cx, f->dir, MIGRATE_TO_LAST, &plan), ERR_OK);
	steps = plan.items;
	assert_int_equal(plan.n, 2);
	assert_int_equal(steps[0].version, 1);
	assert_string_equal(steps[1].name, "second");
	assert_false(steps[1].down);
	assert_int_equal(version(f), 0); /* a plan changes nothing */

	run_to(f, 2, ERR_OK);
	cx = begin(f);
	assert_err(cx, migrate_plan(cx, f->dir, 0, &plan), ERR_OK);
	steps = plan.items;
	assert_int_equal(plan.n, 2);
	assert_int_equal(steps[0].version, 2);
	assert_true(steps[0].down && steps[1].down);
}

static void test_failure_leaves_what_went_before(void **state)
{
	struct fixture_migrate *f = *state;

	put(f, "0002_second.sql", "CREATE TABLE t_m.half (id int);\n\nSELECT nothing;\n");
	assert_int_equal(run_to(f, MIGRATE_TO_LAST, ERR_DATABASE), 1);
	assert_contains(f->cx.fault.detail, "0002_second.sql");
	assert_contains(f->cx.fault.detail, "line 3");
	assert_int_equal(version(f), 1);
	assert_int_equal(
		fixture_db_int(&f->cx, "SELECT count(*) FROM pg_tables WHERE tablename = 'half'"),
		0);
	put(f, "0002_second.sql", "ALTER TABLE t_m.a ADD b int;");
	assert_int_equal(run_to(f, MIGRATE_TO_LAST, ERR_OK), 1);
}

static void test_refused__a_changed_file(void **state)
{
	struct fixture_migrate *f = *state;
	struct list plan;

	run_to(f, 1, ERR_OK);
	put(f, "0001_first.sql", "CREATE SCHEMA t_m; CREATE TABLE t_m.a (id bigint);");
	run_to(f, MIGRATE_TO_LAST, ERR_STATE);
	assert_contains(f->cx.fault.detail, "0001_first.sql");
	run_to(f, 0, ERR_STATE);
	begin(f);
	assert_err(&f->cx, migrate_plan(&f->cx, f->dir, 2, &plan), ERR_STATE);
	assert_int_equal(version(f), 1);
}

static void test_refused__a_newer_database(void **state)
{
	struct fixture_migrate *f = *state;

	run_to(f, 2, ERR_OK);
	take(f, "0002_second.sql");
	take(f, "0002_second.down.sql");
	run_to(f, MIGRATE_TO_LAST, ERR_STATE);
	assert_contains(f->cx.fault.detail, "second");
	assert_int_equal(version(f), 2);
}

static void test_refused__bad_folders(void **state)
{
	static const struct {
		const char *why, *add, *remove;
	} CASES[] = {
		{ "a gap", NULL, "0001_first.sql" },
		{ "no way back", NULL, "0002_second.down.sql" },
		{ "a way back alone", "0003_x.down.sql", NULL },
		{ "a gap above", "0004_x.sql", NULL },
		{ "two of a number", "0002_other.sql", NULL },
		{ "no number", "x.sql", NULL },
		{ "a number of five digits", "00003_x.sql", NULL },
		{ "number zero", "0000_x.sql", NULL },
		{ "capitals", "0003_X.sql", NULL },
		{ "no name", "0003_.sql", NULL },
	};
	struct fixture_migrate *f = *state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		print_message("# %s\n", CASES[i].why);
		if (CASES[i].add != NULL)
			put(f, CASES[i].add, "SELECT 1");
		if (CASES[i].remove != NULL)
			take(f, CASES[i].remove);
		assert_int_equal(run_to(f, MIGRATE_TO_LAST, ERR_INVALID), 0);
		if (CASES[i].add != NULL)
			take(f, CASES[i].add);
		if (CASES[i].remove != NULL)
			put(f, CASES[i].remove, "SELECT 1");
	}
	assert_int_equal(version(f), 0);
	{
		struct ctx *cx = begin(f);
		struct list done;

		assert_err(cx, migrate_run(cx, "/nonexistent", 1, &done), ERR_INVALID);
	}
}

struct racer {
	pthread_t thread;
	struct fixture_migrate own;
	enum err e;
	size_t done;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	struct list done = { 0 };

	ctx_begin(&r->own.cx, &r->own.app, r->own.arena, r->own.db);
	r->e = migrate_run(&r->own.cx, r->own.dir, MIGRATE_TO_LAST, &done);
	r->done = done.n;
	return NULL;
}

/* Together they do each step once. */
static void test_concurrent(void **state)
{
	struct fixture_migrate *f = *state;
	struct racer racers[4];
	size_t done = 0;

	put(f, "0002_second.sql", "SELECT pg_sleep(0.2); ALTER TABLE t_m.a ADD b int;");
	for (size_t i = 0; i < COUNT(racers); i++) {
		racers[i].own = *f;
		racers[i].own.arena = arena_new((size_t)64 * 1024 * 1024);
		racers[i].own.db = fixture_db_connect(FIXTURE_OWNER);
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	}
	for (size_t i = 0; i < COUNT(racers); i++) {
		pthread_join(racers[i].thread, NULL);
		assert_err(&racers[i].own.cx, racers[i].e, ERR_OK);
		done += racers[i].done;
		db_close(racers[i].own.db);
		arena_free(racers[i].own.arena);
	}
	assert_int_equal(done, 2);
	assert_int_equal(version(f), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, drop_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_up_down_up),
		TEST(test_real_files_up_down_up),
		TEST(test_plan),
		TEST(test_failure_leaves_what_went_before),
		TEST(test_refused__a_changed_file),
		TEST(test_refused__a_newer_database),
		TEST(test_refused__bad_folders),
		TEST(test_concurrent),
	};

	return cmocka_run_group_tests(tests, open_owner, close_owner);
}
