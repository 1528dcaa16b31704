-- Conversations keep their rows, without what was said in them.
DROP TABLE app.chat_citation;
DROP TABLE app.chat_step;
DROP TABLE app.chat_run;
DROP TABLE app.chat_message;
DROP INDEX app.conversation_newest;
ALTER TABLE app.conversation NO FORCE ROW LEVEL SECURITY;
DELETE FROM app.conversation WHERE project_id IS NULL; -- each was about one project then
ALTER TABLE app.conversation FORCE ROW LEVEL SECURITY;
COMMENT ON COLUMN app.conversation.project_id IS NULL;
ALTER TABLE app.conversation ALTER COLUMN project_id SET NOT NULL, DROP COLUMN title, DROP COLUMN door, DROP COLUMN actor, DROP COLUMN summary,
    DROP COLUMN summarized, DROP COLUMN updated_at,
    ADD COLUMN messages jsonb NOT NULL DEFAULT '[]';
