-- People, members, sessions, and the wall between tenants.
--
-- Row-level security is enabled and forced on every table that has a tenant.
-- Who asks is told by two settings that end with the transaction:
--
--   app.tenant   the tenant on whose behalf a statement runs
--   app.user     the person who asks, when it is one
--
-- Without them no row is seen and none can be written.  The roles:
--
--   portolan_owner   owns and migrates the schema; bound by the wall itself
--   portolan_app     the workers: sees one tenant a transaction
--   portolan_runner  the job-runner: the same, and the queue of all tenants
--   portolan_gate    owns the functions that find out who asks, and is what the
--                    operator's command line works as; sees identities of all
--                    tenants and nothing else
--
-- None is a superuser or may bypass row security; set-up makes them, and makes
-- portolan_runner a member of portolan_app.

GRANT USAGE ON SCHEMA app, app_meta TO portolan_runner, portolan_gate;
GRANT SELECT ON app_meta.schema_migration TO portolan_gate;

-- What is granted without being named: nothing but the tables of 0001's rule.  (In
-- one schema alone, PUBLIC cannot be denied what it has everywhere.)
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE EXECUTE ON FUNCTIONS FROM portolan_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE USAGE ON SEQUENCES FROM portolan_app;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA app FROM PUBLIC, portolan_app;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA app FROM portolan_app;
GRANT USAGE ON SEQUENCE app.api_key_id_seq TO portolan_app, portolan_gate;
GRANT USAGE ON SEQUENCE app.job_claim_seq TO portolan_runner;

-- Checking the credential is a function's work now, which refuses by itself.
DROP FUNCTION app.refuse(text);

CREATE FUNCTION app.current_tenant_id() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('app.tenant', true), '')::bigint $$;
COMMENT ON FUNCTION app.current_tenant_id IS 'Tenant of this transaction; null: none, and no row is seen';
CREATE FUNCTION app.current_user_id() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('app.user', true), '')::bigint $$;
COMMENT ON FUNCTION app.current_user_id IS 'Person of this transaction; null: none';
GRANT EXECUTE ON FUNCTION app.current_tenant_id, app.current_user_id TO portolan_app, portolan_gate;

-- Tenants have limits of their own, where null stands for the installation's.

ALTER TABLE app.tenant
    ADD COLUMN status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'deleting', 'deleted')),
    ADD COLUMN version bigint NOT NULL DEFAULT 1,
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN projects_max bigint CHECK (projects_max >= 0),
    ADD COLUMN storage_max_bytes bigint CHECK (storage_max_bytes >= 0),
    ADD COLUMN jobs_max bigint CHECK (jobs_max >= 0),
    ADD COLUMN requests_per_minute bigint CHECK (requests_per_minute >= 0),
    ADD COLUMN cors_origins text[] NOT NULL DEFAULT '{}' CHECK (cardinality(cors_origins) <= 50);
COMMENT ON COLUMN app.tenant.status IS 'deleting: a job removes what it had; deleted: nothing is left but this row';
COMMENT ON COLUMN app.tenant.storage_max_bytes IS 'Most bytes of clones and maps; null: the setting';
COMMENT ON COLUMN app.tenant.jobs_max IS 'Most unfinished jobs; null: the setting';
COMMENT ON COLUMN app.tenant.cors_origins IS 'Origins of web pages that may call the API for this tenant';

CREATE TABLE app.user_account (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email               text NOT NULL UNIQUE CHECK (char_length(email) BETWEEN 3 AND 254 AND email = lower(email)),
    name                text NOT NULL DEFAULT '' CHECK (char_length(name) <= 100),
    password_hash       text CHECK (char_length(password_hash) <= 200),
    password_changed_at timestamptz,
    last_sign_in_at     timestamptz,
    disabled_at         timestamptz,
    version             bigint NOT NULL DEFAULT 1,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE app.user_account IS 'People; one account, member of any number of tenants';
COMMENT ON COLUMN app.user_account.password_hash IS 'argon2id in its text form; null: has not chosen one yet and cannot sign in';

CREATE TABLE app.member (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id  bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    user_id    bigint NOT NULL REFERENCES app.user_account ON DELETE CASCADE,
    role       smallint NOT NULL CHECK (role BETWEEN 1 AND 5),
    status     text NOT NULL CHECK (status IN ('invited', 'active')),
    version    bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT member_tenant_user_key UNIQUE (tenant_id, user_id)
);
CREATE INDEX member_user ON app.member (user_id);
COMMENT ON TABLE app.member IS 'Who belongs to a tenant, and what they may do there';
COMMENT ON COLUMN app.member.role IS '1 viewer, 2 member, 3 operator, 4 admin, 5 owner';
COMMENT ON COLUMN app.member.status IS 'invited: counts for nothing until the person has accepted';

CREATE TABLE app.session (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id      bigint NOT NULL REFERENCES app.user_account ON DELETE CASCADE,
    token_hash   bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    remote       text NOT NULL DEFAULT '' CHECK (char_length(remote) <= 64),
    user_agent   text NOT NULL DEFAULT '' CHECK (char_length(user_agent) <= 200),
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX session_newest ON app.session (user_id, id DESC);
CREATE INDEX session_age ON app.session (expires_at);
COMMENT ON TABLE app.session IS 'Browsers that are signed in; a row that is gone is a session revoked';
COMMENT ON COLUMN app.session.token_hash IS 'Keyed BLAKE2b-256 of the secret in the cookie';
COMMENT ON COLUMN app.session.last_seen_at IS 'Written at most once a minute; the idle time-out counts from here';
COMMENT ON COLUMN app.session.expires_at IS 'The absolute time-out';

-- Keys made before had a hash without a key: they end here, and set-up makes a new one.

ALTER TABLE app.api_key
    ADD COLUMN hash_key smallint NOT NULL DEFAULT 0,
    ADD COLUMN scopes text[] CHECK (cardinality(scopes) BETWEEN 1 AND 50),
    ADD COLUMN created_by text NOT NULL DEFAULT '' CHECK (char_length(created_by) <= 254),
    ADD COLUMN rotated_to bigint,
    ADD FOREIGN KEY (tenant_id, rotated_to) REFERENCES app.api_key (tenant_id, id) ON DELETE SET NULL (rotated_to);
UPDATE app.api_key SET revoked_at = now() WHERE revoked_at IS NULL;
CREATE INDEX api_key_newest ON app.api_key (tenant_id, id DESC);
COMMENT ON COLUMN app.api_key.secret_hash IS 'Keyed BLAKE2b-256 of the whole key text';
COMMENT ON COLUMN app.api_key.hash_key IS 'Number of the master key from which the hash key derives; 0: none, of before';
COMMENT ON COLUMN app.api_key.scopes IS 'What it may touch, as area:read or area:write; null: all that its role may';
COMMENT ON COLUMN app.api_key.rotated_to IS 'The key that replaces it; until expires_at both work';

-- What the wall needs of tables that are older: progress has a tenant like its job
-- (what is lost of it is written anew), and no key of a table crosses tenants.

DELETE FROM app.job_progress;
ALTER TABLE app.job_progress ADD COLUMN tenant_id bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE;
ALTER TABLE app.system_map
    DROP CONSTRAINT system_map_commit_key,
    ADD CONSTRAINT system_map_commit_key UNIQUE (tenant_id, project_id, commit, analyser);

-- The wall.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['api_key', 'project', 'system_map', 'background_job', 'job_turn', 'job_progress',
                                'background_job_history', 'event', 'idempotency_key', 'conversation', 'member']
    LOOP
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON app.%I USING (tenant_id = (SELECT app.current_tenant_id()))'
                       ' WITH CHECK (tenant_id = (SELECT app.current_tenant_id()))', name);
    END LOOP;
END
$$;

-- A person sees the tenants they belong to, and their own memberships, before choosing one.
ALTER TABLE app.tenant ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.tenant USING (id = (SELECT app.current_tenant_id()))
    WITH CHECK (id = (SELECT app.current_tenant_id()));
CREATE POLICY own ON app.tenant FOR SELECT USING (EXISTS (
    SELECT FROM app.member m WHERE m.tenant_id = tenant.id AND m.user_id = (SELECT app.current_user_id())));
CREATE POLICY own ON app.member FOR SELECT USING (user_id = (SELECT app.current_user_id()));

ALTER TABLE app.user_account ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON app.user_account USING (id = (SELECT app.current_user_id()))
    WITH CHECK (id = (SELECT app.current_user_id()));
CREATE POLICY tenant ON app.user_account FOR SELECT USING (EXISTS (
    SELECT FROM app.member m WHERE m.user_id = user_account.id AND m.tenant_id = (SELECT app.current_tenant_id())));
ALTER TABLE app.session ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON app.session USING (user_id = (SELECT app.current_user_id()))
    WITH CHECK (user_id = (SELECT app.current_user_id()));

-- The runner's queue crosses tenants; what a job then does has the tenant of the job.
CREATE POLICY queue ON app.background_job TO portolan_runner USING (true) WITH CHECK (true);
CREATE POLICY queue ON app.background_job_history TO portolan_runner USING (true) WITH CHECK (true);
CREATE POLICY queue ON app.job_turn TO portolan_runner USING (true) WITH CHECK (true);
CREATE POLICY queue ON app.job_progress TO portolan_runner USING (true) WITH CHECK (true);
-- It also clears away answers that nobody can ask for any more: an hour is the least that one is kept.
CREATE POLICY tidy ON app.idempotency_key TO portolan_runner
    USING (created_at < now() - interval '1 hour') WITH CHECK (false);

-- What the gate sees; what the command line changes, it announces.
GRANT SELECT, INSERT, UPDATE, DELETE ON app.tenant, app.user_account, app.member, app.session, app.api_key TO portolan_gate;
GRANT INSERT ON app.event TO portolan_gate;
CREATE POLICY gate ON app.tenant TO portolan_gate USING (true) WITH CHECK (true);
CREATE POLICY gate ON app.user_account TO portolan_gate USING (true) WITH CHECK (true);
CREATE POLICY gate ON app.member TO portolan_gate USING (true) WITH CHECK (true);
CREATE POLICY gate ON app.session TO portolan_gate USING (true) WITH CHECK (true);
CREATE POLICY gate ON app.api_key TO portolan_gate USING (true) WITH CHECK (true);

-- No worker reads a hash, changes who someone is, or gives a tenant more than it has.
REVOKE ALL ON app.user_account, app.session, app.api_key, app.tenant FROM portolan_app;
GRANT SELECT (id, email, name, password_changed_at, last_sign_in_at, disabled_at, version, created_at, updated_at),
    UPDATE (name, version, updated_at) ON app.user_account TO portolan_app;
GRANT SELECT (id, user_id, remote, user_agent, created_at, last_seen_at, expires_at), INSERT, DELETE,
    UPDATE (last_seen_at, expires_at) ON app.session TO portolan_app;
GRANT SELECT (id, tenant_id, name, role, hash_key, scopes, created_by, created_at, expires_at, revoked_at,
              last_used_at, rotated_to), INSERT, DELETE,
    UPDATE (name, role, scopes, expires_at, revoked_at, last_used_at, rotated_to) ON app.api_key TO portolan_app;
GRANT SELECT, UPDATE (name, status, version, updated_at, cors_origins) ON app.tenant TO portolan_app;

-- Runners have no tenant: a worker counts them and wakes one.  What only the runner
-- writes, only the runner may write.
REVOKE ALL ON app.job_runner FROM portolan_app;
GRANT SELECT (id, asleep, heartbeat_at), UPDATE (asleep) ON app.job_runner TO portolan_app;
REVOKE INSERT, UPDATE, DELETE ON app.job_turn FROM portolan_app;
REVOKE INSERT, UPDATE ON app.background_job_history, app.job_progress FROM portolan_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.job_runner, app.job_turn, app.background_job_history, app.job_progress
    TO portolan_runner;

-- Admission: the first statement of a request.  It finds the credential, checks what
-- it may, and tells the transaction whose it is.  PT401: unknown, expired or revoked;
-- PT403: known, but not allowed this.  p_tenant is the tenant that the caller counts
-- on, null for any; p_hashes are the hashes under each master key that is in use;
-- p_scope is empty where none is asked for.  The detail of PT403 is who was denied,
-- <tenant>:<user>:<key>:<actor> with 0 for none: for the audit log, never for the client.

-- Every request pays for it, hence: one row by OUT parameters instead of a set; STABLE,
-- which spares a snapshot a statement (what it tells is no change of the database);
-- the tenant by a scalar query, which is started when a key is found and not before.
CREATE FUNCTION app.admit_key(p_id bigint, p_hashes bytea[], p_least integer, p_scope text, p_tenant bigint,
                              OUT tenant_id bigint, OUT key_id bigint, OUT role integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
    has text[];
    told text;
BEGIN
    SELECT k.tenant_id, k.role, k.scopes INTO tenant_id, role, has FROM app.api_key k
     WHERE k.id = p_id AND k.secret_hash = ANY (p_hashes) AND k.revoked_at IS NULL
       AND (k.expires_at IS NULL OR k.expires_at > now()) AND (p_tenant IS NULL OR k.tenant_id = p_tenant)
       AND (SELECT t.status = 'active' FROM app.tenant t WHERE t.id = k.tenant_id);
    IF tenant_id IS NULL THEN
        RAISE EXCEPTION 'The key is unknown, expired or revoked.' USING ERRCODE = 'PT401';
    END IF;
    IF role < p_least THEN
        RAISE EXCEPTION 'The role of the key is too low for this.'
              USING ERRCODE = 'PT403', DETAIL = concat_ws(':', tenant_id, 0, p_id, 'key:' || p_id);
    END IF;
    IF has IS NOT NULL AND p_scope <> '' AND p_scope <> ALL (has) THEN
        RAISE EXCEPTION 'The key does not have the scope %.', p_scope
              USING ERRCODE = 'PT403', DETAIL = concat_ws(':', tenant_id, 0, p_id, 'key:' || p_id);
    END IF;
    told := set_config('app.tenant', tenant_id::text, true);
    told := set_config('app.user', '', true);
    key_id := p_id;
END
$$;
COMMENT ON FUNCTION app.admit_key IS 'Whose key this is, told to the transaction; PT401, PT403';

-- A function is given to the gate last, because the grants must be its first owner's,
-- and who owns a function must for that moment be allowed to create one.
REVOKE ALL ON FUNCTION app.admit_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.admit_key TO portolan_app;
GRANT CREATE ON SCHEMA app TO portolan_gate;
ALTER FUNCTION app.admit_key OWNER TO portolan_gate;
REVOKE CREATE ON SCHEMA app FROM portolan_gate;
