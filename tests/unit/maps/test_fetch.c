/* portolan-fetch (T6, T23): run as the runner runs it; what it says, and what it cannot do. */
#include "auth/ssh_key.h"
#include "base/tool.h"
#include "clone_bench.h"

#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* build/<variant>/bin/portolan-fetch, of the variant that this test is */
static const char *program(struct clone_bench *b)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	for (int up = 0; up < 4; up++)
		*strrchr(self, '/') = '\0';
	return arena_printf(b->arena, "%s/bin/portolan-fetch", self);
}

/* What came over descriptor 3, and what was seen of the child while it ran. */
struct watched {
	int lines, worst; /* worst: the percentage fell */
	int last;
	char no_new_privs, seccomp;
	const char *secret; /* NULL: not looked for */
	bool looked, leaks;
};

/* Is a text in what others may read of the child: its arguments, its environment, the names of its files? */
static bool child_shows(const char *text)
{
	char command[500];

	snprintf(
		command, sizeof(command),
		"for p in $(cat /proc/%d/task/*/children); do"
		" grep -q portolan-fetch /proc/$p/comm && { cat /proc/$p/cmdline /proc/$p/environ /proc/$p/comm; ls -l /proc/$p/fd; }"
		" 2>/dev/null | grep -q -a -F '%s' && exit 0; done; exit 1",
		getpid(), text);
	return system(command) == 0;
}

static char status_of_child(const char *name)
{
	char command[300], c = '?';
	FILE *f;

	snprintf(
		command, sizeof(command),
		"for p in $(cat /proc/%d/task/*/children); do grep -q portolan-fetch /proc/$p/comm &&"
		" grep ^%s: /proc/$p/status | tail -c 2; done",
		getpid(), name);
	f = popen(command, "re");
	if (f != NULL) {
		c = (char)fgetc(f);
		pclose(f);
	}
	return c;
}

static void watch(void *arg, const char *line)
{
	struct watched *w = arg;
	int percent = (int)strtol(line, NULL, 10);

	w->lines++;
	w->worst += percent < w->last;
	w->last = percent;
	if (w->secret != NULL) {
		w->looked = true;
		w->leaks = w->leaks || child_shows(w->secret);
	}
	if (strstr(line, "receiving") != NULL && w->no_new_privs == 0) {
		w->no_new_privs = status_of_child("NoNewPrivs");
		w->seccomp = status_of_child("Seccomp");
	}
}

static enum err fetch(struct clone_bench *b, const struct fetch_request *rq, struct watched *w,
                      struct tool_result *ret)
{
	const char *const argv[] = { program(b), NULL };
	struct sb sb = sb_new(b->arena, CHILD_REQUEST_MAX_BYTES);
	const char *input;

	schema_encode(&sb, &fetch_request_schema, rq);
	assert_int_equal(sb_finish(&b->cx, &sb, &input), ERR_OK);
	*w = (struct watched){ .secret = w->secret };
	return tool_run(&b->cx,
	                &(struct tool_request){
				.argv = argv,
				.input = { input, strlen(input) },
				.line = watch,
				.arg = w,
				.timeout_ms = 60000,
			},
	                ret);
}

static void test_fetch__says_what_it_did(void **state)
{
	struct clone_bench *b = *state;
	const char *const urls[] = { clone_bench_url(b, "plain", "plain"),
		                     clone_bench_path(b, "plain.git") };

	for (size_t i = 0; i < COUNT(urls); i++) {
		struct fetch_request rq = clone_bench_request(b, urls[i]);
		CLEANUP(tool_end) struct tool_result result = { 0 };
		struct fetch_reply reply;
		struct watched w = { 0 };

		print_message("# %s\n", urls[i]);
		assert_int_equal(fetch(b, &rq, &w, &result), ERR_OK);
		assert_string_equal(result.stderr_tail, "");
		assert_int_equal(result.exit_code, 0);
		assert_int_equal(schema_decode(&b->cx, &fetch_reply_schema, result.output, &reply),
		                 ERR_OK);
		assert_string_equal(reply.ref, "main");
		assert_string_equal(reply.commit,
		                    clone_bench_line(b, "git -C plain.git rev-parse main"));
		clone_bench_check(b, "dev main old");
		clone_bench_shell(b, "rm -rf %s", b->copy);
	}
}

static void test_fetch__says_why_it_failed(void **state)
{
	struct clone_bench *b = *state;
	const struct {
		const char *url, *type, *fix;
	} cases[] = {
		{ clone_bench_url(b, "auth", "x"), "repository-needs-credentials", "address" },
		{ "https://127.0.0.1/x", "url-refused", "allowed_hosts" },
		{ "https://169.254.169.254/x", "url-refused", "No setting allows this" },
		{ "/etc", "url-refused", "local_roots" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fetch_request rq = clone_bench_request(b, cases[i].url);
		CLEANUP(tool_end) struct tool_result result = { 0 };
		struct child_fault fault;
		struct watched w = { 0 };

		print_message("# %s\n", cases[i].url);
		assert_int_equal(fetch(b, &rq, &w, &result), ERR_OK);
		assert_int_equal(result.exit_code, 1);
		assert_int_equal(schema_decode(&b->cx, &child_fault_schema, result.output, &fault),
		                 ERR_OK);
		assert_string_equal(fault.type, cases[i].type);
		assert_non_null(strstr(fault.fix, cases[i].fix));
	}
}

/* While it talks to a remote it is confined, and it tells how far it is. */
static void test_fetch__is_confined(void **state)
{
	struct clone_bench *b = *state;
	struct fetch_request rq = clone_bench_request(b, clone_bench_url(b, "slow", "big"));
	CLEANUP(tool_end) struct tool_result result = { 0 };
	struct watched w = { 0 };

	rq.timeout_s = 3;
	assert_int_equal(fetch(b, &rq, &w, &result), ERR_OK);
	assert_int_equal(result.exit_code, 1); /* time was up */
	assert_true(w.lines >= 2 && w.lines < 40);
	assert_int_equal(w.worst, 0);
	assert_int_equal(w.no_new_privs, '1');
	assert_int_equal(w.seccomp, '2');
}

static void test_fetch__nonsense(void **state)
{
	static const char *const INPUTS[] = { "", "{}", "nonsense", "{\"url\":1}", "[]" };
	struct clone_bench *b = *state;
	const char *const argv[] = { program(b), NULL };

	for (size_t i = 0; i < COUNT(INPUTS); i++) {
		CLEANUP(tool_end) struct tool_result result = { 0 };
		struct tool_request rq = {
			.argv = argv,
			.input = { INPUTS[i], strlen(INPUTS[i]) },
			.timeout_ms = 20000,
		};
		struct child_fault fault;

		assert_int_equal(tool_run(&b->cx, &rq, &result), ERR_OK);
		assert_int_equal(result.exit_code, 1);
		assert_int_equal(schema_decode(&b->cx, &child_fault_schema, result.output, &fault),
		                 ERR_OK);
	}
}

static const char *text_of(struct clone_bench *b, const char *name)
{
	static char text[8192];
	FILE *f = fopen(arena_printf(b->arena, "%s/ssh/%s", b->root, name), "re");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	return arena_strndup(b->arena, text, n);
}

static void clone_private(struct clone_bench *b, const char *url,
                          struct fetch_credential *credential, const char *secret)
{
	struct fetch_request rq = clone_bench_request(b, url);
	CLEANUP(tool_end) struct tool_result result = { 0 };
	struct watched w = { .secret = secret };
	struct list any = { (const char *const[]){ "127.0.0.0/8" }, 1 };
	struct list ports;
	const char *port = strrchr(credential->origin, ':') + 1;

	ports = (struct list){ &port, 1 };
	rq.credential = credential;
	rq.allowed_hosts = any;
	rq.allowed_ports = rq.allowed_ssh_ports = ports;
	assert_int_equal(fetch(b, &rq, &w, &result), ERR_OK);
	assert_string_equal(result.stderr_tail, "");
	assert_int_equal(result.exit_code, 0);
	assert_true(w.looked);
	assert_false(w.leaks);
	assert_null(memmem(result.output.data, result.output.len, secret, strlen(secret)));
	clone_bench_check(b, "dev main old");
	clone_bench_shell(b, "rm -rf %s", b->copy);
}

/* T22, T23: a credential comes over standard input alone, and works within the confinement. */
static void test_fetch__private(void **state)
{
	struct clone_bench *b = *state;
	const char *folder = arena_printf(b->arena, "%s/ssh", b->root);
	const char *const argv[] = { "python3", "tests/fakes/git_ssh.py", folder, NULL };
	struct fetch_credential credential = {
		.origin = arena_printf(b->arena, "http://127.0.0.1:%d", b->port),
		.username = "alice",
		.secret = "canary-token-of-the-git-server",
	};
	struct clone_server ssh;

	clone_private(b, clone_bench_url(b, "private", "plain"), &credential, credential.secret);

	clone_bench_shell(b, "mkdir -p %s && chmod 755 %s", folder, b->root);
	clone_bench_serve(&ssh, argv);
	credential = (struct fetch_credential){
		.origin = arena_printf(b->arena, "ssh://127.0.0.1:%d", ssh.port),
		.username = ssh.account,
		.secret = text_of(b, "id_ecdsa"),
		.passphrase = text_of(b, "passphrase"),
	};
	assert_int_equal(
		ssh_host_keys_read(&b->cx, text_of(b, "known_hosts"), &credential.host_keys),
		ERR_OK);
	clone_private(b, arena_printf(b->arena, "ssh://127.0.0.1:%d%s/plain.git", ssh.port, b->src),
	              &credential, credential.passphrase);
	clone_bench_unserve(&ssh);
}

#define TEST(name) cmocka_unit_test_setup(name, clone_bench_fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fetch__says_what_it_did), TEST(test_fetch__says_why_it_failed),
		TEST(test_fetch__is_confined),      TEST(test_fetch__private),
		TEST(test_fetch__nonsense),
	};

	return cmocka_run_group_tests(tests, clone_bench_open, clone_bench_close);
}
