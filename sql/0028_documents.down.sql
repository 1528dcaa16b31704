ALTER TABLE app.chat_citation NO FORCE ROW LEVEL SECURITY;
ALTER TABLE app.document NO FORCE ROW LEVEL SECURITY;
DELETE FROM app.chat_citation WHERE document_id IS NOT NULL;
DELETE FROM app.document WHERE media_type = 'application/pdf';
UPDATE app.document SET status = 'pending' WHERE status = 'failed';
ALTER TABLE app.document FORCE ROW LEVEL SECURITY;
ALTER TABLE app.chat_citation FORCE ROW LEVEL SECURITY;
ALTER TABLE app.chat_citation
    DROP CONSTRAINT chat_citation_of,
    DROP CONSTRAINT chat_citation_blob_check,
    DROP COLUMN document_id,
    DROP COLUMN page,
    ALTER COLUMN project_id SET NOT NULL,
    ALTER COLUMN commit SET NOT NULL,
    ADD CONSTRAINT chat_citation_blob_check CHECK (blob ~ '^[0-9a-f]{40}$');
ALTER TABLE app.search_chunk DROP COLUMN page;
ALTER TABLE app.document
    DROP COLUMN error_message,
    DROP COLUMN error_type,
    DROP COLUMN pages,
    DROP COLUMN extracted,
    DROP CONSTRAINT document_status_check,
    DROP CONSTRAINT document_media_type_check,
    ADD CONSTRAINT document_media_type_check CHECK (media_type IN ('text/plain', 'text/markdown')),
    ADD CONSTRAINT document_status_check CHECK (status IN ('pending', 'ready'));
