DROP TRIGGER job_gone ON app.background_job;
DROP TRIGGER job_given_up ON app.background_job;
DROP TRIGGER job_given_back ON app.background_job;
DROP TRIGGER job_state_sound ON app.background_job;
DROP TRIGGER job_sound ON app.background_job;
DROP FUNCTION app.job_gone, app.job_given_back, app.job_unsound;

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

ALTER TABLE app.background_job
    ADD CHECK (char_length(queue) BETWEEN 1 AND 50),
    ADD CHECK (char_length(job_type) BETWEEN 1 AND 50),
    ADD CHECK (priority BETWEEN 1 AND 4),
    ADD CHECK (state IN ('ready', 'running', 'blocked')),
    ADD CHECK (max_attempts BETWEEN 1 AND 100),
    ADD CHECK (char_length(unique_key) <= 200),
    ADD CHECK (char_length(order_key) <= 200),
    ADD CHECK (char_length(error_type) <= 50),
    ADD CHECK (char_length(error_message) <= 2000),
    ADD CHECK (char_length(request_id) <= 64),
    ADD CHECK (char_length(traceparent) <= 55);
