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
 * Where the helper program of that name lies: in libexec_dir, or where the running program
 * does when that is empty.  It need not be there.
 *
 * @ret the path, in arena; NULL when /proc does not tell where the running program is
 */
const char *map_program(struct arena *arena, const char *libexec_dir, const char *name);

/**
 * Remove the clone of a project; one that is not there is removed already.
 * Returns ERR_UNAVAILABLE
 */
NODISCARD
enum err map_clone_remove(struct ctx *cx, int64_t project_id);

#endif
