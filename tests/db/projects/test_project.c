/* Projects against a real server: B1, B2, B6, C3, C12, D12. */
#include "fixture_db.h"

#include "jobs/operate.h"
#include "projects/project.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define URL "https://github.com/redis/redis"

/* Events of a kind, or unfinished jobs of a type, about a project of the fixture's tenant. */
static int64_t count(void *state, const char *table, const char *type, int64_t project_id)
{
	struct fixture_db *f = state;

	return fixture_db_int(
		&f->cx, arena_printf(f->cx.arena,
	                             "SELECT count(*) FROM app.%s WHERE tenant_id = %lld"
	                             " AND project_id = %lld AND %s = '%s'",
	                             table, (long long)f->tenant_id, (long long)project_id,
	                             strcmp(table, "event_all") == 0 ? "kind" : "job_type", type));
}

static struct project create(struct ctx *cx, const char *name)
{
	struct project made = { 0 };
	int64_t job = 0;

	assert_err(cx,
	           project_create(cx, &(struct project_new){ .name = name, .repository_url = URL },
	                          &made, &job),
	           ERR_OK);
	assert_true(made.id > 0 && job > 0);
	return made;
}

static void test_create__row_event_and_job(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct project_new in = { "made", URL, "main", 0 };
	struct project made, read;
	struct job job;
	int64_t job_id;

	assert_err(cx, project_create(cx, &in, &made, &job_id), ERR_OK);
	assert_string_equal(made.name, "made");
	assert_string_equal(made.repository_url, URL);
	assert_string_equal(made.default_branch, "main");
	assert_string_equal(made.status, "pending");
	assert_null(made.head_commit);
	assert_int_equal(made.version, 1);
	assert_true(made.created_us > INT64_C(1600000000000000));
	assert_err(cx, project_get(cx, made.id, &read), ERR_OK);
	assert_string_equal(read.name, "made");
	assert_err(cx, job_get(cx, job_id, &job), ERR_OK);
	assert_string_equal(job.job_type, "repository_processing");
	assert_string_equal(job.status, "pending");
	assert_int_equal(job.project_id, made.id);
	assert_int_equal(count(*state, "event_all", "project.created", made.id), 1);
}

/* The name is taken from the address where none is given. */
static void test_create__name_from_url(void **state)
{
	static const struct {
		const char *url, *name;
	} CASES[] = {
		{ "https://github.com/pallets/flask", "flask" },
		{ "https://github.com/pallets/click.git", "click" },
		{ "https://github.com/pallets/jinja/", "jinja" },
		{ "https://github.com/pallets/quart.git/?x=1", "quart" },
		{ "https://example.org", "example.org" },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ctx *cx = fixture_db_ctx(*state);
		struct project made;
		int64_t job;

		assert_err(cx,
		           project_create(cx,
		                          &(struct project_new){ .repository_url = CASES[i].url },
		                          &made, &job),
		           ERR_OK);
		assert_string_equal(made.name, CASES[i].name);
	}
}

static void test_create__taken_name(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct project first = create(cx, "taken"), again;
	int64_t job;

	assert_err(cx,
	           project_create(cx,
	                          &(struct project_new){ "taken", "https://h.example/x", NULL, 0 },
	                          &again, &job),
	           ERR_CONFLICT);
	assert_contains(cx->fault.detail, "taken");
	assert_non_null(cx->fault.fix);
	assert_int_equal(count(*state, "event_all", "project.created", first.id), 1);
	/* Another tenant has names of its own. */
	cx->who.tenant_id = fixture_db_tenant(cx);
	create(cx, "taken");
}

static void test_create__limit(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	int64_t max = f->config.projects_max, job;
	struct project made;

	cx->who.tenant_id = fixture_db_tenant(cx);
	f->config.projects_max = 2;
	create(cx, "one");
	create(cx, "two");
	assert_err(cx,
	           project_create(cx, &(struct project_new){ "three", URL, NULL, 0 }, &made, &job),
	           ERR_LIMIT);
	assert_contains(cx->fault.fix, "projects_max");
	f->config.projects_max = max;
}

static void test_get__unknown_and_foreign(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct project made = create(cx, "mine"), got;
	int64_t job;

	assert_err(cx, project_get(cx, INT64_MAX, &got), ERR_NOT_FOUND);
	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, project_get(cx, made.id, &got), ERR_NOT_FOUND);
	assert_err(cx, project_delete(cx, made.id, 0), ERR_NOT_FOUND);
	assert_err(cx, project_sync(cx, made.id, &job), ERR_NOT_FOUND);
	assert_err(cx, project_follow(cx, made.id, "ready", NULL, NULL, NULL), ERR_NOT_FOUND);
	assert_err(cx, project_change(cx, made.id, 0, &(struct project_patch){ 0 }, &got),
	           ERR_NOT_FOUND);
}

static void test_list__pages_and_filters(void **state)
{
	static const struct {
		struct project_filter filter;
		const char *names; /* in order, with commas */
	} CASES[] = {
		{ { .limit = 10 }, "e%f,d,c,b,a," },
		{ { .limit = 2 }, "e%f,d," },
		{ { .limit = PROJECT_LIST_MAX + 1 }, "e%f,d,c,b,a," }, /* a full page and one */
		{ { .limit = 10, .q = "%" }, "e%f," },
		{ { .limit = 10, .q = "REDIS" }, "e%f,d,c,b,a," },
		{ { .limit = 10, .q = "nowhere" }, "" },
		{ { .limit = 10, .status = "ready" }, "c," },
		{ { .limit = 10, .status = "ready", .q = "d" }, "c," },
		{ { .limit = 1, .status = "pending", .q = "redis" }, "e%f," },
	};
	struct ctx *cx = fixture_db_ctx(*state);
	static const char *const NAMES[] = { "a", "b", "c", "d", "e%f" };
	struct project made[COUNT(NAMES)];
	struct list list;

	cx->who.tenant_id = fixture_db_tenant(cx);
	for (size_t i = 0; i < COUNT(NAMES); i++)
		made[i] = create(cx, NAMES[i]);
	assert_err(cx, project_follow(cx, made[2].id, "ready", NULL, NULL, NULL), ERR_OK);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		char names[100] = "";

		assert_err(cx, project_list(cx, &CASES[i].filter, &list), ERR_OK);
		for (size_t j = 0; j < list.n; j++) {
			const struct project *items = list.items;

			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s,",
			         items[j].name);
		}
		assert_string_equal(names, CASES[i].names);
	}
	assert_err(cx,
	           project_list(cx,
	                        &(struct project_filter){ .limit = 10, .before_id = made[1].id },
	                        &list),
	           ERR_OK);
	assert_int_equal(list.n, 1);
}

static void test_change__under_its_version(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct project made = create(cx, "before"), now;
	struct project_patch patch;

	create(cx, "occupied");
	assert_err(cx,
	           schema_decode(cx, &project_patch_schema,
	                         quotes(cx, "{'name':'after','default_branch':'dev'}"), &patch),
	           ERR_OK);
	assert_err(cx, project_change(cx, made.id, made.version + 1, &patch, &now), ERR_STALE);
	assert_err(cx, project_change(cx, made.id, made.version, &patch, &now), ERR_OK);
	assert_string_equal(now.name, "after");
	assert_string_equal(now.default_branch, "dev");
	assert_int_equal(now.version, made.version + 1);
	assert_true(now.updated_us > made.updated_us);
	assert_int_equal(count(*state, "event_all", "project.changed", made.id), 1);

	/* Only what was sent changes; null is sent. */
	assert_err(cx,
	           schema_decode(cx, &project_patch_schema, quotes(cx, "{'default_branch':null}"),
	                         &patch),
	           ERR_OK);
	assert_err(cx, project_change(cx, made.id, 0, &patch, &now), ERR_OK);
	assert_string_equal(now.name, "after");
	assert_null(now.default_branch);

	assert_err(
		cx,
		schema_decode(cx, &project_patch_schema, quotes(cx, "{'name':'occupied'}"), &patch),
		ERR_OK);
	assert_err(cx, project_change(cx, made.id, 0, &patch, &now), ERR_CONFLICT);
	assert_contains(cx->fault.detail, "occupied");
}

static struct project change(struct ctx *cx, int64_t id, const char *body)
{
	struct project_patch patch;
	struct project now = { 0 };

	assert_err(cx, schema_decode(cx, &project_patch_schema, quotes(cx, body), &patch), ERR_OK);
	assert_err(cx, project_change(cx, id, 0, &patch, &now), ERR_OK);
	return now;
}

/* One schedule of its own: made, changed, taken away here, or deleted where all schedules are. */
static void test_change__schedule(void **state)
{
	static const struct {
		const char *body, *blamed;
	} BAD[] = {
		{ "{'sync_schedule':'every day'}", "/sync_schedule" },
		{ "{'sync_schedule':'@daily','sync_time_zone':'Mars/North'}", "/sync_time_zone" },
		{ "{'sync_time_zone':'UTC'}", "/sync_time_zone" },
	};
	struct ctx *cx = fixture_db_ctx(*state);
	struct project made = create(cx, "on time"), now;
	struct project_patch patch;
	struct schedule schedule;
	int64_t id;

	for (size_t i = 0; i < COUNT(BAD); i++) {
		err_clear(cx);
		assert_err(
			cx,
			schema_decode(cx, &project_patch_schema, quotes(cx, BAD[i].body), &patch),
			ERR_OK);
		assert_err(cx, project_change(cx, made.id, 0, &patch, &now), ERR_INVALID);
		assert_blamed(cx, BAD[i].blamed, NULL);
	}
	err_clear(cx);
	assert_err(cx, project_get(cx, made.id, &now), ERR_OK);
	assert_int_equal(now.version, made.version);
	assert_int_equal(now.sync_schedule_id, 0);

	now = change(cx, made.id, "{'sync_schedule':'@daily'}");
	id = now.sync_schedule_id;
	assert_true(id > 0);
	assert_err(cx, schedule_get(cx, id, &schedule), ERR_OK);
	assert_string_equal(schedule.cron, "@daily");
	assert_string_equal(schedule.time_zone, "UTC");
	assert_string_equal(schedule.job_type, "repository_processing");
	assert_int_equal(schedule.project_id, made.id);
	assert_true(schedule.enabled && schedule.next_us > 0);

	now = change(cx, made.id, "{'sync_schedule':'5 4 * * *','sync_time_zone':'Europe/Berlin'}");
	assert_int_equal(now.sync_schedule_id, id);
	assert_err(cx, schedule_get(cx, id, &schedule), ERR_OK);
	assert_string_equal(schedule.cron, "5 4 * * *");
	assert_string_equal(schedule.time_zone, "Europe/Berlin");

	now = change(cx, made.id, "{'name':'other'}");
	assert_int_equal(now.sync_schedule_id, id);
	now = change(cx, made.id, "{'sync_schedule':null}");
	assert_int_equal(now.sync_schedule_id, 0);
	assert_err(cx, schedule_get(cx, id, &schedule), ERR_NOT_FOUND);
	err_clear(cx);
	change(cx, made.id, "{'sync_schedule':null}");

	now = change(cx, made.id, "{'sync_schedule':'@hourly'}");
	assert_err(cx, schedule_delete(cx, now.sync_schedule_id, 0), ERR_OK);
	assert_err(cx, project_get(cx, made.id, &now), ERR_OK);
	assert_int_equal(now.sync_schedule_id, 0);

	id = change(cx, made.id, "{'sync_schedule':'@hourly'}").sync_schedule_id;
	assert_err(cx, project_delete(cx, made.id, 0), ERR_OK);
	assert_err(cx, schedule_get(cx, id, &schedule), ERR_NOT_FOUND);
}

static void test_delete__takes_its_jobs_and_leaves_one(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct project made = create(cx, "gone"), got;

	assert_err(cx, project_delete(cx, made.id, made.version + 1), ERR_STALE);
	assert_err(cx, project_delete(cx, made.id, made.version), ERR_OK);
	assert_err(cx, project_get(cx, made.id, &got), ERR_NOT_FOUND);
	assert_err(cx, project_delete(cx, made.id, 0), ERR_NOT_FOUND);
	assert_int_equal(count(*state, "background_job", "repository_processing", made.id), 0);
	assert_int_equal(count(*state, "background_job", "repository_removal", made.id), 1);
	assert_int_equal(count(*state, "event_all", "project.deleted", made.id), 1);
	create(cx, "gone"); /* the name is free again */
}

/* Deletes a project in a session of its own. */
struct deleter {
	struct ctx cx;
	int64_t id;
	enum err e;
};

static void *delete_it(void *arg)
{
	struct deleter *d = arg;

	d->e = project_delete(&d->cx, d->id, 0);
	return NULL;
}

/* A step of a running job holds its own row when it comes to the project's. */
static void test_delete__waits_for_a_step_of_its_job(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	struct project made = create(cx, "in-a-step");
	struct db *db = fixture_db_connect(FIXTURE_APP);
	struct arena *arena = arena_new((size_t)64 * 1024);
	struct deleter d = { .id = made.id, .e = ERR_INTERNAL };
	const struct db_stmt lock = {
		.name = "lock_job",
		.nparams = 2,
		.sql = "SELECT id FROM app.background_job WHERE tenant_id = $1 AND project_id = $2"
		       " FOR UPDATE",
	};
	int64_t job;
	pthread_t thread;

	ctx_begin(&d.cx, cx->app, arena, db);
	d.cx.who = cx->who;
	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx, db_get_int(cx, &lock, DB_ARGS(DB_INT(made.id)), &job), ERR_OK);
		assert_int_equal(pthread_create(&thread, NULL, delete_it, &d), 0);
		for (int i = 0; i < 500; i++) {
			if (fixture_db_int(cx, "SELECT count(*) FROM pg_locks WHERE NOT granted") >
			    0)
				break;
			poll(NULL, 0, 10);
		}
		assert_err(cx, project_follow(cx, made.id, "cloning", NULL, NULL, NULL), ERR_OK);
		assert_err(cx, db_commit(&tx), ERR_OK);
	}
	pthread_join(thread, NULL);
	assert_err(&d.cx, d.e, ERR_OK);
	assert_err(cx, project_get(cx, made.id, &made), ERR_NOT_FOUND);
	db_close(db);
	arena_free(arena);
}

static void test_sync__joins_the_job_that_waits(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct project made = { 0 };
	int64_t first, second;

	assert_err(
		cx,
		project_create(cx, &(struct project_new){ "synced", URL, NULL, 0 }, &made, &first),
		ERR_OK);
	assert_err(cx, project_sync(cx, made.id, &second), ERR_OK);
	assert_true(first == second);
	assert_int_equal(count(*state, "background_job", "repository_processing", made.id), 1);
}

static void test_follow(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct project made = create(cx, "followed"), now;
	char *long_error = arena_alloc(cx->arena, 5001);

	assert_err(cx, project_follow(cx, made.id, "cloning", NULL, NULL, NULL), ERR_OK);
	assert_err(cx, project_follow(cx, made.id, "cloning", NULL, NULL, NULL), ERR_OK);
	assert_err(cx, project_get(cx, made.id, &now), ERR_OK);
	assert_string_equal(now.status, "cloning");
	assert_int_equal(now.version, 2); /* the same again is no change */
	assert_int_equal(count(*state, "event_all", "project.changed", made.id), 1);

	memset(long_error, 'e', 5000);
	assert_err(cx,
	           project_follow(cx, made.id, "failed", "repository-not-found", long_error, NULL),
	           ERR_OK);
	assert_err(cx, project_get(cx, made.id, &now), ERR_OK);
	assert_string_equal(now.error_type, "repository-not-found");
	assert_int_equal(strlen(now.error), 2000);

	assert_err(cx,
	           project_follow(cx, made.id, "ready", NULL, NULL,
	                          "0123456789abcdef0123456789abcdef01234567"),
	           ERR_OK);
	assert_err(cx, project_follow(cx, made.id, "cloning", NULL, NULL, NULL), ERR_OK);
	assert_err(cx, project_get(cx, made.id, &now), ERR_OK);
	assert_null(now.error);
	assert_string_equal(now.head_commit, "0123456789abcdef0123456789abcdef01234567");
}

/* Inside a transaction of the caller's, all of it goes with that one. */
static void test_create__rolled_back_whole(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	struct project made;
	int64_t job;

	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		assert_err(cx, db_begin(cx, &tx), ERR_OK);
		assert_err(cx,
		           project_create(cx, &(struct project_new){ "undone", URL, NULL, 0 },
		                          &made, &job),
		           ERR_OK);
	}
	assert_int_equal(count(f, "event_all", "project.created", made.id), 0);
	assert_int_equal(count(f, "background_job", "repository_processing", made.id), 0);
	assert_err(cx, project_get(cx, made.id, &made), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create__row_event_and_job),
		cmocka_unit_test(test_create__name_from_url),
		cmocka_unit_test(test_create__taken_name),
		cmocka_unit_test(test_create__limit),
		cmocka_unit_test(test_get__unknown_and_foreign),
		cmocka_unit_test(test_list__pages_and_filters),
		cmocka_unit_test(test_change__under_its_version),
		cmocka_unit_test(test_change__schedule),
		cmocka_unit_test(test_delete__takes_its_jobs_and_leaves_one),
		cmocka_unit_test(test_delete__waits_for_a_step_of_its_job),
		cmocka_unit_test(test_sync__joins_the_job_that_waits),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_create__rolled_back_whole),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
