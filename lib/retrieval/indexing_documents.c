/* The tenant's documents: cut those that wait, forget those that are gone. */
#include "base/secret.h"
#include "base/utf8.h"
#include "retrieval/cut.h"
#include "retrieval/document.h"
#include "retrieval/embedding.h"
#include "retrieval/indexing_parts.h"

#include <string.h>

#define SCRATCH_BYTES ((size_t)256 << 20) /* of one document */
#define IDS_BYTES     ((size_t)1 << 20)
#define REQUEST_BYTES 1024 /* of what stands before a PDF */

struct documents {
	struct ctx *cx;
	struct job_run *run;
	struct segment segment;
	struct sb ids; /* that were put, as an array; */
	int64_t after, n;
};

/* The content as it was sent; it was checked then. */
static struct span bytes_of(struct ctx *cx, const struct document_content *document)
{
	size_t n = strlen(document->content) / 2, got = 0;
	char *bytes = arena_alloc(cx->arena, n + 1);

	if (!secret_hex_decode(document->content, bytes, n, &got))
		got = 0;
	return (struct span){ bytes, got };
}

/* --- PDFs --- */

/* The child's answer lives as long as the result. */
static enum err ask_text(struct documents *d, struct ctx *cx, struct span bytes,
                         struct tool_result *result, struct span *ret)
{
	struct bundle *bundle = arena_alloc(cx->arena, sizeof(*bundle));
	struct sb sb = sb_new(cx->arena, bytes.len + REQUEST_BYTES);
	struct pdf_limits limits;
	const struct span *text;

	pdf_limits_of(cx, &limits);
	schema_encode(&sb, &pdf_limits_schema, &limits);
	sb_addc(&sb, '\n');
	sb_addn(&sb, bytes.data, bytes.len);
	TRY(indexing_child(cx, d->run, "pdf", (struct span){ sb.data, sb.len }, result));
	if (bundle_read(cx, result->output, bundle) != ERR_OK ||
	    (text = bundle_find(bundle, "text")) == NULL ||
	    utf8_valid(text->data, text->len) != text->len ||
	    memchr(text->data, '\0', text->len) != NULL)
		return err_set(cx, ERR_INTERNAL, "the reader of PDFs gave an answer that is none");
	*ret = (struct span){ arena_strndup(cx->arena, text->data, text->len), text->len };
	return ERR_OK;
}

/* What tells of the PDF, and would be so again. */
static bool tells_of_document(enum err e)
{
	return e == ERR_INVALID || e == ERR_TOO_LARGE || e == ERR_LIMIT || e == ERR_TIMEOUT ||
	       e == ERR_STATE || e == ERR_CHILD_KILLED || e == ERR_OUT_OF_MEMORY;
}

static enum err give_up(struct documents *d, struct ctx *cx, int64_t id)
{
	const struct fault why = cx->fault;
	CLEANUP(db_end) struct db_tx tx = { 0 };

	err_clear(cx);
	TRY(segment_tx(cx, d->run, &tx));
	TRY(document_failed(cx, id, &why));
	return db_commit(&tx);
}

static enum err keep_text(struct documents *d, struct ctx *cx, int64_t id, struct span text)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t pages = 1;

	for (size_t i = 0; i < text.len; i++)
		pages += text.data[i] == '\f';
	TRY(segment_tx(cx, d->run, &tx));
	TRY(document_extracted(cx, id, text, pages));
	return db_commit(&tx);
}

/* @ret_failed it cannot be read, which is kept */
static enum err read_pdf(struct documents *d, struct ctx *cx,
                         const struct document_content *document, struct chunk_list *ret,
                         bool *ret_failed)
{
	CLEANUP(tool_end) struct tool_result result = { 0 };
	struct span text = SPAN("");
	enum err e = ask_text(d, cx, bytes_of(cx, document), &result, &text);

	*ret_failed = tells_of_document(e);
	if (*ret_failed)
		return give_up(d, cx, document->id);
	TRY(e);
	TRY(keep_text(d, cx, document->id, text));
	chunk_pages(cx->arena, text, ret);
	return ERR_OK;
}

/* --- All --- */

static enum err cut_document(struct documents *d, struct ctx *cx,
                             const struct document_content *document, bool *ret_failed)
{
	bool markdown = strcmp(document->media_type, "text/markdown") == 0;
	bool pdf = strcmp(document->media_type, DOCUMENT_PDF) == 0;
	struct sb rows = sb_new(cx->arena, CUT_OUTPUT_BYTES);
	struct chunk_list chunks;
	struct segment_file file = { .path = document->name,
		                     .oid = document->hash,
		                     .language = markdown ? "Markdown"
		                                 : pdf    ? "PDF"
		                                          : "Text",
		                     .source = "document",
		                     .document_id = document->id };
	const char *text;

	*ret_failed = false;
	if (pdf)
		TRY(read_pdf(d, cx, document, &chunks, ret_failed));
	else
		chunk_prose(cx->arena, markdown ? LANG_MARKDOWN : LANG_TEXT, bytes_of(cx, document),
		            &chunks);
	if (*ret_failed)
		return ERR_OK;
	file.chunks = (int64_t)cut_rows(&rows, &chunks);
	TRY(sb_finish(cx, &rows, &text));
	file.rows = (struct span){ text, rows.len };
	d->segment.cx = cx;
	return segment_put(&d->segment, &file, 1);
}

/* @ret false: there is no other */
static enum err next_document(struct documents *d, struct ctx *cx, bool *ret)
{
	struct document_content document;
	bool failed;
	enum err e = document_next(cx, d->after, &document);

	*ret = e == ERR_OK;
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	TRY(cut_document(d, cx, &document, &failed));
	d->after = document.id;
	if (failed)
		return ERR_OK;
	sb_int_after(&d->ids, d->n++ == 0 ? '{' : ',', document.id);
	return ERR_OK;
}

/* Each in memory of its own. */
static enum err cut_documents(struct documents *d)
{
	CLEANUP(arena_free_ptr) struct arena *scratch = arena_new(SCRATCH_BYTES);
	struct ctx own = *d->cx;
	bool more = true;
	enum err e = ERR_OK;

	own.arena = scratch;
	while (more && e == ERR_OK) {
		arena_reset(scratch);
		e = next_document(d, &own, &more);
	}
	d->segment.cx = d->cx;
	return e == ERR_OK ? e : indexing_fault(d->cx, &own, e);
}

static enum err finish(struct documents *d)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const char *ids;

	TRY(segment_tx(d->cx, d->run, &tx));
	if (d->n > 0) {
		sb_addc(&d->ids, '}');
		TRY(sb_finish(d->cx, &d->ids, &ids));
		TRY(document_ready(d->cx, ids));
	}
	TRY(document_gone(d->cx));
	TRY(segment_count(d->cx, 0));
	TRY(embedding_ask(d->cx, 0));
	TRY(run_complete(d->cx, d->run, NULL));
	return db_commit(&tx);
}

static enum err index_documents(struct documents *d)
{
	TRY(segment_sweep(d->cx, 0));
	run_step(d->cx, d->run, 0, "cutting documents");
	TRY(cut_documents(d));
	TRY(segment_publish(&d->segment));
	TRY(segment_join(d->cx, d->run, 0));
	TRY(finish(d));
	if (segment_sweep(d->cx, 0) != ERR_OK)
		err_clear(d->cx); /* the next job sweeps again */
	return ERR_OK;
}

enum err indexing_documents(struct ctx *cx, struct job_run *run)
{
	struct documents d = { .cx = cx, .run = run, .ids = sb_new(cx->arena, IDS_BYTES) };
	enum err e;

	segment_begin(&d.segment, cx, run, 0);
	e = index_documents(&d);
	segment_end(&d.segment);
	return e;
}
