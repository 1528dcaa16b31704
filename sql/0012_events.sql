-- The event log: what happened, in one order that readers can follow.
--
-- Who changes something writes its event into the outbox, in the transaction of the
-- change.  Whoever reads the log first brings what is committed there into order
-- (app.event_sequence): it gets the next position and moves to app.event.  Positions
-- are given under a lock, so a reader that has seen one has seen all below it, however
-- long other transactions take; a reader's cursor is a number.
--
-- Tables that grow with time are partitioned by day, and what is past its retention
-- goes with its partition.  Partitions lie in a schema of their own, in which nobody has
-- a right: rows are reached through the table, which row security binds.

CREATE SCHEMA app_part;
COMMENT ON SCHEMA app_part IS 'Partitions of tables in app; reached through those alone';

-- Partitions of a table for the days around now; those that ended p_keep_days ago go.  0: none goes.
-- Who holds a lock for long is not waited for: the next round is soon.  What comes for a
-- day that has no partition lies in <table>_rest.
CREATE FUNCTION app.keep_partitions(p_table text, p_keep_days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' SET lock_timeout = '500ms' AS $$
DECLARE
    parent regclass := format('app.%I', p_table)::regclass;
    day date;
    name text;
    column_name text;
    held boolean;
    dropped integer := 0;
BEGIN
    SELECT a.attname INTO column_name FROM pg_partitioned_table p
      JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0] WHERE p.partrelid = parent;
    IF to_regclass(format('app_part.%I', p_table || '_rest')) IS NULL THEN
        EXECUTE format('CREATE TABLE app_part.%I PARTITION OF app.%I DEFAULT', p_table || '_rest', p_table);
    END IF;
    FOR i IN 0..2 LOOP
        day := current_date + i;
        name := p_table || to_char(day, '_YYYYMMDD');
        CONTINUE WHEN to_regclass(format('app_part.%I', name)) IS NOT NULL;
        EXECUTE format('SELECT EXISTS (SELECT FROM app_part.%I WHERE %I >= $1 AND %2$I < $2)', p_table || '_rest', column_name)
           INTO held USING day::timestamptz, (day + 1)::timestamptz;
        CONTINUE WHEN held;
        EXECUTE format('CREATE TABLE app_part.%I PARTITION OF app.%I FOR VALUES FROM (%L) TO (%L)',
                       name, p_table, day::timestamptz, (day + 1)::timestamptz);
    END LOOP;
    IF p_keep_days <= 0 THEN
        RETURN 0;
    END IF;
    FOR name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = parent AND c.relname ~ '_[0-9]{8}$'
                   AND to_date(right(c.relname, 8), 'YYYYMMDD') < current_date - p_keep_days
    LOOP
        EXECUTE format('DROP TABLE app_part.%I', name);
        dropped := dropped + 1;
    END LOOP;
    EXECUTE format('DELETE FROM app_part.%I WHERE %I < $1', p_table || '_rest', column_name)
      USING (current_date - p_keep_days)::timestamptz;
    RETURN dropped;
EXCEPTION WHEN lock_not_available THEN
    RETURN dropped;
END
$$;
COMMENT ON FUNCTION app.keep_partitions IS 'Makes partitions ahead of time and drops those past their retention';

-- The outbox.  It is all but empty at any time, and all of it changes: hence the settings.
CREATE TABLE app.event_outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    tenant_id  bigint NOT NULL CHECK (tenant_id >= 0),
    project_id bigint,
    kind       text NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 50),
    version    smallint NOT NULL DEFAULT 1,
    payload    jsonb NOT NULL,
    actor      text NOT NULL CHECK (char_length(actor) <= 254),
    request_id text CHECK (char_length(request_id) <= 64),
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 10000);
COMMENT ON TABLE app.event_outbox IS 'Events that are committed, or will be, and have no place in the log yet';
COMMENT ON COLUMN app.event_outbox.tenant_id IS 'No foreign key, which would cost more than the row: tenants are never deleted';

ALTER TABLE app.event RENAME TO event_before;
ALTER TABLE app.event_before ALTER COLUMN position DROP IDENTITY;
ALTER INDEX app.event_pkey RENAME TO event_before_pkey;
ALTER INDEX app.event_tenant RENAME TO event_before_tenant;

CREATE SEQUENCE app.event_position_seq;
COMMENT ON SEQUENCE app.event_position_seq IS 'Positions of the log; drawn under the lock of event_sequence() alone';
CREATE TABLE app.event (
    position     bigint NOT NULL DEFAULT nextval('app.event_position_seq'),
    xid          xid8 NOT NULL DEFAULT pg_current_xact_id(),
    tenant_id    bigint NOT NULL,
    project_id   bigint,
    kind         text NOT NULL,
    version      smallint NOT NULL DEFAULT 1,
    payload      jsonb NOT NULL,
    actor        text NOT NULL,
    request_id   text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    sequenced_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (position, sequenced_at)
) PARTITION BY RANGE (sequenced_at);
CREATE INDEX event_tenant ON app.event (tenant_id, position);
COMMENT ON TABLE app.event IS 'Append-only log in the order of its positions';
COMMENT ON COLUMN app.event.position IS 'Who has seen one has seen all below it';
COMMENT ON COLUMN app.event.xid IS 'The transaction of what it tells';
COMMENT ON COLUMN app.event.created_at IS 'When that began';
COMMENT ON COLUMN app.event.sequenced_at IS 'When it got its position';

SELECT app.keep_partitions('event', 0);
ALTER TABLE app.event_before NO FORCE ROW LEVEL SECURITY;
INSERT INTO app.event (position, xid, tenant_id, project_id, kind, version, payload, actor, request_id, created_at, sequenced_at)
SELECT position, xid, tenant_id, project_id, kind, version, payload, actor, request_id, created_at, created_at FROM app.event_before;
SELECT setval('app.event_position_seq', greatest((SELECT max(position) FROM app.event_before), 1),
              EXISTS (SELECT FROM app.event_before));
DROP TABLE app.event_before;

-- Where the sequencer stands: one row.
CREATE TABLE app.event_sequencer (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    last_id  bigint NOT NULL DEFAULT 0,
    swept_at timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 10);
INSERT INTO app.event_sequencer DEFAULT VALUES;
COMMENT ON TABLE app.event_sequencer IS 'One row: up to where the outbox is known to be empty, nearly';
COMMENT ON COLUMN app.event_sequencer.last_id IS 'The highest id that was moved';
COMMENT ON COLUMN app.event_sequencer.swept_at IS 'When the whole outbox was last looked through';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['event_outbox', 'event']
    LOOP
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON app.%I USING (tenant_id = (SELECT app.current_tenant_id()))'
                       ' WITH CHECK (tenant_id = (SELECT app.current_tenant_id()))', name);
        EXECUTE format('CREATE POLICY gate ON app.%I TO portolan_gate USING (true) WITH CHECK (true)', name);
    END LOOP;
END
$$;
REVOKE ALL ON app.event, app.event_outbox, app.event_sequencer FROM portolan_app;
GRANT SELECT ON app.event TO portolan_app;
GRANT SELECT, INSERT (tenant_id, project_id, kind, version, payload, actor, request_id) ON app.event_outbox
    TO portolan_app;
GRANT SELECT, INSERT, DELETE ON app.event_outbox TO portolan_gate;
GRANT SELECT, INSERT ON app.event TO portolan_gate;
GRANT SELECT, UPDATE ON app.event_sequencer TO portolan_gate;
GRANT USAGE ON SEQUENCE app.event_position_seq TO portolan_gate;

CREATE VIEW app.event_all WITH (security_invoker = true) AS
SELECT position, xid, tenant_id, project_id, kind, version, payload, actor, request_id, created_at FROM app.event
UNION ALL
SELECT NULL, xid, tenant_id, project_id, kind, version, payload, actor, request_id, created_at FROM app.event_outbox;
COMMENT ON VIEW app.event_all IS 'The log, and what has no position in it yet';
REVOKE ALL ON app.event_all FROM portolan_app;
GRANT SELECT ON app.event_all TO portolan_app;

-- Processes that follow the log as it grows: relays of live streams, dispatchers of subscriptions.
CREATE TABLE app.event_reader (
    id           uuid PRIMARY KEY,
    host         text NOT NULL CHECK (char_length(host) <= 255),
    pid          integer NOT NULL,
    asleep       boolean NOT NULL DEFAULT false,
    started_at   timestamptz NOT NULL DEFAULT now(),
    heartbeat_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
COMMENT ON TABLE app.event_reader IS 'Processes that want to be rung for when an event was committed';
COMMENT ON COLUMN app.event_reader.asleep IS 'True while it waits for a notification on the channel event_<id without dashes>';
REVOKE ALL ON app.event_reader FROM portolan_app;
GRANT SELECT (id, asleep, heartbeat_at), UPDATE (asleep) ON app.event_reader TO portolan_app, portolan_gate;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.event_reader TO portolan_runner;

-- Brings committed events into order, about p_most of them; returns how many, -1 when somebody else is
-- at it and p_wait is false.  The lock lasts until the transaction ends: it must be a short one, and
-- what it moved is read by the statement after it.
--
-- The walk begins where the last one ended, less what transactions that run at the same time may
-- have drawn; once a second it begins at the beginning, for those that took longer.  So rows that are
-- dead and cannot be cleared away, because somebody holds an old snapshot, cost nothing.
CREATE FUNCTION app.event_sequence(p_most integer, p_wait boolean) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    at app.event_sequencer;
    sweep boolean;
    last bigint;
    moved integer;
BEGIN
    IF p_wait THEN
        IF NOT EXISTS (SELECT FROM app.event_outbox) THEN
            RETURN 0;
        END IF;
        PERFORM pg_advisory_xact_lock(1886351988, 1);
    ELSIF NOT pg_try_advisory_xact_lock(1886351988, 1) THEN
        RETURN -1;
    END IF;
    SELECT * INTO at FROM app.event_sequencer;
    sweep := p_wait OR at.swept_at < clock_timestamp() - interval '1 second';
    WITH o AS (DELETE FROM app.event_outbox WHERE id = ANY (ARRAY(
                   SELECT x.id FROM app.event_outbox x
                    WHERE x.id > CASE WHEN sweep THEN 0 ELSE at.last_id - 1000 END ORDER BY x.id LIMIT p_most))
               RETURNING *),
         i AS (INSERT INTO app.event (position, xid, tenant_id, project_id, kind, version, payload, actor, request_id,
                                      created_at, sequenced_at)
               SELECT nextval('app.event_position_seq'), s.xid, s.tenant_id, s.project_id, s.kind, s.version, s.payload,
                      s.actor, s.request_id, s.created_at, clock_timestamp()
                 FROM (SELECT * FROM o ORDER BY o.id) s)
    SELECT max(o.id), count(*) INTO last, moved FROM o;
    IF moved > 0 OR (sweep AND at.swept_at < clock_timestamp() - interval '1 second') THEN
        UPDATE app.event_sequencer SET last_id = greatest(last_id, last),
               swept_at = CASE WHEN sweep AND moved < p_most THEN clock_timestamp() ELSE swept_at END;
    END IF;
    RETURN moved;
END
$$;
COMMENT ON FUNCTION app.event_sequence IS 'Gives committed events their positions';

REVOKE ALL ON FUNCTION app.event_sequence, app.keep_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.event_sequence TO portolan_app;
GRANT EXECUTE ON FUNCTION app.keep_partitions TO portolan_runner;
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.event_sequence OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;

-- The removal of a tenant, for tables that have partitions: of those, each is swept by itself.
CREATE OR REPLACE FUNCTION app.tenant_sweep(p_tenant bigint, p_job bigint, p_most bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    t record;
    f record;
    held boolean;
    n bigint;
    swept bigint := 0;
    waiting text := '';
BEGIN
    PERFORM FROM app.tenant a
      WHERE a.id = p_tenant AND a.id = app.current_tenant_id() AND a.status = 'deleting';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The tenant is not being deleted.' USING ERRCODE = 'PT409';
    END IF;
    FOR t IN SELECT c.oid, c.relname, l.oid::regclass AS leaf,
                    c.relname IN ('background_job', 'background_job_history') AS jobs
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
               JOIN pg_class l ON l.relkind = 'r' AND (l.oid = c.oid
                    OR l.oid IN (SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = c.oid))
              WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p')
                AND a.attname = 'tenant_id' AND NOT a.attisdropped
                AND c.relname NOT IN ('audit', 'audit_seal', 'audit_chain')
              ORDER BY c.relname, l.relname
    LOOP
        held := false;
        FOR f IN SELECT r.relname FROM pg_constraint k JOIN pg_class r ON r.oid = k.conrelid
                   JOIN pg_attribute a ON a.attrelid = r.oid
                  WHERE k.contype = 'f' AND k.confrelid = t.oid AND k.conrelid <> t.oid
                    AND a.attname = 'tenant_id' AND NOT a.attisdropped
        LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM app.%I WHERE tenant_id = $1)', f.relname)
               INTO held USING p_tenant;
            EXIT WHEN held;
        END LOOP;
        IF held THEN
            waiting := waiting || ' ' || t.relname;
            CONTINUE;
        END IF;
        EXECUTE format('DELETE FROM %1$s WHERE ctid = ANY (ARRAY('
                       'SELECT ctid FROM %1$s WHERE tenant_id = $1 %2$s LIMIT $3))',
                       t.leaf, CASE WHEN t.jobs THEN 'AND id <> $2' ELSE '' END)
          USING p_tenant, p_job, p_most;
        GET DIAGNOSTICS n = ROW_COUNT;
        swept := swept + n;
    END LOOP;
    IF swept = 0 AND waiting <> '' THEN
        RAISE EXCEPTION 'Rows of these tables hold each other:%', waiting;
    END IF;
    RETURN swept;
END
$$;
