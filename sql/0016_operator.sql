-- The operator's side of the queue: what schedules need to fire and to say why they did not, and
-- the numbers that a monitor reads.

ALTER TABLE app.job_schedule
    ADD COLUMN held_until timestamptz,
    ADD COLUMN failures integer NOT NULL DEFAULT 0,
    ADD COLUMN error_type text CHECK (char_length(error_type) <= 50),
    ADD COLUMN error_message text CHECK (char_length(error_message) <= 2000);
COMMENT ON COLUMN app.job_schedule.held_until IS 'After a failure: not tried again before this time';
COMMENT ON COLUMN app.job_schedule.failures IS 'Tries to enqueue that failed since the last that did not';
COMMENT ON COLUMN app.job_schedule.error_type IS 'Of the last try, when it failed';

-- The instant at which a wall clock first shows a time, or the first later one: a time that is skipped
-- (summer time begins) is the instant at which the clock jumps, one that comes twice is the first.
CREATE FUNCTION app.wall_instant(p_wall timestamp, p_zone text) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog SET timezone = 'UTC' AS $$
DECLARE
    near timestamptz := p_wall AT TIME ZONE p_zone;
    -- by the clock of the day before, and by that of the day after
    early timestamptz := p_wall - (((near - interval '1 day') AT TIME ZONE p_zone) - ((near - interval '1 day') AT TIME ZONE 'UTC'));
    late timestamptz := p_wall - (((near + interval '1 day') AT TIME ZONE p_zone) - ((near + interval '1 day') AT TIME ZONE 'UTC'));
BEGIN
    IF early AT TIME ZONE p_zone = p_wall THEN
        RETURN early;
    ELSIF late AT TIME ZONE p_zone = p_wall THEN
        RETURN late;
    END IF;
    RETURN (SELECT min(t) FROM generate_series(least(early, late), greatest(early, late), interval '1 minute') t
             WHERE t AT TIME ZONE p_zone >= p_wall);
END
$$;
COMMENT ON FUNCTION app.wall_instant IS 'When a wall clock first shows a time or a later one';
GRANT EXECUTE ON FUNCTION app.wall_instant TO portolan_app;

-- What holds for all tenants is no secret from one whose jobs wait for it.
CREATE POLICY installation ON app.job_queue FOR SELECT TO portolan_app
    USING (tenant_id = 0 AND (SELECT app.current_tenant_id()) IS NOT NULL);

-- --- Numbers for a monitor ---

GRANT SELECT (queue, job_type, state, attempt, run_at) ON app.background_job TO portolan_gate;
GRANT SELECT (queue, job_type, run_at, started_at, finished_at) ON app.background_job_history TO portolan_gate;
GRANT SELECT (queue, job_type, status, run_at, started_at, finished_at) ON app.background_job_dead TO portolan_gate;
GRANT SELECT (parent_id, lease_ms) ON app.job_runner TO portolan_gate;
CREATE POLICY numbers ON app.background_job FOR SELECT TO portolan_gate USING (true);
CREATE POLICY numbers ON app.background_job_history FOR SELECT TO portolan_gate USING (true);
CREATE POLICY numbers ON app.background_job_dead FOR SELECT TO portolan_gate USING (true);

-- Of all tenants together: nothing here tells whose a job is.  What ended is looked at for five minutes
-- back only, by its BRIN, so that the length of the history costs nothing.
CREATE FUNCTION app.job_metrics()
RETURNS TABLE (name text, queue text, job_type text, label text, value double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    RETURN QUERY
    SELECT 'jobs', j.queue, j.job_type,
           CASE WHEN j.state = 'running' THEN 'running' WHEN j.state = 'blocked' THEN 'blocked'
                WHEN j.attempt > 0 THEN 'retrying' ELSE 'pending' END AS shown, count(*)::double precision
      FROM app.background_job j GROUP BY j.queue, j.job_type, shown;
    RETURN QUERY
    SELECT 'oldest', j.queue, NULL::text, NULL::text,
           greatest(0, date_part('epoch', now() - min(j.run_at) FILTER (WHERE j.state = 'ready')))
      FROM app.background_job j GROUP BY j.queue HAVING min(j.run_at) FILTER (WHERE j.state = 'ready') <= now();
    RETURN QUERY
    WITH f AS MATERIALIZED (
        SELECT h.queue, h.job_type, 'completed' AS outcome, h.finished_at,
               greatest(0, date_part('epoch', h.started_at - h.run_at)) AS waited,
               greatest(0, date_part('epoch', h.finished_at - h.started_at)) AS ran
          FROM app.background_job_history h WHERE h.finished_at > now() - interval '5 minutes'
         UNION ALL
        SELECT d.queue, d.job_type, d.status, d.finished_at,
               greatest(0, date_part('epoch', d.started_at - d.run_at)),
               greatest(0, date_part('epoch', d.finished_at - d.started_at))
          FROM app.background_job_dead d WHERE d.finished_at > now() - interval '5 minutes'),
    b AS (SELECT unnest(ARRAY[0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300, 1800, 'infinity']::double precision[]) AS le)
    SELECT 'ended_1m', f.queue, f.job_type, f.outcome, count(*)::double precision
      FROM f WHERE f.finished_at > now() - interval '1 minute' GROUP BY f.queue, f.job_type, f.outcome
     UNION ALL
    SELECT 'ended_5m', f.queue, f.job_type, f.outcome, count(*)::double precision
      FROM f GROUP BY f.queue, f.job_type, f.outcome
     UNION ALL
    SELECT 'wait', f.queue, f.job_type, CASE WHEN b.le = 'infinity' THEN '+Inf' ELSE b.le::text END,
           (count(*) FILTER (WHERE f.waited <= b.le))::double precision
      FROM f CROSS JOIN b WHERE f.waited IS NOT NULL GROUP BY f.queue, f.job_type, b.le
     UNION ALL
    SELECT 'run', f.queue, f.job_type, CASE WHEN b.le = 'infinity' THEN '+Inf' ELSE b.le::text END,
           (count(*) FILTER (WHERE f.ran <= b.le))::double precision
      FROM f CROSS JOIN b WHERE f.ran IS NOT NULL GROUP BY f.queue, f.job_type, b.le;
    RETURN QUERY
    SELECT 'runners', NULL::text, NULL::text, NULL::text, count(*)::double precision FROM app.job_runner r
     WHERE r.parent_id IS NULL AND r.heartbeat_at > now() - r.lease_ms * interval '1 ms';
    RETURN QUERY
    SELECT 'paused', q.name, NULL::text, NULL::text, (q.paused_at IS NOT NULL)::integer::double precision
      FROM app.job_queue q WHERE q.tenant_id = 0;
    RETURN QUERY
    SELECT 'position', NULL::text, NULL::text, NULL::text,
           coalesce(pg_sequence_last_value('app.event_position_seq'), 0)::double precision;
    RETURN QUERY
    SELECT 'outbox', NULL::text, NULL::text, NULL::text, count(*)::double precision FROM app.event_outbox;
    IF to_regclass('app.event_subscription') IS NOT NULL THEN
        RETURN QUERY EXECUTE 'SELECT ''lag''::text, NULL::text, NULL::text, s.name, greatest(0,'
            ' coalesce(pg_sequence_last_value(''app.event_position_seq''), 0) - s.position)::double precision'
            ' FROM app.event_subscription s';
    END IF;
END
$$;
COMMENT ON FUNCTION app.job_metrics IS 'Numbers of the queue and the event log over all tenants, for GET /metrics';
DO $$
BEGIN
    IF to_regclass('app.event_subscription') IS NOT NULL THEN
        GRANT SELECT (name, position) ON app.event_subscription TO portolan_gate;
    END IF;
END
$$;
REVOKE ALL ON FUNCTION app.job_metrics FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.job_metrics TO portolan_app;
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.job_metrics OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
