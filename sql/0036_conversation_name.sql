-- Conversations can be renamed, by whoever knows what they are called now.

ALTER TABLE app.conversation ADD COLUMN version bigint NOT NULL DEFAULT 1;
COMMENT ON COLUMN app.conversation.version IS 'Rises when it is renamed, and not with what is said';
