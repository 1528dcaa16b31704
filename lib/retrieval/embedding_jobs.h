/* What embeds; the runner alone links it. */
#ifndef RETRIEVAL_EMBEDDING_JOBS_H
#define RETRIEVAL_EMBEDDING_JOBS_H

#include "jobs/job.h"

extern const struct job_handler embedding_jobs[];

#endif
