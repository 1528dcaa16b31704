/*
 * SQL of claims.
 *
 * A claim changes no indexed column, so that it stays on its page (HOT).
 */
#include "jobs/claim_repo.h"

#include "jobs/queue_repo.h"

/*
 * What is done is found where its claim has left it, without a walk down an index.  A row that somebody
 * has changed since lies elsewhere, and is not among those that this returns when it is not all of them.
 */
static const struct db_stmt DONE = {
	.name = "claim_done",
	.nparams = 5,
	.any_tenant = true,
	.sql = "WITH d AS (DELETE FROM app.background_job j"
	       " USING unnest($2::bigint[], $3::bigint[], $4::tid[]) AS g (job, proof, place)"
	       " WHERE j.ctid = coalesce(g.place, (SELECT o.ctid FROM app.background_job o"
	       " WHERE o.id = g.job)) AND j.id = g.job AND j.claim_token = g.proof"
	       " AND j.runner_id = $1 AND j.state = 'running' AND NOT j.rerun"
	       " RETURNING " QUEUE_ENDED "),"
	       " h AS (INSERT INTO app.background_job_history (" QUEUE_ENDED ")"
	       " SELECT " QUEUE_ENDED " FROM d)"
	       " SELECT CASE WHEN count(*) <> $5 THEN coalesce(array_agg(id), '{}')::text END FROM d",
};

enum err claim_repo_done(struct ctx *cx, const struct queue *q, const struct claim_ends *ends,
                         const char **ret)
{
	return db_get_text(cx, &DONE,
	                   DB_ARGS(DB_TEXT(q->id), DB_TEXT(ends->ids), DB_TEXT(ends->tokens),
	                           DB_TEXT(ends->places), DB_INT((int64_t)ends->n)),
	                   ret);
}

/*
 * An ARRAY is evaluated once, so a claim takes no more than it was asked for.  One walk down
 * the index per priority and queue: what is due later costs nothing.  "me" holds the runner's row against
 * its removal: a runner that has been declared dead claims nothing.  It is asked when the first job is
 * there: a look at an empty queue locks nothing, and so writes nothing.
 * Turns are taken for jobs that are locked already, and that start then: a version of the row that is
 * newer than the statement is locked as well, but is not seen by the update.  It is one CASE because
 * conditions beside each other are evaluated in whatever order seems cheap.
 * All jobs of a claim have one token: with the job's number it is as good as one each.
 *
 * The update stands at the top, so that its rows go out as they come: in the order of their places.
 */
static const struct db_stmt BATCH = {
	.name = "claim_batch",
	.nparams = 7,
	.any_tenant = true,
	.binary = true,
	.sql = "WITH me AS MATERIALIZED (SELECT id FROM app.job_runner WHERE id = $1 FOR KEY SHARE)"
	       " UPDATE app.background_job b SET state = 'running', runner_id = $1,"
	       " claim_token = (SELECT nextval('app.job_claim_seq')), attempt = attempt + 1,"
	       " started_at = now() WHERE b.ctid = ANY (ARRAY(SELECT f.place FROM (SELECT s.* FROM"
	       " (SELECT * FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[])"
	       " WITH ORDINALITY AS u (q, p, t, i, o) ORDER BY o) w"
	       " CROSS JOIN LATERAL (SELECT j.ctid AS place, j.tenant_id, j.order_key, j.id"
	       " FROM app.background_job j"
	       " WHERE j.queue = w.q AND j.priority = w.p AND j.run_at <= now()"
	       " AND (j.run_at, j.id) >= (timestamptz 'epoch' + w.t * interval '1 us', w.i)"
	       " AND j.state = 'ready' AND j.job_type = ANY ($6::text[])"
	       " AND (j.order_key IS NULL OR NOT EXISTS (SELECT FROM app.job_turn t"
	       " WHERE t.tenant_id = j.tenant_id AND t.order_key = j.order_key))"
	       " ORDER BY j.run_at, j.id LIMIT $7 FOR UPDATE OF j SKIP LOCKED) s LIMIT $7) f WHERE CASE"
	       " WHEN (SELECT m.id FROM me m) IS NULL THEN false"
	       " WHEN f.order_key IS NULL THEN true WHEN NOT EXISTS"
	       " (SELECT FROM app.background_job v WHERE v.ctid = f.place AND v.id = f.id) THEN false"
	       " ELSE app.job_turn_take(f.tenant_id, f.order_key, f.id) END))"
	       " RETURNING " QUEUE_CLAIM ", ctid AS place",
};

enum err claim_repo_batch(struct ctx *cx, const struct queue *q, const struct claim_walk *walk,
                          struct list *ret)
{
	return db_list(cx, &BATCH,
	               DB_ARGS(DB_TEXT(q->id), DB_TEXT(walk->queues), DB_TEXT(walk->priorities),
	                       DB_TEXT(walk->mark_us), DB_TEXT(walk->mark_ids),
	                       DB_TEXT(walk->types), DB_INT(walk->n)),
	               &queue_claim_schema, ret);
}

static const struct db_stmt LIMITED = {
	.name = "claim_limited",
	.nparams = 4,
	.any_tenant = true,
	.binary = true,
	.sql = "SELECT " QUEUE_CLAIM ""
	       " FROM app.job_claim_limited($1, $2, $3::text[], $4::integer)",
};

enum err claim_repo_limited(struct ctx *cx, const struct queue *q, const char *queue,
                            const char *types, int64_t n, struct list *ret)
{
	return db_list(cx, &LIMITED,
	               DB_ARGS(DB_TEXT(q->id), DB_TEXT(queue), DB_TEXT(types), DB_INT(n)),
	               &queue_claim_schema, ret);
}

static const struct field LIMIT_FIELDS[] = {
	F_TEXT(struct claim_limit, name),
	F_INT(struct claim_limit, per_runner),
	F_BOOL(struct claim_limit, limited),
};
static const struct schema LIMIT = SCHEMA(struct claim_limit, "ClaimLimit", LIMIT_FIELDS);

/* A queue that is only named has no limit, and is known from then on. */
static const struct db_stmt LIMITS = {
	.name = "claim_limits",
	.nparams = 0,
	.read = true,
	.any_tenant = true,
	.sql = "SELECT name, coalesce(max(per_runner) FILTER (WHERE tenant_id = 0), 0) AS per_runner,"
	       " bool_or(paused_at IS NOT NULL OR concurrency IS NOT NULL OR rate_limit IS NOT NULL"
	       " OR per_runner IS NOT NULL) AS limited FROM app.job_queue GROUP BY name"
	       " ORDER BY name",
};

enum err claim_repo_limits(struct ctx *cx, struct list *ret)
{
	return db_list(cx, &LIMITS, DB_NO_ARGS, &LIMIT, ret);
}

const struct db_check claim_statements[] = {
	{ .stmt = &DONE, .as = DB_AS_RUNNER },
	{ .stmt = &BATCH, .row = &queue_claim_schema, .as = DB_AS_RUNNER },
	{ .stmt = &LIMITED, .row = &queue_claim_schema, .partial = true, .as = DB_AS_RUNNER },
	{ .stmt = &LIMITS, .row = &LIMIT, .as = DB_AS_RUNNER },
	{ .stmt = NULL },
};
