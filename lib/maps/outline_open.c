/* Outline, in the sandboxed child: from a path to the definitions of its blob. */
#include "base/sb.h"
#include "base/utf8.h"
#include "maps/ctags.h"
#include "maps/outline.h"
#include "maps/scan.h"
#include "maps/source.h"
#include "maps/text.h"

#include <string.h>

#define ANSWER_BYTES ((size_t)12 << 20)

/* Cut between characters. */
static const char *shortened(struct arena *arena, const char *text, size_t most)
{
	size_t n = strlen(text), used = 0;

	if (n <= most)
		return text;
	while (used < most) {
		size_t len = utf8_char(text + used, n - used);

		used += len != 0 ? len : 1;
	}
	return arena_printf(arena, "%.*s\xe2\x80\xa6", (int)used, text);
}

static bool is_text(const struct map_file *file, struct span blob)
{
	if (file->skip != SKIP_NONE || scan_is_lfs_pointer(blob))
		return false;
	return text_is_utf16(blob) ||
	       (!lang_is_binary(blob) && memchr(blob.data, '\0', blob.len) == NULL);
}

static void read_facts(struct ctx *cx, const struct map_file *file, struct span blob,
                       struct ctags *ctags, struct facts *ret)
{
	struct span text;
	enum lang lang;

	if (!is_text(file, blob))
		return;
	text = text_to_utf8(cx->arena, blob);
	lang = lang_detect(file->path, text);
	if (lang == LANG_NONE)
		return;
	facts_read(cx->arena, lang, text, ret);
	if (ctags_reads(lang) && text.len > 0)
		ctags_read(ctags, cx->arena, file->path, text, ret);
}

static enum err tell(struct ctx *cx, const struct facts *facts, struct bundle *ret)
{
	size_t n = facts->ndefs < OUTLINE_MAX ? facts->ndefs : OUTLINE_MAX;
	struct outline_item *items = arena_array(cx->arena, n, sizeof(*items));
	const struct outline found = {
		.commit = "",
		.path = "",
		.complete = !facts->truncated && facts->ndefs <= OUTLINE_MAX,
		.items = { items, n },
	};
	struct sb sb = sb_new(cx->arena, ANSWER_BYTES);

	for (size_t i = 0; i < n; i++) {
		const struct fact_def *d = &facts->defs[i];

		items[i] = (struct outline_item){
			.name = shortened(cx->arena, d->name, OUTLINE_NAME_MAX),
			.kind = def_kind_name((enum def_kind)d->kind),
			.parent = shortened(cx->arena, d->parent, OUTLINE_NAME_MAX),
			.signature = shortened(cx->arena, d->signature, 2 * OUTLINE_NAME_MAX),
			.line = d->line,
			.last_line = d->end_line,
		};
	}
	schema_encode(&sb, &outline_schema, &found);
	if (sb.failed)
		return err_set(cx, ERR_INTERNAL, "the answer does not fit");
	bundle_add(ret, "outline", (struct span){ sb.data, sb.len });
	return ERR_OK;
}

enum err outline_open(struct ctx *cx, const struct outline_request *in, struct ctags *ctags,
                      struct bundle *ret)
{
	const struct scan_limits limits = { .max_blob_bytes = (uint64_t)in->max_blob_bytes };
	CLEANUP(scan_close_ptr) struct scan *scan = NULL;
	struct map_file file = { 0 };
	struct facts facts = { 0 };
	struct scan_blob blob;
	enum err e;

	TRY(scan_open(cx, in->directory, &scan));
	TRY(source_find(cx, scan, in->commit, in->path, &file));
	scan_entry(scan, &limits, &file, &blob);
	if (file.skip == SKIP_MISSING || file.skip == SKIP_CORRUPT)
		return err_set(cx, ERR_REPO_BROKEN, "the object of \"%.200s\" cannot be read",
		               in->path);
	read_facts(cx, &file, blob.text, ctags, &facts);
	e = tell(cx, &facts, ret);
	scan_blob_free(&blob); /* the facts may borrow from it */
	return e;
}
