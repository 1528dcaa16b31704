/* Watching a child program: one poll() loop until it has ended.  Starting it: tool_spawn.c. */
#include "base/tool.h"

#include "base/ctx.h"
#include "base/tool_spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS    100
#define READ_BYTES 65536

/* The tail of what came on stderr: a ring. */
struct tail {
	char bytes[TOOL_STDERR_MAX];
	size_t total;
};

/* One running child. */
struct run {
	struct ctx *cx;
	const struct tool_request *rq;
	struct tool_child child;
	size_t sent; /* bytes of the input */
	char *out;   /* malloc'd */
	size_t out_len, out_cap, out_max;
	struct tail tail;
	char line[TOOL_LINE_MAX + 1];
	size_t line_len;
	int64_t started_ms, term_ms; /* term_ms 0: not asked to end */
	bool killed;
	enum err why; /* why we ended it; ERR_OK: we did not */
};

static int64_t now_ms(const struct run *run)
{
	const struct clock *clock = run->cx->app->clock;

	return clock->mono_us(clock) / 1000;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Ask the whole group to end; the first reason counts. */
static void stop(struct run *run, enum err why)
{
	if (run->why != ERR_OK)
		return;
	run->why = why;
	run->term_ms = now_ms(run);
	kill(-run->child.pid, SIGTERM);
}

static void take_output(struct run *run, const char *bytes, size_t n)
{
	if (run->why == ERR_LIMIT || run->why == ERR_OUT_OF_MEMORY)
		return;
	if (n > run->out_max - run->out_len) {
		stop(run, ERR_LIMIT);
		return;
	}
	if (run->out_len + n >= run->out_cap) { /* one more for the NUL */
		size_t cap = run->out_cap == 0 ? READ_BYTES : run->out_cap * 2;
		char *grown;

		if (cap <= run->out_len + n)
			cap = run->out_len + n + 1;
		grown = realloc(run->out, cap);

		if (grown == NULL) {
			stop(run, ERR_OUT_OF_MEMORY);
			return;
		}
		run->out = grown;
		run->out_cap = cap;
	}
	memcpy(run->out + run->out_len, bytes, n);
	run->out_len += n;
	run->out[run->out_len] = '\0';
}

static void take_stderr(struct run *run, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		run->tail.bytes[run->tail.total++ % TOOL_STDERR_MAX] = bytes[i];
}

static void take_lines(struct run *run, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != '\n') {
			if (run->line_len < TOOL_LINE_MAX)
				run->line[run->line_len++] = bytes[i];
			continue;
		}
		run->line[run->line_len] = '\0';
		run->line_len = 0;
		if (run->rq->line != NULL)
			run->rq->line(run->rq->arg, run->line);
	}
}

typedef void taker(struct run *run, const char *bytes, size_t n);

/* Read once.  @ret whether there may be more right now */
static bool read_some(struct run *run, int *fd, taker *take)
{
	char bytes[READ_BYTES];
	ssize_t n;

	if (*fd < 0)
		return false;
	n = read(*fd, bytes, sizeof(bytes));
	if (n > 0) {
		take(run, bytes, (size_t)n);
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_fd(fd);
	return n < 0 && errno == EINTR;
}

static void write_some(struct run *run)
{
	struct span left = { run->rq->input.data + run->sent, run->rq->input.len - run->sent };
	ssize_t n = left.len == 0 ? 0 : send(run->child.in, left.data, left.len, MSG_NOSIGNAL);

	if (n > 0)
		run->sent += (size_t)n;
	/* A child that does not read its input may still do its work. */
	if (run->sent == run->rq->input.len || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_fd(&run->child.in);
}

/* Time-out, cancellation, and the second, harder word. */
static void check_time(struct run *run)
{
	const struct tool_request *rq = run->rq;
	int64_t now = now_ms(run), grace = rq->grace_ms == 0 ? TOOL_GRACE_DEFAULT_MS : rq->grace_ms;

	if (rq->timeout_ms != 0 && now - run->started_ms >= rq->timeout_ms)
		stop(run, ERR_TIMEOUT);
	if (rq->cancelled != NULL && run->why == ERR_OK && rq->cancelled(rq->arg))
		stop(run, ERR_CANCELLED);
	if (run->why != ERR_OK && !run->killed && now - run->term_ms >= grace) {
		run->killed = true;
		kill(-run->child.pid, SIGKILL);
	}
}

/* Until the next thing that check_time() must do, at most a tick. */
static int wait_ms(const struct run *run)
{
	int64_t left = TICK_MS;

	if (run->rq->timeout_ms != 0 && run->why == ERR_OK) {
		int64_t until = run->started_ms + run->rq->timeout_ms - now_ms(run);

		left = until < left ? until : left;
	}
	return left > 1 ? (int)left : 1;
}

static void watch(struct run *run)
{
	struct tool_child *child = &run->child;
	bool ended = false;

	while (!ended) {
		struct pollfd fds[] = {
			{ .fd = child->pidfd, .events = POLLIN },
			{ .fd = child->in, .events = POLLOUT },
			{ .fd = child->out, .events = POLLIN },
			{ .fd = child->err, .events = POLLIN },
			{ .fd = child->lines, .events = POLLIN },
		};

		check_time(run);
		if (poll(fds, COUNT(fds), wait_ms(run)) < 0)
			continue;
		ended = fds[0].revents != 0;
		if (fds[1].revents != 0)
			write_some(run);
		if (fds[2].revents != 0)
			(void)read_some(run, &child->out, take_output);
		if (fds[3].revents != 0)
			(void)read_some(run, &child->err, take_stderr);
		if (fds[4].revents != 0)
			(void)read_some(run, &child->lines, take_lines);
	}
}

/* Most that is read of each pipe after the child's end; a pipe holds less. */
#define LAST_READS 32

/*
 * The child is a zombie still, so its group's number cannot belong to another yet: kill what it left
 * behind, read what is in the pipes without waiting for their end, and only then reap it.
 */
static void finish(struct run *run, struct tool_result *ret)
{
	struct rusage usage = { 0 };
	int status = 0;
	pid_t reaped;

	kill(-run->child.pid, SIGKILL);
	for (int i = 0; i < LAST_READS && read_some(run, &run->child.out, take_output); i++)
		;
	for (int i = 0; i < LAST_READS && read_some(run, &run->child.err, take_stderr); i++)
		;
	for (int i = 0; i < LAST_READS && read_some(run, &run->child.lines, take_lines); i++)
		;
	do {
		reaped = wait4(run->child.pid, &status, 0, &usage);
	} while (reaped < 0 && errno == EINTR);
	assert(reaped == run->child.pid); /* nobody else waits for it, SIGCHLD is not ignored */
	close_fd(&run->child.in);
	close_fd(&run->child.out);
	close_fd(&run->child.err);
	close_fd(&run->child.lines);
	close_fd(&run->child.pidfd);
	ret->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	ret->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	ret->duration_ms = now_ms(run) - run->started_ms;
	ret->peak_rss_bytes = (int64_t)usage.ru_maxrss * 1024;
	if (run->out == NULL)
		run->out = calloc(1, 1); /* no output is an empty text */
	ret->output = (struct span){ run->out, run->out_len };
}

static const char *tail_text(struct run *run)
{
	struct tail *tail = &run->tail;
	size_t n = tail->total < TOOL_STDERR_MAX ? tail->total : TOOL_STDERR_MAX;
	char *text = arena_alloc(run->cx->arena, n + 1);

	for (size_t i = 0; i < n; i++)
		text[i] = tail->bytes[(tail->total - n + i) % TOOL_STDERR_MAX];
	return text;
}

static enum err verdict(struct run *run, const struct tool_result *result)
{
	const char *name = strrchr(run->rq->argv[0], '/');

	name = name == NULL ? run->rq->argv[0] : name + 1;
	switch (run->why) {
	case ERR_OK:
		break;
	case ERR_TIMEOUT:
		return err_set(run->cx, ERR_TIMEOUT, "%s was not done after %lld ms", name,
		               (long long)run->rq->timeout_ms);
	case ERR_CANCELLED:
		return err_set(run->cx, ERR_CANCELLED, "%s was cancelled", name);
	case ERR_LIMIT:
		return err_set(run->cx, ERR_LIMIT, "%s wrote more than %zu bytes", name,
		               run->out_max);
	default:
		return err_set(run->cx, run->why, "no memory for what %s wrote", name);
	}
	if (result->signal != 0) {
		err_set(run->cx, ERR_CHILD_KILLED, "%s was ended by signal %d (%s)", name,
		        result->signal, strsignal(result->signal));
		err_cause(run->cx, "%s", result->stderr_tail);
		return ERR_CHILD_KILLED;
	}
	return ERR_OK;
}

enum err tool_run(struct ctx *cx, const struct tool_request *rq, struct tool_result *ret)
{
	struct run *run = arena_alloc(cx->arena, sizeof(*run));
	int e;

	*ret = (struct tool_result){ .stderr_tail = "", .exit_code = -1 };
	run->cx = cx;
	run->rq = rq;
	run->out_max = rq->output_max_bytes == 0 ? TOOL_OUTPUT_DEFAULT_BYTES : rq->output_max_bytes;
	run->started_ms = now_ms(run);
	e = tool_spawn(rq, &run->child);
	if (e != 0)
		return err_set(cx, ERR_UNAVAILABLE, "cannot start %s: %s", rq->argv[0],
		               strerror(e));
	if (rq->input.len == 0)
		close_fd(&run->child.in);
	watch(run);
	finish(run, ret);
	ret->stderr_tail = tail_text(run);
	return verdict(run, ret);
}

void tool_end(struct tool_result *result)
{
	free((char *)result->output.data);
	result->output = (struct span){ 0 };
}
