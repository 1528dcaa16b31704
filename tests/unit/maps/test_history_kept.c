/*
 * History that is kept between maps: the same to the byte as one from nothing, whatever was mapped
 * before and whatever became of the file; and what is kept is not read again.  (B4, C7)
 */
#include "generated_repo.h"
#include "maps/analyse.h"
#include "maps/history_kept.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX ((uint64_t)1 << 20)

struct stage {
	struct ctx *cx;
	struct git_repo repo;
	char path[64]; /* of what is kept */
	const char **commits;
	size_t ncommits;
};

static void list_commits(struct stage *st, const char *revisions)
{
	char *text = arena_strdup(st->cx->arena,
	                          git_repo_run(&st->repo, "rev-list --reverse %s", revisions));

	st->commits = arena_array(st->cx->arena, strlen(text) / 41 + 1, sizeof(char *));
	st->ncommits = 0;
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
		st->commits[st->ncommits++] = line;
}

static void stage_open(void **state, uint64_t seed, struct stage *ret)
{
	int fd;

	*ret = (struct stage){ .cx = fixture_ctx(*state), .path = "/tmp/past.XXXXXX" };
	fd = mkstemp(ret->path);
	assert_true(fd >= 0);
	close(fd);
	git_repo_new(ret->cx, &ret->repo);
	generated_repo(&ret->repo, seed);
	list_commits(ret, "--all");
}

static void stage_close(struct stage *st)
{
	unlink(st->path);
	git_repo_end(&st->repo);
}

static struct bundle map(struct stage *st, struct arena *arena, const char *directory,
                         const char *commit, const struct history_limits *limits,
                         struct history_kept *past)
{
	struct analyse_in in = { .directory = directory, .commit = commit, .past = past };
	struct analyse_result ret;
	struct ctx cx = *st->cx;

	cx.arena = arena;
	if (limits != NULL)
		in.history = *limits;
	if (analyse_repository(&cx, &in, &ret) != ERR_OK)
		fail_msg("%s", cx.fault.detail);
	return ret.bundle;
}

static void expect_same(const struct bundle *a, const struct bundle *b)
{
	assert_int_equal(a->nparts, b->nparts);
	for (size_t i = 0; i < a->nparts; i++) {
		const struct bundle_part *x = &a->parts[i], *y = &b->parts[i];

		assert_string_equal(x->name, y->name);
		assert_int_equal(x->data.len, y->data.len);
		assert_memory_equal(x->data.data, y->data.data, x->data.len);
	}
}

/* A map with what is kept, and one from nothing. */
static void compare(struct stage *st, const char *commit, const struct history_limits *limits,
                    uint64_t max)
{
	CLEANUP(history_kept_close_ptr)
	struct history_kept *past = history_kept_open(st->path, max, "1");
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)256 << 20);
	struct bundle warm = map(st, arena, st->repo.path, commit, limits, past);
	struct bundle cold = map(st, arena, st->repo.path, commit, limits, NULL);

	expect_same(&warm, &cold);
}

static off_t size_of(const struct stage *st)
{
	struct stat found;

	assert_int_equal(stat(st->path, &found), 0);
	return found.st_size;
}

static const struct history_limits LIMITS[] = {
	{ 0 },
	{ .max_commits = 9 },
	{ .max_days = 1, .line_commits = 3 },
	{ .line_commits = 20 },
	{ .line_commits = HISTORY_OFF },
};

static void test_history_kept__same_over_a_history(void **state)
{
	struct stage st;
	uint32_t at = 1;

	stage_open(state, 3, &st);
	for (size_t i = 0; i < st.ncommits; i += 6) /* as they were made, then across */
		compare(&st, st.commits[i], NULL, MAX);
	for (size_t i = 0; i < 40; i++) {
		at = at * 1103515245u + 12345u;
		compare(&st, st.commits[(at >> 16) % st.ncommits], &LIMITS[i % COUNT(LIMITS)], MAX);
	}
	stage_close(&st);
}

/* The newest first, so that older commits want lines and similar files that nobody asked for before. */
static void test_history_kept__same_backwards(void **state)
{
	struct stage st;

	stage_open(state, 4, &st);
	for (size_t i = st.ncommits; i > 9; i -= 9)
		compare(&st, st.commits[i - 1], &LIMITS[i % 2 == 0 ? 3 : 4], MAX);
	stage_close(&st);
}

static void test_history_kept__branches_are_rewritten(void **state)
{
	struct stage st;
	off_t before;

	stage_open(state, 5, &st);
	compare(&st, st.commits[st.ncommits - 1], NULL, MAX);
	before = size_of(&st);
	generated_repo(&st.repo, 6); /* nothing in common */
	list_commits(&st, "main");
	compare(&st, st.commits[st.ncommits - 1], NULL, MAX);
	assert_true(size_of(&st) > before);
	compare(&st, st.commits[st.ncommits / 2], NULL, MAX);
	generated_repo(&st.repo, 5); /* and back */
	list_commits(&st, "main");
	before = size_of(&st);
	compare(&st, st.commits[st.ncommits - 1], NULL, MAX);
	assert_int_equal(size_of(&st), before);
	stage_close(&st);
}

/* Of a clone that has the newest commits alone, all is told that was kept: so nothing else was read. */
static void test_history_kept__new_commits_alone_are_read(void **state)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)256 << 20);
	struct history_kept *past;
	struct git_repo shallow;
	struct bundle whole, cut, told;
	struct stage st;
	const char *main;

	stage_open(state, 7, &st);
	git_repo_new(st.cx, &shallow);
	git_repo_run(&shallow, "fetch -q --depth 3 file://%s main:main", st.repo.path);
	list_commits(&st, "main");
	main = st.commits[st.ncommits - 1];
	for (int b = 1; b <= GENERATED_BRANCHES; b++)
		compare(&st,
		        arena_strndup(arena, git_repo_run(&st.repo, "rev-parse main^%d", b), 40),
		        NULL, MAX);
	whole = map(&st, arena, st.repo.path, main, NULL, NULL);
	cut = map(&st, arena, shallow.path, main, NULL, NULL);
	past = history_kept_open(st.path, MAX, "1");
	told = map(&st, arena, shallow.path, main, NULL, past);
	history_kept_close(past);
	expect_same(&told, &whole);
	assert_true(cut.parts[0].data.len < whole.parts[0].data.len);

	/* Another analyser does not take its word. */
	past = history_kept_open(st.path, MAX, "2");
	told = map(&st, arena, shallow.path, main, NULL, past);
	history_kept_close(past);
	expect_same(&told, &cut);
	git_repo_end(&shallow);
	stage_close(&st);
}

/* A pack of what main leads to, but for some objects, as if a disk or a partial clone had lost them. */
static void pack_without(struct git_repo *from, const struct git_repo *to, const char *but)
{
	git_repo_run(from,
	             "rev-list --objects main | cut -c 1-40 | grep -vE '^(%s)' |"
	             " git -C %s pack-objects -q %s/objects/pack/pack",
	             but, from->path, to->path);
}

/* What was missing is not kept as missing: neither commits, nor trees, nor what was in files. */
static void test_history_kept__what_was_missing_is_read_later(void **state)
{
	static const char *const LOST[] = { "main~9^{tree}", "main^1~3^{tree}", "main^2~4^{tree}" };
	struct git_repo whole;
	struct stage st;
	struct sb but;
	const char *main;

	stage_open(state, 8, &st);
	whole = st.repo;
	git_repo_new(st.cx, &st.repo);
	main = arena_strndup(st.cx->arena, git_repo_run(&whole, "rev-parse main"), 40);
	git_repo_run(&st.repo, "fetch -q --depth 4 file://%s main:main", whole.path);
	compare(&st, main, NULL, MAX);
	git_repo_run(&st.repo, "fetch -q --depth 30 file://%s main:main", whole.path);
	compare(&st, main, NULL, MAX);
	git_repo_end(&st.repo);

	assert_int_equal(truncate(st.path, 0),
	                 0); /* what is kept is told though it is lost later */
	git_repo_new(st.cx, &st.repo);
	but = sb_new(st.cx->arena, 65536);
	for (size_t i = 0; i < COUNT(LOST); i++)
		sb_addf(&but, "%.40s|", git_repo_run(&whole, "rev-parse '%s'", LOST[i]));
	pack_without(&whole, &st.repo, arena_printf(st.cx->arena, "%s0000000", but.data));
	compare(&st, main, NULL, MAX);
	pack_without(&whole, &st.repo, "00000000"); /* all there is */
	compare(&st, main, NULL, MAX);
	git_repo_end(&st.repo);

	/* Every fourth file of earlier commits. */
	assert_int_equal(truncate(st.path, 0), 0);
	git_repo_new(st.cx, &st.repo);
	sb_truncate(&but, 0);
	for (char *line = strtok(
		     arena_strdup(st.cx->arena, git_repo_run(&whole, "rev-list --objects main^1~2 |"
	                                                             " grep 'c$' | cut -c 1-40")),
		     "\n");
	     line != NULL; line = strtok(NULL, "\n"))
		if (line[0] < '4')
			sb_addf(&but, "%s|", line);
	pack_without(&whole, &st.repo, arena_printf(st.cx->arena, "%s0000000", but.data));
	compare(&st, main, NULL, MAX);
	pack_without(&whole, &st.repo, "00000000");
	compare(&st, main, NULL, MAX);
	git_repo_end(&whole);
	stage_close(&st);
}

static void flip(const struct stage *st, off_t at)
{
	int fd = open(st->path, O_RDWR | O_CLOEXEC);
	char byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte = (char)(byte ^ 0x10);
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void test_history_kept__damage(void **state)
{
	struct stage st;
	const char *last, *before;
	off_t whole;

	stage_open(state, 9, &st);
	last = st.commits[st.ncommits - 1];
	before = st.commits[st.ncommits - 8];
	compare(&st, before, NULL, MAX);
	compare(&st, last, NULL, MAX);
	whole = size_of(&st);
	for (off_t at = 0; at < whole; at += at < 64 ? 5 : whole / 23) {
		flip(&st, at % size_of(&st));
		compare(&st, last, NULL, MAX);
		compare(&st, last, NULL, MAX);
		assert_true(size_of(&st) > whole / 2);
		assert_int_equal(truncate(st.path, size_of(&st) * 2 / 3), 0);
		compare(&st, before, NULL, MAX);
	}
	assert_int_equal(truncate(st.path, 0), 0);
	compare(&st, last, NULL, MAX);
	assert_true(size_of(&st) > whole / 2);
	stage_close(&st);
}

static void test_history_kept__one_writes(void **state)
{
	struct stage st;
	struct history_kept *first;
	off_t before;

	stage_open(state, 10, &st);
	compare(&st, st.commits[40], NULL, MAX);
	before = size_of(&st);
	first = history_kept_open(st.path, MAX, "1");
	compare(&st, st.commits[st.ncommits - 1], NULL,
	        MAX); /* the lock is held: nothing is written */
	assert_int_equal(size_of(&st), before);
	history_kept_close(first);
	compare(&st, st.commits[st.ncommits - 1], NULL, MAX);
	assert_true(size_of(&st) > before);
	stage_close(&st);
}

static void test_history_kept__limit_of_the_file(void **state)
{
	struct stage st;
	off_t whole, half;

	stage_open(state, 11, &st);
	compare(&st, st.commits[st.ncommits - 1], NULL, MAX);
	whole = size_of(&st);
	assert_int_equal(truncate(st.path, 0), 0);

	/* All that there is does not fit: what fits stays. */
	compare(&st, st.commits[60], NULL, (uint64_t)whole / 2);
	half = size_of(&st);
	assert_true(half > 0);
	compare(&st, st.commits[st.ncommits - 1], NULL, (uint64_t)whole / 2);
	assert_int_equal(size_of(&st), half);

	/* What there is was of no use: it goes. */
	generated_repo(&st.repo, 12);
	list_commits(&st, "main");
	compare(&st, st.commits[st.ncommits - 1], NULL, (uint64_t)whole / 2);
	assert_int_equal(size_of(&st), 0);

	/* Larger than it may be: begun anew. */
	compare(&st, st.commits[st.ncommits - 1], NULL, MAX);
	compare(&st, st.commits[20], NULL, 8192);
	assert_true(size_of(&st) > 0 && size_of(&st) <= 8192);
	compare(&st, st.commits[20], NULL, 0); /* none at all */
	stage_close(&st);
}

static int set_up(void **state)
{
	int rc = fixture_open(state);

	return rc != 0 ? rc : scan_init(fixture_ctx(*state)) != ERR_OK;
}

static int tear_down(void **state)
{
	scan_quit();
	return fixture_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_history_kept__same_over_a_history),
		cmocka_unit_test(test_history_kept__same_backwards),
		cmocka_unit_test(test_history_kept__branches_are_rewritten),
		cmocka_unit_test(test_history_kept__new_commits_alone_are_read),
		cmocka_unit_test(test_history_kept__what_was_missing_is_read_later),
		cmocka_unit_test(test_history_kept__damage),
		cmocka_unit_test(test_history_kept__one_writes),
		cmocka_unit_test(test_history_kept__limit_of_the_file),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
