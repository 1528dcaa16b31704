/* Tokens: resets and invitations, and who may hand them out (A1, A8). */
#include "people.h"

#include <stdio.h>
#include <string.h>

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
	const char *admin = people_new(*state, ROLE_ADMIN),
		   *email = people_new(*state, ROLE_MEMBER);
	struct session_claim claim = people_sign_in(*state, admin, PEOPLE_PASSWORD);
	struct session_claim theirs = people_sign_in(*state, email, PEOPLE_PASSWORD);
	struct ctx *cx = people_as(*state, &claim);
	char token[CREDENTIAL_TEXT_MAX];
	struct reset_made made;
	struct accepted done;

	assert_err(cx, user_reset_member(cx, member_of(cx, email, f->tenant_id), &made), ERR_OK);
	assert_string_equal(made.email, email);
	snprintf(token, sizeof(token), "%s", made.token);
	people_as(*state, &theirs); /* nothing has happened yet */
	cx = people_nobody(*state);
	assert_err(cx, user_accept(cx, token, "short", &done), ERR_INVALID);
	assert_blamed(cx, "/password", "min_length");
	cx = people_nobody(*state);
	assert_err(cx, user_accept(cx, token, "a third horse battery", &done), ERR_OK);
	assert_string_equal(done.kind, "reset");
	assert_string_equal(done.email, email);
	cx = people_nobody(*state);
	assert_err(cx, people_admit(cx, &theirs, ROLE_ANYONE), ERR_UNAUTHENTICATED);
	cx = people_nobody(*state);
	assert_err(cx, user_accept(cx, token, "a fourth horse battery", &done), ERR_INVALID);
	assert_blamed(cx, "/token", "token");
	people_sign_in(*state, email, "a third horse battery");
	/* The token itself is nowhere. */
	assert_int_equal(
		people_number(cx,
	                      "SELECT count(*) FROM app.password_token t WHERE strpos(t::text, "
	                      "substr('%s', 6, 20)) > 0",
	                      token),
		0);
}

/* Above the caller, or of another tenant where the caller is less: the operator's business. */
static void test_reset__only_from_above(void **state)
{
	struct fixture_db *f = *state;
	const char *admin = people_new(*state, ROLE_ADMIN), *owner = people_new(*state, ROLE_OWNER);
	const char *both = people_new(*state, ROLE_MEMBER);
	struct session_claim claim = people_sign_in(*state, admin, PEOPLE_PASSWORD);
	struct ctx *cx = people_as(*state, &claim);
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
	cx = people_as(*state, &claim);
	assert_err(cx, user_reset_member(cx, member_of(cx, both, f->tenant_id), &made),
	           ERR_FORBIDDEN);
	/* A member of another tenant is an unknown one. */
	cx = people_as(*state, &claim);
	assert_err(cx, user_reset_member(cx, member_of(cx, both, other), &made), ERR_NOT_FOUND);
	/* Once the caller is an administrator there too, they may. */
	fixture_db_int(cx,
	               arena_printf(cx->arena,
	                            "WITH c AS (INSERT INTO app.member (tenant_id, user_id, role,"
	                            " status) SELECT %lld, id, 4, 'active' FROM app.user_account"
	                            " WHERE email = '%s' RETURNING id) SELECT id FROM c",
	                            (long long)other, admin));
	cx = people_as(*state, &claim);
	assert_err(cx, user_reset_member(cx, member_of(cx, both, f->tenant_id), &made), ERR_OK);
}

static void set_role(struct ctx *cx, const char *email, int64_t tenant_id, enum role role)
{
	fixture_db_int(cx,
	               arena_printf(cx->arena,
	                            "WITH c AS (INSERT INTO app.member AS m (tenant_id, user_id,"
	                            " role, status) SELECT %lld, id, %d, 'active' FROM"
	                            " app.user_account WHERE email = '%s' ON CONFLICT"
	                            " (tenant_id, user_id) DO UPDATE SET role = excluded.role"
	                            " RETURNING 1) SELECT count(*) FROM c",
	                            (long long)tenant_id, role, email));
}

/* A token is worth what who gave it may do when it is used. */
static void test_reset__falls_with_its_giver(void **state)
{
	struct fixture_db *f = *state;
	const char *admin = people_new(*state, ROLE_ADMIN);
	const char *email = people_new(*state, ROLE_MEMBER);
	struct session_claim claim = people_sign_in(*state, admin, PEOPLE_PASSWORD);
	struct ctx *cx = people_as(*state, &claim);
	int64_t other = fixture_db_tenant(cx);
	char token[CREDENTIAL_TEXT_MAX];
	struct reset_made made;
	struct accepted done;
	const struct {
		const char *who;
		int64_t tenant_id;
		enum role worse, better; /* better ROLE_UNSET: no member again */
	} turns[] = {
		{ email, f->tenant_id, ROLE_OWNER, ROLE_MEMBER },   /* has risen above them */
		{ admin, f->tenant_id, ROLE_OPERATOR, ROLE_ADMIN }, /* is no administrator */
		{ email, other, ROLE_VIEWER, ROLE_UNSET },          /* has joined another tenant */
	};

	cx = people_as(*state, &claim);
	assert_err(cx, user_reset_member(cx, member_of(cx, email, f->tenant_id), &made), ERR_OK);
	snprintf(token, sizeof(token), "%s", made.token);
	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		set_role(cx, turns[i].who, turns[i].tenant_id, turns[i].worse);
		cx = people_nobody(*state);
		assert_err(cx, user_accept(cx, token, "a third horse battery", &done), ERR_INVALID);
		assert_blamed(cx, "/token", "token");
		if (turns[i].better != ROLE_UNSET)
			set_role(cx, turns[i].who, turns[i].tenant_id, turns[i].better);
	}
	set_role(cx, admin, other, ROLE_ADMIN); /* who is one there as well may */
	cx = people_nobody(*state);
	assert_err(cx, user_accept(cx, token, "a third horse battery", &done), ERR_OK);
}

/* A key of the tenant may reset who is of no other tenant. */
static void test_reset__token_ends(void **state)
{
	const char *email = people_new(*state, ROLE_MEMBER);
	struct ctx *cx = people_operator(*state);
	char first[CREDENTIAL_TEXT_MAX];
	struct reset_made made;
	struct accepted done;

	assert_err(cx, user_reset(cx, email, &made), ERR_OK);
	snprintf(first, sizeof(first), "%s", made.token);
	fixture_db_int(cx,
	               "WITH c AS (UPDATE app.password_token SET expires_at = now() RETURNING 1)"
	               " SELECT count(*) FROM c");
	cx = people_nobody(*state);
	assert_err(cx, user_accept(cx, first, "a third horse battery", &done), ERR_INVALID);
	first[10] = first[10] == 'A' ? 'B' : 'A';
	assert_err(cx, user_accept(cx, first, "a third horse battery", &done), ERR_INVALID);
	/* Disabling ends a token. */
	cx = people_operator(*state);
	assert_err(cx, user_reset(cx, email, &made), ERR_OK);
	snprintf(first, sizeof(first), "%s", made.token);
	assert_err(cx, user_disable(cx, email, true), ERR_OK);
	assert_err(cx, user_disable(cx, email, false), ERR_OK);
	cx = people_nobody(*state);
	assert_err(cx, user_accept(cx, first, "a third horse battery", &done), ERR_INVALID);
	people_sign_in(*state, email, PEOPLE_PASSWORD);
}

/* An invitation as lib/auth/member.h makes one. */
static void invite(void *state, const char *email, char token[CREDENTIAL_TEXT_MAX])
{
	struct fixture_db *f = state;
	unsigned char hash[SECRET_HASH_BYTES];
	struct ctx *cx = people_operator(state);
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
	const char *known = people_new(*state, ROLE_UNSET);
	const char *fresh = "nu@example.org";
	struct ctx *cx = people_operator(*state);
	char token[CREDENTIAL_TEXT_MAX];
	struct session_claim claim;
	struct reset_made made;
	struct accepted done;
	struct user user;

	assert_err(cx,
	           user_create(cx, &(const struct user_new){ .email = fresh, .name = "" }, &user),
	           ERR_OK);
	invite(*state, fresh, token);
	cx = people_nobody(*state);
	assert_err(cx, user_accept(cx, token, "a fresh horse battery", &done), ERR_OK);
	assert_true(done.tenant_id == f->tenant_id);
	claim = people_sign_in(*state, fresh, "a fresh horse battery");
	assert_true(claim.tenant_id == f->tenant_id);

	claim = people_sign_in(*state, known, PEOPLE_PASSWORD);
	assert_true(claim.tenant_id == 0);
	invite(*state, known, token);
	/* Who was only invited has not agreed that somebody here sets their password. */
	cx = fixture_db_ctx(*state);
	assert_err(cx, user_reset_member(cx, member_of(cx, known, f->tenant_id), &made),
	           ERR_FORBIDDEN);
	cx = people_nobody(*state);
	claim.tenant_id = f->tenant_id;
	assert_err(cx, people_admit(cx, &claim, ROLE_VIEWER),
	           ERR_FORBIDDEN); /* invited is not yet a member */
	cx = people_nobody(*state);
	assert_err(cx, user_accept(cx, token, "not their horse at all", &done),
	           ERR_UNAUTHENTICATED);
	cx = people_nobody(*state);
	assert_err(cx, user_accept(cx, token, PEOPLE_PASSWORD, &done), ERR_OK);
	cx = people_nobody(*state);
	assert_err(cx, people_admit(cx, &claim, ROLE_MEMBER), ERR_OK); /* and the session goes on */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reset__used_once),
		cmocka_unit_test(test_reset__only_from_above),
		cmocka_unit_test(test_reset__falls_with_its_giver),
		cmocka_unit_test(test_reset__token_ends),
		cmocka_unit_test(test_invitation__with_and_without_password),
	};

	return cmocka_run_group_tests(tests, people_open, people_close);
}
