/* A connection to the throw-away PostgreSQL, and a tenant of its own. */
#include "fixture_db.h"

#include "auth/keyring.h"
#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)256 * 1024 * 1024)

static const unsigned char MASTER[KEYRING_KEY_BYTES] = "the master key of the tests";

struct db *fixture_db_connect(enum fixture_role role)
{
	static const char *const NAMES[] = {
		[FIXTURE_APP] = "PORTOLAN_TEST_DB_URL",
		[FIXTURE_OWNER] = "PORTOLAN_TEST_OWNER_URL",
		[FIXTURE_RUNNER] = "PORTOLAN_TEST_RUNNER_URL",
		[FIXTURE_GATE] = "PORTOLAN_TEST_GATE_URL",
		[FIXTURE_SUPER] = "PORTOLAN_TEST_SUPER_URL",
	};
	const char *name = NAMES[role], *url = getenv(name);

	if (url == NULL || url[0] == '\0') {
		fprintf(stderr, "%s is not set; run this under tests/pg.sh\n", name);
		return NULL;
	}
	return db_open(&(struct db_options){
		.conninfo = url,
		.component = "test",
		.statement_timeout_ms = 10000,
		.lock_timeout_ms = 2000,
	});
}

enum err fixture_db_key(struct ctx *cx, const char *tenant, const char *key_name, enum role role,
                        struct key_made *ret)
{
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_GATE);
	struct ctx own = { .app = cx->app, .arena = cx->arena, .db = db };
	enum err e = key_setup(&own, tenant, key_name, role, ret);

	cx->fault = own.fault;
	return e;
}

/* A tenant with a key of its own. */
static enum err make_tenant(struct ctx *cx, struct key_made *ret_key, int64_t *ret_id)
{
	char name[64] = "test-";

	secret_uuid7(system_clock.wall_us(&system_clock), name + strlen(name));
	TRY(fixture_db_key(cx, name, "test", ROLE_OWNER, ret_key));
	*ret_id = fixture_db_int(
		cx, arena_printf(cx->arena, "SELECT tenant_id FROM app.api_key WHERE id = %lld",
	                         (long long)ret_key->id));
	/* What a test finds in the audit log is what it did. */
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "WITH d AS (DELETE FROM app.audit WHERE tenant_id = %lld"
	                                " RETURNING 1) SELECT count(*) FROM d",
	                                (long long)*ret_id));
	return ERR_OK;
}

int64_t fixture_db_tenant(struct ctx *cx)
{
	struct key_made key;
	int64_t id = 0;

	assert_err(cx, make_tenant(cx, &key, &id), ERR_OK);
	return id;
}

static enum err settle(struct fixture_db *f)
{
	const struct config_sources sources = { .env = (const char *const[]){ NULL } };
	const struct config *config;
	struct ctx cx;

	f->config_arena = arena_new(ARENA_BYTES);
	ctx_begin(&cx, &f->app, f->config_arena, f->db);
	TRY(config_load(&cx, &sources, &config));
	f->config = *config;
	f->app.config = &f->config;
	return make_tenant(&cx, &f->key, &f->tenant_id);
}

int fixture_db_open(void **state)
{
	struct fixture_db *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	secret_init();
	f->app = (struct app){ .clock = &system_clock, .component = "test" };
	f->app.keys = key_memory_new();
	f->ring = keyring_of(MASTER);
	f->app.keyring = f->ring;
	f->arena = arena_new(ARENA_BYTES);
	f->db = fixture_db_connect(FIXTURE_APP);
	*state = f;
	if (f->db == NULL || settle(f) != ERR_OK) {
		fprintf(stderr, "the test database cannot be used\n");
		return -1;
	}
	return 0;
}

int fixture_db_close(void **state)
{
	struct fixture_db *f = *state;

	db_close(f->db);
	key_memory_free(f->app.keys);
	keyring_free(f->ring);
	arena_free(f->arena);
	arena_free(f->config_arena);
	free(f);
	return 0;
}

struct ctx *fixture_db_ctx(void *state)
{
	struct fixture_db *f = state;

	ctx_begin(&f->cx, &f->app, f->arena, f->db);
	f->cx.who = (struct who){ .tenant_id = f->tenant_id, .role = ROLE_OWNER, .actor = "test" };
	return &f->cx;
}

/* A connection that lives for one statement, so that its name may be the same each time. */
const char *fixture_db_text(struct ctx *cx, const char *sql)
{
	const struct db_stmt stmt = { .name = "test", .sql = sql, .any_tenant = true };
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_SUPER);
	struct ctx own = { .app = cx->app, .arena = cx->arena, .db = db };
	const char *text = NULL;

	assert_err(&own, db_get_text(&own, &stmt, DB_NO_ARGS, &text), ERR_OK);
	return text;
}

int64_t fixture_db_int(struct ctx *cx, const char *sql)
{
	const struct db_stmt stmt = { .name = "test", .sql = sql, .any_tenant = true };
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_SUPER);
	struct ctx own = { .app = cx->app, .arena = cx->arena, .db = db };
	int64_t n = 0;

	assert_err(&own, db_get_int(&own, &stmt, DB_NO_ARGS, &n), ERR_OK);
	return n;
}

void assert_err(const struct ctx *cx, enum err e, enum err wanted)
{
	if (e == wanted)
		return;
	if (e != ERR_OK)
		print_message("fault: %s (%s)\n", cx->fault.detail,
		              cx->fault.cause != NULL ? cx->fault.cause : "no cause");
	fail_msg("%s where %s was expected", e == ERR_OK ? "OK" : err_info(e)->name,
	         wanted == ERR_OK ? "OK" : err_info(wanted)->name);
}
