/*
 * What the history of a repository says, told by small ones: renames, merges, authors, limits, damage,
 * and objects that no git would write.  (B4, T5)
 */
#include "git_repo.h"
#include "maps/history_parts.h"

#include <git2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A commit on main, one day after the one before; @ops are fast-import's. */
static void add_commit(struct sb *stream, int day, const char *author, const char *ops)
{
	sb_addf(stream, "commit refs/heads/main\nmark :%d\nauthor %s %d +0000\n", day, author,
	        86400 * day);
	sb_addf(stream, "committer C <c@example.com> %d +0000\n", 86400 * day);
	git_repo_data(stream, "x");
	sb_add(stream, ops);
}

static const char *file_op(struct ctx *cx, const char *path, const char *text)
{
	return arena_printf(cx->arena, "M 100644 inline %s\ndata %zu\n%s\n", path, strlen(text),
	                    text);
}

static uint32_t commits_of(const struct git_repo *repo, const struct history *h, const char *path)
{
	return h->files[git_repo_file(repo, path)].commits;
}

#define ANN "Ann <ann@example.com>"
#define BEN "Ben <ben@example.com>"

static void test_history__renames(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb s = sb_new(cx->arena, 65536);
	const char *ten = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
	struct git_repo repo;
	struct history h;

	git_repo_new(cx, &repo);
	add_commit(&s, 1, ANN, file_op(cx, "one.c", ten));
	add_commit(&s, 2, ANN, "R one.c two.c\n");
	add_commit(&s, 3, ANN, "D two.c\n");
	sb_add(&s, file_op(cx, "three.c", "1\n2\n3\n4\n5\n6\n7\n8\n9\nten\n"));
	add_commit(&s, 4, ANN, "R three.c sub/four.c\n");
	add_commit(&s, 5, ANN, "R sub/four.c three.c\n"); /* and back */
	add_commit(&s, 6, ANN, "D three.c\n");
	sb_add(&s, file_op(cx, "other.c", "nothing\nalike\n"));
	git_repo_import(&repo, &s);

	git_repo_history(&repo, "main~1", NULL, &h);
	assert_int_equal(commits_of(&repo, &h, "three.c"), 5);
	assert_int_equal(h.files[0].first_s, 86400);
	assert_int_equal(h.files[0].last_s, 86400 * 5);
	assert_int_equal(h.nrenames, 3);
	assert_string_equal(h.renames[0].was, "one.c");
	assert_string_equal(h.renames[1].was, "sub/four.c");
	assert_string_equal(h.renames[2].was, "two.c");
	git_repo_history(&repo, "main", NULL, &h);
	assert_int_equal(commits_of(&repo, &h, "other.c"), 1);
	assert_int_equal(h.nrenames, 0);
	git_repo_end(&repo);
}

static void test_history__folder_renamed_at_once(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb s = sb_new(cx->arena, 1 << 20);
	struct git_repo repo;
	struct history h;

	git_repo_new(cx, &repo);
	add_commit(&s, 1, ANN, "");
	for (int i = 0; i < 300;
	     i++) /* every two of the same content: base names tell them apart */
		sb_add(&s, file_op(cx, arena_printf(cx->arena, "old/%03d.c", i),
		                   arena_printf(cx->arena, "file %d\n", i / 2)));
	add_commit(&s, 2, ANN, "R old new\n");
	git_repo_import(&repo, &s);
	git_repo_history(&repo, "main", NULL, &h);
	assert_int_equal(h.nrenames, 300);
	for (size_t i = 0; i < h.nrenames; i++)
		assert_string_equal(h.renames[i].was + strlen("old/"),
		                    repo.tree.files[h.renames[i].file].path.data + strlen("new/"));
	assert_int_equal(h.npairs, 0); /* a commit of so many files couples none */
	assert_int_equal(h.wide, 2);
	git_repo_end(&repo);
}

static void test_history__merges_do_not_count(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb s = sb_new(cx->arena, 65536);
	struct git_repo repo;
	struct history h;

	git_repo_new(cx, &repo);
	add_commit(&s, 1, ANN, file_op(cx, "a.c", "a\n"));
	sb_addf(&s, "commit refs/heads/side\nmark :50\ncommitter %s 100000 +0000\n", BEN);
	git_repo_data(&s, "x");
	sb_addf(&s, "from :1\n%s", file_op(cx, "b.c", "b\n"));
	add_commit(&s, 3, ANN, "from :1\nmerge :50\n");
	sb_add(&s, file_op(cx, "b.c", "b\n"));
	sb_add(&s, file_op(cx, "evil.c", "made in the merge\n"));
	git_repo_import(&repo, &s);
	git_repo_history(&repo, "main", NULL, &h);
	assert_int_equal(h.commits, 2);
	assert_int_equal(h.merges, 1);
	assert_int_equal(h.last_s, 3 * 86400);
	assert_int_equal(commits_of(&repo, &h, "b.c"), 1);
	assert_int_equal(commits_of(&repo, &h, "evil.c"), 0);
	assert_int_equal(h.nauthors, 2);
	git_repo_end(&repo);
}

static void test_history__authors(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb s = sb_new(cx->arena, 65536);
	struct git_repo repo;
	struct history h;

	git_repo_new(cx, &repo);
	add_commit(&s, 1, "Ann Old <ann@old.example>", file_op(cx, "a.c", "1\n"));
	add_commit(&s, 2, "A. <Shared@example.com>", file_op(cx, "a.c", "2\n"));
	add_commit(&s, 3, "Ben <shared@example.com>", file_op(cx, "a.c", "3\n"));
	add_commit(&s, 4, "J\xf6rg <j@example.com>", file_op(cx, "a.c", "4\n"));
	add_commit(&s, 5, "joe@example.com <joe@example.com>", file_op(cx, "a.c", "5\n"));
	add_commit(&s, 6, "@kim <kim@example.com>", file_op(cx, "b.c", "1\n"));
	add_commit(&s, 7, "Ann <ann@example.com>",
	           file_op(cx, ".mailmap",
	                   "# names\n"
	                   "Ann <ann@example.com> <ANN@old.example>\n"
	                   "Ann <ann@example.com> a. <shared@example.com>\n"
	                   "<new@example.com> <joe@example.com>\n"
	                   "no address\n< <>> <\n"));
	git_repo_import(&repo, &s);
	git_repo_history(&repo, "main", NULL, &h);
	assert_int_equal(h.nauthors, 5);
	assert_string_equal(h.authors[0].name, "Ann");
	assert_int_equal(h.authors[0].commits, 3);
	assert_int_equal(h.authors[0].first_s, 86400);
	assert_int_equal(h.authors[0].last_s, 7 * 86400);
	assert_string_equal(h.authors[1].name, "@kim");
	assert_string_equal(h.authors[2].name, "Ben");
	assert_string_equal(h.authors[3].name, "J\xc3\xb6rg");
	assert_string_equal(h.authors[4].name, "joe"); /* and no address anywhere */
	assert_int_equal(h.bus_factor, 2);

	assert_int_equal(h.files[1].authors, 4);
	assert_int_equal(h.files[1].owner, 0);
	assert_int_equal(h.files[1].owner_commits, 2);
	assert_int_equal(h.files[1].bus_factor, 2);
	assert_int_equal(h.components[0].authors, 5);
	assert_int_equal(h.components[0].commits, 7);
	assert_int_equal(h.components[0].owners[0].commits, 3);
	git_repo_end(&repo);
}

static void test_history__hotspots_and_coupling(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb s = sb_new(cx->arena, 65536);
	struct git_repo repo;
	struct history h;

	git_repo_new(cx, &repo);
	for (int i = 1; i <= 8; i++) {
		const char *text = arena_printf(cx->arena, "%d\n", i);

		add_commit(&s, i, ANN, file_op(cx, "hot.c", text));
		if (i <= 6)
			sb_add(&s, file_op(cx, "with.c", text));
		if (i <= 4) /* too few to say anything */
			sb_add(&s, file_op(cx, "rare.c", text));
	}
	git_repo_import(&repo, &s);
	git_repo_history(&repo, "main", NULL, &h);
	assert_int_equal(h.nhotspots, 3);
	assert_string_equal(repo.tree.files[h.hotspots[0]].path.data, "hot.c");
	assert_string_equal(repo.tree.files[h.hotspots[1]].path.data, "with.c");
	assert_int_equal(h.npairs, 1);
	assert_int_equal(h.pairs[0].together, 6);
	assert_int_equal(h.pairs[0].degree, 85); /* 6 of 7 */
	assert_int_equal(h.pairs[0].a_to_b, 75);
	assert_int_equal(h.pairs[0].b_to_a, 100);
	assert_false(h.pairs[0].linked);
	git_repo_end(&repo);
}

static void test_history__limits(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb s = sb_new(cx->arena, 65536);
	struct git_repo repo;
	struct history h;

	git_repo_new(cx, &repo);
	for (int i = 1; i <= 9; i++)
		add_commit(&s, i, ANN, file_op(cx, "a.c", arena_printf(cx->arena, "%d\n", i)));
	git_repo_import(&repo, &s);

	git_repo_history(&repo, "main", &(struct history_limits){ .max_commits = 4 }, &h);
	assert_string_equal(history_end_name(h.end), "commits");
	assert_int_equal(h.commits, 4);
	assert_int_equal(h.files[0].commits, 4);
	assert_int_equal(h.files[0].first_s, 6 * 86400);
	git_repo_history(&repo, "main", &(struct history_limits){ .max_commits = 9 }, &h);
	assert_string_equal(history_end_name(h.end), "");
	git_repo_history(&repo, "main", &(struct history_limits){ .max_days = 2 }, &h);
	assert_string_equal(history_end_name(h.end), "days");
	assert_int_equal(h.commits, 3);
	git_repo_history(&repo, "main", &(struct history_limits){ .line_commits = 2 }, &h);
	assert_int_equal(h.commits, 9);
	assert_int_equal(h.line_commits, 2);
	assert_int_equal(h.files[0].added, 2);
	assert_int_equal(h.files[0].removed, 2);
	git_repo_history(&repo, "main", &(struct history_limits){ .line_commits = HISTORY_OFF },
	                 &h);
	assert_int_equal(h.files[0].added, 0);
	git_repo_history(&repo, "main", &(struct history_limits){ .max_commits = HISTORY_OFF }, &h);
	assert_string_equal(history_end_name(h.end), "off");
	assert_int_equal(h.nauthors, 0);
	assert_int_equal(h.files[0].commits, 0);
	git_repo_end(&repo);
}

static void test_history__time_ends(void **state)
{
	struct fixture *fixture = *state;
	struct ctx *cx = fixture_ctx(*state);
	struct sb s = sb_new(cx->arena, 65536);
	struct git_repo repo;
	struct history h;
	struct history_in in = { .tree = &repo.tree, .structure = &repo.structure };

	git_repo_new(cx, &repo);
	add_commit(&s, 1, ANN, "");
	git_repo_import(&repo, &s);
	git_repo_history(&repo, "main", NULL, &h);
	in.commit = git_repo_run(&repo, "rev-parse main");
	cx->deadline_ms = 1;
	fixture->clock.since_us = 5000;
	assert_int_equal(history_read(cx, repo.scan, &in, &h), ERR_TIMEOUT);
	git_repo_end(&repo);
}

static void test_history__shallow_clone(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct sb s = sb_new(cx->arena, 65536);
	struct git_repo repo, shallow;
	struct history h;

	git_repo_new(cx, &repo);
	git_repo_new(cx, &shallow);
	for (int i = 1; i <= 6; i++) {
		add_commit(&s, i, ANN, file_op(cx, "a.c", arena_printf(cx->arena, "%d\n", i)));
		sb_add(&s, i == 1 ? file_op(cx, "b.c", "b\n") : "");
	}
	git_repo_import(&repo, &s);
	git_repo_run(&shallow, "fetch -q --depth 3 file://%s main:main", repo.path);
	git_repo_history(&shallow, "main", NULL, &h);
	assert_int_equal(h.commits, 3);
	assert_int_equal(h.cut, 1); /* its parent is not there: what it changed is not known */
	assert_int_equal(commits_of(&shallow, &h, "a.c"), 2);
	assert_int_equal(commits_of(&shallow, &h, "b.c"), 0);
	assert_int_equal(h.authors[0].commits, 3);
	git_repo_end(&shallow);
	git_repo_end(&repo);
}

/* --- Objects that no git would write --- */

static git_oid put(git_odb *odb, git_object_t type, const void *data, size_t len)
{
	git_oid oid;

	assert_int_equal(git_odb_write(&oid, odb, data, len, type), 0);
	return oid;
}

static git_oid put_commit(git_odb *odb, const git_oid *tree, const git_oid *parent,
                          const char *rest)
{
	char text[1024], hex[GIT_OID_HEXSZ + 1];
	int n;

	n = snprintf(text, sizeof(text), "tree %s\n", git_oid_tostr(hex, sizeof(hex), tree));
	if (parent != NULL)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "parent %s\n",
		              git_oid_tostr(hex, sizeof(hex), parent));
	n += snprintf(text + n, sizeof(text) - (size_t)n, "%s", rest);
	return put(odb, GIT_OBJECT_COMMIT, text, (size_t)n);
}

#define SIGNED "author A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n"

static void test_history__damage(void **state)
{
	struct ctx *cx = fixture_ctx(*state);
	struct git_repo repo;
	struct history h;
	char path[128], head[GIT_OID_HEXSZ + 1], tree[64];
	git_odb *odb;
	git_oid blob, good, other, bad, gone = { { 7 } }, commit;

	git_repo_new(cx, &repo);
	snprintf(path, sizeof(path), "%s/objects", repo.path);
	assert_int_equal(git_odb_open(&odb, path), 0);
	blob = put(odb, GIT_OBJECT_BLOB, "x\n", 2);
	memcpy(tree, "100664 a", 9); /* as old git wrote modes */
	memcpy(tree + 9, blob.id, 20);
	other = put(odb, GIT_OBJECT_TREE, tree, 29);
	memcpy(tree, "100644 a", 9);
	good = put(odb, GIT_OBJECT_TREE, tree, 29);
	bad = put(odb, GIT_OBJECT_TREE, "100644 half\0abc", 15);

	commit = put_commit(odb, &good, &gone, "author \ncommitter\n");
	commit = put_commit(odb, &good, &commit, SIGNED); /* its parent is no commit */
	commit = put_commit(odb, &bad, &commit, SIGNED);
	commit = put_commit(odb, &gone, &commit, SIGNED);
	commit = put_commit(odb, &good, &commit, SIGNED);
	commit = put_commit(odb, &other, &commit,
	                    "author A <a@b> 99999999999999999999 +0000\ncommitter <a@b> -5\n\nx");
	commit = put_commit(odb, &good, &commit, SIGNED);
	git_oid_tostr(head, sizeof(head), &commit);
	git_repo_history(&repo, head, NULL, &h);
	assert_int_equal(h.end, HISTORY_WHOLE);
	assert_int_equal(h.commits, 6);
	assert_int_equal(h.unreadable, 1);
	assert_int_equal(h.cut, 1);
	assert_int_equal(h.damaged, 3); /* to the one that is gone, from it, and the half one */
	assert_int_equal(h.files[0].commits, 0); /* such modes are no change */
	assert_int_equal(h.authors[0].commits, 6);
	git_odb_free(odb);
	git_repo_end(&repo);
}

/* --- Trees without a repository --- */

struct told {
	struct sb sb;
	size_t n, stop_after;
	struct span trees[4]; /* by the first byte of the id */
};

static bool take(void *data, const unsigned char *oid, struct scan_blob *ret)
{
	struct told *told = data;

	if (oid[0] >= COUNT(told->trees))
		return false;
	*ret = (struct scan_blob){ .text = told->trees[oid[0]] };
	return true;
}

static void give(struct scan_blob *tree)
{
	*tree = (struct scan_blob){ 0 };
}

static bool take_change(void *data, const struct tree_change *change)
{
	struct told *told = data;

	sb_addf(&told->sb, "%c%.*s ",
	        change->was == NULL  ? '+'
	        : change->is == NULL ? '-'
	                             : '*',
	        (int)change->path.len, change->path.data);
	return ++told->n != told->stop_after;
}

#define ID(c) "\0" c "2345678901234567890"

static void test_tree_compare(void **state)
{
	static const char ZERO[20] = { 0 }, ONE[20] = { 1 };
	static const struct {
		const char *why;
		struct span was, is;
		const char *told;
		bool whole;
	} CASES[] = {
		{ "the same", SPAN("100644 a" ID("1")), SPAN("100644 a" ID("1")), "", true },
		{ "another content", SPAN("100644 a" ID("1")), SPAN("100644 a" ID("2")), "*a ",
		  true },
		{ "may be run now", SPAN("100644 a" ID("1")), SPAN("100755 a" ID("1")), "*a ",
		  true },
		{ "in the middle", SPAN("100644 a" ID("1") "100644 c" ID("1")),
		  SPAN("100644 a" ID("1") "100644 b" ID("1") "100644 c" ID("1")), "+b ", true },
		{ "a file becomes a folder", SPAN("100644 a" ID("1")), SPAN("40000 a" ID("\2")),
		  "-a +a/x ", true },
		{ "a.b lies between the file a and the folder a",
		  SPAN("100644 a" ID("1") "100644 a.b" ID("1")),
		  SPAN("100644 a.b" ID("1") "40000 a" ID("\2")), "-a +a/x ", true },
		{ "a folder changes", SPAN("40000 a" ID("\3")), SPAN("40000 a" ID("\2")), "*a/x ",
		  true },
		{ "a folder is not there", SPAN("40000 a" ID("9")), SPAN("40000 a" ID("\2")), "",
		  false },
		{ "cut short", SPAN("100644 a" ID("1") "100644 b"), SPAN("100644 a" ID("2")), "*a ",
		  false },
		{ "no name", SPAN("100644 " ID("1")), SPAN("100644 a" ID("2")), "", false },
		{ "no mode", SPAN("a" ID("1")), SPAN("100644 a" ID("2")), "", false },
		{ "a path for a name", SPAN(""), SPAN("100644 a/b" ID("2") "100644 c" ID("1")),
		  "+c ", false },
		{ "not in order", SPAN("100644 b" ID("1") "100644 a" ID("1")),
		  SPAN("100644 a" ID("1") "100644 b" ID("1")), "+a -a ", true },
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct told told = { .sb = sb_new(cx->arena, 1000),
			             .trees = { CASES[i].was, CASES[i].is, SPAN("100644 x" ID("1")),
			                        SPAN("100644 x" ID("5")) } };
		const struct tree_compare how = { &told, 8, take, give, take_change };

		print_message("# %s\n", CASES[i].why);
		assert_int_equal(tree_compare(tree_comparing_new(cx->arena, &how),
		                              (const unsigned char *)ZERO,
		                              (const unsigned char *)ONE),
		                 CASES[i].whole);
		sb_addc(&told.sb, '\0');
		assert_string_equal(told.sb.data, CASES[i].told);
	}
}

/* A folder in itself ends at the depth that is allowed; whoever has seen enough is asked no more. */
static void test_tree_compare__ends(void **state)
{
	static const char ZERO[20] = { 0 };
	struct ctx *cx = fixture_ctx(*state);
	struct told told = { .sb = sb_new(cx->arena, 1000),
		             .trees = { SPAN("100644 f" ID("1") "40000 g"
		                                                "\0\0"
		                                                "2345678901234567890") },
		             .stop_after = 5 };
	struct tree_compare how = { &told, 3, take, give, take_change };

	assert_false(tree_compare(tree_comparing_new(cx->arena, &how), NULL,
	                          (const unsigned char *)ZERO));
	sb_addc(&told.sb, '\0');
	assert_string_equal(told.sb.data, "+f +g/f +g/g/f ");
	how.max_depth = 100;
	told.n = 0;
	assert_true(tree_compare(tree_comparing_new(cx->arena, &how), NULL,
	                         (const unsigned char *)ZERO));
	assert_int_equal(told.n, 5);
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
		cmocka_unit_test(test_history__renames),
		cmocka_unit_test(test_history__folder_renamed_at_once),
		cmocka_unit_test(test_history__merges_do_not_count),
		cmocka_unit_test(test_history__authors),
		cmocka_unit_test(test_history__hotspots_and_coupling),
		cmocka_unit_test(test_history__limits),
		cmocka_unit_test(test_history__time_ends),
		cmocka_unit_test(test_history__shallow_clone),
		cmocka_unit_test(test_history__damage),
		cmocka_unit_test(test_tree_compare),
		cmocka_unit_test(test_tree_compare__ends),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
