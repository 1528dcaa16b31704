/* Landlock: what a confined child can and cannot do (T6).  Each case runs in a child of its own. */
#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A folder with in/file, in/sub and out/file, made anew for each test. */
struct place {
	char root[64];
	char in[80], in_file[96], in_new[96], out_file[96], out_new[96];
};

static void touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
}

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	char out[80];

	snprintf(p->root, sizeof(p->root), "/tmp/landlock-XXXXXX");
	assert_non_null(mkdtemp(p->root));
	snprintf(p->in, sizeof(p->in), "%s/in", p->root);
	snprintf(out, sizeof(out), "%s/out", p->root);
	assert_int_equal(mkdir(p->in, 0700), 0);
	assert_int_equal(mkdir(out, 0700), 0);
	snprintf(p->in_file, sizeof(p->in_file), "%s/file", p->in);
	snprintf(p->in_new, sizeof(p->in_new), "%s/new", p->in);
	snprintf(p->out_file, sizeof(p->out_file), "%s/file", out);
	snprintf(p->out_new, sizeof(p->out_new), "%s/new", out);
	touch(p->in_file);
	touch(p->out_file);
	*state = p;
	return 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;
	char out[80];

	unlink(p->in_file);
	unlink(p->in_new);
	unlink(p->out_file);
	unlink(p->out_new);
	rmdir(p->in);
	snprintf(out, sizeof(out), "%s/out", p->root);
	rmdir(out);
	rmdir(p->root);
	free(p);
	return 0;
}

/* What a child tries; @ret 0 or the errno it met. */
typedef int act(const struct place *p);

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int read_inside(const struct place *p)
{
	return try_open(p->in_file, O_RDONLY);
}

static int write_inside(const struct place *p)
{
	return try_open(p->in_file, O_WRONLY);
}

static int create_inside(const struct place *p)
{
	return try_open(p->in_new, O_WRONLY | O_CREAT);
}

static int rename_inside(const struct place *p)
{
	return rename(p->in_file, p->in_new) == 0 ? 0 : errno;
}

static int read_outside(const struct place *p)
{
	return try_open(p->out_file, O_RDONLY);
}

static int create_outside(const struct place *p)
{
	return try_open(p->out_new, O_WRONLY | O_CREAT);
}

static int unlink_outside(const struct place *p)
{
	return unlink(p->out_file) == 0 ? 0 : errno;
}

static int execute(const struct place *p)
{
	(void)p;
	execl("/bin/true", "true", (char *)NULL);
	return errno;
}

static int run_confined(const struct place *p, unsigned access, unsigned flags, act *what)
{
	const struct landlock_rule rules[] = {
		{ .path = p->in, .access = access },
		{ .path = "/nonexistent/by/design", .access = LANDLOCK_READ, .optional = true },
	};
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (landlock_confine(rules, COUNT(rules), flags, NULL) != 0)
			_exit(255);
		_exit(what(p));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_landlock__files(void **state)
{
	static const struct {
		const char *why;
		unsigned access;
		act *what;
		int want;
	} CASES[] = {
		{ "reading what is allowed", LANDLOCK_READ, read_inside, 0 },
		{ "writing where only reading is", LANDLOCK_READ, write_inside, EACCES },
		{ "making a file where only reading is", LANDLOCK_READ, create_inside, EACCES },
		{ "writing what is allowed", LANDLOCK_READ | LANDLOCK_WRITE, write_inside, 0 },
		{ "making a file", LANDLOCK_READ | LANDLOCK_WRITE, create_inside, 0 },
		{ "renaming a file", LANDLOCK_READ | LANDLOCK_WRITE, rename_inside, 0 },
		{ "reading elsewhere", LANDLOCK_READ | LANDLOCK_WRITE, read_outside, EACCES },
		{ "writing elsewhere", LANDLOCK_READ | LANDLOCK_WRITE, create_outside, EACCES },
		{ "removing elsewhere", LANDLOCK_READ | LANDLOCK_WRITE, unlink_outside, EACCES },
		{ "starting a program", LANDLOCK_READ, execute, EACCES },
	};

	if (landlock_abi() == 0)
		skip();
	for (size_t i = 0; i < COUNT(CASES); i++) {
		print_message("# %s\n", CASES[i].why);
		assert_int_equal(run_confined(*state, CASES[i].access, 0, CASES[i].what),
		                 CASES[i].want);
		remove_place(state);
		make_place(state);
	}
}

static int connect_out(const struct place *p)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), e;

	(void)p;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	e = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 ? 0 : errno;
	close(fd);
	return e;
}

static void test_landlock__tcp(void **state)
{
	if (landlock_abi() < 4)
		skip();
	assert_int_equal(run_confined(*state, LANDLOCK_READ, LANDLOCK_NO_TCP, connect_out), EACCES);
	assert_int_not_equal(run_confined(*state, LANDLOCK_READ, 0, connect_out), EACCES);
}

static void test_landlock__names_the_rule_that_failed(void **state)
{
	const struct landlock_rule rules[] = {
		{ .path = "/", .access = LANDLOCK_READ },
		{ .path = "/nonexistent/by/design", .access = LANDLOCK_READ },
	};
	int status, rule = 7;
	pid_t pid;

	(void)state;
	if (landlock_abi() == 0)
		skip();
	pid = fork();
	if (pid == 0)
		_exit(landlock_confine(rules, COUNT(rules), 0, &rule) == ENOENT && rule == 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_landlock__files, make_place, remove_place),
		cmocka_unit_test_setup_teardown(test_landlock__tcp, make_place, remove_place),
		cmocka_unit_test(test_landlock__names_the_rule_that_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
