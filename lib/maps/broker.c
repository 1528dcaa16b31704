/* The ground of brokers: between fork() and exec() with system calls only. */
#include "maps/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Progress goes to descriptor 3, whether it is open or not: nothing else may lie there. */
#define ABOVE_PROGRESS 4

#define BROKER_FD (STDERR_FILENO + 1)

int64_t broker_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool broker_write_all(int fd, const void *data, size_t len)
{
	for (const char *p = data; len > 0;) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

bool broker_read_all(int fd, void *data, size_t len)
{
	for (char *p = data; len > 0;) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

int broker_wait(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static bool is_orphan(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent;
}

/* Nothing of the analyser's stays open: its parent waits for the end of what it writes to. */
static void keep_only(int fd)
{
	int sock = fcntl(fd, F_DUPFD_CLOEXEC, BROKER_FD);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), high;

	if (sock < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0)
		_exit(1);
	high = fcntl(sock, F_DUPFD_CLOEXEC, BROKER_FD + 1);
	if (high < 0 || dup3(high, BROKER_FD, O_CLOEXEC) < 0 ||
	    syscall(SYS_close_range, BROKER_FD + 1, ~0U, 0) != 0)
		_exit(1);
}

int broker_fork(pid_t *ret_pid)
{
	int pair[2], fd, error;
	pid_t parent = getpid();

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	fd = fcntl(pair[0], F_DUPFD_CLOEXEC, ABOVE_PROGRESS);
	signal(SIGPIPE, SIG_IGN);
	*ret_pid = fd >= 0 ? fork() : -1;
	if (*ret_pid == 0) {
		if (is_orphan(parent))
			_exit(1);
		keep_only(pair[1]);
		return BROKER_FD;
	}
	error = errno;
	close(pair[0]);
	close(pair[1]);
	if (*ret_pid < 0 && fd >= 0) {
		close(fd);
		fd = -1;
	}
	errno = error;
	return fd;
}

void broker_confine(const struct landlock_rule *rules, size_t n)
{
	int error = landlock_confine(rules, n, LANDLOCK_NO_TCP | LANDLOCK_SCOPED, NULL);

	if (error != 0 && error != ENOSYS)
		_exit(1);
}

static void limit(__rlimit_resource_t what, int64_t most)
{
	rlim_t value = (rlim_t)most;
	struct rlimit now;

	if (getrlimit(what, &now) != 0)
		_exit(127);
	if (value < now.rlim_max)
		now.rlim_max = value;
	now.rlim_cur = now.rlim_max;
	if (setrlimit(what, &now) != 0)
		_exit(127);
}

/* The child's side, from fork() to exec(). */
NORETURN
static void become(const struct broker_program *program, int in, int out, pid_t parent)
{
	signal(SIGPIPE, SIG_DFL);
	if (is_orphan(parent) || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) != 0)
		_exit(127);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_NOFILE, program->open_files);
	limit(RLIMIT_CPU, program->cpu_s);
	if (program->memory_bytes > 0)
		limit(RLIMIT_AS, program->memory_bytes);
	if (program->last != NULL)
		program->last();
	execve(program->argv[0], (char *const *)program->argv, (char *const *)program->env);
	_exit(127);
}

pid_t broker_run(const struct broker_program *program, int in, int out)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		become(program, in, out, parent);
	return pid;
}
