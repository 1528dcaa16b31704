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

static enum err cut_document(struct documents *d, struct ctx *cx,
                             const struct document_content *document)
{
	bool markdown = strcmp(document->media_type, "text/markdown") == 0;
	struct sb rows = sb_new(cx->arena, CUT_OUTPUT_BYTES);
	struct chunk_list chunks;
	struct segment_file file = { .path = document->name,
		                     .oid = document->hash,
		                     .language = markdown ? "Markdown" : "Text",
		                     .source = "document",
		                     .document_id = document->id };
	const char *text;

	chunk_prose(cx->arena, markdown ? LANG_MARKDOWN : LANG_TEXT, bytes_of(cx, document),
	            &chunks);
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
	enum err e = document_next(cx, d->after, &document);

	*ret = e == ERR_OK;
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		return ERR_OK;
	}
	TRY(e);
	TRY(cut_document(d, cx, &document));
	d->after = document.id;
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
