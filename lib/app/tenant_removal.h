/*
 * The job that removes what a deleted tenant had: tenant_removal.
 *
 * It crosses every domain, so it lives where they are put together.  Bound in the runner alone.
 */
#ifndef APP_TENANT_REMOVAL_H
#define APP_TENANT_REMOVAL_H

#include "jobs/run.h"

/* Ends with a row without kind. */
extern const struct job_handler tenant_removal_jobs[];

#endif
