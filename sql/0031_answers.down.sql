DROP INDEX app.chat_run_digest;
ALTER TABLE app.chat_run DROP COLUMN cached_from, DROP COLUMN digest;
