/* Statements of test_interleave.c: what a play does by hand, and how the books are read. */
#ifndef TESTS_INTERLEAVE_SQL_H
#define TESTS_INTERLEAVE_SQL_H

#include "base/db.h"

#define QUEUE "test_turns"

/* Test statements run on connections that stay, as whoever they are for. */
#define STMT(id, n, text)                                                                          \
	static const struct db_stmt id = {                                                         \
		.name = "t_" #id, .sql = text, .any_tenant = true, .nparams = n                    \
	}
STMT(EFFECT, 2, "INSERT INTO test_turns.effect (job_id, token) VALUES ($1, $2)");
STMT(AGE, 1, "UPDATE app.job_runner SET heartbeat_at = now() - interval '1 hour' WHERE id = $1");
STMT(UNFENCED, 2,
     "WITH d AS (DELETE FROM app.background_job WHERE id = $1 RETURNING *),"
     " a AS (INSERT INTO app.job_attempt (tenant_id, job_id, token, attempt, outcome)"
     " SELECT tenant_id, id, $2, attempt, 'completed' FROM d)"
     " INSERT INTO app.background_job_history (id, tenant_id, queue, job_type, priority, attempt,"
     " max_attempts, arguments, run_at, created_at) SELECT id, tenant_id, queue, job_type, priority,"
     " attempt, max_attempts, arguments, run_at, created_at FROM d");
STMT(OWNS, 3,
     "SELECT count(*) FROM app.background_job WHERE id = $1 AND claim_token = $2 AND runner_id = $3"
     " AND state = 'running'");
STMT(UNLOCK, 0, "SELECT pg_advisory_unlock_all()");
STMT(WAITS, 1, "SELECT count(*) FROM app.background_job WHERE id = $1 AND state = 'ready'");
STMT(LEFT, 0, "SELECT count(*) FROM app.background_job WHERE queue = '" QUEUE "'");
STMT(TOKEN, 0, "SELECT last_value FROM app.job_claim_seq");
STMT(DUE, 0,
     "UPDATE app.background_job SET run_at = now() WHERE queue = '" QUEUE "' AND run_at > now()");
STMT(WIPE, 0,
     "WITH d AS (DELETE FROM app.background_job WHERE queue = '" QUEUE "'),"
     " t AS (DELETE FROM app.job_turn WHERE order_key = 'turn')"
     " DELETE FROM app.job_slot WHERE queue = '" QUEUE "'");
/* What must not be, each with a number of its own; $2: the tenant, $3: without effects. */
STMT(WRONG, 3,
     "WITH places AS (SELECT id, count(*) AS n FROM (SELECT id FROM app.background_job"
     " UNION ALL SELECT id FROM app.background_job_history WHERE tenant_id = $2 AND id >= $1"
     " UNION ALL SELECT id FROM app.background_job_dead) p WHERE id >= $1 GROUP BY id),"
     " tried AS (SELECT job_id, token, outcome FROM app.job_attempt WHERE tenant_id = $2"
     " AND job_id >= $1),"
     " done AS (SELECT job_id, token FROM tried WHERE outcome = 'completed'),"
     " effect AS (SELECT job_id, token FROM test_turns.effect WHERE job_id >= $1)"
     " SELECT CASE WHEN EXISTS (SELECT FROM places WHERE n > 1) THEN 1"
     " WHEN NOT $3::boolean AND EXISTS (SELECT FROM app.background_job_history h"
     " WHERE h.tenant_id = $2 AND h.id >= $1"
     " AND NOT EXISTS (SELECT FROM effect WHERE job_id = h.id)) THEN 2"
     " WHEN EXISTS (SELECT FROM effect GROUP BY job_id, token HAVING count(*) > 1) THEN 3"
     " WHEN NOT $3 AND EXISTS (SELECT FROM done FULL JOIN effect USING (job_id, token)"
     " WHERE done.job_id IS NULL OR effect.job_id IS NULL) THEN 4"
     " WHEN EXISTS (SELECT FROM app.job_turn WHERE order_key = 'turn') THEN 5"
     " WHEN EXISTS (SELECT FROM app.job_slot WHERE queue = '" QUEUE "') THEN 6"
     " WHEN EXISTS (SELECT FROM tried GROUP BY job_id, token HAVING count(*) > 1) THEN 7"
     " ELSE 0 END");
STMT(PLACES, 2,
     "SELECT (SELECT count(*) FROM app.background_job_history WHERE id = $1 AND tenant_id = $2)"
     " + (SELECT count(*) FROM app.background_job_dead WHERE id = $1)");
STMT(EFFECTS, 1, "SELECT count(*) FROM test_turns.effect WHERE job_id = $1");
STMT(SERVED, 2, "SELECT count(*) FROM test_turns.effect WHERE job_id >= $1 AND token > $2");

#endif
