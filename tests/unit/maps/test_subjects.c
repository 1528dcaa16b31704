/* What commits say of the files they changed: newest first, none of wide ones, whatever stands in messages.  (H1) */
#include "git_repo.h"

#include "maps/subjects.h"

#include <string.h>

/* A commit on main, one day after the one before; @ops are fast-import's. */
static void add_commit(struct sb *stream, int day, const char *message, const char *ops)
{
	sb_addf(stream, "commit refs/heads/main\ncommitter C <c@example.com> %d +0000\n",
	        86400 * day);
	git_repo_data(stream, message);
	sb_add(stream, ops);
}

static const char *file_op(struct ctx *cx, const char *path, const char *text)
{
	return arena_printf(cx->arena, "M 100644 inline %s\ndata %zu\n%s\n", path, strlen(text),
	                    text);
}

/* The lines, with | between subjects. */
static const char *subjects(struct git_repo *repo, int64_t max_commits)
{
	struct sb sb = sb_new(repo->cx->arena, 65536);
	char *commit =
		arena_strdup(repo->cx->arena, git_repo_run(repo, "rev-parse refs/heads/main"));
	struct scan *scan = NULL;

	commit[strcspn(commit, "\n")] = '\0';
	assert_int_equal(scan_open(repo->cx, repo->path, &scan), ERR_OK);
	assert_int_equal(subjects_read(repo->cx, scan, commit, max_commits, &sb), ERR_OK);
	scan_close(scan);
	for (size_t i = 0; i < sb.len; i++)
		if (sb.data[i] == SUBJECTS_BETWEEN)
			sb.data[i] = '|';
	return sb.data != NULL ? sb.data : "";
}

static void test_subjects__newest_first(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb s = sb_new(cx->arena, 65536);
	struct git_repo repo;

	git_repo_new(cx, &repo);
	add_commit(&s, 1, "First of all\n", file_op(cx, "a.c", "1"));
	add_commit(&s, 2, "Mend\ta leak\n\nAt length.\n", file_op(cx, "a.c", "2"));
	add_commit(&s, 3, "", file_op(cx, "a.c", "3")); /* says nothing */
	add_commit(&s, 4, "Say caf\xe9", file_op(cx, "lib/b.c", "1"));
	add_commit(&s, 5, "Take it away", "D lib/b.c\n");
	add_commit(&s, 6, "Two at caf\xc3\xa9", file_op(cx, "a.c", "4"));
	sb_add(&s, file_op(cx, "c.c", "1"));
	git_repo_import(&repo, &s);

	assert_string_equal(subjects(&repo, 100), "a.c\tTwo at caf\xc3\xa9|Mend a leak\n"
	                                          "c.c\tTwo at caf\xc3\xa9\n"
	                                          "lib/b.c\tSay caf\xc3\xa9\n");
	assert_string_equal(subjects(&repo, 1),
	                    "a.c\tTwo at caf\xc3\xa9\nc.c\tTwo at caf\xc3\xa9\n");
	assert_string_equal(subjects(&repo, 0), "");
	git_repo_end(&repo);
}

/* A commit of many files says nothing of each, and a path's subjects end at their limit. */
static void test_subjects__limits(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb s = sb_new(cx->arena, 1 << 20);
	struct git_repo repo;
	const char *text;

	git_repo_new(cx, &repo);
	add_commit(&s, 1, "First", file_op(cx, "a.c", "0"));
	for (int i = 0; i < 100; i++)
		add_commit(&s, 2 + i,
		           arena_printf(cx->arena, "A subject of some length, number %d", i),
		           file_op(cx, "a.c", arena_printf(cx->arena, "%d", i + 1)));
	add_commit(&s, 200, "All at once", file_op(cx, "a.c", "x"));
	for (int i = 0; i < SUBJECTS_WIDE; i++)
		sb_add(&s, file_op(cx, arena_printf(cx->arena, "f%d.c", i), "x"));
	git_repo_import(&repo, &s);

	text = subjects(&repo, 1000);
	assert_true(strncmp(text, "a.c\tA subject of some length, number 99|", 40) == 0);
	assert_true(strlen(text) <= SUBJECTS_PATH_MAX + 8 && strlen(text) > SUBJECTS_PATH_MAX / 2);
	assert_null(strstr(text, "All at once"));
	git_repo_end(&repo);
}

static int open_all(void **state)
{
	int rc = fixture_open(state);

	return rc != 0 ? rc : scan_init(fixture_ctx(*state)) != ERR_OK;
}

static int close_all(void **state)
{
	scan_quit();
	return fixture_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subjects__newest_first),
		cmocka_unit_test(test_subjects__limits),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
