-- What searches are answered from: files and documents cut into chunks, and an inverted index of their terms.
--
-- A segment is a batch of chunks that were indexed together, and never changes: a file that is new or has
-- changed goes into a new segment, and is marked dead in the one it was in.  So a commit costs what it
-- changed.  A job joins small segments and leaves dead files out.  A runner fills segments piece by piece before they
-- are published, and takes away what nobody needs piece by piece, so the large tables have no foreign keys.

CREATE TABLE app.document (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id  bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    name       text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    media_type text NOT NULL CHECK (media_type IN ('text/plain', 'text/markdown')),
    bytes      bigint NOT NULL,
    hash       text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
    content    bytea NOT NULL,
    status     text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'ready')),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, name),
    UNIQUE (tenant_id, id)
);
COMMENT ON TABLE app.document IS 'Texts of a tenant''s own that can be searched beside its repositories';
COMMENT ON COLUMN app.document.hash IS 'SHA-256 of the content';
COMMENT ON COLUMN app.document.content IS 'As it was sent';
COMMENT ON COLUMN app.document.status IS 'pending: not searched yet';

CREATE TABLE app.search_state (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id  bigint NOT NULL,
    project_id bigint NOT NULL,
    commit     text NOT NULL,
    version    integer NOT NULL,
    complete   boolean NOT NULL,
    indexed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, project_id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES app.project (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE app.search_state IS 'Which commit of a project searches are answered for';
COMMENT ON COLUMN app.search_state.version IS 'Of the code that cut the chunks; lib/retrieval/chunk.h';
COMMENT ON COLUMN app.search_state.complete IS 'False: a limit kept something out';

CREATE TABLE app.search_segment (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id  bigint NOT NULL,
    project_id bigint,
    documents  boolean NOT NULL,
    published  boolean NOT NULL DEFAULT false,
    chunks     integer NOT NULL DEFAULT 0,
    counts     text NOT NULL DEFAULT '',
    dead       text NOT NULL DEFAULT '',
    dead_chunks integer NOT NULL DEFAULT 0,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES app.project (tenant_id, id) ON DELETE SET NULL (project_id)
);
CREATE INDEX search_segment_project ON app.search_segment (tenant_id, project_id);
COMMENT ON TABLE app.search_segment IS 'Chunks that were indexed together';
COMMENT ON COLUMN app.search_segment.project_id IS 'Null: documents; or the project is deleted, and the rows are to be taken away';
COMMENT ON COLUMN app.search_segment.documents IS 'Whether it holds documents of the tenant''s own';
COMMENT ON COLUMN app.search_segment.published IS 'False: being filled, or to be taken away';
COMMENT ON COLUMN app.search_segment.counts IS 'Chunks of each file that has some, in order, between blanks';
COMMENT ON COLUMN app.search_segment.dead IS 'First chunk and number of chunks of each file that is no more, between blanks';
COMMENT ON COLUMN app.search_segment.dead_chunks IS 'How many those are';

CREATE TABLE app.search_file (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id   bigint NOT NULL,
    segment_id  bigint NOT NULL,
    project_id  bigint,
    document_id bigint,
    path        text NOT NULL,
    oid         text NOT NULL,
    language    text NOT NULL,
    source      text NOT NULL CHECK (source IN ('code', 'doc', 'document')),
    first_chunk integer NOT NULL,
    chunks      integer NOT NULL,
    past        text NOT NULL DEFAULT '',
    live        boolean NOT NULL DEFAULT true
);
CREATE INDEX search_file_chunk ON app.search_file (tenant_id, segment_id, first_chunk) WHERE chunks > 0;
CREATE INDEX search_file_segment ON app.search_file (tenant_id, segment_id);
CREATE INDEX search_file_project ON app.search_file (tenant_id, project_id, oid) WHERE live;
COMMENT ON TABLE app.search_file IS 'Files and documents in segments; without chunks where there is nothing in them to find';
COMMENT ON COLUMN app.search_file.oid IS 'Blob of a file; hash of a document';
COMMENT ON COLUMN app.search_file.first_chunk IS 'Number in the segment of its first chunk';
COMMENT ON COLUMN app.search_file.past IS 'Subjects of the commits that changed it, newest first';
COMMENT ON COLUMN app.search_file.live IS 'False: the newest commit has it no more';

CREATE TABLE app.search_chunk (
    tenant_id  bigint NOT NULL,
    file_id    bigint NOT NULL,
    number     integer NOT NULL,
    start_line integer NOT NULL,
    end_line   integer NOT NULL,
    kind       text NOT NULL,
    symbols    text NOT NULL,
    around     text NOT NULL,
    text       text NOT NULL,
    PRIMARY KEY (tenant_id, file_id, number)
);
ALTER TABLE app.search_chunk ALTER COLUMN text SET COMPRESSION lz4;
COMMENT ON TABLE app.search_chunk IS 'Passages of a file';
COMMENT ON COLUMN app.search_chunk.symbols IS 'Names that it defines, with 0x1f between';
COMMENT ON COLUMN app.search_chunk.around IS 'Types that these are in, likewise; of a section the headings above its own';

CREATE TABLE app.search_term (
    tenant_id  bigint NOT NULL,
    segment_id bigint NOT NULL,
    term       text NOT NULL,
    chunks     integer NOT NULL,
    postings   text NOT NULL,
    PRIMARY KEY (tenant_id, segment_id, term)
);
-- Read whole and often; pressed together they would be read at a quarter of the speed.
ALTER TABLE app.search_term ALTER COLUMN postings SET STORAGE EXTERNAL;
COMMENT ON TABLE app.search_term IS 'Inverted index: which chunks of a segment have a term; lib/retrieval/postings.h';
COMMENT ON COLUMN app.search_term.chunks IS 'How many';

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['document', 'search_state', 'search_segment', 'search_file', 'search_chunk', 'search_term'] LOOP
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON app.%I USING (tenant_id = (SELECT app.current_tenant_id()))'
                       ' WITH CHECK (tenant_id = (SELECT app.current_tenant_id()))', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['search_state', 'search_segment', 'search_file', 'search_chunk', 'search_term'] LOOP
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON app.%I FROM portolan_app', t);
        EXECUTE format('GRANT INSERT, DELETE ON app.%I TO portolan_runner', t);
    END LOOP;
END
$$;
REVOKE UPDATE ON app.document FROM portolan_app;
GRANT UPDATE (status) ON app.document TO portolan_runner;
GRANT UPDATE (commit, version, complete, indexed_at) ON app.search_state TO portolan_runner;
GRANT UPDATE (published, chunks, counts, dead, dead_chunks) ON app.search_segment TO portolan_runner;
GRANT UPDATE (segment_id, first_chunk, live) ON app.search_file TO portolan_runner;
