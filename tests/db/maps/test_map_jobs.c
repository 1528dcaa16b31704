/*
 * The jobs of a project, with shell scripts in the place of the helper programs (B3, B4, B6, C3, C5).
 */
#include "side.h"

#include "app/registry_jobs.h"
#include "maps/commit.h"
#include "maps/index.h"
#include "maps/map.h"
#include "projects/project.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMIT  "1111111111111111111111111111111111111111"
#define FETCHED "echo '{\"commit\": \"" COMMIT "\", \"ref\": \"main\"}'"
#define ANALYSED                                                                                   \
	"printf 'portolan-bundle 1\\ncontent 13\\n{\"format\": 1}\\nindex 18\\n1\\t0\\tt\\t{}\\t{}\\t{}\\t{}\\n\\nend 2\\n'"
#define FAULT(type, more) "echo '{\"type\": \"" type "\", \"detail\": \"as told\"" more "}'; exit 1"

/* One test's folder, with programs and clones, and the runner that uses them. */
struct stage {
	struct ctx *cx;
	struct side *side;
	const char *dir;
	int64_t project_id;
};

static void write_file(struct stage *st, const char *name, const char *text, mode_t mode)
{
	const char *path = arena_printf(st->cx->arena, "%s/%s", st->dir, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static bool exists(struct stage *st, const char *name)
{
	return access(arena_printf(st->cx->arena, "%s/%s", st->dir, name), F_OK) == 0;
}

static void program(struct stage *st, const char *name, const char *script)
{
	write_file(st, name,
	           arena_printf(st->cx->arena, "#!/bin/sh\ncat >%s/%s.asked\n%s\n", st->dir, name,
	                        script),
	           0700);
}

static void programs(struct stage *st, const char *fetch, const char *analyse)
{
	program(st, "portolan-fetch", fetch);
	program(st, "portolan-analyse", analyse);
}

static struct stage *stage_open(void **state)
{
	static const char *const ROOTS[] = { "/tmp", NULL };
	static int stages; /* so that names of projects differ */
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(*state);
	struct stage *st = arena_alloc(cx->arena, sizeof(*st));
	char *dir = arena_strdup(cx->arena, "/tmp/map-jobs.XXXXXX");
	struct project_new in = { .name = arena_printf(cx->arena, "stage %d", ++stages) };
	struct project made;
	int64_t job;

	assert_non_null(mkdtemp(dir));
	f->config.libexec_dir = dir;
	f->config.repos_dir = arena_printf(cx->arena, "%s/repos", dir);
	f->config.local_roots = (struct config_list){ ROOTS, 1 };
	f->config.clone_timeout_s = 20;
	f->config.map_timeout_s = 20;
	f->config.map_max_bytes = 1000;
	fixture_db_int(cx, "WITH d AS (DELETE FROM app.background_job) SELECT 1");
	in.repository_url = dir;
	assert_err(cx, project_create(cx, &in, &made, &job), ERR_OK);
	*st = (struct stage){ cx, side_open(cx, SIDE_HOLD_MS), dir, made.id };
	return st;
}

static void stage_close(struct stage *st)
{
	assert_int_equal(system(arena_printf(st->cx->arena, "rm -rf '%s'", st->dir)), 0);
	side_close(st->side);
}

/* Run the project's waiting job.  @ret the outcome */
static const char *run_job(struct stage *st, enum run_why why, int64_t *ret_job)
{
	struct side *s = st->side;
	struct run_report report;
	struct list list;
	struct job_run run = { .runner = s->queue.id };

	side_claim_of(s, app_jobs, CLAIM_HEAVY, 1, &list);
	assert_int_equal(list.n, 1);
	run.job = list.items;
	*ret_job = run.job->id;
	run_adopt(&s->cx, &run);
	if (why != RUN_ON)
		run_stop(&run, why);
	assert_err(&s->cx, run_attempt(&s->cx, app_jobs, &run, &report), ERR_OK);
	return report.outcome;
}

static struct project project_now(struct stage *st)
{
	struct project p;

	assert_err(st->cx, project_get(st->cx, st->project_id, &p), ERR_OK);
	return p;
}

static void expect_text(const char *have, const char *want)
{
	if (want == NULL) {
		assert_null(have);
	} else {
		assert_non_null(have);
		assert_string_equal(have, want);
	}
}

static void test_map_is_made_and_published(void **state)
{
	struct stage *st = stage_open(state);
	struct project p;
	struct map map;
	struct job job;
	int64_t id;

	programs(st, "echo 'no number' >&3; echo '50 half way' >&3; " FETCHED, ANALYSED);
	assert_string_equal(run_job(st, RUN_ON, &id), "completed");
	p = project_now(st);
	assert_string_equal(p.status, "ready");
	assert_string_equal(p.head_commit, COMMIT);
	assert_err(st->cx, map_of_project(st->cx, st->project_id, NULL, &map), ERR_OK);
	assert_string_equal(map.commit, COMMIT);
	assert_string_equal(map.ref, "main");
	assert_contains(map.content, "{\"format\": 1}");
	job = side_job(st->cx, id);
	assert_string_equal(job.status, "completed");
	assert_contains(job.result, "\"analysed\": true");
	assert_contains(job.result, arena_printf(st->cx->arena, "\"map_id\": %" PRId64, map.id));
	assert_true(exists(st, "portolan-fetch.asked"));
	assert_true(exists(st, "repos"));
	stage_close(st);
}

/* The second time the analyser is not even started. */
static void test_known_commit_is_not_analysed_again(void **state)
{
	struct stage *st = stage_open(state);
	struct list maps;
	int64_t id;

	programs(st, FETCHED, ANALYSED);
	assert_string_equal(run_job(st, RUN_ON, &id), "completed");
	programs(st, FETCHED, "exit 9");
	assert_err(st->cx, project_sync(st->cx, st->project_id, &id), ERR_OK);
	assert_string_equal(run_job(st, RUN_ON, &id), "completed");
	assert_contains(side_job(st->cx, id).result, "\"analysed\": false");
	assert_err(st->cx, map_list(st->cx, st->project_id, 0, 10, &maps), ERR_OK);
	assert_int_equal(maps.n, 1);
	stage_close(st);
}

#define COUNTED                                                                                    \
	"printf 'portolan-bundle 1\\ncontent 13\\n{\"format\": 1}\\n"                              \
	"reads 24\\n{\"read\":3,\"cached\":4000}\\nend 2\\n'"

static struct commit_asked ask(struct stage *st, const char *commit, enum err wanted)
{
	const struct commit_wanted in = { commit };
	struct commit_asked asked = { 0 };

	assert_err(st->cx, commit_ask(st->cx, st->project_id, &in, &asked), wanted);
	return asked;
}

/* A map on request: once, from the words to the map, and the project stays as it is. */
#define INDEX_LINE                                                                                 \
	"index 52\\n1\\t0\\tt\\t{}\\t{}\\t{}\\t{}\\t0123456789abcdef\\tfedcba9876543210\\n\\n"
#define BUNDLE_HEAD "portolan-bundle 1\\ncontent 13\\n{\"format\": 1}\\n"

/* Programs that bring a commit, and tell its index, or against a base that nothing differs but what is gone. */
static void next_commit(struct stage *st, char digit, const char *gone)
{
	char commit[41] = { 0 };

	memset(commit, digit, 40);
	programs(st,
	         arena_printf(st->cx->arena, "echo '{\"commit\": \"%s\", \"ref\": \"main\"}'",
	                      commit),
	         arena_printf(st->cx->arena,
	                      "if grep -q '\"base\":{' %s/portolan-analyse.asked; then\n"
	                      "printf '" BUNDLE_HEAD "patch 2\\nx\\n\\n%s" INDEX_LINE "end %d\\n'\n"
	                      "else\n"
	                      "printf '" BUNDLE_HEAD INDEX_LINE "end 2\\n'\n"
	                      "fi",
	                      st->dir, gone, *gone != '\0' ? 4 : 3));
}

static int64_t index_now(struct stage *st)
{
	struct map_index index;

	assert_err(st->cx, index_of_project(st->cx, st->project_id, NULL, &index), ERR_OK);
	return index.id;
}

/* As many indexes as are kept, and the oldest becomes the next map's; one that does not fit is made anew. */
static void test_index_becomes_that_of_the_next_map(void **state)
{
	struct stage *st = stage_open(state);
	int64_t id, indexes[4];

	for (int i = 0; i < 4; i++) {
		next_commit(st, (char)('1' + i), i == 3 ? "gone_names 2\\n7\\n\\n" : "");
		if (i > 0)
			assert_err(st->cx, project_sync(st->cx, st->project_id, &id), ERR_OK);
		assert_string_equal(run_job(st, RUN_ON, &id), "completed");
		indexes[i] = index_now(st);
	}
	assert_int_not_equal(indexes[0], indexes[1]);
	assert_int_equal(indexes[2], indexes[0]);
	assert_true(indexes[3] > indexes[1]);
	assert_int_equal(
		fixture_db_int(
			st->cx,
			arena_printf(
				st->cx->arena,
				"SELECT count(*) FROM app.map_index WHERE project_id = %" PRId64,
				st->project_id)),
		2);
	stage_close(st);
}

static void test_commit_is_mapped_on_request(void **state)
{
	struct stage *st = stage_open(state);
	struct commit_asked first, second;
	struct map map;
	int64_t id;

	programs(st, "exit 3", ""); /* so that the first map fails, and the project shows that */
	assert_string_equal(run_job(st, RUN_ON, &id), "retrying");
	fixture_db_int(st->cx, "WITH d AS (DELETE FROM app.background_job) SELECT 1");

	programs(st, FETCHED, COUNTED);
	first = ask(st, "v1.0", ERR_OK);
	second = ask(st, "v1.0", ERR_OK);
	assert_true(first.job_id != 0 && first.job_id == second.job_id);
	assert_string_equal(run_job(st, RUN_ON, &id), "completed");
	assert_contains(side_job(st->cx, id).result, "\"blobs_read\": 3");
	assert_contains(side_job(st->cx, id).result, "\"blobs_cached\": 4000");
	assert_string_equal(project_now(st).status, "pending");
	assert_err(st->cx, map_of_project(st->cx, st->project_id, NULL, &map), ERR_NOT_FOUND);
	assert_err(st->cx, map_of_project(st->cx, st->project_id, COMMIT, &map), ERR_OK);
	assert_true(map.requested);

	/* By its digits it is there at once; by the name the job looks, and does no work. */
	first = ask(st, "11111111", ERR_OK);
	assert_true(first.job_id == 0 && first.map_id == map.id);
	programs(st, FETCHED, "exit 9");
	first = ask(st, "v1.0", ERR_OK);
	assert_true(first.job_id != 0 && first.map_id == 0);
	assert_string_equal(run_job(st, RUN_ON, &id), "completed");
	assert_contains(side_job(st->cx, id).result, "\"analysed\": false");

	programs(st, FAULT("ref-not-found", ", \"fix\": \"look\""), "exit 9");
	ask(st, "nope", ERR_OK);
	assert_string_equal(run_job(st, RUN_ON, &id), "failed");
	assert_string_equal(side_job(st->cx, id).error_type, "ref-not-found");
	assert_string_equal(project_now(st).status, "pending");

	st->project_id += 1000000;
	ask(st, "v1.0", ERR_NOT_FOUND);
	stage_close(st);
}

/* Each row: what the children do, and what the project then says. */
static const struct {
	const char *why, *fetch, *analyse, *status, *type;
} FAILURES[] = {
	{ "told, hopeless", FAULT("repository-not-found", ""), "", "failed",
	  "repository-not-found" },
	{ "told, may pass", FAULT("remote-unreachable", ""), "", "pending", "remote-unreachable" },
	{ "an answer of the analyser that is none", FETCHED, "echo '{}'", "pending", "internal" },
	{ "told by the analyser", FETCHED, FAULT("repository-broken", ", \"fix\": \"mend it\""),
	  "failed", "repository-broken" },
	{ "a type that is none", FAULT("no-such-type", ""), "", "pending", "internal" },
	{ "killed", "kill -9 $$", "", "pending", "child-killed" },
	{ "killed while analysing", FETCHED, "kill -9 $$", "pending", "child-killed" },
	{ "a status of its own", "exit 3", "", "pending", "child-killed" },
	{ "failed without words", "exit 1", "", "pending", "child-killed" },
	{ "an answer that is none", "echo hello", "", "pending", "internal" },
	{ "a commit that is none", "echo '{\"commit\": \"1\"}'", "", "pending", "internal" },
	{ "too large a map", FETCHED, "head -c 5000 /dev/zero", "failed", "limit-reached" },
	{ "too slow a fetch", "sleep 10", "", "pending", "timed-out" },
	{ "too slow an analysis", FETCHED, "sleep 10", "pending", "timed-out" },
};

static void test_failures_show_on_the_project(void **state)
{
	struct fixture_db *f = *state;

	for (size_t i = 0; i < COUNT(FAILURES); i++) {
		struct stage *st = stage_open(state);
		struct project p;
		int64_t id;

		print_message("# %s\n", FAILURES[i].why);
		programs(st, FAILURES[i].fetch, FAILURES[i].analyse);
		if (strcmp(FAILURES[i].type, "timed-out") == 0)
			f->config.clone_timeout_s = f->config.map_timeout_s = 1;
		assert_string_not_equal(run_job(st, RUN_ON, &id), "completed");
		p = project_now(st);
		assert_string_equal(p.status, FAILURES[i].status);
		expect_text(p.error_type, FAILURES[i].type);
		assert_true(strlen(p.error) > 5);
		expect_text(side_job(st->cx, id).error_type, FAILURES[i].type);
		assert_null(p.head_commit);
		stage_close(st);
	}
}

static void test_program_that_is_missing(void **state)
{
	struct stage *st = stage_open(state);
	int64_t id;

	assert_string_equal(run_job(st, RUN_ON, &id), "retrying");
	assert_string_equal(project_now(st).error_type, "unavailable");
	stage_close(st);
}

static void test_stop_ends_the_child(void **state)
{
	static const struct {
		enum run_why why;
		const char *outcome, *status;
	} CASES[] = {
		{ RUN_SHUTDOWN, "returned", "cloning" },
		{ RUN_CANCEL, "cancelled", "failed" },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct stage *st = stage_open(state);
		int64_t id;

		programs(st, "sleep 15; " FETCHED, ANALYSED);
		assert_string_equal(run_job(st, CASES[i].why, &id), CASES[i].outcome);
		assert_string_equal(project_now(st).status, CASES[i].status);
		stage_close(st);
	}
}

/* --- Removal --- */

static void make_clone(struct stage *st)
{
	assert_int_equal(system(arena_printf(st->cx->arena,
	                                     "cd '%s' && mkdir -p repos/%" PRId64 "/objects/aa &&"
	                                     " cd repos/%" PRId64 " && echo x >objects/aa/bb &&"
	                                     " chmod 0400 objects/aa/bb && ln -s '%s' out",
	                                     st->dir, st->project_id, st->project_id, st->dir)),
	                 0);
}

static bool has_clone(struct stage *st)
{
	return exists(st, arena_printf(st->cx->arena, "repos/%" PRId64, st->project_id));
}

static void test_removal_takes_the_clone_and_no_more(void **state)
{
	struct stage *st = stage_open(state);
	struct job job;
	int64_t id;

	programs(st, FETCHED, ANALYSED);
	make_clone(st);
	assert_err(st->cx, project_delete(st->cx, st->project_id, 0), ERR_OK);
	assert_string_equal(run_job(st, RUN_ON, &id), "completed");
	assert_false(has_clone(st));
	assert_true(exists(st, "portolan-fetch")); /* beyond the link in the clone */
	assert_string_equal(side_job(st->cx, id).job_type, "repository_removal");

	/* Once more there is nothing to do, and that is well. */
	assert_err(st->cx,
	           job_enqueue(st->cx, &project_removal_job, &(struct job_new){ 0 },
	                       &(struct project_removal_args){ st->project_id }, &id),
	           ERR_OK);
	assert_string_equal(run_job(st, RUN_ON, &id), "completed");
	job = side_job(st->cx, id);
	assert_string_equal(job.status, "completed");
	stage_close(st);
}

static void test_removal_of_a_project_that_lives_is_refused(void **state)
{
	struct stage *st = stage_open(state);
	int64_t id;

	programs(st, FETCHED, ANALYSED);
	assert_string_equal(run_job(st, RUN_ON, &id), "completed");
	make_clone(st);
	assert_err(st->cx,
	           job_enqueue(st->cx, &project_removal_job, &(struct job_new){ 0 },
	                       &(struct project_removal_args){ st->project_id }, &id),
	           ERR_OK);
	assert_string_equal(run_job(st, RUN_ON, &id), "failed");
	assert_string_equal(side_job(st->cx, id).error_type, "wrong-state");
	assert_true(has_clone(st));
	stage_close(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map_is_made_and_published),
		cmocka_unit_test(test_commit_is_mapped_on_request),
		cmocka_unit_test(test_known_commit_is_not_analysed_again),
		cmocka_unit_test(test_index_becomes_that_of_the_next_map),
		cmocka_unit_test(test_failures_show_on_the_project),
		cmocka_unit_test(test_program_that_is_missing),
		cmocka_unit_test(test_stop_ends_the_child),
		cmocka_unit_test(test_removal_takes_the_clone_and_no_more),
		cmocka_unit_test(test_removal_of_a_project_that_lives_is_refused),
	};
	return cmocka_run_group_tests(tests, fixture_db_open, fixture_db_close);
}
