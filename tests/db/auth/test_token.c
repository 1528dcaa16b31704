/* Tokens of machine clients: what they prove, and how they end (A1; T18). */
#include "fixture_db.h"

#include "auth/api_key.h"
#include "auth/jwt.h"
#include "auth/keyring.h"
#include "auth/token.h"
#include "jobs/queue.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct db_stmt PROJECTS = {
	.name = "t_projects",
	.nparams = 1,
	.read = true,
	.sql = "SELECT count(*) FROM app.api_key WHERE tenant_id = $1",
};

/* A pair that outlives the request in which it was given. */
struct kept {
	char access[JWT_TEXT_MAX], refresh[CREDENTIAL_TEXT_MAX];
};

static struct ctx *stranger(void *state)
{
	struct ctx *cx = fixture_db_ctx(state);

	cx->who = (struct who){ 0 };
	return cx;
}

static void keep(const struct token_pair *pair, struct kept *ret)
{
	snprintf(ret->access, sizeof(ret->access), "%s", pair->access_token);
	snprintf(ret->refresh, sizeof(ret->refresh), "%s", pair->refresh_token);
}

static void issue(void *state, const char *key, struct kept *ret)
{
	struct ctx *cx = stranger(state);
	struct key_claim claim;
	struct token_pair pair;

	assert_true(key_parse(key, &claim));
	assert_err(cx, key_admit(cx, &claim, ROLE_VIEWER, ""), ERR_OK);
	assert_err(cx, token_issue(cx, &pair), ERR_OK);
	assert_string_equal(pair.token_type, "Bearer");
	assert_int_equal(pair.expires_in, 600);
	keep(&pair, ret);
}

static enum err refresh(void *state, const char *text, struct kept *ret)
{
	struct ctx *cx = stranger(state);
	struct token_pair pair;
	enum err e = token_refresh(cx, text, &pair);

	if (e == ERR_OK)
		keep(&pair, ret);
	return e;
}

/* Ask for something of the tenant with an access token. */
static enum err ask(void *state, const char *text, enum role least, const char *scope)
{
	struct ctx *cx = stranger(state);
	int64_t n;

	TRY(token_admit(cx, text, least, scope));
	assert_int_equal(cx->who.key_id, 0); /* nothing is proven yet */
	TRY(db_get_int(cx, &PROJECTS, DB_NO_ARGS, &n));
	assert_true(n > 0 && cx->who.key_id > 0);
	return ERR_OK;
}

static int64_t count(struct fixture_db *f, const char *sql, int64_t id)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	return fixture_db_int(&f->cx, arena_printf(f->cx.arena, sql, (long long)id));
#pragma GCC diagnostic pop
}

static void change(struct fixture_db *f, const char *what, int64_t id)
{
	fixture_db_int(&f->cx,
	               arena_printf(f->cx.arena,
	                            "WITH u AS (%s = %lld RETURNING 1) SELECT count(*) FROM u",
	                            what, (long long)id));
}

/* A key of its own for each test. */
static void new_key(struct fixture_db *f, enum role role, const char *scope,
                    char text[KEY_TEXT_MAX], int64_t *ret_id)
{
	struct ctx *cx = fixture_db_ctx(f);
	struct api_key_new in = { .name = "token", .role = role_name(role) };
	struct api_key key;

	if (scope != NULL)
		in.scopes = (struct list){ &scope, 1 };
	assert_err(cx, api_key_create(cx, &in, &key), ERR_OK);
	snprintf(text, KEY_TEXT_MAX, "%s", key.key);
	*ret_id = key.id;
}

static void test_token__pair_and_next(void **state)
{
	struct fixture_db *f = *state;
	struct kept first, second, third;

	issue(f, f->key.text, &first);
	assert_err(&f->cx, ask(f, first.access, ROLE_OWNER, "projects:write"), ERR_OK);
	assert_true(f->cx.who.tenant_id == f->tenant_id);
	assert_true(f->cx.who.key_id == f->key.id);
	assert_int_equal(f->cx.who.role, ROLE_OWNER);
	assert_contains(f->cx.who.actor, "key:");
	assert_err(&f->cx, refresh(f, first.refresh, &second), ERR_OK);
	assert_string_not_equal(first.refresh, second.refresh);
	assert_err(&f->cx, refresh(f, second.refresh, &third), ERR_OK);
	assert_err(&f->cx, ask(f, third.access, ROLE_OWNER, ""), ERR_OK);
	/* The family's end does not move. */
	assert_int_equal(count(f,
	                       "SELECT count(*) FROM app.token_family WHERE key_id = %lld"
	                       " AND expires_at > created_at + interval '30 days 1 second'",
	                       f->key.id),
	                 0);
	/* Neither token is in the database. */
	assert_int_equal(
		fixture_db_int(&f->cx, arena_printf(f->cx.arena,
	                                            "SELECT count(*) FROM app.refresh_token r"
	                                            " WHERE strpos(r::text, '%.20s') > 0",
	                                            third.refresh + 10)),
		0);
}

/* Used twice: the thief and the owner cannot be told apart, so both are out. */
static void test_refresh__reuse_ends_the_family(void **state)
{
	struct fixture_db *f = *state;
	struct kept first, second, third, other;
	char key[KEY_TEXT_MAX];
	int64_t id;

	new_key(f, ROLE_MEMBER, NULL, key, &id);
	issue(f, key, &other);
	issue(f, key, &first);
	assert_err(&f->cx, refresh(f, first.refresh, &second), ERR_OK);
	assert_err(&f->cx, refresh(f, first.refresh, &third), ERR_UNAUTHENTICATED);
	assert_err(&f->cx, refresh(f, second.refresh, &third), ERR_UNAUTHENTICATED);
	assert_err(&f->cx, ask(f, first.access, ROLE_VIEWER, ""), ERR_UNAUTHENTICATED);
	assert_err(&f->cx, ask(f, second.access, ROLE_VIEWER, ""), ERR_UNAUTHENTICATED);
	assert_int_equal(count(f,
	                       "SELECT count(*) FROM app.event_all WHERE kind = 'token.reused'"
	                       " AND payload->>'key_id' = '%lld'",
	                       id),
	                 1);
	/* The key's other families, and the key, live on. */
	assert_err(&f->cx, ask(f, other.access, ROLE_VIEWER, ""), ERR_OK);
	assert_err(&f->cx, refresh(f, other.refresh, &third), ERR_OK);
	issue(f, key, &first);
}

struct racer {
	struct fixture_db *f;
	const char *refresh;
	enum err e;
};

static void *race(void *self)
{
	struct racer *r = self;
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	struct arena *arena = arena_new((size_t)16 * 1024 * 1024);
	struct token_pair pair;
	struct ctx cx;

	ctx_begin(&cx, &r->f->app, arena, db);
	r->e = token_refresh(&cx, r->refresh, &pair);
	arena_free(arena);
	return NULL;
}

/* Of two at the same time one gets the pair, and then the family is over: never two pairs. */
static void test_refresh__race(void **state)
{
	struct fixture_db *f = *state;
	struct kept first, next;

	for (int i = 0; i < 10; i++) {
		struct racer racers[2];
		pthread_t threads[2];

		issue(f, f->key.text, &first);
		for (int r = 0; r < 2; r++) {
			racers[r] = (struct racer){ f, first.refresh, ERR_INTERNAL };
			assert_int_equal(pthread_create(&threads[r], NULL, race, &racers[r]), 0);
		}
		for (int r = 0; r < 2; r++)
			pthread_join(threads[r], NULL);
		assert_true((racers[0].e == ERR_OK) != (racers[1].e == ERR_OK));
		assert_true(racers[0].e == ERR_UNAUTHENTICATED ||
		            racers[1].e == ERR_UNAUTHENTICATED);
		assert_err(&f->cx, ask(f, first.access, ROLE_VIEWER, ""), ERR_UNAUTHENTICATED);
		assert_err(&f->cx, refresh(f, first.refresh, &next), ERR_UNAUTHENTICATED);
	}
}

static void test_refresh__texts_that_are_none(void **state)
{
	struct fixture_db *f = *state;
	struct kept pair, next;
	char text[CREDENTIAL_TEXT_MAX];

	issue(f, f->key.text, &pair);
	assert_err(&f->cx, refresh(f, "", &next), ERR_UNAUTHENTICATED);
	assert_err(&f->cx, refresh(f, pair.access, &next), ERR_UNAUTHENTICATED);
	assert_err(&f->cx, refresh(f, f->key.text, &next), ERR_UNAUTHENTICATED);
	for (int i = 0; i < 20; i++) { /* well-formed, of the family, and made up */
		credential_make(CREDENTIAL_REFRESH, strtoll(pair.refresh + 3, NULL, 10), text);
		assert_err(&f->cx, refresh(f, text, &next), ERR_UNAUTHENTICATED);
	}
	/* The text of a token with the number of another family. */
	snprintf(text, sizeof(text), "pr_1_%s", strchr(pair.refresh + 3, '_') + 1);
	assert_err(&f->cx, refresh(f, text, &next), ERR_UNAUTHENTICATED);
	/* None of that has ended the family. */
	assert_err(&f->cx, refresh(f, pair.refresh, &next), ERR_OK);
}

static void test_revoke(void **state)
{
	struct fixture_db *f = *state;
	struct kept first, second;
	char text[CREDENTIAL_TEXT_MAX];

	issue(f, f->key.text, &first);
	assert_err(&f->cx, refresh(f, first.refresh, &second), ERR_OK);
	credential_make(CREDENTIAL_REFRESH, strtoll(first.refresh + 3, NULL, 10), text);
	assert_err(&f->cx, token_revoke(stranger(f), text), ERR_OK); /* unknown: nothing */
	assert_err(&f->cx, token_revoke(stranger(f), "no token"), ERR_OK);
	assert_err(&f->cx, ask(f, second.access, ROLE_VIEWER, ""), ERR_OK);
	assert_err(&f->cx, token_revoke(stranger(f), first.refresh),
	           ERR_OK); /* a used one does it */
	assert_err(&f->cx, ask(f, second.access, ROLE_VIEWER, ""), ERR_UNAUTHENTICATED);
	assert_err(&f->cx, refresh(f, second.refresh, &first), ERR_UNAUTHENTICATED);
	assert_err(&f->cx, token_revoke(stranger(f), second.refresh), ERR_OK);
}

/* Each row: what happens to the key or family, and what a token is then worth. */
static void test_admit__rights_are_those_of_now(void **state)
{
	static const struct {
		const char *change;
		bool of_tenant;
		enum err e;
	} ROWS[] = {
		{ "UPDATE app.api_key SET role = 1 WHERE id", false, ERR_FORBIDDEN },
		{ "UPDATE app.api_key SET scopes = '{jobs:read}' WHERE id", false, ERR_FORBIDDEN },
		{ "UPDATE app.api_key SET revoked_at = now() WHERE id", false,
		  ERR_UNAUTHENTICATED },
		{ "UPDATE app.api_key SET expires_at = now() WHERE id", false,
		  ERR_UNAUTHENTICATED },
		{ "UPDATE app.token_family SET expires_at = now() WHERE key_id", false,
		  ERR_UNAUTHENTICATED },
		{ "UPDATE app.token_family SET revoked_at = now() WHERE key_id", false,
		  ERR_UNAUTHENTICATED },
		{ "DELETE FROM app.api_key WHERE id", false, ERR_UNAUTHENTICATED },
		{ "UPDATE app.tenant SET status = 'deleting' WHERE id", true, ERR_UNAUTHENTICATED },
	};
	struct fixture_db *f = *state;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct kept pair, next;
		char key[KEY_TEXT_MAX];
		enum err e;
		int64_t id;

		new_key(f, ROLE_MEMBER, NULL, key, &id);
		issue(f, key, &pair);
		assert_err(&f->cx, ask(f, pair.access, ROLE_MEMBER, "projects:read"), ERR_OK);
		change(f, ROWS[i].change, ROWS[i].of_tenant ? f->tenant_id : id);
		print_message("# %s\n", ROWS[i].change);
		assert_err(&f->cx, ask(f, pair.access, ROLE_MEMBER, "projects:read"), ROWS[i].e);
		e = refresh(f, pair.refresh, &next);
		assert_err(&f->cx, e, ROWS[i].e == ERR_FORBIDDEN ? ERR_OK : ERR_UNAUTHENTICATED);
		if (ROWS[i].of_tenant)
			change(f, "UPDATE app.tenant SET status = 'active' WHERE id", f->tenant_id);
	}
}

static void test_admit__scopes(void **state)
{
	struct fixture_db *f = *state;
	struct kept pair;
	char key[KEY_TEXT_MAX];
	int64_t id;

	new_key(f, ROLE_ADMIN, "projects:read", key, &id);
	issue(f, key, &pair);
	assert_err(&f->cx, ask(f, pair.access, ROLE_VIEWER, "projects:read"), ERR_OK);
	assert_err(&f->cx, ask(f, pair.access, ROLE_VIEWER, ""), ERR_OK);
	assert_err(&f->cx, ask(f, pair.access, ROLE_VIEWER, "projects:write"), ERR_FORBIDDEN);
	assert_err(&f->cx, ask(f, pair.access, ROLE_OWNER, "projects:read"), ERR_FORBIDDEN);
}

/* Signed by us and of no use: a key, tenant or family that do not belong together. */
static void test_admit__claims_that_do_not_fit(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	int64_t now = system_clock.wall_us(&system_clock) / 1000000;
	struct jwt_claims good = { .iss = JWT_ISSUER,
		                   .aud = JWT_AUDIENCE,
		                   .tid = f->tenant_id,
		                   .iat = now,
		                   .nbf = now,
		                   .exp = now + 300,
		                   .jti = "a" };
	int64_t other = fixture_db_tenant(cx), other_key, other_family, key;
	char text[KEY_TEXT_MAX];
	struct kept pair;

	new_key(f, ROLE_MEMBER, NULL, text, &key);
	issue(f, text, &pair);
	good.fam = strtoll(pair.refresh + 3, NULL, 10);
	issue(f, f->key.text, &pair);
	other_family = strtoll(pair.refresh + 3, NULL, 10);
	other_key = count(f, "SELECT id FROM app.api_key WHERE tenant_id = %lld", other);
	for (int i = 0; i < 9; i++) {
		const char *const SUBS[] = { "key:", "key:0", "key:-1", "user:1" };
		struct jwt_claims claims = good;
		char sub[32];
		const char *token;

		snprintf(sub, sizeof(sub), "key:%lld", (long long)(i == 1 ? other_key : key));
		claims.sub = i >= 5 ? SUBS[i - 5] : sub;
		if (i == 2)
			claims.tid = other;
		if (i == 3)
			claims.fam = other_family;
		if (i == 4)
			claims.fam = INT64_C(1) << 50;
		cx = fixture_db_ctx(f);
		assert_err(cx, jwt_sign(cx, f->app.keyring, &claims, &token), ERR_OK);
		token = strdup(token);
		assert_err(cx, ask(f, token, ROLE_VIEWER, ""),
		           i == 0 ? ERR_OK : ERR_UNAUTHENTICATED);
		free((char *)token);
	}
}

/* Families of a key are bounded; the oldest ends. */
static void test_issue__bounded(void **state)
{
	struct fixture_db *f = *state;
	struct kept first, second, pair;
	char key[KEY_TEXT_MAX];
	int64_t id;

	new_key(f, ROLE_VIEWER, NULL, key, &id);
	issue(f, key, &first);
	issue(f, key, &second);
	for (int i = 2; i <= TOKEN_FAMILIES_MAX; i++)
		issue(f, key, &pair);
	assert_int_equal(count(f, "SELECT count(*) FROM app.token_family WHERE key_id = %lld", id),
	                 TOKEN_FAMILIES_MAX);
	assert_err(&f->cx, ask(f, first.access, ROLE_VIEWER, ""), ERR_UNAUTHENTICATED);
	assert_err(&f->cx, refresh(f, first.refresh, &first), ERR_UNAUTHENTICATED);
	assert_err(&f->cx, ask(f, second.access, ROLE_VIEWER, ""), ERR_OK);
}

/* The runner clears away families that are over, of any tenant, and those alone. */
static void test_tidied(void **state)
{
	struct fixture_db *f = *state;
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_RUNNER);
	struct ctx runner = { .app = &f->app, .arena = f->arena, .db = db };
	struct kept gone, stays;
	char key[KEY_TEXT_MAX];
	int64_t id, rows;

	new_key(f, ROLE_VIEWER, NULL, key, &id);
	issue(f, key, &gone);
	change(f, "UPDATE app.token_family SET expires_at = now() - interval '1 s' WHERE key_id",
	       id);
	issue(f, f->key.text, &stays);
	assert_err(&runner, queue_tidy(&runner, &rows), ERR_OK);
	assert_true(rows >= 1);
	assert_int_equal(count(f, "SELECT count(*) FROM app.token_family WHERE key_id = %lld", id),
	                 0);
	assert_err(&f->cx, ask(f, stays.access, ROLE_VIEWER, ""), ERR_OK);
}

/* A worker can read no hash of a token, and cannot make a used one fresh. */
static void test_grants(void **state)
{
	static const char *const FORBIDDEN[] = {
		"SELECT count(*) FROM app.refresh_token",
		"UPDATE app.refresh_token SET used_at = NULL",
		"UPDATE app.token_family SET revoked_at = NULL",
		"DELETE FROM app.refresh_token",
	};

	for (size_t i = 0; i < COUNT(FORBIDDEN); i++) {
		struct ctx *cx = fixture_db_ctx(*state);

		assert_true(db_script(cx, FORBIDDEN[i]) != ERR_OK);
		assert_contains(cx->fault.cause, "42501");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_token__pair_and_next),
		cmocka_unit_test(test_refresh__reuse_ends_the_family),
		cmocka_unit_test(test_refresh__race),
		cmocka_unit_test(test_refresh__texts_that_are_none),
		cmocka_unit_test(test_revoke),
		cmocka_unit_test(test_admit__rights_are_those_of_now),
		cmocka_unit_test(test_admit__scopes),
		cmocka_unit_test(test_admit__claims_that_do_not_fit),
		cmocka_unit_test(test_issue__bounded),
		cmocka_unit_test(test_tidied),
		cmocka_unit_test(test_grants),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
