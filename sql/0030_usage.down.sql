DROP FUNCTION app.expire_usage, app.usage_metrics;
DROP POLICY expiry ON app.llm_cache;
DROP POLICY expiry ON app.llm_call;
DROP POLICY numbers ON app.llm_cache;
DROP POLICY numbers ON app.llm_breaker;
DROP POLICY numbers ON app.llm_provider;
DROP POLICY numbers ON app.llm_call;
REVOKE SELECT (tenant_id, digest, expires_at), DELETE ON app.llm_cache FROM portolan_gate;
REVOKE SELECT (tenant_id, provider_id, failures, failed_at) ON app.llm_breaker FROM portolan_gate;
REVOKE SELECT (tenant_id, id, name) ON app.llm_provider FROM portolan_gate;
REVOKE SELECT (id, provider, model, status, input_tokens, cached_tokens, output_tokens, cost_micro, first_token_ms, duration_ms, created_at),
    DELETE ON app.llm_call FROM portolan_gate;
DROP TABLE app.usage_sample;
DROP INDEX app.llm_call_age;
