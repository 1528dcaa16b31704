/* The schedule of a project's own; of lib/projects alone. */
#ifndef PROJECTS_PROJECT_SCHEDULE_H
#define PROJECTS_PROJECT_SCHEDULE_H

#include "projects/project.h"

/**
 * Make, change or delete it as a patch says; in the caller's transaction, which holds the project's row.
 *
 * @project as it is now; followed
 * Returns ERR_INVALID, blaming the members of the patch; ERR_CONFLICT when the tenant has another
 *         schedule of that name, ERR_LIMIT when it has as many as it may
 */
NODISCARD
enum err project_schedule_change(struct ctx *cx, const struct project_patch *in,
                                 struct project *project);

#endif
