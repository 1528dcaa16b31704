-- Vectors: what passages mean, as a tenant's embedding model puts it into numbers.
--
-- The numbers stand in real[], which every PostgreSQL has, so that this works with and without the extension
-- "vector" (pgvector).  Where that is there, app.search_vector_index() adds a generated column of its type and an
-- HNSW index for each length of vectors, and app.search_near() uses them; it may come later, too: `portolan
-- migrate` then adds what is missing.

-- Vectors compare only with those of the same model.
CREATE TABLE app.vector_space (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id  bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    origin     text NOT NULL CHECK (char_length(origin) BETWEEN 1 AND 1000),
    dimensions integer NOT NULL CHECK (dimensions BETWEEN 1 AND 65536),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, origin, dimensions)
);
COMMENT ON TABLE app.vector_space IS 'Models whose vectors a tenant has';
COMMENT ON COLUMN app.vector_space.origin IS 'Kind of the provider, its address, and what it calls the model';
COMMENT ON COLUMN app.vector_space.dimensions IS 'Length of its vectors, as its answers have it';

CREATE TABLE app.search_vector (
    tenant_id  bigint NOT NULL,
    project_id bigint NOT NULL,
    file_id    bigint NOT NULL,
    number     integer NOT NULL,
    space_id   bigint NOT NULL,
    dimensions integer NOT NULL,
    hash       bytea NOT NULL CHECK (octet_length(hash) = 32),
    vector     real[] NOT NULL,
    signs      bit varying NOT NULL,
    PRIMARY KEY (tenant_id, file_id, number),
    CHECK (cardinality(vector) = dimensions AND length(signs) = dimensions)
);
CREATE INDEX search_vector_project ON app.search_vector (tenant_id, project_id, file_id);
CREATE INDEX search_vector_hash ON app.search_vector (tenant_id, hash, space_id);
-- Numbers cannot be pressed; to try costs time.
ALTER TABLE app.search_vector ALTER COLUMN vector SET STORAGE EXTERNAL;
COMMENT ON TABLE app.search_vector IS 'Vectors of passages (app.search_chunk)';
COMMENT ON COLUMN app.search_vector.project_id IS '0: of a document';
COMMENT ON COLUMN app.search_vector.hash IS 'BLAKE2b-256 of the text that was embedded: an equal one is not paid for again';
COMMENT ON COLUMN app.search_vector.vector IS 'Of length 1';
COMMENT ON COLUMN app.search_vector.signs IS 'Of its numbers, 1 for those above 0: what the nearest are guessed by where there is no extension';

ALTER TABLE app.search_file ADD COLUMN space_id bigint;
COMMENT ON COLUMN app.search_file.space_id IS 'Whose vectors all of its passages have; null: not all have any';
CREATE INDEX search_file_wanted ON app.search_file (tenant_id, project_id, id) WHERE live AND chunks > 0;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['vector_space', 'search_vector'] LOOP
        EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON app.%I USING (tenant_id = (SELECT app.current_tenant_id()))'
                       ' WITH CHECK (tenant_id = (SELECT app.current_tenant_id()))', t);
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON app.%I FROM portolan_app', t);
        EXECUTE format('GRANT INSERT, UPDATE, DELETE ON app.%I TO portolan_runner', t);
    END LOOP;
END
$$;
CREATE POLICY lengths ON app.vector_space FOR SELECT TO portolan_owner USING (true);
GRANT USAGE ON SEQUENCE app.vector_space_id_seq TO portolan_runner;
GRANT UPDATE (space_id) ON app.search_file TO portolan_runner;

-- The schema of the extension; null: it is not there, or older than 0.8, whose index goes on to search when
-- filters leave too little.
CREATE FUNCTION app.vector_schema() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
     WHERE e.extname = 'vector'
       AND string_to_array(substring(e.extversion FROM '^[0-9.]*[0-9]'), '.')::integer[] >= ARRAY[0, 8]
$$;
GRANT EXECUTE ON FUNCTION app.vector_schema TO portolan_app;

-- Make the index of vectors of a length, if there is none and there can be.  In halfvec, which takes half the room
-- and loses next to nothing, and of which pgvector indexes up to 4000 numbers.  @patient: the column may be added to
-- a large table, which takes long and keeps everybody waiting.  @ret whether there is an index
CREATE FUNCTION app.search_vector_index(length integer, patient boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    name text := format('search_vector_%s', length);
    ext text := app.vector_schema();
BEGIN
    IF ext IS NULL OR length IS NULL OR length NOT BETWEEN 1 AND 4000 THEN
        RETURN false;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'app.search_vector'::regclass AND attname = 'near') THEN
        IF NOT patient AND pg_relation_size('app.search_vector') > 8388608 THEN
            RETURN false;
        END IF;
        EXECUTE format('ALTER TABLE app.search_vector ADD COLUMN near %1$I.halfvec GENERATED ALWAYS AS'
                       ' (vector::%1$I.halfvec) STORED, ALTER COLUMN near SET STORAGE EXTERNAL', ext);
    END IF;
    IF to_regclass('app.' || name) IS NULL THEN
        EXECUTE format('CREATE INDEX %1$I ON app.search_vector USING hnsw ((near::%2$I.halfvec(%3$s))'
                       ' %2$I.halfvec_cosine_ops) WHERE dimensions = %3$s', name, ext, length);
    END IF;
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION app.search_vector_index FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.search_vector_index TO portolan_runner;

-- The passages whose vectors are nearest to one, of some segments and of what passes the filters (null: any).
--
-- First comes a row that says which way was taken: "exact", all were compared; "index", by HNSW; "signs", the most
-- alike by their signs were compared; "none", there are too many to compare them without an index.  @exact_most
-- passages are compared one by one where they could be found by an index, @scan_most where there is none.  Statements
-- are planned with their values, or the query would be cast anew for each row, and no filter left out.
CREATE FUNCTION app.search_near(
    tenant bigint, space bigint, query real[], query_signs bit varying, segments bigint[], project bigint,
    path text, language text, source text, most integer, exact_most bigint, scan_most bigint
) RETURNS TABLE (segment_id bigint, chunk bigint, similarity double precision, way text)
LANGUAGE plpgsql SET search_path = pg_catalog SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    files constant text := 'f.tenant_id = $1 AND f.live AND f.chunks > 0 AND f.segment_id = ANY ($4)'
        ' AND ($6 IS NULL OR f.path = $6 OR starts_with(f.path, $6 || ''/''))'
        ' AND ($7 IS NULL OR lower(f.language) = lower($7)) AND ($8 IS NULL OR f.source = $8)';
    -- File by file, whatever the planner believes of a table that has just been filled.  (What is compared with a
    -- column here is no expression: row security would keep such a condition out of the index.)
    joined constant text := ' FROM app.search_file f, LATERAL (SELECT * FROM app.search_vector v'
        ' WHERE v.tenant_id = $1 AND v.file_id = f.id'
        ' AND v.space_id = $2 AND v.dimensions = cardinality($3) OFFSET 0) AS v WHERE ' || files;
    ext text := (SELECT app.vector_schema() FROM pg_attribute
                  WHERE attrelid = 'app.search_vector'::regclass AND attname = 'near');
    indexed real := (SELECT greatest(c.reltuples, 0) FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
                      WHERE ext IS NOT NULL AND i.indisvalid
                        AND c.oid = to_regclass(format('app.search_vector_%s', cardinality(query))));
    candidates bigint;
    statement text;
BEGIN
    EXECUTE CASE WHEN coalesce(path, language, source) IS NULL
        THEN 'SELECT coalesce(sum(chunks - dead_chunks), 0) FROM app.search_segment WHERE tenant_id = $1 AND id = ANY ($4)'
        ELSE 'SELECT coalesce(sum(f.chunks), 0) FROM app.search_file f WHERE ' || files
        END INTO candidates USING tenant, space, query, segments, project, path, language, source;
    -- Where the filters leave little of what all tenants have, the index would be read in vain for too long.
    IF candidates > exact_most AND indexed IS NOT NULL
       AND (candidates > scan_most OR candidates * 20000.0 >= most * indexed) THEN
        way := 'index';
        PERFORM set_config('hnsw.iterative_scan', 'relaxed_order', true),
                set_config('hnsw.ef_search', greatest(most, 100)::text, true),
                set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
        statement := format(
            'SELECT * FROM (SELECT f.segment_id, f.chunk, 1 - v.distance FROM (SELECT file_id, number,'
            ' near::%1$I.halfvec(%2$s) OPERATOR(%1$I.<=>) $3::%1$I.halfvec(%2$s) AS distance'
            ' FROM app.search_vector WHERE tenant_id = $1 AND space_id = $2 AND dimensions = %2$s'
            ' AND ($5 IS NULL OR project_id = $5) ORDER BY distance) AS v, LATERAL ('
            'SELECT f.segment_id, (f.first_chunk + v.number)::bigint AS chunk FROM app.search_file f'
            ' WHERE f.id = v.file_id AND ' || files || ' OFFSET 0) AS f ORDER BY v.distance LIMIT $9) AS n'
            ' ORDER BY 3 DESC, 1, 2',
            ext, cardinality(query));
    ELSIF candidates > scan_most AND candidates > exact_most THEN
        way := 'none';
    ELSIF ext IS NOT NULL THEN
        way := 'exact';
        statement := format(
            'SELECT f.segment_id, (f.first_chunk + v.number)::bigint,'
            ' 1 - (v.near OPERATOR(%1$I.<=>) $3::%1$I.halfvec)' || joined ||
            ' ORDER BY 3 DESC, 1, 2 LIMIT $9', ext);
    ELSE
        way := CASE WHEN candidates > 4 * most THEN 'signs' ELSE 'exact' END;
        statement :=
            'SELECT n.segment_id, n.chunk, (SELECT sum(a::double precision * b) FROM unnest(n.vector, $3) AS u (a, b))'
            ' FROM (SELECT f.segment_id, (f.first_chunk + v.number)::bigint AS chunk, v.vector' || joined ||
            ' ORDER BY bit_count(v.signs # $10), 1, 2 LIMIT 4 * $9) AS n ORDER BY 3 DESC, 1, 2 LIMIT $9';
    END IF;
    RETURN NEXT;
    IF statement IS NOT NULL THEN
        FOR segment_id, chunk, similarity IN EXECUTE statement
            USING tenant, space, query, segments, project, path, language, source, most, query_signs
        LOOP
            RETURN NEXT;
        END LOOP;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION app.search_near TO portolan_app;
