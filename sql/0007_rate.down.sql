DROP FUNCTION app.cors_allows, app.rate_take;
DROP INDEX app.tenant_cors;
DROP TABLE app.rate_bucket;
