-- What is over is taken away by the runner, not only in passing.

CREATE INDEX password_token_age ON app.password_token (expires_at);

-- Take away at most p_most of each kind: sessions and tokens that are over, failures to sign in that are
-- forgotten, buckets that are full again.  Nothing that could still be used.  Returns how many.
CREATE FUNCTION app.expire_access(p_most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    n bigint;
    total bigint := 0;
BEGIN
    DELETE FROM app.session WHERE id IN (
        SELECT o.id FROM app.session o WHERE o.expires_at < now()
         ORDER BY o.expires_at LIMIT p_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS n = ROW_COUNT;
    total := total + n;
    DELETE FROM app.password_token WHERE id IN (
        SELECT o.id FROM app.password_token o WHERE o.expires_at < now()
         ORDER BY o.expires_at LIMIT p_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS n = ROW_COUNT;
    total := total + n;
    DELETE FROM app.sign_in_attempt WHERE email_hash IN (
        SELECT o.email_hash FROM app.sign_in_attempt o WHERE o.last_at < now() - interval '1 day'
         ORDER BY o.last_at LIMIT p_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS n = ROW_COUNT;
    total := total + n;
    -- Twice the window of 32 slots of two seconds.
    DELETE FROM app.rate_bucket WHERE name IN (
        SELECT o.name FROM app.rate_bucket o WHERE o.slot < (date_part('epoch', now()) / 2)::bigint - 64
         LIMIT p_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN total + n;
END
$$;
COMMENT ON FUNCTION app.expire_access IS 'Takes away sessions, tokens, failures and buckets that are over';

REVOKE ALL ON FUNCTION app.expire_access FROM PUBLIC, portolan_app;
GRANT EXECUTE ON FUNCTION app.expire_access TO portolan_runner;
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.expire_access OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
