-- The relay of live streams: what it is called among those who follow the log, and whether those who
-- listen to it may still do so.

ALTER TABLE app.event_reader ADD COLUMN component text NOT NULL DEFAULT '' CHECK (char_length(component) <= 50);
COMMENT ON COLUMN app.event_reader.component IS 'Which program it is';
GRANT SELECT (component) ON app.event_reader TO portolan_app;

-- A stream outlives the request that was admitted.  Here the relay asks, for all at once, which of their
-- credentials do not hold any more, by their places in the arrays; 0 stands for none.  The rules are
-- those of admission for who reads events; a role that is less than it was ends a stream too, since it
-- tells what events are shown.
CREATE FUNCTION app.live_fallen(p_tenants bigint[], p_keys bigint[], p_families bigint[], p_users bigint[],
                                p_sessions bigint[], p_roles bigint[], p_scope text,
                                p_idle interval)
RETURNS TABLE (place bigint, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    RETURN QUERY
    WITH c AS (SELECT * FROM unnest(p_tenants, p_keys, p_families, p_users, p_sessions, p_roles)
                        WITH ORDINALITY AS u (tenant, key, family, person, session, least, n)),
         judged AS (
        SELECT c.n, CASE
            WHEN NOT EXISTS (SELECT FROM app.tenant t WHERE t.id = c.tenant AND t.status = 'active')
                THEN 'The tenant is not active any more.'
            WHEN c.key > 0 AND NOT EXISTS (
                SELECT FROM app.api_key k WHERE k.tenant_id = c.tenant AND k.id = c.key AND k.revoked_at IS NULL
                   AND (k.expires_at IS NULL OR k.expires_at > now())
                   AND k.role >= c.least AND (k.scopes IS NULL OR p_scope = ANY (k.scopes)))
                THEN 'The API key is revoked, expired, or may less than before.'
            WHEN c.family > 0 AND NOT EXISTS (
                SELECT FROM app.token_family f WHERE f.tenant_id = c.tenant AND f.id = c.family AND f.key_id = c.key
                   AND f.revoked_at IS NULL AND f.expires_at > now())
                THEN 'The access token is over.'
            WHEN c.person > 0 AND NOT EXISTS (
                SELECT FROM app.session s JOIN app.user_account a ON a.id = s.user_id
                 WHERE s.id = c.session AND s.user_id = c.person AND s.expires_at > now()
                   AND s.last_seen_at > now() - p_idle AND a.disabled_at IS NULL)
                THEN 'The session is over.'
            WHEN c.person > 0 AND NOT EXISTS (
                SELECT FROM app.member m WHERE m.tenant_id = c.tenant AND m.user_id = c.person
                   AND m.status = 'active' AND m.role >= c.least)
                THEN 'The person is no member of the tenant any more, or may less than before.'
            WHEN c.key = 0 AND c.person = 0
                THEN 'Nobody is known to listen.'
            END AS why
          FROM c)
    SELECT j.n, j.why FROM judged j WHERE j.why IS NOT NULL;
END
$$;
COMMENT ON FUNCTION app.live_fallen IS 'Which of those who listen may not any more, and why';

REVOKE ALL ON FUNCTION app.live_fallen FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.live_fallen TO portolan_runner;
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.live_fallen OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
