/*
 * Starting a child from a process that may have threads: between fork() and exec() the child makes
 * system calls only, because another thread may have held any lock at the fork.
 */
#include "base/tool_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXEC_WAIT_MS 10000               /* from fork() to exec() */
#define CHILD_FDS    4                   /* stdin, stdout, stderr, lines */
#define REPORT_FD    CHILD_FDS           /* tells why exec() failed; closed by a good one */
#define ABOVE        (2 * CHILD_FDS + 2) /* a place above all descriptors that the child arranges */

/* Both ends of what the child talks through, and of the report. */
struct ends {
	int ours[CHILD_FDS + 1], theirs[CHILD_FDS + 1];
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_ends(int fds[CHILD_FDS + 1])
{
	for (int i = 0; i <= CHILD_FDS; i++)
		close_fd(&fds[i]);
}

/*
 * A pipe for each; stdin is a socket, so that writing to a child that has gone is an error (EPIPE)
 * and never a signal.
 */
static int make_ends(struct ends *ret)
{
	for (int i = 0; i <= CHILD_FDS; i++)
		ret->ours[i] = ret->theirs[i] = -1;
	for (int i = 0; i <= CHILD_FDS; i++) {
		int pair[2], e;

		if (i == STDIN_FILENO)
			e = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
		else
			e = pipe2(pair, O_CLOEXEC);
		if (e != 0)
			return errno;
		ret->ours[i] = pair[0];
		ret->theirs[i] = pair[1];
		if (i != REPORT_FD && fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0)
			return errno;
	}
	return 0;
}

static int set_limit(int what, int64_t value)
{
	struct rlimit limit = { .rlim_cur = (rlim_t)value, .rlim_max = (rlim_t)value };
	struct rlimit old;

	if (value <= 0)
		return 0;
	/* An unprivileged process may not ask for more than it has. */
	if (getrlimit(what, &old) == 0 && old.rlim_max != RLIM_INFINITY &&
	    old.rlim_max < limit.rlim_max)
		limit.rlim_cur = limit.rlim_max = old.rlim_max;
	return setrlimit(what, &limit);
}

static int set_limits(const struct tool_limits *limits)
{
	const struct rlimit no_core = { 0 };

	if (setrlimit(RLIMIT_CORE, &no_core) != 0 || set_limit(RLIMIT_CPU, limits->cpu_s) != 0 ||
	    set_limit(RLIMIT_FSIZE, limits->file_size_bytes) != 0 ||
	    set_limit(RLIMIT_NOFILE, limits->open_files) != 0)
		return -1;
	return set_limit(RLIMIT_AS, limits->memory_bytes);
}

static void reset_signals(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		(void)sigaction(s, &plain, NULL); /* SIGKILL and SIGSTOP refuse, and need not */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Descriptors 0 to 3 and the report, nothing else. */
static int arrange_fds(int fds[CHILD_FDS + 1])
{
	for (int i = 0; i <= CHILD_FDS; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, ABOVE);
		if (fds[i] < 0)
			return -1;
	}
	for (int i = 0; i < CHILD_FDS; i++) {
		if (dup2(fds[i], i) < 0)
			return -1;
	}
	if (dup3(fds[REPORT_FD], REPORT_FD, O_CLOEXEC) < 0)
		return -1;
	return (int)syscall(SYS_close_range, REPORT_FD + 1, ~0U, 0);
}

/* The child's side, from fork() to exec().  Never returns. */
NORETURN
static void become(const struct tool_request *rq, int fds[CHILD_FDS + 1], pid_t parent)
{
	static const char *const NO_ENV[] = { NULL };
	const char *dir = rq->dir == NULL ? "/" : rq->dir;
	const char *const *env = rq->env == NULL ? NO_ENV : rq->env;
	int report = fds[REPORT_FD], e;

	reset_signals();
	errno = 0;
	if (setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
	    arrange_fds(fds) == 0) {
		report = REPORT_FD;
		if (chdir(dir) == 0 && set_limits(&rq->limits) == 0)
			execve(rq->argv[0], (char *const *)rq->argv, (char *const *)env);
	}
	e = errno == 0 ? ESRCH : errno; /* ESRCH: the parent has gone */
	if (write(report, &e, sizeof(e)) != sizeof(e))
		_exit(126);
	_exit(127);
}

/* No handler of ours may run in the child before it has reset its signals. */
static pid_t fork_quietly(const struct tool_request *rq, int fds[CHILD_FDS + 1])
{
	sigset_t all, before;
	pid_t parent = getpid(), pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		become(rq, fds, parent);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

/*
 * Wait for exec(): its end of the report closes, or carries an errno.  Not for ever: a child that is
 * stopped before it, or a file system that hangs, must not take the caller along.
 */
static int await_exec(int report)
{
	struct pollfd fd = { .fd = report, .events = POLLIN };
	int e = 0, ready;
	ssize_t n;

	do {
		ready = poll(&fd, 1, EXEC_WAIT_MS);
	} while (ready < 0 && errno == EINTR);
	if (ready == 0)
		return ETIMEDOUT;
	do {
		n = read(report, &e, sizeof(e));
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(e) ? e : 0;
}

static int start(const struct tool_request *rq, struct ends *ends, struct tool_child *ret)
{
	int e;

	ret->pid = fork_quietly(rq, ends->theirs);
	if (ret->pid < 0)
		return errno;
	close_ends(ends->theirs);
	e = await_exec(ends->ours[REPORT_FD]);
	if (e == 0) {
		ret->pidfd = (int)syscall(SYS_pidfd_open, ret->pid, 0);
		e = ret->pidfd < 0 ? errno : 0;
	}
	if (e != 0) {
		kill(-ret->pid, SIGKILL);
		kill(ret->pid, SIGKILL);
		while (waitpid(ret->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	return e;
}

int tool_spawn(const struct tool_request *rq, struct tool_child *ret)
{
	struct ends ends;
	int e = make_ends(&ends);

	*ret = (struct tool_child){ .pid = -1, .pidfd = -1 };
	if (e == 0)
		e = start(rq, &ends, ret);
	close_fd(&ends.ours[REPORT_FD]);
	close_ends(ends.theirs);
	if (e != 0) {
		close_ends(ends.ours);
		return e;
	}
	ret->in = ends.ours[0];
	ret->out = ends.ours[1];
	ret->err = ends.ours[2];
	ret->lines = ends.ours[3];
	return 0;
}
