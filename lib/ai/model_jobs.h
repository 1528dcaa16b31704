/*
 * What runs calls and probes of models.  Bound in the runner alone; who enqueues uses ai/order.h.
 */
#ifndef AI_MODEL_JOBS_H
#define AI_MODEL_JOBS_H

#include "jobs/run.h"

/* Ends with a row without kind. */
extern const struct job_handler model_jobs[];

#endif
