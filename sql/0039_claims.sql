-- A batch of claims and completions, at less cost: what the table of unfinished jobs asks of each row that is written.

-- CHECKs are made ready anew by each statement that updates, and asked of every column of every row, changed or not:
-- a tenth of what a claim cost.  The same is asked where those columns are written.
ALTER TABLE app.background_job
    DROP CONSTRAINT background_job_queue_check,
    DROP CONSTRAINT background_job_job_type_check,
    DROP CONSTRAINT background_job_priority_check,
    DROP CONSTRAINT background_job_state_check,
    DROP CONSTRAINT background_job_max_attempts_check,
    DROP CONSTRAINT background_job_unique_key_check,
    DROP CONSTRAINT background_job_order_key_check,
    DROP CONSTRAINT background_job_error_type_check,
    DROP CONSTRAINT background_job_error_message_check,
    DROP CONSTRAINT background_job_request_id_check,
    DROP CONSTRAINT background_job_traceparent_check;
CREATE FUNCTION app.job_unsound() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'job % has a column that is too long or no value of it', NEW.id
          USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END
$$;
COMMENT ON FUNCTION app.job_unsound IS 'Refuses a job whose columns are not as they should be';
CREATE TRIGGER job_sound AFTER INSERT OR UPDATE OF queue, job_type, priority, max_attempts, unique_key, order_key, error_type,
    error_message, request_id, traceparent ON app.background_job FOR EACH ROW
    WHEN (NOT (char_length(NEW.queue) BETWEEN 1 AND 50 AND char_length(NEW.job_type) BETWEEN 1 AND 50
               AND NEW.priority BETWEEN 1 AND 4 AND NEW.state IN ('ready', 'running', 'blocked')
               AND NEW.max_attempts BETWEEN 1 AND 100 AND coalesce(char_length(NEW.unique_key), 0) <= 200
               AND coalesce(char_length(NEW.order_key), 0) <= 200 AND coalesce(char_length(NEW.error_type), 0) <= 50
               AND coalesce(char_length(NEW.error_message), 0) <= 2000 AND coalesce(char_length(NEW.request_id), 0) <= 64
               AND coalesce(char_length(NEW.traceparent), 0) <= 55))
    EXECUTE FUNCTION app.job_unsound();
-- Apart: each claim writes the state, and none of the others.
CREATE TRIGGER job_state_sound AFTER UPDATE OF state ON app.background_job FOR EACH ROW
    WHEN (NEW.state NOT IN ('ready', 'running', 'blocked')) EXECUTE FUNCTION app.job_unsound();

-- What is given back is asked of each row where it lies, instead of keeping a copy of every row for one question
-- at the end of the statement.  It still happens when the statement is done.
DROP TRIGGER job_updated ON app.background_job;
DROP TRIGGER job_deleted ON app.background_job;
DROP FUNCTION app.job_updated, app.job_deleted;
CREATE FUNCTION app.job_given_back() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.slotted THEN
        DELETE FROM app.job_slot s WHERE s.job_id = OLD.id;
    END IF;
    IF OLD.order_key IS NOT NULL THEN
        DELETE FROM app.job_turn t
         WHERE t.tenant_id = OLD.tenant_id AND t.order_key = OLD.order_key AND t.job_id = OLD.id;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.job_given_back IS 'Slot and turn of a job that does not run any more';
CREATE TRIGGER job_given_back AFTER UPDATE ON app.background_job FOR EACH ROW
    WHEN (OLD.state = 'running' AND NEW.state <> 'running' AND (OLD.slotted OR OLD.order_key IS NOT NULL))
    EXECUTE FUNCTION app.job_given_back();
CREATE TRIGGER job_given_up AFTER DELETE ON app.background_job FOR EACH ROW
    WHEN (OLD.state = 'running' AND (OLD.slotted OR OLD.order_key IS NOT NULL))
    EXECUTE FUNCTION app.job_given_back();
CREATE FUNCTION app.job_gone() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.state = 'blocked' THEN
        DELETE FROM app.job_dependency d WHERE d.tenant_id = OLD.tenant_id AND d.job_id = OLD.id;
    END IF;
    IF OLD.awaited THEN
        PERFORM app.job_awaited_end(OLD.tenant_id, OLD.id);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.job_gone IS 'What waited for a job that is not among the unfinished any more';
CREATE TRIGGER job_gone AFTER DELETE ON app.background_job FOR EACH ROW
    WHEN (OLD.awaited OR OLD.state = 'blocked') EXECUTE FUNCTION app.job_gone();
