/*
 * The wall between tenants, as the catalogue of the database tells it (A6).
 *
 * What a table, view or function must be so that nothing gets past row security is checked on the
 * schema as it is migrated, and the checks are themselves checked: each break of the schema below
 * must be noticed.
 */
#include "fixture_db.h"

#include "catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN "tests/golden/wall.txt"

struct row {
	const char *line;
};
static const struct field ROW_FIELDS[] = { F_TEXT(struct row, line, .doc = "d") };
static const struct schema ROW = SCHEMA(struct row, "CatalogueRow", ROW_FIELDS);

struct wall {
	void *fixture;
	struct db *super;
	int64_t other; /* a tenant beside the fixture's; both have rows */
};

/* Rows of two tenants in a few tables, so that there is something to see. */
static int64_t make_rows(struct fixture_db *f)
{
	struct ctx *cx = fixture_db_ctx(f);
	int64_t other = fixture_db_tenant(cx);
	const int64_t tenants[] = { f->tenant_id, other };

	for (size_t i = 0; i < COUNT(tenants); i++) {
		long long t = tenants[i];

		fixture_db_int(
			cx,
			arena_printf(cx->arena,
		                     "WITH p AS (INSERT INTO app.project (tenant_id, name,"
		                     " repository_url) VALUES (%lld, 'wall', 'x') RETURNING"
		                     " tenant_id, id), m AS (INSERT INTO app.system_map"
		                     " (tenant_id, project_id, commit, analyser, content)"
		                     " SELECT tenant_id, id, repeat('0', 40), '1', '{}'"
		                     " FROM p), j AS (INSERT INTO app.background_job"
		                     " (tenant_id, queue, job_type) VALUES (%lld, 'wall',"
		                     " 'x')), e AS (INSERT INTO app.event_outbox (tenant_id, kind,"
		                     " payload, actor) VALUES (%lld, 'x', '{}', 'x'))"
		                     " INSERT INTO app.idempotency_key (tenant_id, key,"
		                     " request_hash, status, body) VALUES (%lld, 'wall',"
		                     " decode(repeat('00', 32), 'hex'), 200, '')"
		                     " RETURNING 1",
		                     t, t, t, t));
	}
	return other;
}

static int wall_open(void **state)
{
	struct wall *w = calloc(1, sizeof(*w));

	if (w == NULL || fixture_db_open(&w->fixture) != 0)
		return -1;
	w->super = fixture_db_connect(FIXTURE_SUPER);
	w->other = make_rows(w->fixture);
	*state = w;
	return 0;
}

static int wall_close(void **state)
{
	struct wall *w = *state;

	db_close(w->super);
	fixture_db_close(&w->fixture);
	free(w);
	return 0;
}

/* The catalogue's reader: nobody's context, whom no row security binds. */
static struct ctx *reader(const struct wall *w)
{
	struct ctx *cx = fixture_db_ctx(w->fixture);

	cx->who = (struct who){ 0 };
	cx->db = w->super;
	return cx;
}

/* --- What the catalogue says against what it should --- */

/* The lines of the golden file without their reasons; each must have one. */
static const char *golden_lines(struct ctx *cx)
{
	struct sb sb = sb_new(cx->arena, (size_t)256 * 1024);
	FILE *f = fopen(GOLDEN, "re");
	char line[2000];

	assert_non_null(f);
	sb_addc(&sb, '\n');
	while (fgets(line, sizeof(line), f) != NULL) {
		char *reason = strstr(line, "  # ");

		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (reason == NULL || strlen(reason) < 10)
			fail_msg(GOLDEN " gives no reason for: %s", line);
		sb_addn(&sb, line, (size_t)(reason - line));
		sb_addc(&sb, '\n');
	}
	fclose(f);
	assert_false(sb.failed);
	return sb.data;
}

static struct list rows_of(struct ctx *cx, const struct db_stmt *stmt)
{
	struct list list;

	assert_err(cx, db_list(cx, stmt, DB_NO_ARGS, &ROW, &list), ERR_OK);
	return list;
}

/* Every fault, a line each; "" when the wall stands. */
static const char *faults(struct ctx *cx)
{
	struct sb sb = sb_new(cx->arena, (size_t)256 * 1024);
	const char *golden = golden_lines(cx), *end;
	struct sb seen = sb_new(cx->arena, (size_t)256 * 1024);

	sb_add(&sb, "");
	sb_addc(&seen, '\n');
	for (size_t i = 0; i < COUNT(RULES); i++) {
		struct list list = rows_of(cx, &RULES[i]);

		for (size_t j = 0; j < list.n; j++)
			sb_addf(&sb, "%s\n", ((const struct row *)list.items)[j].line);
	}
	for (size_t i = 0; i < COUNT(LISTED); i++) {
		struct list list = rows_of(cx, &LISTED[i]);

		for (size_t j = 0; j < list.n; j++) {
			const char *line = ((const struct row *)list.items)[j].line;

			sb_addf(&seen, "%s\n", line);
			if (strstr(golden, arena_printf(cx->arena, "\n%s\n", line)) == NULL)
				sb_addf(&sb, "not in " GOLDEN ": %s\n", line);
		}
	}
	for (const char *p = golden + 1; *p != '\0'; p = end + 1) {
		const char *line;

		end = strchr(p, '\n');
		line = arena_strndup(cx->arena, p, (size_t)(end - p));
		if (strstr(seen.data, arena_printf(cx->arena, "\n%s\n", line)) == NULL)
			sb_addf(&sb, "in " GOLDEN " alone: %s\n", line);
	}
	assert_false(sb.failed || seen.failed);
	return sb.data;
}

static void test_catalogue__the_wall_stands(void **state)
{
	assert_string_equal(faults(reader(*state)), "");
}

/* --- Breaks --- */

#define OUR "(tenant_id = (SELECT app.current_tenant_id()))"

static const struct {
	const char *why, *sql, *said;
} BREAKS[] = {
	{ "row security is disabled", "ALTER TABLE app.project DISABLE ROW LEVEL SECURITY",
	  "not enabled on project" },
	{ "the owner is let through", "ALTER TABLE app.event NO FORCE ROW LEVEL SECURITY",
	  "not forced on event" },
	{ "a policy is dropped", "DROP POLICY tenant ON app.idempotency_key",
	  "table idempotency_key without the policy tenant" },
	{ "a policy lets all be read", "ALTER POLICY tenant ON app.project USING (true)",
	  "policy project.tenant" },
	{ "a policy lets all be written", "ALTER POLICY tenant ON app.project WITH CHECK (true)",
	  "policy project.tenant" },
	{ "a policy says nothing of writing",
	  "DROP POLICY tenant ON app.project; CREATE POLICY tenant ON app.project USING " OUR,
	  "policy project.tenant" },
	{ "a second policy lets through what the first does not",
	  "CREATE POLICY more ON app.system_map FOR SELECT TO portolan_app USING (true)",
	  "policy system_map.more" },
	{ "a view runs with its owner's eyes", "ALTER VIEW app.job_live RESET (security_invoker)",
	  "security_invoker: job_live" },
	{ "a copy of rows that no policy binds",
	  "CREATE MATERIALIZED VIEW app.copy AS SELECT * FROM app.project",
	  "no policy can bind copy" },
	{ "a function with its owner's eyes",
	  "CREATE FUNCTION app.peep() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
	  " SET search_path = pg_catalog AS 'SELECT count(*) FROM app.project'",
	  "function peep" },
	{ "a function that the caller's search_path leads astray",
	  "ALTER FUNCTION app.admit_key RESET search_path", "not pinned: app.admit_key" },
	{ "a function for everybody", "GRANT EXECUTE ON FUNCTION app.admit_session TO PUBLIC",
	  "PUBLIC may call app.admit_session" },
	{ "a foreign key that crosses",
	  "ALTER TABLE app.conversation ADD CONSTRAINT crossing FOREIGN KEY (project_id)"
	  " REFERENCES app.project (id)",
	  "without the tenant: crossing" },
	{ "a role that no policy binds", "ALTER ROLE portolan_app BYPASSRLS",
	  "policy: portolan_app" },
	{ "a superuser", "ALTER ROLE portolan_runner SUPERUSER", "policy: portolan_runner" },
	{ "a worker with the gate's rights", "GRANT portolan_gate TO portolan_app",
	  "portolan_app has the rights of portolan_gate" },
	/* Since PostgreSQL 16 each membership says for itself whether it inherits. */
	{ "an owner with the gate's rights",
	  "DO $$ BEGIN IF current_setting('server_version_num')::integer < 160000"
	  " THEN ALTER ROLE portolan_owner INHERIT; ELSE"
	  " EXECUTE 'GRANT portolan_gate TO portolan_owner WITH INHERIT TRUE'; END IF; END $$",
	  "portolan_owner has the rights of portolan_gate" },
	{ "a table of the workers", "ALTER TABLE app.project OWNER TO portolan_app",
	  "owns project" },
	{ "a worker that may empty a table", "GRANT TRUNCATE ON app.event TO portolan_app",
	  "TRUNCATE event" },
	{ "a new table without a policy",
	  "CREATE TABLE app.fresh (tenant_id bigint); ALTER TABLE app.fresh OWNER TO portolan_owner",
	  "not enabled on fresh" },
	{ "a new table without a tenant",
	  "CREATE TABLE app.fresh (id bigint); ALTER TABLE app.fresh OWNER TO portolan_owner",
	  "table fresh without row security" },
};

/* Each in a transaction that is rolled back. */
static void test_catalogue__each_break_is_noticed(void **state)
{
	for (size_t i = 0; i < COUNT(BREAKS); i++) {
		struct ctx *cx = reader(*state);
		CLEANUP(db_end) struct db_tx tx = { 0 };

		print_message("# %s\n", BREAKS[i].why);
		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx, db_script(cx, BREAKS[i].sql), ERR_OK);
		assert_contains(faults(cx), BREAKS[i].said);
	}
	assert_string_equal(faults(reader(*state)), "");
}

/* --- The same as behaviour --- */

static const struct db_stmt TABLE_NAMES =
	CATALOGUE_ROWS("w_names", "SELECT name AS line FROM " TABLES
                                  " WHERE tenant OR name = 'tenant' ORDER BY name");

/* A statement made for one table, on a session of its own; the cause of its failure, or "". */
static enum err try(const struct wall *w, enum fixture_role role, int64_t tenant_id,
                    const char *sql, int64_t *ret_n, const char **ret_cause)
{
	const struct db_stmt stmt = { .name = "w_try", .sql = sql, .any_tenant = true };
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(role);
	struct fixture_db *f = w->fixture;
	struct ctx cx = { .app = &f->app, .arena = f->arena, .db = db };
	enum err e;

	cx.who.tenant_id = tenant_id;
	*ret_n = 0;
	e = db_get_int(&cx, &stmt, DB_NO_ARGS, ret_n);
	*ret_cause = e == ERR_OK || cx.fault.cause == NULL ? "" : cx.fault.cause;
	return e;
}

static bool is_refused(const char *cause)
{
	return strstr(cause, "42501") != NULL; /* by row security, or for want of a grant */
}

/* Without a context no row is seen, and none can be written, by any of the roles that serve. */
static void test_behaviour__nobody_sees_nothing(void **state)
{
	const struct wall *w = *state;
	struct list names = rows_of(reader(w), &TABLE_NAMES);

	for (size_t i = 0; i < names.n; i++) {
		const char *name = ((const struct row *)names.items)[i].line;
		struct arena *a = ((struct fixture_db *)w->fixture)->arena;
		const char *column = strcmp(name, "tenant") == 0 ? "id" : "tenant_id", *cause;
		const char *overriding =
			strcmp(name, "tenant") == 0 ? " OVERRIDING SYSTEM VALUE" : "";
		int64_t n;

		print_message("# %s\n", name);
		if (try(w, FIXTURE_APP, 0, arena_printf(a, "SELECT count(*) FROM app.%s", name), &n,
		        &cause) == ERR_OK)
			assert_true(n == 0);
		else
			assert_true(is_refused(cause));
		(void)try(w, FIXTURE_APP, 0,
		          arena_printf(a, "INSERT INTO app.%s (%s)%s VALUES (%lld) RETURNING 1",
		                       name, column, overriding, (long long)w->other),
		          &n, &cause);
		assert_true(is_refused(cause));
	}
}

/* Of the installation's own rows, tenants see the limits of queues. */
static const char *but_shared(const char *table)
{
	return strcmp(table, "job_queue") == 0 ? " AND tenant_id <> 0" : "";
}

/* In a context only its own tenant's rows are seen, changed and written. */
static void test_behaviour__one_tenant_at_a_time(void **state)
{
	const struct wall *w = *state;
	struct fixture_db *f = w->fixture;
	int64_t other = w->other, seen = 0;
	struct list names = rows_of(reader(w), &TABLE_NAMES);

	for (size_t i = 0; i < names.n; i++) {
		const char *name = ((const struct row *)names.items)[i].line, *cause;
		const char *column = strcmp(name, "tenant") == 0 ? "id" : "tenant_id";
		const char *overriding =
			strcmp(name, "tenant") == 0 ? " OVERRIDING SYSTEM VALUE" : "";
		int64_t n;

		print_message("# %s\n", name);
		if (try(w, FIXTURE_APP, other,
		        arena_printf(f->arena, "SELECT count(*) FROM app.%s WHERE %s <> %lld%s",
		                     name, column, (long long)other, but_shared(name)),
		        &n, &cause) == ERR_OK)
			assert_true(n == 0);
		else
			assert_true(is_refused(cause));
		if (try(w, FIXTURE_APP, other,
		        arena_printf(f->arena, "SELECT count(*) FROM app.%s", name), &n,
		        &cause) == ERR_OK)
			seen += n > 0;
		(void)try(w, FIXTURE_APP, other,
		          arena_printf(f->arena,
		                       "INSERT INTO app.%s (%s)%s VALUES (%lld) RETURNING 1", name,
		                       column, overriding, (long long)f->tenant_id),
		          &n, &cause);
		assert_true(is_refused(cause));
	}
	assert_true(seen >= 6); /* there was something to see */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_catalogue__the_wall_stands),
		cmocka_unit_test(test_catalogue__each_break_is_noticed),
		cmocka_unit_test(test_behaviour__nobody_sees_nothing),
		cmocka_unit_test(test_behaviour__one_tenant_at_a_time),
	};

	return cmocka_run_group_tests(tests, wall_open, wall_close);
}
