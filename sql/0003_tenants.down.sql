DROP FUNCTION app.tenant_create, app.tenant_sweep, app.tenant_bury;
DROP POLICY remover ON app.tenant;
ALTER TABLE app.tenant DROP COLUMN removal_job_id, DROP COLUMN removed_by;
ALTER TABLE app.project DROP COLUMN clone_bytes, DROP COLUMN map_bytes;
