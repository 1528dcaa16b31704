/*
 * A bench for tests of clones: repositories made by git in a folder of their own, a git server, and a
 * place for the copies.
 */
#ifndef TESTS_CLONE_BENCH_H
#define TESTS_CLONE_BENCH_H

#include "base/ctx.h"
#include "maps/clone.h"

/* A server of tests/fakes. */
struct clone_server {
	int port, in, pid;
	char allowed[32]; /* "127.0.0.1:PORT" */
	char account[33]; /* its second line, of git_ssh.py */
};

struct clone_bench {
	struct ctx cx;
	struct arena *arena;
	char root[64];              /* temporary folder; repositories are in root/src */
	char copy[96];              /* root/copies/1.git, removed for each test */
	struct clone_server server; /* over http */
	int port;                   /* its */
	const char *roots[1], *hosts[1];
	char src[80];
};

/** Group set-up and tear-down: the repositories below, a server. */
int clone_bench_open(void **state);
int clone_bench_close(void **state);

/** Start a server of tests/fakes: argv is "python3", its path, its arguments.  End it with the other. */
void clone_bench_serve(struct clone_server *server, const char *const *argv);
void clone_bench_unserve(struct clone_server *server);

/** Before each test: a fresh context, no copy. */
int clone_bench_fresh(void **state);

/** Run a shell script in root/src, with git's environment set.  Fails the test when it fails. */
void clone_bench_shell(struct clone_bench *b, const char *script, ...) PRINTF(2, 3);

/** @ret first line that such a script prints, in the arena */
const char *clone_bench_line(struct clone_bench *b, const char *script, ...) PRINTF(2, 3);

/** @ret address of a repository on the server, behaving as tests/fakes/git_http.py says */
const char *clone_bench_url(struct clone_bench *b, const char *how, const char *name);

/** @ret path of a repository */
const char *clone_bench_path(struct clone_bench *b, const char *name);

/** @ret a request for that source with generous limits */
struct fetch_request clone_bench_request(struct clone_bench *b, const char *url);

/** Clone: begin, finish, end. */
enum err clone_bench_run(struct clone_bench *b, const struct fetch_request *rq,
                         const struct clone_hooks *hooks, struct fetch_reply *ret);

/** Fail the test unless git finds the copy whole, with these branches ("name name", sorted). */
void clone_bench_check(struct clone_bench *b, const char *branches);

#endif
