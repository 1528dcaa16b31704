GRANT CREATE ON SCHEMA app TO portolan_gate;
SET LOCAL ROLE portolan_gate;

CREATE OR REPLACE FUNCTION app.password_token_open(p_hashes bytea[])
RETURNS TABLE (user_id bigint, tenant_id bigint, kind text, email text, name text, has_password boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT u.id, t.tenant_id, t.kind, u.email, u.name, u.password_hash IS NOT NULL
      FROM app.password_token t JOIN app.user_account u ON u.id = t.user_id
      LEFT JOIN app.tenant n ON n.id = t.tenant_id
     WHERE t.token_hash = ANY (p_hashes) AND t.expires_at > now() AND u.disabled_at IS NULL
       AND (t.kind = 'reset' OR n.status = 'active')
$$;

CREATE OR REPLACE FUNCTION app.password_token_use(p_hashes bytea[], p_proof text, p_new_hash text)
RETURNS TABLE (user_id bigint, tenant_id bigint, kind text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
    u record;
BEGIN
    DELETE FROM app.password_token t WHERE t.token_hash = ANY (p_hashes) AND t.expires_at > now()
    RETURNING t.user_id, t.tenant_id, t.kind INTO user_id, tenant_id, kind;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The token is unknown, used or over.' USING ERRCODE = 'PT404';
    END IF;
    SELECT a.id, a.email, a.password_hash INTO u FROM app.user_account a
     WHERE a.id = user_id AND a.disabled_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The token is unknown, used or over.' USING ERRCODE = 'PT404';
    END IF;
    IF kind = 'invitation' AND u.password_hash IS NOT NULL THEN
        IF u.password_hash IS DISTINCT FROM p_proof THEN
            RAISE EXCEPTION 'E-mail or password is wrong.' USING ERRCODE = 'PT401';
        END IF;
    ELSE
        UPDATE app.user_account a SET password_hash = p_new_hash, password_changed_at = now(), updated_at = now(),
                                      version = a.version + 1 WHERE a.id = u.id;
        DELETE FROM app.session s WHERE s.user_id = u.id;
        DELETE FROM app.password_token t WHERE t.user_id = u.id AND t.kind = 'reset';
    END IF;
    DELETE FROM app.sign_in_attempt WHERE email_hash = sha256(convert_to(u.email, 'UTF8'));
    IF kind = 'invitation' THEN
        UPDATE app.member m SET status = 'active', version = m.version + 1, updated_at = now()
         WHERE m.tenant_id = password_token_use.tenant_id AND m.user_id = u.id AND m.status = 'invited';
        IF NOT FOUND THEN
            RAISE EXCEPTION 'The token is unknown, used or over.' USING ERRCODE = 'PT404';
        END IF;
    END IF;
    PERFORM set_config('app.user', user_id::text, true),
            set_config('app.tenant', coalesce(tenant_id::text, ''), true);
    RETURN NEXT;
END
$$;

CREATE OR REPLACE FUNCTION app.member_reset(p_member_id bigint, p_role integer, p_token bytea, p_hours integer)
RETURNS TABLE (email text, user_id bigint, expires_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
    m record;
BEGIN
    SELECT o.user_id, o.role, o.status, u.email INTO m FROM app.member o JOIN app.user_account u ON u.id = o.user_id
     WHERE o.tenant_id = app.current_tenant_id() AND o.id = p_member_id AND u.disabled_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such item' USING ERRCODE = 'PT404';
    END IF;
    IF p_role < 4 OR p_role < m.role OR m.status <> 'active' OR EXISTS (
        SELECT FROM app.member o
         WHERE o.user_id = m.user_id AND o.tenant_id <> app.current_tenant_id() AND o.status = 'active'
           AND NOT EXISTS (SELECT FROM app.member mine
                            WHERE mine.tenant_id = o.tenant_id AND mine.user_id = app.current_user_id()
                              AND mine.status = 'active' AND mine.role >= 4 AND mine.role >= o.role))
    THEN
        RAISE EXCEPTION 'You may not reset the password of this person.' USING ERRCODE = 'PT403',
            HINT = format('Ask the operator, who runs: portolan user passwd %s --token', m.email);
    END IF;
    DELETE FROM app.password_token t WHERE t.user_id = m.user_id AND t.kind = 'reset';
    INSERT INTO app.password_token (user_id, tenant_id, kind, token_hash, expires_at)
    VALUES (m.user_id, app.current_tenant_id(), 'reset', p_token, now() + p_hours * interval '1 hour')
    RETURNING password_token.expires_at INTO expires_at;
    email := m.email;
    user_id := m.user_id;
    RETURN NEXT;
END
$$;

DROP FUNCTION app.reset_stands;
RESET ROLE;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;

ALTER TABLE app.password_token DROP COLUMN issued_by, DROP COLUMN issuer_role;

REVOKE UPDATE (last_seen_at) ON app.session FROM portolan_app;
REVOKE UPDATE (role, version, updated_at) ON app.member FROM portolan_app;
REVOKE UPDATE (expires_at, revoked_at, last_used_at, rotated_to) ON app.api_key FROM portolan_app;
GRANT INSERT, UPDATE (last_seen_at, expires_at) ON app.session TO portolan_app;
GRANT INSERT, UPDATE ON app.member TO portolan_app;
GRANT UPDATE (name, role, scopes, expires_at, revoked_at, last_used_at, rotated_to) ON app.api_key TO portolan_app;

ALTER TABLE app.idempotency_key NO FORCE ROW LEVEL SECURITY;
DELETE FROM app.idempotency_key WHERE char_length(key) > 255;
ALTER TABLE app.idempotency_key
    FORCE ROW LEVEL SECURITY,
    DROP CONSTRAINT idempotency_key_key_check,
    ADD CONSTRAINT idempotency_key_key_check CHECK (char_length(key) BETWEEN 1 AND 255);
COMMENT ON COLUMN app.idempotency_key.key IS NULL;
