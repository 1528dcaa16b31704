/* What people see of jobs, and retrying, cancelling and discarding one.  Many at once: bulk.c. */
#include "jobs/operate.h"

#include "events/bell.h"
#include "jobs/operate_repo.h"

#include <string.h>

#define ARGUMENTS_MAX_BYTES ((size_t)64 * 1024)

static const char *const STATUSES[] = { "pending", "running", "retrying",  "completed",
	                                "failed",  "dead",    "cancelled", NULL };
static const char *const OUTCOMES[] = { "completed", "retrying", "failed", "dead", "cancelled",
	                                "returned",  "snoozed",  "lost",   NULL };

#define JOB_FIELDS                                                                                 \
	F_INT(struct job, id, .example = "17", .doc = "Number of the job"),                        \
		F_INT(struct job, project_id, .zero_is_null = true,                                \
	              .doc = "The project it works for"),                                          \
		F_TEXT(struct job, queue, .doc = "Queue in which it waits"),                       \
		F_TEXT(struct job, job_type, .max = JOB_TYPE_MAX,                                  \
	               .example = "\"repository_processing\"", .doc = "What it does"),             \
		F_TEXT(struct job, status, .one_of = STATUSES,                                     \
	               .doc = "retrying: failed and waits for its next start; dead: attempts "     \
	                      "used up"),                                                          \
		F_INT(struct job, priority, .doc = "1 is served first, 4 last"),                   \
		F_INT(struct job, progress, .max = 100, .doc = "Percent done"),                    \
		F_TEXT(struct job, message, .doc = "What it is doing"),                            \
		F_INT(struct job, attempt, .doc = "Starts so far"),                                \
		F_INT(struct job, max_attempts, .doc = "Starts before it is dead"),                \
		F_JSON(struct job, arguments, .doc = "What was asked for"),                        \
		F_JSON(struct job, result, .nullable = true,                                       \
	               .doc = "What came of it; null before completion"),                          \
		F_TEXT(struct job, error_type, .nullable = true,                                   \
	               .doc = "Last part of the problem type of its last failure"),                \
		F_TEXT(struct job, error_message, .nullable = true,                                \
	               .doc = "Why it failed, and what to do"),                                    \
		F_TEXT(struct job, request_id, .nullable = true,                                   \
	               .doc = "The request that asked for it, or the schedule"),                   \
		F_TIME(struct job, run_us, .nullable = true, .name = "run_at",                     \
	               .doc = "Not started before this time"),                                     \
		F_TIME(struct job, created_us, .name = "created_at",                               \
	               .doc = "When it was asked for"),                                            \
		F_TIME(struct job, started_us, .nullable = true, .name = "started_at",             \
	               .doc = "When it last started"),                                             \
		F_TIME(struct job, finished_us, .nullable = true, .name = "finished_at",           \
	               .doc = "When it ended")

static const struct field FIELDS[] = { JOB_FIELDS };
const struct schema job_schema = SCHEMA(struct job, "Job", FIELDS);

/* The job is the first member, so its fields are at the same offsets. */
static_assert(offsetof(struct job_detail, job) == 0, "the job comes first");
static const struct field DETAIL_FIELDS[] = {
	JOB_FIELDS,
	F_LIST(struct job_detail, waits_for, .item = FIELD_INT,
	       .doc = "Jobs that must be completed before it starts"),
	F_INT(struct job_detail, attempts_kept,
	      .doc = "Ended attempts that can be looked at, below attempts"),
	F_BOOL(struct job_detail, cancel_requested, .doc = "It runs, and was asked to stop"),
	F_JSON(struct job_detail, checkpoint, .nullable = true,
	       .doc = "Where it would go on when it starts again; null: at its beginning"),
};
const struct schema job_detail_schema = SCHEMA(struct job_detail, "JobDetail", DETAIL_FIELDS);

static const struct field ATTEMPT_FIELDS[] = {
	F_INT(struct job_attempt, token, .doc = "Number of the start; rises with each"),
	F_INT(struct job_attempt, attempt, .doc = "Which attempt of the job it was"),
	F_TEXT(struct job_attempt, outcome, .one_of = OUTCOMES,
	       .doc = "What became of it; returned: the runner stopped; snoozed: it asked to wait; "
	              "lost: its runner died"),
	F_TEXT(struct job_attempt, error_type, .nullable = true,
	       .doc = "Last part of the problem type"),
	F_TEXT(struct job_attempt, error_message, .nullable = true,
	       .doc = "Why it failed, and what to do"),
	F_TEXT(struct job_attempt, host, .doc = "Where it ran"),
	F_JSON(struct job_attempt, log, .doc = "Its last log lines, oldest first"),
	F_TIME(struct job_attempt, started_us, .nullable = true, .name = "started_at",
	       .doc = "When it started"),
	F_TIME(struct job_attempt, finished_us, .name = "finished_at", .doc = "When it ended"),
};
const struct schema job_attempt_schema = SCHEMA(struct job_attempt, "JobAttempt", ATTEMPT_FIELDS);

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

const struct event_kind job_cancelled = {
	.type = "job.cancelled",
	.version = 1,
	.payload = &job_told_schema,
	.audited = true,
	.doc = "Somebody cancelled a job that waited.",
};
const struct event_kind job_cancel_requested = {
	.type = "job.cancel_requested",
	.version = 1,
	.payload = &job_told_schema,
	.audited = true,
	.doc = "Somebody asked a job that runs to stop; job.failed follows once it has.",
};
const struct event_kind job_discarded = {
	.type = "job.discarded",
	.version = 1,
	.payload = &job_told_schema,
	.audited = true,
	.doc = "Somebody deleted a job that had ended without success.",
};

/* --- Looking --- */

static enum err unknown(struct ctx *cx, enum err e, int64_t id)
{
	return e == ERR_NOT_FOUND ? err_set(cx, e, "there is no job %lld", (long long)id) : e;
}

enum err job_get(struct ctx *cx, int64_t id, struct job *ret)
{
	return unknown(cx, operate_repo_get(cx, id, ret), id);
}

enum err job_look_ask(struct ctx *cx, int64_t id, struct db_question **ret)
{
	return operate_repo_look_ask(cx, id, ret);
}

enum err job_look_answer(struct ctx *cx, int64_t id, struct db_question *q, struct job_detail *ret)
{
	return unknown(cx, db_answer(cx, q, &job_detail_schema, ret), id);
}

enum err job_list(struct ctx *cx, const struct job_filter *filter, struct list *ret)
{
	return operate_repo_list(cx, filter, ret);
}

enum err job_list_dead(struct ctx *cx, const struct job_filter *filter, struct list *ret)
{
	return operate_repo_list_dead(cx, filter, ret);
}

enum err job_attempts(struct ctx *cx, int64_t id, int64_t before, int64_t limit, struct list *ret)
{
	struct job job;

	TRY(job_get(cx, id, &job));
	return operate_repo_attempts(cx, id, before, limit, ret);
}

enum err job_count(struct ctx *cx, struct job_counts *ret)
{
	return operate_repo_count(cx, ret);
}

/* --- Retrying --- */

const struct job_kind *job_kind_of(job_kinds kinds, const char *type)
{
	for (int i = 0; kinds[i] != NULL; i++) {
		if (strcmp(kinds[i]->type, type) == 0)
			return kinds[i];
	}
	return NULL;
}

/* What is wrong is in the arguments: say so of every field. */
static void blame_arguments(struct ctx *cx)
{
	struct fault *fault = &cx->fault;

	for (int i = 0; i < fault->nfields && i < FAULT_ERRORS_MAX; i++)
		fault->fields[i].pointer =
			arena_printf(cx->arena, "/arguments%s", fault->fields[i].pointer);
}

/* Jobs of one project run one after the other; that goes by the job's own project. */
static enum err check_project(struct ctx *cx, const struct schema *s, const void *in,
                              int64_t project_id)
{
	const struct field *f = schema_field(s, "project_id");
	int64_t named;

	if (f == NULL || f->type != FIELD_INT)
		return ERR_OK;
	memcpy(&named, (const char *)in + f->offset, sizeof(named));
	if (named == project_id)
		return ERR_OK;
	err_field(cx, ERR_INVALID, "/arguments/project_id", "fixed",
	          "the job works for project %lld and stays with it", (long long)project_id);
	err_fix(cx, "leave it at %lld, or ask for the work at the other project",
	        (long long)project_id);
	return ERR_INVALID;
}

enum err job_check_arguments(struct ctx *cx, const struct job_kind *kind, int64_t project_id,
                             const char *text, const char **ret)
{
	struct sb sb = sb_new(cx->arena, ARGUMENTS_MAX_BYTES);
	void *in = arena_alloc(cx->arena, kind->arguments->size);
	enum err e = schema_decode(cx, kind->arguments, (struct span){ text, strlen(text) }, in);

	if (e != ERR_OK) {
		blame_arguments(cx);
		return e;
	}
	TRY(check_project(cx, kind->arguments, in, project_id));
	schema_encode(&sb, kind->arguments, in);
	return sb_finish(cx, &sb, ret);
}

static enum err check_arguments(struct ctx *cx, const struct job_kind *kind, const struct job *job,
                                const char *text, const char **ret)
{
	if (kind == NULL)
		return err_field(cx, ERR_INVALID, "/arguments", "kind",
		                 "jobs of type %s are of another version of the program, which "
		                 "alone can check their arguments",
		                 job->job_type);
	return job_check_arguments(cx, kind, job->project_id, text, ret);
}

/* A runner looks for a kind in the queues of kinds that are as heavy: elsewhere it would wait for ever. */
static enum err check_queue(struct ctx *cx, job_kinds kinds, const struct job *job,
                            const char *queue)
{
	const struct job_kind *kind = job_kind_of(kinds, job->job_type);
	struct sb sb = sb_new(cx->arena, FAULT_DETAIL_MAX / 2);

	for (int i = 0; kind != NULL && kinds[i] != NULL; i++) {
		if (kinds[i]->light != kind->light || kinds[i]->waits != kind->waits)
			continue;
		if (strcmp(kinds[i]->queue, queue) == 0)
			return ERR_OK;
		if (strstr(sb.data != NULL ? sb.data : "", kinds[i]->queue) == NULL)
			sb_addf(&sb, "%s%s", sb.len > 0 ? ", " : "", kinds[i]->queue);
	}
	return err_field(cx, ERR_INVALID, "/queue", "one_of",
	                 "is no queue in which a runner looks for jobs of type %s; such are: %s",
	                 job->job_type, sb.len > 0 ? sb.data : "none");
}

static enum err not_dead(struct ctx *cx, const struct job *job, const char *what)
{
	bool done = strcmp(job->status, "completed") == 0;

	err_set(cx, ERR_STATE, "job %lld is %s; only failed, dead and cancelled jobs can be %s",
	        (long long)job->id, job->status, what);
	if (done)
		err_fix(cx, "nothing needs to be done: its work is there");
	else
		err_fix(cx, "cancel it first, or wait until it has ended");
	return ERR_STATE;
}

static bool is_dead(const struct job *job)
{
	return strcmp(job->status, "failed") == 0 || strcmp(job->status, "dead") == 0 ||
	       strcmp(job->status, "cancelled") == 0;
}

static enum err tell(struct ctx *cx, const struct event_kind *kind, const struct job *job)
{
	const struct job_told told = {
		.job_id = job->id,
		.job_type = job->job_type,
		.status = job->status,
		.attempt = job->attempt,
		.error_type = job->error_type,
		.error_message = job->error_message,
	};

	return event_emit(cx, kind, job->project_id, &told);
}

/* It was a dead letter when it was looked at; somebody else may be faster. */
static enum err take_back(struct ctx *cx, const struct job *job, const char *arguments,
                          const struct job_change *change)
{
	struct job now;
	enum err e = operate_repo_retry(cx, job->id, arguments, change->priority, change->queue);

	if (e == ERR_CONFLICT) {
		err_set(cx, e, "another job that does the same work has not ended yet");
		err_fix(cx, "wait for that job; it serves this request too");
	}
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	TRY(job_get(cx, job->id, &now));
	return not_dead(cx, &now, "retried");
}

enum err job_retry(struct ctx *cx, job_kinds kinds, int64_t id, const struct job_change *change,
                   struct job *ret)
{
	static const struct job_change NOTHING = { 0 };
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const char *arguments = NULL;
	struct job job;

	if (change == NULL)
		change = &NOTHING;
	TRY(db_begin(cx, &tx));
	TRY(job_get(cx, id, &job));
	if (!is_dead(&job))
		return not_dead(cx, &job, "retried");
	if (change->arguments != NULL)
		TRY(check_arguments(cx, job_kind_of(kinds, job.job_type), &job, change->arguments,
		                    &arguments));
	if (change->queue != NULL)
		TRY(check_queue(cx, kinds, &job, change->queue));
	TRY(take_back(cx, &job, arguments, change));
	TRY(job_get(cx, id, &job));
	TRY(tell(cx, &job_retried, &job));
	TRY(db_commit(&tx));
	cx->bells |= BELL_HEAVY | BELL_LIGHT | BELL_WAITS;
	*ret = job;
	return ERR_OK;
}

/* --- Cancelling and discarding --- */

/* As the job itself, as if its attempt had ended so. */
static enum err end_waiting(struct ctx *cx, job_kinds kinds, const struct job *job)
{
	const struct job_kind *kind = job_kind_of(kinds, job->job_type);
	const char *actor = cx->who.actor;
	enum err e = ERR_OK;

	cx->who.actor = arena_printf(cx->arena, "job:%lld", (long long)job->id);
	if (kind != NULL && kind->cancelled != NULL)
		e = kind->cancelled(cx, job->id, job->project_id);
	if (e == ERR_OK)
		e = tell(cx, &job_failed, job);
	cx->who.actor = actor;
	return e;
}

static enum err cancel_waiting(struct ctx *cx, job_kinds kinds, int64_t id, struct job *ret)
{
	TRY(operate_repo_cancel_waiting(cx, id, err_info(ERR_CANCELLED)->slug,
	                                "the job was cancelled"));
	TRY(job_get(cx, id, ret));
	TRY(end_waiting(cx, kinds, ret));
	return tell(cx, &job_cancelled, ret);
}

static enum err cancel_running(struct ctx *cx, int64_t id, struct job *ret)
{
	TRY(operate_repo_cancel_running(cx, id));
	TRY(job_get(cx, id, ret));
	return tell(cx, &job_cancel_requested, ret);
}

enum err job_cancel(struct ctx *cx, job_kinds kinds, int64_t id, struct job *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const char *state;
	struct job job;
	enum err e;

	TRY(db_begin(cx, &tx));
	/* A start and an end lock the row as well: from here on it stays as it is. */
	e = operate_repo_hold(cx, id, &state);
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		TRY(job_get(cx, id, &job));
		err_set(cx, ERR_STATE, "job %lld is %s already", (long long)id, job.status);
		err_fix(cx, "only jobs that wait or run can be cancelled");
		return ERR_STATE;
	}
	TRY(e);
	if (strcmp(state, "running") == 0)
		TRY(cancel_running(cx, id, &job));
	else
		TRY(cancel_waiting(cx, kinds, id, &job));
	TRY(db_commit(&tx));
	*ret = job;
	return ERR_OK;
}

enum err job_discard(struct ctx *cx, int64_t id)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct job job;
	int64_t rows;

	TRY(db_begin(cx, &tx));
	TRY(job_get(cx, id, &job));
	if (!is_dead(&job))
		return not_dead(cx, &job, "discarded");
	TRY(operate_repo_discard(cx, id, &rows));
	if (rows == 0) {
		TRY(job_get(cx, id, &job)); /* gone as well, or taken back */
		return not_dead(cx, &job, "discarded");
	}
	TRY(tell(cx, &job_discarded, &job));
	return db_commit(&tx);
}
