-- Uploads: what is larger than a request may hold in memory comes in pieces, and is kept by one statement.
--
-- Pieces live for one transaction, which is the request's: nobody else ever sees one, and a crash leaves none.
-- That is why they need no log.

CREATE SEQUENCE app.upload_seq;
CREATE UNLOGGED TABLE app.upload_piece (
    tenant_id bigint NOT NULL REFERENCES app.tenant ON DELETE CASCADE,
    upload_id bigint NOT NULL,
    number    integer NOT NULL,
    content   bytea NOT NULL,
    PRIMARY KEY (tenant_id, upload_id, number)
);
-- Most of it is pressed already; to try costs time.
ALTER TABLE app.upload_piece ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE app.upload_piece IS 'What a request has sent so far; gone at its end';
COMMENT ON COLUMN app.upload_piece.number IS 'From 1, in the order in which they came';

ALTER TABLE app.upload_piece ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.upload_piece USING (tenant_id = (SELECT app.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.current_tenant_id()));
REVOKE UPDATE ON app.upload_piece FROM portolan_app;
GRANT USAGE ON SEQUENCE app.upload_seq TO portolan_app;

CREATE FUNCTION app.upload_content(p_tenant bigint, p_upload bigint) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT coalesce(string_agg(p.content, '' ORDER BY p.number), '') FROM app.upload_piece p
     WHERE p.tenant_id = p_tenant AND p.upload_id = p_upload
$$;
COMMENT ON FUNCTION app.upload_content IS 'All pieces of an upload in their order';
GRANT EXECUTE ON FUNCTION app.upload_content TO portolan_app;
