/*
 * SQL of the runner's side of the queue.
 *
 * A claim changes no indexed column, so that it stays on its page (HOT).  Whoever writes what comes of a
 * job names the claim it holds: id, token and runner.
 */
#include "jobs/queue_repo.h"

#include "jobs/schedule_repo.h"

static const struct field PULSE_FIELDS[] = {
	F_BOOL(struct queue_pulse, held),
	F_INT(struct queue_pulse, session),
	F_INT(struct queue_pulse, rows),
};
const struct schema queue_pulse_schema = SCHEMA(struct queue_pulse, "QueuePulse", PULSE_FIELDS);

static const struct field CORPSE_FIELDS[] = {
	F_TEXT(struct queue_corpse, id),
	F_TEXT(struct queue_corpse, host),
	F_INT(struct queue_corpse, beat_us),
	F_BOOL(struct queue_corpse, expired),
};
const struct schema queue_corpse_schema = SCHEMA(struct queue_corpse, "QueueCorpse", CORPSE_FIELDS);

static const struct field HELD_FIELDS[] = {
	F_BOOL(struct queue_held, rerun),         F_BOOL(struct queue_held, cancel_requested),
	F_INT(struct queue_held, lease_losses),   F_TEXT(struct queue_held, error_type),
	F_TEXT(struct queue_held, error_message),
};
const struct schema queue_held_schema = SCHEMA(struct queue_held, "QueueHeld", HELD_FIELDS);

static const struct field CLAIM_FIELDS[] = {
	F_INT(struct job_claim, id),           F_INT(struct job_claim, tenant_id),
	F_INT(struct job_claim, project_id),   F_INT(struct job_claim, token),
	F_TEXT(struct job_claim, job_type),    F_JSON(struct job_claim, arguments),
	F_JSON(struct job_claim, checkpoint),  F_INT(struct job_claim, attempt),
	F_INT(struct job_claim, max_attempts), F_TEXT(struct job_claim, request_id),
	F_TEXT(struct job_claim, traceparent), F_TEXT(struct job_claim, queue),
	F_INT(struct job_claim, priority),     F_TIME(struct job_claim, run_us, .name = "run_at"),
	F_INT(struct job_claim, place),
};
const struct schema queue_claim_schema = SCHEMA(struct job_claim, "JobClaim", CLAIM_FIELDS);

/* --- Runners --- */

/* The lock comes first: a row whose lock is free looks dead to the others. */
static const struct db_stmt JOIN = {
	.name = "queue_join",
	.nparams = 6,
	.any_tenant = true,
	.sql = "INSERT INTO app.job_runner (id, lock_key, host, pid, lease_ms, parent_id)"
	       " SELECT $1, $2, left($3::text, 255), $4, $5, $6"
	       " WHERE pg_try_advisory_lock($2::bigint)",
};

enum err queue_repo_join(struct ctx *cx, const struct queue *q, int64_t lock_key, const char *host,
                         int64_t pid, const struct queue *parent)
{
	int64_t rows = 0;

	TRY(db_run(cx, &JOIN,
	           DB_ARGS(DB_TEXT(q->id), DB_INT(lock_key), DB_TEXT(host), DB_INT(pid),
	                   DB_INT(q->lease_ms), DB_TEXT(parent != NULL ? parent->id : NULL)),
	           &rows));
	if (rows != 1)
		return err_set(cx, ERR_UNAVAILABLE, "the lock of the new runner is taken");
	return ERR_OK;
}

/* A session may take a lock that it has again and again; its end gives them all back. */
static const struct db_stmt BEAT = {
	.name = "queue_beat",
	.nparams = 1,
	.any_tenant = true,
	.sql = "WITH b AS (UPDATE app.job_runner SET heartbeat_at = now() WHERE id = $1"
	       " OR parent_id = $1 RETURNING id, pg_try_advisory_lock(lock_key) AS held)"
	       " SELECT bool_and(held) AS held, pg_backend_pid() AS session, count(*) AS rows"
	       " FROM b HAVING bool_or(id = $1)",
};

enum err queue_repo_beat(struct ctx *cx, const struct queue *q, struct queue_pulse *ret)
{
	return db_get(cx, &BEAT, DB_ARGS(DB_TEXT(q->id)), &queue_pulse_schema, ret);
}

/* Not waiting for the disk: after a crash everybody looks anyway. */
static const struct db_stmt SLEEP = {
	.name = "queue_sleep",
	.nparams = 4,
	.any_tenant = true,
	.sql = "UPDATE app.job_runner SET asleep = $2, light_asleep = $3, waits_asleep = $4"
	       " WHERE id = $1 AND (asleep <> $2 OR light_asleep <> $3 OR waits_asleep <> $4)"
	       " AND set_config('synchronous_commit', 'off', true) = 'off'",
};

enum err queue_repo_sleep(struct ctx *cx, const struct queue *q, unsigned bells)
{
	return db_run(cx, &SLEEP,
	              DB_ARGS(DB_TEXT(q->id), DB_BOOL(bells & BELL_HEAVY),
	                      DB_BOOL(bells & BELL_LIGHT), DB_BOOL(bells & BELL_WAITS)),
	              NULL);
}

/*
 * Everything that a runner looks for when it has nothing to do, in one statement.  What waits for its time
 * is found by one step down the index a queue and priority.
 */
static const struct field LOOK_FIELDS[] = {
	F_BOOL(struct queue_look, alone),     F_BOOL(struct queue_look, corpses),
	F_BOOL(struct queue_look, heavy),     F_BOOL(struct queue_look, light),
	F_BOOL(struct queue_look, schedules), F_BOOL(struct queue_look, cancelled),
	F_TEXT(struct queue_look, limits),    F_INT(struct queue_look, next_us),
};
static const struct schema LOOK_ROW = SCHEMA(struct queue_look, "QueueLook", LOOK_FIELDS);

#define SUSPECT                                                                                    \
	"coalesce(r.parent_id, r.id) <> $1"                                                        \
	" AND pg_postmaster_start_time() < now() - r.lease_ms * interval '1 ms'"
#define EXPIRED "r.heartbeat_at < now() - r.lease_ms * interval '1 ms'"
#define STARTABLE(queues)                                                                          \
	"EXISTS (SELECT FROM unnest(" queues "::text[]) q, generate_series(1, 4) p WHERE EXISTS"   \
	" (SELECT FROM app.background_job j WHERE j.queue = q AND j.priority = p"                  \
	" AND j.run_at <= now() AND j.state = 'ready' AND j.job_type = ANY ($5::text[])))"
#define HEAVY                STARTABLE("$3")
#define LIGHT                STARTABLE("$4")
#define UNTIL(time)          "(date_part('epoch', " time " - now()) * 1000000)::bigint"
#define WITHIN_AN_HOUR(time) time " > now() AND " time " < now() + interval '1 hour'"
#define NEXT_JOB                                                                                               \
	"(SELECT min(" UNTIL(                                                                                  \
		"n.run_at") ") FROM unnest($3 || $4) q, generate_series(1, 4) p"                               \
			    " CROSS JOIN LATERAL (SELECT j.run_at FROM app.background_job j WHERE j.queue = q" \
			    " AND j.priority = p AND " WITHIN_AN_HOUR(                                         \
				    "j.run_at") " ORDER BY j.run_at LIMIT 1) n)"
#define NEXT_SCHEDULE                                                                              \
	"(SELECT " UNTIL("min(next_at)") " FROM app.job_schedule"                                  \
					 " WHERE enabled AND " WITHIN_AN_HOUR("next_at") ")"

static const struct db_stmt LOOK = {
	.name = "queue_look",
	.nparams = 6,
	.any_tenant = true,
	.sql = "SELECT EXISTS (SELECT FROM app.job_runner r WHERE " SUSPECT
	       " AND CASE WHEN " EXPIRED " THEN true WHEN $2::boolean"
	       " THEN pg_try_advisory_xact_lock_shared(r.lock_key) ELSE false END) AS corpses,"
	       " NOT EXISTS (SELECT FROM app.job_runner r WHERE coalesce(r.parent_id, r.id) <> $1)"
	       " AS alone, " HEAVY " AS heavy, " LIGHT " AS light,"
	       " EXISTS (SELECT FROM app.job_schedule WHERE " SCHEDULE_DUE ") AS schedules,"
	       " EXISTS (SELECT FROM app.background_job WHERE id = ANY ($6::bigint[])"
	       " AND cancel_requested AND state = 'running') AS cancelled,"
	       " (SELECT count(*) || ':' || coalesce(sum(version), 0) FROM app.job_queue) AS limits,"
	       " coalesce(least(" NEXT_JOB ", " NEXT_SCHEDULE "), 0) AS next_us",
};

enum err queue_repo_look(struct ctx *cx, const struct queue *q, bool locks,
                         const struct queue_sight *sight, struct queue_look *ret)
{
	return db_get(cx, &LOOK,
	              DB_ARGS(DB_TEXT(q->id), DB_BOOL(locks), DB_TEXT(sight->heavy),
	                      DB_TEXT(sight->light), DB_TEXT(sight->types),
	                      DB_TEXT(sight->running)),
	              &LOOK_ROW, ret);
}

/* Shared, so that two who look do not take each other for the owner; given back at once. */
static const struct db_stmt CORPSES = {
	.name = "queue_corpses",
	.nparams = 2,
	.any_tenant = true,
	.sql = "SELECT id, host, beat_us, expired FROM (SELECT r.id, r.host, r.lock_key,"
	       " (extract(epoch FROM r.heartbeat_at) * 1000000)::bigint AS beat_us, " EXPIRED
	       " AS expired FROM app.job_runner r WHERE " SUSPECT ") c"
	       " WHERE CASE WHEN expired THEN true WHEN $2::boolean"
	       " THEN pg_try_advisory_xact_lock_shared(lock_key) ELSE false END LIMIT 16",
};

enum err queue_repo_corpses(struct ctx *cx, const struct queue *q, bool locks, struct list *ret)
{
	return db_list(cx, &CORPSES, DB_ARGS(DB_TEXT(q->id), DB_BOOL(locks)), &queue_corpse_schema,
	               ret);
}

/*
 * All is asked again: the runner may have beaten meanwhile, another may have been faster, and after a
 * silent reconnection ($4 is not this session) free locks prove nothing.
 */
static const struct db_stmt REMOVE = {
	.name = "queue_remove",
	.nparams = 4,
	.any_tenant = true,
	.sql = "DELETE FROM app.job_runner WHERE id = $1"
	       " AND (extract(epoch FROM heartbeat_at) * 1000000)::bigint = $2"
	       " AND CASE WHEN $3::boolean THEN heartbeat_at < now() - lease_ms * interval '1 ms'"
	       " ELSE pg_backend_pid() = $4::integer"
	       " AND pg_try_advisory_xact_lock_shared(lock_key) END",
};

enum err queue_repo_remove(struct ctx *cx, const struct queue *q, const struct queue_suspect *who,
                           bool expired, int64_t *ret_rows)
{
	return db_run(cx, &REMOVE,
	              DB_ARGS(DB_TEXT(who->id), DB_INT(who->beat_us), DB_BOOL(expired),
	                      DB_INT(q->session)),
	              ret_rows);
}

/* What a runner has claimed goes back as if it had never been started. */
#define HAND_BACK(runners)                                                                         \
	"UPDATE app.background_job SET state = 'ready', runner_id = NULL,"                         \
	" rerun = rerun AND checkpoint IS NOT NULL, attempt = attempt - 1"                         \
	" WHERE runner_id IN " runners " AND state = 'running' AND run_at <= now()"

/* It may have begun: before a server that takes back what it had not brought to the disk. */
#define NOTE_RETURNED                                                                              \
	" INSERT INTO app.job_attempt (tenant_id, job_id, token, attempt, outcome, started_at)"    \
	" SELECT tenant_id, id, claim_token, attempt + 1, 'returned', started_at FROM u"

static const struct db_stmt LEAVE = {
	.name = "queue_leave",
	.nparams = 1,
	.any_tenant = true,
	.sql = "WITH r AS (DELETE FROM app.job_runner WHERE id = $1 OR parent_id = $1 RETURNING id),"
	       " u AS (" HAND_BACK("(SELECT id FROM r)") " RETURNING *)" NOTE_RETURNED,
};

enum err queue_repo_leave(struct ctx *cx, const struct queue *q)
{
	return db_run(cx, &LEAVE, DB_ARGS(DB_TEXT(q->id)), NULL);
}

static const struct db_stmt DISOWN = {
	.name = "queue_disown",
	.nparams = 2,
	.any_tenant = true,
	.sql = "WITH u AS (" HAND_BACK(
		"($1)") " AND id <> ALL ($2::bigint[]) RETURNING *)" NOTE_RETURNED,
};

enum err queue_repo_disown(struct ctx *cx, const struct queue *q, const char *known, int64_t *ret)
{
	return db_run(cx, &DISOWN, DB_ARGS(DB_TEXT(q->id), DB_TEXT(known)), ret);
}

/* --- Claims --- */

static const struct db_stmt CANCELLED = {
	.name = "queue_cancelled",
	.nparams = 2,
	.read = true,
	.any_tenant = true,
	.binary = true,
	.sql = "SELECT " QUEUE_CLAIM " FROM app.background_job WHERE id = ANY ($2::bigint[])"
	       " AND runner_id = $1 AND state = 'running' AND cancel_requested",
};

enum err queue_repo_cancelled(struct ctx *cx, const struct queue *q, const char *running,
                              struct list *ret)
{
	return db_list(cx, &CANCELLED, DB_ARGS(DB_TEXT(q->id), DB_TEXT(running)),
	               &queue_claim_schema, ret);
}

static const struct db_stmt HOLD = {
	.name = "queue_hold",
	.nparams = 3,
	.any_tenant = true,
	.sql = "SELECT rerun, cancel_requested, lease_losses, error_type, error_message"
	       " FROM app.background_job WHERE id = $1 AND claim_token = $2 AND runner_id = $3"
	       " AND state = 'running' FOR UPDATE",
};

enum err queue_repo_hold(struct ctx *cx, const struct job_claim *job, const char *runner,
                         struct queue_held *ret)
{
	return db_get(cx, &HOLD, DB_ARGS(DB_INT(job->id), DB_INT(job->token), DB_TEXT(runner)),
	              &queue_held_schema, ret);
}

static const struct db_stmt ORPHANS = {
	.name = "queue_orphans",
	.nparams = 1,
	.any_tenant = true,
	.binary = true,
	.sql = "SELECT " QUEUE_CLAIM " FROM app.background_job"
	       " WHERE runner_id = $1 AND state = 'running' AND run_at <= now() ORDER BY id FOR UPDATE",
};

enum err queue_repo_orphans(struct ctx *cx, const char *runner, struct list *ret)
{
	return db_list(cx, &ORPHANS, DB_ARGS(DB_TEXT(runner)), &queue_claim_schema, ret);
}

/* --- Ends of an attempt --- */

/*
 * Back among the waiting.  An attempt that starts from the beginning serves whoever asked meanwhile;
 * one that resumes at a checkpoint does not, and the wish to run once more stays.
 */
#define WAIT_AGAIN                                                                                 \
	"UPDATE app.background_job SET state = 'ready', runner_id = NULL,"                         \
	" rerun = rerun AND checkpoint IS NOT NULL"

static const struct db_stmt COMPLETE = {
	.name = "queue_complete",
	.nparams = 3,
	.any_tenant = true,
	.sql = "WITH p AS (DELETE FROM app.job_progress WHERE job_id = $1),"
	       " d AS (DELETE FROM app.background_job WHERE id = $1 AND claim_token = $2 RETURNING *)"
	       " INSERT INTO app.background_job_history (" QUEUE_ENDED
	       ", result) SELECT " QUEUE_ENDED ", $3"
	       " FROM d",
};

enum err queue_repo_complete(struct ctx *cx, const struct job_claim *job, const char *result)
{
	return db_run(cx, &COMPLETE, DB_ARGS(DB_INT(job->id), DB_INT(job->token), DB_TEXT(result)),
	              NULL);
}

static const struct db_stmt BURY = {
	.name = "queue_bury",
	.nparams = 5,
	.any_tenant = true,
	.sql = "WITH p AS (DELETE FROM app.job_progress WHERE job_id = $1 RETURNING percent),"
	       " d AS (DELETE FROM app.background_job WHERE id = $1 AND claim_token = $2 RETURNING *)"
	       " INSERT INTO app.background_job_dead (" QUEUE_ENDED
	       ", lease_losses, awaited, checkpoint,"
	       " status, progress, error_type, error_message) SELECT " QUEUE_ENDED ", lease_losses,"
	       " awaited, checkpoint, $3, coalesce((SELECT percent FROM p), 0), $4, $5 FROM d",
};

enum err queue_repo_bury(struct ctx *cx, const struct job_claim *job, const char *status,
                         const char *error_type, const char *error_message)
{
	return db_run(cx, &BURY,
	              DB_ARGS(DB_INT(job->id), DB_INT(job->token), DB_TEXT(status),
	                      DB_TEXT(error_type), DB_TEXT(error_message)),
	              NULL);
}

static const struct db_stmt RERUN = {
	.name = "queue_rerun",
	.nparams = 2,
	.any_tenant = true,
	.sql = "WITH p AS (DELETE FROM app.job_progress WHERE job_id = $1)"
	       " UPDATE app.background_job SET state = 'ready', runner_id = NULL, run_at = now(),"
	       " attempt = 0, lease_losses = 0, rerun = false, cancel_requested = false,"
	       " checkpoint = NULL, error_type = NULL, error_message = NULL, started_at = NULL"
	       " WHERE id = $1 AND claim_token = $2",
};

enum err queue_repo_rerun(struct ctx *cx, const struct job_claim *job)
{
	return db_run(cx, &RERUN, DB_ARGS(DB_INT(job->id), DB_INT(job->token)), NULL);
}

static const struct db_stmt DELAY = {
	.name = "queue_delay",
	.nparams = 6,
	.any_tenant = true,
	.sql = WAIT_AGAIN ", run_at = now() + $3::bigint * interval '1 ms', error_type = $4,"
			  " error_message = $5, attempt = attempt - $6::integer"
			  " WHERE id = $1 AND claim_token = $2",
};

enum err queue_repo_delay(struct ctx *cx, const struct job_claim *job, int64_t delay_ms,
                          bool snooze, const char *error_type, const char *error_message)
{
	return db_run(cx, &DELAY,
	              DB_ARGS(DB_INT(job->id), DB_INT(job->token), DB_INT(delay_ms),
	                      DB_TEXT(error_type), DB_TEXT(error_message), DB_INT(snooze)),
	              NULL);
}

/* The start is the job's own, which is still there: the end comes after. */
static const struct db_stmt NOTE = {
	.name = "queue_note",
	.nparams = 7,
	.any_tenant = true,
	.sql = "INSERT INTO app.job_attempt (tenant_id, job_id, token, attempt, host, outcome,"
	       " error_type, error_message, log, started_at) SELECT tenant_id, id, claim_token,"
	       " attempt, coalesce($3, ''), $4, $5, $6, coalesce($7::jsonb, '[]'), started_at"
	       " FROM app.background_job WHERE id = $1 AND claim_token = $2",
};

enum err queue_repo_note(struct ctx *cx, const struct job_claim *job,
                         const struct queue_attempt *attempt)
{
	return db_run(cx, &NOTE,
	              DB_ARGS(DB_INT(job->id), DB_INT(job->token), DB_TEXT(attempt->host),
	                      DB_TEXT(attempt->outcome), DB_TEXT(attempt->error_type),
	                      DB_TEXT(attempt->error_message), DB_TEXT(attempt->log)),
	              NULL);
}

/* An interruption of ours is no attempt. */
static const struct db_stmt HAND_BACK = {
	.name = "queue_hand_back",
	.nparams = 2,
	.any_tenant = true,
	.sql = WAIT_AGAIN ", attempt = attempt - 1 WHERE id = $1 AND claim_token = $2",
};

enum err queue_repo_hand_back(struct ctx *cx, const struct job_claim *job)
{
	return db_run(cx, &HAND_BACK, DB_ARGS(DB_INT(job->id), DB_INT(job->token)), NULL);
}

static const struct db_stmt LOSE = {
	.name = "queue_lose",
	.nparams = 2,
	.any_tenant = true,
	.sql = WAIT_AGAIN ", lease_losses = lease_losses + 1 WHERE id = $1 AND claim_token = $2",
};

enum err queue_repo_lose(struct ctx *cx, const struct job_claim *job)
{
	return db_run(cx, &LOSE, DB_ARGS(DB_INT(job->id), DB_INT(job->token)), NULL);
}

/* --- While a job runs --- */

/* FOR SHARE, so that a result which another writes right now does not leave progress behind it. */
static const struct db_stmt PROGRESS = {
	.name = "queue_progress",
	.nparams = 5,
	.any_tenant = true,
	.sql = "INSERT INTO app.job_progress (job_id, tenant_id, percent, message)"
	       " SELECT id, tenant_id, $4, $5"
	       " FROM (SELECT id, tenant_id FROM app.background_job WHERE id = $1"
	       " AND claim_token = $2 AND runner_id = $3 AND state = 'running' FOR SHARE) j"
	       " ON CONFLICT (job_id) DO UPDATE SET percent = excluded.percent,"
	       " message = excluded.message, updated_at = now()",
};

enum err queue_repo_progress(struct ctx *cx, const struct job_claim *job, const char *runner,
                             int64_t percent, const char *message, int64_t *ret_rows)
{
	return db_run(cx, &PROGRESS,
	              DB_ARGS(DB_INT(job->id), DB_INT(job->token), DB_TEXT(runner), DB_INT(percent),
	                      DB_TEXT(message)),
	              ret_rows);
}

static const struct db_stmt CHECKPOINT = {
	.name = "queue_checkpoint",
	.nparams = 4,
	.any_tenant = true,
	.sql = "UPDATE app.background_job SET checkpoint = $4 WHERE id = $1"
	       " AND claim_token = $2 AND runner_id = $3 AND state = 'running'",
};

enum err queue_repo_checkpoint(struct ctx *cx, const struct job_claim *job, const char *runner,
                               const char *json, int64_t *ret_rows)
{
	return db_run(cx, &CHECKPOINT,
	              DB_ARGS(DB_INT(job->id), DB_INT(job->token), DB_TEXT(runner), DB_TEXT(json)),
	              ret_rows);
}

/* --- Tidying --- */

static const struct db_stmt TIDY_LOCK = {
	.name = "queue_tidy_lock",
	.nparams = 0,
	.any_tenant = true,
	.sql = "SELECT pg_try_advisory_xact_lock(1886351988, 0)::integer",
};

enum err queue_repo_tidy_lock(struct ctx *cx, int64_t *ret)
{
	return db_get_int(cx, &TIDY_LOCK, DB_NO_ARGS, ret);
}

static const struct db_stmt TIDY_PARTITIONS = {
	.name = "queue_tidy_partitions",
	.nparams = 3,
	.any_tenant = true,
	.sql = "SELECT app.keep_partitions('background_job_history', $1)"
	       " + app.keep_partitions('job_attempt', $2) + app.keep_partitions('event', $3)",
};

enum err queue_repo_tidy_partitions(struct ctx *cx, int64_t history_days, int64_t dead_days,
                                    int64_t event_days, int64_t *ret)
{
	return db_get_int(cx, &TIDY_PARTITIONS,
	                  DB_ARGS(DB_INT(history_days), DB_INT(dead_days), DB_INT(event_days)),
	                  ret);
}

static const struct db_stmt TIDY_DEAD = {
	.name = "queue_tidy_dead",
	.nparams = 2,
	.any_tenant = true,
	.sql = "DELETE FROM app.background_job_dead WHERE id IN (SELECT id"
	       " FROM app.background_job_dead WHERE finished_at < now()"
	       " - $1::bigint * interval '1 day' LIMIT $2)",
};

enum err queue_repo_tidy_dead(struct ctx *cx, int64_t days, int64_t *ret_rows)
{
	return db_run(cx, &TIDY_DEAD, DB_ARGS(DB_INT(days), DB_INT(QUEUE_TIDY_ROWS)), ret_rows);
}

static const struct db_stmt TIDY_ANSWERS = {
	.name = "queue_tidy_answers",
	.nparams = 2,
	.any_tenant = true,
	.sql = "DELETE FROM app.idempotency_key WHERE (tenant_id, key) IN (SELECT tenant_id, key"
	       " FROM app.idempotency_key WHERE created_at < now()"
	       " - $1::bigint * interval '1 hour' LIMIT $2)",
};

enum err queue_repo_tidy_answers(struct ctx *cx, int64_t hours, int64_t *ret_rows)
{
	return db_run(cx, &TIDY_ANSWERS, DB_ARGS(DB_INT(hours), DB_INT(QUEUE_TIDY_ROWS)), ret_rows);
}

static const struct db_stmt TIDY_FAMILIES = {
	.name = "queue_tidy_families",
	.nparams = 1,
	.any_tenant = true,
	.sql = "DELETE FROM app.token_family WHERE id IN (SELECT id FROM app.token_family"
	       " WHERE expires_at < now() LIMIT $1)",
};

enum err queue_repo_tidy_families(struct ctx *cx, int64_t *ret_rows)
{
	return db_run(cx, &TIDY_FAMILIES, DB_ARGS(DB_INT(QUEUE_TIDY_ROWS)), ret_rows);
}

static const struct db_stmt TIDY_ORPHANS = {
	.name = "queue_tidy_orphans",
	.nparams = 0,
	.any_tenant = true,
	.sql = "WITH p AS (DELETE FROM app.job_progress p WHERE NOT EXISTS"
	       " (SELECT FROM app.background_job j WHERE j.id = p.job_id))"
	       " UPDATE app.background_job j SET state = 'ready', runner_id = NULL,"
	       " lease_losses = lease_losses + 1 WHERE state = 'running'"
	       " AND NOT EXISTS (SELECT FROM app.job_runner r WHERE r.id = j.runner_id)",
};

enum err queue_repo_tidy_orphans(struct ctx *cx)
{
	return db_run(cx, &TIDY_ORPHANS, DB_NO_ARGS, NULL);
}

const struct db_check queue_statements[] = {
	{ .stmt = &JOIN, .as = DB_AS_RUNNER },
	{ .stmt = &BEAT, .row = &queue_pulse_schema, .as = DB_AS_RUNNER },
	{ .stmt = &SLEEP, .as = DB_AS_RUNNER },
	{ .stmt = &LOOK, .row = &LOOK_ROW, .as = DB_AS_RUNNER },
	{ .stmt = &CORPSES, .row = &queue_corpse_schema, .as = DB_AS_RUNNER },
	{ .stmt = &REMOVE, .as = DB_AS_RUNNER },
	{ .stmt = &LEAVE, .as = DB_AS_RUNNER },
	{ .stmt = &DISOWN, .as = DB_AS_RUNNER },
	{ .stmt = &CANCELLED, .row = &queue_claim_schema, .partial = true, .as = DB_AS_RUNNER },
	{ .stmt = &HOLD, .row = &queue_held_schema, .as = DB_AS_RUNNER },
	{ .stmt = &ORPHANS, .row = &queue_claim_schema, .partial = true, .as = DB_AS_RUNNER },
	{ .stmt = &COMPLETE, .as = DB_AS_RUNNER },
	{ .stmt = &BURY, .as = DB_AS_RUNNER },
	{ .stmt = &RERUN, .as = DB_AS_RUNNER },
	{ .stmt = &DELAY, .as = DB_AS_RUNNER },
	{ .stmt = &NOTE, .as = DB_AS_RUNNER },
	{ .stmt = &HAND_BACK, .as = DB_AS_RUNNER },
	{ .stmt = &LOSE, .as = DB_AS_RUNNER },
	{ .stmt = &PROGRESS, .as = DB_AS_RUNNER },
	{ .stmt = &CHECKPOINT, .as = DB_AS_RUNNER },
	{ .stmt = &TIDY_LOCK, .as = DB_AS_RUNNER },
	{ .stmt = &TIDY_PARTITIONS, .as = DB_AS_RUNNER },
	{ .stmt = &TIDY_DEAD, .as = DB_AS_RUNNER },
	{ .stmt = &TIDY_ANSWERS, .as = DB_AS_RUNNER },
	{ .stmt = &TIDY_FAMILIES, .as = DB_AS_RUNNER },
	{ .stmt = &TIDY_ORPHANS, .as = DB_AS_RUNNER },
	{ .stmt = NULL },
};
