/* Secrets in the database (A3, T13, T22): sealed, bound, never given back, and re-sealed under load. */
#include "fixture_db.h"

#include "auth/keyring.h"
#include "auth/vault.h"
#include "projects/project.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CANARY "canary-value-of-the-vault"

static const struct secret_new TOKEN = {
	.name = "token",
	.kind = "git_https",
	.origin = "https://Git.example.org:443/",
	.username = "ci",
	.value = CANARY,
};

/* One of a name that no other test has. */
static struct secret make(struct ctx *cx, const char *name)
{
	struct secret_new in = TOKEN;
	struct secret made;

	in.name = name;
	assert_err(cx, vault_create(cx, &in, &made), ERR_OK);
	return made;
}

static void test_vault__life(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct secret made = make(cx, "life"), now;
	struct vault_opened opened;
	struct secret_patch patch = { .given = 1, .name = "later" };

	assert_string_equal(made.origin, "https://git.example.org");
	assert_string_equal(made.created_by, "test");
	assert_int_equal(made.version, 1);
	assert_int_equal(made.last_used_us, 0);

	assert_err(cx, vault_open(cx, made.id, &opened), ERR_OK);
	assert_string_equal(opened.value, CANARY);
	assert_null(opened.passphrase);
	err_set(cx, ERR_INTERNAL, "it is %s", CANARY);
	assert_string_equal(cx->fault.detail, "it is [redacted]");
	vault_close(&opened);
	assert_null(cx->words);
	assert_err(cx, vault_get(cx, made.id, &now), ERR_OK);
	assert_true(now.last_used_us > 0);
	assert_int_equal(now.version, 1);

	assert_err(cx, vault_change(cx, made.id, 7, &patch, &now), ERR_STALE);
	assert_err(cx, vault_change(cx, made.id, 1, &patch, &now), ERR_OK);
	assert_string_equal(now.name, "later");
	patch = (struct secret_patch){ .given = 1 << 3, .value = "another value" };
	assert_err(cx, vault_change(cx, made.id, 2, &patch, &now), ERR_OK);
	assert_err(cx, vault_open(cx, made.id, &opened), ERR_OK);
	assert_string_equal(opened.value, "another value");
	vault_close(&opened);

	assert_err(cx, vault_delete(cx, made.id, 2), ERR_STALE);
	assert_err(cx, vault_delete(cx, made.id, 3), ERR_OK);
	assert_err(cx, vault_get(cx, made.id, &now), ERR_NOT_FOUND);
	assert_err(cx, vault_open(cx, made.id, &opened), ERR_NOT_FOUND);
}

static const struct {
	const char *why;
	struct secret_new in;
	const char *blamed;
} CASES[] = {
	{ "no origin", { .kind = "git_https", .username = "u", .value = "vvvv" }, "/origin" },
	{ "no user", { .kind = "git_https", .origin = "https://h", .value = "vvvv" }, "/username" },
	{ "a path",
	  { .kind = "git_https", .origin = "https://h/a", .username = "u", .value = "vvvv" },
	  "/origin" },
	{ "http, which the settings forbid",
	  { .kind = "git_https", .origin = "http://h", .username = "u", .value = "vvvv" },
	  "/origin" },
	{ "another scheme",
	  { .kind = "git_https", .origin = "ssh://h", .username = "u", .value = "vvvv" },
	  "/origin" },
	{ "a user in the origin",
	  { .kind = "git_https", .origin = "https://a:b@h", .username = "u", .value = "vvvv" },
	  "/origin" },
	{ "two lines",
	  { .kind = "git_https", .origin = "https://h", .username = "u", .value = "a\nbcd" },
	  "/value" },
	{ "a host key with https",
	  { .kind = "git_https",
	    .origin = "https://h",
	    .username = "u",
	    .value = "vvvv",
	    .host_key = "x" },
	  "/host_key" },
	{ "an origin of a provider's key",
	  { .kind = "provider_key", .origin = "https://h", .value = "vvvv" },
	  "/origin" },
	{ "no pinned key",
	  { .kind = "git_ssh", .origin = "ssh://h", .value = "vvvv" },
	  "/host_key" },
	{ "no private key",
	  { .kind = "git_ssh",
	    .origin = "ssh://h",
	    .value = "vvvv",
	    .host_key = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU" },
	  "/value" },
};

static void test_vault__refused(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct secret made;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct secret_new in = CASES[i].in;

		print_message("# %s\n", CASES[i].why);
		in.name = "refused";
		err_clear(cx);
		assert_err(cx, vault_create(cx, &in, &made), ERR_INVALID);
		assert_blamed(cx, CASES[i].blamed, NULL);
		assert_non_null(cx->fault.fix);
	}
	make(cx, "taken");
	err_clear(cx);
	struct secret_new again = TOKEN;
	again.name = "taken";
	assert_err(cx, vault_create(cx, &again, &made), ERR_CONFLICT);
}

/* T22: what is in the database holds no plaintext, and moved to another place it does not open. */
static void test_vault__at_rest(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct secret one = make(cx, "one"), two = make(cx, "two");
	struct vault_opened opened;
	int64_t n, bad;

	assert_int_equal(fixture_db_int(cx,
	                                "SELECT count(*) FROM app.secret s WHERE position('" CANARY
	                                "'::bytea IN sealed) > 0 OR s::text LIKE '%" CANARY "%'"),
	                 0);
	fixture_db_int(
		cx, arena_printf(cx->arena,
	                         "WITH o AS (SELECT id, sealed FROM app.secret WHERE id IN"
	                         " (%lld, %lld)), u AS (UPDATE app.secret s SET sealed = o.sealed"
	                         " FROM o WHERE s.id IN (%lld, %lld) AND o.id <> s.id RETURNING 1)"
	                         " SELECT count(*) FROM u",
	                         (long long)one.id, (long long)two.id, (long long)one.id,
	                         (long long)two.id));
	assert_err(cx, vault_open(cx, one.id, &opened), ERR_UNSEALABLE);
	assert_err(cx, vault_open(cx, two.id, &opened), ERR_UNSEALABLE);

	CLEANUP(db_close_ptr) struct db *gate = fixture_db_connect(FIXTURE_GATE);
	struct ctx all = { .app = cx->app, .arena = cx->arena, .db = gate };
	assert_err(&all, vault_check(&all, &n, &bad), ERR_OK);
	assert_int_equal(bad, 2);
	assert_contains(all.fault.detail, "belongs to another place");
	err_clear(cx);
	assert_err(cx, vault_delete(cx, one.id, 0), ERR_OK);
	assert_err(cx, vault_delete(cx, two.id, 0), ERR_OK);
}

/* The gate re-seals; of what a secret is it sees nothing, and the workers' role sees one tenant. */
static void test_vault__walls(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct secret mine = make(cx, "mine"), seen;
	CLEANUP(db_close_ptr) struct db *gate = fixture_db_connect(FIXTURE_GATE);
	struct ctx all = { .app = cx->app, .arena = cx->arena, .db = gate };
	static const char *const DENIED[] = {
		"SELECT name FROM app.secret",
		"UPDATE app.secret SET name = 'x' RETURNING 1",
		"DELETE FROM app.secret RETURNING 1",
		"INSERT INTO app.secret (tenant_id, name, kind, sealed) VALUES (1, 'x', 'provider_key', '') RETURNING 1",
	};
	int64_t n = 0;

	for (size_t i = 0; i < COUNT(DENIED); i++) {
		const struct db_stmt stmt = { .name = arena_printf(cx->arena, "denied_%zu", i),
			                      .sql = DENIED[i],
			                      .any_tenant = true };

		assert_err(&all, db_get_int(&all, &stmt, DB_NO_ARGS, &n), ERR_DATABASE);
	}
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, vault_get(cx, mine.id, &seen), ERR_NOT_FOUND);
	assert_err(cx, vault_delete(cx, mine.id, 0), ERR_NOT_FOUND);
	assert_err(cx, vault_match(cx, mine.id, "git_https", "https://git.example.org"),
	           ERR_INVALID);
}

static void test_vault__projects(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct secret secret = make(cx, "for projects");
	struct project_new in = { .name = "private",
		                  .repository_url = "https://git.example.org/a.git",
		                  .secret_id = secret.id };
	struct project_patch patch = { .given = 1 << 2 };
	struct project made;
	int64_t job;

	assert_err(cx, project_create(cx, &in, &made, &job), ERR_OK);
	assert_int_equal(made.secret_id, secret.id);
	assert_err(cx, vault_delete(cx, secret.id, 0), ERR_SECRET_IN_USE);
	assert_contains(cx->fault.detail, "private");

	in.name = "elsewhere";
	in.repository_url = "https://git.example.org:8443/a.git";
	err_clear(cx);
	assert_err(cx, project_create(cx, &in, &made, &job), ERR_ORIGIN_MISMATCH);
	assert_contains(cx->fault.detail, "https://git.example.org,");
	assert_contains(cx->fault.detail, "https://git.example.org:8443");
	in.repository_url = "git@git.example.org:a.git";
	err_clear(cx);
	assert_err(cx, project_create(cx, &in, &made, &job), ERR_INVALID);
	assert_blamed(cx, "/secret_id", "kind");
	in.secret_id = 0;
	err_clear(cx);
	assert_err(cx, project_create(cx, &in, &made, &job), ERR_INVALID);
	assert_blamed(cx, "/secret_id", "required");
	in.repository_url = "https://git.example.org/a.git";
	in.secret_id = secret.id + 1000;
	err_clear(cx);
	assert_err(cx, project_create(cx, &in, &made, &job), ERR_INVALID);
	assert_blamed(cx, "/secret_id", "exists");

	in.secret_id = secret.id;
	err_clear(cx);
	assert_err(cx, project_create(cx, &in, &made, &job), ERR_OK);
	assert_err(cx, project_change(cx, made.id, 0, &patch, &made), ERR_OK);
	assert_int_equal(made.secret_id, 0);
	patch.secret_id = secret.id;
	assert_err(cx, project_change(cx, made.id, 0, &patch, &made), ERR_OK);
	assert_int_equal(made.secret_id, secret.id);
}

/* --- Rotation under load --- */

struct load {
	struct fixture_db *f;
	const struct keyring *ring;
	int64_t ids[8];
	atomic_bool stop;
	atomic_int rounds, failed;
};

/* Opens, changes and stores, as workers and runners do, with a ring that nobody tells anything. */
static void *work(void *arg)
{
	struct load *load = arg;
	struct app app = load->f->app;
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)64 << 20);
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	struct ctx cx;

	app.keyring = load->ring;
	while (!atomic_load(&load->stop)) {
		size_t i = (size_t)atomic_fetch_add(&load->rounds, 1) % COUNT(load->ids);
		struct secret_patch patch = { .given = 1 << 3, .value = CANARY "-changed" };
		struct vault_opened opened = { 0 };
		struct secret now;

		ctx_begin(&cx, &app, arena, db);
		cx.who = (struct who){ .tenant_id = load->f->tenant_id, .actor = "test" };
		if (vault_open(&cx, load->ids[i], &opened) != ERR_OK ||
		    strncmp(opened.value, CANARY, strlen(CANARY)) != 0) {
			print_message("# %s\n", cx.fault.detail);
			atomic_fetch_add(&load->failed, 1);
		}
		vault_close(&opened);
		if (i % 3 == 0 && vault_change(&cx, load->ids[i], 0, &patch, &now) != ERR_OK)
			atomic_fetch_add(&load->failed, 1);
	}
	return NULL;
}

static int64_t under(struct ctx *cx, int number)
{
	return fixture_db_int(cx,
	                      arena_printf(cx->arena,
	                                   "SELECT count(*) FROM app.secret WHERE tenant_id = %lld"
	                                   " AND key_number = %d",
	                                   (long long)cx->who.tenant_id, number));
}

/* Also those of other tests, with what refers to them. */
static void forget_secrets(struct ctx *cx)
{
	fixture_db_int(
		cx,
		"WITH m AS (DELETE FROM app.llm_model RETURNING 1), p AS (DELETE FROM app.llm_provider"
		" RETURNING 1) SELECT count(*) FROM m, p");
	fixture_db_int(
		cx,
		"WITH d AS (DELETE FROM app.secret s WHERE NOT EXISTS (SELECT FROM app.project p"
		" WHERE p.secret_id = s.id) RETURNING 1), u AS (UPDATE app.project SET"
		" secret_id = NULL RETURNING 1) SELECT count(*) FROM d, u");
	fixture_db_int(cx, "WITH d AS (DELETE FROM app.secret RETURNING 1) SELECT count(*) FROM d");
}

/* T22: no opening, sealing or changing fails while a key comes, rows move to it and the old one goes. */
static void test_vault__rotation(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	char path[] = "/tmp/portolan-vault.XXXXXX";
	struct load load = { .f = f };
	struct keyring *mine, *theirs;
	pthread_t threads[2];
	struct vault_need need;
	int number, rounds;
	struct app app = f->app;

	forget_secrets(cx);
	close(mkstemp(path));
	unlink(path);
	assert_err(cx, keyring_add(cx, path, 0, &number), ERR_OK);
	assert_err(cx, keyring_open(cx, path, &mine), ERR_OK);
	assert_err(cx, keyring_open(cx, path, &theirs), ERR_OK);
	app.keyring = mine;
	cx->app = &app;
	for (size_t i = 0; i < COUNT(load.ids); i++)
		load.ids[i] = make(cx, arena_printf(cx->arena, "rotated %zu", i)).id;
	load.ring = theirs;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &load), 0);

	CLEANUP(db_close_ptr) struct db *gate = fixture_db_connect(FIXTURE_GATE);
	struct ctx all = { .app = &app, .arena = cx->arena, .db = gate };
	assert_err(cx, keyring_add(cx, path, 2, &number), ERR_OK);
	assert_int_equal(number, 2);
	sleep(3); /* for its time to come: what the operator waits for */
	int64_t after = 0, done = 0;
	bool more = true;
	while (more)
		assert_err(&all, vault_reseal(&all, &after, &done, &more), ERR_OK);
	/* What was changed at the same moment is met by a second look. */
	for (after = 0, more = true; more;)
		assert_err(&all, vault_reseal(&all, &after, &done, &more), ERR_OK);
	assert_int_equal(under(cx, 1), 0);
	assert_int_equal(under(cx, 2), COUNT(load.ids));
	assert_err(&all, vault_needs(&all, 1, 1, &need), ERR_OK);
	assert_int_equal(need.secrets, 0);
	assert_err(cx, keyring_remove(cx, path, 1), ERR_OK);
	rounds = atomic_load(&load.rounds);
	for (int i = 0; i < 200 && atomic_load(&load.rounds) < rounds + 100; i++)
		usleep(20000);
	atomic_store(&load.stop, true);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	assert_true(atomic_load(&load.rounds) >= rounds + 100);
	assert_int_equal(atomic_load(&load.failed), 0);
	keyring_free(mine);
	keyring_free(theirs);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vault__life),     cmocka_unit_test(test_vault__refused),
		cmocka_unit_test(test_vault__at_rest),  cmocka_unit_test(test_vault__walls),
		cmocka_unit_test(test_vault__projects), cmocka_unit_test(test_vault__rotation),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
