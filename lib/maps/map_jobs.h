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

/**
 * Remove the clone of a project; one that is not there is removed already.
 * Returns ERR_UNAVAILABLE
 */
NODISCARD
enum err map_clone_remove(struct ctx *cx, int64_t project_id);

#endif
