/* SQL of projects; of lib/projects alone. */
#ifndef PROJECTS_PROJECT_REPO_H
#define PROJECTS_PROJECT_REPO_H

#include "projects/project.h"

/** @max most projects of the tenant.  Returns ERR_CONFLICT; ERR_NOT_FOUND when there are max */
NODISCARD
enum err project_repo_insert(struct ctx *cx, const struct project_new *in, int64_t max,
                             struct project *ret);
NODISCARD
enum err project_repo_get(struct ctx *cx, int64_t id, struct project *ret);
NODISCARD
enum err project_repo_list(struct ctx *cx, const struct project_filter *filter, struct list *ret);
/** @version 0: any.  Returns ERR_NOT_FOUND for no such project or another version, ERR_CONFLICT */
NODISCARD
enum err project_repo_update(struct ctx *cx, int64_t id, int64_t version,
                             const struct project_patch *in, struct project *ret);
/** @ret as it was.  Returns ERR_NOT_FOUND for no such project or another version */
NODISCARD
enum err project_repo_delete(struct ctx *cx, int64_t id, int64_t version, struct project *ret);
/** Returns ERR_NOT_FOUND for no such project, and when it is so already */
NODISCARD
enum err project_repo_follow(struct ctx *cx, int64_t id, const char *status, const char *error_type,
                             const char *error, const char *head_commit, struct project *ret);

#endif
