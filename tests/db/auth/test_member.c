/* Members against a real server: invited, changed, removed, and never without an owner (A5, A6, A7). */
#include "fixture_db.h"

#include "auth/member.h"
#include "auth/tenant.h"
#include "auth/user.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const char *address(struct ctx *cx)
{
	static int n;
	struct fixture_db *f = (struct fixture_db *)((char *)cx - offsetof(struct fixture_db, cx));

	return arena_printf(cx->arena, "m%lld.%d@example.org", (long long)f->tenant_id, ++n);
}

/* A person with an account. */
static int64_t make_user(struct ctx *cx, const char *email)
{
	return fixture_db_int(cx, arena_printf(cx->arena,
	                                       "INSERT INTO app.user_account (email, name) VALUES"
	                                       " ('%s', 'Known') RETURNING id",
	                                       email));
}

/* A member who is active already. */
static int64_t make_member(struct ctx *cx, int64_t tenant_id, int64_t user_id, enum role role)
{
	return fixture_db_int(cx, arena_printf(cx->arena,
	                                       "INSERT INTO app.member (tenant_id, user_id, role,"
	                                       " status) VALUES (%lld, %lld, %d, 'active')"
	                                       " RETURNING id",
	                                       (long long)tenant_id, (long long)user_id, role));
}

static void become(struct ctx *cx, int64_t tenant_id, int64_t user_id, enum role role)
{
	cx->who = (struct who){
		.tenant_id = tenant_id, .user_id = user_id, .role = role, .actor = "a@example.org"
	};
}

static enum err invite(struct ctx *cx, const char *email, const char *role,
                       struct member_invited *ret)
{
	return member_invite(cx, &(struct member_new){ .email = email, .role = role }, ret);
}

/* The answer is the same whether there was an account or not. */
static void test_invite__tells_nothing(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *known = address(cx), *unknown = address(cx);
	struct member_invited of_known, of_unknown;

	make_user(cx, known);
	assert_err(cx, invite(cx, known, "member", &of_known), ERR_OK);
	assert_err(cx, invite(cx, unknown, "member", &of_unknown), ERR_OK);
	assert_string_equal(of_known.member.status, of_unknown.member.status);
	assert_string_equal(of_known.member.status, "invited");
	assert_null(of_known.member.name);
	assert_null(of_unknown.member.name);
	assert_int_equal(strlen(of_known.token), strlen(of_unknown.token));
	assert_true(of_known.expires_us > of_known.member.created_us);
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.event_all WHERE"
	                                                 " tenant_id = %lld"
	                                                 " AND kind = 'member.invited'",
	                                                 (long long)cx->who.tenant_id)),
	                 2);
}

static int64_t tokens_of(struct ctx *cx, int64_t user_id)
{
	return fixture_db_int(cx, arena_printf(cx->arena,
	                                       "SELECT count(*) FROM app.password_token"
	                                       " WHERE user_id = %lld",
	                                       (long long)user_id));
}

static void test_invite__again_and_above(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const char *email = address(cx), *boss = address(cx);
	struct member_invited first, second;
	struct list list;

	assert_err(cx, invite(cx, arena_printf(cx->arena, "%s", email), "member", &first), ERR_OK);
	/* Capital letters do not make another person. */
	assert_err(cx, invite(cx, arena_printf(cx->arena, "M%s", email + 1), "admin", &second),
	           ERR_OK);
	assert_int_equal(first.member.id, second.member.id);
	assert_string_equal(second.member.role, "admin");
	assert_string_not_equal(first.token, second.token);
	assert_int_equal(tokens_of(cx, first.member.user_id), 1);

	assert_err(cx, invite(cx, boss, "owner", &first), ERR_OK);
	cx->who.role = ROLE_ADMIN;
	assert_err(cx, invite(cx, address(cx), "owner", &first), ERR_FORBIDDEN);
	assert_err(cx, invite(cx, boss, "viewer", &first), ERR_FORBIDDEN);
	cx->who.role = ROLE_OPERATOR;
	assert_err(cx, invite(cx, address(cx), "viewer", &first), ERR_FORBIDDEN);
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "UPDATE app.member SET status = 'active' WHERE id = %lld"
	                                " RETURNING id",
	                                (long long)second.member.id));
	cx->who.role = ROLE_OWNER;
	assert_err(cx, invite(cx, email, "member", &first), ERR_CONFLICT);
	assert_err(
		cx,
		member_list(cx, &(struct member_filter){ .limit = 10, .status = "active" }, &list),
		ERR_OK);
	assert_int_equal(list.n, 1);
	assert_err(cx,
	           member_list(cx, &(struct member_filter){ .limit = 10, .role = "owner" }, &list),
	           ERR_OK);
	assert_int_equal(list.n, 1);
}

static void test_members__of_another_tenant(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct member_invited made;
	struct member got;
	struct list list;

	assert_err(cx, invite(cx, address(cx), "member", &made), ERR_OK);
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, member_get(cx, made.member.id, &got), ERR_NOT_FOUND);
	assert_err(cx, member_remove(cx, made.member.id, 0), ERR_NOT_FOUND);
	assert_err(cx,
	           member_change(cx, made.member.id, 0, &(struct member_patch){ .role = "viewer" },
	                         &got),
	           ERR_NOT_FOUND);
	assert_err(cx, member_list(cx, &(struct member_filter){ .limit = 10 }, &list), ERR_OK);
	assert_int_equal(list.n, 0);
}

static void test_change__role(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t tenant_id = fixture_db_tenant(cx), ada, bob, of_ada, of_bob;
	struct member now;

	ada = make_user(cx, address(cx));
	bob = make_user(cx, address(cx));
	of_ada = make_member(cx, tenant_id, ada, ROLE_OWNER);
	of_bob = make_member(cx, tenant_id, bob, ROLE_ADMIN);
	become(cx, tenant_id, ada, ROLE_OWNER);
	assert_err(cx,
	           member_change(cx, of_bob, 7, &(struct member_patch){ .role = "viewer" }, &now),
	           ERR_STALE);
	assert_err(cx,
	           member_change(cx, of_bob, 1, &(struct member_patch){ .role = "viewer" }, &now),
	           ERR_OK);
	assert_string_equal(now.role, "viewer");
	assert_string_equal(now.name, "Known");
	assert_int_equal(now.version, 2);

	/* Bob was admitted as an administrator; what counts is what he is now. */
	become(cx, tenant_id, bob, ROLE_ADMIN);
	assert_err(cx,
	           member_change(cx, of_bob, 0, &(struct member_patch){ .role = "admin" }, &now),
	           ERR_FORBIDDEN);
	assert_err(cx, member_remove(cx, of_ada, 0), ERR_FORBIDDEN);
	assert_err(cx, member_remove(cx, of_bob, 0), ERR_OK);
	assert_err(cx, member_get(cx, of_bob, &now), ERR_NOT_FOUND);
}

static void test_last_owner__stays(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t tenant_id = fixture_db_tenant(cx), ada, bob, of_ada;
	const struct member_patch lower = { .role = "admin" };
	struct member now;

	ada = make_user(cx, address(cx));
	of_ada = make_member(cx, tenant_id, ada, ROLE_OWNER);
	become(cx, tenant_id, ada, ROLE_OWNER);
	assert_err(cx, member_remove(cx, of_ada, 0), ERR_STATE);
	assert_contains(cx->fault.detail, "last active owner");
	assert_err(cx, member_change(cx, of_ada, 0, &lower, &now), ERR_STATE);

	/* One who cannot sign in, or has not come yet, is none. */
	bob = make_user(cx, address(cx));
	make_member(cx, tenant_id, bob, ROLE_OWNER);
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "UPDATE app.user_account SET disabled_at = now()"
	                                " WHERE id = %lld RETURNING id",
	                                (long long)bob));
	assert_err(cx, member_remove(cx, of_ada, 0), ERR_STATE);
	fixture_db_int(cx, arena_printf(cx->arena,
	                                "UPDATE app.user_account SET disabled_at = NULL"
	                                " WHERE id = %lld RETURNING id",
	                                (long long)bob));
	assert_err(cx, member_change(cx, of_ada, 0, &lower, &now), ERR_OK);
}

/* Disabled: still a member, with name and role, whom no invitation lets in again (A5, A6). */
static void test_disable__and_enable(void **state)
{
	const struct member_patch disable = { .status = "disabled" },
				  enable = { .status = "active" };
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t tenant_id = fixture_db_tenant(cx), ada, bob, of_ada, of_bob;
	const char *email = address(cx);
	struct member_invited made;
	struct member now;

	ada = make_user(cx, address(cx));
	bob = make_user(cx, email);
	of_ada = make_member(cx, tenant_id, ada, ROLE_OWNER);
	of_bob = make_member(cx, tenant_id, bob, ROLE_OWNER);
	become(cx, tenant_id, ada, ROLE_OWNER);
	assert_err(cx, member_change(cx, of_ada, 0, &disable, &now), ERR_STATE);
	assert_err(cx, member_change(cx, of_bob, 2, &disable, &now), ERR_STALE);
	assert_err(cx, member_change(cx, of_bob, 1, &disable, &now), ERR_OK);
	assert_string_equal(now.status, "disabled");
	assert_string_equal(now.role, "owner");
	assert_string_equal(now.name, "Known");
	assert_err(cx, invite(cx, email, "viewer", &made), ERR_CONFLICT);
	assert_err(cx, member_remove(cx, of_ada, 0),
	           ERR_STATE); /* she is the last that is active */

	/* Bob was admitted before; what counts is what he is now. */
	become(cx, tenant_id, bob, ROLE_OWNER);
	assert_err(cx, member_change(cx, of_bob, 0, &enable, &now), ERR_FORBIDDEN);

	become(cx, tenant_id, ada, ROLE_OWNER);
	assert_err(cx, member_change(cx, of_bob, 0, &enable, &now), ERR_OK);
	assert_string_equal(now.status, "active");
	assert_int_equal(now.version, 3);
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.event_all WHERE"
	                                                 " tenant_id = %lld"
	                                                 " AND kind = 'member.changed'",
	                                                 (long long)tenant_id)),
	                 2);
	assert_err(cx, invite(cx, address(cx), "viewer", &made), ERR_OK);
	assert_err(cx, member_change(cx, made.member.id, 0, &enable, &now), ERR_STATE);
	assert_err(cx, member_change(cx, made.member.id, 0, &disable, &now), ERR_STATE);
	assert_non_null(cx->fault.fix);
}

/* One of two owners who leave at the same moment. */
struct leaver {
	const struct fixture_db *f;
	int64_t tenant_id, user_id, member_id;
	pthread_barrier_t *start;
	enum err came;
};

static void *leave(void *arg)
{
	struct leaver *l = arg;
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	struct arena *arena = arena_new((size_t)4 * 1024 * 1024);
	struct member seen;
	struct ctx cx;

	ctx_begin(&cx, &l->f->app, arena, db);
	become(&cx, l->tenant_id, l->user_id, ROLE_OWNER);
	l->came = member_get(&cx, l->member_id, &seen); /* connected before the start */
	pthread_barrier_wait(l->start);
	if (l->came == ERR_OK)
		l->came = member_remove(&cx, l->member_id, 0);
	arena_free(arena);
	return NULL;
}

static void test_last_owner__two_leave_at_once(void **state)
{
	for (int round = 0; round < 20; round++) {
		struct ctx *cx = fixture_db_ctx(*state);
		int64_t tenant_id = fixture_db_tenant(cx);
		struct leaver leavers[2];
		pthread_t threads[2];
		pthread_barrier_t start;
		int left = 0, refused = 0;

		pthread_barrier_init(&start, NULL, 2);
		for (int i = 0; i < 2; i++) {
			int64_t user_id = make_user(cx, address(cx));

			leavers[i] = (struct leaver){
				.f = *state,
				.tenant_id = tenant_id,
				.user_id = user_id,
				.member_id = make_member(cx, tenant_id, user_id, ROLE_OWNER),
				.start = &start,
			};
		}
		for (int i = 0; i < 2; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, leave, &leavers[i]), 0);
		for (int i = 0; i < 2; i++) {
			pthread_join(threads[i], NULL);
			left += leavers[i].came == ERR_OK;
			refused += leavers[i].came == ERR_STATE;
		}
		pthread_barrier_destroy(&start);
		assert_int_equal(left, 1);
		assert_int_equal(refused, 1);
	}
}

/* Members and who is invited are counted together; an invitation that is given again is none more. */
static void test_limit__counts_the_invited(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	int64_t was = f->config.members_max, tenant_id = fixture_db_tenant(cx);
	const char *email = address(cx), *over = address(cx);
	struct member_invited made;

	become(cx, tenant_id, 0, ROLE_OWNER);
	make_member(cx, tenant_id, make_user(cx, address(cx)), ROLE_OWNER);
	f->config.members_max = 2;
	assert_err(cx, invite(cx, email, "member", &made), ERR_OK);
	assert_err(cx, invite(cx, over, "member", &made), ERR_LIMIT);
	assert_contains(cx->fault.detail, "2 of at most 2 members");
	assert_contains(cx->fault.fix, "members_max");
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.user_account"
	                                                 " WHERE email = '%s'",
	                                                 over)),
	                 0);
	assert_err(cx, invite(cx, email, "viewer", &made), ERR_OK);
	assert_err(cx, member_remove(cx, made.member.id, 0), ERR_OK);
	assert_err(cx, invite(cx, over, "member", &made), ERR_OK);
	f->config.members_max = was;
}

struct inviter {
	const struct fixture_db *f;
	int64_t tenant_id;
	int number, made, refused;
};

static void *invite_many(void *arg)
{
	struct inviter *v = arg;
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	struct arena *arena = arena_new((size_t)4 * 1024 * 1024);
	struct ctx cx;

	for (int i = 0; i < 10; i++) {
		struct member_invited made;
		enum err e;

		ctx_begin(&cx, &v->f->app, arena, db);
		become(&cx, v->tenant_id, 0, ROLE_OWNER);
		e = invite(&cx,
		           arena_printf(arena, "race%lld.%d.%d@example.org",
		                        (long long)v->tenant_id, v->number, i),
		           "member", &made);
		v->made += e == ERR_OK;
		v->refused += e == ERR_LIMIT;
	}
	arena_free(arena);
	return NULL;
}

/* However many invite at once, the limit holds to the last one. */
static void test_limit__holds_in_a_race(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	int64_t was = f->config.members_max, tenant_id = fixture_db_tenant(cx);
	struct inviter inviters[4];
	pthread_t threads[COUNT(inviters)];
	int made = 0, refused = 0;

	f->config.members_max = 7;
	for (size_t i = 0; i < COUNT(inviters); i++) {
		inviters[i] = (struct inviter){ .f = f, .tenant_id = tenant_id, .number = (int)i };
		assert_int_equal(pthread_create(&threads[i], NULL, invite_many, &inviters[i]), 0);
	}
	for (size_t i = 0; i < COUNT(inviters); i++) {
		pthread_join(threads[i], NULL);
		made += inviters[i].made;
		refused += inviters[i].refused;
	}
	f->config.members_max = was;
	assert_int_equal(made, 7);
	assert_int_equal(refused, 33);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_invite__tells_nothing),
		cmocka_unit_test(test_invite__again_and_above),
		cmocka_unit_test(test_members__of_another_tenant),
		cmocka_unit_test(test_change__role),
		cmocka_unit_test(test_last_owner__stays),
		cmocka_unit_test(test_last_owner__two_leave_at_once),
		cmocka_unit_test(test_disable__and_enable),
		cmocka_unit_test(test_limit__counts_the_invited),
		cmocka_unit_test(test_limit__holds_in_a_race),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
