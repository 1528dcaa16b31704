/* People: signing in, sessions, passwords, and what none of it tells (T15, T17, T19; A1, A8, A11). */
#include "people.h"

#include <stdio.h>
#include <string.h>

static void test_sign_in__who(void **state)
{
	struct fixture_db *f = *state;
	const char *email = people_new(*state, ROLE_OPERATOR);
	struct ctx *cx = people_nobody(*state);
	const struct user_tenant *t;
	struct session_claim claim;
	struct signed_in in;

	assert_err(cx, people_try(cx, email, PEOPLE_PASSWORD, NULL, &in), ERR_OK);
	claim = in.session;
	assert_string_equal(in.user.email, email);
	assert_int_equal(in.tenants.n, 1);
	t = in.tenants.items;
	assert_string_equal(t->role, "operator");
	assert_true(in.session.tenant_id == f->tenant_id);
	cx = people_nobody(*state);
	assert_err(cx, people_admit(cx, &claim, ROLE_OPERATOR), ERR_OK);
	assert_true(cx->who.tenant_id == f->tenant_id);
	assert_int_equal(cx->who.role, ROLE_OPERATOR);
	assert_string_equal(cx->who.actor, email);
	assert_false(cx->who.session_due);
	cx = people_nobody(*state);
	assert_err(cx, people_admit(cx, &claim, ROLE_ADMIN), ERR_FORBIDDEN);
	assert_int_equal(
		people_number(cx,
	                      "SELECT count(*) FROM app.event_all WHERE kind = 'user.signed_in'"
	                      " AND payload->>'email' = '%s'",
	                      email),
		1);
	/* What the client says of itself is kept tame. */
	assert_int_equal(
		people_number(
			cx,
			"SELECT count(*) FROM app.session s JOIN app.user_account u ON"
			" u.id = s.user_id WHERE s.user_agent LIKE 'test__' AND u.email = '%s'",
			email),
		1);
}

/* A wrong password, no such account, a disabled one, one without a password: the same in all words. */
static void test_sign_in__uniform_answers(void **state)
{
	const char *known = people_new(*state, ROLE_VIEWER),
		   *disabled = people_new(*state, ROLE_VIEWER);
	const char *bare = "bare@example.org";
	const char *const emails[] = { known, "nobody-at-all@example.org", disabled, bare };
	struct ctx *cx = people_operator(*state);
	struct signed_in in;
	struct user user;

	assert_err(cx, user_disable(cx, disabled, true), ERR_OK);
	assert_err(cx,
	           user_create(cx, &(const struct user_new){ .email = bare, .name = "" }, &user),
	           ERR_OK);
	for (size_t i = 0; i < COUNT(emails); i++) {
		cx = people_nobody(*state);
		assert_err(cx,
		           people_try(cx, emails[i],
		                      i == 0 ? "wrong horse battery" : PEOPLE_PASSWORD, NULL, &in),
		           ERR_UNAUTHENTICATED);
		assert_string_equal(cx->fault.detail, "E-mail or password is wrong.");
		assert_true(cx->who.user_id == 0);
	}
}

/* From the fifth failure on there is a wait, known or not; it doubles; success ends it. */
static void test_sign_in__back_off(void **state)
{
	const char *const emails[] = { people_new(*state, ROLE_VIEWER),
		                       "nobody-knows@example.org" };

	for (size_t e = 0; e < COUNT(emails); e++) {
		struct ctx *cx = people_nobody(*state);
		struct signed_in in;

		for (int i = 0; i < 5; i++)
			assert_err(cx, people_try(cx, emails[e], "wrong", NULL, &in),
			           ERR_UNAUTHENTICATED);
		assert_err(cx, people_try(cx, emails[e], PEOPLE_PASSWORD, NULL, &in), ERR_RATE);
		assert_true(cx->fault.retry_s == 1);
		for (int failures = 5; failures < 18; failures++) {
			int64_t wait = failures < 14 ? INT64_C(1) << (failures - 4) : 900;

			people_number(
				cx,
				"WITH c AS (UPDATE app.sign_in_attempt SET not_before = now()"
				" WHERE email_hash = sha256('%s') RETURNING 1) SELECT count(*) FROM c",
				emails[e]);
			assert_err(cx, people_try(cx, emails[e], "wrong", NULL, &in),
			           ERR_UNAUTHENTICATED);
			assert_err(cx, people_try(cx, emails[e], PEOPLE_PASSWORD, NULL, &in),
			           ERR_RATE);
			assert_in_range(cx->fault.retry_s, wait - 1, wait);
		}
	}
	people_number(people_nobody(*state),
	              "WITH c AS (UPDATE app.sign_in_attempt SET not_before = now()"
	              " WHERE email_hash = sha256('%s') RETURNING 1) SELECT count(*) FROM c",
	              emails[0]);
	people_sign_in(*state, emails[0], PEOPLE_PASSWORD);
	people_sign_in(*state, emails[0], PEOPLE_PASSWORD);
	assert_int_equal(
		people_number(people_nobody(*state),
	                      "SELECT count(*) FROM app.sign_in_attempt WHERE email_hash = "
	                      "sha256('%s')",
	                      emails[0]),
		0);
}

/* The session that comes with a sign-in ends; a failed sign-in ends nothing. */
static void test_sign_in__rotates(void **state)
{
	const char *email = people_new(*state, ROLE_VIEWER);
	struct session_claim first = people_sign_in(*state, email, PEOPLE_PASSWORD);
	struct ctx *cx = people_nobody(*state);
	struct signed_in in;

	assert_err(cx, people_try(cx, email, "wrong", &first, &in), ERR_UNAUTHENTICATED);
	people_as(*state, &first);
	cx = people_nobody(*state);
	assert_err(cx, people_try(cx, email, PEOPLE_PASSWORD, &first, &in), ERR_OK);
	assert_memory_not_equal(in.session.secret, first.secret, sizeof(first.secret));
	cx = people_nobody(*state);
	assert_err(cx, people_admit(cx, &first, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	people_as(*state, &in.session);
}

/* A hash made when hashing cost less is made anew. */
static void test_sign_in__rehashes(void **state)
{
	static const char ASKED[] = "SELECT count(*) FROM app.user_account WHERE email = '%s' AND "
				    "password_hash LIKE '$argon2id$v=19$m=16,t=1,p=1$%'";
	struct fixture_db *f = *state;
	const char *email = people_new(*state, ROLE_VIEWER);

	assert_int_equal(people_number(people_nobody(*state), ASKED, email), 0);
	f->config.password_memory_bytes = 16384;
	people_sign_in(*state, email, PEOPLE_PASSWORD);
	assert_int_equal(people_number(people_nobody(*state), ASKED, email), 1);
	f->config.password_memory_bytes = 8192;
	people_sign_in(*state, email, PEOPLE_PASSWORD);
}

static void age(struct ctx *cx, const char *email, const char *change)
{
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "WITH c AS (UPDATE app.session s SET %s FROM"
	                                " app.user_account u WHERE u.id = s.user_id AND u.email ="
	                                " '%s' RETURNING 1) SELECT count(*) FROM c",
	                                change, email));
}

static void test_session__ends_by_time(void **state)
{
	static const char *const ENDS[] = {
		"last_seen_at = now() - interval '12 hours 1 second'",
		"expires_at = now() - interval '1 second'",
	};

	for (size_t i = 0; i < COUNT(ENDS); i++) {
		const char *email = people_new(*state, ROLE_VIEWER);
		struct session_claim claim = people_sign_in(*state, email, PEOPLE_PASSWORD);
		struct ctx *cx = people_as(*state, &claim);

		age(cx, email, ENDS[i]);
		cx = people_nobody(*state);
		assert_err(cx, people_admit(cx, &claim, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	}
}

/* The last use is written when a minute has passed, not before. */
static void test_session__seen(void **state)
{
	const char *email = people_new(*state, ROLE_VIEWER);
	struct session_claim claim = people_sign_in(*state, email, PEOPLE_PASSWORD);
	struct ctx *cx = people_as(*state, &claim);

	assert_false(cx->who.session_due);
	age(cx, email, "last_seen_at = now() - interval '11 hours'");
	cx = people_as(*state, &claim);
	assert_true(cx->who.session_due);
	assert_err(cx, session_seen(cx), ERR_OK);
	cx = people_as(*state, &claim);
	assert_false(cx->who.session_due);
}

static void test_session__list_and_revoke(void **state)
{
	const char *email = people_new(*state, ROLE_VIEWER),
		   *other = people_new(*state, ROLE_OWNER);
	struct session_claim one = people_sign_in(*state, email, PEOPLE_PASSWORD);
	struct session_claim two = people_sign_in(*state, email, PEOPLE_PASSWORD);
	struct session_claim theirs = people_sign_in(*state, other, PEOPLE_PASSWORD);
	struct ctx *cx = people_as(*state, &one);
	const struct session *s;
	int64_t other_id, n;
	struct list list;

	assert_err(cx, session_list(cx, 0, 10, &list), ERR_OK);
	assert_int_equal(list.n, 2);
	s = list.items;
	assert_false(s[0].current);
	assert_true(s[1].current);
	assert_string_equal(s[0].remote, "192.0.2.1");
	other_id = s[0].id;
	cx = people_as(*state, &theirs);
	assert_err(cx, session_revoke(cx, other_id), ERR_NOT_FOUND);
	cx = people_as(*state, &one);
	assert_err(cx, session_revoke(cx, other_id), ERR_OK);
	cx = people_nobody(*state);
	assert_err(cx, people_admit(cx, &two, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	two = people_sign_in(*state, email, PEOPLE_PASSWORD);
	cx = people_as(*state, &one);
	assert_err(cx, session_revoke_others(cx, &n), ERR_OK);
	assert_int_equal(n, 1);
	people_as(*state, &theirs);
	cx = people_as(*state, &one);
	assert_err(cx, session_sign_out(cx), ERR_OK);
	cx = people_nobody(*state);
	assert_err(cx, people_admit(cx, &one, ROLE_ANYONE), ERR_UNAUTHENTICATED);
}

/* The number in the cookie is no proof: of another's tenant, or none, there is no role. */
static void test_session__tenant_is_no_proof(void **state)
{
	struct fixture_db *f = *state;
	const char *email = people_new(*state, ROLE_OWNER);
	struct session_claim claim = people_sign_in(*state, email, PEOPLE_PASSWORD);
	struct ctx *cx = people_nobody(*state);

	claim.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, people_admit(cx, &claim, ROLE_VIEWER), ERR_FORBIDDEN);
	cx = people_as(*state, &claim);
	assert_true(cx->who.tenant_id == 0);
	cx = people_nobody(*state);
	claim.tenant_id = 0;
	assert_err(cx, session_admit(cx, &claim, ROLE_VIEWER), ERR_FORBIDDEN);
	claim.tenant_id = f->tenant_id;
	cx = people_nobody(*state);
	assert_err(cx, people_admit(cx, &claim, ROLE_OWNER), ERR_OK);
	/* A role that is taken away is gone at the next request. */
	people_number(
		cx,
		"WITH c AS (DELETE FROM app.member m USING app.user_account u WHERE u.id = m.user_id"
		" AND u.email = '%s' RETURNING 1) SELECT count(*) FROM c",
		email);
	cx = people_nobody(*state);
	assert_err(cx, people_admit(cx, &claim, ROLE_VIEWER), ERR_FORBIDDEN);
}

static void test_password__changed(void **state)
{
	const char *email = people_new(*state, ROLE_VIEWER);
	struct session_claim one = people_sign_in(*state, email, PEOPLE_PASSWORD), before = one;
	struct session_claim two = people_sign_in(*state, email, PEOPLE_PASSWORD);
	struct ctx *cx = people_as(*state, &one);
	struct signed_in in;

	assert_err(cx, user_change_password(cx, "wrong", "another horse battery", &one),
	           ERR_INVALID);
	assert_blamed(cx, "/old_password", "wrong");
	one = before;
	cx = people_as(*state, &one);
	assert_err(cx, user_change_password(cx, PEOPLE_PASSWORD, "short", &one), ERR_INVALID);
	assert_blamed(cx, "/new_password", "min_length");
	cx = people_as(*state, &one);
	assert_err(cx, user_change_password(cx, PEOPLE_PASSWORD, "another horse battery", &one),
	           ERR_OK);
	people_as(*state, &one);
	cx = people_nobody(*state);
	assert_err(cx, people_admit(cx, &before, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	cx = people_nobody(*state);
	assert_err(cx, people_admit(cx, &two, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	cx = people_nobody(*state);
	assert_err(cx, people_try(cx, email, PEOPLE_PASSWORD, NULL, &in), ERR_UNAUTHENTICATED);
	people_sign_in(*state, email, "another horse battery");
}

/* The workers may not read a hash, make or change an account, or sign in or raise anybody without proof. */
static void test_wall__no_hash_for_workers(void **state)
{
	static const char *const STATEMENTS[] = {
		"SELECT password_hash FROM app.user_account",
		"SELECT 1 FROM app.password_token",
		"SELECT 1 FROM app.sign_in_attempt",
		"INSERT INTO app.user_account (email) VALUES ('x@y')",
		"UPDATE app.user_account SET email = 'x@y'",
		"DELETE FROM app.user_account",
		"INSERT INTO app.session (user_id, token_hash, expires_at)"
		" SELECT app.current_user_id(), sha256('a'), now()",
		"UPDATE app.session SET expires_at = 'infinity'",
		"INSERT INTO app.member (tenant_id, user_id, role, status) VALUES (1, 1, 5, 'active')",
		"UPDATE app.member SET status = 'active'",
		"UPDATE app.member SET user_id = app.current_user_id()",
		"UPDATE app.api_key SET role = 5",
		"UPDATE app.api_key SET scopes = NULL",
	};
	const char *email = people_new(*state, ROLE_OWNER);
	struct session_claim claim = people_sign_in(*state, email, PEOPLE_PASSWORD);

	for (size_t i = 0; i < COUNT(STATEMENTS); i++) {
		char name[20];
		const struct db_stmt stmt = {
			.name = name,
			.sql = STATEMENTS[i],
			.any_tenant = true,
		};
		struct ctx *cx = people_as(*state, &claim);

		snprintf(name, sizeof(name), "t_hash_%zu", i);
		print_message("# %s\n", STATEMENTS[i]);
		assert_err(cx, db_run(cx, &stmt, DB_NO_ARGS, NULL), ERR_DATABASE);
		assert_contains(cx->fault.cause, "42501");
	}
}

static void test_operator__accounts(void **state)
{
	struct ctx *cx = people_operator(*state);
	const char *email = people_new(*state, ROLE_VIEWER);
	struct session_claim claim = people_sign_in(*state, email, PEOPLE_PASSWORD);
	struct user user;
	struct list list;

	cx = people_operator(*state);
	assert_err(cx,
	           user_create(cx, &(const struct user_new){ .email = email, .name = "" }, &user),
	           ERR_CONFLICT);
	assert_err(cx, user_set_password(cx, email, "password1234"), ERR_INVALID);
	cx = people_operator(*state);
	assert_err(cx, user_set_password(cx, email, "the operator's horse"), ERR_OK);
	cx = people_nobody(*state);
	assert_err(cx, people_admit(cx, &claim, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	claim = people_sign_in(*state, email, "the operator's horse");
	cx = people_operator(*state);
	assert_err(cx, user_disable(cx, email, true), ERR_OK);
	assert_err(cx, user_find(cx, email, &user), ERR_OK);
	assert_true(user.disabled);
	assert_err(cx, user_list(cx, &list), ERR_OK);
	assert_true(list.n >= 1);
	assert_err(cx, user_find(cx, "no@where", &user), ERR_NOT_FOUND);
	cx = people_nobody(*state);
	assert_err(cx, people_admit(cx, &claim, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	assert_int_equal(
		people_number(cx,
	                      "SELECT count(*) FROM app.event_all WHERE kind = 'user.disabled' AND"
	                      " payload->>'email' = '%s'",
	                      email),
		1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sign_in__who),
		cmocka_unit_test(test_sign_in__uniform_answers),
		cmocka_unit_test(test_sign_in__back_off),
		cmocka_unit_test(test_sign_in__rotates),
		cmocka_unit_test(test_sign_in__rehashes),
		cmocka_unit_test(test_session__ends_by_time),
		cmocka_unit_test(test_session__seen),
		cmocka_unit_test(test_session__list_and_revoke),
		cmocka_unit_test(test_session__tenant_is_no_proof),
		cmocka_unit_test(test_password__changed),
		cmocka_unit_test(test_wall__no_hash_for_workers),
		cmocka_unit_test(test_operator__accounts),
	};

	return cmocka_run_group_tests(tests, people_open, people_close);
}
