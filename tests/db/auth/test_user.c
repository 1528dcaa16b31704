/* People: signing in, sessions, passwords, tokens, and what none of it tells (T15, T17, T19; A1, A8, A11). */
#include "fixture_db.h"

#include "auth/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD "correct horse battery"

static struct db *gate;
static char dir[] = "/tmp/portolan-turns.XXXXXX";
static int people;

static int open_all(void **state)
{
	struct fixture_db *f;

	if (fixture_db_open(state) != 0 || mkdtemp(dir) == NULL)
		return -1;
	f = *state;
	f->config.run_dir = dir;
	f->config.password_memory_bytes = 8192;
	f->config.password_passes = 1;
	gate = fixture_db_connect(FIXTURE_GATE);
	return gate == NULL ? -1 : 0;
}

static int close_all(void **state)
{
	char command[100];

	db_close(gate);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		return -1;
	return fixture_db_close(state);
}

/* A context as the edge begins it: nobody yet. */
static struct ctx *nobody(void *state)
{
	struct ctx *cx = fixture_db_ctx(state);

	cx->who = (struct who){ 0 };
	return cx;
}

/* The operator's, on the gate's connection. */
static struct ctx *operator(void *state)
{
	struct ctx *cx = nobody(state);

	cx->db = gate;
	cx->who.actor = "operator";
	return cx;
}

/* The first value of a statement in which %s stands for the text. */
static int64_t number(struct ctx *cx, const char *sql, const char *text)
{
	const char *at = strstr(sql, "%s");

	return fixture_db_int(
		cx, arena_printf(cx->arena, "%.*s%s%s", (int)(at - sql), sql, text, at + 2));
}

/* A new person; a member of the program's tenant unless role is ROLE_UNSET. */
static const char *person(void *state, enum role role)
{
	static char email[60];
	struct fixture_db *f = state;
	struct ctx *cx = operator(state);
	struct user user;

	snprintf(email, sizeof(email), "p%d-%lld@example.org", ++people, (long long)f->tenant_id);
	assert_err(cx,
	           user_create(cx,
	                       &(const struct user_new){
				       .email = email,
				       .name = "Ada",
				       .password = PASSWORD,
				       .tenant = role == ROLE_UNSET
	                                                 ? NULL
	                                                 : arena_printf(cx->arena, "%lld",
	                                                                (long long)f->tenant_id),
				       .role = role,
			       },
	                       &user),
	           ERR_OK);
	assert_true(user.has_password);
	return strcpy(malloc(sizeof(email)), email);
}

static enum err try_sign_in(struct ctx *cx, const char *email, const char *password,
                            const struct session_claim *old, struct signed_in *ret)
{
	return user_sign_in(cx,
	                    &(const struct sign_in){
				    .email = email,
				    .password = password,
				    .remote = "192.0.2.1",
				    .user_agent = "test\n\x01",
				    .old = old,
			    },
	                    ret);
}

static struct session_claim sign_in(void *state, const char *email, const char *password)
{
	struct ctx *cx = nobody(state);
	struct signed_in in;

	assert_err(cx, try_sign_in(cx, email, password, NULL, &in), ERR_OK);
	return in.session;
}

/* A context that the session has been admitted to. */
static enum err admit(struct ctx *cx, const struct session_claim *claim, enum role least)
{
	TRY(session_admit(cx, claim, least));
	return db_flush(cx);
}

static struct ctx *as(void *state, const struct session_claim *claim)
{
	struct ctx *cx = nobody(state);

	assert_err(cx, admit(cx, claim, ROLE_ANYONE), ERR_OK);
	return cx;
}

static void test_sign_in__who(void **state)
{
	struct fixture_db *f = *state;
	const char *email = person(*state, ROLE_OPERATOR);
	struct ctx *cx = nobody(*state);
	const struct user_tenant *t;
	struct session_claim claim;
	struct signed_in in;

	assert_err(cx, try_sign_in(cx, email, PASSWORD, NULL, &in), ERR_OK);
	claim = in.session;
	assert_string_equal(in.user.email, email);
	assert_int_equal(in.tenants.n, 1);
	t = in.tenants.items;
	assert_string_equal(t->role, "operator");
	assert_true(in.session.tenant_id == f->tenant_id);
	cx = nobody(*state);
	assert_err(cx, admit(cx, &claim, ROLE_OPERATOR), ERR_OK);
	assert_true(cx->who.tenant_id == f->tenant_id);
	assert_int_equal(cx->who.role, ROLE_OPERATOR);
	assert_string_equal(cx->who.actor, email);
	assert_false(cx->who.session_due);
	cx = nobody(*state);
	assert_err(cx, admit(cx, &claim, ROLE_ADMIN), ERR_FORBIDDEN);
	assert_int_equal(number(cx,
	                        "SELECT count(*) FROM app.event WHERE kind = 'user.signed_in'"
	                        " AND payload->>'email' = '%s'",
	                        email),
	                 1);
	/* What the client says of itself is kept tame. */
	assert_int_equal(
		number(cx,
	               "SELECT count(*) FROM app.session s JOIN app.user_account u ON"
	               " u.id = s.user_id WHERE s.user_agent LIKE 'test__' AND u.email = '%s'",
	               email),
		1);
}

/* A wrong password, no such account, a disabled one, one without a password: the same in all words. */
static void test_sign_in__uniform_answers(void **state)
{
	const char *known = person(*state, ROLE_VIEWER), *disabled = person(*state, ROLE_VIEWER);
	const char *bare = "bare@example.org";
	const char *const emails[] = { known, "nobody-at-all@example.org", disabled, bare };
	struct ctx *cx = operator(*state);
	struct signed_in in;
	struct user user;

	assert_err(cx, user_disable(cx, disabled, true), ERR_OK);
	assert_err(cx,
	           user_create(cx, &(const struct user_new){ .email = bare, .name = "" }, &user),
	           ERR_OK);
	for (size_t i = 0; i < COUNT(emails); i++) {
		cx = nobody(*state);
		assert_err(cx,
		           try_sign_in(cx, emails[i], i == 0 ? "wrong horse battery" : PASSWORD,
		                       NULL, &in),
		           ERR_UNAUTHENTICATED);
		assert_string_equal(cx->fault.detail, "E-mail or password is wrong.");
		assert_true(cx->who.user_id == 0);
	}
}

/* From the fifth failure on there is a wait, known or not; it doubles; success ends it. */
static void test_sign_in__back_off(void **state)
{
	const char *const emails[] = { person(*state, ROLE_VIEWER), "nobody-knows@example.org" };

	for (size_t e = 0; e < COUNT(emails); e++) {
		struct ctx *cx = nobody(*state);
		struct signed_in in;

		for (int i = 0; i < 5; i++)
			assert_err(cx, try_sign_in(cx, emails[e], "wrong", NULL, &in),
			           ERR_UNAUTHENTICATED);
		assert_err(cx, try_sign_in(cx, emails[e], PASSWORD, NULL, &in), ERR_RATE);
		assert_true(cx->fault.retry_s == 1);
		for (int failures = 5; failures < 18; failures++) {
			int64_t wait = failures < 14 ? INT64_C(1) << (failures - 4) : 900;

			number(cx,
			       "WITH c AS (UPDATE app.sign_in_attempt SET not_before = now()"
			       " WHERE email_hash = sha256('%s') RETURNING 1) SELECT count(*) FROM c",
			       emails[e]);
			assert_err(cx, try_sign_in(cx, emails[e], "wrong", NULL, &in),
			           ERR_UNAUTHENTICATED);
			assert_err(cx, try_sign_in(cx, emails[e], PASSWORD, NULL, &in), ERR_RATE);
			assert_in_range(cx->fault.retry_s, wait - 1, wait);
		}
	}
	number(nobody(*state),
	       "WITH c AS (UPDATE app.sign_in_attempt SET not_before = now()"
	       " WHERE email_hash = sha256('%s') RETURNING 1) SELECT count(*) FROM c",
	       emails[0]);
	sign_in(*state, emails[0], PASSWORD);
	sign_in(*state, emails[0], PASSWORD);
	assert_int_equal(number(nobody(*state),
	                        "SELECT count(*) FROM app.sign_in_attempt WHERE email_hash = "
	                        "sha256('%s')",
	                        emails[0]),
	                 0);
}

/* The session that comes with a sign-in ends; a failed sign-in ends nothing. */
static void test_sign_in__rotates(void **state)
{
	const char *email = person(*state, ROLE_VIEWER);
	struct session_claim first = sign_in(*state, email, PASSWORD);
	struct ctx *cx = nobody(*state);
	struct signed_in in;

	assert_err(cx, try_sign_in(cx, email, "wrong", &first, &in), ERR_UNAUTHENTICATED);
	as(*state, &first);
	cx = nobody(*state);
	assert_err(cx, try_sign_in(cx, email, PASSWORD, &first, &in), ERR_OK);
	assert_memory_not_equal(in.session.secret, first.secret, sizeof(first.secret));
	cx = nobody(*state);
	assert_err(cx, admit(cx, &first, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	as(*state, &in.session);
}

/* A hash made when hashing cost less is made anew. */
static void test_sign_in__rehashes(void **state)
{
	static const char ASKED[] = "SELECT count(*) FROM app.user_account WHERE email = '%s' AND "
				    "password_hash LIKE '$argon2id$v=19$m=16,t=1,p=1$%'";
	struct fixture_db *f = *state;
	const char *email = person(*state, ROLE_VIEWER);

	assert_int_equal(number(nobody(*state), ASKED, email), 0);
	f->config.password_memory_bytes = 16384;
	sign_in(*state, email, PASSWORD);
	assert_int_equal(number(nobody(*state), ASKED, email), 1);
	f->config.password_memory_bytes = 8192;
	sign_in(*state, email, PASSWORD);
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
		const char *email = person(*state, ROLE_VIEWER);
		struct session_claim claim = sign_in(*state, email, PASSWORD);
		struct ctx *cx = as(*state, &claim);

		age(cx, email, ENDS[i]);
		cx = nobody(*state);
		assert_err(cx, admit(cx, &claim, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	}
}

/* The last use is written when a minute has passed, not before. */
static void test_session__seen(void **state)
{
	const char *email = person(*state, ROLE_VIEWER);
	struct session_claim claim = sign_in(*state, email, PASSWORD);
	struct ctx *cx = as(*state, &claim);

	assert_false(cx->who.session_due);
	age(cx, email, "last_seen_at = now() - interval '11 hours'");
	cx = as(*state, &claim);
	assert_true(cx->who.session_due);
	assert_err(cx, session_seen(cx), ERR_OK);
	cx = as(*state, &claim);
	assert_false(cx->who.session_due);
}

static void test_session__list_and_revoke(void **state)
{
	const char *email = person(*state, ROLE_VIEWER), *other = person(*state, ROLE_OWNER);
	struct session_claim one = sign_in(*state, email, PASSWORD);
	struct session_claim two = sign_in(*state, email, PASSWORD);
	struct session_claim theirs = sign_in(*state, other, PASSWORD);
	struct ctx *cx = as(*state, &one);
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
	cx = as(*state, &theirs);
	assert_err(cx, session_revoke(cx, other_id), ERR_NOT_FOUND);
	cx = as(*state, &one);
	assert_err(cx, session_revoke(cx, other_id), ERR_OK);
	cx = nobody(*state);
	assert_err(cx, admit(cx, &two, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	two = sign_in(*state, email, PASSWORD);
	cx = as(*state, &one);
	assert_err(cx, session_revoke_others(cx, &n), ERR_OK);
	assert_int_equal(n, 1);
	as(*state, &theirs);
	cx = as(*state, &one);
	assert_err(cx, session_sign_out(cx), ERR_OK);
	cx = nobody(*state);
	assert_err(cx, admit(cx, &one, ROLE_ANYONE), ERR_UNAUTHENTICATED);
}

/* The number in the cookie is no proof: of another's tenant, or none, there is no role. */
static void test_session__tenant_is_no_proof(void **state)
{
	struct fixture_db *f = *state;
	const char *email = person(*state, ROLE_OWNER);
	struct session_claim claim = sign_in(*state, email, PASSWORD);
	struct ctx *cx = nobody(*state);

	claim.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, admit(cx, &claim, ROLE_VIEWER), ERR_FORBIDDEN);
	cx = as(*state, &claim);
	assert_true(cx->who.tenant_id == 0);
	cx = nobody(*state);
	claim.tenant_id = 0;
	assert_err(cx, session_admit(cx, &claim, ROLE_VIEWER), ERR_FORBIDDEN);
	claim.tenant_id = f->tenant_id;
	cx = nobody(*state);
	assert_err(cx, admit(cx, &claim, ROLE_OWNER), ERR_OK);
	/* A role that is taken away is gone at the next request. */
	number(cx,
	       "WITH c AS (DELETE FROM app.member m USING app.user_account u WHERE u.id = m.user_id"
	       " AND u.email = '%s' RETURNING 1) SELECT count(*) FROM c",
	       email);
	cx = nobody(*state);
	assert_err(cx, admit(cx, &claim, ROLE_VIEWER), ERR_FORBIDDEN);
}

static void test_password__changed(void **state)
{
	const char *email = person(*state, ROLE_VIEWER);
	struct session_claim one = sign_in(*state, email, PASSWORD), before = one;
	struct session_claim two = sign_in(*state, email, PASSWORD);
	struct ctx *cx = as(*state, &one);
	struct signed_in in;

	assert_err(cx, user_change_password(cx, "wrong", "another horse battery", &one),
	           ERR_INVALID);
	assert_blamed(cx, "/old_password", "wrong");
	one = before;
	cx = as(*state, &one);
	assert_err(cx, user_change_password(cx, PASSWORD, "short", &one), ERR_INVALID);
	assert_blamed(cx, "/new_password", "min_length");
	cx = as(*state, &one);
	assert_err(cx, user_change_password(cx, PASSWORD, "another horse battery", &one), ERR_OK);
	as(*state, &one);
	cx = nobody(*state);
	assert_err(cx, admit(cx, &before, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	cx = nobody(*state);
	assert_err(cx, admit(cx, &two, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	cx = nobody(*state);
	assert_err(cx, try_sign_in(cx, email, PASSWORD, NULL, &in), ERR_UNAUTHENTICATED);
	sign_in(*state, email, "another horse battery");
}

static int64_t member_of(struct ctx *cx, const char *email, int64_t tenant_id)
{
	return fixture_db_int(cx, arena_printf(cx->arena,
	                                       "SELECT m.id FROM app.member m JOIN app.user_account"
	                                       " u ON u.id = m.user_id WHERE u.email = '%s' AND"
	                                       " m.tenant_id = %lld",
	                                       email, (long long)tenant_id));
}

static void test_reset__used_once(void **state)
{
	struct fixture_db *f = *state;
	const char *admin = person(*state, ROLE_ADMIN), *email = person(*state, ROLE_MEMBER);
	struct session_claim claim = sign_in(*state, admin, PASSWORD);
	struct session_claim theirs = sign_in(*state, email, PASSWORD);
	struct ctx *cx = as(*state, &claim);
	char token[CREDENTIAL_TEXT_MAX];
	struct reset_made made;
	struct accepted done;

	assert_err(cx, user_reset_member(cx, member_of(cx, email, f->tenant_id), &made), ERR_OK);
	assert_string_equal(made.email, email);
	snprintf(token, sizeof(token), "%s", made.token);
	as(*state, &theirs); /* nothing has happened yet */
	cx = nobody(*state);
	assert_err(cx, user_accept(cx, token, "short", &done), ERR_INVALID);
	assert_blamed(cx, "/password", "min_length");
	cx = nobody(*state);
	assert_err(cx, user_accept(cx, token, "a third horse battery", &done), ERR_OK);
	assert_string_equal(done.kind, "reset");
	assert_string_equal(done.email, email);
	cx = nobody(*state);
	assert_err(cx, admit(cx, &theirs, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	cx = nobody(*state);
	assert_err(cx, user_accept(cx, token, "a fourth horse battery", &done), ERR_INVALID);
	assert_blamed(cx, "/token", "token");
	sign_in(*state, email, "a third horse battery");
	/* The token itself is nowhere. */
	assert_int_equal(number(cx,
	                        "SELECT count(*) FROM app.password_token t WHERE strpos(t::text, "
	                        "substr('%s', 6, 20)) > 0",
	                        token),
	                 0);
}

/* Above the caller, or of another tenant where the caller is less: the operator's business. */
static void test_reset__only_from_above(void **state)
{
	struct fixture_db *f = *state;
	const char *admin = person(*state, ROLE_ADMIN), *owner = person(*state, ROLE_OWNER);
	const char *both = person(*state, ROLE_MEMBER);
	struct session_claim claim = sign_in(*state, admin, PASSWORD);
	struct ctx *cx = as(*state, &claim);
	int64_t other = fixture_db_tenant(cx);
	struct reset_made made;

	assert_err(cx, user_reset_member(cx, member_of(cx, owner, f->tenant_id), &made),
	           ERR_FORBIDDEN);
	assert_contains(cx->fault.fix, "portolan user passwd");
	fixture_db_int(cx,
	               arena_printf(cx->arena,
	                            "WITH c AS (INSERT INTO app.member (tenant_id, user_id, role,"
	                            " status) SELECT %lld, id, 1, 'active' FROM app.user_account"
	                            " WHERE email = '%s' RETURNING id) SELECT id FROM c",
	                            (long long)other, both));
	cx = as(*state, &claim);
	assert_err(cx, user_reset_member(cx, member_of(cx, both, f->tenant_id), &made),
	           ERR_FORBIDDEN);
	/* A member of another tenant is an unknown one. */
	cx = as(*state, &claim);
	assert_err(cx, user_reset_member(cx, member_of(cx, both, other), &made), ERR_NOT_FOUND);
	/* Once the caller is an administrator there too, they may. */
	fixture_db_int(cx,
	               arena_printf(cx->arena,
	                            "WITH c AS (INSERT INTO app.member (tenant_id, user_id, role,"
	                            " status) SELECT %lld, id, 4, 'active' FROM app.user_account"
	                            " WHERE email = '%s' RETURNING id) SELECT id FROM c",
	                            (long long)other, admin));
	cx = as(*state, &claim);
	assert_err(cx, user_reset_member(cx, member_of(cx, both, f->tenant_id), &made), ERR_OK);
}

/* A key of the tenant may reset who is of no other tenant. */
static void test_reset__token_ends(void **state)
{
	const char *email = person(*state, ROLE_MEMBER);
	struct ctx *cx = operator(*state);
	char first[CREDENTIAL_TEXT_MAX];
	struct reset_made made;
	struct accepted done;

	assert_err(cx, user_reset(cx, email, &made), ERR_OK);
	snprintf(first, sizeof(first), "%s", made.token);
	fixture_db_int(cx,
	               "WITH c AS (UPDATE app.password_token SET expires_at = now() RETURNING 1)"
	               " SELECT count(*) FROM c");
	cx = nobody(*state);
	assert_err(cx, user_accept(cx, first, "a third horse battery", &done), ERR_INVALID);
	first[10] = first[10] == 'A' ? 'B' : 'A';
	assert_err(cx, user_accept(cx, first, "a third horse battery", &done), ERR_INVALID);
	/* Disabling ends a token. */
	cx = operator(*state);
	assert_err(cx, user_reset(cx, email, &made), ERR_OK);
	snprintf(first, sizeof(first), "%s", made.token);
	assert_err(cx, user_disable(cx, email, true), ERR_OK);
	assert_err(cx, user_disable(cx, email, false), ERR_OK);
	cx = nobody(*state);
	assert_err(cx, user_accept(cx, first, "a third horse battery", &done), ERR_INVALID);
	sign_in(*state, email, PASSWORD);
}

/* An invitation as lib/auth/member.h makes one. */
static void invite(void *state, const char *email, char token[CREDENTIAL_TEXT_MAX])
{
	struct fixture_db *f = state;
	unsigned char hash[SECRET_HASH_BYTES];
	struct ctx *cx = operator(state);
	char hex[SECRET_HEX_MAX];

	assert_err(cx, user_token_make(cx, token, hash), ERR_OK);
	secret_hex(hash, sizeof(hash), hex);
	fixture_db_int(
		cx, arena_printf(cx->arena,
	                         "WITH u AS (SELECT id FROM app.user_account WHERE email = '%s'),"
	                         " m AS (INSERT INTO app.member (tenant_id, user_id, role, status)"
	                         " SELECT %lld, id, 2, 'invited' FROM u RETURNING 1),"
	                         " t AS (INSERT INTO app.password_token (user_id, tenant_id, kind,"
	                         " token_hash, expires_at) SELECT id, %lld, 'invitation', '\\x%s',"
	                         " now() + interval '1 hour' FROM u RETURNING 1)"
	                         " SELECT count(*) FROM m, t",
	                         email, (long long)f->tenant_id, (long long)f->tenant_id, hex));
}

static void test_invitation__with_and_without_password(void **state)
{
	struct fixture_db *f = *state;
	const char *known = person(*state, ROLE_UNSET);
	const char *fresh = "nu@example.org";
	struct ctx *cx = operator(*state);
	char token[CREDENTIAL_TEXT_MAX];
	struct session_claim claim;
	struct accepted done;
	struct user user;

	assert_err(cx,
	           user_create(cx, &(const struct user_new){ .email = fresh, .name = "" }, &user),
	           ERR_OK);
	invite(*state, fresh, token);
	cx = nobody(*state);
	assert_err(cx, user_accept(cx, token, "a fresh horse battery", &done), ERR_OK);
	assert_true(done.tenant_id == f->tenant_id);
	claim = sign_in(*state, fresh, "a fresh horse battery");
	assert_true(claim.tenant_id == f->tenant_id);

	claim = sign_in(*state, known, PASSWORD);
	assert_true(claim.tenant_id == 0);
	invite(*state, known, token);
	cx = nobody(*state);
	claim.tenant_id = f->tenant_id;
	assert_err(cx, admit(cx, &claim, ROLE_VIEWER),
	           ERR_FORBIDDEN); /* invited is not yet a member */
	cx = nobody(*state);
	assert_err(cx, user_accept(cx, token, "not their horse at all", &done),
	           ERR_UNAUTHENTICATED);
	cx = nobody(*state);
	assert_err(cx, user_accept(cx, token, PASSWORD, &done), ERR_OK);
	cx = nobody(*state);
	assert_err(cx, admit(cx, &claim, ROLE_MEMBER), ERR_OK); /* and the session goes on */
}

/* The workers may not read a hash, nor make or change an account. */
static void test_wall__no_hash_for_workers(void **state)
{
	static const char *const STATEMENTS[] = {
		"SELECT password_hash FROM app.user_account",
		"SELECT 1 FROM app.password_token",
		"SELECT 1 FROM app.sign_in_attempt",
		"INSERT INTO app.user_account (email) VALUES ('x@y')",
		"UPDATE app.user_account SET email = 'x@y'",
		"DELETE FROM app.user_account",
	};
	const char *email = person(*state, ROLE_OWNER);
	struct session_claim claim = sign_in(*state, email, PASSWORD);

	for (size_t i = 0; i < COUNT(STATEMENTS); i++) {
		const struct db_stmt stmt = {
			.name = arena_printf(((struct fixture_db *)*state)->arena, "t_%zu", i),
			.sql = STATEMENTS[i],
			.any_tenant = true
		};
		struct ctx *cx = as(*state, &claim);

		print_message("# %s\n", STATEMENTS[i]);
		assert_err(cx, db_run(cx, &stmt, DB_NO_ARGS, NULL), ERR_DATABASE);
		assert_contains(cx->fault.cause, "42501");
	}
}

static void test_operator__accounts(void **state)
{
	struct ctx *cx = operator(*state);
	const char *email = person(*state, ROLE_VIEWER);
	struct session_claim claim = sign_in(*state, email, PASSWORD);
	struct user user;
	struct list list;

	cx = operator(*state);
	assert_err(cx,
	           user_create(cx, &(const struct user_new){ .email = email, .name = "" }, &user),
	           ERR_CONFLICT);
	assert_err(cx, user_set_password(cx, email, "password1234"), ERR_INVALID);
	cx = operator(*state);
	assert_err(cx, user_set_password(cx, email, "the operator's horse"), ERR_OK);
	cx = nobody(*state);
	assert_err(cx, admit(cx, &claim, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	claim = sign_in(*state, email, "the operator's horse");
	cx = operator(*state);
	assert_err(cx, user_disable(cx, email, true), ERR_OK);
	assert_err(cx, user_find(cx, email, &user), ERR_OK);
	assert_true(user.disabled);
	assert_err(cx, user_list(cx, &list), ERR_OK);
	assert_true(list.n >= 1);
	assert_err(cx, user_find(cx, "no@where", &user), ERR_NOT_FOUND);
	cx = nobody(*state);
	assert_err(cx, admit(cx, &claim, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	assert_int_equal(number(cx,
	                        "SELECT count(*) FROM app.event WHERE kind = 'user.disabled' AND"
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
		cmocka_unit_test(test_reset__used_once),
		cmocka_unit_test(test_reset__only_from_above),
		cmocka_unit_test(test_reset__token_ends),
		cmocka_unit_test(test_invitation__with_and_without_password),
		cmocka_unit_test(test_wall__no_hash_for_workers),
		cmocka_unit_test(test_operator__accounts),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
