-- The queue as it was: one history, no limits, schedules or dependencies.
DROP VIEW app.job, app.job_live, app.job_done, app.job_undone;
DROP TRIGGER job_updated ON app.background_job;
DROP TRIGGER job_deleted ON app.background_job;
DROP TRIGGER job_dead_deleted ON app.background_job_dead;
DROP FUNCTION app.job_updated, app.job_deleted, app.job_dead_deleted, app.job_awaited_end, app.job_claim_limited, app.job_rate_left,
    app.job_turn_take;
DROP TABLE app.job_schedule, app.job_dependency, app.job_slot, app.job_queue, app.job_attempt;
REVOKE ALL ON app.job_runner FROM portolan_gate;
ALTER TABLE app.job_runner DROP COLUMN light_asleep, DROP COLUMN parent_id;
ALTER TABLE app.background_job NO FORCE ROW LEVEL SECURITY;
UPDATE app.background_job SET state = 'ready', run_at = coalesce(wanted_at, now()) WHERE state = 'blocked';
DROP INDEX app.background_job_unique_key;
UPDATE app.background_job j SET unique_key = NULL WHERE unique_key IS NOT NULL AND EXISTS (
    SELECT FROM app.background_job o WHERE o.tenant_id = j.tenant_id AND o.unique_key = j.unique_key AND o.id < j.id);
CREATE UNIQUE INDEX background_job_unique_key ON app.background_job (tenant_id, unique_key) WHERE unique_key IS NOT NULL;
ALTER TABLE app.background_job FORCE ROW LEVEL SECURITY,
    DROP COLUMN awaited, DROP COLUMN slotted, DROP COLUMN wanted_at,
    DROP CONSTRAINT background_job_state_check,
    ADD CONSTRAINT background_job_state_check CHECK (state IN ('ready', 'running'));

CREATE TABLE app.history_before (
    id            bigint PRIMARY KEY,
    tenant_id     bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    project_id    bigint,
    queue         text NOT NULL,
    job_type      text NOT NULL,
    priority      smallint NOT NULL,
    status        text NOT NULL CHECK (status IN ('completed', 'failed', 'cancelled', 'dead')),
    progress      smallint NOT NULL CHECK (progress BETWEEN 0 AND 100),
    attempt       integer NOT NULL,
    max_attempts  integer NOT NULL,
    lease_losses  integer NOT NULL,
    unique_key    text,
    order_key     text,
    arguments     jsonb NOT NULL,
    checkpoint    jsonb,
    result        jsonb,
    error_type    text,
    error_message text,
    request_id    text,
    traceparent   text,
    created_at    timestamptz NOT NULL,
    started_at    timestamptz,
    finished_at   timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE app.background_job_history NO FORCE ROW LEVEL SECURITY;
ALTER TABLE app.background_job_dead NO FORCE ROW LEVEL SECURITY;
INSERT INTO app.history_before
SELECT id, tenant_id, project_id, queue, job_type, priority, 'completed', 100, attempt, max_attempts, 0, unique_key, order_key,
       arguments, NULL, result, NULL, NULL, request_id, traceparent, created_at, started_at, finished_at
  FROM app.background_job_history
 UNION ALL
SELECT id, tenant_id, project_id, queue, job_type, priority, status, progress, attempt, max_attempts, lease_losses, unique_key,
       order_key, arguments, checkpoint, NULL, error_type, error_message, request_id, traceparent, created_at, started_at,
       finished_at
  FROM app.background_job_dead
ON CONFLICT DO NOTHING;
DROP TABLE app.background_job_history, app.background_job_dead;
ALTER TABLE app.history_before RENAME TO background_job_history;
ALTER INDEX app.history_before_pkey RENAME TO background_job_history_pkey;
CREATE INDEX background_job_history_newest ON app.background_job_history (tenant_id, id DESC);
CREATE INDEX background_job_history_status ON app.background_job_history (tenant_id, status, id DESC);
CREATE INDEX background_job_history_project ON app.background_job_history (tenant_id, project_id, id DESC);
ALTER TABLE app.background_job_history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.background_job_history USING (tenant_id = (SELECT app.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.current_tenant_id()));
CREATE POLICY queue ON app.background_job_history TO portolan_runner USING (true) WITH CHECK (true);
REVOKE INSERT, UPDATE ON app.background_job_history FROM portolan_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.background_job_history TO portolan_runner;
CREATE VIEW app.job_live WITH (security_invoker = true) AS
SELECT j.id, j.tenant_id, j.project_id, j.queue, j.job_type, j.priority,
       CASE WHEN j.state = 'running' THEN 'running'
            WHEN j.attempt > 0 THEN 'retrying'
            ELSE 'pending' END AS status,
       coalesce(p.percent, 0)::smallint AS progress,
       CASE WHEN j.state = 'running' THEN coalesce(p.message, '') ELSE '' END AS message,
       j.attempt, j.max_attempts, j.arguments, NULL::jsonb AS result,
       j.error_type, j.error_message, j.request_id,
       j.run_at, j.created_at, j.started_at, NULL::timestamptz AS finished_at
  FROM app.background_job j LEFT JOIN app.job_progress p ON p.job_id = j.id;
COMMENT ON VIEW app.job_live IS 'Unfinished jobs as the API shows them';

CREATE VIEW app.job_ended WITH (security_invoker = true) AS
SELECT h.id, h.tenant_id, h.project_id, h.queue, h.job_type, h.priority, h.status,
       h.progress, '' AS message, h.attempt, h.max_attempts, h.arguments, h.result,
       h.error_type, h.error_message, h.request_id,
       NULL::timestamptz AS run_at, h.created_at, h.started_at, h.finished_at
  FROM app.background_job_history h;
COMMENT ON VIEW app.job_ended IS 'Finished jobs as the API shows them';

CREATE VIEW app.job WITH (security_invoker = true) AS
SELECT * FROM app.job_live UNION ALL SELECT * FROM app.job_ended;
COMMENT ON VIEW app.job IS 'All jobs as the API shows them';
GRANT SELECT ON app.job_live, app.job_ended, app.job TO portolan_app;

CREATE FUNCTION app.job_turn_take() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(1886351988, hashtext(NEW.order_key)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO app.job_turn (tenant_id, order_key, job_id)
    VALUES (NEW.tenant_id, NEW.order_key, NEW.id) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE FUNCTION app.job_turn_give() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    DELETE FROM app.job_turn t
     WHERE t.tenant_id = OLD.tenant_id AND t.order_key = OLD.order_key AND t.job_id = OLD.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER job_turn_take BEFORE UPDATE OF state ON app.background_job FOR EACH ROW
    WHEN (NEW.order_key IS NOT NULL AND OLD.state = 'ready' AND NEW.state = 'running')
    EXECUTE FUNCTION app.job_turn_take();
CREATE TRIGGER job_turn_give AFTER UPDATE OF state ON app.background_job FOR EACH ROW
    WHEN (OLD.order_key IS NOT NULL AND OLD.state = 'running' AND NEW.state <> 'running')
    EXECUTE FUNCTION app.job_turn_give();
CREATE TRIGGER job_turn_drop AFTER DELETE ON app.background_job FOR EACH ROW
    WHEN (OLD.order_key IS NOT NULL AND OLD.state = 'running')
    EXECUTE FUNCTION app.job_turn_give();
