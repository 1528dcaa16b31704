/* The bell: one statement for all who sleep. */
#include "events/bell.h"

/*
 * The flag goes down with the ringing, so that the next one does not ring again.  Who is locked right
 * now is being rung for or is waking; of runners another one is taken then.  Nobody need wait for the
 * disk: a flag that is lost with the server is as good as one that was rung for.
 */
static const struct db_stmt RING = {
	.name = "bell_ring",
	.nparams = 4,
	.any_tenant = true,
	.sql = "WITH r AS (UPDATE app.job_runner SET asleep = asleep AND NOT $1::boolean,"
	       " light_asleep = light_asleep AND NOT $2::boolean,"
	       " waits_asleep = waits_asleep AND NOT $4::boolean WHERE id IN"
	       " (SELECT id FROM (SELECT id FROM app.job_runner WHERE $1 AND asleep"
	       " ORDER BY heartbeat_at DESC LIMIT 1 FOR UPDATE SKIP LOCKED) h"
	       " UNION SELECT id FROM (SELECT id FROM app.job_runner WHERE $2 AND light_asleep"
	       " ORDER BY heartbeat_at DESC LIMIT 1 FOR UPDATE SKIP LOCKED) l"
	       " UNION SELECT id FROM (SELECT id FROM app.job_runner WHERE $4 AND waits_asleep"
	       " ORDER BY heartbeat_at DESC LIMIT 1 FOR UPDATE SKIP LOCKED) w)"
	       " RETURNING 'job_' || replace(id::text, '-', '') AS channel),"
	       " e AS (UPDATE app.event_reader SET asleep = false WHERE id IN (SELECT id"
	       " FROM app.event_reader WHERE $3::boolean AND asleep FOR UPDATE SKIP LOCKED)"
	       " RETURNING 'event_' || replace(id::text, '-', '') AS channel)"
	       " SELECT pg_notify(channel, ''), set_config('synchronous_commit', 'off', true)"
	       " FROM (SELECT channel FROM r"
	       " UNION ALL SELECT channel FROM e) c",
};

void bell_ring(struct ctx *cx)
{
	unsigned bells = cx->bells;

	if (bells == 0)
		return;
	cx->bells = 0;
	if (db_run(cx, &RING,
	           DB_ARGS(DB_BOOL(bells & BELL_HEAVY), DB_BOOL(bells & BELL_LIGHT),
	                   DB_BOOL(bells & BELL_EVENTS), DB_BOOL(bells & BELL_WAITS)),
	           NULL) != ERR_OK)
		err_clear(cx);
}

const struct db_check bell_statements[] = {
	{ .stmt = &RING, .as = DB_AS_APP | DB_AS_RUNNER | DB_AS_GATE },
	{ .stmt = NULL },
};
