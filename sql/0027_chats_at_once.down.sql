REVOKE DELETE ON app.event FROM portolan_runner;
DROP POLICY tidy ON app.event;
DROP INDEX app.event_pieces;
ALTER TABLE app.job_runner DROP COLUMN waits_asleep;
