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

static const char *const TYPES[] = { "text/plain", "text/markdown", DOCUMENT_PDF, NULL };

static const struct field NEW_FIELDS[] = {
	F_TEXT(struct document_new, name, .required = true, .min = 1, .max = DOCUMENT_NAME_MAX,
	       .one_line = true, .check = schema_check_trimmed, .example = "\"handbook.md\"",
	       .doc = "Name, unique within the tenant"),
	F_TEXT(struct document_new, media_type, .nullable = true, .one_of = TYPES,
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

/* Readers look for the mark in the first kilobyte. */
static enum err check_pdf(struct ctx *cx, const struct document_new *in, struct span content)
{
	const int64_t max = cx->app->config->pdf_max_bytes;

	if (in->content == NULL)
		return err_field(cx, ERR_INVALID, "/text", "base64",
		                 "is no PDF: send it as content");
	if ((int64_t)content.len > max) {
		err_field(cx, ERR_INVALID, "/content", "max_bytes",
		          "is a PDF of more than %" PRId64 " bytes", max);
		err_fix(cx, "raise the setting pdf_max_bytes");
		return ERR_INVALID;
	}
	if (memmem(content.data, content.len < PDF_HEAD ? content.len : PDF_HEAD, "%PDF-", 5) ==
	    NULL)
		return err_field(cx, ERR_INVALID, "/content", "pdf", "is no PDF");
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
	if (strcmp(type_of(in), DOCUMENT_PDF) == 0)
		return check_pdf(cx, in, *ret);
	if (ret->len == 0 || utf8_valid(ret->data, ret->len) != ret->len ||
	    memchr(ret->data, '\0', ret->len) != NULL)
		return err_field(cx, ERR_INVALID, "/content", "utf8", "is no text in UTF-8");
	return ERR_OK;
}

static enum err check_room(struct ctx *cx)
{
	int64_t n, max;

	TRY(allowance_max(cx, ALLOWANCE_DOCUMENTS, &max));
	TRY(document_repo_count(cx, &n));
	return n < max ? ERR_OK : allowance_reached(cx, ALLOWANCE_DOCUMENTS, n, max);
}

enum err document_create(struct ctx *cx, const struct document_new *in, struct document *ret)
{
	struct document document = { .name = in->name, .media_type = type_of(in) }, made;
	unsigned char hash[SECRET_HASH_BYTES];
	char hex[2 * SECRET_HASH_BYTES + 1];
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct span content = SPAN("");
	int64_t job;
	enum err e;

	TRY(content_of(cx, in, &content));
	secret_sha256(content.data, content.len, NULL, 0, hash);
	secret_hex(hash, sizeof(hash), hex);
	document.bytes = (int64_t)content.len;
	document.hash = hex;
	document.created_by = cx->who.actor;
	TRY(db_begin(cx, &tx));
	TRY(check_room(cx));
	e = document_repo_insert(cx, &document, content.data, content.len, &made);
	if (e == ERR_CONFLICT)
		return err_set(cx, e, "there is a document named \"%.200s\" already", in->name);
	TRY(e);
	TRY(indexing_ask(cx, 0, &job));
	TRY(event_emit(cx, &document_created, 0, &made));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

/* --- Reading --- */

static const char *line_end(const char *line)
{
	const char *feed = strchr(line, '\n');

	return feed != NULL ? feed + 1 : line + strlen(line);
}

/* Each form feed begins a page; that of a line's own page may stand at its front. */
static int64_t page_of(const char *text, const char *line)
{
	int64_t page = 1;

	for (; text < line; text++)
		page += *text == '\f';
	return page + (int64_t)strspn(line, "\f");
}

static enum err cut_lines(struct ctx *cx, struct document_lines *lines)
{
	const char *from = lines->text, *to;
	int64_t n = 1;

	for (; n < lines->from && *from != '\0'; n++)
		from = line_end(from);
	if (*from == '\0')
		return err_field(cx, ERR_INVALID, "?from", "range",
		                 "The document has %" PRId64 " lines.", n - 1);
	if (strcmp(lines->media_type, DOCUMENT_PDF) == 0)
		lines->page = page_of(lines->text, from);
	to = line_end(from);
	for (; n < lines->to && *to != '\0'; n++)
		to = line_end(to);
	lines->to = n;
	from += strspn(from, "\f");
	lines->text = arena_strndup(cx->arena, from, (size_t)(to - from));
	return ERR_OK;
}

enum err document_read(struct ctx *cx, int64_t id, struct document_lines *lines)
{
	struct document_lines got = { 0 };

	TRY(document_repo_read(cx, id, &got));
	got.from = lines->from;
	got.to = lines->to;
	if (got.text != NULL)
		TRY(cut_lines(cx, &got));
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
