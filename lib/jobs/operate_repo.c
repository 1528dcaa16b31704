/* SQL of jobs as people see them and what they do with them. */
#include "jobs/operate_repo.h"

#include <stdlib.h>

#define TIMES                                                                                      \
	DB_US("run_at") ", " DB_US("created_at") ", " DB_US("started_at") ", " DB_US("finished_at")

#define COLUMNS                                                                                    \
	"id, project_id, queue, job_type, priority, status, progress, message, attempt,"           \
	" max_attempts, arguments, result, error_type, error_message, request_id, " TIMES

static const struct db_stmt GET = {
	.name = "job_get",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM app.job WHERE tenant_id = $1 AND id = $2",
};

enum err operate_repo_get(struct ctx *cx, int64_t id, struct job *ret)
{
	return db_get(cx, &GET, DB_ARGS(DB_INT(id)), &job_schema, ret);
}

/* Attempts are kept by the day of their end, which is after the job was asked for. */
static const struct db_stmt LOOK = {
	.name = "job_look",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " COLUMNS ", (SELECT coalesce(jsonb_agg(d.on_job_id ORDER BY d.on_job_id),"
	       " '[]') FROM app.job_dependency d WHERE d.tenant_id = $1 AND d.job_id = $2)"
	       " AS waits_for, (SELECT count(*) FROM app.job_attempt a WHERE a.tenant_id = $1"
	       " AND a.job_id = $2 AND a.finished_at >= j.created_at) AS attempts_kept,"
	       " EXISTS (SELECT FROM app.background_job b WHERE b.tenant_id = $1 AND b.id = $2"
	       " AND b.state = 'running' AND b.cancel_requested) AS cancel_requested,"
	       " coalesce((SELECT b.checkpoint FROM app.background_job b WHERE b.tenant_id = $1"
	       " AND b.id = $2), (SELECT d.checkpoint FROM app.background_job_dead d"
	       " WHERE d.tenant_id = $1 AND d.id = $2)) AS checkpoint"
	       " FROM app.job j WHERE tenant_id = $1 AND id = $2",
};

enum err operate_repo_look_ask(struct ctx *cx, int64_t id, struct db_question **ret)
{
	return db_ask(cx, &LOOK, DB_ARGS(DB_INT(id)), ret);
}

/* --- Lists --- */

#define AT(n) "timestamptz 'epoch' + " n "::bigint * interval '1 microsecond'"

/* $3 to $11: status, type, queue, project, since, until, part of a text, the id it may be, request. */
#define FILTER(at)                                                                                                   \
	" AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR job_type = $4)"                             \
	" AND ($5::text IS NULL OR queue = $5) AND ($6::bigint IS NULL OR project_id = $6)"                          \
	" AND ($7::bigint IS NULL OR " at " >= " AT(                                                                 \
		"$7") ") AND ($8::bigint IS NULL"                                                                    \
		      " OR " at " < " AT(                                                                            \
			      "$8") ") AND ($9::text IS NULL OR id = $10 OR job_type ILIKE $9"                       \
				    " OR error_type ILIKE $9 OR error_message ILIKE $9 OR arguments::text ILIKE $9)" \
				    " AND ($11::text IS NULL OR request_id = $11)"

/*
 * Each part is walked down its own index and cut before they are joined, so that a page costs the
 * same however long the history is.  What was asked for since a time ended since then: of the history,
 * days before it are not looked at.
 */
#define PAGE(more)                                                                                 \
	" WHERE tenant_id = $1 AND id < $2" FILTER("created_at") more " ORDER BY id DESC LIMIT $12"
#define ENDED " AND ($7::bigint IS NULL OR finished_at >= " AT("$7") ")"

static const struct db_stmt LIST = {
	.name = "job_list",
	.read = true,
	.nparams = 12,
	.sql = "SELECT " COLUMNS " FROM ("
	       "(SELECT * FROM app.job_live" PAGE(
		       "") ") UNION ALL "
			   "(SELECT * FROM app.job_done" PAGE(
				   ENDED) ") UNION ALL "
					  "(SELECT * FROM app.job_undone" PAGE(
						  "") ")) u ORDER BY id DESC LIMIT $12",
};

/*
 * A request leads to a few jobs.  To walk numbers until there is a page of them would be to walk all that
 * there are: what ended since a time is found by its BRIN instead.
 */
#define SINCE " AND finished_at >= " AT("$7")
#define ANY   " WHERE tenant_id = $1 AND id < $2" FILTER("created_at")
static const struct db_stmt LIST_OF_REQUEST = {
	.name = "job_list_of_request",
	.read = true,
	.nparams = 12,
	.sql = "SELECT " COLUMNS " FROM (SELECT * FROM app.job_live" ANY " UNION ALL "
	       "SELECT * FROM app.job_done" ANY SINCE " UNION ALL "
	       "SELECT * FROM app.job_undone" ANY ") u ORDER BY id DESC LIMIT $12",
};

static const struct db_stmt LIST_DEAD = {
	.name = "job_list_dead",
	.read = true,
	.nparams = 12,
	.sql = "SELECT " COLUMNS " FROM app.job_undone WHERE tenant_id = $1 AND id < $2"
	       " AND ($3::text IS NOT NULL OR status IN ('failed', 'dead'))" FILTER(
		       "finished_at") " ORDER BY id DESC LIMIT $12",
};

static const struct db_stmt SELECT_LIVE = {
	.name = "job_select_live",
	.read = true,
	.nparams = 12,
	.sql = "SELECT id, NULL AS reason FROM app.job_live WHERE tenant_id = $1 AND id > $2" FILTER(
		"created_at") " ORDER BY id LIMIT $12",
};

static const struct db_stmt SELECT_DEAD = {
	.name = "job_select_dead",
	.read = true,
	.nparams = 12,
	.sql = "SELECT id, NULL AS reason FROM app.job_undone WHERE tenant_id = $1 AND id > $2" FILTER(
		"finished_at") " ORDER BY id LIMIT $12",
};

/* @from the id at which the walk begins */
static enum err filtered(struct ctx *cx, const struct db_stmt *stmt, const struct job_filter *f,
                         int64_t from, const struct schema *s, struct list *ret)
{
	const char *like = f->q != NULL ? db_like(cx->arena, f->q) : NULL;
	char *end = NULL;
	long long id = f->q != NULL ? strtoll(f->q, &end, 10) : 0;

	return db_list(cx, stmt,
	               DB_ARGS(DB_INT(from), DB_TEXT(f->status), DB_TEXT(f->job_type),
	                       DB_TEXT(f->queue), DB_INT0(f->project_id), DB_INT0(f->since_us),
	                       DB_INT0(f->until_us), DB_TEXT(like),
	                       DB_INT(end != NULL && *end == '\0' ? id : 0), DB_TEXT(f->request_id),
	                       DB_INT(f->limit)),
	               s, ret);
}

enum err operate_repo_list(struct ctx *cx, const struct job_filter *filter, struct list *ret)
{
	const struct db_stmt *stmt =
		filter->request_id != NULL && filter->since_us > 0 ? &LIST_OF_REQUEST : &LIST;

	return filtered(cx, stmt, filter, filter->before_id != 0 ? filter->before_id : INT64_MAX,
	                &job_schema, ret);
}

enum err operate_repo_list_dead(struct ctx *cx, const struct job_filter *filter, struct list *ret)
{
	return filtered(cx, &LIST_DEAD, filter,
	                filter->before_id != 0 ? filter->before_id : INT64_MAX, &job_schema, ret);
}

static const struct field SELECTED_FIELDS[] = {
	F_INT(struct job_skipped, id),
	F_TEXT(struct job_skipped, reason),
};
static const struct schema SELECTED = SCHEMA(struct job_skipped, "JobSelected", SELECTED_FIELDS);

enum err operate_repo_select(struct ctx *cx, const struct job_filter *filter, bool dead,
                             struct list *ret)
{
	return filtered(cx, dead ? &SELECT_DEAD : &SELECT_LIVE, filter, filter->after_id, &SELECTED,
	                ret);
}

static const struct db_stmt ATTEMPTS = {
	.name = "job_attempts",
	.read = true,
	.nparams = 4,
	.sql = "SELECT token, attempt, outcome, error_type, error_message, host, log,"
	       " " DB_US("started_at") ", " DB_US(
		       "finished_at") " FROM app.job_attempt"
				      " WHERE tenant_id = $1 AND job_id = $2 AND token < $3 ORDER BY token DESC LIMIT $4",
};

enum err operate_repo_attempts(struct ctx *cx, int64_t id, int64_t before, int64_t limit,
                               struct list *ret)
{
	return db_list(cx, &ATTEMPTS,
	               DB_ARGS(DB_INT(id), DB_INT(before != 0 ? before : INT64_MAX), DB_INT(limit)),
	               &job_attempt_schema, ret);
}

/* --- Acts --- */

/* Keeps the id, so that who watches the job sees it go on, and the checkpoint, to resume there. */
static const struct db_stmt RETRY = {
	.name = "job_retry",
	.nparams = 5,
	.sql = "WITH h AS (DELETE FROM app.background_job_dead WHERE tenant_id = $1 AND id = $2"
	       " RETURNING *)"
	       " INSERT INTO app.background_job (id, tenant_id, project_id, queue, job_type, priority,"
	       " max_attempts, unique_key, order_key, awaited, arguments, checkpoint, request_id,"
	       " traceparent, created_at) OVERRIDING SYSTEM VALUE SELECT id, tenant_id, project_id,"
	       " coalesce($5::text, queue), job_type, coalesce($4::smallint, priority), max_attempts,"
	       " unique_key, order_key, awaited, coalesce($3::jsonb, arguments),"
	       " CASE WHEN $3::jsonb IS NULL THEN checkpoint END, request_id, traceparent, created_at"
	       " FROM h RETURNING id",
};

enum err operate_repo_retry(struct ctx *cx, int64_t id, const char *arguments, int64_t priority,
                            const char *queue)
{
	int64_t same;

	return db_get_int(
		cx, &RETRY,
		DB_ARGS(DB_INT(id), DB_TEXT(arguments), DB_INT0(priority), DB_TEXT(queue)), &same);
}

static const struct db_stmt HOLD = {
	.name = "job_hold",
	.nparams = 2,
	.sql = "SELECT state FROM app.background_job WHERE tenant_id = $1 AND id = $2 FOR UPDATE",
};

enum err operate_repo_hold(struct ctx *cx, int64_t id, const char **ret)
{
	return db_get_text(cx, &HOLD, DB_ARGS(DB_INT(id)), ret);
}

static const struct db_stmt CANCEL_WAITING = {
	.name = "job_cancel_waiting",
	.nparams = 4,
	.sql = "WITH p AS (DELETE FROM app.job_progress WHERE tenant_id = $1 AND job_id = $2"
	       " RETURNING percent),"
	       " d AS (DELETE FROM app.background_job WHERE tenant_id = $1 AND id = $2"
	       " AND state <> 'running' RETURNING *)"
	       " INSERT INTO app.background_job_dead (id, tenant_id, project_id, queue, job_type,"
	       " priority, status, progress, attempt, max_attempts, lease_losses, unique_key,"
	       " order_key, awaited, arguments, checkpoint, error_type, error_message, request_id,"
	       " traceparent, run_at, created_at, started_at) SELECT id, tenant_id, project_id, queue,"
	       " job_type, priority, 'cancelled', coalesce((SELECT percent FROM p), 0), attempt,"
	       " max_attempts, lease_losses, unique_key, order_key, awaited, arguments, checkpoint,"
	       " $3, $4, request_id, traceparent, CASE WHEN state = 'blocked'"
	       " THEN coalesce(wanted_at, created_at) ELSE run_at END, created_at, started_at FROM d",
};

enum err operate_repo_cancel_waiting(struct ctx *cx, int64_t id, const char *error_type,
                                     const char *error_message)
{
	return db_run(cx, &CANCEL_WAITING,
	              DB_ARGS(DB_INT(id), DB_TEXT(error_type), DB_TEXT(error_message)), NULL);
}

/* Told in the same transaction, so that nobody hears of it before it is so. */
static const struct db_stmt CANCEL_RUNNING = {
	.name = "job_ask_to_stop",
	.nparams = 2,
	.sql = "WITH u AS (UPDATE app.background_job SET cancel_requested = true, rerun = false"
	       " WHERE tenant_id = $1 AND id = $2 AND state = 'running' RETURNING runner_id)"
	       " SELECT pg_notify('job_' || replace(r.id::text, '-', ''), '') FROM"
	       " (SELECT runner_id AS id FROM u UNION SELECT o.parent_id FROM u JOIN app.job_runner o"
	       " ON o.id = u.runner_id WHERE o.parent_id IS NOT NULL) r WHERE r.id IS NOT NULL",
};

enum err operate_repo_cancel_running(struct ctx *cx, int64_t id)
{
	return db_run(cx, &CANCEL_RUNNING, DB_ARGS(DB_INT(id)), NULL);
}

static const struct db_stmt DISCARD = {
	.name = "job_discard",
	.nparams = 2,
	.sql = "DELETE FROM app.background_job_dead WHERE tenant_id = $1 AND id = $2",
};

enum err operate_repo_discard(struct ctx *cx, int64_t id, int64_t *ret_rows)
{
	return db_run(cx, &DISCARD, DB_ARGS(DB_INT(id)), ret_rows);
}

/* --- Numbers --- */

static const struct db_stmt COUNTS = {
	.name = "job_counts",
	.read = true,
	.nparams = 1,
	.sql = "SELECT l.*, h.*, d.*, (SELECT count(*) FROM app.job_runner"
	       " WHERE parent_id IS NULL AND heartbeat_at > now() - interval '1 minute') AS runners"
	       " FROM (SELECT count(*) FILTER (WHERE state <> 'running' AND attempt = 0) AS pending,"
	       " count(*) FILTER (WHERE state = 'running') AS running,"
	       " count(*) FILTER (WHERE state <> 'running' AND attempt > 0) AS retrying,"
	       " greatest(0, coalesce(extract(epoch FROM now() - min(run_at)"
	       " FILTER (WHERE state = 'ready')), 0))::bigint AS oldest_pending_s"
	       " FROM app.background_job WHERE tenant_id = $1) l,"
	       " (SELECT count(*) AS completed FROM app.background_job_history WHERE tenant_id = $1) h,"
	       " (SELECT count(*) FILTER (WHERE status = 'failed') AS failed,"
	       " count(*) FILTER (WHERE status = 'dead') AS dead,"
	       " count(*) FILTER (WHERE status = 'cancelled') AS cancelled"
	       " FROM app.background_job_dead WHERE tenant_id = $1) d",
};

enum err operate_repo_count(struct ctx *cx, struct job_counts *ret)
{
	return db_get(cx, &COUNTS, DB_NO_ARGS, &job_counts_schema, ret);
}

const struct db_check operate_statements[] = {
	{ .stmt = &GET, .row = &job_schema },
	{ .stmt = &LOOK, .row = &job_detail_schema },
	{ .stmt = &LIST, .row = &job_schema },
	{ .stmt = &LIST_OF_REQUEST, .row = &job_schema },
	{ .stmt = &LIST_DEAD, .row = &job_schema },
	{ .stmt = &SELECT_LIVE, .row = &SELECTED },
	{ .stmt = &SELECT_DEAD, .row = &SELECTED },
	{ .stmt = &ATTEMPTS, .row = &job_attempt_schema },
	{ .stmt = &RETRY },
	{ .stmt = &HOLD },
	{ .stmt = &CANCEL_WAITING },
	{ .stmt = &CANCEL_RUNNING },
	{ .stmt = &DISCARD },
	{ .stmt = &COUNTS, .row = &job_counts_schema },
	{ .stmt = NULL },
};
