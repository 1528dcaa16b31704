-- Secrets of tenants: what opens private repositories and other services.
--
-- The value is sealed (lib/auth/seal.h): bound to tenant, row and column under a
-- key that is not in the database.  No role reads it in the clear.

CREATE TABLE app.secret (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id    bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    name         text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    kind         text NOT NULL CHECK (kind IN ('git_https', 'git_ssh', 'provider_key', 'webhook_secret')),
    origin       text CHECK (char_length(origin) BETWEEN 1 AND 300),
    username     text CHECK (char_length(username) BETWEEN 1 AND 100),
    host_key     text CHECK (char_length(host_key) BETWEEN 1 AND 4096),
    public_key   text CHECK (char_length(public_key) <= 8192),
    fingerprint  text CHECK (char_length(fingerprint) <= 100),
    sealed       bytea NOT NULL CHECK (octet_length(sealed) BETWEEN 43 AND 70000),
    key_number   integer NOT NULL GENERATED ALWAYS AS (get_byte(sealed, 1) * 256 + get_byte(sealed, 2)) STORED,
    version      bigint NOT NULL DEFAULT 1,
    created_by   text NOT NULL DEFAULT '' CHECK (char_length(created_by) <= 254),
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    UNIQUE (tenant_id, id),
    CONSTRAINT secret_tenant_name_key UNIQUE (tenant_id, name),
    CONSTRAINT secret_bound CHECK ((kind IN ('git_https', 'git_ssh')) = (origin IS NOT NULL)),
    CONSTRAINT secret_pinned CHECK ((kind = 'git_ssh') = (host_key IS NOT NULL))
);
CREATE INDEX secret_newest ON app.secret (tenant_id, id DESC);
CREATE INDEX secret_key_number ON app.secret (key_number, id);
COMMENT ON TABLE app.secret IS 'Credentials that the tenant has given us to use; the value is sealed and never given back';
COMMENT ON COLUMN app.secret.origin IS 'Scheme, host and port that a credential of git is shown to, and no other';
COMMENT ON COLUMN app.secret.username IS 'https: user of Basic authentication; ssh: user when the address names none';
COMMENT ON COLUMN app.secret.host_key IS 'ssh: fingerprints that the server may show, one a line, perhaps with the type before it';
COMMENT ON COLUMN app.secret.public_key IS 'ssh: the public half, for the server';
COMMENT ON COLUMN app.secret.fingerprint IS 'ssh: of the key';
COMMENT ON COLUMN app.secret.sealed IS 'Version, number of the master key, nonce, ciphertext; see lib/auth/seal.h';
COMMENT ON COLUMN app.secret.key_number IS 'Master key under which it is sealed, as sealed itself names it';
COMMENT ON COLUMN app.secret.last_used_at IS 'Written at most once a minute';

ALTER TABLE app.secret ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.secret USING (tenant_id = (SELECT app.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.current_tenant_id()));
GRANT USAGE ON SEQUENCE app.secret_id_seq TO portolan_app;

-- Changing the master key: the command line re-seals, and sees nothing else of a secret.
GRANT SELECT (id, tenant_id, sealed, key_number), UPDATE (sealed) ON app.secret TO portolan_gate;
CREATE POLICY reseal ON app.secret FOR SELECT TO portolan_gate USING (true);
CREATE POLICY reseal_change ON app.secret FOR UPDATE TO portolan_gate USING (true) WITH CHECK (true);

-- Not RESTRICT, which would also forbid to delete a tenant with its projects at once.
ALTER TABLE app.project
    ADD COLUMN secret_id bigint,
    ADD CONSTRAINT project_secret_fkey FOREIGN KEY (tenant_id, secret_id) REFERENCES app.secret (tenant_id, id);
CREATE INDEX project_secret ON app.project (tenant_id, secret_id) WHERE secret_id IS NOT NULL;
COMMENT ON COLUMN app.project.secret_id IS 'What opens the repository; null: it is public, or local';
