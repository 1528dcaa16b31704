/*
 * SQL of queues as operators see them.
 *
 * What ended is looked at for an hour back: by the day's partition and its BRIN of finished_at.
 */
#include "jobs/queues_repo.h"

#define LIMITS(q)                                                                                  \
	"jsonb_build_object('concurrency', coalesce(" q ".concurrency, 0), 'per_runner',"          \
	" coalesce(" q ".per_runner, 0), 'rate_limit', coalesce(" q ".rate_limit, 0),"             \
	" 'rate_period_s', coalesce(" q ".rate_period_s, 0), 'paused', " q                         \
	".paused_at IS NOT NULL,"                                                                  \
	" 'paused_at', " q ".paused_at, 'paused_by', " q ".paused_by)"
#define ENDED(ok)                                                                                  \
	"jsonb_build_object('m1', count(*) FILTER (WHERE f.ok = " ok " AND f.age < interval"       \
	" '1 minute'), 'm5', count(*) FILTER (WHERE f.ok = " ok " AND f.age < interval"            \
	" '5 minutes'), 'h1', count(*) FILTER (WHERE f.ok = " ok "))"
#define TIMES(of)                                                                                  \
	"percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY " of ") FILTER (WHERE f.ok)"
#define SHOWN(of)                                                                                  \
	"jsonb_build_object('p50', coalesce(g." of "[1], 0), 'p95', coalesce(g." of                \
	"[2], 0), 'p99', coalesce(g." of "[3], 0))"
#define MS(from, to) "(greatest(0, date_part('epoch', " to " - " from ")) * 1000)::bigint"
#define NONE         "'{\"m1\": 0, \"m5\": 0, \"h1\": 0}'"
#define OLDEST                                                                                     \
	"greatest(0, coalesce(date_part('epoch', now() - min(j.run_at)"                            \
	" FILTER (WHERE j.state = 'ready')), 0))::bigint"

static const struct db_stmt LIST = {
	.name = "queues_list",
	.read = true,
	.nparams = 3,
	.sql = "WITH n AS (SELECT unnest($2::text[]) AS name UNION SELECT j.queue"
	       " FROM app.background_job j WHERE j.tenant_id = $1 UNION SELECT d.queue"
	       " FROM app.background_job_dead d WHERE d.tenant_id = $1 UNION SELECT q.name"
	       " FROM app.job_queue q WHERE q.tenant_id = $1),"
	       " l AS (SELECT j.queue, count(*) FILTER (WHERE j.state = 'ready' AND j.attempt = 0)"
	       " AS pending, count(*) FILTER (WHERE j.state = 'running') AS running,"
	       " count(*) FILTER (WHERE j.state = 'ready' AND j.attempt > 0) AS retrying,"
	       " count(*) FILTER (WHERE j.state = 'blocked') AS blocked, " OLDEST " AS oldest_s"
	       " FROM app.background_job j WHERE j.tenant_id = $1 GROUP BY j.queue),"
	       " d AS (SELECT d.queue, count(*) FILTER (WHERE d.status <> 'cancelled') AS dead"
	       " FROM app.background_job_dead d WHERE d.tenant_id = $1 GROUP BY d.queue),"
	       " f AS (SELECT h.queue, true AS ok, now() - h.finished_at AS age,"
	       " " MS("h.run_at", "h.started_at") " AS wait, " MS(
		       "h.started_at",
		       "h.finished_at") " AS run"
					" FROM app.background_job_history h WHERE h.tenant_id = $1"
					" AND h.finished_at > now() - interval '1 hour' UNION ALL"
					" SELECT d.queue, false, now() - d.finished_at, NULL, NULL"
					" FROM app.background_job_dead d WHERE d.tenant_id = $1 AND d.status <> 'cancelled'"
					" AND d.finished_at > now() - interval '1 hour'),"
					" g AS (SELECT f.queue, " ENDED("true") " AS completed, " ENDED(
						"false") " AS failed,"
							 " " TIMES("f.wait") " AS wait, " TIMES(
								 "f.run") " AS run FROM f GROUP BY f.queue)"
									  " SELECT n.name, coalesce(q.paused_at, a.paused_at) IS NOT NULL AS paused,"
									  " coalesce(l.pending, 0) AS pending, coalesce(l.running, 0) AS running,"
									  " coalesce(l.retrying, 0) AS retrying, coalesce(l.blocked, 0) AS blocked,"
									  " coalesce(d.dead, 0) AS dead, coalesce(l.oldest_s, 0) AS oldest_s,"
									  " coalesce(g.completed, " NONE
									  ") AS completed, coalesce(g.failed, " NONE
									  ") AS failed,"
									  " " SHOWN("wait") " AS wait_ms, " SHOWN(
										  "run") " AS run_ms,"
											 " " LIMITS("q") " AS limits, " LIMITS(
												 "a") " AS installation,"
												      " coalesce(q.version, 1) AS version FROM n"
												      " LEFT JOIN l ON l.queue = n.name LEFT JOIN d ON d.queue = n.name"
												      " LEFT JOIN g ON g.queue = n.name"
												      " LEFT JOIN app.job_queue q ON q.tenant_id = $1 AND q.name = n.name"
												      " LEFT JOIN app.job_queue a ON a.tenant_id = 0 AND a.name = n.name"
												      " WHERE $3::text IS NULL OR n.name = $3 ORDER BY n.name LIMIT 200",
};

enum err queues_repo_list(struct ctx *cx, const char *names, const char *one, struct list *ret)
{
	return db_list(cx, &LIST, DB_ARGS(DB_TEXT(names), DB_TEXT(one)), &queue_state_schema, ret);
}

static const struct db_stmt BRIEF = {
	.name = "queues_brief",
	.read = true,
	.nparams = 1,
	.sql = "SELECT coalesce(l.queue, q.name) AS name, coalesce(q.paused, false) AS paused,"
	       " coalesce(l.pending, 0) AS pending, coalesce(l.running, 0) AS running,"
	       " coalesce(l.retrying, 0) AS retrying,"
	       " coalesce(l.oldest_pending_s, 0) AS oldest_pending_s FROM"
	       " (SELECT j.queue, count(*) FILTER (WHERE j.state <> 'running' AND j.attempt = 0)"
	       " AS pending, count(*) FILTER (WHERE j.state = 'running') AS running,"
	       " count(*) FILTER (WHERE j.state <> 'running' AND j.attempt > 0) AS retrying,"
	       " " OLDEST " AS oldest_pending_s FROM app.background_job j WHERE j.tenant_id = $1"
	       " GROUP BY j.queue) l FULL JOIN (SELECT name, true AS paused FROM app.job_queue"
	       " WHERE tenant_id IN (0, $1) AND paused_at IS NOT NULL GROUP BY name) q"
	       " ON q.name = l.queue ORDER BY 1 LIMIT 200",
};

enum err queues_repo_brief(struct ctx *cx, struct list *ret)
{
	return db_list(cx, &BRIEF, DB_NO_ARGS, &queue_brief_schema, ret);
}

/* --- A tenant's own --- */

static const struct db_stmt PAUSE = {
	.name = "queues_pause",
	.nparams = 4,
	.sql = "INSERT INTO app.job_queue AS q (tenant_id, name, paused_at, paused_by, version)"
	       " VALUES ($1, $2, CASE WHEN $3::boolean THEN now() END,"
	       " CASE WHEN $3::boolean THEN left($4::text, 254) END, 2)"
	       " ON CONFLICT (tenant_id, name) DO UPDATE SET version = q.version + 1,"
	       " updated_at = now(), paused_at = CASE WHEN excluded.paused_at IS NOT NULL"
	       " THEN coalesce(q.paused_at, excluded.paused_at) END,"
	       " paused_by = CASE WHEN excluded.paused_at IS NOT NULL"
	       " THEN coalesce(q.paused_by, excluded.paused_by) END",
};

enum err queues_repo_pause(struct ctx *cx, const char *name, bool pause)
{
	return db_run(cx, &PAUSE, DB_ARGS(DB_TEXT(name), DB_BOOL(pause), DB_TEXT(cx->who.actor)),
	              NULL);
}

/* A queue without a row has version 1. */
static const struct db_stmt LIMIT = {
	.name = "queues_limit",
	.nparams = 9,
	.sql = "INSERT INTO app.job_queue AS q (tenant_id, name, concurrency, rate_limit,"
	       " rate_period_s, version) SELECT $1, $2, CASE WHEN $4::boolean"
	       " THEN $5::integer END, CASE WHEN $6::boolean THEN $7::integer END,"
	       " CASE WHEN $8::boolean THEN $9::integer END, 2"
	       " WHERE $3 IN (0, 1) OR EXISTS (SELECT FROM app.job_queue o WHERE o.tenant_id = $1"
	       " AND o.name = $2) ON CONFLICT (tenant_id, name) DO UPDATE SET"
	       " version = q.version + 1, updated_at = now(), concurrency = CASE"
	       " WHEN $4::boolean THEN $5::integer ELSE q.concurrency END, rate_limit = CASE"
	       " WHEN $6::boolean THEN $7::integer ELSE q.rate_limit END, rate_period_s = CASE"
	       " WHEN $8::boolean THEN $9::integer ELSE q.rate_period_s END"
	       " WHERE $3 = 0 OR q.version = $3 RETURNING q.version",
};

enum err queues_repo_limit(struct ctx *cx, const char *name, int64_t version,
                           const struct queue_patch *in)
{
	const struct schema *s = &queue_patch_schema;
	int64_t now;

	return db_get_int(
		cx, &LIMIT,
		DB_ARGS(DB_TEXT(name), DB_INT(version), DB_BOOL(schema_given(s, in, "concurrency")),
	                DB_INT0(in->concurrency), DB_BOOL(schema_given(s, in, "rate_limit")),
	                DB_INT0(in->rate_limit), DB_BOOL(schema_given(s, in, "rate_period_s")),
	                DB_INT0(in->rate_period_s)),
		&now);
}

static const struct db_stmt NOTIFY = {
	.name = "queues_notify",
	.any_tenant = true,
	.nparams = 1,
	.sql = "SELECT pg_notify('job_queues', $1::text)",
};

enum err queues_repo_notify(struct ctx *cx, const char *name)
{
	return db_run(cx, &NOTIFY, DB_ARGS(DB_TEXT(name)), NULL);
}

/* --- Of the installation --- */

static const struct db_stmt LIST_ALL = {
	.name = "queues_list_all",
	.any_tenant = true,
	.read = true,
	.nparams = 2,
	.sql = "WITH l AS (SELECT j.queue, count(*) FILTER (WHERE j.state <> 'running'"
	       " AND j.attempt = 0) AS pending, count(*) FILTER (WHERE j.state = 'running')"
	       " AS running, count(*) FILTER (WHERE j.state <> 'running' AND j.attempt > 0)"
	       " AS retrying, " OLDEST " AS oldest_s FROM app.background_job j GROUP BY j.queue),"
	       " n AS (SELECT unnest($1::text[]) AS name UNION SELECT l.queue FROM l UNION"
	       " SELECT q.name FROM app.job_queue q WHERE q.tenant_id = 0)"
	       " SELECT n.name, coalesce(l.pending, 0) AS pending, coalesce(l.running, 0) AS running,"
	       " coalesce(l.retrying, 0) AS retrying, coalesce(l.oldest_s, 0) AS oldest_s,"
	       " " LIMITS("q") " AS limits FROM n LEFT JOIN l ON l.queue = n.name"
			       " LEFT JOIN app.job_queue q ON q.tenant_id = 0 AND q.name = n.name"
			       " WHERE $2::text IS NULL OR n.name = $2 ORDER BY n.name LIMIT 200",
};

enum err queues_repo_list_all(struct ctx *cx, const char *names, const char *one, struct list *ret)
{
	return db_list(cx, &LIST_ALL, DB_ARGS(DB_TEXT(names), DB_TEXT(one)), &queue_all_schema,
	               ret);
}

/* -1 leaves a limit as it is, 0 takes it away. */
#define SET(n, column)                                                                             \
	column " = CASE " n "::integer WHEN -1 THEN q." column " WHEN 0 THEN NULL ELSE " n         \
	       "::integer END"
#define NEW(n) "nullif(greatest(" n "::integer, 0), 0)"

static const struct db_stmt SET_ALL = {
	.name = "queues_set_all",
	.any_tenant = true,
	.nparams = 7,
	.sql = "INSERT INTO app.job_queue AS q (tenant_id, name, concurrency, per_runner, rate_limit,"
	       " rate_period_s, paused_at, paused_by) VALUES (0, $1, " NEW("$2") ", " NEW("$3") ", " NEW("$4") ", " NEW(
		       "$5") ","
			     " CASE WHEN $6::integer = 1 THEN now() END,"
			     " CASE WHEN $6::integer = 1 THEN left($7::text, 254) END)"
			     " ON CONFLICT (tenant_id, name) DO UPDATE SET version = q.version + 1,"
			     " updated_at = now(), " SET("$2", "concurrency") ", " SET("$3", "per_runner") ", " SET(
				     "$4",
				     "rate_limit") ", " SET("$5",
	                                                    "rate_period_s") ","
									     " paused_at = CASE $6::integer WHEN 1 THEN coalesce(q.paused_at, now())"
									     " WHEN 0 THEN NULL ELSE q.paused_at END,"
									     " paused_by = CASE $6::integer WHEN 1 THEN coalesce(q.paused_by, left($7::text, 254))"
									     " WHEN 0 THEN NULL ELSE q.paused_by END",
};

enum err queues_repo_set_all(struct ctx *cx, const char *name,
                             const struct queue_all_change *change)
{
	return db_run(cx, &SET_ALL,
	              DB_ARGS(DB_TEXT(name), DB_INT(change->concurrency),
	                      DB_INT(change->per_runner), DB_INT(change->rate_limit),
	                      DB_INT(change->rate_period_s), DB_INT(change->pause),
	                      DB_TEXT(cx->who.actor)),
	              NULL);
}

const struct db_check queues_statements[] = {
	{ .stmt = &LIST, .row = &queue_state_schema },
	{ .stmt = &BRIEF, .row = &queue_brief_schema },
	{ .stmt = &PAUSE },
	{ .stmt = &LIMIT },
	{ .stmt = &NOTIFY, .as = DB_AS_APP | DB_AS_GATE },
	{ .stmt = &LIST_ALL, .row = &queue_all_schema, .as = DB_AS_GATE },
	{ .stmt = &SET_ALL, .as = DB_AS_GATE },
	{ .stmt = NULL },
};
