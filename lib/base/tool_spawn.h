/* Starting the child of tool.c: its descriptors, signals, limits.  For tool.c only. */
#ifndef BASE_TOOL_SPAWN_H
#define BASE_TOOL_SPAWN_H

#include "base/tool.h"

#include <sys/types.h>

/* Our ends, all close-on-exec and non-blocking; -1 when closed. */
struct tool_child {
	pid_t pid;
	int pidfd;
	int in, out, err, lines;
};

/** @ret 0, or the errno of what failed; then nothing is left open and no child is left */
NODISCARD
int tool_spawn(const struct tool_request *rq, struct tool_child *ret);

#endif
