/*
 * The folder of a project's clone, below the setting repos_dir; for the jobs of projects.
 */
#ifndef MAPS_MAP_CLONE_H
#define MAPS_MAP_CLONE_H

#include "base/ctx.h"

/**
 * Absolute, since a child works in "/"; the folder of all clones is made when it is missing.
 * Returns ERR_UNAVAILABLE
 */
NODISCARD
enum err map_clone_dir(struct ctx *cx, int64_t project_id, const char **ret);

/** @ret bytes that a folder takes on disk.  Returns ERR_UNAVAILABLE */
NODISCARD
enum err map_clone_weigh(struct ctx *cx, const char *dir, int64_t *ret);

/**
 * Remove the clone of a project; one that is not there is removed already.
 * Returns ERR_UNAVAILABLE
 */
NODISCARD
enum err map_clone_remove(struct ctx *cx, int64_t project_id);

#endif
