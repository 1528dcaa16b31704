DROP POLICY lent ON app.llm_breaker;
DROP POLICY lent ON app.llm_model;
DROP POLICY lent ON app.llm_provider;
DROP FUNCTION app.model_lender();
DROP INDEX app.tenant_lender;
ALTER TABLE app.tenant DROP COLUMN borrows_models, DROP COLUMN lends_models;
