/*
 * The application: what one process needs, opened in order and closed in order.
 *
 *     struct app_process p;
 *
 *     if (app_open(&p, "worker", &sources) != ERR_OK)
 *             ...report p.cx.fault, exit...
 *     db = app_db(&p.app);                      one a thread
 *     ctx_begin(&cx, &p.app, arena, db);
 *     ...
 *     app_close(&p);
 *
 * This is the only place that knows how the parts are put together.
 */
#ifndef APP_APP_H
#define APP_APP_H

#include "base/db.h"
#include "config/config.h"

/* Belongs to main(); borrowed by every context. */
struct app_process {
	struct app app;
	struct arena *arena; /* for what lives as long as the process, the configuration first */
	struct ctx cx;       /* of start-up, on that arena: its fault tells why app_open() failed */
};

/**
 * Read the configuration and the master keys, then make the log and what else a process shares.
 *
 * Nothing is connected to: a database that is away is no reason not to start.
 * @component  "worker", "runner", "portolan"; constant
 * Returns what config_load() and app_open_keyring() return.  The process can log and must be closed
 * in either case; before the configuration is known, the log takes everything from info upwards.
 */
NODISCARD
enum err app_open(struct app_process *p, const char *component,
                  const struct config_sources *sources);
void app_close(struct app_process *p);

/**
 * Open the keyring that master_key_file names, as app->keyring; app_open() does so by itself.
 * Returns what keyring_open() returns
 */
NODISCARD
enum err app_open_keyring(struct ctx *cx, struct app *app);
void app_close_keyring(struct app *app);

/** @ret a connection object of the application's role for one thread; the caller closes it */
struct db *app_db(const struct app *app);

/** @ret one of the runner's role, which may besides work on the queue of all tenants */
struct db *app_runner_db(const struct app *app);

/** @ret the same, which shares the connections of a pool */
struct db *app_shared_db(const struct app *app, struct db_pool *pool);

/** @ret one of the runner's role whose commits do not wait for the disk; for lanes of light jobs */
struct db *app_lane_db(const struct app *app);

/** @ret one of the gate's role: identities of all tenants and nothing else; for the command line */
struct db *app_gate_db(const struct app *app);

/** @ret one of the role that owns the tables, without time-outs: for migrations and checks */
struct db *app_owner_db(const struct app *app);

/**
 * Is the database's schema at least the one that this program was written for?
 * A newer one is good: releases are made so that the program before still runs.
 * Returns ERR_UNAVAILABLE, the detail naming both versions
 */
NODISCARD
enum err app_check_schema(struct ctx *cx);

/* The statements of every domain, for the check against a live schema; NULL ends the list. */
extern const struct db_check *const app_statements[];

/**
 * Prepare every statement of app_statements on connections of the roles that run it, opened by the
 * settings.  cx->fault blames each one that fails, by its name.
 * @ret_n  how many were checked
 */
NODISCARD
enum err app_check_statements(struct ctx *cx, int *ret_n);

#endif
