-- Those who follow the log: relays of live streams, and subscriptions inside the program.  And state by key, whose
-- changes the log tells.

CREATE POLICY follow ON app.event FOR SELECT TO portolan_runner USING (true);

-- The sequencer's walk begins where all transactions have ended that may have told of something below.  Before, it
-- began a fixed number of ids back; what a longer transaction told was found up to a second later, and what the same
-- writer told next had then gone before.
ALTER TABLE app.event_sequencer
    ADD COLUMN settled_id bigint NOT NULL DEFAULT 0,
    ADD COLUMN next_id bigint NOT NULL DEFAULT 0,
    ADD COLUMN next_xmax xid8 NOT NULL DEFAULT '0';
COMMENT ON COLUMN app.event_sequencer.settled_id IS 'All that has an id up to here was moved or rolled back';
COMMENT ON COLUMN app.event_sequencer.next_id IS 'Becomes settled_id when all transactions below next_xmax have ended';

DROP FUNCTION app.event_sequence;
CREATE FUNCTION app.event_sequence(p_most integer, p_wait boolean) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    at app.event_sequencer;
    seen pg_snapshot;
    sweep boolean;
    last bigint;
    moved integer;
BEGIN
    IF p_wait THEN
        IF NOT EXISTS (SELECT FROM app.event_outbox o WHERE o.id > (SELECT settled_id - 1000 FROM app.event_sequencer)) THEN
            RETURN 0;
        END IF;
        PERFORM pg_advisory_xact_lock(1886351988, 1);
    ELSIF NOT pg_try_advisory_xact_lock(1886351988, 1) THEN
        RETURN -1;
    END IF;
    SELECT * INTO at FROM app.event_sequencer;
    seen := pg_current_snapshot(); -- older than that of the walk: what had ended by then, the walk sees
    sweep := at.swept_at < clock_timestamp() - interval '1 second';
    WITH o AS (DELETE FROM app.event_outbox WHERE id = ANY (ARRAY(
                   SELECT x.id FROM app.event_outbox x
                    WHERE x.id > CASE WHEN sweep THEN 0 ELSE at.settled_id - 1000 END ORDER BY x.id LIMIT p_most))
               RETURNING *),
         i AS (INSERT INTO app.event (position, xid, tenant_id, project_id, kind, version, payload, actor, request_id,
                                      created_at, sequenced_at)
               SELECT nextval('app.event_position_seq'), s.xid, s.tenant_id, s.project_id, s.kind, s.version, s.payload,
                      s.actor, s.request_id, s.created_at, clock_timestamp()
                 FROM (SELECT * FROM o ORDER BY o.id) s)
    SELECT max(o.id), count(*) INTO last, moved FROM o;
    IF moved > 0 OR sweep THEN
        IF (pg_snapshot_xmin(seen) >= at.next_xmax OR pg_snapshot_xmax(seen) < at.next_xmax) -- of another cluster: restored
           AND (moved < p_most OR last >= at.next_id) THEN
            at.settled_id := greatest(at.settled_id, at.next_id);
            at.next_id := CASE WHEN moved < p_most THEN greatest(at.last_id, last) ELSE last END;
            at.next_xmax := pg_snapshot_xmax(seen);
        END IF;
        UPDATE app.event_sequencer SET last_id = greatest(last_id, last), settled_id = at.settled_id,
               next_id = at.next_id, next_xmax = at.next_xmax,
               swept_at = CASE WHEN sweep AND moved < p_most THEN clock_timestamp() ELSE swept_at END;
    END IF;
    RETURN moved;
END
$$;
REVOKE ALL ON FUNCTION app.event_sequence FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.event_sequence TO portolan_app;
COMMENT ON FUNCTION app.event_sequence IS 'Gives committed events their positions';
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.event_sequence OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;

-- A subscription's place in the log.  Whoever hands on holds its row for one transaction, in which the effects of the
-- handler are written too: all of it is done once, or none.
CREATE TABLE app.event_subscription (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE CHECK (char_length(name) BETWEEN 1 AND 100),
    kinds      text[] NOT NULL CHECK (cardinality(kinds) BETWEEN 1 AND 50),
    doc        text NOT NULL DEFAULT '' CHECK (char_length(doc) <= 500),
    position   bigint NOT NULL DEFAULT 0,
    handled    bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 10);
COMMENT ON TABLE app.event_subscription IS 'Parts of the program that are told of events, and how far each is';
COMMENT ON COLUMN app.event_subscription.kinds IS 'Kinds, or patterns: job.* or *';
COMMENT ON COLUMN app.event_subscription.position IS 'What is up to here was handled, or is in event_delivery';
COMMENT ON COLUMN app.event_subscription.handled IS 'Events that its handler has taken so far';
REVOKE ALL ON app.event_subscription FROM portolan_app;
GRANT SELECT ON app.event_subscription TO portolan_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.event_subscription TO portolan_runner;

-- Events that a handler did not take, and those of the same project that wait behind them.  It is all but empty.
CREATE TABLE app.event_delivery (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id       bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    subscription_id bigint NOT NULL REFERENCES app.event_subscription ON DELETE CASCADE,
    position        bigint NOT NULL,
    project_id      bigint NOT NULL,
    kind            text NOT NULL,
    version         smallint NOT NULL,
    payload         jsonb NOT NULL,
    actor           text NOT NULL,
    request_id      text,
    created_at      timestamptz NOT NULL,
    state           text NOT NULL CHECK (state IN ('waiting', 'parked')),
    attempt         smallint NOT NULL DEFAULT 0,
    retry_at        timestamptz,
    error_type      text CHECK (char_length(error_type) <= 50),
    error_message   text CHECK (char_length(error_message) <= 2000),
    failed_at       timestamptz,
    UNIQUE (tenant_id, id),
    CONSTRAINT event_delivery_once UNIQUE (subscription_id, position)
);
CREATE INDEX event_delivery_lane ON app.event_delivery (subscription_id, tenant_id, project_id, position)
    WHERE state = 'waiting';
CREATE INDEX event_delivery_due ON app.event_delivery (subscription_id, retry_at)
    WHERE state = 'waiting' AND retry_at IS NOT NULL;
COMMENT ON TABLE app.event_delivery IS 'Events that a handler did not take, and what waits behind them';
COMMENT ON COLUMN app.event_delivery.project_id IS '0: about no project; what is about none is in order by itself';
COMMENT ON COLUMN app.event_delivery.payload IS 'A copy: the log may be gone by then';
COMMENT ON COLUMN app.event_delivery.state IS 'waiting: is tried again, or stands behind one that is; parked: given up';
COMMENT ON COLUMN app.event_delivery.retry_at IS 'When it is tried again; null: it stands behind another of its project';

-- What happened, by day: kept by the subscription `activity`.
CREATE TABLE app.event_activity (
    tenant_id  bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    day        date NOT NULL,
    project_id bigint NOT NULL,
    kind       text NOT NULL,
    events     bigint NOT NULL,
    PRIMARY KEY (tenant_id, day, project_id, kind)
) WITH (fillfactor = 80);
COMMENT ON TABLE app.event_activity IS 'How many events of a kind there were on a day (UTC)';
COMMENT ON COLUMN app.event_activity.project_id IS '0: about no project';

-- State by key.  A deleted key keeps its row for a while, so that its version goes on: who has seen an old one loses
-- to whoever wrote it anew.
CREATE TABLE app.state (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id  bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    key        text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 200),
    project_id bigint,
    version    bigint NOT NULL DEFAULT 1,
    data       jsonb,
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT state_tenant_key_key UNIQUE (tenant_id, key),
    FOREIGN KEY (tenant_id, project_id) REFERENCES app.project (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX state_project ON app.state (tenant_id, project_id) WHERE project_id IS NOT NULL;
COMMENT ON TABLE app.state IS 'Values by key, with a version that each change must name';
COMMENT ON COLUMN app.state.project_id IS 'Of a key like project:17 or project:17:plan, when there is that project';
COMMENT ON COLUMN app.state.data IS 'SQL null: the key was deleted; JSON null is a value';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['event_delivery', 'event_activity', 'state']
    LOOP
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON app.%I USING (tenant_id = (SELECT app.current_tenant_id()))'
                       ' WITH CHECK (tenant_id = (SELECT app.current_tenant_id()))', name);
        EXECUTE format('REVOKE ALL ON app.%I FROM portolan_app', name);
    END LOOP;
END
$$;
CREATE POLICY dispatch ON app.event_delivery TO portolan_runner USING (true) WITH CHECK (true);
CREATE POLICY tidy ON app.event_activity FOR DELETE TO portolan_runner USING (true);
CREATE POLICY tidy_look ON app.event_activity FOR SELECT TO portolan_runner USING (true);
CREATE POLICY tidy ON app.state FOR DELETE TO portolan_runner USING (data IS NULL);
CREATE POLICY tidy_look ON app.state FOR SELECT TO portolan_runner USING (data IS NULL);
GRANT SELECT, UPDATE (state, attempt, retry_at), DELETE ON app.event_delivery TO portolan_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.event_delivery TO portolan_runner;
GRANT SELECT ON app.event_activity TO portolan_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.event_activity TO portolan_runner;
GRANT SELECT, INSERT (tenant_id, key, project_id, data), UPDATE (project_id, version, data, updated_at) ON app.state
    TO portolan_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.state TO portolan_runner;
