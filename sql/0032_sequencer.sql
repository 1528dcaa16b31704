-- The sequencer, at less cost when there is nothing to do: whoever follows the log looks once more before falling
-- asleep, and as many times as others have moved what the bell was about.

-- Whether there is anything is asked before the lock is, and without the statement that would move it.  What another is
-- moving is still seen in the outbox until it is done, so that the lock tells of it as before.
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
    IF NOT EXISTS (SELECT FROM app.event_outbox o WHERE o.id > (SELECT s.settled_id - 1000 FROM app.event_sequencer s))
       AND (p_wait OR EXISTS (SELECT FROM app.event_sequencer s WHERE s.swept_at >= clock_timestamp() - interval '1 second'))
    THEN
        RETURN 0;
    END IF;
    IF p_wait THEN
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
