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

/* Never sooner than who refused us has asked for: Retry-After of another server, for instance. */
static int64_t next_start_ms(const struct settlement *s, const struct job_claim *job)
{
	int64_t base_s = s->handler != NULL ? s->handler->kind->backoff_s : 1;
	uint64_t random;
	int64_t wait_ms;

	secret_random(&random, sizeof(random));
	wait_ms = settle_backoff_ms(base_s, job->attempt, random);
	return wait_ms > s->why->retry_s * 1000 ? wait_ms : s->why->retry_s * 1000;
}

static const char *slug_of(const struct fault *why)
{
	return why != NULL ? err_info(why->code)->slug : NULL;
}

static const char *text_of(struct ctx *cx, const struct fault *why)
{
	return why != NULL ? job_error_text(cx, why) : NULL;
}

static enum err tell_work(struct ctx *cx, const struct settlement *s, const struct job_claim *job,
                          const struct fault *why, bool again)
{
	if (s->handler == NULL || s->handler->failed == NULL)
		return ERR_OK;
	return s->handler->failed(cx, job, why, again);
}

static enum err announce(struct ctx *cx, const struct job_claim *job, const char *status,
                         const struct fault *why)
{
	const struct job_told told = {
		.job_id = job->id,
		.job_type = job->job_type,
		.status = status,
		.attempt = job->attempt,
		.error_type = slug_of(why),
		.error_message = text_of(cx, why),
	};

	return event_emit(cx, why == NULL ? &job_completed : &job_failed, job->project_id, &told);
}

static enum err note(struct ctx *cx, const struct settlement *s, const struct job_claim *job,
                     const char *outcome, const struct fault *why)
{
	const struct queue_attempt attempt = {
		.outcome = outcome,
		.host = s->host,
		.error_type = slug_of(why),
		.error_message = text_of(cx, why),
		.log = s->log,
	};

	return queue_repo_note(cx, job, &attempt);
}

/* The job will not run again, unless somebody asked for that while it ran. */
static enum err finish(struct ctx *cx, const struct settlement *s, const struct job_claim *job,
                       const struct queue_held *held, const char *status, const struct fault *why)
{
	TRY(note(cx, s, job, status, why));
	if (why != NULL)
		TRY(tell_work(cx, s, job, why, held->rerun));
	if (held->rerun)
		return queue_repo_rerun(cx, job);
	if (why == NULL)
		TRY(queue_repo_complete(cx, job, s->result));
	else
		TRY(queue_repo_bury(cx, job, status, slug_of(why), text_of(cx, why)));
	if (why == NULL && s->quiet)
		return ERR_OK;
	return announce(cx, job, status, why);
}

/* Can another attempt mend it?  Who noticed the failure knows better than the row of its code. */
static bool may_mend(const struct fault *why)
{
	return why->again == ERR_AGAIN_YES ||
	       (why->again == ERR_AGAIN_BY_CODE && err_info(why->code)->retry);
}

bool settle_again(const struct job_claim *job, const struct fault *why)
{
	return may_mend(why) && job->attempt < job->max_attempts;
}

static enum err fail(struct ctx *cx, const struct settlement *s, const struct job_claim *job,
                     const struct queue_held *held)
{
	const struct fault *why = s->why;

	if (!settle_again(job, why))
		return finish(cx, s, job, held, may_mend(why) ? "dead" : "failed", why);
	TRY(note(cx, s, job, "retrying", why));
	TRY(queue_repo_delay(cx, job, next_start_ms(s, job), false, slug_of(why),
	                     text_of(cx, why)));
	return tell_work(cx, s, job, why, true);
}

static enum err lose(struct ctx *cx, const struct settlement *s, const struct job_claim *job,
                     const struct queue_held *held)
{
	const struct fault poison = {
		.code = ERR_CHILD_KILLED,
		.detail = arena_printf(cx->arena,
		                       "%d runners in a row ended while they worked on this job",
		                       JOB_LEASE_LOSSES),
		.fix = "look for the cause in the runner's log (memory, disk) and retry the job",
	};
	const struct fault ended = {
		.code = ERR_CHILD_KILLED,
		.detail = "the runner ended, or was cut off, while it worked on this job",
	};

	if (held->lease_losses + 1 >= JOB_LEASE_LOSSES)
		return finish(cx, s, job, held, "dead", &poison);
	TRY(note(cx, s, job, "lost", &ended));
	return queue_repo_lose(cx, job);
}

enum err settle(struct ctx *cx, const struct job_claim *job, const struct queue_held *held,
                const struct settlement *s)
{
	const struct fault cancelled = {
		.code = ERR_CANCELLED,
		.detail = "the job was cancelled",
	};

	switch (s->end) {
	case SETTLE_COMPLETED:
		return finish(cx, s, job, held, "completed", NULL);
	case SETTLE_FAILED:
		return fail(cx, s, job, held);
	case SETTLE_CANCELLED:
		return finish(cx, s, job, held, "cancelled", &cancelled);
	case SETTLE_RETURNED:
		TRY(note(cx, s, job, "returned", NULL));
		return queue_repo_hand_back(cx, job);
	case SETTLE_SNOOZED:
		TRY(note(cx, s, job, "snoozed", s->why));
		return queue_repo_delay(cx, job, s->wait_ms, true, NULL, NULL);
	case SETTLE_LOST:
		if (held->cancel_requested)
			return finish(cx, s, job, held, "cancelled", &cancelled);
		return lose(cx, s, job, held);
	}
	assert(!"an end without a name");
	return ERR_INTERNAL;
}
