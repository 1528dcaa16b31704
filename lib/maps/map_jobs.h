/*
 * What runs the jobs of a project: repository_processing and repository_removal.
 *
 * Bound in the runner alone; who enqueues uses the kinds of projects/project.h.
 */
#ifndef MAPS_MAP_JOBS_H
#define MAPS_MAP_JOBS_H

#include "jobs/run.h"

/* Ends with a row without kind. */
extern const struct job_handler map_jobs[];

#endif
