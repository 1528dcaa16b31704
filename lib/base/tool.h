/*
 * Tool: run a child program, feed it, watch it, end it, and leave nothing behind.
 *
 * The child has a process group of its own, no file descriptor but 0 to 3, no environment but the one
 * given, default signals, no core file, and is killed when the thread that started it ends.
 *
 *   stdin    the input, then its end
 *   stdout   collected up to output_max_bytes; more than that ends the child
 *   stderr   drained; the last TOOL_STDERR_MAX bytes are kept
 *   fd 3     lines for the caller, handed on as they come (progress)
 *
 * When time is up, the caller cancels or the output is too large, the group gets SIGTERM and, after
 * grace_ms, SIGKILL.  What the child started and left in its group is killed with it, however it ends.
 *
 *   Threads  May be called from several threads at once.  No signal handler, no SIGPIPE, no global.
 */
#ifndef BASE_TOOL_H
#define BASE_TOOL_H

#include "base/err.h"

#define TOOL_STDERR_MAX 4096
#define TOOL_LINE_MAX   4096 /* bytes of a line on fd 3; the rest of a longer one is dropped */

#define TOOL_OUTPUT_DEFAULT_BYTES ((size_t)64 << 20)
#define TOOL_GRACE_DEFAULT_MS     2000

/* Each 0: no limit of ours. */
struct tool_limits {
	int64_t memory_bytes;    /* address space */
	int64_t cpu_s;           /* processor time */
	int64_t file_size_bytes; /* of any one file it writes */
	int64_t open_files;
};

struct tool_request {
	const char *const *argv; /* argv[0] is the path of the program; a NULL ends it */
	const char *const *env;  /* NAME=value, ended by NULL; NULL: none at all */
	const char *dir;         /* working folder; NULL: "/" */
	struct span input;
	size_t output_max_bytes; /* 0: TOOL_OUTPUT_DEFAULT_BYTES */
	int64_t timeout_ms;      /* 0: none */
	int64_t grace_ms;        /* 0: TOOL_GRACE_DEFAULT_MS */
	struct tool_limits limits;
	void (*line)(void *arg, const char *line); /* each line of fd 3; NULL: dropped */
	bool (*cancelled)(void *arg);              /* asked at least every 100 ms; NULL: never */
	void *arg;
};

struct tool_result {
	struct span output;      /* owned by the result; a NUL that is not counted follows */
	const char *stderr_tail; /* in cx->arena, control characters as they came */
	int exit_code;           /* -1: ended by a signal */
	int signal;              /* 0: ended by itself */
	int64_t duration_ms;
	int64_t peak_rss_bytes; /* of the child or one it waited for; not below ours at its start */
};

/**
 * Run a program to its end.
 *
 * @ret  put away by tool_end(); filled for every error but ERR_UNAVAILABLE
 * Returns ERR_OK when the child exited by itself, with whatever code;
 *         ERR_UNAVAILABLE when it could not be started, ERR_TIMEOUT, ERR_CANCELLED,
 *         ERR_LIMIT when it wrote too much, ERR_CHILD_KILLED when a signal ended it that we did not send.
 */
NODISCARD
enum err tool_run(struct ctx *cx, const struct tool_request *rq, struct tool_result *ret);

/** For CLEANUP(tool_end). */
void tool_end(struct tool_result *result);

#endif
