/*
 * Every kind of job, for those who operate the queue.  The kinds alone: naming what runs them would link
 * it into the API's processes.
 */
#ifndef APP_REGISTRY_JOB_KINDS_H
#define APP_REGISTRY_JOB_KINDS_H

#include "jobs/job.h"

extern job_kinds app_job_kinds;

#endif
