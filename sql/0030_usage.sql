-- Numbers of models and of the search for a monitor; and how long the ledger of models is kept.

CREATE INDEX llm_call_age ON app.llm_call (created_at);

-- What stands nowhere else and is counted over some minutes: not worth a log that survives a crash.
CREATE UNLOGGED TABLE app.usage_sample (
    tenant_id   bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    kind        text NOT NULL CHECK (kind IN ('search', 'refusal')),
    provider    text,
    model       text,
    duration_ms bigint,
    hits        bigint,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX usage_sample_age ON app.usage_sample (created_at);
COMMENT ON TABLE app.usage_sample IS 'Searches, and calls of models that a budget refused, of the last minutes';
COMMENT ON COLUMN app.usage_sample.provider IS 'Of a refusal, as model';
COMMENT ON COLUMN app.usage_sample.duration_ms IS 'Of a search, as hits';
ALTER TABLE app.usage_sample ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.usage_sample USING (tenant_id = (SELECT app.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.current_tenant_id()));
REVOKE UPDATE, DELETE ON app.usage_sample FROM portolan_app;

GRANT SELECT (provider, model, status, input_tokens, cached_tokens, output_tokens, cost_micro, first_token_ms, duration_ms, created_at)
    ON app.llm_call TO portolan_gate;
GRANT SELECT (tenant_id, id, name) ON app.llm_provider TO portolan_gate;
GRANT SELECT (tenant_id, provider_id, failures, failed_at) ON app.llm_breaker TO portolan_gate;
GRANT SELECT, DELETE ON app.usage_sample TO portolan_gate;
GRANT SELECT (id), DELETE ON app.llm_call TO portolan_gate;
GRANT SELECT (tenant_id, digest, expires_at), DELETE ON app.llm_cache TO portolan_gate;
CREATE POLICY numbers ON app.llm_call FOR SELECT TO portolan_gate USING (true);
CREATE POLICY numbers ON app.llm_provider FOR SELECT TO portolan_gate USING (true);
CREATE POLICY numbers ON app.llm_breaker FOR SELECT TO portolan_gate USING (true);
CREATE POLICY numbers ON app.llm_cache FOR SELECT TO portolan_gate USING (true);
CREATE POLICY numbers ON app.usage_sample FOR SELECT TO portolan_gate USING (true);
CREATE POLICY expiry ON app.llm_call FOR DELETE TO portolan_gate USING (true);
CREATE POLICY expiry ON app.llm_cache FOR DELETE TO portolan_gate USING (true);
CREATE POLICY expiry ON app.usage_sample FOR DELETE TO portolan_gate USING (true);

-- Over all tenants, by what providers and models are called; the two hundred that were called most.
CREATE FUNCTION app.usage_metrics(p_failures bigint, p_rest_s bigint)
RETURNS TABLE (name text, provider text, model text, label text, value double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    RETURN QUERY
    WITH a AS MATERIALIZED (SELECT c.* FROM (
             SELECT l.provider, l.model, l.status, l.input_tokens, l.cached_tokens, l.output_tokens, l.cost_micro, l.first_token_ms,
                    l.duration_ms FROM app.llm_call l WHERE l.created_at > now() - interval '5 minutes') c),
    t AS (SELECT a.provider, a.model FROM a GROUP BY a.provider, a.model ORDER BY count(*) DESC, a.provider, a.model LIMIT 200),
    c AS MATERIALIZED (SELECT a.* FROM a JOIN t ON t.provider = a.provider AND t.model = a.model),
    b AS (SELECT unnest(ARRAY[0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 'infinity']::double precision[]) AS le)
    SELECT 'calls', c.provider, c.model, c.status, count(*)::double precision FROM c GROUP BY c.provider, c.model, c.status
     UNION ALL
    SELECT 'tokens', c.provider, c.model, k.name, sum(k.n)::double precision FROM c CROSS JOIN LATERAL
           (VALUES ('input', c.input_tokens), ('cached', c.cached_tokens), ('output', c.output_tokens)) AS k (name, n)
     GROUP BY c.provider, c.model, k.name
     UNION ALL
    SELECT 'cost', c.provider, c.model, NULL, sum(c.cost_micro)::double precision / 1000000 FROM c GROUP BY c.provider, c.model
     UNION ALL
    SELECT 'seconds', c.provider, c.model, CASE WHEN b.le = 'infinity' THEN '+Inf' ELSE b.le::text END,
           (count(*) FILTER (WHERE c.duration_ms <= b.le * 1000))::double precision
      FROM c CROSS JOIN b WHERE c.duration_ms IS NOT NULL AND c.status <> 'cached' GROUP BY c.provider, c.model, b.le
     UNION ALL
    SELECT 'first', c.provider, c.model, CASE WHEN b.le = 'infinity' THEN '+Inf' ELSE b.le::text END,
           (count(*) FILTER (WHERE c.first_token_ms <= b.le * 1000))::double precision
      FROM c CROSS JOIN b WHERE c.first_token_ms IS NOT NULL GROUP BY c.provider, c.model, b.le;
    RETURN QUERY
    SELECT 'breaker', p.name, NULL::text, s.state, count(*)::double precision
      FROM app.llm_breaker r JOIN app.llm_provider p ON p.tenant_id = r.tenant_id AND p.id = r.provider_id
     CROSS JOIN LATERAL (SELECT CASE WHEN r.failures < p_failures THEN 'closed'
           WHEN r.failed_at > now() - make_interval(secs => p_rest_s) THEN 'open' ELSE 'half_open' END) AS s (state)
     GROUP BY p.name, s.state ORDER BY count(*) DESC, p.name, s.state LIMIT 200;
    RETURN QUERY
    WITH s AS MATERIALIZED (SELECT * FROM app.usage_sample u WHERE u.created_at > now() - interval '5 minutes'),
    b AS (SELECT unnest(ARRAY[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 'infinity']::double precision[]) AS le)
    (SELECT 'refusals', s.provider, s.model, NULL::text, count(*)::double precision FROM s WHERE s.kind = 'refusal'
      GROUP BY s.provider, s.model ORDER BY count(*) DESC, s.provider, s.model LIMIT 200)
     UNION ALL
    SELECT 'searches', NULL, NULL, CASE WHEN s.hits = 0 THEN 'nothing' ELSE 'found' END, count(*)::double precision
      FROM s WHERE s.kind = 'search' GROUP BY s.hits = 0
     UNION ALL
    SELECT 'hits', NULL, NULL, NULL, sum(s.hits)::double precision FROM s WHERE s.kind = 'search' HAVING count(*) > 0
     UNION ALL
    SELECT 'search', NULL, NULL, CASE WHEN b.le = 'infinity' THEN '+Inf' ELSE b.le::text END,
           (count(*) FILTER (WHERE s.duration_ms <= b.le * 1000))::double precision
      FROM s CROSS JOIN b WHERE s.kind = 'search' GROUP BY b.le;
END
$$;
COMMENT ON FUNCTION app.usage_metrics IS 'Numbers of models and of the search over all tenants, for GET /metrics';

-- Take away at most p_most of each kind: ended calls of models older than p_days (0: none), answers that
-- are kept no longer, samples that nobody counts any more.  Returns the most of one kind.
CREATE FUNCTION app.expire_usage(p_days integer, p_most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    n bigint;
    most bigint := 0;
BEGIN
    IF p_days > 0 THEN
        DELETE FROM app.llm_call WHERE id IN (
            SELECT c.id FROM app.llm_call c WHERE c.created_at < now() - make_interval(days => p_days) AND c.status <> 'open'
             ORDER BY c.created_at LIMIT p_most);
        GET DIAGNOSTICS most = ROW_COUNT;
    END IF;
    DELETE FROM app.llm_cache WHERE (tenant_id, digest) IN (
        SELECT c.tenant_id, c.digest FROM app.llm_cache c WHERE c.expires_at < now() LIMIT p_most);
    GET DIAGNOSTICS n = ROW_COUNT;
    most := greatest(most, n);
    DELETE FROM app.usage_sample WHERE ctid = ANY (ARRAY(
        SELECT s.ctid FROM app.usage_sample s WHERE s.created_at < now() - interval '10 minutes'
         ORDER BY s.created_at LIMIT p_most));
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN greatest(most, n);
END
$$;
COMMENT ON FUNCTION app.expire_usage IS 'Takes away what is over of the ledger of models, of cached answers and of samples';

REVOKE ALL ON FUNCTION app.usage_metrics, app.expire_usage FROM PUBLIC, portolan_app;
GRANT EXECUTE ON FUNCTION app.usage_metrics TO portolan_app;
GRANT EXECUTE ON FUNCTION app.expire_usage TO portolan_runner;
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.usage_metrics OWNER TO portolan_gate;
ALTER FUNCTION app.expire_usage OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
