/* Between source.c, outline.c and commits.c, who ask portolan-analyse about a clone; nobody else includes this. */
#ifndef MAPS_SOURCE_PARTS_H
#define MAPS_SOURCE_PARTS_H

#include "maps/source.h"

/* What portolan-analyse is asked. */
struct source_ask {
	const char *word;
	const struct schema *schema; /* of the request */
	const void *request;
	size_t output_bytes; /* most of its answer */
	int64_t timeout_ms;
	int64_t cpu_s;
};

/** All digits of a commit of a project, and where its clone is.  Returns as source_read() */
NODISCARD
enum err source_place(struct ctx *cx, int64_t project_id, const char *commit,
                      const char **ret_commit, const char **ret_directory);

/** @ret put away by tool_end().  Returns what the child says, or tool_run() does */
NODISCARD
enum err source_child(struct ctx *cx, const struct source_ask *ask, struct tool_result *ret);

#endif
