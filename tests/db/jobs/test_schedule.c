/*
 * Schedules: what is refused, when they fire, and that each time becomes one job, whoever looks and whatever
 * the hosts' clocks say (C10, A5).
 */
#include "fixture_db.h"

#include "config/config.h"
#include "jobs/cron.h"
#include "jobs/schedule.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

struct args {
	int64_t project_id;
};
static const struct field ARGS_FIELDS[] = { F_INT(struct args, project_id, .required = true,
	                                          .min = 1, .max = INT64_MAX, .doc = "d") };
static const struct schema ARGS = SCHEMA(struct args, "TimedArguments", ARGS_FIELDS);
struct free_args {
	int64_t n;
};
static const struct field FREE_FIELDS[] = { F_INT(struct free_args, n, .max = 9, .doc = "d") };
static const struct schema FREE = SCHEMA(struct free_args, "FreeArguments", FREE_FIELDS);

#define KIND .queue = "test_timed", .attempts = 3, .backoff_s = 1, .timeout_s = 10, .doc = "d"
static const struct job_kind TIMED = {
	.type = "test.timed", .arguments = &ARGS, .schedulable = true, KIND
};
static const struct job_kind LOOSE = {
	.type = "test.loose", .arguments = &FREE, .schedulable = true, KIND
};
static const struct job_kind UNTIMED = { .type = "test.untimed", .arguments = &FREE, KIND };
static const struct job_kind *const KINDS[] = { &TIMED, &LOOSE, &UNTIMED, NULL };

/* A runner's connection with a context of no tenant. */
struct looker {
	struct db *db;
	struct arena *arena;
	struct ctx cx;
	int64_t fired;
	enum err e;
};

static void looker_open(struct looker *l, const struct app *app)
{
	*l = (struct looker){ .db = fixture_db_connect(FIXTURE_RUNNER),
		              .arena = arena_new((size_t)16 * 1024 * 1024) };
	ctx_begin(&l->cx, app, l->arena, l->db);
}

static void looker_close(struct looker *l)
{
	db_close(l->db);
	arena_free(l->arena);
}

static int64_t fire(struct ctx *cx)
{
	struct looker l;

	looker_open(&l, cx->app);
	assert_err(&l.cx, schedule_run(&l.cx, KINDS, &l.fired), ERR_OK);
	looker_close(&l);
	return l.fired;
}

static int64_t number(struct ctx *cx, const char *format, ...) PRINTF(2, 3);
static int64_t number(struct ctx *cx, const char *format, ...)
{
	const char *sql;
	va_list ap;

	va_start(ap, format);
	sql = arena_vprintf(cx->arena, format, ap);
	va_end(ap);
	return fixture_db_int(cx, sql);
}

static int begin(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);

	number(cx, "WITH s AS (DELETE FROM app.job_schedule) SELECT 1");
	number(cx,
	       "WITH j AS (DELETE FROM app.background_job WHERE queue = 'test_timed') SELECT 1");
	return 0;
}

static struct schedule make(struct ctx *cx, const char *name, const char *cron,
                            const char *catch_up)
{
	const struct schedule_new in = { .name = name,
		                         .cron = cron,
		                         .job_type = "test.loose",
		                         .catch_up = catch_up,
		                         .enabled = true };
	struct schedule made;

	assert_err(cx, schedule_create(cx, KINDS, &in, &made), ERR_OK);
	return made;
}

static struct schedule get(struct ctx *cx, int64_t id)
{
	struct schedule s;

	assert_err(cx, schedule_get(cx, id, &s), ERR_OK);
	return s;
}

/* Its time has come, so many seconds ago. */
static void due(struct ctx *cx, int64_t id, int64_t seconds)
{
	number(cx,
	       "WITH u AS (UPDATE app.job_schedule SET next_at = now() - %" PRId64
	       " * interval '1 second' WHERE id = %" PRId64 " RETURNING 1) SELECT count(*) FROM u",
	       seconds, id);
}

static int64_t jobs_of(struct ctx *cx, int64_t id)
{
	return number(
		cx,
		"SELECT count(*) FROM app.background_job WHERE unique_key LIKE 'schedule:%" PRId64
		":%%'",
		id);
}

/* --- Making one --- */

static void test_create__shows_when_it_fires(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	const struct schedule_new in = { .name = "nightly",
		                         .cron = "30 3 * * *",
		                         .time_zone = "europe/berlin",
		                         .job_type = "test.loose",
		                         .arguments = "{\"n\": 7}",
		                         .enabled = true };
	struct schedule s;

	assert_err(cx, schedule_create(cx, KINDS, &in, &s), ERR_OK);
	assert_string_equal(s.time_zone, "Europe/Berlin");
	assert_string_equal(s.arguments, "{\"n\": 7}");
	assert_string_equal(s.catch_up, "once");
	assert_string_equal(s.created_by, "test");
	assert_int_equal(s.last_us, 0);
	assert_int_equal(number(cx,
	                        "SELECT (next_at > now() AND next_at <= now() + interval '25 hours'"
	                        " AND to_char(next_at AT TIME ZONE 'Europe/Berlin', 'HH24:MI')"
	                        " = '03:30')::int FROM app.job_schedule WHERE id = %" PRId64,
	                        s.id),
	                 1);
	assert_int_equal(number(cx,
	                        "SELECT count(*) FROM app.audit WHERE action = 'schedule.created'"
	                        " AND target = 'schedule:%" PRId64 "'",
	                        s.id),
	                 1);
}

/* Each row: what is wrong, the field that is blamed. */
static const struct {
	const char *why;
	struct schedule_new in;
	const char *pointer;
} BAD[] = {
	{ "no pattern", { .cron = "every day", .job_type = "test.loose" }, "/cron" },
	{ "no such zone",
	  { .cron = "@daily", .job_type = "test.loose", .time_zone = "Mars/Olympus" },
	  "/time_zone" },
	{ "a zone that is no name",
	  { .cron = "@daily", .job_type = "test.loose", .time_zone = "UTC+3" },
	  "/time_zone" },
	{ "whatever the host has",
	  { .cron = "@daily", .job_type = "test.loose", .time_zone = "localtime" },
	  "/time_zone" },
	{ "no such kind", { .cron = "@daily", .job_type = "test.none" }, "/job_type" },
	{ "not for schedules", { .cron = "@daily", .job_type = "test.untimed" }, "/job_type" },
	{ "project missing", { .cron = "@daily", .job_type = "test.timed" }, "/project_id" },
	{ "no such project",
	  { .cron = "@daily", .job_type = "test.timed", .project_id = INT64_C(999999999999) },
	  "/project_id" },
	{ "another project in the arguments",
	  { .cron = "@daily",
	    .job_type = "test.timed",
	    .project_id = 7,
	    .arguments = "{\"project_id\": 8}" },
	  "/arguments/project_id" },
	{ "arguments out of range",
	  { .cron = "@daily", .job_type = "test.loose", .arguments = "{\"n\": 10}" },
	  "/arguments/n" },
};

static void test_create__refusals(void **state)
{
	for (size_t i = 0; i < COUNT(BAD); i++) {
		struct ctx *cx = fixture_db_ctx(*state);
		struct schedule_new in = BAD[i].in;
		struct schedule s;

		print_message("# %s\n", BAD[i].why);
		in.name = "bad";
		assert_err(cx, schedule_create(cx, KINDS, &in, &s), ERR_INVALID);
		assert_blamed(cx, BAD[i].pointer, NULL);
	}
}

static void test_create__name_and_number_are_limited(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	const struct schedule_new in = { .name = "one",
		                         .cron = "@daily",
		                         .job_type = "test.loose" };
	int64_t max = f->config.schedules_max;
	struct schedule s;

	make(cx, "one", "@daily", NULL);
	assert_err(cx, schedule_create(cx, KINDS, &in, &s), ERR_CONFLICT);
	assert_contains(cx->fault.detail, "one");
	f->config.schedules_max = 1;
	assert_err(cx,
	           schedule_create(cx, KINDS,
	                           &(struct schedule_new){ .name = "two",
	                                                   .cron = "@daily",
	                                                   .job_type = "test.loose" },
	                           &s),
	           ERR_LIMIT);
	f->config.schedules_max = max;
}

static void test_schedules_are_the_tenants_own(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct schedule mine = make(cx, "mine", "@daily", NULL), s;
	struct list list;

	cx->who.tenant_id = fixture_db_tenant(cx);
	assert_err(cx, schedule_get(cx, mine.id, &s), ERR_NOT_FOUND);
	assert_err(cx, schedule_delete(cx, mine.id, 0), ERR_NOT_FOUND);
	assert_err(cx, schedule_change(cx, KINDS, mine.id, 0, &(struct schedule_patch){ 0 }, &s),
	           ERR_NOT_FOUND);
	assert_err(cx, schedule_list(cx, &(struct schedule_filter){ .limit = 10 }, &list), ERR_OK);
	assert_int_equal(list.n, 0);
	make(cx, "mine", "@daily", NULL); /* names are a tenant's own */
}

static uint64_t given(const char *name)
{
	const struct field *f = schema_field(&schedule_patch_schema, name);

	return UINT64_C(1) << (f - schedule_patch_schema.fields);
}

static void test_change__pause_and_resume(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct schedule s = make(cx, "paused", "* * * * *", "all");
	struct schedule_patch off = { .given = given("enabled") };
	struct schedule_patch on = { .given = given("enabled"), .enabled = true };

	due(cx, s.id, 600);
	assert_err(cx, schedule_change(cx, KINDS, s.id, s.version, &off, &s), ERR_OK);
	assert_false(s.enabled);
	assert_int_equal(fire(cx), 0);
	assert_err(cx, schedule_change(cx, KINDS, s.id, s.version - 1, &on, &s), ERR_STALE);
	assert_err(cx, schedule_change(cx, KINDS, s.id, s.version, &on, &s), ERR_OK);
	/* What passed meanwhile was not missed: nobody wanted it. */
	assert_int_equal(fire(cx), 0);
	assert_int_equal(
		number(cx,
	               "SELECT (next_at > now())::int FROM app.job_schedule WHERE id = %" PRId64,
	               s.id),
		1);
}

static void test_change__what_is_not_sent_stays(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct schedule was = make(cx, "renamed", "@daily", "skip"), s;

	assert_err(cx,
	           schedule_change(
			   cx, KINDS, was.id, 0,
			   &(struct schedule_patch){ .given = given("name"), .name = "better" },
			   &s),
	           ERR_OK);
	assert_string_equal(s.name, "better");
	assert_string_equal(s.cron, "@daily");
	assert_string_equal(s.catch_up, "skip");
	assert_true(s.enabled && s.next_us == was.next_us && s.version == was.version + 1);
	assert_err(cx,
	           schedule_change(
			   cx, KINDS, was.id, 0,
			   &(struct schedule_patch){ .given = given("cron"), .cron = "61 * * * *" },
			   &s),
	           ERR_INVALID);
	assert_blamed(cx, "/cron", "cron");
}

/* --- Firing --- */

static void test_run__one_job_a_time(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct schedule s = make(cx, "minutely", "* * * * *", NULL);

	assert_int_equal(fire(cx), 0); /* not due */
	due(cx, s.id, 1);
	assert_int_equal(fire(cx), 1);
	assert_int_equal(fire(cx), 0);
	assert_int_equal(jobs_of(cx, s.id), 1);
	s = get(cx, s.id);
	assert_true(s.last_us > 0 && s.last_job_id > 0 && s.next_us > s.last_us);
	assert_int_equal(number(cx,
	                        "SELECT count(*) FROM app.background_job WHERE id = %" PRId64
	                        " AND request_id = 'schedule:%" PRId64 "' AND tenant_id = %" PRId64,
	                        s.last_job_id, s.id, cx->who.tenant_id),
	                 1);
}

/* Jobs of a project's schedule take turns with its other work. */
static void test_run__works_for_its_project(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	int64_t project = number(cx,
	                         "INSERT INTO app.project (tenant_id, name, repository_url) VALUES"
	                         " (%" PRId64 ", 'timed', 'https://a.b/c') RETURNING id",
	                         cx->who.tenant_id);
	const struct schedule_new in = { .name = "of a project",
		                         .cron = "@daily",
		                         .job_type = "test.timed",
		                         .project_id = project,
		                         .enabled = true };
	struct schedule s;

	assert_err(cx, schedule_create(cx, KINDS, &in, &s), ERR_OK);
	due(cx, s.id, 1);
	assert_int_equal(fire(cx), 1);
	assert_int_equal(
		number(cx,
	               "SELECT count(*) FROM app.background_job WHERE project_id = %" PRId64
	               " AND order_key = 'project:%" PRId64
	               "' AND arguments = '{\"project_id\": %" PRId64 "}'",
	               project, project, project),
		1);
	number(cx, "WITH d AS (DELETE FROM app.project WHERE id = %" PRId64 ") SELECT 1", project);
	assert_err(cx, schedule_get(cx, s.id, &s), ERR_NOT_FOUND); /* with its project */
}

/* Each row: ten and a half minutes late, a minutely schedule fires so often. */
static const struct {
	const char *catch_up;
	int64_t most, fired;
} LATE[] = {
	{ "skip", 100, 1 }, /* the last minute is no older than schedule_grace_s */
	{ "once", 100, 1 },
	{ "all", 100, 11 },
	{ "all", 3, 3 },
};

static void test_run__catch_up(void **state)
{
	for (size_t i = 0; i < COUNT(LATE); i++) {
		struct fixture_db *f = *state;
		struct ctx *cx = fixture_db_ctx(f);
		int64_t max = f->config.schedule_catch_up_max, fired;
		struct schedule s = make(cx, arena_printf(cx->arena, "late %zu", i), "* * * * *",
		                         LATE[i].catch_up);

		print_message("# %s, %" PRId64 " at most\n", LATE[i].catch_up, LATE[i].most);
		number(cx,
		       "WITH u AS (UPDATE app.job_schedule SET next_at = date_trunc('minute', now())"
		       " - interval '10 minutes' WHERE id = %" PRId64 ") SELECT 1",
		       s.id);
		f->config.schedule_catch_up_max = LATE[i].most;
		fired = fire(cx);
		f->config.schedule_catch_up_max = max;
		assert_int_equal(fired, LATE[i].fired);
		assert_int_equal(jobs_of(cx, s.id), fired);
		assert_int_equal(fire(cx), 0);
		/* The newest of the times, whatever was passed over. */
		assert_int_equal(number(cx,
		                        "SELECT (last_at > now() - interval '61 seconds')::int"
		                        " FROM app.job_schedule WHERE id = %" PRId64,
		                        s.id),
		                 1);
	}
}

static void test_run__skips_what_is_too_old(void **state)
{
	struct ctx *cx = fixture_db_ctx(*state);
	struct schedule s = make(cx, "yearly", "@yearly", "skip");

	due(cx, s.id, 3600);
	assert_int_equal(fire(cx), 0);
	s = get(cx, s.id);
	assert_int_equal(s.last_us, 0);
	assert_int_equal(
		number(cx,
	               "SELECT (next_at > now())::int FROM app.job_schedule WHERE id = %" PRId64,
	               s.id),
		1);
}

/* One that cannot enqueue says so, keeps its time, is tried again; the others fire. */
static void test_run__trouble_is_its_own(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	struct schedule bad = make(cx, "bad", "@daily", NULL),
			good = make(cx, "good", "@daily", NULL);

	number(cx,
	       "WITH u AS (UPDATE app.job_schedule SET job_type = 'gone' WHERE id = %" PRId64
	       ") SELECT 1",
	       bad.id);
	due(cx, bad.id, 100);
	due(cx, good.id, 1);
	assert_int_equal(fire(cx), 1);
	assert_int_equal(jobs_of(cx, good.id), 1);
	bad = get(cx, bad.id);
	assert_string_equal(bad.error_type, "invalid-field");
	assert_contains(bad.error_message, "gone");
	assert_int_equal(bad.failures, 1);
	assert_int_equal(fire(cx), 0); /* held back for a while */
	number(cx,
	       "WITH u AS (UPDATE app.job_schedule SET job_type = 'test.loose', held_until = now()"
	       " WHERE id = %" PRId64 ") SELECT 1",
	       bad.id);
	assert_int_equal(fire(cx), 1);
	bad = get(cx, bad.id);
	assert_null(bad.error_message);
	assert_int_equal(bad.failures, 0);
}

static void test_run__limit_of_jobs(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	int64_t max = f->config.jobs_max;
	struct schedule s = make(cx, "too many", "@daily", NULL);

	due(cx, make(cx, "the first", "@daily", NULL).id, 1);
	assert_int_equal(fire(cx), 1);
	due(cx, s.id, 1);
	f->config.jobs_max = 1;
	assert_int_equal(fire(cx), 0);
	f->config.jobs_max = max;
	s = get(cx, s.id);
	assert_string_equal(s.error_type, "limit-reached");
	assert_contains(s.error_message, "jobs_max");
	number(cx, "WITH u AS (UPDATE app.job_schedule SET held_until = NULL) SELECT 1");
	assert_int_equal(fire(cx), 1); /* nothing was lost */
}

static int64_t ahead_us(const struct clock *self)
{
	return system_clock.wall_us(self) + INT64_C(1000000) * 86400 * 400;
}

/* A host whose clock is a year ahead fires nothing that the database does not call due. */
static void test_run__host_clocks_do_not_count(void **state)
{
	struct fixture_db *f = *state;
	struct clock ahead = *f->app.clock;
	struct app app = f->app;
	struct ctx *cx = fixture_db_ctx(f);
	struct schedule s = make(cx, "clocks", "* * * * *", "all");
	struct looker l;

	ahead.wall_us = ahead_us;
	app.clock = &ahead;
	due(cx, s.id, 30);
	looker_open(&l, &app);
	assert_err(&l.cx, schedule_run(&l.cx, KINDS, &l.fired), ERR_OK);
	assert_true(l.fired == 1 || l.fired == 2); /* a minute may have begun in these 30 s */
	assert_err(&l.cx, schedule_run(&l.cx, KINDS, &l.fired), ERR_OK);
	assert_int_equal(l.fired, 0);
	looker_close(&l);
	assert_int_equal(
		number(cx,
	               "SELECT (next_at > now() AND next_at <= now() + interval '1 minute')"
	               "::int FROM app.job_schedule WHERE id = %" PRId64,
	               s.id),
		1);
}

/* --- Many who look --- */

#define LOOKERS   10
#define SCHEDULES 40
#define ROUNDS    15

static void *look(void *arg)
{
	struct looker *l = arg;

	for (int i = 0; i < ROUNDS && l->e == ERR_OK; i++) {
		int64_t fired = 0;

		l->e = schedule_run(&l->cx, KINDS, &fired);
		l->fired += fired;
	}
	return NULL;
}

static void test_run__ten_runners_fire_each_time_once(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	struct looker lookers[LOOKERS];
	pthread_t threads[LOOKERS];
	int64_t fired = 0;

	for (int i = 0; i < SCHEDULES; i++) {
		struct schedule s =
			make(cx, arena_printf(cx->arena, "many %d", i), "0 0 * * *", "all");

		/* Three times each: the day before yesterday's, yesterday's, today's. */
		number(cx,
		       "WITH u AS (UPDATE app.job_schedule SET next_at = date_trunc('day', now()"
		       " AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '2 days' WHERE id = %" PRId64
		       ") SELECT 1",
		       s.id);
	}
	for (int i = 0; i < LOOKERS; i++) {
		looker_open(&lookers[i], &f->app);
		assert_int_equal(pthread_create(&threads[i], NULL, look, &lookers[i]), 0);
	}
	for (int i = 0; i < LOOKERS; i++) {
		pthread_join(threads[i], NULL);
		assert_err(&lookers[i].cx, lookers[i].e, ERR_OK);
		fired += lookers[i].fired;
		looker_close(&lookers[i]);
	}
	assert_int_equal(fired, 3 * SCHEDULES);
	assert_int_equal(
		number(cx, "SELECT count(*) FROM app.background_job WHERE queue = 'test_timed'"),
		3 * SCHEDULES);
	assert_int_equal(number(cx, "SELECT count(DISTINCT unique_key) FROM app.background_job"
	                            " WHERE queue = 'test_timed'"),
	                 3 * SCHEDULES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_create__shows_when_it_fires, begin),
		cmocka_unit_test_setup(test_create__refusals, begin),
		cmocka_unit_test_setup(test_create__name_and_number_are_limited, begin),
		cmocka_unit_test_setup(test_schedules_are_the_tenants_own, begin),
		cmocka_unit_test_setup(test_change__pause_and_resume, begin),
		cmocka_unit_test_setup(test_change__what_is_not_sent_stays, begin),
		cmocka_unit_test_setup(test_run__one_job_a_time, begin),
		cmocka_unit_test_setup(test_run__works_for_its_project, begin),
		cmocka_unit_test_setup(test_run__catch_up, begin),
		cmocka_unit_test_setup(test_run__skips_what_is_too_old, begin),
		cmocka_unit_test_setup(test_run__trouble_is_its_own, begin),
		cmocka_unit_test_setup(test_run__limit_of_jobs, begin),
		cmocka_unit_test_setup(test_run__host_clocks_do_not_count, begin),
		cmocka_unit_test_setup(test_run__ten_runners_fire_each_time_once, begin),
	};

	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
