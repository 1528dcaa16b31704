/* Tool: children that behave, and children that do not. */
#include "base/tool.h"

#include "base/ctx.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ARENA_MAX ((size_t)8 << 20)

static const struct app APP = { .clock = &system_clock, .component = "test" };

struct bench {
	struct ctx cx;
	struct arena *arena;
	int fds; /* open before the test */
};

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->arena = arena_new(ARENA_MAX);
	ctx_begin(&b->cx, &APP, b->arena, NULL);
	b->fds = count_fds();
	*state = b;
	return 0;
}

/* After every test: no descriptor more than before, no child left. */
static int teardown(void **state)
{
	struct bench *b = *state;

	assert_int_equal(count_fds(), b->fds);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	arena_free(b->arena);
	free(b);
	return 0;
}

static enum err shell(struct bench *b, const char *script, struct tool_request rq,
                      struct tool_result *ret)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };

	rq.argv = argv;
	return tool_run(&b->cx, &rq, ret);
}

static void assert_output(const struct tool_result *result, const char *want)
{
	assert_int_equal(result->output.len, strlen(want));
	assert_memory_equal(result->output.data, want, strlen(want));
}

static void test_tool__input_output_exit(void **state)
{
	static const struct {
		const char *why, *script, *input, *output;
		int exit_code;
	} CASES[] = {
		{ "output", "echo hello", "", "hello\n", 0 },
		{ "input to output", "cat", "some\nlines\n", "some\nlines\n", 0 },
		{ "exit code", "exit 42", "", "", 42 },
		{ "input is not read", "exit 3", "ignored", "", 3 },
		{ "an empty environment", "/usr/bin/env | grep -v -e ^PWD= -e ^_= -e ^SHLVL=", "",
		  "", 1 },
		{ "the root as folder", "pwd", "", "/\n", 0 },
		{ "no descriptor but 0 to 3, and that of ls itself", "exec ls /proc/self/fd", "",
		  "0\n1\n2\n3\n4\n", 0 },
		{ "SIGPIPE is not ignored",
		  "sed -n 's/^SigIgn:.*\\(....\\)$/\\1/p' /proc/$$/status", "", "0000\n",
		  0 }, /* signals 1 to 16; make 4.3 hands on ignored ones that libc keeps to itself */
		{ "no core file", "ulimit -c", "", "0\n", 0 },
	};
	struct bench *b = *state;

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		CLEANUP(tool_end) struct tool_result result;
		struct tool_request rq = { .input = { CASES[i].input, strlen(CASES[i].input) } };

		print_message("# %s\n", CASES[i].why);
		assert_int_equal(shell(b, CASES[i].script, rq, &result), ERR_OK);
		assert_int_equal(result.exit_code, CASES[i].exit_code);
		assert_int_equal(result.signal, 0);
		assert_output(&result, CASES[i].output);
	}
	signal(SIGPIPE, SIG_DFL);
}

static void test_tool__environment_and_folder(void **state)
{
	static const char *const ENV[] = { "GREETING=hi", NULL };
	CLEANUP(tool_end) struct tool_result result;
	struct bench *b = *state;

	assert_int_equal(shell(b, "echo $GREETING; pwd",
	                       (struct tool_request){ .env = ENV, .dir = "/usr" }, &result),
	                 ERR_OK);
	assert_output(&result, "hi\n/usr\n");
}

/* More than a pipe holds, in both directions at once: neither side may wait for the other. */
static void test_tool__large_input_and_output(void **state)
{
	size_t n = (size_t)3 << 20;
	char *input = malloc(n);
	CLEANUP(tool_end) struct tool_result result;
	struct bench *b = *state;

	for (size_t i = 0; i < n; i++)
		input[i] = (char)('a' + i % 26);
	assert_int_equal(shell(b, "cat; echo gone >&2",
	                       (struct tool_request){ .input = { input, n } }, &result),
	                 ERR_OK);
	assert_int_equal(result.output.len, n);
	assert_memory_equal(result.output.data, input, n);
	assert_string_equal(result.stderr_tail, "gone\n");
	assert_true(result.peak_rss_bytes > 0);
	free(input);
}

/* The default action of SIGPIPE would end this program. */
static void test_tool__child_that_does_not_read(void **state)
{
	size_t n = (size_t)2 << 20;
	char *input = calloc(1, n);
	CLEANUP(tool_end) struct tool_result result;
	struct bench *b = *state;

	assert_int_equal(shell(b, "exec <&-; sleep 0.2; echo done",
	                       (struct tool_request){ .input = { input, n } }, &result),
	                 ERR_OK);
	assert_output(&result, "done\n");
	free(input);
}

static void test_tool__flood(void **state)
{
	CLEANUP(tool_end) struct tool_result result;
	struct bench *b = *state;

	assert_int_equal(
		shell(b, "exec yes", (struct tool_request){ .output_max_bytes = 100000 }, &result),
		ERR_LIMIT);
	assert_true(result.output.len <= 100000);
	assert_true(result.duration_ms < 5000);
	assert_int_equal(result.signal, SIGTERM);
}

static void test_tool__stderr_tail(void **state)
{
	CLEANUP(tool_end) struct tool_result result;
	struct bench *b = *state;

	assert_int_equal(shell(b, "head -c 1000000 /dev/zero | tr '\\0' x >&2; printf last >&2",
	                       (struct tool_request){ 0 }, &result),
	                 ERR_OK);
	assert_int_equal(strlen(result.stderr_tail), TOOL_STDERR_MAX);
	assert_string_equal(result.stderr_tail + TOOL_STDERR_MAX - 5, "xlast");
}

static void test_tool__ends_what_ignores_term(void **state)
{
	CLEANUP(tool_end) struct tool_result result;
	struct bench *b = *state;

	assert_int_equal(shell(b, "trap '' TERM; echo here; while :; do sleep 0.05; done",
	                       (struct tool_request){ .timeout_ms = 200, .grace_ms = 200 },
	                       &result),
	                 ERR_TIMEOUT);
	assert_output(&result, "here\n");
	assert_int_equal(result.signal, SIGKILL);
	assert_true(result.duration_ms >= 390 && result.duration_ms < 3000);
}

static void test_tool__term_is_a_chance(void **state)
{
	CLEANUP(tool_end) struct tool_result result;
	struct bench *b = *state;

	assert_int_equal(shell(b, "trap 'echo tidy; exit 9' TERM; while :; do sleep 0.05; done",
	                       (struct tool_request){ .timeout_ms = 200, .grace_ms = 10000 },
	                       &result),
	                 ERR_TIMEOUT);
	assert_output(&result, "tidy\n");
	assert_int_equal(result.exit_code, 9);
}

/* @ret whether the process still runs (a zombie does not) */
static bool is_alive(pid_t pid)
{
	char path[64], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'X';
	fclose(f);
	return state != 'Z' && state != 'X';
}

static void assert_dies(pid_t pid)
{
	for (int i = 0; i < 100 && is_alive(pid); i++)
		usleep(20000);
	assert_false(is_alive(pid));
}

/* Neither a grandchild that holds the pipes open, nor one in an endless sleep, outlives its group. */
static void test_tool__grandchildren(void **state)
{
	static const struct {
		const char *why, *script;
		int64_t timeout_ms;
		enum err want;
	} CASES[] = {
		{ "left behind", "sleep 1000 & echo $!", 0, ERR_OK },
		{ "at a time-out", "sleep 1000 & echo $!; wait", 200, ERR_TIMEOUT },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		CLEANUP(tool_end) struct tool_result result;
		pid_t pid;

		print_message("# %s\n", CASES[i].why);
		assert_int_equal(shell(b, CASES[i].script,
		                       (struct tool_request){ .timeout_ms = CASES[i].timeout_ms,
		                                              .grace_ms = 200 },
		                       &result),
		                 CASES[i].want);
		assert_true(result.output.len > 0);
		assert_true(result.duration_ms < 5000);
		pid = (pid_t)strtol(result.output.data, NULL, 10);
		assert_true(pid > 1);
		assert_dies(pid);
	}
}

static void test_tool__killed(void **state)
{
	CLEANUP(tool_end) struct tool_result result;
	struct bench *b = *state;

	assert_int_equal(shell(b, "echo before; echo why >&2; kill -9 $$",
	                       (struct tool_request){ 0 }, &result),
	                 ERR_CHILD_KILLED);
	assert_int_equal(result.signal, SIGKILL);
	assert_int_equal(result.exit_code, -1);
	assert_output(&result, "before\n");
	assert_string_equal(b->cx.fault.cause, "why\n");
}

static void test_tool__cannot_start(void **state)
{
	static const char *const MISSING[] = { "/nonexistent/program", NULL };
	static const char *const FOLDER[] = { "/usr", NULL };
	CLEANUP(tool_end) struct tool_result result;
	struct bench *b = *state;

	assert_int_equal(tool_run(&b->cx, &(struct tool_request){ .argv = MISSING }, &result),
	                 ERR_UNAVAILABLE);
	assert_string_equal(b->cx.fault.detail,
	                    "cannot start /nonexistent/program: No such file or directory");
	assert_int_equal(tool_run(&b->cx, &(struct tool_request){ .argv = FOLDER }, &result),
	                 ERR_UNAVAILABLE);
}

struct heard {
	int n;
	char last[TOOL_LINE_MAX + 1];
	size_t longest;
};

static void hear(void *arg, const char *line)
{
	struct heard *heard = arg;

	heard->n++;
	if (strlen(line) > heard->longest)
		heard->longest = strlen(line);
	snprintf(heard->last, sizeof(heard->last), "%s", line);
}

static void test_tool__lines(void **state)
{
	CLEANUP(tool_end) struct tool_result result;
	struct heard heard = { 0 };
	struct bench *b = *state;

	assert_int_equal(shell(b,
	                       "echo one >&3; printf two >&3; echo >&3;"
	                       "head -c 10000 /dev/zero | tr '\\0' y >&3; echo >&3;"
	                       "echo last >&3; printf unfinished >&3",
	                       (struct tool_request){ .line = hear, .arg = &heard }, &result),
	                 ERR_OK);
	assert_int_equal(heard.n, 4);
	assert_int_equal(heard.longest, TOOL_LINE_MAX);
	assert_string_equal(heard.last, "last");
}

static bool third_time(void *arg)
{
	return ++*(int *)arg >= 3;
}

static void test_tool__cancelled(void **state)
{
	CLEANUP(tool_end) struct tool_result result;
	struct bench *b = *state;
	int asked = 0;

	assert_int_equal(shell(b, "exec sleep 1000",
	                       (struct tool_request){ .cancelled = third_time, .arg = &asked },
	                       &result),
	                 ERR_CANCELLED);
	assert_true(result.duration_ms < 2000);
	assert_int_equal(asked, 3);
}

static void test_tool__limits(void **state)
{
	static const struct {
		const char *why, *script, *output;
		struct tool_limits limits;
	} CASES[] = {
		{ "memory", "ulimit -v", "262144\n", { .memory_bytes = (int64_t)256 << 20 } },
		{ "processor time", "ulimit -t", "7\n", { .cpu_s = 7 } },
		{ "size of files", "ulimit -f", "2048\n", { .file_size_bytes = 1 << 20 } },
		{ "open files", "ulimit -n", "32\n", { .open_files = 32 } },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		CLEANUP(tool_end) struct tool_result result;

		print_message("# %s\n", CASES[i].why);
		assert_int_equal(shell(b, CASES[i].script,
		                       (struct tool_request){ .limits = CASES[i].limits }, &result),
		                 ERR_OK);
		assert_output(&result, CASES[i].output);
	}
}

static void test_tool__processor_time_ends_it(void **state)
{
	CLEANUP(tool_end) struct tool_result result;
	struct bench *b = *state;

	assert_int_equal(
		shell(b, "while :; do :; done",
	              (struct tool_request){ .limits = { .cpu_s = 1 }, .timeout_ms = 20000 },
	              &result),
		ERR_CHILD_KILLED);
	assert_int_equal(result.signal, SIGKILL);
}

/* A parent that is killed takes its child along. */
static void test_tool__dies_with_its_parent(void **state)
{
	struct bench *b = *state;
	int pipe_fds[2];
	char text[32] = { 0 };
	pid_t parent, child;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	parent = fork();
	assert_true(parent >= 0);
	if (parent == 0) {
		struct tool_result result;
		char script[64];

		snprintf(script, sizeof(script), "echo $$ >/proc/%d/fd/%d; exec sleep 1000",
		         getpid(), pipe_fds[1]);
		_exit(shell(b, script, (struct tool_request){ 0 }, &result) == ERR_OK);
	}
	close(pipe_fds[1]);
	assert_true(read(pipe_fds[0], text, sizeof(text) - 1) > 0);
	close(pipe_fds[0]);
	child = (pid_t)strtol(text, NULL, 10);
	assert_true(is_alive(child));
	kill(parent, SIGKILL);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_dies(child);
}

static void *run_many(void *arg)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct bench b = { .arena = arena };
	int *failures = arg;

	for (int i = 0; i < 25; i++) {
		struct tool_result result;

		ctx_begin(&b.cx, &APP, arena, NULL);
		if (shell(&b, "cat", (struct tool_request){ .input = SPAN("x") }, &result) !=
		            ERR_OK ||
		    result.output.len != 1)
			++*failures;
		tool_end(&result);
	}
	arena_free(arena);
	return NULL;
}

/* A descriptor that leaked into another thread's child would hold its input open for ever. */
static void test_tool__threads(void **state)
{
	pthread_t threads[4];
	int failures[COUNT(threads)] = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_many, &failures[i]), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(failures[i], 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tool__input_output_exit),
		TEST(test_tool__environment_and_folder),
		TEST(test_tool__large_input_and_output),
		TEST(test_tool__child_that_does_not_read),
		TEST(test_tool__flood),
		TEST(test_tool__stderr_tail),
		TEST(test_tool__ends_what_ignores_term),
		TEST(test_tool__term_is_a_chance),
		TEST(test_tool__grandchildren),
		TEST(test_tool__killed),
		TEST(test_tool__cannot_start),
		TEST(test_tool__lines),
		TEST(test_tool__cancelled),
		TEST(test_tool__limits),
		TEST(test_tool__processor_time_ends_it),
		TEST(test_tool__dies_with_its_parent),
		TEST(test_tool__threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
