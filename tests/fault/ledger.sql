-- What the jobs of tests/fault/ledger_jobs.c write; of tests alone.
CREATE SCHEMA ledger;
CREATE TABLE ledger.start (
    job_id  bigint NOT NULL,
    token   bigint NOT NULL,
    mono_us bigint NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON ledger.start (job_id);
CREATE TABLE ledger.effect (
    job_id bigint NOT NULL,
    token  bigint NOT NULL
);
-- When the server came back after it was killed.
CREATE TABLE ledger.death (
    back timestamptz NOT NULL
);
-- Starts that neither had their effect nor are known to the queue.  The claim of a light job does not wait for
-- the disk: a server's death may undo it while its runner, who has not heard of that, begins the job.  Nobody
-- knows such a start, and the fence stops what it would write.
CREATE VIEW ledger.unaccounted AS
SELECT s.job_id, s.token FROM ledger.start s
 WHERE NOT EXISTS (SELECT FROM ledger.effect e WHERE e.job_id = s.job_id AND e.token = s.token)
   AND NOT EXISTS (SELECT FROM app.job_attempt a WHERE a.job_id = s.job_id AND a.token = s.token)
   AND NOT (EXISTS (SELECT FROM app.background_job_history h WHERE h.id = s.job_id AND h.job_type = 'ledger.light')
            AND EXISTS (SELECT FROM ledger.death d WHERE s.at BETWEEN d.back AND d.back + interval '5 s'));
GRANT USAGE ON SCHEMA ledger TO portolan_app, portolan_runner;
GRANT SELECT, INSERT ON ledger.start, ledger.effect TO portolan_app, portolan_runner;
