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
GRANT USAGE ON SCHEMA ledger TO portolan_app, portolan_runner;
GRANT SELECT, INSERT ON ledger.start, ledger.effect TO portolan_app, portolan_runner;
