/*
 * Embedding: the passages of projects and documents get vectors, where the tenant has an embedding model.
 *
 * A job does it after what is new was cut: page by page, as the provider's limits allow.  What has a vector
 * of the present model, or says the same as something that has one, costs nothing; another model makes all
 * of them anew, and until then the search finds by meaning what has its vectors.
 */
#ifndef RETRIEVAL_EMBEDDING_H
#define RETRIEVAL_EMBEDDING_H

#include "events/subscription.h"
#include "jobs/queue.h"

#define EMBEDDING_ALL INT64_C(-1) /* as a project: all of the tenant */

struct search_embed_args {
	int64_t project_id; /* 0: the documents; EMBEDDING_ALL */
};

extern const struct job_kind search_embed_job; /* "search_embed" */
extern const struct event_subscriber embedding_subscriber;

/** Have passages embedded, in the caller's transaction; nothing where no model is preferred for it. */
NODISCARD
enum err embedding_ask(struct ctx *cx, int64_t project_id);

extern const struct db_check embedding_statements[];

#endif
