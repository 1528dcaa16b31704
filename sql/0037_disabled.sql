-- Members who are kept out for a while: nothing admits who is not active, and nothing of theirs is lost.

ALTER TABLE app.member
    DROP CONSTRAINT member_status_check,
    ADD CONSTRAINT member_status_check CHECK (status IN ('invited', 'active', 'disabled'));
COMMENT ON COLUMN app.member.status IS
    'invited: counts for nothing until the person has accepted; disabled: counts for nothing until enabled';

DROP FUNCTION app.member_invite, app.reset_stands, app.member_reset;

-- An invitation is no way back in: a disabled member is one already.
CREATE FUNCTION app.member_invite(p_email text, p_name text, p_actor integer, p_role integer, p_token bytea,
                                  p_hours bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    t bigint := app.current_tenant_id();
    u bigint;
    m record;
    made bigint;
BEGIN
    IF t IS NULL OR p_actor < 4 OR p_role > p_actor THEN
        RAISE EXCEPTION 'You may not invite to this role.' USING ERRCODE = 'PT403';
    END IF;
    INSERT INTO app.user_account (email, name) VALUES (p_email, p_name) ON CONFLICT (email) DO NOTHING;
    SELECT a.id INTO u FROM app.user_account a WHERE a.email = p_email;
    SELECT o.role, o.status INTO m FROM app.member o WHERE o.tenant_id = t AND o.user_id = u FOR UPDATE;
    IF m.status <> 'invited' THEN
        RETURN 0;
    END IF;
    IF m.role > p_actor THEN
        RETURN -1;
    END IF;
    INSERT INTO app.member AS o (tenant_id, user_id, role, status) VALUES (t, u, p_role, 'invited')
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = excluded.role, version = o.version + 1, updated_at = now()
        RETURNING o.id INTO made;
    DELETE FROM app.password_token k WHERE k.tenant_id = t AND k.user_id = u AND k.kind = 'invitation';
    INSERT INTO app.password_token (user_id, tenant_id, kind, token_hash, expires_at)
    VALUES (u, t, 'invitation', p_token, now() + p_hours * interval '1 hour');
    RETURN made;
END
$$;

-- Who may reset a password takes the account over, in every tenant.  A membership that is disabled may be
-- enabled tomorrow: it counts as one that is active.
CREATE FUNCTION app.reset_stands(t app.password_token) RETURNS boolean
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog AS $$
    SELECT t.tenant_id IS NULL OR (
        EXISTS (SELECT FROM app.member o
                 WHERE o.tenant_id = t.tenant_id AND o.user_id = t.user_id AND o.status = 'active')
        AND NOT EXISTS (
            SELECT FROM app.member o
             WHERE o.user_id = t.user_id AND o.status <> 'invited'
               AND NOT CASE WHEN t.issued_by IS NULL
                   THEN o.tenant_id = t.tenant_id AND o.role <= coalesce(t.issuer_role, 0)
                   ELSE EXISTS (SELECT FROM app.member mine
                                 WHERE mine.tenant_id = o.tenant_id AND mine.user_id = t.issued_by
                                   AND mine.status = 'active' AND mine.role >= 4 AND mine.role >= o.role) END))
$$;

CREATE FUNCTION app.member_reset(p_member_id bigint, p_role integer, p_token bytea, p_hours integer)
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
         WHERE o.user_id = m.user_id AND o.tenant_id <> app.current_tenant_id() AND o.status <> 'invited'
           AND NOT EXISTS (SELECT FROM app.member mine
                            WHERE mine.tenant_id = o.tenant_id AND mine.user_id = app.current_user_id()
                              AND mine.status = 'active' AND mine.role >= 4 AND mine.role >= o.role))
    THEN
        RAISE EXCEPTION 'You may not reset the password of this person.' USING ERRCODE = 'PT403',
            HINT = format('Ask the operator, who runs: portolan user passwd %s --token', m.email);
    END IF;
    DELETE FROM app.password_token t WHERE t.user_id = m.user_id AND t.kind = 'reset';
    INSERT INTO app.password_token (user_id, tenant_id, kind, token_hash, issued_by, issuer_role, expires_at)
    VALUES (m.user_id, app.current_tenant_id(), 'reset', p_token, app.current_user_id(), p_role, now() + p_hours * interval '1 hour')
    RETURNING password_token.expires_at INTO expires_at;
    email := m.email;
    user_id := m.user_id;
    RETURN NEXT;
END
$$;

-- Workers make nobody active but by functions that ask for proof (0010): who was let in once has given it.
CREATE FUNCTION app.member_disable(p_member_id bigint, p_disabled boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    changed bigint;
BEGIN
    UPDATE app.member m SET status = CASE WHEN p_disabled THEN 'disabled' ELSE 'active' END
     WHERE m.tenant_id = app.current_tenant_id() AND m.id = p_member_id AND m.status <> 'invited'
    RETURNING m.id INTO changed;
    RETURN coalesce(changed, 0);
END
$$;
COMMENT ON FUNCTION app.member_disable IS 'Keep out a member of the tenant of the transaction, or let them in again; 0: nobody was let in before';

COMMENT ON FUNCTION app.member_invite IS 'An invitation to the tenant of the transaction; 0 or -1: refused';
COMMENT ON FUNCTION app.reset_stands IS 'Whether who gave a reset might still give it';
COMMENT ON FUNCTION app.member_reset IS 'A token to reset the password of a member of this tenant; PT403, PT404';

REVOKE ALL ON FUNCTION app.member_disable, app.member_invite, app.reset_stands, app.member_reset FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.member_disable, app.member_invite, app.member_reset TO portolan_app;
-- Given to the gate last, because the grants must be the first owner's.
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.member_disable OWNER TO portolan_gate;
ALTER FUNCTION app.member_invite OWNER TO portolan_gate;
ALTER FUNCTION app.reset_stands OWNER TO portolan_gate;
ALTER FUNCTION app.member_reset OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
