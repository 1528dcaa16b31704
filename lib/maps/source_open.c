/* Source, in the sandboxed child: from a path to a blob's text. */
#include "base/sb.h"
#include "base/utf8.h"
#include "maps/scan.h"
#include "maps/source.h"
#include "maps/text.h"

#include <stdio.h>
#include <string.h>

#define ABOUT_BYTES 1024

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A path as maps show it, with its \xNN made bytes. */
static struct span path_bytes(struct arena *arena, const char *path)
{
	char *bytes = arena_strdup(arena, path);
	size_t n = 0;

	for (const char *p = path; *p != '\0'; n++) {
		if (p[0] == '\\' && p[1] == 'x' && hex(p[2]) >= 0 && hex(p[3]) >= 0) {
			bytes[n] = (char)(hex(p[2]) << 4 | hex(p[3]));
			p += 4;
		} else {
			bytes[n] = *p++;
		}
	}
	return (struct span){ bytes, n };
}

/* The path as it stands; then as maps show what is no text. */
enum err source_find(struct ctx *cx, struct scan *scan, const char *commit, const char *text,
                     struct map_file *ret)
{
	struct span path = { text, strlen(text) };
	enum err e = scan_find(cx, scan, commit, path, ret);

	if (e != ERR_NOT_FOUND || strstr(text, "\\x") == NULL)
		return e;
	err_clear(cx);
	return scan_find(cx, scan, commit, path_bytes(cx->arena, text), ret);
}

static const char *oid_text(struct arena *arena, const unsigned char *oid)
{
	char *text = arena_alloc(arena, MAP_OID_BYTES * 2 + 1);

	for (int i = 0; i < MAP_OID_BYTES; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", oid[i]);
	return text;
}

/* Its text, when it is a PDF that can be read. */
static bool judge_pdf(struct ctx *cx, struct pdf *pdf, struct span blob, struct source_about *about,
                      struct span *ret_text)
{
	if (pdf == NULL || scan_is_lfs_pointer(blob) ||
	    pdf_read(pdf, cx->arena, blob, ret_text) != PDF_OK)
		return false;
	about->kind = "pdf";
	about->encoding = "utf-8";
	return true;
}

/* What kind of thing the blob is; its text in UTF-8 when it is one. */
static void judge(struct ctx *cx, const struct map_file *file, struct span blob,
                  struct source_about *about, struct span *ret_text)
{
	about->kind = "text";
	if (file->skip != SKIP_NONE) {
		about->kind = skip_reason_name(file->skip);
	} else if (scan_is_lfs_pointer(blob)) {
		about->kind = "lfs";
	} else if (text_is_utf16(blob)) {
		about->encoding = "utf-16";
	} else if (lang_is_binary(blob) || memchr(blob.data, '\0', blob.len) != NULL) {
		about->kind = "binary";
	} else {
		about->encoding = utf8_valid(blob.data, blob.len) == blob.len ? "utf-8" : "latin-1";
	}
	if (about->encoding != NULL)
		*ret_text = text_to_utf8(cx->arena, blob);
	else if (file->skip == SKIP_SYMLINK && memchr(blob.data, '\0', blob.len) == NULL)
		*ret_text = text_to_utf8(cx->arena, blob);
}

struct opened {
	struct scan *scan;
	const struct source_request *in;
	struct pdf *pdf;
	size_t left; /* bytes of text that may still be given */
	struct bundle *ret;
};

/* The parts of one file. */
static enum err add_file(struct ctx *cx, struct opened *o, size_t place)
{
	const struct source_request *in = o->in;
	const char *path = ((const char *const *)in->paths.items)[place];
	struct pdf *pdf = pdf_is_path((struct span){ path, strlen(path) }) ? o->pdf : NULL;
	const int64_t most = pdf != NULL && in->pdf->max_bytes > in->max_blob_bytes
	                             ? in->pdf->max_bytes
	                             : in->max_blob_bytes;
	const struct scan_limits limits = { .max_blob_bytes = (uint64_t)most };
	struct sb sb = sb_new(cx->arena, ABOUT_BYTES);
	struct source_about about = { 0 };
	struct span text = SPAN("");
	struct map_file file = { 0 };
	struct scan_blob blob;

	TRY(source_find(cx, o->scan, in->commit, path, &file));
	scan_entry(o->scan, &limits, &file, &blob);
	if (file.skip == SKIP_MISSING || file.skip == SKIP_CORRUPT)
		return err_set(cx, ERR_REPO_BROKEN, "the object of \"%.200s\" cannot be read",
		               path);
	if (file.skip != SKIP_NONE || !judge_pdf(cx, pdf, blob.text, &about, &text))
		judge(cx, &file, blob.text, &about, &text);
	about.oid = oid_text(cx->arena, file.oid);
	about.bytes = (int64_t)file.bytes;
	schema_encode(&sb, &source_about_schema, &about);
	if (sb.failed)
		return err_set(cx, ERR_INTERNAL, "the answer does not fit");
	if (text.len <= o->left) {
		o->left -= text.len;
		bundle_add(o->ret, arena_printf(cx->arena, "about_%zu", place),
		           (struct span){ sb.data, sb.len });
		bundle_add(
			o->ret, arena_printf(cx->arena, "text_%zu", place),
			(struct span){ arena_strndup(cx->arena, text.data, text.len), text.len });
	}
	scan_blob_free(&blob);
	return ERR_OK;
}

enum err source_open(struct ctx *cx, const struct source_request *in, struct pdf *pdf,
                     struct bundle *ret)
{
	CLEANUP(scan_close_ptr) struct scan *scan = NULL;
	struct opened o = { .in = in, .pdf = pdf, .ret = ret };

	o.left = SOURCE_GROWTH * (size_t)in->max_blob_bytes + (pdf != NULL ? PDF_TEXT_BYTES : 0);
	TRY(scan_open(cx, in->directory, &scan));
	o.scan = scan;
	for (size_t i = 0; i < in->paths.n; i++) {
		enum err e = add_file(cx, &o, i);

		if (in->paths.n == 1 || (e != ERR_NOT_FOUND && e != ERR_REPO_BROKEN))
			TRY(e);
		err_clear(cx);
	}
	return ERR_OK;
}
