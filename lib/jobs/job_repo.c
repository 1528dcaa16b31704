/* SQL of those who ask for jobs. */
#include "jobs/job_repo.h"

#include "config/config.h"

/*
 * $13 is the limit of a tenant that has none of its own, null where none counts.  Rows are counted
 * only when the table is large enough to hold so many: a page of 8 KiB has less than 128 of them.
 * Who asks for what an unfinished job does already adds none.
 */
static const struct db_stmt INSERT = {
	.name = "job_insert",
	.nparams = 16,
	.sql = "INSERT INTO app.background_job AS j (tenant_id, project_id, queue, job_type,"
	       " priority, run_at, max_attempts, unique_key, order_key, arguments, request_id,"
	       " traceparent, state, wanted_at) SELECT $1, $2, $3, $4, $5, CASE WHEN $15::boolean"
	       " THEN 'infinity' ELSE now() + $6::bigint * interval '1 ms' END,"
	       " $7, $8, $9, $10, $11, $12, CASE WHEN $15 THEN 'blocked' ELSE 'ready' END,"
	       " CASE WHEN $15 THEN now() + $6 * interval '1 ms' END FROM (SELECT coalesce((SELECT jobs_max FROM app.tenant"
	       " WHERE id = $1), $13::bigint) - $14::bigint AS max) l"
	       " WHERE $13::bigint IS NULL"
	       " OR pg_relation_size('app.background_job') / 8192 * 128 < l.max"
	       " OR (SELECT count(*) FROM (SELECT FROM app.background_job WHERE tenant_id = $1"
	       " LIMIT greatest(l.max, 0)) c) < l.max"
	       " OR EXISTS (SELECT FROM app.background_job WHERE tenant_id = $1 AND job_type = $4"
	       " AND unique_key = $8)"
	       " ON CONFLICT (tenant_id, job_type, unique_key) WHERE unique_key IS NOT NULL DO UPDATE"
	       " SET rerun = j.rerun OR (j.state = 'running' AND $16::boolean),"
	       " run_at = CASE j.state WHEN 'ready' THEN least(j.run_at, excluded.run_at)"
	       " ELSE j.run_at END RETURNING id",
};

enum err job_repo_insert(struct ctx *cx, const struct job_kind *kind, const struct job_new *in,
                         const char *args, int64_t spare, int64_t *ret_id)
{
	const char *queue = in->queue != NULL ? in->queue : kind->queue;
	const char *trace = cx->traceparent[0] != '\0' ? cx->traceparent : NULL;

	return db_get_int(
		cx, &INSERT,
		DB_ARGS(DB_INT0(in->project_id), DB_TEXT(queue), DB_TEXT(kind->type),
	                DB_INT(in->priority != 0 ? in->priority : 2), DB_INT(in->delay_ms),
	                DB_INT(kind->attempts), DB_TEXT(in->unique_key), DB_TEXT(in->order_key),
	                DB_TEXT(args), DB_TEXT(cx->request_id), DB_TEXT(trace),
	                DB_INT0(kind->always ? 0 : cx->app->config->jobs_max), DB_INT(spare),
	                DB_BOOL(in->nafter > 0), DB_BOOL(!kind->unique_running)),
		ret_id);
}

/* --- Unique keys of ended jobs --- */

static const struct db_stmt LOCK_KEY = {
	.name = "job_lock_key",
	.nparams = 3,
	.sql = "SELECT pg_advisory_xact_lock(hashtextextended($2::text || ' ' || $3::text, $1::bigint))",
};

enum err job_repo_lock_key(struct ctx *cx, const struct job_kind *kind, const char *key)
{
	return db_run(cx, &LOCK_KEY, DB_ARGS(DB_TEXT(kind->type), DB_TEXT(key)), NULL);
}

static const struct db_stmt ENDED = {
	.name = "job_ended",
	.nparams = 7,
	.sql = "SELECT id FROM (SELECT id, finished_at FROM app.background_job_history"
	       " WHERE tenant_id = $1 AND job_type = $2 AND unique_key = $3 AND $5::boolean"
	       " AND finished_at > now() - $4::bigint * interval '1 s'"
	       " UNION ALL SELECT id, finished_at FROM app.background_job_dead"
	       " WHERE tenant_id = $1 AND job_type = $2 AND unique_key = $3"
	       " AND finished_at > now() - $4 * interval '1 s'"
	       " AND CASE status WHEN 'cancelled' THEN $7::boolean ELSE $6::boolean END) e"
	       " ORDER BY finished_at DESC LIMIT 1",
};

enum err job_repo_ended(struct ctx *cx, const struct job_kind *kind, const char *key, int64_t *ret)
{
	return db_get_int(cx, &ENDED,
	                  DB_ARGS(DB_TEXT(kind->type), DB_TEXT(key), DB_INT(kind->unique_for_s),
	                          DB_BOOL(kind->unique_ended & JOB_UNIQUE_COMPLETED),
	                          DB_BOOL(kind->unique_ended & JOB_UNIQUE_FAILED),
	                          DB_BOOL(kind->unique_ended & JOB_UNIQUE_CANCELLED)),
	                  ret);
}

/* --- Waiting for others --- */

/* In the order of their ids, so that two who wait for the same jobs do not wait for each other. */
static const struct db_stmt AWAIT = {
	.name = "job_await",
	.nparams = 3,
	.sql = "WITH live AS (UPDATE app.background_job SET awaited = true WHERE tenant_id = $1"
	       " AND id IN (SELECT id FROM app.background_job WHERE tenant_id = $1"
	       " AND id = ANY ($3::bigint[]) AND id <> $2 ORDER BY id FOR UPDATE) RETURNING id),"
	       " dead AS (UPDATE app.background_job_dead SET awaited = true WHERE tenant_id = $1"
	       " AND id = ANY ($3) AND status <> 'cancelled' RETURNING id)"
	       " INSERT INTO app.job_dependency (tenant_id, job_id, on_job_id)"
	       " SELECT $1, $2, id FROM live UNION SELECT $1, $2, id FROM dead",
};

enum err job_repo_await(struct ctx *cx, int64_t id, const char *ids)
{
	return db_run(cx, &AWAIT, DB_ARGS(DB_INT(id), DB_TEXT(ids)), NULL);
}

static const struct db_stmt AWAIT_MISSING = {
	.name = "job_await_missing",
	.nparams = 3,
	.sql = "SELECT coalesce(min(w.id), 0) FROM unnest($3::bigint[]) AS w (id)"
	       " WHERE NOT EXISTS (SELECT FROM app.job_dependency d WHERE d.tenant_id = $1"
	       " AND d.job_id = $2 AND d.on_job_id = w.id)"
	       " AND NOT EXISTS (SELECT FROM app.background_job_history h"
	       " WHERE h.tenant_id = $1 AND h.id = w.id)",
};

enum err job_repo_await_missing(struct ctx *cx, int64_t id, const char *ids, int64_t *ret)
{
	return db_get_int(cx, &AWAIT_MISSING, DB_ARGS(DB_INT(id), DB_TEXT(ids)), ret);
}

static const struct db_stmt AWAIT_OVER = {
	.name = "job_await_over",
	.nparams = 2,
	.sql = "UPDATE app.background_job SET state = 'ready', run_at = wanted_at"
	       " WHERE tenant_id = $1 AND id = $2 AND state = 'blocked' AND NOT EXISTS"
	       " (SELECT FROM app.job_dependency WHERE tenant_id = $1 AND job_id = $2)",
};

enum err job_repo_await_over(struct ctx *cx, int64_t id)
{
	return db_run(cx, &AWAIT_OVER, DB_ARGS(DB_INT(id)), NULL);
}

/* --- The tenant's limit --- */

static const struct db_stmt LOCK_COUNT = {
	.name = "job_lock_count",
	.nparams = 1,
	.sql = "SELECT pg_advisory_xact_lock(hashtextextended('jobs_max', $1::bigint))",
};

enum err job_repo_lock_count(struct ctx *cx)
{
	return db_run(cx, &LOCK_COUNT, DB_NO_ARGS, NULL);
}

static const struct db_stmt MAX = {
	.name = "job_max",
	.read = true,
	.nparams = 2,
	.sql = "SELECT coalesce((SELECT jobs_max FROM app.tenant WHERE id = $1), $2::bigint)",
};

enum err job_repo_max(struct ctx *cx, int64_t *ret)
{
	return db_get_int(cx, &MAX, DB_ARGS(DB_INT(cx->app->config->jobs_max)), ret);
}

static const struct db_stmt DROP_WAITING = {
	.name = "job_drop_waiting",
	.nparams = 2,
	.sql = "WITH d AS (DELETE FROM app.background_job WHERE tenant_id = $1 AND project_id = $2"
	       " AND state <> 'running' RETURNING id)"
	       " DELETE FROM app.job_progress WHERE job_id IN (SELECT id FROM d)",
};

enum err job_repo_drop_waiting(struct ctx *cx, int64_t project_id)
{
	return db_run(cx, &DROP_WAITING, DB_ARGS(DB_INT(project_id)), NULL);
}

static const struct db_stmt CANCEL_RUNNING = {
	.name = "job_cancel_running",
	.nparams = 2,
	.sql = "UPDATE app.background_job SET cancel_requested = true, rerun = false"
	       " WHERE tenant_id = $1 AND project_id = $2 AND state = 'running'",
};

enum err job_repo_cancel_running(struct ctx *cx, int64_t project_id)
{
	return db_run(cx, &CANCEL_RUNNING, DB_ARGS(DB_INT(project_id)), NULL);
}

/* One that waits is put off beyond all time, so that what it would have done is still known. */
static const struct db_stmt STOP_ALL = {
	.name = "job_stop_all",
	.nparams = 2,
	.sql = "UPDATE app.background_job SET rerun = false, cancel_requested = true,"
	       " run_at = CASE state WHEN 'ready' THEN now() + interval '1000 years' ELSE run_at END"
	       " WHERE tenant_id = $1 AND id <> $2 AND NOT (cancel_requested"
	       " AND (state = 'running' OR run_at > now() + interval '100 years'))",
};

enum err job_repo_stop_all(struct ctx *cx, int64_t but)
{
	return db_run(cx, &STOP_ALL, DB_ARGS(DB_INT(but)), NULL);
}

static const struct db_stmt RUNNING = {
	.name = "job_running",
	.read = true,
	.nparams = 2,
	.sql = "SELECT count(*) FROM app.background_job WHERE tenant_id = $1 AND id <> $2"
	       " AND state = 'running'",
};

enum err job_repo_running(struct ctx *cx, int64_t but, int64_t *ret)
{
	return db_get_int(cx, &RUNNING, DB_ARGS(DB_INT(but)), ret);
}

const struct db_check job_statements[] = {
	{ .stmt = &INSERT },     { .stmt = &LOCK_KEY },      { .stmt = &ENDED },
	{ .stmt = &AWAIT },      { .stmt = &AWAIT_MISSING }, { .stmt = &AWAIT_OVER },
	{ .stmt = &LOCK_COUNT }, { .stmt = &MAX },           { .stmt = &STOP_ALL },
	{ .stmt = &RUNNING },    { .stmt = &DROP_WAITING },  { .stmt = &CANCEL_RUNNING },
	{ .stmt = NULL },
};
