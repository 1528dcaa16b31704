/*
 * What the brokers of the analyser have in common: a broker is a child of the analyser that runs one of
 * Debian's programs on hostile bytes (ctags.h, pdf.h), keeps its clock, and passes on what it says.
 *
 * Of the functions that say so the rest of the process must have no threads: they run between fork() and
 * exec(), or right after a fork().
 */
#ifndef MAPS_BROKER_H
#define MAPS_BROKER_H

#include "base/landlock.h"

#include <sys/types.h>

/** @ret whether all bytes went; false when the other end has gone */
bool broker_write_all(int fd, const void *data, size_t len);
bool broker_read_all(int fd, void *data, size_t len);

/** @ret milliseconds of the monotonic clock */
int64_t broker_now_ms(void);

/**
 * Start a broker: a child that dies with this process and owns one end of a socket.
 *
 * Returns twice: in the child with *ret_pid 0, everything but that end closed and standard input, output
 * and error at /dev/null (the caller then serves until the other end closes, and never returns), and here
 * with the child's id.  SIGPIPE is ignored in both from then on.
 * @ret  our end of the socket, above descriptor 3; -1 with errno set, and there is no child
 */
int broker_fork(pid_t *ret_pid);

/**
 * In the broker: give up the files and sockets that what it runs does not need.
 *
 * A kernel without Landlock is passed over; any other failure ends the process.
 */
void broker_confine(const struct landlock_rule *rules, size_t n);

/* What a broker runs. */
struct broker_program {
	const char *const *argv; /* ends with NULL; the first is the path */
	const char *const *env;  /* ends with NULL */
	int64_t open_files;
	int64_t cpu_s;
	int64_t memory_bytes; /* 0: no limit */
	void (*last)(void);   /* called before exec(), its limits in force; NULL: nothing */
};

/**
 * In the broker: start the program, which dies with the broker and may write no file.
 *
 * @in and @out become its standard input and output; the caller closes its own copies.
 * @ret  its process id; -1 with errno set
 */
pid_t broker_run(const struct broker_program *program, int in, int out);

/** In the broker: wait for the end of what broker_run() started.  @ret its wait status */
int broker_wait(pid_t pid);

#endif
