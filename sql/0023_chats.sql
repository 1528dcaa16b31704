-- Conversations: questions about a project, the runs that answer them, and what the answers cite.
--
--   A run is worked on by a job.  What it has found out is kept step by step under the job's claim, so that
--   the next attempt goes on behind the last step; its text grows while it is written, and whoever watches
--   late reads it here.

ALTER TABLE app.conversation DROP COLUMN messages,
    ALTER COLUMN project_id DROP NOT NULL,
    ADD COLUMN title      text NOT NULL DEFAULT '' CHECK (char_length(title) <= 200),
    ADD COLUMN door       text NOT NULL DEFAULT 'conversations'
                          CHECK (door IN ('conversations', 'goose', 'agent', 'completions')),
    ADD COLUMN actor      text NOT NULL DEFAULT '' CHECK (char_length(actor) <= 254),
    ADD COLUMN summary    text CHECK (char_length(summary) <= 20000),
    ADD COLUMN summarized bigint NOT NULL DEFAULT 0,
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX conversation_newest ON app.conversation (tenant_id, id DESC);
COMMENT ON COLUMN app.conversation.project_id IS 'The project it is about; null: all of the tenant''s';
COMMENT ON COLUMN app.conversation.door IS 'By which way of the API it was begun';
COMMENT ON COLUMN app.conversation.actor IS 'Who began it';
COMMENT ON COLUMN app.conversation.summary IS 'What the messages up to summarized said, in short; null: nothing is left out yet';
COMMENT ON COLUMN app.conversation.summarized IS 'The last message that the summary stands for';

CREATE TABLE app.chat_message (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id       bigint NOT NULL,
    conversation_id bigint NOT NULL,
    role            text NOT NULL CHECK (role IN ('user', 'assistant')),
    content         text NOT NULL CHECK (octet_length(content) <= 262144),
    run_id          bigint,
    actor           text NOT NULL DEFAULT '' CHECK (char_length(actor) <= 254),
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES app.conversation (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX chat_message_of ON app.chat_message (tenant_id, conversation_id, id);
COMMENT ON TABLE app.chat_message IS 'What was asked and answered';
COMMENT ON COLUMN app.chat_message.run_id IS 'The run that answers the question, or that the answer came from';

CREATE TABLE app.chat_run (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id       bigint NOT NULL,
    conversation_id bigint NOT NULL,
    message_id      bigint NOT NULL,
    job_id          bigint NOT NULL DEFAULT 0,
    log_position    bigint NOT NULL DEFAULT 0,
    status          text NOT NULL DEFAULT 'queued'
                    CHECK (status IN ('queued', 'running', 'completed', 'cancelled', 'failed')),
    mode            text CHECK (mode IN ('extractive', 'model')),
    wanted_model    text CHECK (char_length(wanted_model) <= 200),
    model           text CHECK (char_length(model) <= 200),
    answer          text NOT NULL DEFAULT '' CHECK (octet_length(answer) <= 262144),
    dropped         integer NOT NULL DEFAULT 0,
    user_id         bigint NOT NULL DEFAULT 0,
    key_id          bigint NOT NULL DEFAULT 0,
    input_tokens    bigint NOT NULL DEFAULT 0,
    output_tokens   bigint NOT NULL DEFAULT 0,
    error_type      text,
    error_message   text CHECK (char_length(error_message) <= 2000),
    created_at      timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    finished_at     timestamptz,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES app.conversation (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 70);
CREATE INDEX chat_run_of ON app.chat_run (tenant_id, conversation_id, id);
COMMENT ON TABLE app.chat_run IS 'The work on one answer';
COMMENT ON COLUMN app.chat_run.log_position IS 'Where the event log stood before it: its own events come after';
COMMENT ON COLUMN app.chat_run.answer IS 'As much as there is';
COMMENT ON COLUMN app.chat_run.user_id IS 'Who asked, whose budget pays for models; with key_id, 0: the other or none';
COMMENT ON COLUMN app.chat_run.dropped IS 'Citations that did not resolve, and are not shown';

CREATE TABLE app.chat_step (
    tenant_id   bigint NOT NULL,
    run_id      bigint NOT NULL,
    number      integer NOT NULL CHECK (number > 0),
    kind        text NOT NULL CHECK (kind IN ('plan', 'retrieve', 'call', 'tool', 'answer')),
    name        text NOT NULL DEFAULT '' CHECK (char_length(name) <= 200),
    detail      text NOT NULL DEFAULT '' CHECK (char_length(detail) <= 1000),
    output      jsonb NOT NULL DEFAULT 'null',
    duration_ms bigint NOT NULL DEFAULT 0,
    finished_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, run_id, number),
    FOREIGN KEY (tenant_id, run_id) REFERENCES app.chat_run (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE app.chat_step IS 'The journal of a run: what is here is not done again';
COMMENT ON COLUMN app.chat_step.output IS 'What came of it, for who goes on after it';

CREATE TABLE app.chat_citation (
    tenant_id  bigint NOT NULL,
    run_id     bigint NOT NULL,
    number     integer NOT NULL CHECK (number > 0),
    project_id bigint NOT NULL,
    commit     text NOT NULL CHECK (commit ~ '^[0-9a-f]{40}$'),
    path       text NOT NULL CHECK (octet_length(path) <= 16384),
    first_line bigint NOT NULL CHECK (first_line > 0),
    last_line  bigint NOT NULL CHECK (last_line >= first_line),
    blob       text NOT NULL CHECK (blob ~ '^[0-9a-f]{40}$'),
    why        text NOT NULL DEFAULT '' CHECK (char_length(why) <= 300),
    PRIMARY KEY (tenant_id, run_id, number),
    FOREIGN KEY (tenant_id, run_id) REFERENCES app.chat_run (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE app.chat_citation IS 'Lines that an answer rests on; each was read from the object database before it was shown';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['chat_message', 'chat_run', 'chat_step', 'chat_citation']
    LOOP
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON app.%I USING (tenant_id = (SELECT app.current_tenant_id()))'
                       ' WITH CHECK (tenant_id = (SELECT app.current_tenant_id()))', name);
    END LOOP;
END
$$;
REVOKE UPDATE ON app.chat_message, app.chat_step, app.chat_citation FROM portolan_app;
