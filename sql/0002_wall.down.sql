-- Take the wall down: keys that were revoked stay revoked, and people are gone.

DROP FUNCTION app.admit_key;

DO $$
DECLARE
    p record;
BEGIN
    FOR p IN SELECT c.relname, l.polname FROM pg_policy l JOIN pg_class c ON c.oid = l.polrelid
              WHERE c.relnamespace = 'app'::regnamespace
    LOOP
        EXECUTE format('DROP POLICY %I ON app.%I', p.polname, p.relname);
    END LOOP;
    FOR p IN SELECT c.relname FROM pg_class c
              WHERE c.relnamespace = 'app'::regnamespace AND c.relrowsecurity
    LOOP
        EXECUTE format('ALTER TABLE app.%I DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY', p.relname);
    END LOOP;
END
$$;
DROP TABLE app.session, app.member, app.user_account;
DROP FUNCTION app.current_tenant_id, app.current_user_id;

ALTER TABLE app.system_map
    DROP CONSTRAINT system_map_commit_key,
    ADD CONSTRAINT system_map_commit_key UNIQUE (project_id, commit, analyser);
ALTER TABLE app.job_progress DROP COLUMN tenant_id;
DROP INDEX app.api_key_newest;
ALTER TABLE app.api_key
    DROP COLUMN hash_key, DROP COLUMN scopes, DROP COLUMN created_by, DROP COLUMN rotated_to;
COMMENT ON COLUMN app.api_key.secret_hash IS 'BLAKE2b-256 of the whole key text';
ALTER TABLE app.tenant
    DROP COLUMN status, DROP COLUMN version, DROP COLUMN updated_at, DROP COLUMN projects_max,
    DROP COLUMN storage_max_bytes, DROP COLUMN jobs_max, DROP COLUMN requests_per_minute, DROP COLUMN cors_origins;

CREATE FUNCTION app.refuse(code text) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RAISE EXCEPTION '%', CASE code
        WHEN 'PT401' THEN 'the key is unknown, expired or revoked'
        ELSE 'the role of the key is too low for this' END USING ERRCODE = code;
END
$$;
COMMENT ON FUNCTION app.refuse IS 'Raises the error of that SQLSTATE; never returns';

REVOKE ALL ON ALL TABLES IN SCHEMA app FROM portolan_runner, portolan_gate;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA app FROM portolan_runner, portolan_gate;
REVOKE ALL ON SCHEMA app, app_meta FROM portolan_runner, portolan_gate;
REVOKE ALL ON app_meta.schema_migration FROM portolan_gate;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT EXECUTE ON FUNCTIONS TO portolan_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT USAGE ON SEQUENCES TO portolan_app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA app TO portolan_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA app TO portolan_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.tenant, app.api_key, app.job_runner, app.job_turn,
    app.background_job_history, app.job_progress TO portolan_app;
