/* Content: the order of members, the words for writing them, what is left out for size. */
#include "maps/content_parts.h"

#include "maps/text.h"

#include <stdlib.h>
#include <string.h>

#define TAIL_BYTES ((size_t)1 << 20) /* kept free for what follows the droppable tables */

static bool is_first(const struct content *c)
{
	char last = c->sb.len > 0 ? c->sb.data[c->sb.len - 1] : '{';

	return last == '{' || last == '[' || last == ':';
}

static void comma(struct content *c)
{
	if (!is_first(c))
		sb_addc(&c->sb, ',');
}

void content_key(struct content *c, const char *name)
{
	comma(c);
	sb_addc(&c->sb, '"');
	sb_add(&c->sb, name);
	sb_add(&c->sb, "\":");
}

void content_open(struct content *c, const char *name, char bracket)
{
	if (name != NULL)
		content_key(c, name);
	else
		comma(c);
	sb_addc(&c->sb, bracket);
}

void content_close(struct content *c, char bracket)
{
	sb_addc(&c->sb, bracket);
}

void content_number(struct content *c, int64_t n)
{
	if (is_first(c))
		sb_int(&c->sb, n);
	else
		sb_int_after(&c->sb, ',', n);
}

void content_row_end(struct content *c)
{
	if (c->sb.len > 0 && c->sb.data[c->sb.len - 1] == ',')
		sb_truncate(&c->sb, c->sb.len - 1);
}

void content_text(struct content *c, const char *text)
{
	comma(c);
	sb_json(&c->sb, text);
}

void content_null(struct content *c)
{
	comma(c);
	sb_add(&c->sb, "null");
}

static int by_code(const void *a, const void *b)
{
	const struct content_language *x = a, *y = b;

	if (x->code != y->code)
		return x->code > y->code ? -1 : 1;
	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return strcmp(lang_name(x->lang), lang_name(y->lang));
}

static void count_languages(struct content *c)
{
	struct content_language by_lang[LANG_COUNT] = { { 0 } };

	for (size_t i = 0; i < c->in->tree->nfiles; i++) {
		const struct map_file *file = &c->in->tree->files[i];
		struct content_language *l = &by_lang[file->facts.lang];

		c->counts->analysed += file->skip == SKIP_NONE;
		if (file->facts.lang == LANG_NONE)
			continue;
		l->lang = file->facts.lang;
		l->files++;
		l->code += file->facts.code;
		l->comment += file->facts.comment;
		l->blank += file->facts.blank;
		l->bytes += file->bytes;
		c->counts->code += file->facts.code;
		c->counts->defs += file->facts.ndefs;
	}
	c->lang_index[LANG_NONE] = -1;
	for (int i = LANG_NONE + 1; i < LANG_COUNT; i++)
		if (by_lang[i].files > 0)
			c->languages[c->nlanguages++] = by_lang[i];
	if (c->nlanguages > 1)
		qsort(c->languages, c->nlanguages, sizeof(c->languages[0]), by_code);
	for (size_t i = 0; i < c->nlanguages; i++)
		c->lang_index[c->languages[i].lang] = (int)i;
}

void content_count(struct content *c, const char *name, int64_t n)
{
	content_key(c, name);
	sb_int(&c->sb, n);
}

void content_flag(struct content *c, const char *name, bool flag)
{
	content_key(c, name);
	sb_add(&c->sb, flag ? "true" : "false");
}

const char *content_shown(struct content *c, struct span path)
{
	const char *shown = text_display(c->arena, path);

	return shown != NULL ? shown : arena_strndup(c->arena, path.data, path.len);
}

void content_show_paths(struct content *c)
{
	size_t n = c->in->tree->nfiles;

	c->shown = arena_array(c->arena, n, sizeof(char *));
	for (size_t i = 0; i < n; i++) {
		struct span path = c->in->tree->files[i].path;
		const char *shown = text_display(c->arena, path);

		c->shown[i] = shown != NULL ? shown : path.data;
	}
}

static void write_meta(struct content *c)
{
	const struct content_in *in = c->in;

	content_open(c, "meta", '{');
	content_key(c, "schema");
	sb_int(&c->sb, CONTENT_SCHEMA);
	content_key(c, "analyser");
	sb_json(&c->sb, in->analyser);
	content_key(c, "commit");
	sb_json(&c->sb, in->commit);
	content_key(c, "ref");
	if (in->ref != NULL)
		sb_json(&c->sb, in->ref);
	else
		sb_add(&c->sb, "null");
	content_key(c, "empty");
	sb_add(&c->sb, in->empty ? "true" : "false");
	content_open(c, "limits", '{');
	content_key(c, "max_blob_bytes");
	sb_int(&c->sb, (int64_t)in->limits.max_blob_bytes);
	content_key(c, "max_files");
	sb_int(&c->sb, (int64_t)in->limits.max_files);
	content_key(c, "max_depth");
	sb_int(&c->sb, (int64_t)in->limits.max_depth);
	content_key(c, "max_output_bytes");
	sb_int(&c->sb, (int64_t)in->max_output_bytes);
	content_close(c, '}');
	content_close(c, '}');
}

static void write_legend(struct content *c)
{
	content_open(c, "legend", '{');
	content_open(c, "roles", '[');
	content_text(c, "");
	for (int i = FILE_SOURCE; i <= FILE_CONFIG; i++)
		content_text(c, lang_role_name((enum role_of_file)i));
	content_close(c, ']');
	content_open(c, "skips", '[');
	for (int i = 0; i < SKIP_COUNT; i++)
		content_text(c, skip_reason_name((enum skip_reason)i));
	content_close(c, ']');
	content_open(c, "import_kinds", '[');
	content_text(c, "same_package");
	for (int i = IMPORT_NONE + 1; i < IMPORT_KIND_COUNT; i++)
		content_text(c, import_kind_name((enum import_kind)i));
	content_close(c, ']');
	content_open(c, "rules", '[');
	for (int i = 0; i < RULE_COUNT; i++)
		content_text(c, resolve_rule_name((enum resolve_rule)i));
	content_close(c, ']');
	content_open(c, "reasons", '[');
	for (int i = 0; i < MISS_COUNT; i++)
		content_text(c, resolve_miss_name((enum miss_reason)i));
	content_close(c, ']');
	content_open(c, "def_kinds", '[');
	content_text(c, "");
	for (int i = DEF_NONE + 1; i < DEF_KIND_COUNT; i++)
		content_text(c, def_kind_name((enum def_kind)i));
	content_close(c, ']');
	content_close(c, '}');
}

static void write_languages(struct content *c)
{
	content_open(c, "languages", '[');
	for (size_t i = 0; i < c->nlanguages; i++) {
		const struct content_language *l = &c->languages[i];

		content_open(c, NULL, '{');
		content_key(c, "name");
		sb_json(&c->sb, lang_name(l->lang));
		content_key(c, "files");
		sb_int(&c->sb, (int64_t)l->files);
		content_key(c, "code");
		sb_int(&c->sb, (int64_t)l->code);
		content_key(c, "comment");
		sb_int(&c->sb, (int64_t)l->comment);
		content_key(c, "blank");
		sb_int(&c->sb, (int64_t)l->blank);
		content_key(c, "bytes");
		sb_int(&c->sb, (int64_t)l->bytes);
		content_close(c, '}');
	}
	content_close(c, ']');
}

static bool fits(const struct content *c)
{
	uint64_t max = c->in->max_output_bytes;
	uint64_t tail = TAIL_BYTES < max / 8 ? TAIL_BYTES : max / 8;

	return !c->sb.failed && c->sb.len + tail <= max;
}

/*
 * Write a table that may be left out.  Whether there is room for it is found out by writing it: to
 * measure all its texts before takes longer, and in nearly every repository there is.
 */
static void write_or_drop(struct content *c, void (*write)(struct content *), bool *drop)
{
	size_t before = c->sb.len;
	bool failed = c->sb.failed;

	write(c);
	if (failed || fits(c))
		return;
	c->sb.failed = false;
	sb_truncate(&c->sb, before);
	*drop = true;
}

static void write_unresolved(struct content *c)
{
	write_or_drop(c, content_unresolved, &c->drop_unresolved);
	if (c->drop_unresolved)
		content_unresolved(c);
}

static void write_defs(struct content *c)
{
	write_or_drop(c, content_defs, &c->drop_signatures);
	if (c->drop_signatures)
		write_or_drop(c, content_defs, &c->drop_defs);
	if (c->drop_defs)
		content_defs(c);
}

void content_begin(struct content *c, struct ctx *cx, struct arena *arena,
                   const struct content_in *in, struct content_counts *counts)
{
	c->cx = cx;
	c->arena = arena;
	c->in = in;
	c->counts = counts;
	count_languages(c);
}

enum err content_write(struct ctx *cx, struct arena *arena, const struct content_in *in,
                       struct span *ret_text, struct content_counts *ret_counts)
{
	struct content *c = arena_alloc(arena, sizeof(*c));
	const char *text;

	*ret_counts = (struct content_counts){
		.files = in->tree->nfiles,
		.imports = in->resolved->nedges,
		.unresolved = in->resolved->nmisses,
		.externals = in->resolved->nexternals,
		.cycles = in->graph->ncycles,
		.components = in->structure->ncomponents,
	};
	content_begin(c, cx, arena, in, ret_counts);
	content_show_paths(c);
	c->sb = sb_new(arena, in->max_output_bytes);
	sb_addc(&c->sb, '{');
	write_meta(c);
	write_legend(c);
	write_languages(c);
	content_files(c);
	content_dirs(c);
	content_components(c);
	content_imports(c);
	write_unresolved(c);
	content_externals(c);
	content_manifests(c);
	content_entries(c);
	content_graph(c);
	write_defs(c);
	content_coverage(c);
	content_tests(c);
	content_routes(c);
	content_env(c);
	content_licences(c);
	content_history(c);
	content_summary(c);
	sb_addc(&c->sb, '}');
	TRY(sb_finish(cx, &c->sb, &text));
	*ret_text = (struct span){ text, c->sb.len };
	return ERR_OK;
}
