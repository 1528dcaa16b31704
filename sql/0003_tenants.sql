-- Tenants: created by people, weighed, and removed without a trace.

ALTER TABLE app.tenant
    ADD COLUMN removal_job_id bigint,
    ADD COLUMN removed_by bigint REFERENCES app.user_account ON DELETE SET NULL;
COMMENT ON COLUMN app.tenant.removal_job_id IS 'The job that removes what the tenant had';
COMMENT ON COLUMN app.tenant.removed_by IS 'The person who deleted it, who sees what has become of it';
CREATE POLICY remover ON app.tenant FOR SELECT USING (removed_by = (SELECT app.current_user_id()));
GRANT UPDATE (removal_job_id, removed_by) ON app.tenant TO portolan_app;

ALTER TABLE app.project
    ADD COLUMN clone_bytes bigint NOT NULL DEFAULT 0 CHECK (clone_bytes >= 0),
    ADD COLUMN map_bytes bigint NOT NULL DEFAULT 0 CHECK (map_bytes >= 0);
COMMENT ON COLUMN app.project.clone_bytes IS 'Bytes of its clone on disk, as its job last measured';
COMMENT ON COLUMN app.project.map_bytes IS 'Bytes of its maps in the database, as its job last measured';

-- A tenant is seen by its members only, and this one has none before it is made.  0: the
-- installation has as many as it may; -1: the person has.  The tenant becomes that of
-- the transaction.
CREATE FUNCTION app.tenant_create(p_name text, p_max bigint, p_own_max bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    u bigint := app.current_user_id();
    t bigint;
    told text;
BEGIN
    PERFORM FROM app.user_account a WHERE a.id = u AND a.disabled_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Only a person creates a tenant.' USING ERRCODE = 'PT403';
    END IF;
    told := pg_advisory_xact_lock(hashtextextended('tenants_max', 0));
    IF (SELECT count(*) FROM app.tenant n WHERE n.status <> 'deleted') >= p_max THEN
        RETURN 0;
    END IF;
    IF (SELECT count(*) FROM app.member m JOIN app.tenant n ON n.id = m.tenant_id
         WHERE m.user_id = u AND m.role = 5 AND m.status = 'active' AND n.status <> 'deleted') >= p_own_max THEN
        RETURN -1;
    END IF;
    INSERT INTO app.tenant (name) VALUES (p_name) RETURNING id INTO t;
    INSERT INTO app.member (tenant_id, user_id, role, status) VALUES (t, u, 5, 'active');
    told := set_config('app.tenant', t::text, true);
    RETURN t;
END
$$;
COMMENT ON FUNCTION app.tenant_create IS 'A new tenant of the person of the transaction; 0 or -1: too many';

-- What a deleted tenant had, table by table, as the catalogue knows them: what no list
-- here names cannot be forgotten.  Rows to which others lead go after those.  What is
-- named is what stays: the audit log, which outlives what it tells of, and the job that
-- does this.  It runs as the owner of the tables, whom the wall binds to the tenant of the
-- transaction too.
CREATE FUNCTION app.tenant_sweep(p_tenant bigint, p_job bigint, p_most bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    t record;
    f record;
    held boolean;
    n bigint;
    swept bigint := 0;
    waiting text := '';
BEGIN
    PERFORM FROM app.tenant a
      WHERE a.id = p_tenant AND a.id = app.current_tenant_id() AND a.status = 'deleting';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The tenant is not being deleted.' USING ERRCODE = 'PT409';
    END IF;
    FOR t IN SELECT c.oid, c.relname, c.relname IN ('background_job', 'background_job_history') AS jobs
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
              WHERE c.relnamespace = 'app'::regnamespace AND c.relkind = 'r'
                AND a.attname = 'tenant_id' AND NOT a.attisdropped
                AND c.relname NOT IN ('audit', 'audit_seal', 'audit_chain')
              ORDER BY c.relname
    LOOP
        held := false;
        FOR f IN SELECT r.relname FROM pg_constraint k JOIN pg_class r ON r.oid = k.conrelid
                   JOIN pg_attribute a ON a.attrelid = r.oid
                  WHERE k.contype = 'f' AND k.confrelid = t.oid AND k.conrelid <> t.oid
                    AND a.attname = 'tenant_id' AND NOT a.attisdropped
        LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM app.%I WHERE tenant_id = $1)', f.relname)
               INTO held USING p_tenant;
            EXIT WHEN held;
        END LOOP;
        IF held THEN
            waiting := waiting || ' ' || t.relname;
            CONTINUE;
        END IF;
        EXECUTE format('DELETE FROM app.%1$I WHERE ctid = ANY (ARRAY('
                       'SELECT ctid FROM app.%1$I WHERE tenant_id = $1 %2$s LIMIT $3))',
                       t.relname, CASE WHEN t.jobs THEN 'AND id <> $2' ELSE '' END)
          USING p_tenant, p_job, p_most;
        GET DIAGNOSTICS n = ROW_COUNT;
        swept := swept + n;
    END LOOP;
    IF swept = 0 AND waiting <> '' THEN
        RAISE EXCEPTION 'Rows of these tables hold each other:%', waiting;
    END IF;
    RETURN swept;
END
$$;
COMMENT ON FUNCTION app.tenant_sweep IS 'Deletes rows of a tenant that is being deleted; 0: there are none left';

CREATE FUNCTION app.tenant_bury(p_tenant bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    UPDATE app.tenant SET status = 'deleted', name = 'deleted:' || id, cors_origins = '{}',
           projects_max = NULL, storage_max_bytes = NULL, jobs_max = NULL, requests_per_minute = NULL,
           version = version + 1, updated_at = now()
     WHERE id = p_tenant AND id = app.current_tenant_id() AND status = 'deleting';
END
$$;
COMMENT ON FUNCTION app.tenant_bury IS 'Makes a tenant that was swept a tombstone; its name is free';

REVOKE ALL ON FUNCTION app.tenant_create, app.tenant_sweep, app.tenant_bury FROM PUBLIC, portolan_app;
GRANT EXECUTE ON FUNCTION app.tenant_create TO portolan_app;
GRANT EXECUTE ON FUNCTION app.tenant_sweep, app.tenant_bury TO portolan_runner;
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.tenant_create OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
