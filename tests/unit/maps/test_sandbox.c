/*
 * The analyser's sandbox: each forbidden act is tried by a child that has
 * entered it, and must be refused: by an error or by the end of the child.  (B4, T6)
 */
#include "fixture.h"
#include "maps/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define REFUSED 7
#define DONE    9

static char dir[64]; /* a bare repository's folder, with objects/inside and outside */

static bool try_read_outside(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static bool try_read_config(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/config", dir);
	return open(path, O_RDONLY) >= 0;
}

static bool try_list_outside(void)
{
	return open("/", O_RDONLY | O_DIRECTORY) >= 0;
}

static bool try_write_inside(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/objects/inside", dir);
	return open(path, O_WRONLY) >= 0;
}

static bool try_create(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/objects/new", dir);
	return open(path, O_RDWR | O_CREAT, 0600) >= 0;
}

static bool try_create_by_creat(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/objects/new", dir);
	return creat(path, 0600) >= 0;
}

static bool try_unlink(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/objects/inside", dir);
	return unlink(path) == 0;
}

static bool try_rename(void)
{
	char from[128], to[128];

	snprintf(from, sizeof(from), "%s/objects/inside", dir);
	snprintf(to, sizeof(to), "%s/objects/moved", dir);
	return rename(from, to) == 0;
}

static bool try_chmod(void)
{
	return chmod(dir, 0777) == 0;
}

static bool try_mkdir(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/objects/folder", dir);
	return mkdir(path, 0700) == 0;
}

static bool try_symlink(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/objects/link", dir);
	return symlink("/etc", path) == 0;
}

static bool try_truncate(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/objects/inside", dir);
	return truncate(path, 0) == 0;
}

static bool try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool try_unix_socket(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
}

static bool try_execve(void)
{
	char *argv[] = { (char *)"/bin/true", NULL };

	execve("/bin/true", argv, argv + 1);
	return false;
}

static bool try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool try_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool try_kill_parent(void)
{
	return kill(getppid(), 0) == 0;
}

static bool try_tgkill_parent(void)
{
	return syscall(SYS_tgkill, getppid(), getppid(), 0) == 0;
}

static bool try_mount(void)
{
	return mount("none", "/tmp", "tmpfs", 0, NULL) == 0;
}

static bool try_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	       MAP_FAILED;
}

static bool try_make_executable(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool try_raise_limit(void)
{
	const struct rlimit more = { 1 << 20, 1 << 20 };

	return setrlimit(RLIMIT_NOFILE, &more) == 0;
}

static bool try_chroot(void)
{
	return chroot("/tmp") == 0;
}

static bool try_setuid(void)
{
	return setuid(0) == 0;
}

static bool try_undo_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1) == 0;
}

static bool try_process_memory(void)
{
	char byte;
	const struct iovec {
		void *base;
		size_t len;
	} here = { &byte, 1 }, there = { dir, 1 };

	return syscall(SYS_process_vm_readv, getppid(), &here, 1, &there, 1, 0) == 1;
}

static bool try_io_uring(void)
{
	char params[256] = { 0 };

	return syscall(SYS_io_uring_setup, 4, params) >= 0;
}

#if !defined(__SANITIZE_ADDRESS__)
static bool try_too_much_memory(void)
{
	return mmap(NULL, (size_t)2 << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	            0) != MAP_FAILED;
}
#endif

/* What must go on working: it is all that the analyser does. */
static bool read_inside(void)
{
	char path[128], byte;
	int fd;

	snprintf(path, sizeof(path), "%s/objects/inside", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, &byte, 1) == 1 && close(fd) == 0;
}

static bool read_alternate(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/other/objects", dir);
	return open(path, O_RDONLY | O_DIRECTORY) >= 0;
}

static bool use_memory(void)
{
	char *p = malloc((size_t)64 << 20);

	if (p == NULL)
		return false;
	p[1 << 20] = 1;
	free(p);
	return true;
}

/* Run an act in a child inside the sandbox.  @ret its wait status */
static int run_confined(struct ctx *cx, bool (*act)(void))
{
	const struct sandbox_limits limits = { 0 };
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int quiet = open("/dev/null", O_WRONLY);

		dup2(quiet, STDERR_FILENO); /* sanitizers report what the kernel kills them for */
		if (sandbox_enter(cx, dir, &limits) != ERR_OK)
			_exit(1);
		_exit(act() ? DONE : REFUSED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool refused(int status)
{
	return (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED) ||
	       (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

#define ACT(name)                                                                                  \
	{                                                                                          \
#name, try_##name                                                                  \
	}

static void test_sandbox__refuses(void **state)
{
	static const struct {
		const char *name;
		bool (*act)(void);
	} ACTS[] = {
		ACT(read_outside),
		ACT(read_config),
		ACT(list_outside),
		ACT(write_inside),
		ACT(create),
		ACT(create_by_creat),
		ACT(unlink),
		ACT(rename),
		ACT(chmod),
		ACT(mkdir),
		ACT(symlink),
		ACT(truncate),
		ACT(socket),
		ACT(unix_socket),
		ACT(execve),
		ACT(fork),
		ACT(ptrace),
		ACT(kill_parent),
		ACT(tgkill_parent),
		ACT(mount),
		ACT(executable_memory),
		ACT(make_executable),
		ACT(raise_limit),
		ACT(chroot),
		ACT(setuid),
		ACT(undo_dumpable),
		ACT(process_memory),
		ACT(io_uring),
#if !defined(__SANITIZE_ADDRESS__)
		ACT(too_much_memory),
#endif
	};
	struct ctx *cx = fixture_ctx(*state);

	for (size_t i = 0; i < COUNT(ACTS); i++) {
		int status = run_confined(cx, ACTS[i].act);

		if (!refused(status))
			fail_msg("%s: wait status %#x", ACTS[i].name, status);
	}
}

static void test_sandbox__allows_reading(void **state)
{
	struct ctx *cx = fixture_ctx(*state);

	assert_int_equal(WEXITSTATUS(run_confined(cx, read_inside)), DONE);
	assert_int_equal(WEXITSTATUS(run_confined(cx, read_alternate)), DONE);
	assert_int_equal(WEXITSTATUS(run_confined(cx, use_memory)), DONE);
}

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void make_folder(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static int set_up(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/sandbox.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 1;
	make_folder("objects");
	make_folder("objects/info");
	make_folder("other");
	make_folder("other/objects");
	write_file("objects/inside", "x");
	write_file("objects/info/alternates", "../other/objects\n");
	write_file("config", "[core]\n");
	return fixture_open(state);
}

static int tear_down(void **state)
{
	static const char *const NAMES[] = { "objects/inside", "objects/info/alternates",
		                             "objects/info",   "objects",
		                             "other/objects",  "other",
		                             "config",         "" };
	char path[128];

	for (size_t i = 0; i < COUNT(NAMES); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, NAMES[i]);
		assert_int_equal(remove(path), 0); /* nothing was added, removed or renamed */
	}
	return fixture_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sandbox__refuses),
		cmocka_unit_test(test_sandbox__allows_reading),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
