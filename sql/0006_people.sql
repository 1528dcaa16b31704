-- Signing in: how often it failed, and tokens that let a person set a password.
--
-- The workers never read a password's hash.  They are told its salt and cost,
-- compute the hash of what was typed, and send that as the proof; the functions
-- below compare it and do what it proves.  None of them tells whether there is
-- an account of an address.

CREATE TABLE app.sign_in_attempt (
    email_hash bytea PRIMARY KEY CHECK (octet_length(email_hash) = 32),
    failures   integer NOT NULL CHECK (failures > 0),
    not_before timestamptz NOT NULL,
    last_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_attempt_age ON app.sign_in_attempt (last_at);
COMMENT ON TABLE app.sign_in_attempt IS 'Attempts to sign in that have not succeeded, whether there is such an account or not';
COMMENT ON COLUMN app.sign_in_attempt.email_hash IS 'SHA-256 of the address';
COMMENT ON COLUMN app.sign_in_attempt.failures IS 'In a row; an attempt counts when it begins, so that many at once do not slip through';
COMMENT ON COLUMN app.sign_in_attempt.last_at IS 'A day after it the row is forgotten';

CREATE TABLE app.password_token (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id     bigint NOT NULL REFERENCES app.user_account ON DELETE CASCADE,
    tenant_id   bigint REFERENCES app.tenant ON DELETE CASCADE,
    kind        text NOT NULL CHECK (kind IN ('invitation', 'reset')),
    token_hash  bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    issued_by   bigint REFERENCES app.user_account ON DELETE CASCADE,
    issuer_role smallint CHECK (issuer_role BETWEEN 4 AND 5),
    CHECK (kind = 'reset' OR tenant_id IS NOT NULL)
);
CREATE INDEX password_token_user ON app.password_token (user_id);
CREATE INDEX password_token_issuer ON app.password_token (issued_by) WHERE issued_by IS NOT NULL;
COMMENT ON TABLE app.password_token IS 'Tokens handed to a person, each good for one use; a row that is gone is a token used or revoked';
COMMENT ON COLUMN app.password_token.tenant_id IS 'Of an invitation: which tenant; of a reset: whose administrator gave it, null for the operator';
COMMENT ON COLUMN app.password_token.kind IS 'invitation: makes a member active, and sets the password of who has none; reset: sets the password';
COMMENT ON COLUMN app.password_token.token_hash IS 'Keyed BLAKE2b-256 of the token';
COMMENT ON COLUMN app.password_token.issued_by IS 'Of a reset: the administrator who gave it; null: an API key, or the operator';
COMMENT ON COLUMN app.password_token.issuer_role IS 'Of a reset by an administrator or a key: their role then';

REVOKE ALL ON app.sign_in_attempt, app.password_token FROM portolan_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.sign_in_attempt, app.password_token TO portolan_gate;
GRANT USAGE ON SEQUENCE app.password_token_id_seq TO portolan_app, portolan_gate;
ALTER TABLE app.sign_in_attempt ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY gate ON app.sign_in_attempt TO portolan_gate USING (true) WITH CHECK (true);
ALTER TABLE app.password_token ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY gate ON app.password_token TO portolan_gate USING (true) WITH CHECK (true);

-- What comes before the last $ of a hash: algorithm, cost and salt.
CREATE FUNCTION app.password_salt(hash text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT substring(hash FROM '^(\$argon2id\$v=19\$m=[0-9]+,t=[0-9]+,p=1\$[A-Za-z0-9+/]{22})\$') $$;
COMMENT ON FUNCTION app.password_salt IS 'The part of an argon2id text that may be known: algorithm, cost, salt';
GRANT EXECUTE ON FUNCTION app.password_salt TO portolan_gate;

-- The beginning of an attempt, which counts until it succeeds: from the fifth on, the
-- next one has to wait 1, 2, 4 ... up to 900 seconds.  wait_s above 0: not now.
CREATE FUNCTION app.sign_in_begin(p_email text)
RETURNS TABLE (salted text, wait_s integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
    h bytea := sha256(convert_to(p_email, 'UTF8'));
BEGIN
    DELETE FROM app.sign_in_attempt WHERE email_hash IN (
        SELECT o.email_hash FROM app.sign_in_attempt o WHERE o.last_at < now() - interval '1 day'
         ORDER BY o.last_at LIMIT 20 FOR UPDATE SKIP LOCKED);
    INSERT INTO app.sign_in_attempt AS t (email_hash, failures, not_before) VALUES (h, 1, now())
        ON CONFLICT (email_hash) DO UPDATE SET failures = t.failures + 1, last_at = now(),
            not_before = now() + CASE WHEN t.failures < 4 THEN interval '0'
                ELSE least(900, power(2, least(t.failures - 4, 20))) * interval '1 second' END
            WHERE t.not_before <= now();
    IF NOT FOUND THEN
        SELECT ceil(extract(epoch FROM t.not_before - now())) INTO wait_s
          FROM app.sign_in_attempt t WHERE t.email_hash = h;
        wait_s := greatest(coalesce(wait_s, 1), 1);
        RETURN NEXT;
        RETURN;
    END IF;
    wait_s := 0;
    SELECT app.password_salt(u.password_hash) INTO salted FROM app.user_account u
     WHERE u.email = p_email AND u.disabled_at IS NULL;
    RETURN NEXT;
END
$$;

-- The end of one: p_proof is the hash of what was typed.  It makes a session and tells
-- the transaction whose it is.  p_old are hashes of a session that ends with this one.
CREATE FUNCTION app.sign_in_finish(p_email text, p_proof text, p_new_hash text, p_token bytea, p_old bytea[],
                                   p_hours integer, p_remote text, p_user_agent text)
RETURNS TABLE (user_id bigint, session_id bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_column
BEGIN
    SELECT u.id INTO user_id FROM app.user_account u
     WHERE u.email = p_email AND u.password_hash = p_proof AND u.disabled_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'E-mail or password is wrong.' USING ERRCODE = 'PT401';
    END IF;
    UPDATE app.user_account u SET last_sign_in_at = now(), password_hash = coalesce(p_new_hash, u.password_hash)
     WHERE u.id = user_id;
    DELETE FROM app.sign_in_attempt WHERE email_hash = sha256(convert_to(p_email, 'UTF8'));
    DELETE FROM app.session s WHERE s.token_hash = ANY (p_old);
    DELETE FROM app.session WHERE id IN (
        SELECT o.id FROM app.session o WHERE o.expires_at < now()
         ORDER BY o.expires_at LIMIT 50 FOR UPDATE SKIP LOCKED);
    DELETE FROM app.session WHERE id IN (
        SELECT o.id FROM app.session o WHERE o.user_id = sign_in_finish.user_id ORDER BY o.id DESC OFFSET 99);
    INSERT INTO app.session (user_id, token_hash, remote, user_agent, expires_at)
    VALUES (user_id, p_token, p_remote, p_user_agent, now() + p_hours * interval '1 hour')
    RETURNING id INTO session_id;
    PERFORM set_config('app.user', user_id::text, true), set_config('app.tenant', '', true);
    RETURN NEXT;
END
$$;

-- A person's new password.  Every other session ends and this one gets another token.
CREATE FUNCTION app.password_change(p_proof text, p_new_hash text, p_session_id bigint, p_token bytea)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    u record;
BEGIN
    UPDATE app.user_account a SET password_hash = p_new_hash, password_changed_at = now(), updated_at = now(),
                                  version = a.version + 1
     WHERE a.id = app.current_user_id() AND a.password_hash = p_proof AND a.disabled_at IS NULL
    RETURNING a.id, a.email INTO u;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM app.sign_in_attempt WHERE email_hash = sha256(convert_to(u.email, 'UTF8'));
    DELETE FROM app.password_token t WHERE t.user_id = u.id AND t.kind = 'reset';
    DELETE FROM app.session s WHERE s.user_id = u.id AND s.id <> p_session_id;
    UPDATE app.session s SET token_hash = p_token WHERE s.user_id = u.id AND s.id = p_session_id;
    RETURN true;
END
$$;

-- A token that resets a password holds only as long as who gave it might still give it: not when the
-- administrator is one no more, and not when the person has risen above them, or joined another tenant.
CREATE FUNCTION app.reset_stands(t app.password_token) RETURNS boolean
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog AS $$
    SELECT t.tenant_id IS NULL OR (
        EXISTS (SELECT FROM app.member o
                 WHERE o.tenant_id = t.tenant_id AND o.user_id = t.user_id AND o.status = 'active')
        AND NOT EXISTS (
            SELECT FROM app.member o
             WHERE o.user_id = t.user_id AND o.status = 'active'
               AND NOT CASE WHEN t.issued_by IS NULL
                   THEN o.tenant_id = t.tenant_id AND o.role <= coalesce(t.issuer_role, 0)
                   ELSE EXISTS (SELECT FROM app.member mine
                                 WHERE mine.tenant_id = o.tenant_id AND mine.user_id = t.issued_by
                                   AND mine.status = 'active' AND mine.role >= 4 AND mine.role >= o.role) END))
$$;

-- Whom a token is for, told to who holds it; no row when it is unknown, used or over.
CREATE FUNCTION app.password_token_open(p_hashes bytea[])
RETURNS TABLE (user_id bigint, tenant_id bigint, kind text, email text, name text, has_password boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT u.id, t.tenant_id, t.kind, u.email, u.name, u.password_hash IS NOT NULL
      FROM app.password_token t JOIN app.user_account u ON u.id = t.user_id
      LEFT JOIN app.tenant n ON n.id = t.tenant_id
     WHERE t.token_hash = ANY (p_hashes) AND t.expires_at > now() AND u.disabled_at IS NULL
       AND CASE t.kind WHEN 'reset' THEN app.reset_stands(t) ELSE n.status = 'active' END
$$;

-- Use a token: null when it cannot be used, or when an invited person who has a password
-- did not prove it.
CREATE FUNCTION app.password_token_use(p_hashes bytea[], p_proof text, p_new_hash text)
RETURNS TABLE (user_id bigint, tenant_id bigint, kind text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
    u record;
BEGIN
    DELETE FROM app.password_token t WHERE t.token_hash = ANY (p_hashes) AND t.expires_at > now()
       AND (t.kind <> 'reset' OR app.reset_stands(t))
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

-- A token with which a member sets a new password.  An account is its owner's in every
-- tenant, so who hands it out must be allowed to in each: an administrator, and not below.
-- Who has only been invited has agreed to nothing yet.
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
         WHERE o.user_id = m.user_id AND o.tenant_id <> app.current_tenant_id() AND o.status = 'active'
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

-- Admission of a session, as app.admit_key of a key; it also tells whether its use is to be written.
-- A session without a tenant (p_tenant null) may do what asks for no role: choose one.
CREATE FUNCTION app.admit_session(p_hashes bytea[], p_idle interval, p_least integer, p_tenant bigint)
RETURNS TABLE (tenant_id bigint, user_id bigint, session_id bigint, role integer, email text,
               seen_due boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
    s record;
    r integer := 0;
BEGIN
    SELECT n.id, n.user_id, u.email, n.last_seen_at < now() - interval '1 minute' AS due INTO s
      FROM app.session n JOIN app.user_account u ON u.id = n.user_id
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
    seen_due := s.due;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION app.admit_session IS 'Whose session this is, told to the transaction; PT401, PT403';
COMMENT ON FUNCTION app.sign_in_begin IS 'Count an attempt to sign in, and tell the salt to compute its proof with';
COMMENT ON FUNCTION app.sign_in_finish IS 'Compare the proof and make a session; PT401';
COMMENT ON FUNCTION app.password_change IS 'Compare the proof and store a new hash; false: the proof is wrong';
COMMENT ON FUNCTION app.reset_stands IS 'Whether who gave a reset might still give it';
COMMENT ON FUNCTION app.password_token_open IS 'Whom a token is for';
COMMENT ON FUNCTION app.password_token_use IS 'Use a token: a new password, or an invited member is active; PT401, PT404';
COMMENT ON FUNCTION app.member_reset IS 'A token to reset the password of a member of this tenant; PT403, PT404';

REVOKE ALL ON FUNCTION app.admit_session, app.sign_in_begin, app.sign_in_finish, app.password_change,
    app.reset_stands, app.password_token_open, app.password_token_use, app.member_reset FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.admit_session, app.sign_in_begin, app.sign_in_finish, app.password_change,
    app.password_token_open, app.password_token_use, app.member_reset TO portolan_app;
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.admit_session OWNER TO portolan_gate;
ALTER FUNCTION app.sign_in_begin OWNER TO portolan_gate;
ALTER FUNCTION app.sign_in_finish OWNER TO portolan_gate;
ALTER FUNCTION app.password_change OWNER TO portolan_gate;
ALTER FUNCTION app.reset_stands OWNER TO portolan_gate;
ALTER FUNCTION app.password_token_open OWNER TO portolan_gate;
ALTER FUNCTION app.password_token_use OWNER TO portolan_gate;
ALTER FUNCTION app.member_reset OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
