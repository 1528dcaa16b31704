/* SQL of projects; of lib/projects alone. */
#ifndef PROJECTS_PROJECT_REPO_H
#define PROJECTS_PROJECT_REPO_H

#include "projects/project.h"

/**
 * @max   most projects of a tenant that has no limit of its own
 * @spare projects that must still fit below the limit afterwards
 * Returns ERR_CONFLICT; ERR_NOT_FOUND when the limit is reached
 */
NODISCARD
enum err project_repo_insert(struct ctx *cx, const struct project_new *in, int64_t max,
                             int64_t spare, struct project *ret);
/** @max_bytes of a tenant that has no limit of its own */
NODISCARD
enum err project_repo_room(struct ctx *cx, int64_t id, int64_t max_bytes, struct project_room *ret);
/** Returns ERR_NOT_FOUND */
NODISCARD
enum err project_repo_weigh(struct ctx *cx, int64_t id, int64_t clone_bytes, int64_t map_bytes);
NODISCARD
enum err project_repo_get(struct ctx *cx, int64_t id, struct project *ret);
NODISCARD
enum err project_repo_ask(struct ctx *cx, int64_t id, struct db_question **ret);
/** Returns ERR_NOT_FOUND */
NODISCARD
enum err project_repo_find(struct ctx *cx, const char *name, int64_t *ret);
/** @ret the first project that has the address, as it is stored; 0: none */
NODISCARD
enum err project_repo_of_url(struct ctx *cx, const char *url, int64_t *ret);
NODISCARD
enum err project_repo_list(struct ctx *cx, const struct project_filter *filter, struct list *ret);
/** @ret left when the filter names more than the page */
NODISCARD
enum err project_repo_list_ask(struct ctx *cx, const struct project_filter *filter,
                               struct db_question **ret);
/** @version 0: any.  Returns ERR_NOT_FOUND for no such project or another version, ERR_CONFLICT */
NODISCARD
enum err project_repo_update(struct ctx *cx, int64_t id, int64_t version,
                             const struct project_patch *in, struct project *ret);
/** @ret as it was.  Returns ERR_NOT_FOUND for no such project or another version */
/** @schedule_id 0: none.  The version is left: it goes with project_repo_update() */
NODISCARD
enum err project_repo_schedule(struct ctx *cx, int64_t id, int64_t schedule_id,
                               struct project *ret);
NODISCARD
enum err project_repo_delete(struct ctx *cx, int64_t id, int64_t version, struct project *ret);
/** Returns ERR_NOT_FOUND for no such project, and when it is so already */
NODISCARD
enum err project_repo_follow(struct ctx *cx, int64_t id, const char *status, const char *error_type,
                             const char *error, const char *head_commit, struct project *ret);

#endif
