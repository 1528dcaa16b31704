-- An answer is given again to who asks the same soon after, of the same maps and documents.

ALTER TABLE app.chat_run
    ADD COLUMN digest bytea CHECK (octet_length(digest) = 32),
    ADD COLUMN cached_from bigint;
CREATE INDEX chat_run_digest ON app.chat_run (tenant_id, digest, id) WHERE digest IS NOT NULL;
COMMENT ON COLUMN app.chat_run.digest IS 'BLAKE2b-256 of the question, the model and what is indexed; null: the answer rests on what was said before, too';
COMMENT ON COLUMN app.chat_run.cached_from IS 'The run whose answer was given again';
