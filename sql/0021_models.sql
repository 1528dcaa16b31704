-- Models: providers, the models that they have, what calls cost and may cost.
--
-- Keys of providers are secrets (0008); nothing here is one.  Money is counted in millionths of the
-- currency that the prices are in.

CREATE TABLE app.llm_provider (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id   bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    name        text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 50),
    kind        text NOT NULL CHECK (kind IN ('openai', 'azure', 'anthropic', 'compatible')),
    base_url    text NOT NULL CHECK (char_length(base_url) BETWEEN 1 AND 500),
    api_version text CHECK (char_length(api_version) BETWEEN 1 AND 50),
    secret_id   bigint,
    enabled     boolean NOT NULL DEFAULT true,
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT llm_provider_name_key UNIQUE (tenant_id, name),
    CONSTRAINT llm_provider_secret_fkey FOREIGN KEY (tenant_id, secret_id) REFERENCES app.secret (tenant_id, id)
);
CREATE INDEX llm_provider_secret ON app.llm_provider (tenant_id, secret_id) WHERE secret_id IS NOT NULL;
COMMENT ON TABLE app.llm_provider IS 'Whom models are asked of: a service, or a server of one''s own';
COMMENT ON COLUMN app.llm_provider.kind IS 'How it is spoken to; lib/ai/dialect.h';
COMMENT ON COLUMN app.llm_provider.base_url IS 'Without a slash at its end; what a call''s path is put behind';
COMMENT ON COLUMN app.llm_provider.api_version IS 'azure: of the classic addresses; null: those of v1';
COMMENT ON COLUMN app.llm_provider.secret_id IS 'Its key, of kind provider_key; null: it needs none';
COMMENT ON COLUMN app.llm_provider.enabled IS 'false: its models are not asked';

CREATE TABLE app.llm_model (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id        bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    provider_id      bigint NOT NULL,
    name             text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    kind             text NOT NULL CHECK (kind IN ('chat', 'embedding')),
    remote_name      text NOT NULL CHECK (char_length(remote_name) BETWEEN 1 AND 200),
    preferred        boolean NOT NULL DEFAULT false,
    fallback         text CHECK (char_length(fallback) BETWEEN 1 AND 100),
    context_tokens   bigint CHECK (context_tokens BETWEEN 1 AND 100000000),
    output_tokens    bigint CHECK (output_tokens BETWEEN 1 AND 100000000),
    dimensions       bigint CHECK (dimensions BETWEEN 1 AND 65536),
    tools            text CHECK (tools IN ('yes', 'no')),
    json_schema      text CHECK (json_schema IN ('yes', 'no')),
    vision           text CHECK (vision IN ('yes', 'no')),
    stream_usage     text CHECK (stream_usage IN ('yes', 'no')),
    price_input      bigint NOT NULL DEFAULT 0 CHECK (price_input BETWEEN 0 AND 1000000000),
    price_cached     bigint NOT NULL DEFAULT 0 CHECK (price_cached BETWEEN 0 AND 1000000000),
    price_output     bigint NOT NULL DEFAULT 0 CHECK (price_output BETWEEN 0 AND 1000000000),
    found_context    bigint,
    found_dimensions bigint,
    found_tools      text CHECK (found_tools IN ('yes', 'no')),
    found_usage      text CHECK (found_usage IN ('yes', 'no')),
    probed_at        timestamptz,
    probe_error      text CHECK (char_length(probe_error) <= 2000),
    version          bigint NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT llm_model_name_key UNIQUE (tenant_id, name),
    CONSTRAINT llm_model_provider_fkey FOREIGN KEY (tenant_id, provider_id)
        REFERENCES app.llm_provider (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX llm_model_preferred ON app.llm_model (tenant_id, kind) WHERE preferred;
CREATE INDEX llm_model_provider ON app.llm_model (tenant_id, provider_id);
COMMENT ON TABLE app.llm_model IS 'Models that may be asked, by the name that callers use';
COMMENT ON COLUMN app.llm_model.remote_name IS 'What the provider calls it; azure: the deployment';
COMMENT ON COLUMN app.llm_model.preferred IS 'Asked where a call names none; one of each kind';
COMMENT ON COLUMN app.llm_model.fallback IS 'Name of the model that is asked when this one cannot begin';
COMMENT ON COLUMN app.llm_model.tools IS 'As configured; null: what a probe has found holds, if there was one';
COMMENT ON COLUMN app.llm_model.price_input IS 'Millionths a million tokens, as price_cached and price_output';
COMMENT ON COLUMN app.llm_model.found_context IS 'found_...: what the newest probe has found; never guessed';
COMMENT ON COLUMN app.llm_model.probe_error IS 'Why the newest probe failed; null: it did not';

-- The ledger: a row for each request to a provider, opened before it is sent and settled after it.
CREATE TABLE app.llm_call (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id        bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    first_id         bigint,
    attempt          bigint NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('chat', 'embedding')),
    provider         text NOT NULL,
    model            text NOT NULL,
    remote_name      text NOT NULL,
    status           text NOT NULL DEFAULT 'open'
                     CHECK (status IN ('open', 'done', 'failed', 'cut', 'cancelled', 'cached', 'lost')),
    error            text,
    prompt           text,
    prompt_version   text,
    project_id       bigint,
    job_id           bigint,
    user_id          bigint,
    key_id           bigint,
    actor            text NOT NULL,
    request_id       text NOT NULL,
    remote_id        text,
    input_tokens     bigint NOT NULL DEFAULT 0,
    cached_tokens    bigint NOT NULL DEFAULT 0,
    output_tokens    bigint NOT NULL DEFAULT 0,
    reasoning_tokens bigint NOT NULL DEFAULT 0,
    estimated        boolean NOT NULL DEFAULT false,
    cost_micro       bigint NOT NULL DEFAULT 0,
    held_input       bigint NOT NULL DEFAULT 0,
    held_tokens      bigint NOT NULL DEFAULT 0,
    held_micro       bigint NOT NULL DEFAULT 0,
    first_token_ms   bigint,
    duration_ms      bigint,
    open_until       timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id)
);
CREATE INDEX llm_call_newest ON app.llm_call (tenant_id, id DESC);
CREATE INDEX llm_call_project ON app.llm_call (tenant_id, project_id, id DESC) WHERE project_id IS NOT NULL;
CREATE INDEX llm_call_open ON app.llm_call (tenant_id, open_until) WHERE status = 'open';
COMMENT ON TABLE app.llm_call IS 'What was asked of models, what it took and what it cost; kept when models and projects are gone';
COMMENT ON COLUMN app.llm_call.first_id IS 'The first request of the same call; null: this is it';
COMMENT ON COLUMN app.llm_call.status IS 'cut: ended after its first token; lost: the process that asked has died';
COMMENT ON COLUMN app.llm_call.error IS 'Slug of the error, of lib/base/err.def';
COMMENT ON COLUMN app.llm_call.remote_id IS 'What the provider calls the answer or the request';
COMMENT ON COLUMN app.llm_call.estimated IS 'The provider did not tell all the tokens; some are counted by llm_tokens()';
COMMENT ON COLUMN app.llm_call.held_tokens IS 'What was reserved in the budgets, as held_micro; held_input of it for the request';
COMMENT ON COLUMN app.llm_call.open_until IS 'Of an open one: after this it is lost';

CREATE TABLE app.llm_budget (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id     bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    scope         text NOT NULL CHECK (scope IN ('tenant', 'user', 'key')),
    subject_id    bigint NOT NULL DEFAULT 0,
    period        text NOT NULL CHECK (period IN ('day', 'month')),
    limit_micro   bigint CHECK (limit_micro >= 0),
    limit_tokens  bigint CHECK (limit_tokens >= 0),
    period_start  date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date,
    spent_micro   bigint NOT NULL DEFAULT 0,
    spent_tokens  bigint NOT NULL DEFAULT 0,
    held_micro    bigint NOT NULL DEFAULT 0,
    held_tokens   bigint NOT NULL DEFAULT 0,
    version       bigint NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT llm_budget_subject_key UNIQUE (tenant_id, scope, subject_id),
    CONSTRAINT llm_budget_subject CHECK ((scope = 'tenant') = (subject_id = 0))
);
COMMENT ON TABLE app.llm_budget IS 'What models may cost a tenant, a person or an API key in a day or month (UTC)';
COMMENT ON COLUMN app.llm_budget.subject_id IS 'Number of the person or key; 0: the tenant';
COMMENT ON COLUMN app.llm_budget.limit_micro IS 'Millionths; null: money does not matter, as limit_tokens for tokens';
COMMENT ON COLUMN app.llm_budget.period_start IS 'Of the period that spent_... counts';
COMMENT ON COLUMN app.llm_budget.held_micro IS 'Reserved by calls that are under way, as held_tokens';

-- What all processes know of a provider's health.
CREATE TABLE app.llm_breaker (
    tenant_id   bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    provider_id bigint NOT NULL,
    failures    bigint NOT NULL,
    failed_at   timestamptz NOT NULL DEFAULT now(),
    probing_at  timestamptz,
    PRIMARY KEY (tenant_id, provider_id),
    FOREIGN KEY (tenant_id, provider_id) REFERENCES app.llm_provider (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE app.llm_breaker IS 'Failures in a row of providers; no row: the last call went well';
COMMENT ON COLUMN app.llm_breaker.probing_at IS 'When the one call was let through that finds out';

-- Answers that may be given again within a minute or so: not worth a log that survives a crash.
CREATE UNLOGGED TABLE app.llm_cache (
    tenant_id  bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    digest     bytea NOT NULL CHECK (octet_length(digest) = 32),
    answer     text NOT NULL,
    model      text NOT NULL,
    provider   text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, digest)
);
CREATE INDEX llm_cache_age ON app.llm_cache (tenant_id, expires_at);
COMMENT ON TABLE app.llm_cache IS 'Answers of models for equal requests';
COMMENT ON COLUMN app.llm_cache.digest IS 'BLAKE2b-256 of the model and all that it was asked';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['llm_provider', 'llm_model', 'llm_call', 'llm_budget', 'llm_breaker', 'llm_cache']
    LOOP
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON app.%I USING (tenant_id = (SELECT app.current_tenant_id()))'
                       ' WITH CHECK (tenant_id = (SELECT app.current_tenant_id()))', name);
    END LOOP;
END
$$;
GRANT USAGE ON SEQUENCE app.llm_provider_id_seq, app.llm_model_id_seq, app.llm_call_id_seq, app.llm_budget_id_seq
    TO portolan_app;
-- The ledger is written and settled, never thinned by a worker.
REVOKE DELETE ON app.llm_call FROM portolan_app;
