-- Tokens of machine clients: families of refresh tokens, and the functions that
-- look at them before the tenant is known.
--
-- A refresh token is used once.  Used ones stay until their family ends, so that
-- one that comes again is recognised and ends the family.

CREATE TABLE app.token_family (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id  bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    key_id     bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, key_id) REFERENCES app.api_key (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX token_family_key ON app.token_family (tenant_id, key_id, id DESC);
CREATE INDEX token_family_age ON app.token_family (expires_at);
COMMENT ON TABLE app.token_family IS 'What an API key was changed for: access and refresh tokens that end together';
COMMENT ON COLUMN app.token_family.expires_at IS 'The absolute end, however often it is refreshed';
COMMENT ON COLUMN app.token_family.revoked_at IS 'Given back by the client, or a refresh token was used twice';

CREATE TABLE app.refresh_token (
    tenant_id  bigint NOT NULL,
    family_id  bigint NOT NULL,
    generation integer NOT NULL CHECK (generation BETWEEN 1 AND 10000),
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at    timestamptz,
    PRIMARY KEY (tenant_id, family_id, generation),
    FOREIGN KEY (tenant_id, family_id) REFERENCES app.token_family (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE app.refresh_token IS 'Each buys the next one, once';
COMMENT ON COLUMN app.refresh_token.token_hash IS 'Keyed BLAKE2b-256 of the whole token text';
COMMENT ON COLUMN app.refresh_token.generation IS 'Which one of its family; a family that has had so many is over';
COMMENT ON COLUMN app.refresh_token.used_at IS 'When it bought the next one; null: it has not';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['token_family', 'refresh_token']
    LOOP
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON app.%I USING (tenant_id = (SELECT app.current_tenant_id()))'
                       ' WITH CHECK (tenant_id = (SELECT app.current_tenant_id()))', name);
        EXECUTE format('CREATE POLICY gate ON app.%I TO portolan_gate USING (true) WITH CHECK (true)', name);
    END LOOP;
END
$$;
-- The runner clears away what is over, of all tenants.
CREATE POLICY tidy ON app.token_family TO portolan_runner USING (expires_at < now()) WITH CHECK (false);

-- A worker begins and drops families; what is done with a token is done by the functions.
REVOKE ALL ON app.token_family, app.refresh_token FROM portolan_app;
GRANT SELECT, INSERT, DELETE ON app.token_family TO portolan_app;
GRANT INSERT ON app.refresh_token TO portolan_app;
GRANT USAGE ON SEQUENCE app.token_family_id_seq TO portolan_app;
GRANT SELECT, UPDATE (revoked_at) ON app.token_family TO portolan_gate;
GRANT SELECT, INSERT, UPDATE (used_at) ON app.refresh_token TO portolan_gate;

-- Use a refresh token and store the next.  PT401: unknown or over.  One that was used before ends
-- its family; that is an answer and no error, because it must be committed.
CREATE FUNCTION app.refresh_take(p_family bigint, p_hashes bytea[], p_next bytea)
RETURNS TABLE (tenant_id bigint, key_id bigint, expires_at timestamptz, reused boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
    t record;
    told text;
BEGIN
    -- Both rows are locked: of two that use one token, the second sees what the first has done.
    SELECT f.tenant_id, f.key_id, f.expires_at, r.generation, r.used_at INTO t
      FROM app.refresh_token r JOIN app.token_family f ON f.tenant_id = r.tenant_id AND f.id = r.family_id
     WHERE r.token_hash = ANY (p_hashes) AND r.family_id = p_family
       AND f.revoked_at IS NULL AND f.expires_at > now()
       FOR UPDATE OF r, f;
    IF t IS NULL OR NOT EXISTS (
        SELECT FROM app.api_key k JOIN app.tenant n ON n.id = k.tenant_id
         WHERE k.tenant_id = t.tenant_id AND k.id = t.key_id AND k.revoked_at IS NULL
           AND (k.expires_at IS NULL OR k.expires_at > now()) AND n.status = 'active') THEN
        RAISE EXCEPTION 'The refresh token is unknown or over.' USING ERRCODE = 'PT401';
    END IF;
    IF t.used_at IS NOT NULL THEN
        UPDATE app.token_family f SET revoked_at = now() WHERE f.tenant_id = t.tenant_id AND f.id = p_family;
    ELSIF t.generation = 10000 THEN
        RAISE EXCEPTION 'The family has had its last refresh token.' USING ERRCODE = 'PT401';
    ELSE
        UPDATE app.refresh_token r SET used_at = now()
         WHERE r.tenant_id = t.tenant_id AND r.family_id = p_family AND r.generation = t.generation;
        INSERT INTO app.refresh_token (tenant_id, family_id, generation, token_hash)
        VALUES (t.tenant_id, p_family, t.generation + 1, p_next);
    END IF;
    told := set_config('app.tenant', t.tenant_id::text, true);
    told := set_config('app.user', '', true);
    tenant_id := t.tenant_id;
    key_id := t.key_id;
    expires_at := t.expires_at;
    reused := t.used_at IS NOT NULL;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION app.refresh_take IS 'Use a refresh token, told to the transaction whose it is; PT401';

-- End the family of a refresh token, used or not; no row when none lives that has it.
CREATE FUNCTION app.refresh_revoke(p_family bigint, p_hashes bytea[])
RETURNS TABLE (tenant_id bigint, key_id bigint, expires_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
    told text;
BEGIN
    UPDATE app.token_family f SET revoked_at = now()
      FROM app.refresh_token r
     WHERE r.token_hash = ANY (p_hashes) AND r.family_id = p_family AND f.tenant_id = r.tenant_id
       AND f.id = r.family_id AND f.revoked_at IS NULL AND f.expires_at > now()
    RETURNING f.tenant_id, f.key_id, f.expires_at INTO tenant_id, key_id, expires_at;
    IF tenant_id IS NOT NULL THEN
        told := set_config('app.tenant', tenant_id::text, true);
        told := set_config('app.user', '', true);
        RETURN NEXT;
    END IF;
END
$$;
COMMENT ON FUNCTION app.refresh_revoke IS 'End the family of a refresh token, told to the transaction whose it was';

-- Admission by an access token.  Its signature, which the worker has judged, names tenant, key and
-- family; whether they hold, and what they may now, is read here behind the wall.
CREATE FUNCTION app.admit_token(p_tenant bigint, p_key bigint, p_family bigint, p_least integer, p_scope text,
                                OUT tenant_id bigint, OUT key_id bigint, OUT role integer)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
    has text[];
    told text;
BEGIN
    told := set_config('app.tenant', p_tenant::text, true);
    told := set_config('app.user', '', true);
    SELECT k.role, k.scopes INTO role, has
      FROM app.token_family f JOIN app.api_key k ON k.tenant_id = f.tenant_id AND k.id = f.key_id
     WHERE f.tenant_id = p_tenant AND f.id = p_family AND f.key_id = p_key
       AND f.revoked_at IS NULL AND f.expires_at > now()
       AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
       AND (SELECT t.status = 'active' FROM app.tenant t WHERE t.id = k.tenant_id);
    IF role IS NULL THEN
        RAISE EXCEPTION 'The token is over.' USING ERRCODE = 'PT401';
    END IF;
    IF role < p_least THEN
        RAISE EXCEPTION 'The role of the key is too low for this.' USING ERRCODE = 'PT403';
    END IF;
    IF has IS NOT NULL AND p_scope <> '' AND p_scope <> ALL (has) THEN
        RAISE EXCEPTION 'The key does not have the scope %.', p_scope USING ERRCODE = 'PT403';
    END IF;
    tenant_id := p_tenant;
    key_id := p_key;
END
$$;
COMMENT ON FUNCTION app.admit_token IS 'What the key of an access token may, told to the transaction; PT401, PT403';

GRANT EXECUTE ON FUNCTION app.refresh_take, app.refresh_revoke, app.admit_token TO portolan_app;
-- Given to the gate last, because the grants must be the first owner's.
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.refresh_take OWNER TO portolan_gate;
ALTER FUNCTION app.refresh_revoke OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
