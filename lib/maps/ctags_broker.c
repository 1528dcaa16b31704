/*
 * The broker: starts ctags, talks with it under a clock, and passes on what it says.
 * It is a process of its own and does nothing else; see ctags.h.
 */
#include "maps/ctags_broker.h"

#include "maps/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void end_ctags(struct broker *b)
{
	if (b->pid == 0)
		return;
	kill(b->pid, SIGKILL);
	broker_wait(b->pid);
	close(b->in);
	close(b->out);
	b->pid = 0;
}

/* @ret whether a process runs, of which nothing is known yet */
static bool spawn(struct broker *b)
{
	static const char *const ENV[] = { "LC_ALL=C", NULL };
	const char *const argv[] = { b->program,
		                     "--quiet",
		                     "--options=NONE",
		                     "--_interactive=sandbox",
		                     "--fields={name}{line}{end}{kind}{scope}",
		                     "--sort=no",
		                     NULL };
	const struct broker_program program = {
		.argv = argv,
		.env = ENV,
		.open_files = OPEN_FILES_MAX,
		.cpu_s = CTAGS_CPU_S,
		.memory_bytes = CTAGS_MEMORY_BYTES,
	};
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) != 0)
		return false;
	if (pipe2(out, O_CLOEXEC) != 0) {
		close(in[0]);
		close(in[1]);
		return false;
	}
	b->pid = broker_run(&program, in[0], out[1]);
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
	int64_t deadline = broker_now_ms() + b->file_ms;

	/* The line that ends an answer is the only one that starts so: names are escaped in theirs. */
	while (!starts(last_line(b), until)) {
		struct pollfd fds[2] = { { .fd = b->out, .events = POLLIN },
			                 { .fd = b->in, .events = POLLOUT } };
		struct span *left = head.len > 0 ? &head : &text;
		int64_t wait = deadline - broker_now_ms();
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

	memcpy(rules, RULES, sizeof(rules));
	rules[COUNT(RULES) - 1].path = b->program;
	broker_confine(rules, COUNT(rules));
}

void ctags_broker(int fd, const char *program, int64_t file_ms)
{
	struct broker b = { .fd = fd, .program = program, .file_ms = file_ms };
	struct ctags_ask ask;

	confine(&b);
	b.text = malloc(CTAGS_FILE_BYTES);
	b.output = malloc(CTAGS_OUTPUT_BYTES);
	while (b.text != NULL && b.output != NULL && broker_read_all(b.fd, &ask, sizeof(ask))) {
		struct ctags_answer answer = { .gap = GAP_NONE };

		if (ask.bytes > CTAGS_FILE_BYTES || !broker_read_all(b.fd, b.text, ask.bytes))
			break;
		ask.name[CTAGS_NAME_MAX - 1] = '\0';
		answer.gap = read_file(&b, &ask);
		answer.bytes = answer.gap == GAP_NONE ? (uint32_t)b.output_len : 0;
		if (!broker_write_all(b.fd, &answer, sizeof(answer)) ||
		    !broker_write_all(b.fd, b.output, answer.bytes))
			break;
	}
	end_ctags(&b);
	_exit(0);
}
