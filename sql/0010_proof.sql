-- What an attack on the wall and on accounts found.

-- A repeated request is its caller's: who else of the tenant takes the same Idempotency-Key is not given
-- an answer to a question that they might not ask.  The caller stands before the key.
ALTER TABLE app.idempotency_key
    DROP CONSTRAINT idempotency_key_key_check,
    ADD CONSTRAINT idempotency_key_key_check CHECK (char_length(key) BETWEEN 1 AND 300);
COMMENT ON COLUMN app.idempotency_key.key IS 'user:<id> or key:<id>, a space, and what the client sent';

-- Workers sign nobody in and make nobody a member but by the functions that ask for proof; and what a key
-- may is decided when it is made.
REVOKE INSERT, UPDATE ON app.session, app.member, app.api_key FROM portolan_app;
GRANT UPDATE (last_seen_at) ON app.session TO portolan_app;
GRANT UPDATE (role, version, updated_at) ON app.member TO portolan_app;
GRANT INSERT, UPDATE (expires_at, revoked_at, last_used_at, rotated_to) ON app.api_key TO portolan_app;
