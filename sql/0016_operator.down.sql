-- Schedules that do not fire, and no numbers for a monitor.
DROP FUNCTION app.job_metrics, app.wall_instant;
DO $$
BEGIN
    IF to_regclass('app.event_subscription') IS NOT NULL THEN
        REVOKE SELECT (name, position) ON app.event_subscription FROM portolan_gate;
    END IF;
END
$$;
DROP POLICY numbers ON app.background_job;
DROP POLICY numbers ON app.background_job_history;
DROP POLICY numbers ON app.background_job_dead;
REVOKE SELECT (queue, job_type, state, attempt, run_at) ON app.background_job FROM portolan_gate;
REVOKE SELECT (queue, job_type, run_at, started_at, finished_at) ON app.background_job_history FROM portolan_gate;
REVOKE SELECT (queue, job_type, status, run_at, started_at, finished_at) ON app.background_job_dead FROM portolan_gate;
REVOKE SELECT (parent_id, lease_ms) ON app.job_runner FROM portolan_gate;
DROP POLICY installation ON app.job_queue;
ALTER TABLE app.job_schedule DROP COLUMN held_until, DROP COLUMN failures, DROP COLUMN error_type, DROP COLUMN error_message;
