/*
 * Indexing: what the search knows follows the maps and the documents.
 *
 * A map that is published wakes a job for its project; a document wakes one for the tenant's documents.
 * The job looks at what is there and what is indexed, and does the difference: a file whose path and
 * blob are known costs nothing.  Blobs are read and cut by portolan-analyse in its sandbox (retrieval/cut.h).
 */
#ifndef RETRIEVAL_INDEXING_H
#define RETRIEVAL_INDEXING_H

#include "events/subscription.h"
#include "jobs/queue.h"

struct search_index_args {
	int64_t project_id; /* 0: the documents */
};

extern const struct job_kind search_index_job; /* "search_index" */
extern const struct event_subscriber search_subscriber;

extern const struct db_check indexing_statements[];

/** Have a project (0: the documents) looked at, in the caller's transaction. */
NODISCARD
enum err indexing_ask(struct ctx *cx, int64_t project_id, int64_t *ret_job);

#endif
