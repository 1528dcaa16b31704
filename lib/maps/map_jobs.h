/*
 * What runs the jobs of a project: repository_processing and repository_removal.
 *
 * Bound in the runner alone; who enqueues uses the kinds of projects/project.h.
 */
#ifndef MAPS_MAP_JOBS_H
#define MAPS_MAP_JOBS_H

#include "jobs/run.h"
#include "maps/map_clone.h"

/* Ends with a row without kind. */
extern const struct job_handler map_jobs[];

/**
 * Where the helper program of that name lies: in libexec_dir, or where the running program
 * does when that is empty.  It need not be there.
 *
 * @ret the path, in arena; NULL when /proc does not tell where the running program is
 */
const char *map_program(struct arena *arena, const char *libexec_dir, const char *name);

#endif
