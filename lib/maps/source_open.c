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
static enum err find(struct ctx *cx, struct scan *scan, const struct source_request *in,
                     struct map_file *ret)
{
	struct span path = { in->path, strlen(in->path) };
	enum err e = scan_find(cx, scan, in->commit, path, ret);

	if (e != ERR_NOT_FOUND || strstr(in->path, "\\x") == NULL)
		return e;
	err_clear(cx);
	return scan_find(cx, scan, in->commit, path_bytes(cx->arena, in->path), ret);
}

enum err source_find(struct ctx *cx, struct scan *scan, const char *commit, const char *path,
                     struct map_file *ret)
{
	const struct source_request in = { .commit = commit, .path = path };

	return find(cx, scan, &in, ret);
}

static const char *oid_text(struct arena *arena, const unsigned char *oid)
{
	char *text = arena_alloc(arena, MAP_OID_BYTES * 2 + 1);

	for (int i = 0; i < MAP_OID_BYTES; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", oid[i]);
	return text;
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

enum err source_open(struct ctx *cx, const struct source_request *in, struct bundle *ret)
{
	const struct scan_limits limits = { .max_blob_bytes = (uint64_t)in->max_blob_bytes };
	CLEANUP(scan_close_ptr) struct scan *scan = NULL;
	struct source_about about = { 0 };
	struct span text = SPAN("");
	struct map_file file = { 0 };
	struct scan_blob blob;
	struct sb sb = sb_new(cx->arena, ABOUT_BYTES);

	TRY(scan_open(cx, in->directory, &scan));
	TRY(find(cx, scan, in, &file));
	scan_entry(scan, &limits, &file, &blob);
	if (file.skip == SKIP_MISSING || file.skip == SKIP_CORRUPT)
		return err_set(cx, ERR_REPO_BROKEN, "the object of \"%.200s\" cannot be read",
		               in->path);
	judge(cx, &file, blob.text, &about, &text);
	about.oid = oid_text(cx->arena, file.oid);
	about.bytes = (int64_t)file.bytes;
	schema_encode(&sb, &source_about_schema, &about);
	if (sb.failed)
		return err_set(cx, ERR_INTERNAL, "the answer does not fit");
	bundle_add(ret, "about", (struct span){ sb.data, sb.len });
	bundle_add(ret, "text",
	           (struct span){ arena_strndup(cx->arena, text.data, text.len), text.len });
	scan_blob_free(&blob);
	return ERR_OK;
}
