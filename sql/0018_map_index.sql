-- What questions about a map are answered from: files and folders, edges both ways, names with their
-- definitions and uses, and an inverted index of names and paths.  One set of rows, an index, a map;
-- of each project the newest few are kept.
--
-- A runner fills an index piece by piece before its map is published, and takes one that is not needed
-- any more away piece by piece.  So the large tables have no foreign key to it: a cascade over a
-- million rows is what nobody may have to wait for.

CREATE TABLE app.map_index (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id    bigint NOT NULL,
    project_id   bigint,
    map_id       bigint,
    files        integer NOT NULL CHECK (files BETWEEN 0 AND 10000000),
    symbols      integer NOT NULL CHECK (symbols BETWEEN 0 AND 10000000),
    complete     boolean NOT NULL,
    import_kinds text[] NOT NULL,
    rules        text[] NOT NULL,
    def_kinds    text[] NOT NULL,
    ref_kinds    text[] NOT NULL,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES app.project (tenant_id, id) ON DELETE SET NULL (project_id),
    FOREIGN KEY (tenant_id, map_id) REFERENCES app.system_map (tenant_id, id) ON DELETE SET NULL (map_id)
);
CREATE INDEX map_index_project ON app.map_index (tenant_id, project_id, map_id);
CREATE INDEX map_index_map ON app.map_index (tenant_id, map_id);
COMMENT ON TABLE app.map_index IS 'The rows that answer questions about one map';
COMMENT ON COLUMN app.map_index.project_id IS 'Null: the project is deleted, and the rows are to be taken away';
COMMENT ON COLUMN app.map_index.map_id IS 'Null: being filled, or to be taken away';
COMMENT ON COLUMN app.map_index.complete IS 'False: a limit kept something out';
COMMENT ON COLUMN app.map_index.import_kinds IS 'Names of what map_edge.hows holds in its lowest byte';
COMMENT ON COLUMN app.map_index.rules IS 'Names of the second byte';
COMMENT ON COLUMN app.map_index.def_kinds IS 'Names of map_symbol.kinds';
COMMENT ON COLUMN app.map_index.ref_kinds IS 'Names of map_reference.kinds';

CREATE TABLE app.map_file (
    tenant_id bigint NOT NULL,
    index_id  bigint NOT NULL,
    entry     integer NOT NULL,
    folder    integer,
    path      text NOT NULL,
    path_hash uuid NOT NULL,
    files     integer NOT NULL,
    language  text NOT NULL,
    role      text NOT NULL,
    bytes     bigint NOT NULL,
    code      bigint NOT NULL,
    comment   bigint NOT NULL,
    blank     bigint NOT NULL,
    oid       text NOT NULL,
    place     integer NOT NULL,
    PRIMARY KEY (tenant_id, index_id, entry)
);
CREATE INDEX map_file_folder ON app.map_file (tenant_id, index_id, folder, entry);
CREATE INDEX map_file_path ON app.map_file (tenant_id, index_id, path_hash);
CREATE INDEX map_file_place ON app.map_file (tenant_id, index_id, place) WHERE place >= 0;
COMMENT ON TABLE app.map_file IS 'Files and folders of a map';
COMMENT ON COLUMN app.map_file.entry IS 'Of a file its number in the map; of a folder negative';
COMMENT ON COLUMN app.map_file.folder IS 'Entry of the folder around it; null for the root';
COMMENT ON COLUMN app.map_file.path IS 'As people see it: bytes that are no text are written \xNN';
COMMENT ON COLUMN app.map_file.path_hash IS 'MD5 of the path, which may be too long for an index; an expression would not do, since row security lets no function see a row first';
COMMENT ON COLUMN app.map_file.files IS 'Of a folder the files below it; of a file 1';
COMMENT ON COLUMN app.map_file.place IS 'Number among the paths of map_gram, shorter ones first; -1 for folders';

CREATE TABLE app.map_edge (
    tenant_id bigint NOT NULL,
    index_id  bigint NOT NULL,
    inward    boolean NOT NULL,
    file      integer NOT NULL,
    others    integer[] NOT NULL,
    lines     integer[] NOT NULL,
    hows      integer[] NOT NULL,
    PRIMARY KEY (tenant_id, index_id, inward, file)
);
COMMENT ON TABLE app.map_edge IS 'A file''s edges of one direction; an edge stands in two rows';
COMMENT ON COLUMN app.map_edge.inward IS 'True: who imports the file; false: what it imports';
COMMENT ON COLUMN app.map_edge.hows IS 'Kind, rule * 256, confidence in percent * 65536';

CREATE TABLE app.map_symbol (
    tenant_id  bigint NOT NULL,
    index_id   bigint NOT NULL,
    place      integer NOT NULL,
    name       text NOT NULL,
    files      integer[] NOT NULL,
    lines      integer[] NOT NULL,
    last_lines integer[] NOT NULL,
    kinds      integer[] NOT NULL,
    parents    text[] NOT NULL,
    signatures text[] NOT NULL,
    PRIMARY KEY (tenant_id, index_id, place)
);
CREATE INDEX map_symbol_name ON app.map_symbol (tenant_id, index_id, name);
COMMENT ON TABLE app.map_symbol IS 'A name that a map has definitions of; the arrays have an element for each';
COMMENT ON COLUMN app.map_symbol.place IS 'Number among the names of map_gram, shorter ones first';

CREATE TABLE app.map_reference (
    tenant_id bigint NOT NULL,
    index_id  bigint NOT NULL,
    place     integer NOT NULL,
    uses      integer NOT NULL,
    files     integer[] NOT NULL,
    lines     integer[] NOT NULL,
    kinds     integer[] NOT NULL,
    PRIMARY KEY (tenant_id, index_id, place)
);
COMMENT ON TABLE app.map_reference IS 'Uses of a name of map_symbol; the arrays have an element for each of the first';
COMMENT ON COLUMN app.map_reference.uses IS 'All uses';

CREATE TABLE app.map_gram (
    tenant_id bigint NOT NULL,
    index_id  bigint NOT NULL,
    about     text NOT NULL CHECK (about IN ('f', 's')),
    gram      integer NOT NULL,
    texts     integer NOT NULL,
    postings  text NOT NULL,
    PRIMARY KEY (tenant_id, index_id, about, gram)
);
-- Read whole and often; pressed together they would be read at a quarter of the speed.
ALTER TABLE app.map_gram ALTER COLUMN postings SET STORAGE EXTERNAL;
COMMENT ON TABLE app.map_gram IS 'Inverted index: which paths (f) and names (s) have three characters in a row; lib/maps/grams.h';
COMMENT ON COLUMN app.map_gram.texts IS 'How many';
COMMENT ON COLUMN app.map_gram.postings IS 'Their places, rising, as differences';

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['map_index', 'map_file', 'map_edge', 'map_symbol', 'map_reference', 'map_gram'] LOOP
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON app.%I USING (tenant_id = (SELECT app.current_tenant_id()))'
                       ' WITH CHECK (tenant_id = (SELECT app.current_tenant_id()))', t);
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON app.%I FROM portolan_app', t);
        EXECUTE format('GRANT INSERT, DELETE ON app.%I TO portolan_runner', t);
    END LOOP;
END
$$;
GRANT UPDATE (map_id) ON app.map_index TO portolan_runner;
