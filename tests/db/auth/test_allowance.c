/* Limits of a tenant against a real server: who sees them, who changes them, and that they hold (A2, A5). */
#include "fixture_db.h"

#include "auth/allowance.h"
#include "auth/api_key.h"
#include "auth/member.h"

#include <stdio.h>
#include <string.h>

/* A person with an account; a steward or not. */
static int64_t make_user(struct ctx *cx, bool steward)
{
	static int n;
	struct fixture_db *f = (struct fixture_db *)((char *)cx - offsetof(struct fixture_db, cx));

	return fixture_db_int(cx, arena_printf(cx->arena,
	                                       "INSERT INTO app.user_account (email, name, steward)"
	                                       " VALUES ('w%lld.%d@example.org', 'W', %s)"
	                                       " RETURNING id",
	                                       (long long)f->tenant_id, ++n,
	                                       steward ? "true" : "false"));
}

static void become(struct ctx *cx, int64_t tenant_id, int64_t user_id, enum role role)
{
	cx->who = (struct who){
		.tenant_id = tenant_id, .user_id = user_id, .role = role, .actor = "w@example.org"
	};
}

static const struct allowance *find(const struct allowances *all, enum allowance_kind kind)
{
	const struct allowance *items = all->items.items;

	assert_int_equal(all->items.n, ALLOWANCE_KINDS);
	return &items[kind];
}

static enum err decode(struct ctx *cx, const char *body, struct allowances_patch *ret)
{
	return schema_decode(cx, &allowances_patch_schema, (struct span){ body, strlen(body) },
	                     ret);
}

static void test_get__own_and_settings(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	int64_t tenant_id = cx->who.tenant_id, other = fixture_db_tenant(cx);
	struct allowances all;

	assert_err(cx, allowances_get(cx, tenant_id, &all), ERR_OK);
	assert_false(all.may_change);
	assert_string_equal(find(&all, ALLOWANCE_PROJECTS)->name, "projects_max");
	assert_int_equal(find(&all, ALLOWANCE_PROJECTS)->max, f->config.projects_max);
	assert_false(find(&all, ALLOWANCE_PROJECTS)->own);
	assert_true(find(&all, ALLOWANCE_MEMBERS)->counted);
	assert_false(find(&all, ALLOWANCE_REQUESTS)->counted);

	become(cx, tenant_id, 0, ROLE_OWNER);
	assert_err(cx, allowances_get(cx, other, &all), ERR_NOT_FOUND);
}

/* The tenant's owner may not, whatever they send; a steward may, of a tenant that is not theirs. */
static void test_change__is_a_stewards(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	int64_t home = fixture_db_tenant(cx), other = fixture_db_tenant(cx);
	int64_t owner = make_user(cx, false), steward = make_user(cx, true);
	struct allowances_patch in;
	struct allowances all;
	struct list tenants;

	fixture_db_int(cx, arena_printf(cx->arena,
	                                "INSERT INTO app.member (tenant_id, user_id, role, status)"
	                                " VALUES (%lld, %lld, 5, 'active') RETURNING id",
	                                (long long)other, (long long)owner));
	assert_err(cx, decode(cx, "{\"projects_max\":7,\"members_max\":1}", &in), ERR_OK);
	become(cx, other, owner, ROLE_OWNER);
	assert_err(cx, allowances_change(cx, other, 0, &in, &all), ERR_FORBIDDEN);
	assert_contains(cx->fault.fix, "portolan tenant quota");
	assert_err(cx, allowances_tenants(cx, 0, 10, &tenants), ERR_FORBIDDEN);
	become(cx, other, owner, ROLE_OWNER);
	assert_err(cx, allowances_change(cx, home, 0, &in, &all), ERR_NOT_FOUND);

	become(cx, home, steward, ROLE_VIEWER);
	assert_err(cx, allowances_change(cx, other, 9, &in, &all), ERR_STALE);
	assert_err(cx, allowances_change(cx, INT64_MAX, 0, &in, &all), ERR_NOT_FOUND);
	become(cx, home, steward, ROLE_VIEWER);
	assert_err(cx, allowances_change(cx, other, 1, &in, &all), ERR_OK);
	assert_true(all.may_change);
	assert_int_equal(find(&all, ALLOWANCE_PROJECTS)->max, 7);
	assert_true(find(&all, ALLOWANCE_PROJECTS)->own);
	assert_int_equal(find(&all, ALLOWANCE_MEMBERS)->used, 1);
	assert_int_equal(find(&all, ALLOWANCE_JOBS)->max, f->config.jobs_max);
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.event_all WHERE"
	                                                 " tenant_id = %lld AND kind ="
	                                                 " 'tenant.changed'",
	                                                 (long long)other)),
	                 1);
	become(cx, home, steward, ROLE_VIEWER);
	assert_err(cx, allowances_tenants(cx, other + 1, 10, &tenants), ERR_OK);
	assert_int_equal(((const struct tenant *)tenants.items)[0].id, other);
	assert_int_equal(((const struct tenant *)tenants.items)[0].projects_max, 7);

	/* null gives the setting back; what is not named stays. */
	assert_err(cx, decode(cx, "{\"projects_max\":null}", &in), ERR_OK);
	assert_err(cx, allowances_change(cx, other, 2, &in, &all), ERR_OK);
	assert_false(find(&all, ALLOWANCE_PROJECTS)->own);
	assert_int_equal(find(&all, ALLOWANCE_MEMBERS)->max, 1);
}

/* Whose account is disabled is no steward, and sees nothing; neither is a program one. */
static void test_change__not_any_more(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t home = fixture_db_tenant(cx), steward = make_user(cx, true);
	const struct allowances_patch in = { 0 };
	struct allowances all;

	fixture_db_int(cx, arena_printf(cx->arena,
	                                "UPDATE app.user_account SET disabled_at = now()"
	                                " WHERE id = %lld RETURNING id",
	                                (long long)steward));
	become(cx, home, steward, ROLE_OWNER);
	assert_err(cx, allowances_change(cx, home, 0, &in, &all), ERR_NOT_FOUND);
	become(cx, home, 0, ROLE_OWNER);
	assert_err(cx, allowances_change(cx, home, 0, &in, &all), ERR_FORBIDDEN);
}

/* What a tenant may have of its own overrules the settings; the refusal names limit, use, and who raises it. */
static void test_limits__hold(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	int64_t tenant_id = fixture_db_tenant(cx);
	struct member_invited made;
	struct api_key key;

	fixture_db_int(cx, arena_printf(cx->arena,
	                                "UPDATE app.tenant SET members_max = 0, api_keys_max = 0"
	                                " WHERE id = %lld RETURNING id",
	                                (long long)tenant_id));
	become(cx, tenant_id, 0, ROLE_OWNER);
	assert_err(cx,
	           member_invite(cx,
	                         &(struct member_new){ .email = "x@example.org", .role = "viewer" },
	                         &made),
	           ERR_LIMIT);
	assert_contains(cx->fault.detail, "0 of at most 0 members");
	assert_contains(cx->fault.fix, "members_max");
	assert_contains(cx->fault.fix, "who runs the installation");
	become(cx, tenant_id, 0, ROLE_OWNER);
	assert_err(cx,
	           api_key_create(cx, &(struct api_key_new){ .name = "x", .role = "viewer" }, &key),
	           ERR_LIMIT);
	assert_contains(cx->fault.fix, "api_keys_max");
}

static void test_patch__bodies(void **state)
{
	static const struct {
		const char *why, *body, *blamed;
	} BODIES[] = {
		{ "nothing", "{}", NULL },
		{ "none at all", "{\"projects_max\":0}", NULL },
		{ "less than none", "{\"projects_max\":-1}", "/projects_max" },
		{ "no number", "{\"jobs_max\":\"many\"}", "/jobs_max" },
		{ "more than numbers hold", "{\"storage_max_bytes\":9007199254740993}",
		  "/storage_max_bytes" },
		{ "what there is not", "{\"budgets_max\":1}", "/budgets_max" },
	};

	for (size_t i = 0; i < COUNT(BODIES); i++) {
		struct ctx *cx = fixture_db_ctx(*state);
		struct allowances_patch in;
		enum err e = decode(cx, BODIES[i].body, &in);

		print_message("# %s\n", BODIES[i].why);
		assert_int_equal(e != ERR_OK, BODIES[i].blamed != NULL);
		if (BODIES[i].blamed != NULL)
			assert_blamed(cx, BODIES[i].blamed, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get__own_and_settings),
		cmocka_unit_test(test_change__is_a_stewards),
		cmocka_unit_test(test_change__not_any_more),
		cmocka_unit_test(test_limits__hold),
		cmocka_unit_test(test_patch__bodies),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
