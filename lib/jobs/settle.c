/* The end of an attempt: history, another start, events, and word to what the job works on. */
#include "jobs/settle.h"

#include "base/secret.h"

int64_t settle_backoff_ms(int64_t base_s, int64_t attempt, uint64_t random)
{
	int64_t ceiling_s = base_s;

	for (int64_t i = 1; i < attempt && ceiling_s < SETTLE_BACKOFF_MAX_S; i++)
		ceiling_s *= 2;
	if (ceiling_s > SETTLE_BACKOFF_MAX_S)
		ceiling_s = SETTLE_BACKOFF_MAX_S;
	return (int64_t)(random % (uint64_t)(ceiling_s * 1000 + 1));
}

static int64_t next_start_ms(const struct job_handler *handler, const struct job_claim *job)
{
	uint64_t random;

	secret_random(&random, sizeof(random));
	return settle_backoff_ms(handler != NULL ? handler->kind->backoff_s : 1, job->attempt,
	                         random);
}

static enum err tell_work(struct ctx *cx, const struct job_handler *handler,
                          const struct job_claim *job, const struct fault *why, bool again)
{
	if (handler == NULL || handler->failed == NULL)
		return ERR_OK;
	return handler->failed(cx, job, why, again);
}

static enum err announce(struct ctx *cx, const struct job_claim *job, const char *status,
                         const struct fault *why)
{
	const struct job_told told = {
		.job_id = job->id,
		.job_type = job->job_type,
		.status = status,
		.attempt = job->attempt,
		.error_type = why != NULL ? err_info(why->code)->slug : NULL,
		.error_message = why != NULL ? job_error_text(cx, why) : NULL,
	};

	return event_emit(cx, why == NULL ? &job_completed : &job_failed, job->project_id, &told);
}

/* The job will not run again, unless somebody asked for that while it ran. */
static enum err finish(struct ctx *cx, const struct job_handler *handler,
                       const struct job_claim *job, const struct queue_held *held,
                       const char *status, const struct fault *why, const char *result)
{
	if (why != NULL)
		TRY(tell_work(cx, handler, job, why, held->rerun));
	if (held->rerun)
		return queue_repo_rerun(cx, job);
	if (why == NULL)
		TRY(queue_repo_complete(cx, job, result));
	else
		TRY(queue_repo_bury(cx, job, status, err_info(why->code)->slug,
		                    job_error_text(cx, why)));
	return announce(cx, job, status, why);
}

bool settle_again(const struct job_claim *job, const struct fault *why)
{
	return err_info(why->code)->retry && job->attempt < job->max_attempts;
}

static enum err fail(struct ctx *cx, const struct job_handler *handler, const struct job_claim *job,
                     const struct queue_held *held, const struct fault *why)
{
	if (!settle_again(job, why))
		return finish(cx, handler, job, held,
		              err_info(why->code)->retry ? "dead" : "failed", why, NULL);
	TRY(queue_repo_delay(cx, job, next_start_ms(handler, job), err_info(why->code)->slug,
	                     job_error_text(cx, why)));
	return tell_work(cx, handler, job, why, true);
}

static enum err lose(struct ctx *cx, const struct job_handler *handler, const struct job_claim *job,
                     const struct queue_held *held)
{
	const struct fault why = {
		.code = ERR_CHILD_KILLED,
		.detail = arena_printf(cx->arena,
		                       "%d runners in a row ended while they worked on this job",
		                       JOB_LEASE_LOSSES),
		.fix = "look for the cause in the runner's log (memory, disk) and retry the job",
	};

	if (held->lease_losses + 1 < JOB_LEASE_LOSSES)
		return queue_repo_lose(cx, job);
	return finish(cx, handler, job, held, "dead", &why, NULL);
}

enum err settle(struct ctx *cx, const struct job_handler *handler, const struct job_claim *job,
                const struct queue_held *held, enum settle_end end, const struct fault *why,
                const char *result)
{
	const struct fault cancelled = {
		.code = ERR_CANCELLED,
		.detail = "the job was cancelled",
	};

	switch (end) {
	case SETTLE_COMPLETED:
		return finish(cx, handler, job, held, "completed", NULL, result);
	case SETTLE_FAILED:
		return fail(cx, handler, job, held, why);
	case SETTLE_CANCELLED:
		return finish(cx, handler, job, held, "cancelled", &cancelled, NULL);
	case SETTLE_RETURNED:
		return queue_repo_hand_back(cx, job);
	case SETTLE_LOST:
		if (held->cancel_requested)
			return finish(cx, handler, job, held, "cancelled", &cancelled, NULL);
		return lose(cx, handler, job, held);
	}
	assert(!"an end without a name");
	return ERR_INTERNAL;
}
