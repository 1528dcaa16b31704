-- Rate limits: the buckets that all processes and hosts pay from.
--
-- A bucket knows how many tokens were taken in each of the last 32 slots of two
-- seconds.  What it has is its limit less the sum of these, so a token comes
-- back 62 to 64 seconds after it was taken.  A worker uses a token within two
-- seconds of taking it: no minute sees more than the limit.
--
-- The table is unlogged: after a crash everybody begins with a full bucket.

CREATE UNLOGGED TABLE app.rate_bucket (
    name  text PRIMARY KEY CHECK (char_length(name) BETWEEN 2 AND 55),
    slot  bigint NOT NULL,
    taken bigint[] NOT NULL CHECK (cardinality(taken) = 32)
) WITH (fillfactor = 50);
COMMENT ON TABLE app.rate_bucket IS 'How often each key, person, tenant and address has asked in the last minute; reached through rate_take() alone';
COMMENT ON COLUMN app.rate_bucket.name IS 'k, u or t and a number; a or s (sign-in) and an address';
COMMENT ON COLUMN app.rate_bucket.slot IS 'Number of the newest slot: seconds since 1970, halved';
COMMENT ON COLUMN app.rate_bucket.taken IS 'Tokens taken in each slot, the newest last';
REVOKE ALL ON app.rate_bucket FROM portolan_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.rate_bucket TO portolan_gate;

-- Take p_cost tokens or more from each bucket: more, so that the worker need not ask for each
-- request, up to a hundredth of the limit and a quarter of what is there.  p_backs is what the
-- worker has not used of an earlier batch.  A tenant's own limit overrules what p_quotas says;
-- a limit of 0 is none.  One row for each name, in their order.
--
-- Buckets are locked in the order of the names given: workers name key or person first.
CREATE FUNCTION app.rate_take(p_names text[], p_quotas bigint[], p_backs bigint[], p_cost bigint)
RETURNS TABLE (granted bigint, remaining bigint, quota bigint, wait_ms bigint, return_ms bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
    slots CONSTANT integer := 32;
    slot_ms CONSTANT bigint := 2000;
    b record;
    counts bigint[];
    clock_ms bigint;
    now_slot bigint;
    age integer;
    back bigint;
    least_wanted bigint;
    missing bigint;
BEGIN
    FOR i IN 1 .. cardinality(p_names) LOOP
        quota := p_quotas[i];
        IF starts_with(p_names[i], 't') THEN
            quota := coalesce((SELECT t.requests_per_minute FROM app.tenant t
                                WHERE t.id = substr(p_names[i], 2)::bigint), quota);
        END IF;
        granted := 0;
        remaining := 0;
        wait_ms := 0;
        return_ms := 0;
        IF quota = 0 THEN
            RETURN NEXT;
            CONTINUE;
        END IF;
        LOOP
            SELECT r.slot, r.taken INTO b FROM app.rate_bucket r WHERE r.name = p_names[i] FOR UPDATE;
            EXIT WHEN FOUND;
            INSERT INTO app.rate_bucket (name, slot, taken)
            VALUES (p_names[i], 0, array_fill(0::bigint, ARRAY[slots])) ON CONFLICT DO NOTHING;
        END LOOP;

        -- The clock is read when the bucket is ours, and never goes back in it.
        clock_ms := (date_part('epoch', clock_timestamp()) * 1000)::bigint;
        now_slot := greatest(clock_ms / slot_ms, b.slot);
        age := least(now_slot - b.slot, slots);
        counts := b.taken[age + 1:] || array_fill(0::bigint, ARRAY[age]);

        back := p_backs[i];
        FOR s IN REVERSE slots .. slots - 2 LOOP
            granted := least(back, counts[s]);
            counts[s] := counts[s] - granted;
            back := back - granted;
        END LOOP;
        least_wanted := least(p_cost, quota);
        remaining := greatest(quota - (SELECT sum(c) FROM unnest(counts) c), 0);
        granted := 0;
        IF remaining >= least_wanted THEN
            granted := greatest(least_wanted, least(quota / 100, remaining / 4));
            counts[slots] := counts[slots] + granted;
            remaining := remaining - granted;
        END IF;

        -- Slot s leaves the window when now_slot has gone on by s.
        missing := least_wanted - remaining;
        FOR s IN 1 .. slots LOOP
            CONTINUE WHEN counts[s] = 0;
            IF return_ms = 0 THEN
                return_ms := (now_slot + s) * slot_ms - clock_ms;
            END IF;
            EXIT WHEN granted > 0;
            missing := missing - counts[s];
            wait_ms := (now_slot + s) * slot_ms - clock_ms;
            EXIT WHEN missing <= 0;
        END LOOP;
        IF granted > 0 OR back < p_backs[i] THEN
            UPDATE app.rate_bucket r SET slot = now_slot, taken = counts WHERE r.name = p_names[i];
        END IF;
        RETURN NEXT;
    END LOOP;

    -- Now and then, put away what says nothing any more.
    IF random() < 0.005 THEN
        DELETE FROM app.rate_bucket WHERE name IN (
            SELECT r.name FROM app.rate_bucket r WHERE r.slot < now_slot - 2 * slots
             LIMIT 1000 FOR UPDATE SKIP LOCKED);
    END IF;
END
$$;
COMMENT ON FUNCTION app.rate_take IS 'Tokens of rate limits, a batch at a time; gives away nothing but counts';

-- May a page of this origin call for this tenant (null: for any)?  Asked by workers before
-- they know a tenant, as browsers ask before they send a credential.
CREATE INDEX tenant_cors ON app.tenant USING gin (cors_origins);
CREATE FUNCTION app.cors_allows(p_origin text, p_tenant bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    RETURN EXISTS (SELECT FROM app.tenant t
                    WHERE t.cors_origins @> ARRAY[p_origin] AND t.status = 'active'
                      AND (p_tenant IS NULL OR t.id = p_tenant));
END
$$;
COMMENT ON FUNCTION app.cors_allows IS 'Whether a tenant, or any, has listed the origin of a web page';

REVOKE ALL ON FUNCTION app.rate_take, app.cors_allows FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.rate_take, app.cors_allows TO portolan_app;
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.rate_take OWNER TO portolan_gate;
ALTER FUNCTION app.cors_allows OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
