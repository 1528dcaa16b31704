/* SQL of jobs as people see them; of lib/jobs alone. */
#ifndef JOBS_OPERATE_REPO_H
#define JOBS_OPERATE_REPO_H

#include "jobs/operate.h"

NODISCARD
enum err operate_repo_get(struct ctx *cx, int64_t id, struct job *ret);
NODISCARD
enum err operate_repo_look_ask(struct ctx *cx, int64_t id, struct db_question **ret);
NODISCARD
enum err operate_repo_list(struct ctx *cx, const struct job_filter *filter, struct list *ret);
NODISCARD
enum err operate_repo_list_dead(struct ctx *cx, const struct job_filter *filter, struct list *ret);
NODISCARD
enum err operate_repo_attempts(struct ctx *cx, int64_t id, int64_t before, int64_t limit,
                               struct list *ret);
/** @arguments JSON  Returns ERR_NOT_FOUND when it is no dead letter, ERR_CONFLICT */
NODISCARD
enum err operate_repo_retry(struct ctx *cx, int64_t id, const char *arguments, int64_t priority,
                            const char *queue);
/** Lock an unfinished job.  @ret its state  Returns ERR_NOT_FOUND when there is none */
NODISCARD
enum err operate_repo_hold(struct ctx *cx, int64_t id, const char **ret);
/** Of a job that is held and does not run. */
NODISCARD
enum err operate_repo_cancel_waiting(struct ctx *cx, int64_t id, const char *error_type,
                                     const char *error_message);
/** Of a job that is held and runs; its runner is notified. */
NODISCARD
enum err operate_repo_cancel_running(struct ctx *cx, int64_t id);
/** @ret_rows 0 when it is no dead letter */
NODISCARD
enum err operate_repo_discard(struct ctx *cx, int64_t id, int64_t *ret_rows);
/** @dead of the dead letters; else of those that wait and run.  @ret items are struct job_skipped, ids alone */
NODISCARD
enum err operate_repo_select(struct ctx *cx, const struct job_filter *filter, bool dead,
                             struct list *ret);
NODISCARD
enum err operate_repo_count(struct ctx *cx, struct job_counts *ret);

#endif
