-- What jobs ended over time, for charts: by quarter of an hour, queue and type, how many had waited and run for how long.
-- A day of a million jobs is some thousand rows.  What ended since the last quarter that was counted is read from the
-- history itself, by its BRIN.

-- Ten classes to each factor of e: a time is known to within 6 %.
CREATE FUNCTION app.job_time_class(p_from timestamptz, p_to timestamptz) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT floor(10 * ln(1 + 1000 * greatest(0, date_part('epoch', p_to - p_from))))::smallint $$;
COMMENT ON FUNCTION app.job_time_class IS 'The class of a length of time, by the natural logarithm of its milliseconds';

CREATE TABLE app.job_stats (
    tenant_id bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    at        timestamptz NOT NULL,
    queue     text NOT NULL,
    job_type  text NOT NULL,
    what      text NOT NULL CHECK (what IN ('ran', 'waited', 'failed')),
    class     smallint NOT NULL,
    jobs      bigint NOT NULL,
    PRIMARY KEY (tenant_id, at, queue, job_type, what, class)
);
COMMENT ON TABLE app.job_stats IS 'Jobs that ended in a quarter of an hour; of a day';
COMMENT ON COLUMN app.job_stats.at IS 'When the quarter began';
COMMENT ON COLUMN app.job_stats.what IS 'ran, waited: completed jobs by the class of that time, each job once in either; failed: failed and dead ones';

CREATE TABLE app.job_stats_upto (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    upto timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 10);
INSERT INTO app.job_stats_upto DEFAULT VALUES;
COMMENT ON TABLE app.job_stats_upto IS 'One row: what ended before this time is in job_stats';

-- Counts the quarters that are over, an hour of them at a time, of the last day; returns how many quarters are left to count.
-- A minute is left to the transactions in which jobs end: what takes longer is not in the charts.  A failure counts, also
-- when it is retried later.
CREATE FUNCTION app.job_stats_roll() RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    since timestamptz;
    over timestamptz := date_bin(interval '15 minutes', now() - interval '1 minute', timestamptz 'epoch');
    until timestamptz;
BEGIN
    SELECT u.upto INTO since FROM app.job_stats_upto u FOR UPDATE SKIP LOCKED;
    IF NOT FOUND OR since >= over THEN
        RETURN 0;
    END IF;
    since := greatest(since, over - interval '1 day');
    until := least(since + interval '1 hour', over);
    INSERT INTO app.job_stats (tenant_id, at, queue, job_type, what, class, jobs)
    SELECT h.tenant_id, date_bin(interval '15 minutes', h.finished_at, timestamptz 'epoch') AS at, h.queue, h.job_type, w.what,
           w.class, count(*)
      FROM app.background_job_history h
     CROSS JOIN LATERAL (VALUES ('ran', app.job_time_class(h.started_at, h.finished_at)),
                                ('waited', app.job_time_class(h.run_at, h.started_at))) w (what, class)
     WHERE h.finished_at >= since AND h.finished_at < until
     GROUP BY 1, 2, 3, 4, 5, 6
     UNION ALL
    SELECT d.tenant_id, date_bin(interval '15 minutes', d.finished_at, timestamptz 'epoch'), d.queue, d.job_type, 'failed', 0,
           count(*)
      FROM app.background_job_dead d
     WHERE d.status <> 'cancelled' AND d.finished_at >= since AND d.finished_at < until
     GROUP BY 1, 2, 3, 4
        ON CONFLICT DO NOTHING;
    DELETE FROM app.job_stats s WHERE s.at < until - interval '1 day';
    UPDATE app.job_stats_upto SET upto = until;
    RETURN date_part('epoch', over - until) / 900;
END
$$;
COMMENT ON FUNCTION app.job_stats_roll IS 'Counts what jobs ended in the quarters of an hour that are over';
REVOKE ALL ON FUNCTION app.job_stats_roll FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.job_stats_roll TO portolan_runner;
GRANT EXECUTE ON FUNCTION app.job_time_class TO portolan_app;

ALTER TABLE app.job_stats ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.job_stats USING (tenant_id = (SELECT app.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.current_tenant_id()));
CREATE POLICY queue ON app.job_stats TO portolan_runner USING (true) WITH CHECK (true);
REVOKE ALL ON app.job_stats, app.job_stats_upto FROM portolan_app;
GRANT SELECT ON app.job_stats, app.job_stats_upto TO portolan_app;
GRANT SELECT, INSERT, DELETE ON app.job_stats TO portolan_runner;
GRANT SELECT, UPDATE ON app.job_stats_upto TO portolan_runner;
