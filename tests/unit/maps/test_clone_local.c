/* Clones of local repositories (B3, T4, T8): what may be read, how it is found, how it is copied. */
#include "maps/clone.h"

#include "clone_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

/* Each row: a script that prepares, run in root/src; an address with %s for root/src. */
static const struct {
	const char *why, *prepare, *url, *says;
	enum err want;
	const char *branches;
} CASES[] = {
	{ "a work tree", "", "%s/checkout", NULL, ERR_OK, "dev main old" },
	{ "its .git", "", "%s/checkout/.git", NULL, ERR_OK, "dev main old" },
	{ "a bare one", "", "%s/plain.git", NULL, ERR_OK, "dev main old" },
	{ "a slash at the end", "", "%s/plain.git/", NULL, ERR_OK, "dev main old" },
	{ "dots within the root", "", "%s/checkout/../plain.git", NULL, ERR_OK, "dev main old" },
	{ "an address of a file", "", "file://%s/plain.git", NULL, ERR_OK, "dev main old" },
	{ "a space in the path", "cp -a plain.git 'a b.git'", "file://%s/a%%20b.git", NULL, ERR_OK,
	  "dev main old" },
	{ "a link within the root", "ln -sfn plain.git link", "%s/link", NULL, ERR_OK,
	  "dev main old" },
	{ "a worktree", "test -d tree || git -C plain.git worktree add -q ../tree dev", "%s/tree",
	  NULL, ERR_OK, "dev main old" },
	{ "borrowed objects", "test -d lent.git || git clone -q -s --bare plain.git lent.git",
	  "%s/lent.git", NULL, ERR_OK, "dev main old" },
	{ "loose objects",
	  "test -d loose || (git init -q -b main loose && cd loose && echo x >x &&"
	  " git add x && git commit -q -m x)",
	  "%s/loose", NULL, ERR_OK, "main" },
	{ "several packs",
	  "rm -rf packs.git && cp -a plain.git packs.git && git -C packs.git repack -qad &&"
	  " git -C checkout push -q ../packs.git HEAD:refs/heads/extra && git -C packs.git repack -q",
	  "%s/packs.git", NULL, ERR_OK, "dev extra main old" },
	{ "a history cut short",
	  "test -d cut.git || git clone -q --bare --depth 1 --no-single-branch"
	  " file://$PWD/plain.git cut.git",
	  "%s/cut.git", NULL, ERR_OK, "dev main old" },
	{ "extensions that leave refs and objects alone",
	  "test -d ext.git || (cp -a plain.git ext.git && cd ext.git &&"
	  " git config core.repositoryFormatVersion 1 && git config extensions.partialClone origin &&"
	  " git config extensions.worktreeConfig true)",
	  "%s/ext.git", NULL, ERR_OK, "dev main old" },
	{ "HEAD at a branch that stands for another",
	  "test -d sym.git || (cp -a plain.git sym.git && cd sym.git &&"
	  " git symbolic-ref refs/heads/alias refs/heads/main &&"
	  " git symbolic-ref HEAD refs/heads/alias)",
	  "%s/sym.git", NULL, ERR_OK, "alias dev main old" },
	{ "a configuration that includes what cannot be read",
	  "test -d inc.git || (cp -a plain.git inc.git && cd inc.git && mkdir ours &&"
	  " printf '[include]\\n\\tpath = ours\\n[core]\\n\\tworktree = /\\n' >>config)",
	  "%s/inc.git", NULL, ERR_OK, "dev main old" },
	{ "a configuration that is a pipe",
	  "test -d pipe3.git || (cp -a plain.git pipe3.git && cd pipe3.git && rm config &&"
	  " mkfifo config)",
	  "%s/pipe3.git", NULL, ERR_OK, "dev main old" },
	{ "outside the root", "", "/", "not below a folder", ERR_URL_REFUSED, NULL },
	{ "the folder of the root's name, longer", "mkdir -p ../src2", "%s2", "not below a folder",
	  ERR_URL_REFUSED, NULL },
	{ "dots that lead out", "", "%s/../../../etc", "not below a folder", ERR_URL_REFUSED,
	  NULL },
	{ "a link that leads out", "ln -sfn /usr out", "%s/out", "not below a folder",
	  ERR_URL_REFUSED, NULL },
	{ "a .git that is a link outwards",
	  "mkdir -p sly ../away && cp -a plain.git ../away/ 2>/dev/null;"
	  " ln -sfn ../../away/plain.git sly/.git",
	  "%s/sly", "not below a folder", ERR_URL_REFUSED, NULL },
	{ "a .git file that points outwards",
	  "mkdir -p sly2 && printf 'gitdir: ../../away/plain.git\n' >sly2/.git", "%s/sly2",
	  "not below a folder", ERR_URL_REFUSED, NULL },
	{ "objects that are a link outwards",
	  "rm -rf sly3.git && cp -a plain.git sly3.git && rm -rf sly3.git/objects &&"
	  " ln -s ../../away/plain.git/objects sly3.git/objects",
	  "%s/sly3.git", "not below a folder", ERR_URL_REFUSED, NULL },
	{ "objects borrowed from outside",
	  "rm -rf sly4.git && git clone -q -s --bare ../away/plain.git sly4.git", "%s/sly4.git",
	  "not below a folder", ERR_URL_REFUSED, NULL },
	{ "nothing there", "", "%s/nothing", "No such file", ERR_REPO_NOT_FOUND, NULL },
	{ "no repository", "mkdir -p plainfolder", "%s/plainfolder", "no git repository",
	  ERR_REPO_NOT_GIT, NULL },
	{ "a folder inside a work tree", "mkdir -p checkout/sub", "%s/checkout/sub",
	  "no git repository", ERR_REPO_NOT_GIT, NULL },
	{ "a file", "", "%s/checkout/one", "no git repository", ERR_REPO_NOT_GIT, NULL },
	{ "a .git file of nonsense", "mkdir -p odd && echo nonsense >odd/.git", "%s/odd",
	  "no git repository", ERR_REPO_NOT_GIT, NULL },
	{ "a host in the address", "", "file://host%s/plain.git", "not absolute", ERR_URL_REFUSED,
	  NULL },
	{ "a broken escape", "", "file://%s/plain%%2", "percent sign", ERR_URL_REFUSED, NULL },
	{ "a NUL in the address", "", "file://%s/plain.git%%00x", "percent sign", ERR_URL_REFUSED,
	  NULL },
};

static void test_local__sources(void **state)
{
	struct clone_bench *b = *state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct fetch_request rq;
		struct fetch_reply reply;
		char url[512];

		print_message("# %s\n", CASES[i].why);
		clone_bench_fresh(state);
		if (CASES[i].prepare[0] != '\0')
			clone_bench_shell(b, "%s", CASES[i].prepare);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(url, sizeof(url), CASES[i].url, b->src);
#pragma GCC diagnostic pop
		rq = clone_bench_request(b, url);
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), CASES[i].want);
		if (CASES[i].want == ERR_OK) {
			clone_bench_check(b, CASES[i].branches);
		} else {
			assert_non_null(strstr(b->cx.fault.detail, CASES[i].says));
			assert_non_null(b->cx.fault.fix);
			assert_int_not_equal(access(b->copy, F_OK), 0); /* nothing was made */
		}
	}
}

/* The source is found, and then its branch or its format turns out to be unreadable. */
static void test_local__unreadable(void **state)
{
	static const struct {
		const char *name, *prepare, *says;
	} ROWS[] = {
		{ "zeroed.git", "head -c 41 /dev/zero >refs/heads/main", "branch refs/heads/main" },
		{ "emptied.git", ": >refs/heads/main", "branch refs/heads/main" },
		{ "turning.git", "echo 'ref: refs/heads/main' >refs/heads/main",
		  "branch refs/heads/main" },
		{ "piped.git", "rm -f refs/heads/main && mkfifo refs/heads/main",
		  "branch refs/heads/main" },
		{ "pipedhead.git", "rm HEAD && mkfifo HEAD", "HEAD cannot be read" },
		{ "pipedrefs.git", "mkfifo packed-refs", "packed-refs is no plain file" },
		{ "later.git",
		  "git config core.repositoryFormatVersion 1 &&"
		  " git config extensions.refStorage reftable",
		  "a format that cannot be read" },
	};
	struct clone_bench *b = *state;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct fetch_request rq;
		struct fetch_reply reply;

		print_message("# %s\n", ROWS[i].name);
		clone_bench_fresh(state);
		clone_bench_shell(b,
		                  "git init -q --bare -b main %s && cd %s && mkdir -p refs/heads &&"
		                  " %s",
		                  ROWS[i].name, ROWS[i].name, ROWS[i].prepare);
		rq = clone_bench_request(b, clone_bench_path(b, ROWS[i].name));
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_REPO_BROKEN);
		assert_non_null(strstr(b->cx.fault.detail, ROWS[i].says));
		assert_non_null(b->cx.fault.fix);
	}
}

static void test_local__no_roots(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_path(b, "plain.git"));
	struct fetch_reply reply;

	rq.local_roots = (struct list){ 0 };
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_URL_REFUSED);
	assert_non_null(strstr(b->cx.fault.detail, "local repositories are not allowed"));
	assert_non_null(strstr(b->cx.fault.fix, "local_roots"));
}

/* T8: a repository of another user is read only below a root of that same user. */
static void test_local__owner(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_path(b, "theirs.git"));
	struct fetch_reply reply;

	if (geteuid() != 0)
		skip(); /* only root can give files away */
	clone_bench_shell(b, "cp -a plain.git theirs.git && chown -R 65534 theirs.git");
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_URL_REFUSED);
	assert_non_null(strstr(b->cx.fault.detail, "belongs to another user"));
	clone_bench_shell(b, "chown 65534 .");
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	clone_bench_check(b, "dev main old");
	clone_bench_shell(b, "chown 0 . && rm -rf theirs.git");
}

/* T8: libgit2's own check stays on for the copy. */
static void test_local__owner_of_the_copy(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_path(b, "plain.git"));
	struct fetch_reply reply;

	if (geteuid() != 0)
		skip();
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	clone_bench_shell(b, "chown -R 65534 %s", b->copy);
	assert_int_not_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
}

static void test_local__linked_where_it_can_be(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_path(b, "big.git"));
	struct fetch_reply reply;

	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	assert_string_equal(clone_bench_line(b,
	                                     "cat %s/objects/pack/*.pack | cmp - "
	                                     "big.git/objects/pack/*.pack && "
	                                     "stat -c %%h big.git/objects/pack/*.pack",
	                                     b->copy),
	                    "2");
}

/* On another file system the same, by copies. */
static void test_local__copied_where_it_must_be(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_path(b, "big.git"));
	char place[64] = "/dev/shm/clone-XXXXXX", own[96];
	struct fetch_reply reply;
	struct stat here, there;
	struct statvfs disk;
	enum err e = ERR_OK;

	if (stat(b->src, &here) != 0 || stat("/dev/shm", &there) != 0 ||
	    here.st_dev == there.st_dev || mkdtemp(place) == NULL)
		skip();
	memcpy(own, b->copy, sizeof(own));
	snprintf(b->copy, sizeof(b->copy), "%s/1.git", place);
	/* A copy that would not leave the room that must stay is not begun.  Others make room, too. */
	for (int i = 0; i < 5 && e == ERR_OK; i++) {
		clone_bench_shell(b, "rm -rf %s", b->copy);
		assert_int_equal(statvfs(place, &disk), 0);
		rq.min_free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize - (256 << 10);
		e = clone_bench_run(b, &rq, NULL, &reply);
	}
	assert_int_equal(e, ERR_UNAVAILABLE);
	assert_non_null(strstr(b->cx.fault.detail, "must stay free"));
	clone_bench_shell(b, "test ! -e %s/tmp_copy && test -z \"$(ls %s/objects/pack)\"", b->copy,
	                  b->copy);
	rq.min_free_bytes = 1;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
		clone_bench_check(b, "main");
	}
	assert_string_equal(clone_bench_line(b, "stat -c %%h %s/objects/pack/*.pack", b->copy),
	                    "1");
	clone_bench_shell(b, "rm -rf %s", place);
	memcpy(b->copy, own, sizeof(own));
}

/* A branch whose commit is missing at the source is left out; the wanted one must be whole. */
static void test_local__damaged(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_path(b, "hurt.git"));
	struct fetch_reply reply;

	clone_bench_shell(b, "rm -rf hurt.git && cp -a plain.git hurt.git &&"
	                     " echo 1234567890123456789012345678901234567890"
	                     " >hurt.git/refs/heads/ghost");
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	clone_bench_check(b, "dev main old");
	clone_bench_shell(b, "rm -rf hurt.git/objects/pack/* hurt.git/objects/??");
	clone_bench_fresh(state);
	rq = clone_bench_request(b, clone_bench_path(b, "hurt.git"));
	assert_int_not_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
}

/* libgit2 would overrun its heap: what such an object holds is never read. */
static void test_local__longer_than_it_says(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq;
	struct fetch_reply reply;
	char url[512];

	clone_bench_fresh(state);
	clone_bench_shell(
		b, "%s",
		"rm -rf lie && git init -q -b main lie && cd lie &&"
		" git commit -q --allow-empty -m x && oid=$(git rev-parse HEAD) &&"
		" python3 -c '\n"
		"import os, sys, zlib\n"
		"path = sys.argv[1]\n"
		"body = zlib.decompress(open(path, \"rb\").read()).split(b\"\\0\", 1)[1]\n"
		"os.remove(path)\n"
		"open(path, \"wb\").write(zlib.compress(b\"commit 9\\0\" + body))\n"
		"' .git/objects/$(echo $oid | sed 's|^..|&/|')");
	snprintf(url, sizeof(url), "%s/lie", b->src);
	rq = clone_bench_request(b, url);
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_REPO_BROKEN);
	assert_non_null(strstr(b->cx.fault.detail, "lacks the commit"));
}

static void test_local__shallow_is_kept(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_path(b, "cut.git"));
	struct fetch_reply reply;

	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	clone_bench_shell(b, "cmp %s/shallow cut.git/shallow", b->copy);
}

/* A source that was repacked leaves one pack here, not two; its loose objects do no harm. */
static void test_local__repacked(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_path(b, "re.git"));
	struct fetch_reply reply;

	clone_bench_shell(b, "rm -rf re.git && cp -a big.git re.git");
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	clone_bench_shell(b, "git -C checkout push -q ../re.git dev:refs/heads/dev &&"
	                     " git -C re.git repack -qad");
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	clone_bench_check(b, "dev main");
	assert_string_equal(clone_bench_line(b, "ls %s/objects/pack | grep -c .pack", b->copy),
	                    "1");
}

#define TEST(name) cmocka_unit_test_setup(name, clone_bench_fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_local__sources),
		TEST(test_local__unreadable),
		TEST(test_local__no_roots),
		TEST(test_local__owner),
		TEST(test_local__owner_of_the_copy),
		TEST(test_local__linked_where_it_can_be),
		TEST(test_local__copied_where_it_must_be),
		TEST(test_local__longer_than_it_says),
		TEST(test_local__damaged),
		TEST(test_local__shallow_is_kept),
		TEST(test_local__repacked),
	};

	return cmocka_run_group_tests(tests, clone_bench_open, clone_bench_close);
}
