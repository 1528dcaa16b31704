/* Clones of remotes (B3, T3, T4, T5): servers that behave, and servers that do not. */
#include "maps/clone.h"

#include "clone_bench.h"
#include "web.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char NOTHING[] = "0000000000000000000000000000000000000000";

/* Which commit is to be read: by http and from the disk, twice, and each time the same. */
static const struct {
	const char *why, *name, *wanted, *commit_of, *ref, *note, *branches;
} HEADS[] = {
	{ "the default branch", "plain", NULL, "main", "main", NULL, "dev main old" },
	{ "a wanted branch", "plain", "dev", "dev", "dev", NULL, "dev main old" },
	{ "no commits", "empty", NULL, NULL, NULL, "The repository has no commits.", "" },
	{ "a detached HEAD", "detached", NULL, "HEAD", NULL, NULL, "dev main old" },
	{ "a branch beside a detached HEAD", "detached", "old", "old", "old", NULL,
	  "dev main old" },
	{ "HEAD names nothing", "lost", NULL, "main", "main", "not there; main is mapped",
	  "dev main old" },
	{ "neither main nor master", "odd", NULL, "b", "b", "not there; b is mapped", "a b c" },
};

static void check_head(struct clone_bench *b, size_t i, const char *url)
{
	struct fetch_request rq = clone_bench_request(b, url);
	struct fetch_reply reply = { 0 };
	const char *commit = NOTHING;

	rq.ref = HEADS[i].wanted;
	if (HEADS[i].commit_of != NULL)
		commit = clone_bench_line(b, "git -C %s.git rev-parse %s", HEADS[i].name,
		                          HEADS[i].commit_of);
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	assert_string_equal(reply.commit, commit);
	if (HEADS[i].ref != NULL)
		assert_string_equal(reply.ref, HEADS[i].ref);
	else if (HEADS[i].commit_of != NULL)
		assert_null(reply.ref);
	if (HEADS[i].note == NULL)
		assert_null(reply.note);
	else
		assert_non_null(strstr(reply.note, HEADS[i].note));
	clone_bench_check(b, HEADS[i].branches);
}

static void test_clone__heads(void **state)
{
	struct clone_bench *b = *state;

	for (size_t i = 0; i < COUNT(HEADS); i++) {
		const char *path;

		print_message("# %s\n", HEADS[i].why);
		clone_bench_fresh(state);
		check_head(b, i, clone_bench_url(b, "plain", HEADS[i].name));
		check_head(b, i, clone_bench_url(b, "plain", HEADS[i].name));
		clone_bench_fresh(state);
		path = arena_printf(b->arena, "%s/%s.git", b->src, HEADS[i].name);
		check_head(b, i, path);
		check_head(b, i, path);
	}
}

static void test_clone__failures(void **state)
{
	static const struct {
		const char *how, *name;
		enum err want;
		const char *says;
	} CASES[] = {
		{ "auth", "plain", ERR_REPO_AUTH, "asks for credentials (status 401)" },
		{ "forbidden", "plain", ERR_REPO_AUTH, "asks for credentials (status 403)" },
		{ "gone", "plain", ERR_REPO_NOT_FOUND, "status 404" },
		{ "plain", "nothing", ERR_REPO_NOT_FOUND, "status 404" },
		{ "busy", "plain", ERR_REMOTE_FAILED, "status 503" },
		{ "html", "plain", ERR_REPO_NOT_GIT, "text/html" },
		{ "dumb", "plain", ERR_REPO_NOT_GIT, "not as a git server" },
		{ "noise", "plain", ERR_REPO_BROKEN, "pack" },
		{ "cut", "plain", ERR_REMOTE_FAILED, "cannot be fetched" },
		{ "trap", "plain", ERR_REMOTE_FAILED, "status 301" },
		{ "short", "plain", ERR_REMOTE_FAILED, "git's protocol" },
		{ "refs", "plain", ERR_REPO_TOO_LARGE, "more than 10000 branches" },
	};
	struct clone_bench *b = *state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct fetch_request rq =
			clone_bench_request(b, clone_bench_url(b, CASES[i].how, CASES[i].name));
		struct fetch_reply reply;

		print_message("# %s\n", CASES[i].how);
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), CASES[i].want);
		assert_non_null(strstr(b->cx.fault.detail, CASES[i].says));
		/* Whatever happened, the next fetch of a good address works. */
		rq.url = clone_bench_url(b, "plain", "plain");
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
		clone_bench_check(b, "dev main old");
		clone_bench_fresh(state);
	}
}

/* A redirect of the first request moves the following ones; one to a forbidden place is refused. */
static void test_clone__redirects(void **state)
{
	static const struct web_page PAGES[] = {
		{ .path = "*", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" },
		{ .path = NULL },
	};
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_url(b, "moved", "plain"));
	struct web *canary = web_start(PAGES);
	struct fetch_reply reply;

	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	clone_bench_check(b, "dev main old");
	rq.url = arena_printf(b->arena, "http://127.0.0.1:%d/away/%d/x.git", b->port,
	                      web_port(canary));
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_URL_REFUSED);
	assert_int_equal(web_connections(canary), 0);
	web_stop(canary);
}

static void test_clone__missing_branch(void **state)
{
	struct clone_bench *b = *state;
	const char *const urls[] = { clone_bench_url(b, "plain", "many"),
		                     clone_bench_path(b, "many.git") };

	for (size_t i = 0; i < COUNT(urls); i++) {
		struct fetch_request rq = clone_bench_request(b, urls[i]);
		struct fetch_reply reply;

		rq.ref = "nope";
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_REF_NOT_FOUND);
		assert_non_null(
			strstr(b->cx.fault.detail, "has no branch nope; it has dev, main, n0"));
		assert_non_null(strstr(b->cx.fault.detail, "and 298 more"));
	}
}

/* Any commit, by the words of people: branch before tag before digits, over either way. */
static void test_clone__wanted_commit(void **state)
{
	/* what is wanted; which commit that is, for git rev-parse; ref of the answer; else its words */
	static const struct {
		const char *wanted, *is, *ref, *says;
	} ROWS[] = {
		{ "dev", "dev", "dev", NULL },
		{ "light", "old^{commit}", "light", NULL },
		{ "noted", "beside^{commit}", "noted",
		  NULL },                               /* on no branch, and a tag with a text */
		{ "main", "heads/main", "main", NULL }, /* there is a tag of that name, too */
		{ "nope", NULL, NULL, "no branch, tag or commit nope" },
		{ "refs/heads/dev", NULL, NULL, "no branch, tag or commit" },
		{ "0000000", NULL, NULL, "no branch, tag or commit 0000000" },
	};
	struct clone_bench *b = *state;
	struct fetch_reply reply;
	struct fetch_request rq;

	clone_bench_shell(b, "rm -rf tagged.git && cp -a plain.git tagged.git && cd tagged.git &&"
	                     " git tag light old && git tag main old &&"
	                     " git tag beside $(git commit-tree -m beside 'old^{tree}') &&"
	                     " git tag -a -m text noted beside && git update-server-info");
	for (size_t i = 0; i < 2 * COUNT(ROWS); i++) {
		bool remote = i % 2 == 0;

		print_message("# %s\n", ROWS[i / 2].wanted);
		clone_bench_fresh(state);
		rq = clone_bench_request(b, remote ? clone_bench_url(b, "plain", "tagged")
		                                   : clone_bench_path(b, "tagged.git"));
		rq.wanted = ROWS[i / 2].wanted;
		if (ROWS[i / 2].is == NULL) {
			assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_REF_NOT_FOUND);
			assert_non_null(strstr(b->cx.fault.detail, ROWS[i / 2].says));
			assert_non_null(b->cx.fault.fix);
			continue;
		}
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
		assert_string_equal(reply.ref, ROWS[i / 2].ref);
		clone_bench_shell(b, "test $(git -C tagged.git rev-parse '%s') = %s",
		                  ROWS[i / 2].is, reply.commit);
	}
}

/* Digits: all, or seven and more that only one commit begins with. */
static void test_clone__wanted_digits(void **state)
{
	struct clone_bench *b = *state;
	const char *commit = clone_bench_line(b, "git -C plain.git rev-parse old");
	struct fetch_request rq = clone_bench_request(b, clone_bench_path(b, "plain.git"));
	struct fetch_reply reply;

	rq.wanted = commit;
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	assert_string_equal(reply.commit, commit);
	assert_null(reply.ref);
	rq.wanted = arena_strndup(b->arena, commit, 7);
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	assert_string_equal(reply.commit, commit);
	rq.wanted = arena_strndup(b->arena, commit, 6);
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_REF_NOT_FOUND);
	rq.wanted = clone_bench_line(b, "git -C plain.git rev-parse 'old^{tree}'");
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_REF_NOT_FOUND);
}

/* Each cap, over either way, names its setting. */
static void test_clone__caps(void **state)
{
	static const struct {
		const char *name, *setting;
		int64_t max_bytes, max_objects, max_refs;
	} CASES[] = {
		{ "big", "clone_max_bytes", 200000, 1000, 1000 },
		{ "plain", "clone_max_objects", 1 << 30, 5, 1000 },
		{ "many", "clone_max_refs", 1 << 30, 1000, 100 },
	};
	struct clone_bench *b = *state;

	for (size_t i = 0; i < COUNT(CASES) * 2; i++) {
		const char *name = CASES[i / 2].name;
		struct fetch_request rq = clone_bench_request(
			b, i % 2 == 0 ? clone_bench_url(b, "plain", name)
				      : arena_printf(b->arena, "%s/%s.git", b->src, name));
		struct fetch_reply reply;

		print_message("# %s of %s\n", CASES[i / 2].setting, rq.url);
		rq.max_bytes = CASES[i / 2].max_bytes;
		rq.max_objects = CASES[i / 2].max_objects;
		rq.max_refs = CASES[i / 2].max_refs;
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_REPO_TOO_LARGE);
		assert_non_null(strstr(b->cx.fault.fix, CASES[i / 2].setting));
		clone_bench_fresh(state);
	}
}

static void test_clone__disk_must_have_room(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_url(b, "plain", "plain"));
	struct fetch_reply reply;

	rq.min_free_bytes = INT64_MAX;
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_UNAVAILABLE);
	assert_non_null(strstr(b->cx.fault.detail, "must stay free"));
}

static void test_clone__time_is_up(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_url(b, "slow", "big"));
	struct fetch_reply reply;

	rq.timeout_s = 1;
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_TIMEOUT);
	assert_non_null(strstr(b->cx.fault.fix, "clone_timeout_s"));
}

static bool always(void *arg)
{
	(void)arg;
	return true;
}

static void test_clone__cancelled(void **state)
{
	const struct clone_hooks hooks = { .cancelled = always };
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_url(b, "slow", "big"));
	struct fetch_reply reply;

	assert_int_equal(clone_bench_run(b, &rq, &hooks, &reply), ERR_CANCELLED);
}

/* New commits come, branches that vanished go, one that was rewritten follows. */
static void test_clone__brought_up_to_date(void **state)
{
	struct clone_bench *b = *state;

	for (int i = 0; i < 2; i++) {
		struct fetch_request rq;
		struct fetch_reply reply;

		clone_bench_fresh(state);
		rq = clone_bench_request(b, i == 0 ? clone_bench_url(b, "plain", "live")
		                                   : clone_bench_path(b, "live.git"));
		print_message("# %s\n", rq.url);
		clone_bench_shell(b, "rm -rf live.git && cp -a plain.git live.git");
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
		clone_bench_shell(b, "rm -rf more && git clone -q live.git more && cd more &&"
		                     " echo x >new && git add new && git commit -q -m new &&"
		                     " git push -q origin HEAD:main HEAD:feature/x :old"
		                     " +origin/main~1:dev");
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
		clone_bench_check(b, "dev feature/x main");
		assert_string_equal(reply.commit,
		                    clone_bench_line(b, "git -C live.git rev-parse main"));
		assert_string_equal(clone_bench_line(b, "git -C %s rev-parse dev", b->copy),
		                    clone_bench_line(b, "git -C live.git rev-parse dev"));
	}
}

static void kill_me(void *arg, int percent, const char *words)
{
	(void)arg;
	if (percent > 5 && strncmp(words, "receiving", 9) == 0)
		kill(getpid(), SIGKILL);
}

/* kill -9 in the middle of a pack; the next run sweeps what was left and completes (C7). */
static void test_clone__killed_and_run_again(void **state)
{
	const struct clone_hooks hooks = { .progress = kill_me };
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_url(b, "slow", "plain"));
	struct fetch_reply reply;
	int status;
	pid_t pid;

	rq.url = clone_bench_url(b, "slow", "big");
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(clone_bench_run(b, &rq, &hooks, &reply) == ERR_OK ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_string_not_equal(clone_bench_line(b, "ls %s/objects/pack", b->copy), "");

	rq.url = clone_bench_url(b, "plain", "big");
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	clone_bench_check(b, "main");
	assert_string_equal(
		clone_bench_line(b, "ls %s/objects/pack | grep -v ^pack-[0-9a-f]*'[.]'", b->copy),
		"");
}

/* What else a killed run, or a broken disk, may leave. */
static void test_clone__leftovers(void **state)
{
	static const char *const LEFT[] = {
		"touch HEAD.lock packed-refs.lock config.lock tmp_copy",
		"rm -f HEAD",
		": >config",
		"echo garbage >config",
		": >HEAD",
		"rm -rf refs",
		"mkdir -p objects/ab && touch objects/ab/tmp_obj_x objects/pack/tmp_pack_y",
		"touch objects/pack/pack-0123456789012345678901234567890123456789.idx",
		"touch objects/pack/pack-0123456789012345678901234567890123456789.pack",
		"rm -rf objects config",
		"rm -rf *",
	};
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_url(b, "plain", "plain"));
	struct fetch_reply reply;

	for (size_t i = 0; i < COUNT(LEFT); i++) {
		print_message("# %s\n", LEFT[i]);
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
		clone_bench_shell(b, "cd %s && %s", b->copy, LEFT[i]);
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
		clone_bench_check(b, "dev main old");
	}
}

/* Each fetch adds a pack; before they are too many to search, a new copy takes the place of the old. */
static void test_clone__too_many_packs(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_url(b, "plain", "plain"));
	struct fetch_reply reply;

	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	clone_bench_shell(b,
	                  "cd %s/objects/pack && i=1000 && while [ $i -lt 1600 ]; do"
	                  " n=pack-000000000000000000000000000000000000$i;"
	                  " : >$n.idx; : >$n.pack; i=$((i+1)); done",
	                  b->copy);
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	clone_bench_check(b, "dev main old");
	assert_string_equal(clone_bench_line(b, "ls %s/objects/pack | grep -c .pack", b->copy),
	                    "1");
}

static void test_clone__one_at_a_time(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_url(b, "plain", "plain"));
	struct clone *first = NULL;
	struct fetch_reply reply;

	assert_int_equal(clone_begin(&b->cx, &rq, NULL, &first), ERR_OK);
	rq.timeout_s = 1;
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_TIMEOUT);
	assert_int_equal(clone_remove(&b->cx, b->copy), ERR_UNAVAILABLE);
	clone_end(&first);
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
}

/* [T4] A user's git configuration would turn one address into another. */
static void test_clone__configuration_of_the_user_is_not_read(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_url(b, "plain", "plain"));
	struct fetch_reply reply;
	char *home = getenv("HOME") == NULL ? NULL : strdup(getenv("HOME"));

	clone_bench_shell(b, "git config --global url./nonexistent.insteadOf http://127.0.0.1");
	setenv("HOME", b->root, 1);
	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	clone_bench_shell(b, "rm %s/.gitconfig", b->root);
	if (home != NULL)
		setenv("HOME", home, 1);
	free(home);
}

/* [T4] Nothing but http, https and local paths is an address at all. */
static void test_clone__other_transports(void **state)
{
	static const char *const URLS[] = {
		"ssh://git:pw@example.com/x",
		"ssh://git@example.com/x?y",
		"git@example.com:-x",
		"git@example.com:a'b",
		"git://example.com/x",
		"ext::sh -c 'touch pwned'",
		"-oProxyCommand=touch",
		"--upload-pack=touch pwned",
		"ftp://example.com/x",
		"FILE:///etc",
		"file:/etc",
		"http://a\nb/x",
		"https://u:p@h/x",
		"plain.git",
		"https://h/x?y",
		"",
	};
	struct clone_bench *b = *state;

	for (size_t i = 0; i < COUNT(URLS); i++) {
		struct fetch_request rq = clone_bench_request(b, URLS[i]);
		struct fetch_reply reply;

		print_message("# %s\n", URLS[i]);
		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_URL_REFUSED);
	}
}

/* By ssh nothing is tried without a key. */
static void test_clone__ssh_needs_a_key(void **state)
{
	static const char *const URLS[] = { "ssh://git@example.com/x", "git@example.com:x.git" };
	struct clone_bench *b = *state;

	for (size_t i = 0; i < COUNT(URLS); i++) {
		struct fetch_request rq = clone_bench_request(b, URLS[i]);
		struct fetch_reply reply;

		assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_REPO_AUTH);
	}
}

static void test_clone__removed(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_url(b, "plain", "plain"));
	struct fetch_reply reply;

	assert_int_equal(clone_bench_run(b, &rq, NULL, &reply), ERR_OK);
	clone_bench_shell(b, "ln -s %s %s/objects/link; ln -s %s/checkout %s/link", b->src, b->copy,
	                  b->src, b->copy);
	assert_int_equal(clone_remove(&b->cx, b->copy), ERR_OK);
	assert_int_not_equal(access(b->copy, F_OK), 0);
	clone_bench_shell(b, "test -d plain.git && test -e checkout/one");
	assert_int_equal(clone_remove(&b->cx, b->copy), ERR_OK);
}

/* A link in the place of the copy is not followed. */
static void test_clone__removed_link(void **state)
{
	struct clone_bench *b = *state;

	clone_bench_shell(b, "mkdir -p precious && touch precious/file && ln -s %s/precious %s",
	                  b->src, b->copy);
	assert_int_equal(clone_remove(&b->cx, b->copy), ERR_UNAVAILABLE);
	clone_bench_shell(b, "test -e precious/file && rm %s", b->copy);
}

#define TEST(name) cmocka_unit_test_setup(name, clone_bench_fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_clone__heads),
		TEST(test_clone__failures),
		TEST(test_clone__redirects),
		TEST(test_clone__missing_branch),
		TEST(test_clone__wanted_commit),
		TEST(test_clone__wanted_digits),
		TEST(test_clone__caps),
		TEST(test_clone__disk_must_have_room),
		TEST(test_clone__time_is_up),
		TEST(test_clone__cancelled),
		TEST(test_clone__brought_up_to_date),
		TEST(test_clone__killed_and_run_again),
		TEST(test_clone__leftovers),
		TEST(test_clone__too_many_packs),
		TEST(test_clone__one_at_a_time),
		TEST(test_clone__configuration_of_the_user_is_not_read),
		TEST(test_clone__other_transports),
		TEST(test_clone__ssh_needs_a_key),
		TEST(test_clone__removed),
		TEST(test_clone__removed_link),
	};

	return cmocka_run_group_tests(tests, clone_bench_open, clone_bench_close);
}
