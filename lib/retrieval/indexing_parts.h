/* Between the files indexing_*.c; nobody else includes this. */
#ifndef RETRIEVAL_INDEXING_PARTS_H
#define RETRIEVAL_INDEXING_PARTS_H

#include "base/tool.h"
#include "retrieval/segment.h"

/** Index the documents of the tenant that wait. */
NODISCARD
enum err indexing_documents(struct ctx *cx, struct job_run *run);

/**
 * Run portolan-analyse.
 *
 * @word what is asked for, @input that it gets.  @ret put away by tool_end()
 * Returns what it says, or tool_run() does
 */
NODISCARD
enum err indexing_child(struct ctx *cx, struct job_run *run, const char *word, struct span input,
                        struct tool_result *ret);

/** Keep why a piece of work in memory of its own failed.  @ret e */
enum err indexing_fault(struct ctx *cx, const struct ctx *own, enum err e);

#endif
