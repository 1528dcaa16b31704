-- The queue in full: what waits and runs stays in a small table that is updated in
-- place; what is done moves to a history of days, what ended otherwise to the dead letters.
--
--   background_job          unfinished; claiming, starting and ending touch no index but by the row's end
--   background_job_history  completed; by day, dropped by day
--   background_job_dead     failed, dead, cancelled; kept apart, so that they are found and retried at once
--   job_attempt             every attempt that is worth a word, with its error and its log
--   job_queue               limits and pauses: of a tenant, and (tenant 0) of the installation
--   job_slot                running jobs of queues that have a limit
--   job_dependency          jobs that wait for others
--   job_schedule            jobs that time brings about

-- --- What ended ---

ALTER TABLE app.background_job_history RENAME TO history_before;
ALTER INDEX app.background_job_history_pkey RENAME TO history_before_pkey;
DROP INDEX app.background_job_history_newest, app.background_job_history_status, app.background_job_history_project;
DROP VIEW app.job, app.job_ended, app.job_live;

CREATE TABLE app.background_job_history (
    id           bigint NOT NULL,
    tenant_id    bigint NOT NULL,
    project_id   bigint,
    queue        text NOT NULL,
    job_type     text NOT NULL,
    priority     smallint NOT NULL,
    attempt      integer NOT NULL,
    max_attempts integer NOT NULL,
    unique_key   text,
    order_key    text,
    arguments    jsonb NOT NULL,
    result       jsonb,
    request_id   text,
    traceparent  text,
    run_at       timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    started_at   timestamptz,
    finished_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id, finished_at)
) PARTITION BY RANGE (finished_at);
CREATE INDEX background_job_history_project ON app.background_job_history (tenant_id, project_id, id) WHERE project_id IS NOT NULL;
CREATE INDEX background_job_history_unique ON app.background_job_history (tenant_id, job_type, unique_key, finished_at)
    WHERE unique_key IS NOT NULL;
CREATE INDEX background_job_history_finished ON app.background_job_history USING brin (finished_at) WITH (pages_per_range = 16, autosummarize = on);
COMMENT ON TABLE app.background_job_history IS 'Completed work; no foreign key, which would cost more than the row';
SELECT app.keep_partitions('background_job_history', 0);

CREATE TABLE app.background_job_dead (
    id            bigint PRIMARY KEY,
    tenant_id     bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    project_id    bigint,
    queue         text NOT NULL,
    job_type      text NOT NULL,
    priority      smallint NOT NULL,
    status        text NOT NULL CHECK (status IN ('failed', 'cancelled', 'dead')),
    progress      smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    attempt       integer NOT NULL,
    max_attempts  integer NOT NULL,
    lease_losses  integer NOT NULL DEFAULT 0,
    unique_key    text,
    order_key     text,
    awaited       boolean NOT NULL DEFAULT false,
    arguments     jsonb NOT NULL,
    checkpoint    jsonb,
    error_type    text,
    error_message text,
    request_id    text,
    traceparent   text,
    run_at        timestamptz NOT NULL,
    created_at    timestamptz NOT NULL,
    started_at    timestamptz,
    finished_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id)
);
CREATE INDEX background_job_dead_status ON app.background_job_dead (tenant_id, status, id DESC);
CREATE INDEX background_job_dead_type ON app.background_job_dead (tenant_id, job_type, id DESC);
CREATE INDEX background_job_dead_project ON app.background_job_dead (tenant_id, project_id, id DESC);
CREATE INDEX background_job_dead_unique ON app.background_job_dead (tenant_id, job_type, unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX background_job_dead_age ON app.background_job_dead (finished_at);
COMMENT ON TABLE app.background_job_dead IS 'Work that ended without success; retrying moves it back, under its id';
COMMENT ON COLUMN app.background_job_dead.status IS 'failed: trying again is useless; dead: attempts used up, or it kills its runner';
COMMENT ON COLUMN app.background_job_dead.awaited IS 'Others wait for it to be retried and done';

ALTER TABLE app.history_before NO FORCE ROW LEVEL SECURITY;
INSERT INTO app.background_job_history (id, tenant_id, project_id, queue, job_type, priority, attempt, max_attempts, unique_key,
    order_key, arguments, result, request_id, traceparent, run_at, created_at, started_at, finished_at)
SELECT id, tenant_id, project_id, queue, job_type, priority, attempt, max_attempts, unique_key, order_key, arguments, result,
       request_id, traceparent, created_at, created_at, started_at, finished_at
  FROM app.history_before WHERE status = 'completed';
INSERT INTO app.background_job_dead (id, tenant_id, project_id, queue, job_type, priority, status, progress, attempt, max_attempts,
    lease_losses, unique_key, order_key, arguments, checkpoint, error_type, error_message, request_id, traceparent, run_at,
    created_at, started_at, finished_at)
SELECT id, tenant_id, project_id, queue, job_type, priority, status, progress, attempt, max_attempts, lease_losses, unique_key,
       order_key, arguments, checkpoint, error_type, error_message, request_id, traceparent, created_at, created_at, started_at,
       finished_at
  FROM app.history_before WHERE status <> 'completed';
DROP TABLE app.history_before;

CREATE TABLE app.job_attempt (
    tenant_id     bigint NOT NULL,
    job_id        bigint NOT NULL,
    token         bigint NOT NULL,
    attempt       integer NOT NULL,
    host          text NOT NULL DEFAULT '' CHECK (char_length(host) <= 255),
    outcome       text NOT NULL CHECK (outcome IN ('completed', 'retrying', 'failed', 'dead', 'cancelled', 'returned',
                                                   'snoozed', 'lost')),
    error_type    text CHECK (char_length(error_type) <= 50),
    error_message text CHECK (char_length(error_message) <= 2000),
    log           jsonb NOT NULL DEFAULT '[]',
    started_at    timestamptz,
    finished_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id, token, finished_at)
) PARTITION BY RANGE (finished_at);
COMMENT ON TABLE app.job_attempt IS 'What became of each start of a job';
COMMENT ON COLUMN app.job_attempt.token IS 'The claim''s fencing token: rises with every start, which attempt does not';
COMMENT ON COLUMN app.job_attempt.outcome IS 'returned: the runner stopped, no attempt; snoozed: it asked to wait; lost: its runner died';
COMMENT ON COLUMN app.job_attempt.log IS 'Its last log lines, as the log has them';
SELECT app.keep_partitions('job_attempt', 0);

-- --- What waits and runs ---

ALTER TABLE app.background_job
    ADD COLUMN awaited boolean NOT NULL DEFAULT false,
    ADD COLUMN slotted boolean NOT NULL DEFAULT false,
    ADD COLUMN wanted_at timestamptz,
    DROP CONSTRAINT background_job_state_check,
    ADD CONSTRAINT background_job_state_check CHECK (state IN ('ready', 'running', 'blocked'));
COMMENT ON COLUMN app.background_job.awaited IS 'Other jobs wait for it (job_dependency)';
COMMENT ON COLUMN app.background_job.slotted IS 'It runs in a slot of a limited queue (job_slot)';
COMMENT ON COLUMN app.background_job.wanted_at IS 'Of a blocked job: not before this time, once nothing blocks it; run_at is infinity meanwhile';
DROP INDEX app.background_job_unique_key;
CREATE UNIQUE INDEX background_job_unique_key ON app.background_job (tenant_id, job_type, unique_key) WHERE unique_key IS NOT NULL;
COMMENT ON COLUMN app.background_job.unique_key IS 'At most one unfinished job of this type and key in the tenant';

-- Two lanes of a runner sleep apart: the threads of heavy jobs, and those of light ones.
ALTER TABLE app.job_runner
    ADD COLUMN light_asleep boolean NOT NULL DEFAULT false,
    ADD COLUMN parent_id uuid;
COMMENT ON COLUMN app.job_runner.light_asleep IS 'Its lanes of light jobs wait for a notification';
COMMENT ON COLUMN app.job_runner.parent_id IS 'Of a lane: the runner that it belongs to';
GRANT SELECT (light_asleep, parent_id), UPDATE (light_asleep) ON app.job_runner TO portolan_app;
GRANT SELECT (id, asleep, light_asleep, heartbeat_at), UPDATE (asleep, light_asleep) ON app.job_runner TO portolan_gate;

CREATE TABLE app.job_queue (
    tenant_id     bigint NOT NULL CHECK (tenant_id >= 0),
    name          text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 50),
    paused_at     timestamptz,
    paused_by     text CHECK (char_length(paused_by) <= 254),
    concurrency   integer CHECK (concurrency > 0),
    per_runner    integer CHECK (per_runner IS NULL OR (per_runner > 0 AND tenant_id = 0)),
    rate_limit    integer CHECK (rate_limit > 0),
    rate_period_s integer CHECK (rate_period_s BETWEEN 1 AND 86400),
    rate_left     double precision NOT NULL DEFAULT 0,
    rate_at       timestamptz NOT NULL DEFAULT '-infinity',
    version       bigint NOT NULL DEFAULT 1,
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, name),
    CHECK ((rate_limit IS NULL) = (rate_period_s IS NULL))
);
COMMENT ON TABLE app.job_queue IS 'Queues that are paused or have limits; no row: neither';
COMMENT ON COLUMN app.job_queue.tenant_id IS '0: of the installation, over all tenants';
COMMENT ON COLUMN app.job_queue.concurrency IS 'Most jobs that run at a time, on all runners';
COMMENT ON COLUMN app.job_queue.per_runner IS 'Most jobs that run at a time on one runner';
COMMENT ON COLUMN app.job_queue.rate_limit IS 'Most starts in rate_period_s seconds';
COMMENT ON COLUMN app.job_queue.rate_left IS 'Starts that were left at rate_at; they come back evenly';

CREATE TABLE app.job_slot (
    job_id    bigint PRIMARY KEY,
    tenant_id bigint NOT NULL,
    queue     text NOT NULL
);
CREATE INDEX job_slot_queue ON app.job_slot (queue, tenant_id);
COMMENT ON TABLE app.job_slot IS 'Running jobs of limited queues; given back by a trigger, so that no path forgets it';

CREATE TABLE app.job_dependency (
    tenant_id bigint NOT NULL,
    job_id    bigint NOT NULL,
    on_job_id bigint NOT NULL,
    PRIMARY KEY (tenant_id, job_id, on_job_id)
);
CREATE INDEX job_dependency_on ON app.job_dependency (tenant_id, on_job_id);
COMMENT ON TABLE app.job_dependency IS 'job_id waits until on_job_id is completed';

CREATE TABLE app.job_schedule (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id   bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    name        text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    cron        text NOT NULL CHECK (char_length(cron) BETWEEN 1 AND 200),
    time_zone   text NOT NULL DEFAULT 'UTC' CHECK (char_length(time_zone) BETWEEN 1 AND 64),
    job_type    text NOT NULL CHECK (char_length(job_type) BETWEEN 1 AND 50),
    project_id  bigint,
    arguments   jsonb NOT NULL DEFAULT '{}',
    catch_up    text NOT NULL DEFAULT 'once' CHECK (catch_up IN ('skip', 'once', 'all')),
    enabled     boolean NOT NULL DEFAULT true,
    next_at     timestamptz,
    last_at     timestamptz,
    last_job_id bigint,
    created_by  text NOT NULL DEFAULT '' CHECK (char_length(created_by) <= 254),
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT job_schedule_tenant_name_key UNIQUE (tenant_id, name),
    FOREIGN KEY (tenant_id, project_id) REFERENCES app.project (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX job_schedule_due ON app.job_schedule (next_at) WHERE enabled;
COMMENT ON TABLE app.job_schedule IS 'Jobs that time brings about; whoever moves next_at on enqueues, in one transaction';
COMMENT ON COLUMN app.job_schedule.cron IS 'Five fields, in the wall clock of time_zone';
COMMENT ON COLUMN app.job_schedule.catch_up IS 'Of times that passed while nobody looked: none, the last one, or each';
COMMENT ON COLUMN app.job_schedule.next_at IS 'Null: the pattern names no time to come';

-- --- Triggers: what no path may forget ---

-- Of turns and slots, giving back is what must not be forgotten: once a statement, over the rows that it
-- changed.  (A trigger for each row would look at each row's old version again, which costs a batch of a
-- hundred jobs a third of its time.)  Taking a turn is asked for where a job is claimed, and nowhere else.
DROP TRIGGER job_turn_take ON app.background_job;
DROP TRIGGER job_turn_give ON app.background_job;
DROP TRIGGER job_turn_drop ON app.background_job;
DROP FUNCTION app.job_turn_take, app.job_turn_give;

-- Whether the turn is this job's now.  The try-lock keeps two claimers from waiting for each other's keys, in
-- whatever order.  Who gets true must start the job in the same statement: it has locked the row before.
CREATE FUNCTION app.job_turn_take(p_tenant bigint, p_key text, p_job bigint) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(1886351988, hashtext(p_key)) THEN
        RETURN false;
    END IF;
    INSERT INTO app.job_turn (tenant_id, order_key, job_id) VALUES (p_tenant, p_key, p_job) ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION app.job_turn_take IS 'Takes the turn of an order key for a job that is about to start';

CREATE FUNCTION app.job_updated() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM old_jobs o JOIN app.background_job j ON j.id = o.id AND j.state <> 'running'
                WHERE o.state = 'running' AND (o.slotted OR o.order_key IS NOT NULL)) THEN
        DELETE FROM app.job_slot s USING old_jobs o, app.background_job j
         WHERE o.slotted AND o.state = 'running' AND s.job_id = o.id AND j.id = o.id AND j.state <> 'running';
        DELETE FROM app.job_turn t USING old_jobs o, app.background_job j
         WHERE o.order_key IS NOT NULL AND o.state = 'running' AND t.tenant_id = o.tenant_id
           AND t.order_key = o.order_key AND t.job_id = o.id AND j.id = o.id AND j.state <> 'running';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER job_updated AFTER UPDATE ON app.background_job REFERENCING OLD TABLE AS old_jobs
    FOR EACH STATEMENT EXECUTE FUNCTION app.job_updated();

CREATE FUNCTION app.job_deleted() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    o app.background_job;
BEGIN
    FOR o IN SELECT * FROM old_jobs d WHERE d.awaited OR d.state = 'blocked'
                                         OR (d.state = 'running' AND (d.slotted OR d.order_key IS NOT NULL))
    LOOP
        IF o.slotted AND o.state = 'running' THEN
            DELETE FROM app.job_slot s WHERE s.job_id = o.id;
        END IF;
        IF o.order_key IS NOT NULL AND o.state = 'running' THEN
            DELETE FROM app.job_turn t WHERE t.tenant_id = o.tenant_id AND t.order_key = o.order_key AND t.job_id = o.id;
        END IF;
        IF o.state = 'blocked' THEN
            DELETE FROM app.job_dependency d WHERE d.tenant_id = o.tenant_id AND d.job_id = o.id;
        END IF;
        IF o.awaited THEN
            PERFORM app.job_awaited_end(o.tenant_id, o.id);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER job_deleted AFTER DELETE ON app.background_job REFERENCING OLD TABLE AS old_jobs
    FOR EACH STATEMENT EXECUTE FUNCTION app.job_deleted();

-- A job that others wait for is gone from here.  Completed: they may start.  Failed or dead: they wait, for it may be
-- retried.  Cancelled, discarded or dropped: they are cancelled, and what waits for them.
CREATE FUNCTION app.job_awaited_end(p_tenant bigint, p_job bigint) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    how text;
    why text;
BEGIN
    IF EXISTS (SELECT FROM app.background_job j WHERE j.id = p_job) THEN
        RETURN; -- retried
    END IF;
    SELECT d.status INTO how FROM app.background_job_dead d WHERE d.tenant_id = p_tenant AND d.id = p_job;
    IF how IN ('failed', 'dead') THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM app.background_job_history h WHERE h.tenant_id = p_tenant AND h.id = p_job) THEN
        WITH r AS (DELETE FROM app.job_dependency d WHERE d.tenant_id = p_tenant AND d.on_job_id = p_job
                   RETURNING d.job_id)
        UPDATE app.background_job j SET state = 'ready', run_at = greatest(coalesce(j.wanted_at, now()), now())
          FROM r WHERE j.id = r.job_id AND j.tenant_id = p_tenant AND j.state = 'blocked'
           AND NOT EXISTS (SELECT FROM app.job_dependency o WHERE o.tenant_id = p_tenant AND o.job_id = r.job_id
                              AND o.on_job_id <> p_job);
        RETURN;
    END IF;
    why := 'job ' || p_job || ', for which this one waited, was cancelled or discarded';
    WITH r AS (DELETE FROM app.job_dependency d WHERE d.tenant_id = p_tenant AND d.on_job_id = p_job RETURNING d.job_id),
         d AS (DELETE FROM app.background_job j USING r
                WHERE j.id = r.job_id AND j.tenant_id = p_tenant AND j.state = 'blocked' RETURNING j.*),
         x AS (INSERT INTO app.background_job_dead (id, tenant_id, project_id, queue, job_type, priority, status, attempt,
                   max_attempts, unique_key, order_key, awaited, arguments, error_type, error_message, request_id,
                   traceparent, run_at, created_at)
               SELECT id, tenant_id, project_id, queue, job_type, priority, 'cancelled', attempt, max_attempts, unique_key,
                      order_key, awaited, arguments, 'cancelled', why, request_id, traceparent,
                      coalesce(wanted_at, created_at), created_at FROM d)
    INSERT INTO app.event_outbox (tenant_id, project_id, kind, version, payload, actor, request_id)
    SELECT tenant_id, project_id, 'job.failed', 1,
           jsonb_build_object('job_id', id, 'job_type', job_type, 'status', 'cancelled', 'attempt', attempt,
                              'error_type', 'cancelled', 'error_message', why),
           'job:' || p_job, request_id FROM d;
    RETURN;
END
$$;
CREATE FUNCTION app.job_dead_deleted() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM app.job_awaited_end(OLD.tenant_id, OLD.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER job_dead_deleted AFTER DELETE ON app.background_job_dead FOR EACH ROW
    WHEN (OLD.awaited) EXECUTE FUNCTION app.job_dead_deleted();

-- --- Claiming from a queue that has limits ---

-- One claimer at a time a queue: the queue's row (tenant 0) is locked, or made to be locked.  It takes up to p_most jobs,
-- in order, from tenants that have not paused the queue and are below their own limits.  Rates are token buckets: so many
-- starts at once, coming back evenly.
CREATE FUNCTION app.job_claim_limited(p_runner uuid, p_queue text, p_types text[], p_most integer)
RETURNS SETOF app.background_job LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    all_q app.job_queue;
    mine app.job_queue;
    left_n double precision;
    room bigint := p_most;
    j record;
    made app.background_job;
BEGIN
    INSERT INTO app.job_queue (tenant_id, name) VALUES (0, p_queue) ON CONFLICT DO NOTHING;
    SELECT * INTO all_q FROM app.job_queue q WHERE q.tenant_id = 0 AND q.name = p_queue FOR UPDATE;
    IF all_q.paused_at IS NOT NULL OR NOT EXISTS (SELECT FROM app.job_runner r WHERE r.id = p_runner FOR KEY SHARE) THEN
        RETURN;
    END IF;
    IF all_q.concurrency IS NOT NULL THEN
        room := least(room, all_q.concurrency - (SELECT count(*) FROM app.job_slot s WHERE s.queue = p_queue));
    END IF;
    IF all_q.rate_limit IS NOT NULL THEN
        left_n := app.job_rate_left(all_q);
        room := least(room, floor(left_n));
    END IF;
    FOR j IN SELECT b.id, b.tenant_id, b.order_key FROM app.background_job b
              WHERE b.queue = p_queue AND b.run_at <= now() AND b.state = 'ready' AND b.job_type = ANY (p_types)
                AND NOT EXISTS (SELECT FROM app.job_queue q WHERE q.tenant_id = b.tenant_id AND q.name = p_queue
                                   AND q.tenant_id > 0 AND q.paused_at IS NOT NULL)
                AND (b.order_key IS NULL OR NOT EXISTS (SELECT FROM app.job_turn t
                        WHERE t.tenant_id = b.tenant_id AND t.order_key = b.order_key))
              ORDER BY b.priority, b.run_at, b.id FOR UPDATE OF b SKIP LOCKED
    LOOP
        EXIT WHEN room <= 0;
        SELECT * INTO mine FROM app.job_queue q WHERE q.tenant_id = j.tenant_id AND q.name = p_queue AND q.tenant_id > 0
           FOR UPDATE;
        CONTINUE WHEN mine.paused_at IS NOT NULL;
        CONTINUE WHEN mine.concurrency IS NOT NULL AND mine.concurrency <=
            (SELECT count(*) FROM app.job_slot s WHERE s.queue = p_queue AND s.tenant_id = j.tenant_id);
        CONTINUE WHEN mine.rate_limit IS NOT NULL AND app.job_rate_left(mine) < 1;
        CONTINUE WHEN j.order_key IS NOT NULL AND NOT app.job_turn_take(j.tenant_id, j.order_key, j.id);
        UPDATE app.background_job b SET state = 'running', runner_id = p_runner, slotted = true, started_at = now(),
               claim_token = nextval('app.job_claim_seq'), attempt = attempt + 1
         WHERE b.id = j.id RETURNING * INTO made;
        INSERT INTO app.job_slot (job_id, tenant_id, queue) VALUES (j.id, j.tenant_id, p_queue);
        IF mine.rate_limit IS NOT NULL THEN
            UPDATE app.job_queue q SET rate_left = app.job_rate_left(mine) - 1, rate_at = clock_timestamp()
             WHERE q.tenant_id = mine.tenant_id AND q.name = p_queue;
        END IF;
        room := room - 1;
        left_n := left_n - 1;
        RETURN NEXT made;
    END LOOP;
    IF all_q.rate_limit IS NOT NULL THEN
        UPDATE app.job_queue q SET rate_left = left_n, rate_at = clock_timestamp() WHERE q.tenant_id = 0 AND q.name = p_queue;
    END IF;
END
$$;
COMMENT ON FUNCTION app.job_claim_limited IS 'Starts jobs of a limited queue';

-- A queue whose starts were never counted has all of them left.  (No time may be subtracted from one that is
-- infinitely long ago.)
CREATE FUNCTION app.job_rate_left(q app.job_queue) RETURNS double precision LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT least(q.rate_limit::double precision,
                 q.rate_left + extract(epoch FROM clock_timestamp() - greatest(q.rate_at, clock_timestamp() - interval '1 day'))
                               * q.rate_limit / q.rate_period_s)
$$;
COMMENT ON FUNCTION app.job_rate_left IS 'Starts that a queue has left now';

-- --- As the API shows them ---

CREATE VIEW app.job_live WITH (security_invoker = true) AS
SELECT j.id, j.tenant_id, j.project_id, j.queue, j.job_type, j.priority,
       CASE WHEN j.state = 'running' THEN 'running'
            WHEN j.attempt > 0 THEN 'retrying'
            ELSE 'pending' END AS status,
       coalesce(p.percent, 0)::smallint AS progress,
       CASE WHEN j.state = 'running' THEN coalesce(p.message, '') ELSE '' END AS message,
       j.attempt, j.max_attempts, j.arguments, NULL::jsonb AS result,
       j.error_type, j.error_message, j.request_id,
       CASE WHEN j.state = 'blocked' THEN j.wanted_at ELSE j.run_at END AS run_at,
       j.created_at, j.started_at, NULL::timestamptz AS finished_at
  FROM app.background_job j LEFT JOIN app.job_progress p ON p.job_id = j.id;
COMMENT ON VIEW app.job_live IS 'Unfinished jobs as the API shows them';

CREATE VIEW app.job_done WITH (security_invoker = true) AS
SELECT h.id, h.tenant_id, h.project_id, h.queue, h.job_type, h.priority, 'completed' AS status,
       100::smallint AS progress, '' AS message, h.attempt, h.max_attempts, h.arguments, h.result,
       NULL::text AS error_type, NULL::text AS error_message, h.request_id,
       NULL::timestamptz AS run_at, h.created_at, h.started_at, h.finished_at
  FROM app.background_job_history h;
COMMENT ON VIEW app.job_done IS 'Completed jobs as the API shows them';

CREATE VIEW app.job_undone WITH (security_invoker = true) AS
SELECT d.id, d.tenant_id, d.project_id, d.queue, d.job_type, d.priority, d.status,
       d.progress, '' AS message, d.attempt, d.max_attempts, d.arguments, NULL::jsonb AS result,
       d.error_type, d.error_message, d.request_id,
       NULL::timestamptz AS run_at, d.created_at, d.started_at, d.finished_at
  FROM app.background_job_dead d;
COMMENT ON VIEW app.job_undone IS 'Jobs that ended without success as the API shows them';

CREATE VIEW app.job WITH (security_invoker = true) AS
SELECT * FROM app.job_live UNION ALL SELECT * FROM app.job_done UNION ALL SELECT * FROM app.job_undone;
COMMENT ON VIEW app.job IS 'All jobs as the API shows them';

-- --- Who may what ---

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['background_job_history', 'background_job_dead', 'job_attempt', 'job_queue', 'job_slot',
                                'job_dependency', 'job_schedule']
    LOOP
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON app.%I USING (tenant_id = (SELECT app.current_tenant_id()))'
                       ' WITH CHECK (tenant_id = (SELECT app.current_tenant_id()))', name);
        EXECUTE format('CREATE POLICY queue ON app.%I TO portolan_runner USING (true) WITH CHECK (true)', name);
    END LOOP;
END
$$;
REVOKE ALL ON app.background_job_history, app.background_job_dead, app.job_attempt, app.job_slot, app.job_live, app.job_done,
    app.job_undone, app.job FROM portolan_app;
GRANT SELECT ON app.background_job_history, app.job_attempt, app.job_slot, app.job_live, app.job_done, app.job_undone, app.job
    TO portolan_app;
GRANT SELECT, INSERT, DELETE, UPDATE (awaited) ON app.background_job_dead TO portolan_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.background_job_history, app.background_job_dead, app.job_attempt, app.job_slot
    TO portolan_runner;
-- The operator of the installation, on its command line, sets the limits that hold over all tenants.
CREATE POLICY gate ON app.job_queue TO portolan_gate USING (tenant_id = 0) WITH CHECK (tenant_id = 0);
GRANT SELECT, INSERT, UPDATE, DELETE ON app.job_queue TO portolan_gate;
GRANT EXECUTE ON FUNCTION app.job_claim_limited, app.job_rate_left, app.job_turn_take TO portolan_runner;
GRANT EXECUTE ON FUNCTION app.job_awaited_end TO portolan_app;
