-- Documents are cited, and may be PDF: pages of passages, and citations that lead to a document.

ALTER TABLE app.document
    DROP CONSTRAINT document_media_type_check,
    DROP CONSTRAINT document_status_check,
    ADD CONSTRAINT document_media_type_check CHECK (media_type IN ('text/plain', 'text/markdown', 'application/pdf')),
    ADD CONSTRAINT document_status_check CHECK (status IN ('pending', 'ready', 'failed')),
    ADD COLUMN extracted text,
    ADD COLUMN pages integer CHECK (pages >= 0),
    ADD COLUMN error_type text CHECK (char_length(error_type) <= 50),
    ADD COLUMN error_message text CHECK (char_length(error_message) <= 2000);
COMMENT ON COLUMN app.document.status IS 'pending: not searched yet; failed: it cannot be read';
COMMENT ON COLUMN app.document.extracted IS 'Text of a PDF, a form feed before each page but the first; null: none yet, or the content is the text';
COMMENT ON COLUMN app.document.pages IS 'Of a PDF, once it is read';
COMMENT ON COLUMN app.document.error_type IS 'Slug of the error, of lib/base/err.def; as error_message, of one that failed';
GRANT UPDATE (extracted, pages, error_type, error_message) ON app.document TO portolan_runner;

ALTER TABLE app.search_chunk ADD COLUMN page integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN app.search_chunk.page IS 'Of a PDF, from 1; 0: what it is in has no pages';

ALTER TABLE app.chat_citation
    DROP CONSTRAINT chat_citation_blob_check,
    ALTER COLUMN project_id DROP NOT NULL,
    ALTER COLUMN commit DROP NOT NULL,
    ADD COLUMN document_id bigint,
    ADD COLUMN page integer CHECK (page > 0),
    ADD CONSTRAINT chat_citation_blob_check CHECK (blob ~ '^[0-9a-f]{40}$' OR (document_id IS NOT NULL AND blob ~ '^[0-9a-f]{64}$')),
    ADD CONSTRAINT chat_citation_of CHECK ((project_id IS NULL) = (document_id IS NOT NULL) AND (commit IS NULL) = (project_id IS NULL));
COMMENT ON COLUMN app.chat_citation.document_id IS 'Of the tenant''s own; null: lines of a file in a repository';
COMMENT ON COLUMN app.chat_citation.path IS 'The file, or the document''s name';
COMMENT ON COLUMN app.chat_citation.page IS 'Of a PDF that the lines stand on';
COMMENT ON COLUMN app.chat_citation.blob IS 'Id of the file''s content; of a document the hash';
