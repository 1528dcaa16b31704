-- A third kind of threads of a runner sleeps apart: those of jobs that wait for somebody else.

ALTER TABLE app.job_runner ADD COLUMN waits_asleep boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN app.job_runner.waits_asleep IS 'Its threads of jobs that wait for somebody else wait for a notification';
GRANT SELECT (waits_asleep), UPDATE (waits_asleep) ON app.job_runner TO portolan_app, portolan_gate;

-- Pieces of answers are told by the log while the answer grows; afterwards its row has all of it, and they go.
CREATE INDEX event_pieces ON app.event (sequenced_at) WHERE kind = 'run.delta';
CREATE POLICY tidy ON app.event FOR DELETE TO portolan_runner USING (kind = 'run.delta');
GRANT DELETE ON app.event TO portolan_runner;
