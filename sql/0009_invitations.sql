-- Invitations: an account for who has none, a membership that waits, and a token.

-- Whether there was an account is not told, by the answer or its form.  0: is a member
-- already; -1: was invited to a role above p_actor.  An earlier token of the invitation ends.
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
    IF m.status = 'active' THEN
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
COMMENT ON FUNCTION app.member_invite IS 'An invitation to the tenant of the transaction; 0 or -1: refused';

-- The removal of a tenant runs as the owner of the tables.
CREATE POLICY removal ON app.password_token TO portolan_owner
    USING (tenant_id = (SELECT app.current_tenant_id()));

REVOKE ALL ON FUNCTION app.member_invite FROM PUBLIC, portolan_app;
GRANT EXECUTE ON FUNCTION app.member_invite TO portolan_app;
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.member_invite OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
