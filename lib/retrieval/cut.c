/* Cutting, in the sandboxed child: from blobs to rows of chunks. */
#include "retrieval/cut.h"

#include "base/sb.h"
#include "maps/scan.h"
#include "maps/subjects.h"
#include "maps/text.h"
#include "retrieval/chunk.h"

#include <string.h>

#define SCRATCH_BYTES ((size_t)192 << 20) /* of one file's facts and chunks */
#define HEAD_BYTES    ((size_t)64 << 10)  /* that tell the language */
#define DATA_BYTES    ((size_t)64 << 10)  /* configuration and data above it are not searched */
#define OID_DIGITS    40

static const struct field FILE_FIELDS[] = {
	F_TEXT(struct cut_file, oid, .required = true, .min = OID_DIGITS, .max = OID_DIGITS),
	F_TEXT(struct cut_file, path, .required = true, .max = (int64_t)4 * MAP_PATH_MAX),
};
static const struct schema FILE_SCHEMA = SCHEMA(struct cut_file, "CutFile", FILE_FIELDS);

static const struct field REQUEST_FIELDS[] = {
	F_TEXT(struct cut_request, directory, .required = true),
	F_INT(struct cut_request, max_blob_bytes, .required = true),
	F_OBJ(struct cut_request, pdf, .required = true, .of = &pdf_limits_schema),
	F_LIST(struct cut_request, files, .required = true, .max = CUT_FILES_MAX,
	       .of = &FILE_SCHEMA),
};
const struct schema cut_request_schema = SCHEMA(struct cut_request, "CutRequest", REQUEST_FIELDS);

static const struct field SUBJECTS_FIELDS[] = {
	F_TEXT(struct subjects_request, directory, .required = true),
	F_TEXT(struct subjects_request, commit, .required = true, .min = 40, .max = 64),
	F_INT(struct subjects_request, max_commits, .required = true),
};
const struct schema subjects_request_schema =
	SCHEMA(struct subjects_request, "SubjectsRequest", SUBJECTS_FIELDS);

struct cutting {
	struct scan *scan;
	struct arena *scratch;
	const struct cut_request *in;
	struct pdf *pdf;
	struct sb files, chunks;
};

static bool read_oid(const char *hex, unsigned char *ret)
{
	static const char DIGITS[] = "0123456789abcdef";

	for (size_t i = 0; i < MAP_OID_BYTES; i++) {
		const char *high = memchr(DIGITS, hex[2 * i], 16);
		const char *low = memchr(DIGITS, hex[2 * i + 1], 16);

		if (high == NULL || low == NULL)
			return false;
		ret[i] = (unsigned char)((high - DIGITS) << 4 | (low - DIGITS));
	}
	return true;
}

/* The text in which nothing can be taken for the end of a column or row. */
static void add_text(struct sb *sb, struct span text)
{
	size_t from = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c >= ' ' && c != 0x7f)
			continue;
		sb_addn(sb, text.data + from, i - from);
		from = i + 1;
		if (c == '\r' && i + 1 < text.len && text.data[i + 1] == '\n')
			continue;
		sb_addc(sb, c == '\n' ? CUT_LINE : c == '\t' ? CUT_TAB : ' ');
	}
	sb_addn(sb, text.data + from, text.len - from);
}

static void add_names(struct sb *sb, const char *const *names, size_t n)
{
	sb_addc(sb, '\t');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			sb_addc(sb, CUT_SYMBOL);
		add_text(sb, (struct span){ names[i], strlen(names[i]) });
	}
}

size_t cut_rows(struct sb *sb, const struct chunk_list *chunks)
{
	for (size_t i = 0; i < chunks->n; i++) {
		const struct chunk *chunk = &chunks->items[i];

		sb_int(sb, chunk->start);
		sb_int_after(sb, '\t', chunk->end);
		sb_int_after(sb, '\t', chunk->page);
		sb_addc(sb, '\t');
		sb_add(sb, chunk->kind);
		add_names(sb, chunk->symbols, chunk->nsymbols);
		add_names(sb, chunk->around, chunk->naround);
		sb_addc(sb, '\t');
		add_text(sb, chunk->text);
		sb_addc(sb, '\n');
	}
	return chunks->n;
}

static bool is_prose(enum lang lang, enum role_of_file role)
{
	return lang == LANG_MARKDOWN || lang == LANG_RST || lang == LANG_ASCIIDOC ||
	       lang == LANG_TEX || lang == LANG_TEXT || (lang == LANG_NONE && role == FILE_DOC);
}

/* @ret "code", "doc", or "" for what is not searched */
static const char *source_of(enum lang lang, enum role_of_file role, struct span text)
{
	if (role == FILE_GENERATED || role == FILE_VENDORED)
		return "";
	if (is_prose(lang, role))
		return "doc";
	if (lang == LANG_NONE)
		return "";
	return lang_is_code(lang) || text.len <= DATA_BYTES ? "code" : "";
}

static const char *cut_text(struct cutting *c, enum lang lang, enum role_of_file role,
                            struct span text, size_t *ret_n)
{
	const char *source = source_of(lang, role, text);
	struct chunk_list chunks;
	struct facts facts;

	*ret_n = 0;
	if (source[0] == '\0')
		return source;
	if (strcmp(source, "doc") == 0) {
		chunk_prose(c->scratch, lang, text, &chunks);
	} else {
		facts_read(c->scratch, lang, text, &facts);
		chunk_code(c->scratch, text, &facts, &chunks);
	}
	*ret_n = cut_rows(&c->chunks, &chunks);
	return source;
}

bool cut_needs_pdf(const struct cut_request *in)
{
	const struct cut_file *files = in->files.items;

	for (size_t i = 0; i < in->files.n && in->pdf->max_bytes > 0; i++)
		if (pdf_is_path((struct span){ files[i].path, strlen(files[i].path) }))
			return true;
	return false;
}

/* One that cannot be read has no chunks, as what is binary. */
static const char *cut_pdf(struct cutting *c, struct span path, struct span blob, size_t *ret_n)
{
	enum role_of_file role = lang_file_role(path, LANG_NONE, SPAN(""));
	struct chunk_list chunks;
	struct span text;

	if (role == FILE_GENERATED || role == FILE_VENDORED ||
	    pdf_read(c->pdf, c->scratch, blob, &text) != PDF_OK)
		return "";
	chunk_pages(c->scratch, text, &chunks);
	*ret_n = cut_rows(&c->chunks, &chunks);
	return "doc";
}

static uint64_t most_bytes(const struct cutting *c, bool is_pdf)
{
	return (uint64_t)(is_pdf && c->pdf != NULL ? c->in->pdf->max_bytes : c->in->max_blob_bytes);
}

static void cut_file(struct cutting *c, const struct cut_file *file)
{
	struct span path = { file->path, strlen(file->path) };
	unsigned char oid[MAP_OID_BYTES];
	struct scan_blob blob = { 0 };
	const char *source = "";
	enum lang lang = LANG_NONE;
	bool is_pdf = pdf_is_path(path);
	size_t n = 0;

	arena_reset(c->scratch);
	if (read_oid(file->oid, oid) &&
	    scan_object(c->scan, oid, SCAN_BLOB, most_bytes(c, is_pdf), &blob) == SKIP_NONE) {
		if (is_pdf && !scan_is_lfs_pointer(blob.text)) {
			source = cut_pdf(c, path, blob.text, &n);
		} else if (!scan_is_lfs_pointer(blob.text) &&
		           (text_is_utf16(blob.text) ||
		            memchr(blob.text.data, '\0', blob.text.len) == NULL)) {
			struct span text = text_to_utf8(c->scratch, blob.text), head = text;

			if (head.len > HEAD_BYTES)
				head.len = HEAD_BYTES;
			lang = lang_detect(path, head);
			source = cut_text(c, lang, lang_file_role(path, lang, head), text, &n);
		}
		scan_blob_free(&blob);
	}
	sb_add(&c->files, is_pdf && n > 0 ? "PDF" : lang_name(lang));
	sb_addc(&c->files, '\t');
	sb_add(&c->files, source);
	sb_int_after(&c->files, '\t', (int64_t)n);
	sb_addc(&c->files, '\n');
}

enum err cut_files(struct ctx *cx, const struct cut_request *in, struct pdf *pdf,
                   struct bundle *ret)
{
	CLEANUP(arena_free_ptr) struct arena *scratch = arena_new(SCRATCH_BYTES);
	CLEANUP(scan_close_ptr) struct scan *scan = NULL;
	struct cutting c = { .scratch = scratch, .in = in, .pdf = pdf };
	const struct cut_file *files = in->files.items;
	const char *text;

	TRY(scan_open(cx, in->directory, &scan));
	c.scan = scan;
	c.files = sb_new(cx->arena, CUT_OUTPUT_BYTES);
	c.chunks = sb_new(cx->arena, CUT_OUTPUT_BYTES);
	for (size_t i = 0; i < in->files.n; i++)
		cut_file(&c, &files[i]);
	if (scan_out_of_memory(scan))
		return err_set(cx, ERR_OUT_OF_MEMORY,
		               "an object of this repository needs more memory than there is");
	TRY(sb_finish(cx, &c.files, &text));
	bundle_add(ret, "files", (struct span){ text, c.files.len });
	TRY(sb_finish(cx, &c.chunks, &text));
	bundle_add(ret, "chunks", (struct span){ text, c.chunks.len });
	return ERR_OK;
}

enum err cut_subjects(struct ctx *cx, const struct subjects_request *in, struct bundle *ret)
{
	CLEANUP(scan_close_ptr) struct scan *scan = NULL;
	struct sb sb = sb_new(cx->arena, CUT_OUTPUT_BYTES);
	const char *text;

	TRY(scan_open(cx, in->directory, &scan));
	TRY(subjects_read(cx, scan, in->commit, in->max_commits, &sb));
	TRY(sb_finish(cx, &sb, &text));
	bundle_add(ret, "subjects", (struct span){ text, sb.len });
	return ERR_OK;
}
