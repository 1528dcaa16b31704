ALTER TABLE app.job_runner DROP COLUMN waits_asleep;
