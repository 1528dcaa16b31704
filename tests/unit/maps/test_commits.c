/* Which commits changed a path, by whom, and what they say.  (H1, F5) */
#include "git_repo.h"

#include "maps/commits.h"

#include <string.h>

/* A commit on main, one day after the one before; @ops are fast-import's. */
static void add_commit(struct sb *stream, int day, const char *author, const char *message,
                       const char *ops)
{
	sb_addf(stream,
	        "commit refs/heads/main\nauthor %s <c@example.com> %d +0000\n"
	        "committer C <c@example.com> %d +0000\n",
	        author, 86400 * day, 86400 * day);
	git_repo_data(stream, message);
	sb_add(stream, ops);
}

static const char *file_op(struct ctx *cx, const char *path, const char *text)
{
	return arena_printf(cx->arena, "M 100644 inline %s\ndata %zu\n%s\n", path, strlen(text),
	                    text);
}

static enum err look(struct git_repo *repo, const struct commits_query *query,
                     struct commits_found *ret)
{
	char *commit =
		arena_strdup(repo->cx->arena, git_repo_run(repo, "rev-parse refs/heads/main"));
	const struct commits_request request = {
		.directory = repo->path,
		.commit = commit,
		.path = query->path != NULL ? query->path : "",
		.text = query->text != NULL ? query->text : "",
		.author = query->author != NULL ? query->author : "",
		.limit = query->limit != 0 ? query->limit : COMMITS_LIMIT_MAX,
	};
	struct bundle bundle = { 0 };
	const struct span *text;

	commit[strcspn(commit, "\n")] = '\0';
	TRY(commits_open(repo->cx, &request, &bundle));
	text = bundle_find(&bundle, "commits");
	assert_non_null(text);
	return schema_decode(repo->cx, &commits_found_schema, *text, ret);
}

/* The subjects with | between them. */
static const char *subjects(struct git_repo *repo, const struct commits_query *query)
{
	struct sb sb = sb_new(repo->cx->arena, 65536);
	const struct commits_entry *entry;
	struct commits_found found;

	assert_int_equal(look(repo, query, &found), ERR_OK);
	assert_true(found.complete);
	entry = found.items.items;
	sb_add(&sb, "");
	for (size_t i = 0; i < found.items.n; i++)
		sb_addf(&sb, "%s%s", i > 0 ? "|" : "", entry[i].subject);
	return sb.data;
}

static void make_repo(struct ctx *cx, struct git_repo *repo)
{
	struct sb s = sb_new(cx->arena, 65536);

	git_repo_new(cx, repo);
	add_commit(&s, 1, "Ann", "First of all\n", file_op(cx, "lib/a.c", "1"));
	add_commit(&s, 2, "Bob", "Mend\ta leak\n\nAt length.\n", file_op(cx, "lib/a.c", "2"));
	add_commit(&s, 3, "Ann", "", file_op(cx, "lib/ab.c", "3"));
	add_commit(&s, 4, "Ann", "Say caf\xe9", file_op(cx, "b.c", "1"));
	add_commit(&s, 5, "Bob", "Take it away", "D lib/a.c\n");
	git_repo_import(repo, &s);
}

static void test_commits__of_paths_words_authors(void **state)
{
	static const struct {
		struct commits_query query;
		const char *subjects;
	} CASES[] = {
		{ { .path = "lib/a.c" }, "Take it away|Mend a leak|First of all" },
		{ { .path = "lib" }, "Take it away||Mend a leak|First of all" },
		{ { .path = "lib/" }, "Take it away||Mend a leak|First of all" },
		{ { .path = "lib/a" }, "" },
		{ { .path = "lib/a.c", .limit = 1 }, "Take it away" },
		{ { .author = "bob" }, "Take it away|Mend a leak" },
		{ { .text = "LEAK mend" }, "Mend a leak" },
		{ { .text = "leak", .author = "Ann" }, "" },
		{ { .text = "at length" }, "" },
		{ { .path = "b.c" }, "Say caf\xc3\xa9" },
	};
	struct ctx *cx = fixture_ctx(*state);
	struct git_repo repo;

	make_repo(cx, &repo);
	for (size_t i = 0; i < COUNT(CASES); i++)
		assert_string_equal(subjects(&repo, &CASES[i].query), CASES[i].subjects);
	git_repo_end(&repo);
}

static void test_commits__lines(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	const struct commits_entry *entry;
	struct commits_found found;
	struct git_repo repo;
	const char *line;

	make_repo(cx, &repo);
	assert_int_equal(look(&repo, &(struct commits_query){ .path = "lib/a.c" }, &found), ERR_OK);
	assert_int_equal(found.looked_at, 5);
	entry = found.items.items;
	line = commits_line(cx->arena, &entry[1]);
	assert_memory_equal(line, entry[1].commit, 12);
	assert_string_equal(line + 12, " 1970-01-03 Bob: Mend a leak (1 file)");
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
		cmocka_unit_test(test_commits__of_paths_words_authors),
		cmocka_unit_test(test_commits__lines),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
