DROP FUNCTION app.admit_key, app.admit_key_packed;
CREATE FUNCTION app.admit_key(p_id bigint, p_hashes bytea[], p_least integer, p_scope text, p_tenant bigint,
                              OUT tenant_id bigint, OUT key_id bigint, OUT role integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
    has text[];
    told text;
BEGIN
    SELECT k.tenant_id, k.role, k.scopes INTO tenant_id, role, has FROM app.api_key k
     WHERE k.id = p_id AND k.secret_hash = ANY (p_hashes) AND k.revoked_at IS NULL
       AND (k.expires_at IS NULL OR k.expires_at > now()) AND (p_tenant IS NULL OR k.tenant_id = p_tenant)
       AND (SELECT t.status = 'active' FROM app.tenant t WHERE t.id = k.tenant_id);
    IF tenant_id IS NULL THEN
        RAISE EXCEPTION 'The key is unknown, expired or revoked.' USING ERRCODE = 'PT401';
    END IF;
    IF role < p_least THEN
        RAISE EXCEPTION 'The role of the key is too low for this.'
              USING ERRCODE = 'PT403', DETAIL = concat_ws(':', tenant_id, 0, p_id, 'key:' || p_id);
    END IF;
    IF has IS NOT NULL AND p_scope <> '' AND p_scope <> ALL (has) THEN
        RAISE EXCEPTION 'The key does not have the scope %.', p_scope
              USING ERRCODE = 'PT403', DETAIL = concat_ws(':', tenant_id, 0, p_id, 'key:' || p_id);
    END IF;
    told := set_config('app.tenant', tenant_id::text, true);
    told := set_config('app.user', '', true);
    key_id := p_id;
END
$$;
COMMENT ON FUNCTION app.admit_key IS 'Whose key this is, told to the transaction; PT401, PT403';

REVOKE ALL ON FUNCTION app.admit_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.admit_key TO portolan_app;
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.admit_key OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
