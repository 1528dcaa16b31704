-- A third kind of threads of a runner sleeps apart: those of jobs that wait for somebody else.

ALTER TABLE app.job_runner ADD COLUMN waits_asleep boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN app.job_runner.waits_asleep IS 'Its threads of jobs that wait for somebody else wait for a notification';
GRANT SELECT (waits_asleep), UPDATE (waits_asleep) ON app.job_runner TO portolan_app, portolan_gate;
