REVOKE UPDATE (last_seen_at) ON app.session FROM portolan_app;
REVOKE UPDATE (role, version, updated_at) ON app.member FROM portolan_app;
REVOKE UPDATE (expires_at, revoked_at, last_used_at, rotated_to) ON app.api_key FROM portolan_app;
GRANT INSERT, UPDATE (last_seen_at, expires_at) ON app.session TO portolan_app;
GRANT INSERT, UPDATE ON app.member TO portolan_app;
GRANT UPDATE (name, role, scopes, expires_at, revoked_at, last_used_at, rotated_to) ON app.api_key TO portolan_app;

ALTER TABLE app.idempotency_key NO FORCE ROW LEVEL SECURITY;
DELETE FROM app.idempotency_key WHERE char_length(key) > 255;
ALTER TABLE app.idempotency_key
    FORCE ROW LEVEL SECURITY,
    DROP CONSTRAINT idempotency_key_key_check,
    ADD CONSTRAINT idempotency_key_key_check CHECK (char_length(key) BETWEEN 1 AND 255);
COMMENT ON COLUMN app.idempotency_key.key IS NULL;
