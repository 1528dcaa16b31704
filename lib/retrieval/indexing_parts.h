/* Between the files indexing_*.c; nobody else includes this. */
#ifndef RETRIEVAL_INDEXING_PARTS_H
#define RETRIEVAL_INDEXING_PARTS_H

#include "retrieval/segment.h"

/** Index the documents of the tenant that wait. */
NODISCARD
enum err indexing_documents(struct ctx *cx, struct job_run *run);

/** Keep why a piece of work in memory of its own failed.  @ret e */
enum err indexing_fault(struct ctx *cx, const struct ctx *own, enum err e);

#endif
