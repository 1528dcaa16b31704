/*
 * Fixture of tests against a real PostgreSQL, migrated to the newest version.
 *
 *     int main(void)
 *     {
 *             const struct CMUnitTest tests[] = { cmocka_unit_test(test_x), ... };
 *             return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
 *     }
 *
 *     static void test_x(void **state)
 *     {
 *             struct ctx *cx = fixture_db_ctx(*state);
 *
 * tests/pg.sh gives the addresses in PORTOLAN_TEST_DB_URL and
 * PORTOLAN_TEST_OWNER_URL; without them the test fails.  Every context of a
 * program has a tenant of the program's own, so tests do not see each other.
 */
#ifndef TESTS_FIXTURE_DB_H
#define TESTS_FIXTURE_DB_H

#include "fixture.h"

#include "auth/key.h"
#include "base/db.h"
#include "config/config.h"

struct fixture_db {
	struct app app;
	struct config config; /* defaults; a test may change it */
	struct keyring *ring;
	struct arena *arena, *config_arena;
	struct db *db; /* of the application's role */
	struct ctx cx;
	struct key_made key; /* of the tenant, role owner */
	int64_t tenant_id;
};

/** Group set-up and tear-down for cmocka: *state becomes a struct fixture_db. */
int fixture_db_open(void **state);
int fixture_db_close(void **state);

/** @ret the fixture's context, begun anew: own tenant, role owner, actor "test" */
struct ctx *fixture_db_ctx(void *state);

/* Roles of the test database. */
enum fixture_role {
	FIXTURE_APP,    /* the workers' */
	FIXTURE_OWNER,  /* of the tables */
	FIXTURE_RUNNER, /* the job runner's */
	FIXTURE_GATE,
	FIXTURE_SUPER, /* whom nothing binds */
};

/** @ret a connection of its own to the test database */
struct db *fixture_db_connect(enum fixture_role role);

/** @ret the id of a new tenant */
int64_t fixture_db_tenant(struct ctx *cx);

/**
 * A tenant, if there is none of that name, and a key of it.
 */
NODISCARD
enum err fixture_db_key(struct ctx *cx, const char *tenant, const char *key_name, enum role role,
                        struct key_made *ret);

/**
 * Run one statement made for the test, and want it to work, as the superuser: a test looks behind
 * the wall.  @ret its first value as a number
 */
int64_t fixture_db_int(struct ctx *cx, const char *sql);

/** The same as text, in cx->arena; NULL stays NULL. */
const char *fixture_db_text(struct ctx *cx, const char *sql);

/** Fail the test, and show the fault, unless e is what was wanted. */
void assert_err(const struct ctx *cx, enum err e, enum err wanted);

#endif
