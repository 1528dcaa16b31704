/* How the parts are put together. */
#include "app/app.h"

#include "audit/refusal.h"
#include "auth/key.h"
#include "auth/keyring.h"
#include "auth/password.h"
#include "auth/origin.h"
#include "auth/rate.h"
#include "base/log.h"
#include "base/migrate.h"
#include "base/secret.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define START_ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define IDLE_MAX_MS       30000 /* of an open transaction */

enum err app_open(struct app_process *p, const char *component,
                  const struct config_sources *sources)
{
	enum log_level level = LOG_INFO;
	enum err e;

	*p = (struct app_process){ .arena = arena_new(START_ARENA_BYTES) };
	secret_init();
	p->app = (struct app){ .clock = &system_clock, .component = component };
	p->app.keys = key_memory_new();
	p->app.refusals = refusals_new();
	p->app.rates = rate_memory_new();
	p->app.origins = origin_memory_new();
	ctx_begin(&p->cx, &p->app, p->arena, NULL);
	e = config_load(&p->cx, sources, &p->app.config);
	if (e == ERR_OK) {
		level = log_level_by_name(p->app.config->log_level);
		p->app.passwords = password_gate_new((int)p->app.config->worker_threads / 2);
	}
	p->app.log = log_open(STDERR_FILENO, level);
	if (e == ERR_OK)
		e = app_open_keyring(&p->cx, &p->app);
	return e;
}

void app_close(struct app_process *p)
{
	log_close(p->app.log);
	key_memory_free(p->app.keys);
	password_gate_free(p->app.passwords);
	refusals_free(p->app.refusals);
	app_close_keyring(&p->app);
	rate_memory_free(p->app.rates);
	origin_memory_free(p->app.origins);
	arena_free(p->arena);
	*p = (struct app_process){ 0 };
}

enum err app_open_keyring(struct ctx *cx, struct app *app)
{
	struct keyring *ring;

	secret_guard();
	TRY(keyring_open(cx, app->config->master_key_file, &ring));
	app->keyring = ring;
	return ERR_OK;
}

void app_close_keyring(struct app *app)
{
	keyring_free((struct keyring *)app->keyring);
	app->keyring = NULL;
}

/*
 * A connection of a role that has a setting of its own; without it, of the application's server.
 *
 * @idle_ms of an open transaction; 0: as others
 */
static struct db_options options_as(const struct app *app, const char *url, const char *user,
                                    bool lazy, int64_t idle_ms)
{
	const struct config *config = app->config;
	bool own = url[0] != '\0';

	return (struct db_options){
		.conninfo = own ? url : config->database_url,
		.user = own ? NULL : user,
		.component = app->component,
		.statement_timeout_ms = (int)config->statement_timeout_ms,
		.lock_timeout_ms = (int)config->lock_timeout_ms,
		.connect_timeout_s = (int)config->database_connect_timeout_s,
		.lazy_commit = lazy,
		.idle_timeout_ms = (int)idle_ms,
	};
}

static struct db *open_as(const struct app *app, const char *url, const char *user, bool lazy,
                          int64_t idle_ms)
{
	const struct db_options options = options_as(app, url, user, lazy, idle_ms);

	return db_open(&options);
}

struct db *app_db(const struct app *app)
{
	return open_as(app, app->config->database_url, NULL, false, 0);
}

/*
 * A host that vanishes in the middle of a transaction leaves its rows locked until the server gives the
 * session up; that must not outlast the lease, or nobody could take the jobs over.
 */
static int64_t runner_idle_ms(const struct app *app)
{
	int64_t lease_ms = app->config->runner_lease_ms;

	return lease_ms < IDLE_MAX_MS ? lease_ms : IDLE_MAX_MS;
}

struct db *app_runner_db(const struct app *app)
{
	return open_as(app, app->config->database_runner_url, "portolan_runner", false,
	               runner_idle_ms(app));
}

struct db *app_shared_db(const struct app *app, struct db_pool *pool)
{
	struct db_options options = options_as(app, app->config->database_runner_url,
	                                       "portolan_runner", false, runner_idle_ms(app));

	options.pool = pool;
	return db_open(&options);
}

struct db *app_lane_db(const struct app *app)
{
	return open_as(app, app->config->database_runner_url, "portolan_runner", true,
	               runner_idle_ms(app));
}

struct db *app_gate_db(const struct app *app)
{
	return open_as(app, app->config->database_gate_url, "portolan_gate", false, 0);
}

struct db *app_owner_db(const struct app *app)
{
	const struct config *config = app->config;
	bool own = config->database_owner_url[0] != '\0';

	return db_open(&(struct db_options){
		.conninfo = own ? config->database_owner_url : config->database_url,
		.user = own ? NULL : "portolan_owner",
		.component = app->component,
		.connect_timeout_s = (int)config->database_connect_timeout_s,
	});
}

enum err app_check_schema(struct ctx *cx)
{
	int64_t version;

	TRY(migrate_version(cx, &version));
	if (version >= MIGRATE_NEWEST)
		return ERR_OK;
	err_set(cx, ERR_UNAVAILABLE,
	        "the database is at version %" PRId64 ", this program needs %d", version,
	        MIGRATE_NEWEST);
	err_fix(cx, "run `portolan migrate`");
	return ERR_UNAVAILABLE;
}

/* A statement on each role's connection that it runs on.  @ret ERR_OK, or the first refusal */
static enum err check_statement(struct ctx *cx, const struct db_check *check,
                                struct db *const dbs[])
{
	static const char *const ROLES[] = { "application", "runner", "gate", "owner" };
	unsigned as = check->as != 0 ? check->as : DB_AS_APP;

	for (int i = 0; i < (int)COUNT(ROLES); i++) {
		const char *detail;
		enum err e;

		if ((as & 1U << i) == 0)
			continue;
		cx->db = dbs[i];
		e = db_check_stmt(cx, check);
		if (e == ERR_OK)
			continue;
		detail = cx->fault.detail;
		return err_set(cx, e, "%s (as the %s)", detail, ROLES[i]);
	}
	return ERR_OK;
}

enum err app_check_statements(struct ctx *cx, int *ret_n)
{
	CLEANUP(db_close_ptr) struct db *app = app_db(cx->app);
	CLEANUP(db_close_ptr) struct db *runner = app_runner_db(cx->app);
	CLEANUP(db_close_ptr) struct db *gate = app_gate_db(cx->app);
	CLEANUP(db_close_ptr) struct db *owner = app_owner_db(cx->app);
	struct db *const dbs[] = { app, runner, gate, owner }, *mine = cx->db;
	struct fault all = { 0 };
	int n = 0;

	for (size_t i = 0; app_statements[i] != NULL; i++) {
		for (const struct db_check *c = app_statements[i]; c->stmt != NULL; c++, n++) {
			const char *detail;

			if (check_statement(cx, c, dbs) == ERR_OK)
				continue;
			detail = cx->fault.detail;
			cx->fault = all;
			err_field(cx, ERR_DATABASE, c->stmt->name, "statement", "%s", detail);
			all = cx->fault;
		}
	}
	*ret_n = n;
	cx->fault = all;
	cx->db = mine;
	return all.code;
}
