/* Tenants against a real server: created, changed, limited and seen by whom (A5, A6, A7). */
#include "fixture_db.h"

#include "auth/allowance.h"
#include "auth/tenant.h"
#include "projects/project.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define URL "https://github.com/redis/redis"

static const char *unique(struct ctx *cx, const char *what)
{
	static int n;

	return arena_printf(cx->arena, "%s %lld.%d", what, (long long)cx->who.tenant_id, ++n);
}

/* A new account. */
static int64_t make_user(struct ctx *cx)
{
	return fixture_db_int(cx, arena_printf(cx->arena,
	                                       "INSERT INTO app.user_account (email) VALUES"
	                                       " (lower('%s@example.org')) RETURNING id",
	                                       unique(cx, "user")));
}

/* Become a person who has chosen no tenant. */
static struct ctx *person(struct ctx *cx, int64_t user_id)
{
	cx->who = (struct who){ .user_id = user_id, .actor = "ada@example.org" };
	return cx;
}

/* Become a person in a tenant. */
static struct ctx *inside(struct ctx *cx, int64_t user_id, int64_t tenant_id, enum role role)
{
	person(cx, user_id);
	cx->who.tenant_id = tenant_id;
	cx->who.role = role;
	return cx;
}

static struct tenant create(struct ctx *cx, int64_t user_id, const char *name)
{
	struct tenant made = { 0 };

	person(cx, user_id);
	assert_err(cx, tenant_create(cx, &(struct tenant_new){ name }, &made), ERR_OK);
	return made;
}

static void patch_of(struct ctx *cx, const char *text, struct tenant_patch *ret)
{
	assert_err(cx, schema_decode(cx, &tenant_patch_schema, quotes(cx, text), ret), ERR_OK);
}

static void test_create__its_owner_sees_it(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t ada = make_user(cx), eve = make_user(cx);
	const char *name = unique(cx, "made");
	struct tenant made = create(cx, ada, name), got;
	struct list list;

	assert_string_equal(made.name, name);
	assert_string_equal(made.status, "active");
	assert_string_equal(made.role, "owner");
	assert_int_equal(made.version, 1);
	assert_int_equal(made.projects_max, cx->app->config->projects_max);
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.event_all WHERE"
	                                                 " tenant_id = %lld"
	                                                 " AND kind = 'tenant.created'",
	                                                 (long long)made.id)),
	                 1);
	person(cx, ada);
	assert_err(cx, tenant_list(cx, 0, 10, &list), ERR_OK);
	assert_int_equal(list.n, 1);
	assert_int_equal(((const struct tenant *)list.items)->id, made.id);

	/* Somebody else sees nothing of it. */
	person(cx, eve);
	assert_err(cx, tenant_list(cx, 0, 10, &list), ERR_OK);
	assert_int_equal(list.n, 0);
	assert_err(cx, tenant_get(cx, made.id, &got), ERR_NOT_FOUND);
	assert_err(cx, tenant_get(cx, INT64_MAX, &got), ERR_NOT_FOUND);
}

/* A person of two tenants sees both, whichever is chosen; a program sees its own. */
static void test_list__of_a_person_and_of_a_program(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	int64_t ada = make_user(cx);
	struct tenant one = create(cx, ada, unique(cx, "one"));
	struct tenant two = create(cx, ada, unique(cx, "two")), got;
	struct list list;

	inside(cx, ada, one.id, ROLE_OWNER);
	assert_err(cx, tenant_list(cx, 0, 10, &list), ERR_OK);
	assert_int_equal(list.n, 2);
	assert_err(cx, tenant_list(cx, two.id, 10, &list), ERR_OK);
	assert_int_equal(list.n, 1);
	assert_err(cx, tenant_get(cx, two.id, &got), ERR_OK);

	fixture_db_ctx(f);
	assert_err(cx, tenant_list(cx, 0, 10, &list), ERR_OK);
	assert_int_equal(list.n, 1);
	assert_int_equal(((const struct tenant *)list.items)->id, f->tenant_id);
	assert_string_equal(((const struct tenant *)list.items)->role, "owner");
	assert_err(cx, tenant_get(cx, one.id, &got), ERR_NOT_FOUND);
}

static void test_create__taken_name_and_limits(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	int64_t ada = make_user(cx), eve = make_user(cx), max = f->config.tenants_max;
	const char *name = unique(cx, "taken");
	struct tenant made = create(cx, ada, name);

	person(cx, eve);
	assert_err(cx, tenant_create(cx, &(struct tenant_new){ name }, &made), ERR_CONFLICT);
	assert_string_equal(cx->fault.detail, "the name is taken");

	f->config.tenants_per_user_max = 1;
	person(cx, ada);
	assert_err(cx, tenant_create(cx, &(struct tenant_new){ unique(cx, "more") }, &made),
	           ERR_LIMIT);
	assert_contains(cx->fault.detail, "1");
	assert_contains(cx->fault.fix, "tenants_per_user_max");
	f->config.tenants_per_user_max = 20;
	f->config.tenants_max = 1;
	assert_err(cx, tenant_create(cx, &(struct tenant_new){ unique(cx, "more") }, &made),
	           ERR_LIMIT);
	assert_contains(cx->fault.fix, "tenants_max");
	f->config.tenants_max = max;

	/* A program is nobody's owner. */
	fixture_db_ctx(f);
	assert_err(cx, tenant_create(cx, &(struct tenant_new){ unique(cx, "more") }, &made),
	           ERR_FORBIDDEN);
}

static void test_change__under_its_version(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t ada = make_user(cx);
	const char *taken = unique(cx, "taken");
	struct tenant made = create(cx, ada, unique(cx, "before")), other = create(cx, ada, taken);
	struct tenant now;
	struct tenant_patch patch;

	inside(cx, ada, made.id, ROLE_OWNER);
	patch_of(cx, "{'cors_origins':['https://a.example','http://localhost:3000']}", &patch);
	assert_err(cx, tenant_change(cx, made.id, 7, &patch, &now), ERR_STALE);
	assert_err(cx, tenant_change(cx, made.id, 1, &patch, &now), ERR_OK);
	assert_string_equal(now.name, made.name);
	assert_int_equal(now.cors_origins.n, 2);
	assert_string_equal(((const char *const *)now.cors_origins.items)[1],
	                    "http://localhost:3000");
	assert_int_equal(now.version, 2);

	patch_of(cx, arena_printf(cx->arena, "{'name':'%s'}", taken), &patch);
	assert_err(cx, tenant_change(cx, made.id, 2, &patch, &now), ERR_CONFLICT);
	assert_string_equal(cx->fault.detail, "the name is taken");

	/* The one that is not chosen is not there to be changed. */
	patch_of(cx, "{'cors_origins':[]}", &patch);
	assert_err(cx, tenant_change(cx, other.id, 0, &patch, &now), ERR_NOT_FOUND);
	assert_err(cx, tenant_change(cx, made.id, 0, &patch, &now), ERR_OK);
	assert_int_equal(now.cors_origins.n, 0);
}

#define KEEP_THE_REST TENANT_LIMIT_KEEP, TENANT_LIMIT_KEEP, TENANT_LIMIT_KEEP, TENANT_LIMIT_KEEP

/* The role of the workers cannot write a limit, whatever the program asks. */
static void test_limits__are_the_operators(void **state)
{
	static const struct db_stmt RAISE = {
		.name = "t_raise",
		.nparams = 1,
		.sql = "UPDATE app.tenant SET projects_max = 1000000 WHERE id = $1",
	};
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	const struct tenant_limits limits = { 2, 5000000, TENANT_LIMIT_KEEP, 60, KEEP_THE_REST };
	const struct tenant_limits back = { TENANT_LIMIT_SETTING, TENANT_LIMIT_KEEP,
		                            TENANT_LIMIT_KEEP, TENANT_LIMIT_KEEP, KEEP_THE_REST };
	CLEANUP(db_close_ptr) struct db *gate = fixture_db_connect(FIXTURE_GATE);
	struct ctx boss = { .app = &f->app, .arena = f->arena, .db = gate };
	struct tenant tenant;
	int64_t max;

	assert_err(cx, db_run(cx, &RAISE, DB_NO_ARGS, NULL), ERR_DATABASE);
	assert_err(&boss, tenant_limit(&boss, f->tenant_id, &limits, &tenant), ERR_OK);
	assert_int_equal(tenant.projects_max, 2);
	assert_int_equal(tenant.jobs_max, f->config.jobs_max);
	cx = fixture_db_ctx(f);
	assert_err(cx, allowance_max(cx, ALLOWANCE_PROJECTS, &max), ERR_OK);
	assert_int_equal(max, 2);
	assert_err(cx, allowance_max(cx, ALLOWANCE_STORAGE, &max), ERR_OK);
	assert_int_equal(max, 5000000);
	assert_err(cx, allowance_max(cx, ALLOWANCE_REQUESTS, &max), ERR_OK);
	assert_int_equal(max, 60);
	boss.who.tenant_id = 0;
	assert_err(&boss, tenant_limit(&boss, f->tenant_id, &back, &tenant), ERR_OK);
	assert_int_equal(tenant.projects_max, f->config.projects_max);
	assert_int_equal(tenant.storage_max_bytes, 5000000);
	assert_err(&boss, tenant_limit(&boss, INT64_MAX, &back, &tenant), ERR_NOT_FOUND);
}

/* One of several who create at once. */
struct creator {
	const struct fixture_db *f;
	int64_t tenant_id;
	int made, refused;
};

static void *create_projects(void *arg)
{
	struct creator *c = arg;
	CLEANUP(db_close_ptr) struct db *db = fixture_db_connect(FIXTURE_APP);
	struct arena *arena = arena_new((size_t)16 * 1024 * 1024);
	struct ctx cx;

	for (int i = 0; i < 10; i++) {
		struct project made;
		int64_t job;
		enum err e;

		ctx_begin(&cx, &c->f->app, arena, db);
		cx.who = (struct who){ .tenant_id = c->tenant_id,
			               .role = ROLE_OWNER,
			               .actor = "test" };
		e = project_create(
			&cx,
			&(struct project_new){ arena_printf(arena, "%p-%d", arg, i), URL, NULL, 0 },
			&made, &job);
		c->made += e == ERR_OK;
		c->refused += e == ERR_LIMIT;
	}
	arena_free(arena);
	return NULL;
}

static void race(void *state, const char *column, int64_t max, int64_t projects)
{
	struct ctx *cx = fixture_db_ctx(state);
	struct creator creators[4];
	pthread_t threads[COUNT(creators)];
	int64_t tenant_id = fixture_db_tenant(cx);
	int made = 0, refused = 0;

	fixture_db_int(cx, arena_printf(cx->arena,
	                                "UPDATE app.tenant SET %s = %lld WHERE id = %lld"
	                                " RETURNING id",
	                                column, (long long)max, (long long)tenant_id));
	for (size_t i = 0; i < COUNT(creators); i++) {
		creators[i] = (struct creator){ .f = state, .tenant_id = tenant_id };
		assert_int_equal(pthread_create(&threads[i], NULL, create_projects, &creators[i]),
		                 0);
	}
	for (size_t i = 0; i < COUNT(creators); i++) {
		pthread_join(threads[i], NULL);
		made += creators[i].made;
		refused += creators[i].refused;
	}
	assert_int_equal(made, projects);
	assert_int_equal(made + refused, 40);
	assert_int_equal(fixture_db_int(cx, arena_printf(cx->arena,
	                                                 "SELECT count(*) FROM app.project"
	                                                 " WHERE tenant_id = %lld",
	                                                 (long long)tenant_id)),
	                 projects);
}

/* However many create at once, the limit holds to the last one. */
static void test_quota__holds_in_a_race(void **state)
{
	race(*state, "projects_max", 7, 7);
	race(*state, "jobs_max", 5, 5);
	race(*state, "projects_max", 0, 0);
}

/* What is asked for by an unfinished job already is no further job. */
static void test_quota__jobs(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	struct project made, second;
	int64_t job, again, was = f->config.jobs_max;

	cx->who.tenant_id = fixture_db_tenant(cx);
	f->config.jobs_max = 1;
	assert_err(cx,
	           project_create(cx, &(struct project_new){ "one", URL, NULL, 0 }, &made, &job),
	           ERR_OK);
	assert_err(cx, project_sync(cx, made.id, &again), ERR_OK);
	assert_int_equal(job, again);
	assert_err(cx,
	           project_create(cx, &(struct project_new){ "two", URL, NULL, 0 }, &second, &job),
	           ERR_LIMIT);
	assert_contains(cx->fault.detail, "1 jobs");
	assert_contains(cx->fault.fix, "jobs_max");
	/* Making room is always possible. */
	assert_err(cx, project_delete(cx, made.id, 0), ERR_OK);
	f->config.jobs_max = was;
}

static void test_quota__storage(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	int64_t was = f->config.storage_max_bytes, job;
	struct project one, two;
	struct project_room room;
	struct tenant_usage usage;

	cx->who.tenant_id = fixture_db_tenant(cx);
	f->config.storage_max_bytes = 1000;
	assert_err(cx, project_create(cx, &(struct project_new){ "one", URL, NULL, 0 }, &one, &job),
	           ERR_OK);
	assert_err(cx, project_create(cx, &(struct project_new){ "two", URL, NULL, 0 }, &two, &job),
	           ERR_OK);
	assert_err(cx, project_weigh(cx, one.id, 600, 100), ERR_OK);
	assert_err(cx, project_weigh(cx, two.id, 301, PROJECT_WEIGHT_SAME), ERR_LIMIT);
	assert_contains(cx->fault.detail, "of at most 1000 bytes");
	assert_contains(cx->fault.fix, "storage_max_bytes");
	assert_err(cx, project_weigh(cx, two.id, 300, PROJECT_WEIGHT_SAME), ERR_OK);
	assert_err(cx, project_room(cx, two.id, &room), ERR_OK);
	assert_int_equal(room.used_bytes, 1000);
	assert_int_equal(room.own_bytes, 300);
	assert_err(cx, allowance_usage(cx, &usage), ERR_OK);
	assert_int_equal(usage.storage_bytes, 1000);
	assert_int_equal(usage.projects, 2);
	assert_int_equal(usage.jobs, 2);
	f->config.storage_max_bytes = was;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create__its_owner_sees_it),
		cmocka_unit_test(test_list__of_a_person_and_of_a_program),
		cmocka_unit_test(test_create__taken_name_and_limits),
		cmocka_unit_test(test_change__under_its_version),
		cmocka_unit_test(test_limits__are_the_operators),
		cmocka_unit_test(test_quota__holds_in_a_race),
		cmocka_unit_test(test_quota__jobs),
		cmocka_unit_test(test_quota__storage),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
