/* The job that indexes, for the runner alone. */
#ifndef RETRIEVAL_INDEXING_JOBS_H
#define RETRIEVAL_INDEXING_JOBS_H

#include "jobs/job.h"

extern const struct job_handler search_jobs[];

#endif
