/*
 * Jobs as those see them who ask for work and watch it.  What claims and
 * settles them is in queue.c, what runs one attempt in run.c.
 */
#include "jobs/job.h"

#include "base/log.h"
#include "events/bell.h"
#include "jobs/job_repo.h"

#include <string.h>

#define ARGUMENTS_MAX_BYTES ((size_t)64 * 1024)

/* Enqueuers that meet at the limit are fewer than this, so that below it nobody waits for another. */
#define LIMIT_SPARE 256

static const char *const STATUSES[] = { "pending", "running", "retrying",  "completed",
	                                "failed",  "dead",    "cancelled", NULL };

static const struct field JOB_FIELDS[] = {
	F_INT(struct job, id, .example = "17", .doc = "Number of the job"),
	F_INT(struct job, project_id, .zero_is_null = true, .doc = "The project it works for"),
	F_TEXT(struct job, queue, .doc = "Queue in which it waits"),
	F_TEXT(struct job, job_type, .max = JOB_TYPE_MAX, .example = "\"repository_processing\"",
	       .doc = "What it does"),
	F_TEXT(struct job, status, .one_of = STATUSES,
	       .doc = "retrying: failed and waits for its next start; dead: attempts used up"),
	F_INT(struct job, priority, .doc = "1 is served first, 4 last"),
	F_INT(struct job, progress, .max = 100, .doc = "Percent done"),
	F_TEXT(struct job, message, .doc = "What it is doing"),
	F_INT(struct job, attempt, .doc = "Starts so far"),
	F_INT(struct job, max_attempts, .doc = "Starts before it is dead"),
	F_JSON(struct job, arguments, .doc = "What was asked for"),
	F_JSON(struct job, result, .nullable = true,
	       .doc = "What came of it; null before completion"),
	F_TEXT(struct job, error_type, .nullable = true,
	       .doc = "Last part of the problem type of its last failure"),
	F_TEXT(struct job, error_message, .nullable = true, .doc = "Why it failed, and what to do"),
	F_TEXT(struct job, request_id, .nullable = true, .doc = "The request that asked for it"),
	F_TIME(struct job, run_us, .nullable = true, .name = "run_at",
	       .doc = "Not started before this time"),
	F_TIME(struct job, created_us, .name = "created_at", .doc = "When it was asked for"),
	F_TIME(struct job, started_us, .nullable = true, .name = "started_at",
	       .doc = "When it last started"),
	F_TIME(struct job, finished_us, .nullable = true, .name = "finished_at",
	       .doc = "When it ended"),
};
const struct schema job_schema = SCHEMA(struct job, "Job", JOB_FIELDS);

static const struct field COUNT_FIELDS[] = {
	F_INT(struct job_counts, pending, .doc = "Jobs that wait for their first start"),
	F_INT(struct job_counts, running, .doc = "Jobs that run"),
	F_INT(struct job_counts, retrying, .doc = "Jobs that failed and wait for their next start"),
	F_INT(struct job_counts, completed, .doc = "Kept jobs that were done"),
	F_INT(struct job_counts, failed, .doc = "Kept jobs that failed for good"),
	F_INT(struct job_counts, dead, .doc = "Kept jobs that used up their attempts"),
	F_INT(struct job_counts, cancelled, .doc = "Kept jobs that were cancelled"),
	F_INT(struct job_counts, oldest_pending_s,
	      .doc = "Seconds for which the oldest startable job has waited"),
	F_INT(struct job_counts, runners, .doc = "Job runners that are alive"),
};
const struct schema job_counts_schema = SCHEMA(struct job_counts, "JobCounts", COUNT_FIELDS);

static const struct field TOLD_FIELDS[] = {
	F_INT(struct job_told, job_id, .doc = "Number of the job"),
	F_TEXT(struct job_told, job_type, .doc = "What it does"),
	F_TEXT(struct job_told, status, .doc = "completed, failed, dead or cancelled"),
	F_INT(struct job_told, attempt, .doc = "Starts it took"),
	F_TEXT(struct job_told, error_type, .doc = "Last part of the problem type"),
	F_TEXT(struct job_told, error_message, .doc = "Why it failed"),
};
static const struct schema TOLD = SCHEMA(struct job_told, "JobTold", TOLD_FIELDS);

const struct event_kind job_completed = {
	.type = "job.completed",
	.version = 1,
	.payload = &TOLD,
	.doc = "A job is done.",
};
const struct event_kind job_failed = {
	.type = "job.failed",
	.version = 1,
	.payload = &TOLD,
	.doc = "A job ended without success and is not tried again.",
};
const struct event_kind job_retried = {
	.type = "job.retried",
	.version = 1,
	.payload = &TOLD,
	.audited = true,
	.doc = "Somebody put a job that had ended back into its queue.",
};

const char *job_error_text(struct ctx *cx, const struct fault *why)
{
	const char *detail = why->detail != NULL ? why->detail : err_info(why->code)->title;
	bool more = why->fix != NULL;
	char *text = arena_strdup(
		cx->arena, log_redact(cx, more ? arena_printf(cx->arena, "%s; %s", detail, why->fix)
	                                       : detail));
	size_t n;

	n = strlen(text);
	if (n > JOB_ERROR_MAX) {
		n = JOB_ERROR_MAX;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--; /* not in the middle of a character */
		text[n] = '\0';
	}
	return text;
}

static enum err too_many(struct ctx *cx)
{
	int64_t max;

	err_clear(cx);
	TRY(job_repo_max(cx, &max));
	err_set(cx, ERR_LIMIT, "the tenant may have %lld jobs that have not ended", (long long)max);
	err_fix(cx, "wait until some have ended, or ask the operator to raise the limit jobs_max");
	return ERR_LIMIT;
}

/*
 * Write the row.  The job that holds the unique key may end between the look at the key and the update of
 * its row.  Then neither happens, and the second look finds the key free.  Near the tenant's limit the
 * second look is the one that counts, and only one at a time does.
 */
static enum err insert(struct ctx *cx, const struct job_kind *kind, const struct job_new *in,
                       const char *text, int64_t *ret_id)
{
	enum err e = job_repo_insert(cx, kind, in, text, LIMIT_SPARE, ret_id);

	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	if (!kind->always)
		TRY(job_repo_lock_count(cx));
	e = job_repo_insert(cx, kind, in, text, 0, ret_id);
	return e == ERR_NOT_FOUND && !kind->always ? too_many(cx) : e;
}

/*
 * Let a new job wait for others.  Those that are completed already need no waiting.  One that ends while
 * we look is in no place that the statement sees, so what is missing is looked for once more.
 */
static enum err await(struct ctx *cx, int64_t id, const struct job_new *in)
{
	struct sb sb = sb_new(cx->arena, (size_t)JOB_AFTER_MAX * 24);
	int64_t missing = 0;
	const char *ids;

	assert(in->nafter <= JOB_AFTER_MAX);
	for (size_t i = 0; i < in->nafter; i++)
		sb_addf(&sb, "%c%lld", i == 0 ? '{' : ',', (long long)in->after[i]);
	sb_addc(&sb, '}');
	TRY(sb_finish(cx, &sb, &ids));
	TRY(job_repo_await(cx, id, ids));
	TRY(job_repo_await_missing(cx, id, ids, &missing));
	if (missing != 0) {
		err_set(cx, ERR_STATE, "job %lld, which is to be waited for, is %s",
		        (long long)missing, "cancelled or not known");
		err_fix(cx, "name jobs that have not ended, or that are completed");
		return ERR_STATE;
	}
	return job_repo_await_over(cx, id);
}

/* @ret_id of an ended job that counts as this one; 0: there is none */
static enum err find_ended(struct ctx *cx, const struct job_kind *kind, const struct job_new *in,
                           int64_t *ret_id)
{
	enum err e;

	*ret_id = 0;
	if (in->unique_key == NULL || kind->unique_ended == 0)
		return ERR_OK;
	TRY(job_repo_lock_key(cx, kind, in->unique_key));
	e = job_repo_ended(cx, kind, in->unique_key, ret_id);
	if (e == ERR_NOT_FOUND)
		err_clear(cx);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err job_enqueue(struct ctx *cx, const struct job_kind *kind, const struct job_new *in,
                     const void *args, int64_t *ret_id)
{
	struct sb sb = sb_new(cx->arena, ARGUMENTS_MAX_BYTES);
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const char *text;
	int64_t id = 0;

	assert(in->priority >= 0 && in->priority <= 4);
	assert(in->nafter == 0 || in->unique_key == NULL);
	schema_encode(&sb, kind->arguments, args);
	TRY(sb_finish(cx, &sb, &text));
	if (in->nafter > 0 || (in->unique_key != NULL && kind->unique_ended != 0))
		TRY(db_begin(cx, &tx));
	TRY(find_ended(cx, kind, in, &id));
	if (id == 0) {
		TRY(insert(cx, kind, in, text, &id));
		if (in->nafter > 0)
			TRY(await(cx, id, in));
		cx->bells |= kind->light ? BELL_LIGHT : BELL_HEAVY;
	}
	if (tx.depth > 0)
		TRY(db_commit(&tx));
	*ret_id = id;
	return ERR_OK;
}

enum err job_get(struct ctx *cx, int64_t id, struct job *ret)
{
	enum err e = job_repo_get(cx, id, ret);

	if (e == ERR_NOT_FOUND)
		return err_set(cx, e, "there is no job %lld", (long long)id);
	return e;
}

enum err job_list(struct ctx *cx, const struct job_filter *filter, struct list *ret)
{
	return job_repo_list(cx, filter, ret);
}

enum err job_retry(struct ctx *cx, int64_t id, struct job *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct job job;
	enum err e;

	TRY(db_begin(cx, &tx));
	e = job_repo_retry(cx, id);
	if (e == ERR_CONFLICT) {
		err_set(cx, e, "another job that does the same work has not ended yet");
		err_fix(cx, "wait for that job; it serves this request too");
		return e;
	}
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		TRY(job_get(cx, id, &job));
		err_set(cx, ERR_STATE, "job %lld is %s", (long long)id, job.status);
		err_fix(cx, "only failed, dead and cancelled jobs can be retried");
		return ERR_STATE;
	}
	TRY(e);
	TRY(job_get(cx, id, &job));
	TRY(event_emit(cx, &job_retried, job.project_id,
	               &(struct job_told){ .job_id = id,
	                                   .job_type = job.job_type,
	                                   .status = job.status,
	                                   .attempt = job.attempt }));
	TRY(db_commit(&tx));
	cx->bells |= BELL_HEAVY | BELL_LIGHT;
	*ret = job;
	return ERR_OK;
}

enum err job_drop_project(struct ctx *cx, int64_t project_id)
{
	TRY(job_repo_drop_waiting(cx, project_id));
	return job_repo_cancel_running(cx, project_id);
}

enum err job_stop_all(struct ctx *cx, int64_t but)
{
	return job_repo_stop_all(cx, but);
}

enum err job_running(struct ctx *cx, int64_t but, int64_t *ret)
{
	return job_repo_running(cx, but, ret);
}

enum err job_count(struct ctx *cx, struct job_counts *ret)
{
	return job_repo_count(cx, ret);
}
