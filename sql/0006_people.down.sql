-- Back to 0005: who was invited or is to reset a password needs another token.

DROP FUNCTION app.sign_in_begin, app.sign_in_finish, app.password_change, app.password_token_open,
    app.password_token_use, app.member_reset, app.password_salt;
DROP TABLE app.password_token, app.sign_in_attempt;
ALTER TABLE app.user_account
    ADD COLUMN sign_in_failures integer NOT NULL DEFAULT 0,
    ADD COLUMN sign_in_not_before timestamptz;
COMMENT ON COLUMN app.user_account.sign_in_failures IS 'Wrong passwords in a row';
COMMENT ON COLUMN app.user_account.sign_in_not_before IS 'No sign-in before this time, after too many failures';

DROP FUNCTION app.admit_session;
CREATE FUNCTION app.admit_session(p_hashes bytea[], p_idle interval, p_least integer, p_tenant bigint)
RETURNS TABLE (tenant_id bigint, user_id bigint, session_id bigint, role integer, email text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
    s record;
    r integer := 0;
BEGIN
    SELECT n.id, n.user_id, u.email INTO s FROM app.session n JOIN app.user_account u ON u.id = n.user_id
     WHERE n.token_hash = ANY (p_hashes) AND n.expires_at > now() AND n.last_seen_at > now() - p_idle
       AND u.disabled_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The session is unknown or over.' USING ERRCODE = 'PT401';
    END IF;
    IF p_tenant IS NOT NULL THEN
        SELECT m.role INTO r FROM app.member m JOIN app.tenant t ON t.id = m.tenant_id
         WHERE m.tenant_id = p_tenant AND m.user_id = s.user_id AND m.status = 'active' AND t.status = 'active';
        IF NOT FOUND THEN
            IF p_least > 0 THEN
                RAISE EXCEPTION 'You are no member of that tenant.'
                      USING ERRCODE = 'PT403', DETAIL = concat_ws(':', 0, s.user_id, 0, s.email);
            END IF;
            p_tenant := NULL;
            r := 0;
        END IF;
    END IF;
    IF r < p_least THEN
        RAISE EXCEPTION 'Your role is too low for this.'
              USING ERRCODE = 'PT403', DETAIL = concat_ws(':', coalesce(p_tenant, 0), s.user_id, 0, s.email);
    END IF;
    PERFORM set_config('app.tenant', coalesce(p_tenant::text, ''), true),
            set_config('app.user', s.user_id::text, true);
    tenant_id := p_tenant;
    user_id := s.user_id;
    session_id := s.id;
    role := r;
    email := s.email;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION app.admit_session IS 'Whose session this is, told to the transaction; PT401, PT403';
REVOKE ALL ON FUNCTION app.admit_session FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.admit_session TO portolan_app;
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.admit_session OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
