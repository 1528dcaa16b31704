/*
 * Every kind of job that the runner can do.  Apart from app.h, because naming them links the code that
 * does them.
 */
#ifndef APP_REGISTRY_JOBS_H
#define APP_REGISTRY_JOBS_H

#include "jobs/queue.h"

extern queue_handlers app_jobs;

#endif
