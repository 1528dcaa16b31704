/* SQL of those who ask for jobs; of lib/jobs alone.  jobs/queue_repo.h has the runner's. */
#ifndef JOBS_JOB_REPO_H
#define JOBS_JOB_REPO_H

#include "jobs/job.h"

/**
 * @args  JSON text
 * @spare jobs that must still fit below the tenant's limit afterwards
 * Returns ERR_NOT_FOUND when the unique key's job went away meanwhile, or the limit is reached
 */
NODISCARD
enum err job_repo_insert(struct ctx *cx, const struct job_kind *kind, const struct job_new *in,
                         const char *args, int64_t spare, int64_t *ret_id);
/** Be the only one who looks for this key, until the transaction ends. */
NODISCARD
enum err job_repo_lock_key(struct ctx *cx, const struct job_kind *kind, const char *key);
/** @ret the newest ended job that counts as this one; ERR_NOT_FOUND */
NODISCARD
enum err job_repo_ended(struct ctx *cx, const struct job_kind *kind, const char *key, int64_t *ret);
/** Let a blocked job wait for others.  @ids an array in PostgreSQL's text form */
NODISCARD
enum err job_repo_await(struct ctx *cx, int64_t id, const char *ids);
/** @ret one of ids that is neither waited for nor completed; 0: there is none */
NODISCARD
enum err job_repo_await_missing(struct ctx *cx, int64_t id, const char *ids, int64_t *ret);
/** Unblock a job that waits for nothing. */
NODISCARD
enum err job_repo_await_over(struct ctx *cx, int64_t id);
/** Be the only one of the tenant who counts, until the transaction ends. */
NODISCARD
enum err job_repo_lock_count(struct ctx *cx);
/** @ret the most unfinished jobs of the tenant */
NODISCARD
enum err job_repo_max(struct ctx *cx, int64_t *ret);
NODISCARD
enum err job_repo_stop_all(struct ctx *cx, int64_t but);
NODISCARD
enum err job_repo_running(struct ctx *cx, int64_t but, int64_t *ret);
NODISCARD
enum err job_repo_drop_waiting(struct ctx *cx, int64_t project_id);
NODISCARD
enum err job_repo_cancel_running(struct ctx *cx, int64_t project_id);

#endif
