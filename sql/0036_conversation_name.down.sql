ALTER TABLE app.conversation DROP COLUMN version;
