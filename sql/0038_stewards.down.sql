DROP FUNCTION app.tenant_visit, app.tenant_roll, app.tenant_limit, app.is_steward, app.tenant_limits_put;
CREATE OR REPLACE FUNCTION app.tenant_bury(p_tenant bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    UPDATE app.tenant SET status = 'deleted', name = 'deleted:' || id, cors_origins = '{}',
           projects_max = NULL, storage_max_bytes = NULL, jobs_max = NULL, requests_per_minute = NULL,
           version = version + 1, updated_at = now()
     WHERE id = p_tenant AND id = app.current_tenant_id() AND status = 'deleting';
END
$$;
ALTER TABLE app.user_account DROP COLUMN steward;
ALTER TABLE app.tenant DROP COLUMN members_max, DROP COLUMN api_keys_max, DROP COLUMN documents_max, DROP COLUMN conversations_max;
