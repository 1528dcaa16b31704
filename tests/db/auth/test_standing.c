/* Credentials behind streams that are open: what ends them, as admission would (M3, X10). */
#include "people.h"

#include "auth/session.h"
#include "auth/standing.h"

#include <stdio.h>
#include <string.h>

/* Who asks, by numbers, and what each test does to it. */
struct asked {
	struct fixture_db *f;
	struct db *runner;
	struct standing key, person;
};

/* A key of role member, and a member with a session. */
static struct asked make(void **state)
{
	struct fixture_db *f = *state;
	struct asked a = { .f = f, .runner = fixture_db_connect(FIXTURE_RUNNER) };
	const char *email = people_new(f, ROLE_MEMBER);
	struct session_claim claim = people_sign_in(f, email, PEOPLE_PASSWORD);
	struct ctx *cx = people_nobody(f);
	struct key_made key;

	claim.tenant_id = f->tenant_id;
	assert_err(cx, people_admit(cx, &claim, ROLE_VIEWER), ERR_OK);
	a.person = (struct standing){ .tenant_id = f->tenant_id,
		                      .user_id = cx->who.user_id,
		                      .session_id = cx->who.session_id,
		                      .role = ROLE_MEMBER };
	cx = fixture_db_ctx(f);
	assert_err(cx,
	           fixture_db_key(
			   cx,
			   arena_printf(cx->arena, "standing %lld", (long long)a.person.session_id),
			   "k", ROLE_MEMBER, &key),
	           ERR_OK);
	a.key = (struct standing){
		.tenant_id = fixture_db_int(
			cx,
			arena_printf(cx->arena, "SELECT tenant_id FROM app.api_key WHERE id = %lld",
		                     (long long)key.id)),
		.key_id = key.id,
		.role = ROLE_MEMBER,
	};
	return a;
}

static void done(struct asked *a)
{
	db_close(a->runner);
}

/* @ret why one does not stand any more; NULL: it does */
static const char *why(struct asked *a, const struct standing *who)
{
	const struct standing both[] = { a->key, *who };
	struct ctx *cx = fixture_db_ctx(a->f);
	const struct standing_fallen *fallen;
	struct db *mine = cx->db;
	struct list list;

	cx->db = a->runner;
	cx->who = (struct who){ 0 };
	assert_err(cx, standing_check(cx, both, 2, &list), ERR_OK);
	cx->db = mine;
	fallen = list.items;
	for (size_t i = 0; i < list.n; i++) {
		if (fallen[i].place == 1)
			return fallen[i].reason;
	}
	return NULL;
}

/* Run a statement that lacks the id at its end.  @ret the id of its row */
static int64_t run(struct asked *a, const char *sql, int64_t id)
{
	struct ctx *cx = fixture_db_ctx(a->f);

	return fixture_db_int(cx,
	                      arena_printf(cx->arena, "%s %lld RETURNING id", sql, (long long)id));
}

/* It stands, until the statement is run. */
static void falls(struct asked *a, const struct standing *who, const char *text, const char *sql,
                  int64_t id)
{
	const char *reason;

	print_message("# %s\n", sql);
	assert_null(why(a, who));
	run(a, sql, id);
	reason = why(a, who);
	assert_non_null(reason);
	assert_contains(reason, text);
}

#define KEY(change) "UPDATE app.api_key SET " change " WHERE id ="

/* Each row: what is done to the key and taken back, and part of the reason. */
static const struct {
	const char *away, *back, *reason;
} KEYS[] = {
	{ KEY("revoked_at = now()"), KEY("revoked_at = NULL"), "API key" },
	{ KEY("expires_at = now() - interval '1 s'"), KEY("expires_at = NULL"), "API key" },
	{ KEY("scopes = '{jobs:read}'"), KEY("scopes = '{events:read}'"), "API key" },
	{ KEY("role = 1"), KEY("role = 2"), "may less" },
};

static void test_standing__key(void **state)
{
	struct asked a = make(state);
	struct standing token = a.key;

	for (size_t i = 0; i < COUNT(KEYS); i++) {
		falls(&a, &a.key, KEYS[i].reason, KEYS[i].away, a.key.key_id);
		run(&a, KEYS[i].back, a.key.key_id);
	}
	token.family_id = run(&a,
	                      "INSERT INTO app.token_family (tenant_id, key_id, expires_at)"
	                      " SELECT tenant_id, id, now() + interval '1 h'"
	                      " FROM app.api_key WHERE id =",
	                      a.key.key_id);
	falls(&a, &token, "access token",
	      "UPDATE app.token_family SET revoked_at = now() WHERE id =", token.family_id);
	/* The key itself stands. */
	falls(&a, &a.key, "tenant",
	      "UPDATE app.tenant SET status = 'deleting' WHERE id =", a.key.tenant_id);
	done(&a);
}

#define MEMBER(change)  "UPDATE app.member SET " change " WHERE user_id ="
#define USER(change)    "UPDATE app.user_account SET " change " WHERE id ="
#define SESSION(change) "UPDATE app.session SET " change " WHERE user_id ="

static const struct {
	const char *away, *back, *reason;
} PERSONS[] = {
	{ MEMBER("role = 1"), MEMBER("role = 3"), "may less" },
	{ USER("disabled_at = now()"), USER("disabled_at = NULL"), "session" },
	{ SESSION("last_seen_at = now() - interval '1 year'"), SESSION("last_seen_at = now()"),
	  "session" },
	{ SESSION("expires_at = now()"), SESSION("expires_at = now() + interval '1 h'"),
	  "session" },
};

static void test_standing__person(void **state)
{
	struct asked a = make(state);
	struct standing elsewhere = a.person;

	for (size_t i = 0; i < COUNT(PERSONS); i++) {
		falls(&a, &a.person, PERSONS[i].reason, PERSONS[i].away, a.person.user_id);
		run(&a, PERSONS[i].back, a.person.user_id);
	}
	elsewhere.tenant_id = a.key.tenant_id;
	assert_contains(why(&a, &elsewhere), "no member");
	falls(&a, &a.person, "no member",
	      "DELETE FROM app.member WHERE user_id =", a.person.user_id);
	done(&a);
}

/* A number alone opens nothing: without a credential nobody stands. */
static void test_standing__nobody(void **state)
{
	struct asked a = make(state);
	struct standing none = { .tenant_id = a.key.tenant_id };

	assert_contains(why(&a, &none), "Nobody");
	none.key_id = INT64_MAX;
	assert_contains(why(&a, &none), "API key");
	done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_standing__key),
		cmocka_unit_test(test_standing__person),
		cmocka_unit_test(test_standing__nobody),
	};

	return cmocka_run_group_tests(tests, people_open, people_close);
}
