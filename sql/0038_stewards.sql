-- Limits of one tenant, given by who runs the installation, in its pages too.

ALTER TABLE app.tenant
    ADD COLUMN members_max bigint CHECK (members_max >= 0),
    ADD COLUMN api_keys_max bigint CHECK (api_keys_max >= 0),
    ADD COLUMN documents_max bigint CHECK (documents_max >= 0),
    ADD COLUMN conversations_max bigint CHECK (conversations_max >= 0);
COMMENT ON COLUMN app.tenant.members_max IS 'Most members, invited and disabled ones included; null: the setting';
COMMENT ON COLUMN app.tenant.api_keys_max IS 'Most API keys that work; null: the setting';
COMMENT ON COLUMN app.tenant.documents_max IS 'Most documents beside its repositories; null: the setting';
COMMENT ON COLUMN app.tenant.conversations_max IS 'Most conversations; null: the setting';

ALTER TABLE app.user_account ADD COLUMN steward boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN app.user_account.steward IS 'Sees the limits of every tenant and changes them; made by the command line alone';
GRANT SELECT (steward) ON app.user_account TO portolan_app;

-- Of a tombstone nothing is left.
CREATE OR REPLACE FUNCTION app.tenant_bury(p_tenant bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    UPDATE app.tenant SET status = 'deleted', name = 'deleted:' || id, cors_origins = '{}',
           projects_max = NULL, storage_max_bytes = NULL, jobs_max = NULL, requests_per_minute = NULL,
           members_max = NULL, api_keys_max = NULL, documents_max = NULL, conversations_max = NULL,
           version = version + 1, updated_at = now()
     WHERE id = p_tenant AND id = app.current_tenant_id() AND status = 'deleting';
END
$$;

-- In p_limits, in the order of the columns here, null leaves a limit as it is and -1 takes it away, so that
-- the setting holds.  The command line calls it as the gate; 0: no such tenant.
CREATE FUNCTION app.tenant_limits_put(p_tenant bigint, p_limits bigint[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    changed bigint;
BEGIN
    UPDATE app.tenant t SET
           projects_max = CASE WHEN p_limits[1] IS NULL THEN t.projects_max WHEN p_limits[1] >= 0 THEN p_limits[1] END,
           storage_max_bytes = CASE WHEN p_limits[2] IS NULL THEN t.storage_max_bytes WHEN p_limits[2] >= 0 THEN p_limits[2] END,
           jobs_max = CASE WHEN p_limits[3] IS NULL THEN t.jobs_max WHEN p_limits[3] >= 0 THEN p_limits[3] END,
           requests_per_minute = CASE WHEN p_limits[4] IS NULL THEN t.requests_per_minute WHEN p_limits[4] >= 0 THEN p_limits[4] END,
           members_max = CASE WHEN p_limits[5] IS NULL THEN t.members_max WHEN p_limits[5] >= 0 THEN p_limits[5] END,
           api_keys_max = CASE WHEN p_limits[6] IS NULL THEN t.api_keys_max WHEN p_limits[6] >= 0 THEN p_limits[6] END,
           documents_max = CASE WHEN p_limits[7] IS NULL THEN t.documents_max WHEN p_limits[7] >= 0 THEN p_limits[7] END,
           conversations_max = CASE WHEN p_limits[8] IS NULL THEN t.conversations_max WHEN p_limits[8] >= 0 THEN p_limits[8] END,
           version = t.version + 1, updated_at = now()
     WHERE t.id = p_tenant AND t.status <> 'deleted'
    RETURNING t.id INTO changed;
    RETURN coalesce(changed, 0);
END
$$;
COMMENT ON FUNCTION app.tenant_limits_put IS 'Gives a tenant other limits; null: as it is, -1: the setting';

-- No worker gives a tenant more than it has, but for a steward, whom the transaction names and this looks up.
CREATE FUNCTION app.is_steward() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT EXISTS (SELECT FROM app.user_account u
                    WHERE u.id = app.current_user_id() AND u.steward AND u.disabled_at IS NULL)
$$;
COMMENT ON FUNCTION app.is_steward IS 'Whether the person of the transaction is a steward of the installation';

-- -1: the person of the transaction is no steward; 0: no such tenant, or it is at another version.
CREATE FUNCTION app.tenant_limit(p_tenant bigint, p_version bigint, p_limits bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NOT app.is_steward() THEN
        RETURN -1;
    END IF;
    PERFORM FROM app.tenant t WHERE t.id = p_tenant AND (p_version IS NULL OR t.version = p_version) FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    RETURN app.tenant_limits_put(p_tenant, p_limits);
END
$$;
COMMENT ON FUNCTION app.tenant_limit IS 'A steward gives a tenant other limits; 0 or -1: refused';

-- Which tenants there are, for a steward; nothing of what they have.
CREATE FUNCTION app.tenant_roll(p_before bigint, p_most bigint) RETURNS SETOF app.tenant
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NOT app.is_steward() THEN
        RAISE EXCEPTION 'Only a steward of the installation sees all tenants.' USING ERRCODE = 'PT403';
    END IF;
    RETURN QUERY SELECT t.* FROM app.tenant t WHERE t.id < p_before AND t.status <> 'deleted'
                  ORDER BY t.id DESC LIMIT p_most;
END
$$;
COMMENT ON FUNCTION app.tenant_roll IS 'The tenants of the installation, newest first, for a steward; PT403';

-- May the person of the transaction look at the limits of a tenant that they do not belong to?
CREATE FUNCTION app.tenant_visit(p_tenant bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    RETURN app.is_steward() AND EXISTS (SELECT FROM app.tenant t WHERE t.id = p_tenant AND t.status <> 'deleted');
END
$$;
COMMENT ON FUNCTION app.tenant_visit IS 'Whether the person of the transaction is a steward, and there is such a tenant';

REVOKE ALL ON FUNCTION app.tenant_limits_put, app.is_steward, app.tenant_limit, app.tenant_roll, app.tenant_visit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.tenant_limits_put, app.is_steward TO portolan_gate;
GRANT EXECUTE ON FUNCTION app.tenant_limit, app.tenant_roll, app.tenant_visit TO portolan_app;
-- Given to the gate last, because the grants must be the first owner's.
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.tenant_limit OWNER TO portolan_gate;
ALTER FUNCTION app.tenant_roll OWNER TO portolan_gate;
ALTER FUNCTION app.tenant_visit OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
