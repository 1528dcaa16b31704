-- The audit log: who did what, when, from where, by which request; and who was refused.
--
-- Rows are only added.  Shortly after they were committed they are sealed, one
-- chain for each tenant: a seal holds the hash of the seal before it and of the
-- row, so that a row that is changed, taken out, put in or moved later shows.
-- Tenant 0 is the installation itself: what is done on the command line, and who
-- was refused before it was known whose member it is.  No foreign key leads to
-- the tenant: what was done there is known after the tenant is gone.

CREATE TABLE app.audit (
    position   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    tenant_id  bigint NOT NULL CHECK (tenant_id >= 0),
    at         timestamptz NOT NULL DEFAULT now(),
    actor      text NOT NULL CHECK (char_length(actor) BETWEEN 1 AND 254),
    user_id    bigint,
    key_id     bigint,
    action     text NOT NULL CHECK (char_length(action) BETWEEN 1 AND 50),
    target     text CHECK (char_length(target) <= 200),
    outcome    text NOT NULL CHECK (outcome IN ('done', 'refused')),
    remote     text CHECK (char_length(remote) <= 64),
    request_id text CHECK (char_length(request_id) <= 64),
    detail     jsonb NOT NULL DEFAULT '{}' CHECK (octet_length(detail::text) <= 8192)
);
CREATE INDEX audit_tenant ON app.audit (tenant_id, position);
CREATE INDEX audit_xid ON app.audit (xid);
COMMENT ON TABLE app.audit IS 'Append-only: what somebody did, and what was refused';
COMMENT ON COLUMN app.audit.xid IS 'Rows below the horizon of the sealer are sealed, or were put in behind its back';
COMMENT ON COLUMN app.audit.tenant_id IS '0: the installation itself, which no tenant sees';
COMMENT ON COLUMN app.audit.actor IS 'key:3, an e-mail address, job:17, cli:root; of a refused row what was claimed';
COMMENT ON COLUMN app.audit.target IS 'What it was done to: project:17';
COMMENT ON COLUMN app.audit.remote IS 'Address from where it was asked; null: by a program of the installation';
COMMENT ON COLUMN app.audit.detail IS 'What it was about, secrets taken out';

CREATE TABLE app.audit_seal (
    tenant_id bigint NOT NULL,
    seq       bigint NOT NULL CHECK (seq > 0),
    position  bigint NOT NULL UNIQUE,
    prev_hash bytea NOT NULL CHECK (octet_length(prev_hash) = 32),
    hash      bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (tenant_id, seq)
);
COMMENT ON TABLE app.audit_seal IS 'Append-only: the hash chain over the audit log of each tenant';
COMMENT ON COLUMN app.audit_seal.seq IS 'Place in the tenant''s chain, from 1 without gaps';
COMMENT ON COLUMN app.audit_seal.hash IS 'SHA-256 of prev_hash and app.audit_bytes() of the row';

CREATE TABLE app.audit_chain (
    tenant_id bigint PRIMARY KEY,
    seq       bigint NOT NULL DEFAULT 0,
    hash      bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (octet_length(hash) = 32),
    base_seq  bigint NOT NULL DEFAULT 0,
    base_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (octet_length(base_hash) = 32)
);
COMMENT ON TABLE app.audit_chain IS 'Both ends of each chain';
COMMENT ON COLUMN app.audit_chain.hash IS 'Of the newest seal';
COMMENT ON COLUMN app.audit_chain.base_seq IS 'The newest seal that retention has taken away; 0: none';
COMMENT ON COLUMN app.audit_chain.base_hash IS 'Its hash, on which the oldest seal that is kept builds; zeros: none';

CREATE TABLE app.audit_horizon (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    horizon xid8 NOT NULL DEFAULT '0'
);
INSERT INTO app.audit_horizon DEFAULT VALUES;
COMMENT ON TABLE app.audit_horizon IS 'One row: what transactions below this wrote to the audit log is sealed';

-- Who may what.  Time, number and transaction of a row are the server's alone.
REVOKE ALL ON app.audit, app.audit_seal, app.audit_chain, app.audit_horizon FROM portolan_app;
GRANT SELECT, INSERT (tenant_id, actor, user_id, key_id, action, target, outcome, remote, request_id, detail)
    ON app.audit TO portolan_app, portolan_gate;
GRANT SELECT ON app.audit_seal TO portolan_app;
GRANT SELECT, INSERT ON app.audit_seal TO portolan_gate;
GRANT SELECT, INSERT, UPDATE ON app.audit_chain TO portolan_gate;
GRANT SELECT, UPDATE ON app.audit_horizon TO portolan_gate;
GRANT SELECT ON app.audit_chain TO portolan_runner;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['audit', 'audit_seal', 'audit_chain', 'audit_horizon']
    LOOP
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY gate ON app.%I TO portolan_gate USING (true) WITH CHECK (true)', name);
        CONTINUE WHEN name = 'audit_horizon';
        EXECUTE format('CREATE POLICY tenant ON app.%I USING (tenant_id = (SELECT app.current_tenant_id()))'
                       ' WITH CHECK (tenant_id = (SELECT app.current_tenant_id()))', name);
        EXECUTE format('CREATE POLICY retention ON app.%I TO portolan_owner USING (true) WITH CHECK (true)', name);
    END LOOP;
END
$$;
CREATE POLICY installation ON app.audit FOR INSERT TO portolan_app WITH CHECK (tenant_id = 0);
CREATE POLICY anchor ON app.audit_chain FOR SELECT TO portolan_runner USING (true);

-- A row as it is hashed: each field in this order as <bytes>:<text>, and a null as -, ; numbers
-- in decimal, the time in microseconds since 1970, the detail as jsonb writes it, all in UTF-8.
CREATE FUNCTION app.audit_bytes(a app.audit) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog AS $$
    SELECT convert_to(string_agg(CASE WHEN v IS NULL THEN '-,'
                                      ELSE octet_length(convert_to(v, 'UTF8')) || ':' || v || ',' END, '' ORDER BY n), 'UTF8')
      FROM unnest(ARRAY[a.tenant_id::text, a.position::text, (extract(epoch FROM a.at) * 1000000)::bigint::text,
                        a.actor, a.user_id::text, a.key_id::text, a.action, a.target, a.outcome, a.remote,
                        a.request_id, a.detail::text]) WITH ORDINALITY AS f(v, n)
$$;
COMMENT ON FUNCTION app.audit_bytes IS 'A row of the audit log as it is hashed';

-- Seal what is settled: rows of transactions below the oldest that still runs, so that none can come
-- in between later.  Returns how many; about p_most at once, so that it holds nobody up.  Writers
-- never wait for it, and it never for them.
--
-- The horizon bounds the look.  It is of one server's transaction numbers: in a database that was
-- restored elsewhere it lies ahead, and then everything without a seal is looked for once.
CREATE FUNCTION app.seal_audit(p_most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    low     xid8;
    high    xid8;
    ahead   xid8;
    found_n bigint := 0;
    cut     xid8;
    chain   bigint;
    head    record;
    r       record;
BEGIN
    IF NOT pg_try_advisory_xact_lock(1886351989, 1) THEN
        RETURN 0;
    END IF;
    SELECT h.horizon, pg_snapshot_xmin(pg_current_snapshot()) INTO low, high FROM app.audit_horizon h;
    IF low > high THEN
        low := '0';
        ahead := pg_snapshot_xmax(pg_current_snapshot());
    ELSE
        SELECT (a.xid::text::bigint + 1)::text::xid8 INTO cut FROM app.audit a
         WHERE a.xid >= low AND a.xid < high ORDER BY a.xid OFFSET p_most LIMIT 1;
        IF FOUND THEN
            high := cut;
        END IF;
    END IF;
    FOR chain IN SELECT DISTINCT a.tenant_id FROM app.audit a
                  WHERE a.xid >= low AND (a.xid < high OR a.xid >= ahead)
                    AND NOT EXISTS (SELECT FROM app.audit_seal s WHERE s.position = a.position)
    LOOP
        INSERT INTO app.audit_chain (tenant_id) VALUES (chain) ON CONFLICT DO NOTHING;
        SELECT c.seq, c.hash INTO head FROM app.audit_chain c WHERE c.tenant_id = chain;
        FOR r IN SELECT a.position, app.audit_bytes(a) AS bytes FROM app.audit a
                  WHERE a.tenant_id = chain AND a.xid >= low AND (a.xid < high OR a.xid >= ahead)
                    AND NOT EXISTS (SELECT FROM app.audit_seal s WHERE s.position = a.position)
                  ORDER BY a.position
        LOOP
            INSERT INTO app.audit_seal (tenant_id, seq, position, prev_hash, hash)
            VALUES (chain, head.seq + 1, r.position, head.hash, sha256(head.hash || r.bytes))
            RETURNING seq, hash INTO head;
            found_n := found_n + 1;
        END LOOP;
        UPDATE app.audit_chain c SET seq = head.seq, hash = head.hash WHERE c.tenant_id = chain;
    END LOOP;
    IF found_n > 0 OR ahead IS NOT NULL THEN
        UPDATE app.audit_horizon SET horizon = high;
    END IF;
    RETURN found_n;
END
$$;
COMMENT ON FUNCTION app.seal_audit IS 'Adds settled rows of the audit log to the chains';

-- Retention: take away the oldest rows of each chain, with their seals.  The hash of the last one
-- stays as the base of the rest, and the rest says what was taken.  Never what is younger than 30
-- days, and never past a row that is missing, which would hide it.
CREATE FUNCTION app.prune_audit(p_days integer, p_most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    taken bigint := 0;
    c     record;
    base  record;
BEGIN
    IF p_days < 30 THEN
        RAISE EXCEPTION 'the audit log is kept for 30 days at least';
    END IF;
    IF NOT pg_try_advisory_xact_lock(1886351989, 1) THEN
        RETURN 0;
    END IF;
    FOR c IN SELECT h.tenant_id, h.base_seq FROM app.audit_chain h
    LOOP
        SELECT s.seq, s.hash INTO base FROM app.audit_seal s
         WHERE s.tenant_id = c.tenant_id AND s.seq =
               (SELECT coalesce(min(o.seq) FILTER (WHERE coalesce(a.at >= now() - make_interval(days => p_days), true)),
                                max(o.seq) + 1) - 1
                  FROM app.audit_seal o LEFT JOIN app.audit a ON a.position = o.position
                 WHERE o.tenant_id = c.tenant_id AND o.seq BETWEEN c.base_seq + 1 AND c.base_seq + p_most);
        CONTINUE WHEN NOT FOUND OR base.seq <= c.base_seq;
        DELETE FROM app.audit a USING app.audit_seal s
         WHERE s.tenant_id = c.tenant_id AND s.seq <= base.seq AND a.position = s.position;
        DELETE FROM app.audit_seal s WHERE s.tenant_id = c.tenant_id AND s.seq <= base.seq;
        UPDATE app.audit_chain h SET base_seq = base.seq, base_hash = base.hash WHERE h.tenant_id = c.tenant_id;
        INSERT INTO app.audit (tenant_id, actor, action, outcome, detail)
        VALUES (c.tenant_id, 'retention', 'audit.pruned', 'done',
                jsonb_build_object('from_seq', c.base_seq + 1, 'to_seq', base.seq, 'hash', encode(base.hash, 'hex')));
        taken := taken + base.seq - c.base_seq;
    END LOOP;
    RETURN taken;
END
$$;
COMMENT ON FUNCTION app.prune_audit IS 'Takes away what is older than the retention';

REVOKE ALL ON FUNCTION app.audit_bytes, app.seal_audit, app.prune_audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.audit_bytes TO portolan_gate;
GRANT EXECUTE ON FUNCTION app.seal_audit, app.prune_audit TO portolan_runner;
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.seal_audit OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;

-- A person's actor is an e-mail address.
ALTER TABLE app.event DROP CONSTRAINT event_actor_check,
    ADD CONSTRAINT event_actor_check CHECK (char_length(actor) <= 254);
