-- The tables that everything stands on: tenants and keys, projects and maps,
-- jobs, events, idempotency keys, conversations.
--
-- Rules that hold for every table here and later:
--   * tenant_id is part of each key that another table points to, so that a
--     foreign key cannot cross tenants;
--   * text has a length check, and every state a list of allowed values;
--   * times are timestamptz by this server's clock, never a client's.

CREATE SCHEMA app;
COMMENT ON SCHEMA app IS 'All state of the product';
GRANT USAGE ON SCHEMA app TO portolan_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO portolan_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT USAGE ON SEQUENCES TO portolan_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT EXECUTE ON FUNCTIONS TO portolan_app;

CREATE TABLE app.tenant (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE CHECK (char_length(name) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE app.tenant IS 'A team with its own projects, members and limits';

CREATE TABLE app.api_key (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id    bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    name         text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    secret_hash  bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    role         smallint NOT NULL CHECK (role BETWEEN 1 AND 5),
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    UNIQUE (tenant_id, id)
);
COMMENT ON TABLE app.api_key IS 'Credentials of programs; the secret itself is never stored';
COMMENT ON COLUMN app.api_key.secret_hash IS 'BLAKE2b-256 of the whole key text';
COMMENT ON COLUMN app.api_key.role IS '1 viewer, 2 member, 3 operator, 4 admin, 5 owner';

CREATE TABLE app.project (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id      bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    name           text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    repository_url text NOT NULL CHECK (char_length(repository_url) BETWEEN 1 AND 500),
    default_branch text CHECK (char_length(default_branch) BETWEEN 1 AND 255),
    status         text NOT NULL DEFAULT 'pending'
                   CHECK (status IN ('pending', 'cloning', 'analysing', 'ready', 'failed')),
    error_type     text CHECK (char_length(error_type) <= 50),
    error          text CHECK (char_length(error) <= 2000),
    head_commit    text CHECK (head_commit ~ '^[0-9a-f]{40}([0-9a-f]{24})?$'),
    version        bigint NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT project_tenant_name_key UNIQUE (tenant_id, name)
);
COMMENT ON TABLE app.project IS 'A tenant''s named pointer to one git repository';
COMMENT ON COLUMN app.project.default_branch IS 'Branch to map; null: the one the repository names';
COMMENT ON COLUMN app.project.error_type IS 'Slug of the problem of the last attempt, null after a good one';
COMMENT ON COLUMN app.project.head_commit IS 'Commit of the newest map';
COMMENT ON COLUMN app.project.version IS 'Rises with every change; the ETag';

CREATE TABLE app.system_map (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id    bigint NOT NULL,
    project_id   bigint NOT NULL,
    commit       text NOT NULL CHECK (commit ~ '^[0-9a-f]{40}([0-9a-f]{24})?$'),
    ref          text CHECK (char_length(ref) <= 255),
    analyser     text NOT NULL CHECK (char_length(analyser) BETWEEN 1 AND 50),
    content      json NOT NULL,
    generated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT system_map_commit_key UNIQUE (project_id, commit, analyser),
    FOREIGN KEY (tenant_id, project_id) REFERENCES app.project (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX system_map_newest ON app.system_map (tenant_id, project_id, id DESC);
COMMENT ON TABLE app.system_map IS 'What a project is made of at one commit, by one version of the analyser';
COMMENT ON COLUMN app.system_map.commit IS '40 zeros for a repository without commits';
COMMENT ON COLUMN app.system_map.content IS 'json, not jsonb: the same commit gives the same bytes';

-- Jobs.  The hot table holds unfinished work only and is updated in place:
-- claiming touches no indexed column.  What is finished moves to the history.

CREATE SEQUENCE app.job_claim_seq;
COMMENT ON SEQUENCE app.job_claim_seq IS 'Fencing tokens; one per claim, rising';

CREATE TABLE app.job_runner (
    id           uuid PRIMARY KEY,
    lock_key     bigint NOT NULL UNIQUE,
    host         text NOT NULL CHECK (char_length(host) <= 255),
    pid          integer NOT NULL,
    lease_ms     integer NOT NULL CHECK (lease_ms > 0),
    asleep       boolean NOT NULL DEFAULT false,
    started_at   timestamptz NOT NULL DEFAULT now(),
    heartbeat_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
COMMENT ON TABLE app.job_runner IS 'Runner processes; one heartbeat a runner, not one a job';
COMMENT ON COLUMN app.job_runner.lock_key IS 'Session advisory lock that the runner holds while it lives';
COMMENT ON COLUMN app.job_runner.lease_ms IS 'Milliseconds after its last heartbeat at which its jobs may be taken over';
COMMENT ON COLUMN app.job_runner.asleep IS 'True while it waits for a notification';

CREATE TABLE app.background_job (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id        bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    project_id       bigint,
    queue            text NOT NULL DEFAULT 'default' CHECK (char_length(queue) BETWEEN 1 AND 50),
    job_type         text NOT NULL CHECK (char_length(job_type) BETWEEN 1 AND 50),
    priority         smallint NOT NULL DEFAULT 2 CHECK (priority BETWEEN 1 AND 4),
    state            text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'running')),
    run_at           timestamptz NOT NULL DEFAULT now(),
    attempt          integer NOT NULL DEFAULT 0,
    max_attempts     integer NOT NULL DEFAULT 5 CHECK (max_attempts BETWEEN 1 AND 100),
    lease_losses     integer NOT NULL DEFAULT 0,
    claim_token      bigint NOT NULL DEFAULT 0,
    runner_id        uuid,
    unique_key       text CHECK (char_length(unique_key) <= 200),
    order_key        text CHECK (char_length(order_key) <= 200),
    rerun            boolean NOT NULL DEFAULT false,
    cancel_requested boolean NOT NULL DEFAULT false,
    arguments        jsonb NOT NULL DEFAULT '{}',
    checkpoint       jsonb,
    error_type       text CHECK (char_length(error_type) <= 50),
    error_message    text CHECK (char_length(error_message) <= 2000),
    request_id       text CHECK (char_length(request_id) <= 64),
    traceparent      text CHECK (char_length(traceparent) <= 55),
    created_at       timestamptz NOT NULL DEFAULT now(),
    started_at       timestamptz
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 0);
CREATE INDEX background_job_claim ON app.background_job (queue, priority, run_at, id);
CREATE UNIQUE INDEX background_job_unique_key ON app.background_job (tenant_id, unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX background_job_project ON app.background_job (tenant_id, project_id);
COMMENT ON TABLE app.background_job IS 'Unfinished work; the API shows it together with background_job_history as one resource';
COMMENT ON COLUMN app.background_job.priority IS '1 first, 4 last';
COMMENT ON COLUMN app.background_job.run_at IS 'Not before this time';
COMMENT ON COLUMN app.background_job.attempt IS 'Starts so far';
COMMENT ON COLUMN app.background_job.lease_losses IS 'Attempts that ended because their runner did';
COMMENT ON COLUMN app.background_job.claim_token IS 'Fencing token: a result is written only under the token of its claim';
COMMENT ON COLUMN app.background_job.unique_key IS 'At most one unfinished job of this key in the tenant';
COMMENT ON COLUMN app.background_job.order_key IS 'Jobs of one key run one after the other';
COMMENT ON COLUMN app.background_job.rerun IS 'Asked for again while running: run once more afterwards';

-- One running job an order key.  The key's row is taken by whoever starts the
-- job and given back by whatever ends it (a result, a hand-back, a rescue, the
-- deletion of the tenant), so no path can forget it.  It stands apart because a
-- partial unique index over state would make every claim rewrite all indexes.
CREATE TABLE app.job_turn (
    tenant_id bigint NOT NULL,
    order_key text NOT NULL,
    job_id    bigint NOT NULL,
    PRIMARY KEY (tenant_id, order_key)
);
COMMENT ON TABLE app.job_turn IS 'Order keys of which a job runs; kept by triggers of background_job';

-- A start that comes second is undone (the row stays ready).  The try-lock
-- keeps two claimers from waiting for each other's keys, in whatever order.
CREATE FUNCTION app.job_turn_take() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(1886351988, hashtext(NEW.order_key)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO app.job_turn (tenant_id, order_key, job_id)
    VALUES (NEW.tenant_id, NEW.order_key, NEW.id) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE FUNCTION app.job_turn_give() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    DELETE FROM app.job_turn t
     WHERE t.tenant_id = OLD.tenant_id AND t.order_key = OLD.order_key AND t.job_id = OLD.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER job_turn_take BEFORE UPDATE OF state ON app.background_job FOR EACH ROW
    WHEN (NEW.order_key IS NOT NULL AND OLD.state = 'ready' AND NEW.state = 'running')
    EXECUTE FUNCTION app.job_turn_take();
CREATE TRIGGER job_turn_give AFTER UPDATE OF state ON app.background_job FOR EACH ROW
    WHEN (OLD.order_key IS NOT NULL AND OLD.state = 'running' AND NEW.state <> 'running')
    EXECUTE FUNCTION app.job_turn_give();
CREATE TRIGGER job_turn_drop AFTER DELETE ON app.background_job FOR EACH ROW
    WHEN (OLD.order_key IS NOT NULL AND OLD.state = 'running')
    EXECUTE FUNCTION app.job_turn_give();

CREATE TABLE app.background_job_history (
    id            bigint PRIMARY KEY,
    tenant_id     bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    project_id    bigint,
    queue         text NOT NULL,
    job_type      text NOT NULL,
    priority      smallint NOT NULL,
    status        text NOT NULL CHECK (status IN ('completed', 'failed', 'cancelled', 'dead')),
    progress      smallint NOT NULL CHECK (progress BETWEEN 0 AND 100),
    attempt       integer NOT NULL,
    max_attempts  integer NOT NULL,
    lease_losses  integer NOT NULL,
    unique_key    text,
    order_key     text,
    arguments     jsonb NOT NULL,
    checkpoint    jsonb,
    result        jsonb,
    error_type    text,
    error_message text,
    request_id    text,
    traceparent   text,
    created_at    timestamptz NOT NULL,
    started_at    timestamptz,
    finished_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX background_job_history_newest ON app.background_job_history (tenant_id, id DESC);
CREATE INDEX background_job_history_status ON app.background_job_history (tenant_id, status, id DESC);
CREATE INDEX background_job_history_project ON app.background_job_history (tenant_id, project_id, id DESC);
COMMENT ON TABLE app.background_job_history IS 'Finished work; failed and dead jobs may be retried, which moves them back';
COMMENT ON COLUMN app.background_job_history.status IS 'failed: trying again is useless; dead: attempts used up, or it kills its runner';

CREATE TABLE app.job_progress (
    job_id     bigint PRIMARY KEY,
    percent    smallint NOT NULL CHECK (percent BETWEEN 0 AND 100),
    message    text NOT NULL DEFAULT '' CHECK (char_length(message) <= 200),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
COMMENT ON TABLE app.job_progress IS 'Progress of unfinished jobs, apart so that it never rewrites the job';

CREATE VIEW app.job_live WITH (security_invoker = true) AS
SELECT j.id, j.tenant_id, j.project_id, j.queue, j.job_type, j.priority,
       CASE WHEN j.state = 'running' THEN 'running'
            WHEN j.attempt > 0 THEN 'retrying'
            ELSE 'pending' END AS status,
       coalesce(p.percent, 0)::smallint AS progress,
       CASE WHEN j.state = 'running' THEN coalesce(p.message, '') ELSE '' END AS message,
       j.attempt, j.max_attempts, j.arguments, NULL::jsonb AS result,
       j.error_type, j.error_message, j.request_id,
       j.run_at, j.created_at, j.started_at, NULL::timestamptz AS finished_at
  FROM app.background_job j LEFT JOIN app.job_progress p ON p.job_id = j.id;
COMMENT ON VIEW app.job_live IS 'Unfinished jobs as the API shows them';

CREATE VIEW app.job_ended WITH (security_invoker = true) AS
SELECT h.id, h.tenant_id, h.project_id, h.queue, h.job_type, h.priority, h.status,
       h.progress, '' AS message, h.attempt, h.max_attempts, h.arguments, h.result,
       h.error_type, h.error_message, h.request_id,
       NULL::timestamptz AS run_at, h.created_at, h.started_at, h.finished_at
  FROM app.background_job_history h;
COMMENT ON VIEW app.job_ended IS 'Finished jobs as the API shows them';

CREATE VIEW app.job WITH (security_invoker = true) AS
SELECT * FROM app.job_live UNION ALL SELECT * FROM app.job_ended;
COMMENT ON VIEW app.job IS 'All jobs as the API shows them';
GRANT SELECT ON app.job_live, app.job_ended, app.job TO portolan_app;

CREATE TABLE app.event (
    position   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    tenant_id  bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    project_id bigint,
    kind       text NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 50),
    version    smallint NOT NULL DEFAULT 1,
    payload    jsonb NOT NULL,
    actor      text NOT NULL CHECK (char_length(actor) <= 200),
    request_id text CHECK (char_length(request_id) <= 64),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX event_tenant ON app.event (tenant_id, position);
COMMENT ON TABLE app.event IS 'Append-only log, written in the transaction of what it tells';
COMMENT ON COLUMN app.event.xid IS 'Lets a reader stop before transactions that may still commit';
REVOKE UPDATE, DELETE ON app.event FROM portolan_app;

CREATE TABLE app.idempotency_key (
    tenant_id    bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    key          text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
    request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    status       smallint NOT NULL,
    headers      text NOT NULL DEFAULT '',
    body         text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_key_age ON app.idempotency_key (created_at);
COMMENT ON TABLE app.idempotency_key IS 'Answers to POST requests, given again when the client repeats the key';

CREATE TABLE app.conversation (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id  bigint NOT NULL,
    project_id bigint NOT NULL,
    messages   jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES app.project (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX conversation_project ON app.conversation (tenant_id, project_id, id DESC);
COMMENT ON TABLE app.conversation IS 'Questions about a project and their answers';

-- Ends the statement that calls it, and so the transaction.  The check of a
-- credential is plain SQL, which costs half of a function's call, and comes
-- here only to refuse: PT401 for an unknown, expired or revoked key, PT403 for
-- too low a role.
CREATE FUNCTION app.refuse(code text) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RAISE EXCEPTION '%', CASE code
        WHEN 'PT401' THEN 'the key is unknown, expired or revoked'
        ELSE 'the role of the key is too low for this' END USING ERRCODE = code;
END
$$;
COMMENT ON FUNCTION app.refuse IS 'Raises the error of that SQLSTATE; never returns';
