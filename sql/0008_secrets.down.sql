-- Secrets are gone, and with them the way into private repositories.

ALTER TABLE app.project DROP COLUMN secret_id;
DROP TABLE app.secret;
