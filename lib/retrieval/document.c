/* Documents: what may be stored. */
#include "retrieval/document.h"

#include "auth/allowance.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "config/config.h"
#include "retrieval/document_repo.h"
#include "retrieval/indexing.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#define PDF_HEAD 1024 /* bytes */

const char *const document_types[] = { "text/plain", "text/markdown", DOCUMENT_PDF, NULL };

static const struct field NEW_FIELDS[] = {
	F_TEXT(struct document_new, name, .required = true, .min = 1, .max = DOCUMENT_NAME_MAX,
	       .one_line = true, .check = schema_check_trimmed, .example = "\"handbook.md\"",
	       .doc = "Name, unique within the tenant"),
	F_TEXT(struct document_new, media_type, .nullable = true, .one_of = document_types,
	       .doc = "What it is; by the name's ending when not given"),
	F_TEXT(struct document_new, text, .nullable = true, .min = 1,
	       .example = "\"# Handbook\\n\\nDeploy on Mondays.\"",
	       .doc = "The text; this or content, which a PDF needs"),
	F_TEXT(struct document_new, content, .nullable = true, .min = 1,
	       .doc = "The file's bytes in base64; this or text"),
};
const struct schema document_new_schema = SCHEMA(struct document_new, "DocumentNew", NEW_FIELDS);

static const struct field FIELDS[] = {
	F_INT(struct document, id, .doc = "Number of the document"),
	F_TEXT(struct document, name, .doc = "Name"),
	F_TEXT(struct document, media_type, .doc = "What it is"),
	F_INT(struct document, bytes, .doc = "Its size"),
	F_TEXT(struct document, hash, .doc = "SHA-256 of its content"),
	F_TEXT(struct document, status, .doc = "pending, ready to be found, or failed"),
	F_TEXT(struct document, created_by, .doc = "Who added it"),
	F_TIME(struct document, created_us, .name = "created_at", .doc = "When"),
	F_INT(struct document, chunks, .doc = "Passages it is cut into"),
	F_INT(struct document, pages, .zero_is_null = true, .doc = "Pages of a PDF that was read"),
	F_TEXT(struct document, error_type, .nullable = true,
	       .doc = "Last part of the problem type, of one that failed"),
	F_TEXT(struct document, error_message, .nullable = true, .doc = "Why it failed"),
};
const struct schema document_schema = SCHEMA(struct document, "Document", FIELDS);

const struct event_kind document_created = {
	.type = "document.created",
	.version = 1,
	.payload = &document_schema,
	.audited = true,
	.doc = "A document was added to what is searched.",
};

const struct event_kind document_deleted = {
	.type = "document.deleted",
	.version = 1,
	.payload = &document_schema,
	.audited = true,
	.doc = "A document was taken away.",
};

static bool ends(const char *name, const char *with)
{
	size_t n = strlen(name), m = strlen(with);

	return n > m && strcasecmp(name + n - m, with) == 0;
}

static const char *type_of(const struct document_new *in)
{
	if (in->media_type != NULL)
		return in->media_type;
	if (ends(in->name, ".pdf"))
		return DOCUMENT_PDF;
	return ends(in->name, ".md") || ends(in->name, ".markdown") ? "text/markdown"
	                                                            : "text/plain";
}

static enum err decode(struct ctx *cx, const char *base64, struct span *ret)
{
	size_t n = strlen(base64), bytes;
	unsigned char *data = arena_alloc(cx->arena, n + 1);

	if (sodium_base642bin(data, n, base64, n, "\r\n", &bytes, NULL,
	                      sodium_base64_VARIANT_ORIGINAL) != 0)
		return err_field(cx, ERR_INVALID, "/content", "base64", "is no base64");
	*ret = (struct span){ (const char *)data, bytes };
	return ERR_OK;
}

/* Readers look for the mark in the first kilobyte.  @head at least so much, if there is  @where it was sent */
static enum err check_pdf(struct ctx *cx, struct span head, int64_t bytes, const char *where)
{
	const int64_t max = cx->app->config->pdf_max_bytes;

	if (bytes > max) {
		err_field(cx, ERR_INVALID, where, "max_bytes",
		          "is a PDF of more than %" PRId64 " bytes", max);
		err_fix(cx, "raise the setting pdf_max_bytes");
		return ERR_INVALID;
	}
	if (memmem(head.data, head.len < PDF_HEAD ? head.len : PDF_HEAD, "%PDF-", 5) == NULL)
		return err_field(cx, ERR_INVALID, where, "pdf",
		                 "This is no PDF: its first %d bytes hold no \"%%PDF-\".",
		                 PDF_HEAD);
	return ERR_OK;
}

static enum err content_of(struct ctx *cx, const struct document_new *in, struct span *ret)
{
	if ((in->text == NULL) == (in->content == NULL))
		return err_field(cx, ERR_INVALID, "/text", "one_of",
		                 "is one of two: text, or content in base64");
	if (in->content == NULL)
		*ret = (struct span){ in->text, strlen(in->text) };
	else
		TRY(decode(cx, in->content, ret));
	if (strcmp(type_of(in), DOCUMENT_PDF) == 0 && in->content == NULL)
		return err_field(cx, ERR_INVALID, "/text", "base64",
		                 "is no PDF: send it as content");
	if (strcmp(type_of(in), DOCUMENT_PDF) == 0)
		return check_pdf(cx, *ret, (int64_t)ret->len, "/content");
	if (ret->len == 0 || utf8_valid(ret->data, ret->len) != ret->len ||
	    memchr(ret->data, '\0', ret->len) != NULL)
		return err_field(cx, ERR_INVALID, "/content", "utf8", "is no text in UTF-8");
	return ERR_OK;
}

static enum err check_room(struct ctx *cx, int64_t bytes)
{
	const struct allowance *all, *n, *storage;
	struct list list;

	TRY(allowance_read(cx, &list));
	all = list.items;
	n = &all[ALLOWANCE_DOCUMENTS];
	storage = &all[ALLOWANCE_STORAGE];
	if (n->used >= n->max)
		return allowance_reached(cx, ALLOWANCE_DOCUMENTS, n->used, n->max);
	if (storage->used + bytes > storage->max)
		return allowance_reached(cx, ALLOWANCE_STORAGE, storage->used, storage->max);
	return ERR_OK;
}

/* @content what it is; NULL: what the pieces of the upload hold */
static enum err store(struct ctx *cx, const struct document *document, const struct span *content,
                      const struct upload *upload, struct document *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct document made;
	int64_t job;
	enum err e;

	TRY(db_begin(cx, &tx));
	TRY(allowance_lock(cx)); /* others may add too, or a clone grow */
	TRY(check_room(cx, document->bytes));
	e = content != NULL ? document_repo_insert(cx, document, content->data, content->len, &made)
	                    : document_repo_take(cx, document, upload->id, &made);
	if (e == ERR_CONFLICT)
		return err_set(cx, e, "there is a document named \"%.200s\" already",
		               document->name);
	TRY(e);
	TRY(indexing_ask(cx, 0, &job));
	TRY(event_emit(cx, &document_created, 0, &made));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

enum err document_create(struct ctx *cx, const struct document_new *in, struct document *ret)
{
	struct document document = { .name = in->name, .media_type = type_of(in) };
	unsigned char hash[SECRET_HASH_BYTES];
	char hex[2 * SECRET_HASH_BYTES + 1];
	struct span content = SPAN("");

	TRY(content_of(cx, in, &content));
	secret_sha256(content.data, content.len, NULL, 0, hash);
	secret_hex(hash, sizeof(hash), hex);
	document.bytes = (int64_t)content.len;
	document.hash = hex;
	document.created_by = cx->who.actor;
	return store(cx, &document, &content, NULL, ret);
}

enum err document_take(struct ctx *cx, const char *name, const struct upload *upload,
                       struct document *ret)
{
	const struct document document = {
		.name = name,
		.media_type = upload->media_type,
		.bytes = upload->bytes,
		.hash = upload->hash,
		.created_by = cx->who.actor,
	};

	if (upload->bytes == 0)
		return err_field(cx, ERR_INVALID, "", "min_bytes", "is empty");
	if (strcmp(upload->media_type, DOCUMENT_PDF) == 0)
		TRY(check_pdf(cx, upload->head, upload->bytes, ""));
	else if (!upload->text)
		return err_field(cx, ERR_INVALID, "", "utf8", "is no text in UTF-8");
	return store(cx, &document, NULL, upload, ret);
}

/* --- Reading --- */

enum err document_read(struct ctx *cx, int64_t id, struct document_lines *lines)
{
	struct document_lines got = { 0 };
	size_t feeds;

	TRY(document_repo_read(cx, id, lines->from, lines->to, &got));
	got.from = lines->from;
	got.to = lines->to < got.lines ? lines->to : got.lines;
	if (got.text != NULL && got.from > got.lines)
		return err_field(cx, ERR_INVALID, "?from", "range",
		                 "The document has %" PRId64 " lines.", got.lines);
	if (got.text != NULL) {
		/* The page of a line may begin at its front. */
		feeds = strspn(got.text, "\f");
		got.text += feeds;
		got.page += got.page == 0 ? 0 : (int64_t)feeds;
	}
	*lines = got;
	return ERR_OK;
}

enum err document_delete(struct ctx *cx, int64_t id)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct document document;
	int64_t job;

	TRY(db_begin(cx, &tx));
	TRY(document_repo_delete(cx, id, &document));
	TRY(indexing_ask(cx, 0, &job));
	TRY(event_emit(cx, &document_deleted, 0, &document));
	return db_commit(&tx);
}
