-- Models of the whole installation: one tenant, which the operator names, lends its providers and models.
--
-- The others see the rows and may use them; to change them, and to see the secret that opens a provider, is the
-- lender's alone.  A call opens the secret in the lender's name (lib/ai/owner.h), so that no policy on app.secret
-- says anything of this.

ALTER TABLE app.tenant
    ADD COLUMN lends_models boolean NOT NULL DEFAULT false,
    ADD COLUMN borrows_models boolean NOT NULL DEFAULT true;
CREATE UNIQUE INDEX tenant_lender ON app.tenant (lends_models) WHERE lends_models AND status = 'active';
COMMENT ON COLUMN app.tenant.lends_models IS 'Its providers and models may be used by all tenants; one at most, which the operator names';
COMMENT ON COLUMN app.tenant.borrows_models IS 'Whether it may use those of another tenant that lends them';

-- Which tenant lends its models to the one of this transaction; null: none does.
CREATE FUNCTION app.model_lender() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    RETURN (SELECT l.id FROM app.tenant l, app.tenant t
             WHERE l.lends_models AND l.status = 'active' AND t.id = app.current_tenant_id()
               AND t.id <> l.id AND t.borrows_models);
END
$$;
COMMENT ON FUNCTION app.model_lender IS 'Which tenant lends its models to the one of this transaction; null: none';

CREATE POLICY lent ON app.llm_provider FOR SELECT TO portolan_app USING (tenant_id = (SELECT app.model_lender()));
CREATE POLICY lent ON app.llm_model FOR SELECT TO portolan_app USING (tenant_id = (SELECT app.model_lender()));
CREATE POLICY lent ON app.llm_breaker FOR SELECT TO portolan_app USING (tenant_id = (SELECT app.model_lender()));

REVOKE ALL ON FUNCTION app.model_lender FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.model_lender TO portolan_app;
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.model_lender OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
