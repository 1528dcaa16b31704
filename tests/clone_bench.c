/* The bench of tests/clone_bench.h. */
#include "clone_bench.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ARENA_MAX  ((size_t)256 << 20)
#define SCRIPT_MAX 8192

static const struct app APP = { .clock = &system_clock, .component = "test" };

/*
 * plain     main (the default), dev, and old, behind it
 * empty     no commits, HEAD names trunk
 * detached  HEAD is a commit that no branch has
 * lost      HEAD names a branch that is not there; main is
 * odd       likewise; a and b are, and b is newer
 * big       one file of 1 MiB that does not compress
 * many      300 branches
 */
static const char SOURCES[] =
	"commit() { echo $1 >$1; git add -A;"
	"  d=\"$2 +0000\"; GIT_AUTHOR_DATE=$d GIT_COMMITTER_DATE=$d git commit -q -m $1; }\n"
	"git init -q -b main checkout && cd checkout && commit one 1700000000 && git branch old &&"
	" commit two 1700000100 && git checkout -q -b dev && commit three 1700000200 &&"
	" git checkout -q main && cd .. && git clone -q --bare checkout plain.git &&"
	"git init -q --bare -b trunk empty.git &&"
	"git clone -q --bare checkout detached.git && cd checkout && git checkout -q --detach &&"
	" commit alone 1700000300 && git push -q ../detached.git HEAD:refs/heads/tmp &&"
	" cd ../detached.git && git update-ref --no-deref HEAD refs/heads/tmp &&"
	" git update-ref -d refs/heads/tmp && cd .. &&"
	"git clone -q --bare checkout lost.git && git -C lost.git symbolic-ref HEAD refs/heads/gone &&"
	"git init -q --bare odd.git && git -C odd.git symbolic-ref HEAD refs/heads/gone &&"
	" git -C checkout push -q ../odd.git main:refs/heads/a dev:refs/heads/b old:refs/heads/c &&"
	"git init -q -b main bigwork && cd bigwork && head -c 1048576 /dev/urandom >blob &&"
	" commit big 1700000000 && cd .. && git clone -q --bare bigwork big.git && git -C big.git repack -qad &&"
	"git clone -q --bare checkout many.git && cd many.git && i=0 &&"
	" while [ $i -lt 300 ]; do echo \"create refs/heads/n$i refs/heads/main\"; i=$((i+1)); done |"
	" git update-ref --stdin";

static char *script_of(struct clone_bench *b, const char *script, va_list ap)
{
	char *text = malloc(SCRIPT_MAX);
	int n;

	n = snprintf(text, SCRIPT_MAX,
	             "cd %s && export HOME=%s GIT_CONFIG_NOSYSTEM=1 LC_ALL=C"
	             " GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.com"
	             " GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.com\n",
	             b->src, b->root);
	n += vsnprintf(text + n, SCRIPT_MAX - (size_t)n, script, ap);
	assert_true(n < SCRIPT_MAX);
	return text;
}

void clone_bench_shell(struct clone_bench *b, const char *script, ...)
{
	va_list ap;
	char *text;

	va_start(ap, script);
	text = script_of(b, script, ap);
	va_end(ap);
	assert_int_equal(system(text), 0);
	free(text);
}

const char *clone_bench_line(struct clone_bench *b, const char *script, ...)
{
	char line[4096] = "";
	va_list ap;
	char *text;
	FILE *f;

	va_start(ap, script);
	text = script_of(b, script, ap);
	va_end(ap);
	f = popen(text, "re");
	assert_non_null(f);
	if (fgets(line, sizeof(line), f) != NULL)
		line[strcspn(line, "\n")] = '\0';
	while (fgetc(f) != EOF)
		;
	pclose(f);
	free(text);
	return arena_strdup(b->arena, line);
}

void clone_bench_serve(struct clone_server *server, const char *const *argv)
{
	char text[64] = "";
	int in[2], out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	server->pid = fork();
	assert_true(server->pid >= 0);
	if (server->pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execvp("python3", (char *const *)argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	server->in = in[1];
	assert_true(read(out[0], text, sizeof(text) - 1) > 0);
	close(out[0]);
	server->port = (int)strtol(text, NULL, 10);
	assert_true(server->port > 0);
	snprintf(server->allowed, sizeof(server->allowed), "127.0.0.1:%d", server->port);
	if (strchr(text, '\n') != NULL)
		snprintf(server->account, sizeof(server->account), "%.*s",
		         (int)strcspn(strchr(text, '\n') + 1, "\n"), strchr(text, '\n') + 1);
}

void clone_bench_unserve(struct clone_server *server)
{
	close(server->in);
	waitpid(server->pid, NULL, 0);
}

static void start_server(struct clone_bench *b)
{
	const char *const argv[] = { "python3", "tests/fakes/git_http.py", b->src, NULL };

	clone_bench_serve(&b->server, argv);
	b->port = b->server.port;
	b->hosts[0] = b->server.allowed;
}

int clone_bench_open(void **state)
{
	struct clone_bench *b = calloc(1, sizeof(*b));

	b->arena = arena_new(ARENA_MAX);
	ctx_begin(&b->cx, &APP, b->arena, NULL);
	snprintf(b->root, sizeof(b->root), "/tmp/clone-XXXXXX");
	assert_non_null(mkdtemp(b->root));
	snprintf(b->src, sizeof(b->src), "%s/src", b->root);
	snprintf(b->copy, sizeof(b->copy), "%s/copies/1.git", b->root);
	assert_int_equal(mkdir(b->src, 0755), 0);
	b->roots[0] = b->src;
	clone_bench_shell(b, "%s", SOURCES);
	start_server(b);
	*state = b;
	return 0;
}

int clone_bench_close(void **state)
{
	struct clone_bench *b = *state;

	clone_bench_unserve(&b->server);
	clone_bench_shell(b, "cd / && rm -rf %s", b->root);
	arena_free(b->arena);
	free(b);
	return 0;
}

int clone_bench_fresh(void **state)
{
	struct clone_bench *b = *state;

	clone_bench_shell(b, "rm -rf %s", b->copy);
	ctx_begin(&b->cx, &APP, b->arena, NULL);
	return 0;
}

const char *clone_bench_url(struct clone_bench *b, const char *how, const char *name)
{
	return arena_printf(b->arena, "http://127.0.0.1:%d/%s/%s.git", b->port, how, name);
}

const char *clone_bench_path(struct clone_bench *b, const char *name)
{
	return arena_printf(b->arena, "%s/%s", b->src, name);
}

struct fetch_request clone_bench_request(struct clone_bench *b, const char *url)
{
	return (struct fetch_request){
		.url = url,
		.directory = b->copy,
		.timeout_s = 120,
		.max_bytes = 1 << 30,
		.max_objects = 1000000,
		.max_refs = 10000,
		.min_free_bytes = 1,
		.local_roots = { b->roots, 1 },
		.allow_http = true,
		.allowed_hosts = { b->hosts, 1 },
	};
}

enum err clone_bench_run(struct clone_bench *b, const struct fetch_request *rq,
                         const struct clone_hooks *hooks, struct fetch_reply *ret)
{
	CLEANUP(clone_end) struct clone *clone = NULL;

	TRY(clone_begin(&b->cx, rq, hooks, &clone));
	return clone_finish(clone, ret);
}

void clone_bench_check(struct clone_bench *b, const char *branches)
{
	const char *have = clone_bench_line(
		b, "git -C %s for-each-ref --format='%%(refname:short)' refs/heads | tr '\\n' ' '",
		b->copy);
	const char *bad = clone_bench_line(
		b, "git -C %s fsck --full 2>&1 | grep -E 'error|missing|broken|fatal|corrupt'",
		b->copy);

	assert_string_equal(have, arena_printf(b->arena, "%s%s", branches, *branches ? " " : ""));
	assert_string_equal(bad, "");
}
