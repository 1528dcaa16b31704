-- Admission by key, at less cost: every request pays for it.

-- A row of OUT parameters has its columns described anew at each call, twice, and is kept in a store
-- of tuples before its one row is read.  A number is returned as it is.
CREATE FUNCTION app.admit_key_packed(p_id bigint, p_hashes bytea[], p_least integer, p_scope text, p_tenant bigint)
RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    tenant bigint;
    has_role integer;
    has text[];
    told text;
BEGIN
    SELECT k.tenant_id, k.role, k.scopes INTO tenant, has_role, has FROM app.api_key k
     WHERE k.id = p_id AND k.secret_hash = ANY (p_hashes) AND k.revoked_at IS NULL
       AND (k.expires_at IS NULL OR k.expires_at > now()) AND (p_tenant IS NULL OR k.tenant_id = p_tenant)
       AND (SELECT t.status = 'active' FROM app.tenant t WHERE t.id = k.tenant_id);
    IF tenant IS NULL THEN
        RAISE EXCEPTION 'The key is unknown, expired or revoked.' USING ERRCODE = 'PT401';
    END IF;
    IF has_role < p_least THEN
        RAISE EXCEPTION 'The role of the key is too low for this.'
              USING ERRCODE = 'PT403', DETAIL = concat_ws(':', tenant, 0, p_id, 'key:' || p_id);
    END IF;
    IF has IS NOT NULL AND p_scope <> '' AND p_scope <> ALL (has) THEN
        RAISE EXCEPTION 'The key does not have the scope %.', p_scope
              USING ERRCODE = 'PT403', DETAIL = concat_ws(':', tenant, 0, p_id, 'key:' || p_id);
    END IF;
    told := set_config('app.tenant', tenant::text, true);
    told := set_config('app.user', '', true);
    RETURN tenant * 8 + has_role;
END
$$;
COMMENT ON FUNCTION app.admit_key_packed IS
    'Whose key this is, as tenant * 8 + role, told to the transaction; PT401, PT403';

-- Workers of before call it while the new ones take their place.
DROP FUNCTION app.admit_key;
CREATE FUNCTION app.admit_key(p_id bigint, p_hashes bytea[], p_least integer, p_scope text, p_tenant bigint,
                              OUT tenant_id bigint, OUT key_id bigint, OUT role integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    packed bigint := app.admit_key_packed(p_id, p_hashes, p_least, p_scope, p_tenant);
BEGIN
    tenant_id := packed / 8;
    key_id := p_id;
    role := packed % 8;
END
$$;
COMMENT ON FUNCTION app.admit_key IS 'As app.admit_key_packed, for workers of before';

REVOKE ALL ON FUNCTION app.admit_key_packed, app.admit_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.admit_key_packed, app.admit_key TO portolan_app;
-- Given to the gate last, because the grants must be the first owner's.
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.admit_key_packed OWNER TO portolan_gate;
ALTER FUNCTION app.admit_key OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
