/*
 * The broker: starts ctags, talks with it under a clock, and passes on what it says.
 * It is a process of its own and does nothing else; see ctags.h.
 */
#include "maps/ctags_broker.h"

#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OPEN_FILES_MAX 16

struct broker {
	int fd;
	const char *program;
	int64_t file_ms;
	pid_t pid; /* of ctags; 0: not running */
	int in, out;
	unsigned starts;
	char *text;   /* CTAGS_FILE_BYTES */
	char *output; /* CTAGS_OUTPUT_BYTES */
	size_t output_len;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool ctags_write_all(int fd, const void *data, size_t len)
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

bool ctags_read_all(int fd, void *data, size_t len)
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

static void end_ctags(struct broker *b)
{
	if (b->pid == 0)
		return;
	kill(b->pid, SIGKILL);
	while (waitpid(b->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(b->in);
	close(b->out);
	b->pid = 0;
}

static void limit(__rlimit_resource_t what, rlim_t value)
{
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
static void become_ctags(const struct broker *b, int in, int out, pid_t parent)
{
	static const char *const ENV[] = { "LC_ALL=C", NULL };
	const char *const argv[] = { b->program,
		                     "--quiet",
		                     "--options=NONE",
		                     "--_interactive=sandbox",
		                     "--fields={name}{line}{end}{kind}{scope}",
		                     "--sort=no",
		                     NULL };

	signal(SIGPIPE, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
	    dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) != 0)
		_exit(127);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_NOFILE, OPEN_FILES_MAX);
	limit(RLIMIT_CPU, CTAGS_CPU_S);
	limit(RLIMIT_AS, CTAGS_MEMORY_BYTES);
	execve(b->program, (char *const *)argv, (char *const *)ENV);
	_exit(127);
}

/* @ret whether a process runs, of which nothing is known yet */
static bool spawn(struct broker *b)
{
	int in[2], out[2];
	pid_t parent = getpid();

	if (pipe2(in, O_CLOEXEC) != 0)
		return false;
	if (pipe2(out, O_CLOEXEC) != 0) {
		close(in[0]);
		close(in[1]);
		return false;
	}
	b->pid = fork();
	if (b->pid == 0)
		become_ctags(b, in[0], out[1], parent);
	close(in[0]);
	close(out[1]);
	b->in = in[1];
	b->out = out[0];
	if (b->pid < 0) {
		close(b->in);
		close(b->out);
		b->pid = 0;
		return false;
	}
	fcntl(b->in, F_SETFL, O_NONBLOCK);
	fcntl(b->out, F_SETFL, O_NONBLOCK);
	return true;
}

/* The last line of the output, when it is whole. */
static struct span last_line(const struct broker *b)
{
	const char *end = b->output + b->output_len, *start;

	if (b->output_len == 0 || end[-1] != '\n')
		return (struct span){ "", 0 };
	start = memrchr(b->output, '\n', b->output_len - 1);
	start = start != NULL ? start + 1 : b->output;
	return (struct span){ start, (size_t)(end - start) };
}

static bool starts(struct span s, const char *with)
{
	return s.len >= strlen(with) && memcmp(s.data, with, strlen(with)) == 0;
}

/*
 * Give ctags the bytes and take what it says, until a line starts with @until.
 * The output is collected behind what is there.
 */
static enum def_gap converse(struct broker *b, struct span head, struct span text,
                             const char *until)
{
	int64_t deadline = now_ms() + b->file_ms;

	/* The line that ends an answer is the only one that starts so: names are escaped in theirs. */
	while (!starts(last_line(b), until)) {
		struct pollfd fds[2] = { { .fd = b->out, .events = POLLIN },
			                 { .fd = b->in, .events = POLLOUT } };
		struct span *left = head.len > 0 ? &head : &text;
		int64_t wait = deadline - now_ms();
		ssize_t n;

		if (b->output_len == CTAGS_OUTPUT_BYTES)
			return GAP_TOO_MUCH;
		if (wait <= 0)
			return GAP_TIMED_OUT;
		if (poll(fds, left->len > 0 ? 2 : 1, (int)wait) < 0 && errno != EINTR)
			return GAP_CRASHED;
		if (fds[0].revents != 0) {
			n = read(b->out, b->output + b->output_len,
			         CTAGS_OUTPUT_BYTES - b->output_len);
			if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
				return GAP_CRASHED;
			b->output_len += n > 0 ? (size_t)n : 0;
		} else if (left->len > 0 && fds[1].revents != 0) {
			n = write(b->in, left->data, left->len);
			if (n < 0 && errno != EAGAIN && errno != EINTR)
				return GAP_CRASHED;
			if (n > 0)
				*left = (struct span){ left->data + n, left->len - (size_t)n };
		}
	}
	return GAP_NONE;
}

/* {"_type": "program", "name": "Universal Ctags", "version": "5.9.0"} */
static bool is_universal(struct broker *b)
{
	static const char NAME[] = "\"Universal Ctags\"";
	struct span line = last_line(b);

	return memmem(line.data, line.len, NAME, sizeof(NAME) - 1) != NULL;
}

/* @ret GAP_NONE when ctags runs and waits for a file */
static enum def_gap ensure_running(struct broker *b)
{
	static const struct span NOTHING = { "", 0 };
	enum def_gap gap;

	if (b->pid != 0)
		return GAP_NONE;
	if (b->starts >= CTAGS_STARTS_MAX)
		return GAP_GAVE_UP;
	b->starts++;
	b->output_len = 0;
	if (!spawn(b))
		return GAP_CRASHED;
	gap = converse(b, NOTHING, NOTHING, "{\"_type\": \"program\"");
	if (gap == GAP_NONE && !is_universal(b))
		gap = GAP_NO_TOOL;
	if (gap != GAP_NONE)
		end_ctags(b);
	return gap;
}

static enum def_gap read_file(struct broker *b, const struct ctags_ask *ask)
{
	char command[CTAGS_NAME_MAX + 100];
	enum def_gap gap = ensure_running(b);
	int n;

	if (gap != GAP_NONE)
		return gap;
	b->output_len = 0;
	n = snprintf(command, sizeof(command),
	             "{\"command\":\"generate-tags\",\"filename\":\"%s\",\"size\":%u}\n", ask->name,
	             ask->bytes);
	gap = converse(b, (struct span){ command, (size_t)n }, (struct span){ b->text, ask->bytes },
	               "{\"_type\": \"completed\"");
	if (gap != GAP_NONE)
		end_ctags(b);
	return gap;
}

/* What the analyser may reach and this process need not, goes; what runs ctags stays. */
static void confine(struct broker *b)
{
	static const struct landlock_rule RULES[] = {
		{ "/usr", LANDLOCK_READ | LANDLOCK_EXEC, true },
		{ "/lib", LANDLOCK_READ | LANDLOCK_EXEC, true },
		{ "/lib64", LANDLOCK_READ | LANDLOCK_EXEC, true },
		{ "/bin", LANDLOCK_READ | LANDLOCK_EXEC, true },
		{ "/etc/ld.so.cache", LANDLOCK_READ, true },
		{ NULL, LANDLOCK_READ | LANDLOCK_EXEC, true },
	};
	struct landlock_rule rules[COUNT(RULES)];
	int error;

	memcpy(rules, RULES, sizeof(rules));
	rules[COUNT(RULES) - 1].path = b->program;
	error = landlock_confine(rules, COUNT(rules), LANDLOCK_NO_TCP | LANDLOCK_SCOPED, NULL);
	if (error != 0 && error != ENOSYS)
		_exit(1);
}

/* Nothing of the analyser's stays open: its parent waits for the end of what it writes to. */
static void keep_only(struct broker *b, int fd)
{
	int sock = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), high;

	if (sock < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0)
		_exit(1);
	high = fcntl(sock, F_DUPFD_CLOEXEC, STDERR_FILENO + 2);
	b->fd = STDERR_FILENO + 1;
	if (high < 0 || dup3(high, b->fd, O_CLOEXEC) < 0 ||
	    syscall(SYS_close_range, b->fd + 1, ~0U, 0) != 0)
		_exit(1);
}

void ctags_broker(int fd, const char *program, int64_t file_ms)
{
	struct broker b = { .program = program, .file_ms = file_ms };
	struct ctags_ask ask;

	keep_only(&b, fd);
	confine(&b);
	signal(SIGPIPE, SIG_IGN);
	b.text = malloc(CTAGS_FILE_BYTES);
	b.output = malloc(CTAGS_OUTPUT_BYTES);
	while (b.text != NULL && b.output != NULL && ctags_read_all(b.fd, &ask, sizeof(ask))) {
		struct ctags_answer answer = { .gap = GAP_NONE };

		if (ask.bytes > CTAGS_FILE_BYTES || !ctags_read_all(b.fd, b.text, ask.bytes))
			break;
		ask.name[CTAGS_NAME_MAX - 1] = '\0';
		answer.gap = read_file(&b, &ask);
		answer.bytes = answer.gap == GAP_NONE ? (uint32_t)b.output_len : 0;
		if (!ctags_write_all(b.fd, &answer, sizeof(answer)) ||
		    !ctags_write_all(b.fd, b.output, answer.bytes))
			break;
	}
	end_ctags(&b);
	_exit(0);
}
