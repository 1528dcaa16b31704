/*
 * Jobs as those see them who ask for work.  What claims and settles them is in
 * queue.c, what runs one attempt in run.c, what operators do in operate.c.
 */
#include "jobs/job.h"

#include "base/log.h"
#include "events/bell.h"
#include "jobs/job_repo.h"

#include <ctype.h>
#include <string.h>

#define ARGUMENTS_MAX_BYTES ((size_t)64 * 1024)

/* Enqueuers that meet at the limit are fewer than this, so that below it nobody waits for another. */
#define LIMIT_SPARE 256

static const struct field TOLD_FIELDS[] = {
	F_INT(struct job_told, job_id, .doc = "Number of the job"),
	F_TEXT(struct job_told, job_type, .doc = "What it does"),
	F_TEXT(struct job_told, status, .doc = "completed, failed, dead or cancelled"),
	F_INT(struct job_told, attempt, .doc = "Starts it took"),
	F_TEXT(struct job_told, error_type, .doc = "Last part of the problem type"),
	F_TEXT(struct job_told, error_message, .doc = "Why it failed"),
};
const struct schema job_told_schema = SCHEMA(struct job_told, "JobTold", TOLD_FIELDS);

const struct event_kind job_completed = {
	.type = "job.completed",
	.version = 1,
	.payload = &job_told_schema,
	.doc = "A job is done.",
};
const struct event_kind job_failed = {
	.type = "job.failed",
	.version = 1,
	.payload = &job_told_schema,
	.doc = "A job ended without success and is not tried again.",
};
const struct event_kind job_retried = {
	.type = "job.retried",
	.version = 1,
	.payload = &job_told_schema,
	.audited = true,
	.doc = "Somebody put a job that had ended back into its queue.",
};

/* What is wrong, and what to do: one text, in which the second is no sentence of its own. */
static const char *with_fix(struct ctx *cx, const char *detail, const char *fix)
{
	bool word = islower((unsigned char)fix[1]) != 0;

	return arena_printf(cx->arena, "%s; %c%s", detail,
	                    word ? tolower((unsigned char)fix[0]) : fix[0], fix + 1);
}

const char *job_error_text(struct ctx *cx, const struct fault *why)
{
	const char *detail = why->detail != NULL ? why->detail : err_info(why->code)->title;
	bool more = why->fix != NULL && *why->fix != '\0';
	char *text = arena_strdup(cx->arena,
	                          log_redact(cx, more ? with_fix(cx, detail, why->fix) : detail));
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
	err_set(cx, ERR_LIMIT, "the tenant has %lld jobs that have not ended, as many as it may",
	        (long long)max);
	err_fix(cx, "wait until some have ended, or ask who runs the installation to raise the "
	            "limit jobs_max of the tenant");
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
		cx->bells |= kind->light ? BELL_LIGHT : kind->waits ? BELL_WAITS : BELL_HEAVY;
	}
	if (tx.depth > 0)
		TRY(db_commit(&tx));
	*ret_id = id;
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
