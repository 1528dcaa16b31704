/* Tables: files and folders, edges both ways, and the order of all parts. */
#include "maps/tables_parts.h"
#include "maps/text.h"

#include <inttypes.h>
#include <string.h>

#define SCRATCH_MAX  (SIZE_MAX / 2) /* no ceiling of its own: the sandbox is the limit */
#define ROOT_MISSING "\\N"
#define RANKED_MAX   64 /* files whose places are found one by one */

/* A part that is sent has no business in memory when the next one is made. */
struct part tables_part(const struct tables *t)
{
	struct part part = { .own = t->bundle->sends ? arena_new(SCRATCH_MAX) : NULL };

	part.sb = sb_new(part.own != NULL ? part.own : t->arena, t->in->max_bytes);
	return part;
}

void tables_part_end(struct tables *t, const char *name, struct part *part)
{
	const struct sb *sb = &part->sb;

	if (sb->failed)
		t->incomplete = true;
	else
		bundle_add(t->bundle, name, (struct span){ sb->len > 0 ? sb->data : "", sb->len });
	arena_free(part->own);
}

void tables_number(struct sb *sb, int64_t n)
{
	sb_int_after(sb, '\t', n);
}

void tables_text(struct sb *sb, const char *text)
{
	sb_addc(sb, '\t');
	sb_add(sb, text);
}

/* --- Files --- */

static const char *shown(struct tables *t, struct span path)
{
	const char *text = text_display(t->scratch, path);

	return text != NULL ? text : arena_strndup(t->scratch, path.data, path.len);
}

static int64_t folder_entry(const struct tables *t, uint32_t dir)
{
	return (int64_t)dir - (int64_t)t->in->structure->ndirs;
}

/* The entry of the folder that a path is in; every folder that holds a file has one. */
static int64_t parent_of(const struct tables *t, const struct strmap *dirs, struct span path)
{
	const char *slash = path.len == 0 ? NULL : memrchr(path.data, '/', path.len);
	size_t len = slash == NULL ? 0 : (size_t)(slash - path.data);
	uint32_t dir = strmap_get(dirs, path.data, len);

	return folder_entry(t, dir == STRMAP_NONE ? 0 : dir);
}

static void write_oid(struct sb *sb, const unsigned char *oid)
{
	static const char DIGITS[] = "0123456789abcdef";

	sb_addc(sb, '\t');
	for (int i = 0; i < MAP_OID_BYTES; i++) {
		sb_addc(sb, DIGITS[oid[i] >> 4]);
		sb_addc(sb, DIGITS[oid[i] & 15]);
	}
}

/* @dirs_told NULL: all */
static void write_folders(struct tables *t, struct sb *sb, const struct strmap *dirs,
                          const bool *dirs_told)
{
	const struct structure *s = t->in->structure;

	for (uint32_t i = 0; i < s->ndirs; i++) {
		const struct structure_dir *dir = &s->dirs[i];

		if (dirs_told != NULL && !dirs_told[i])
			continue;
		sb_int(sb, folder_entry(t, i));
		if (dir->path.len == 0)
			tables_text(sb, ROOT_MISSING);
		else
			tables_number(sb, parent_of(t, dirs, dir->path));
		tables_text(sb, shown(t, dir->path));
		tables_number(sb, dir->files);
		sb_add(sb, "\t\t");
		tables_number(sb, (int64_t)dir->bytes);
		tables_number(sb, (int64_t)dir->code);
		sb_add(sb, "\t0\t0\t\t-1\n");
	}
}

static void write_file(struct tables *t, struct sb *sb, const struct strmap *dirs, uint32_t i)
{
	const struct map_file *file = &t->in->files[i];

	sb_int(sb, i);
	tables_number(sb, parent_of(t, dirs, file->path));
	tables_text(sb, t->paths[i].data);
	sb_add(sb, "\t1");
	tables_text(sb, lang_name(file->facts.lang));
	tables_text(sb, file->role == 0 ? "" : lang_role_name(file->role));
	tables_number(sb, (int64_t)file->bytes);
	tables_number(sb, file->facts.code);
	tables_number(sb, file->facts.comment);
	tables_number(sb, file->facts.blank);
	write_oid(sb, file->oid);
	tables_number(sb, t->paths[i].place);
	sb_addc(sb, '\n');
}

/* Of a patch: its files, and the folders that they are in. */
static void write_changed_files(struct tables *t, struct sb *sb, const struct strmap *dirs)
{
	bool *told = arena_array(t->scratch, t->in->structure->ndirs, sizeof(*told));
	struct part gone = tables_part(t);

	for (size_t i = 0; i < t->patch->nfiles; i++) {
		struct span path = t->in->files[t->patch->files[i].file].path;

		while (path.len > 0) {
			const char *slash = memrchr(path.data, '/', path.len);
			uint32_t dir;

			path.len = slash == NULL ? 0 : (size_t)(slash - path.data);
			dir = strmap_get(dirs, path.data, path.len);
			if (dir != STRMAP_NONE)
				told[dir] = true;
		}
	}
	for (uint32_t i = 0; i < t->in->structure->ndirs; i++)
		if (told[i])
			sb_addf(&gone.sb, "%" PRId64 "\n", folder_entry(t, i));
	write_folders(t, sb, dirs, told);
	for (size_t i = 0; i < t->patch->nfiles; i++) {
		uint32_t file = t->patch->files[i].file;

		sb_addf(&gone.sb, "%" PRIu32 "\n", file);
		write_file(t, sb, dirs, file);
	}
	tables_part_end(t, "gone_files", &gone);
}

static void write_files(struct tables *t)
{
	const struct tables_in *in = t->in;
	struct strmap dirs = strmap_new(t->scratch, in->structure->ndirs);
	struct part part = tables_part(t);

	for (uint32_t i = 0; i < in->structure->ndirs; i++)
		strmap_add(&dirs, in->structure->dirs[i].path.data, in->structure->dirs[i].path.len,
		           i);
	if (t->patch != NULL) {
		write_changed_files(t, &part.sb, &dirs);
	} else {
		write_folders(t, &part.sb, &dirs, NULL);
		for (uint32_t i = 0; i < in->nfiles; i++)
			write_file(t, &part.sb, &dirs, i);
	}
	tables_part_end(t, "files", &part);
}

/* Of few files the places are found without sorting all. */
static void take_paths(struct tables *t)
{
	const struct tables_in *in = t->in;
	size_t n = in->nfiles;

	t->paths = arena_array(t->scratch, n, sizeof(*t->paths));
	for (uint32_t i = 0; i < n; i++) {
		const char *text = text_display(t->scratch, in->files[i].path);

		t->paths[i] = tables_text_of(text != NULL ? text : in->files[i].path.data, i);
	}
	if (t->patch != NULL && t->patch->nfiles <= RANKED_MAX) {
		for (size_t i = 0; i < t->patch->nfiles; i++)
			tables_rank(t->paths, n, t->patch->files[i].file);
		return;
	}
	t->sorted_paths = arena_memdup(t->scratch, t->paths, n * sizeof(*t->paths));
	tables_sort(t->sorted_paths, n);
	for (size_t i = 0; i < n; i++)
		t->paths[t->sorted_paths[i].number].place = t->sorted_paths[i].place;
}

/* --- Edges --- */

static uint32_t end_of(const struct resolve_edge *e, bool inward)
{
	return inward ? e->to : e->from;
}

static uint32_t how(const struct resolve_edge *e)
{
	return e->kind | (uint32_t)e->rule << 8 | (uint32_t)e->confidence << 16;
}

static void write_edge_row(struct sb *sb, const struct resolve_edge *edges, const uint32_t *order,
                           size_t n, bool inward)
{
	sb_addc(sb, inward ? 't' : 'f');
	tables_number(sb, end_of(&edges[order[0]], inward));
	TABLES_ARRAY(sb, n, end_of(&edges[order[i]], !inward));
	TABLES_ARRAY(sb, n, edges[order[i]].line);
	TABLES_ARRAY(sb, n, how(&edges[order[i]]));
	sb_addc(sb, '\n');
}

/* The edges in the order of one of their ends, else as they come: a counting sort. */
static void write_edges_of(struct tables *t, struct sb *sb, bool inward)
{
	const struct resolve_edge *edges = t->in->resolved->edges;
	size_t n = t->in->resolved->nedges;
	uint32_t *first = arena_array(t->scratch, t->in->nfiles + 1, sizeof(*first));
	uint32_t *order = arena_array(t->scratch, n, sizeof(*order));

	for (size_t i = 0; i < n; i++)
		first[end_of(&edges[i], inward) + 1]++;
	for (size_t i = 0; i < t->in->nfiles; i++)
		first[i + 1] += first[i];
	for (size_t i = 0; i < n; i++)
		order[first[end_of(&edges[i], inward)]++] = (uint32_t)i;
	for (size_t from = 0, to; from < n; from = to) {
		uint32_t file = end_of(&edges[order[from]], inward);

		to = first[file]; /* moved on to where the next one starts */
		write_edge_row(sb, edges, order + from, to - from, inward);
	}
}

static const char *sum_of_edges(struct tables *t)
{
	const struct resolve_edge *edges = t->in->resolved->edges;
	size_t n = t->in->resolved->nedges;
	uint32_t(*all)[4] = arena_array(t->scratch, n, sizeof(*all));

	for (size_t i = 0; i < n; i++) {
		all[i][0] = edges[i].from;
		all[i][1] = edges[i].to;
		all[i][2] = edges[i].line;
		all[i][3] = how(&edges[i]);
	}
	return patch_sum(t->scratch, (struct span){ (const char *)all, n * sizeof(*all) });
}

static void write_edges(struct tables *t)
{
	struct part part;

	t->edges_sum = sum_of_edges(t);
	if (t->patch != NULL && strcmp(t->edges_sum, t->patch->base.edges) == 0)
		return;
	part = tables_part(t);
	write_edges_of(t, &part.sb, false);
	write_edges_of(t, &part.sb, true);
	tables_part_end(t, "edges", &part);
}

/* --- All of it --- */

/* Names in the order of an enum, 0 as given; none of ours needs quoting. */
#define NAMES(sb, zero, from, to, name_of)                                                         \
	do {                                                                                       \
		sb_add(sb, "\t{" zero);                                                            \
		for (int i = (from); i < (to); i++) {                                              \
			sb_addc(sb, ',');                                                          \
			sb_add(sb, name_of);                                                       \
		}                                                                                  \
		sb_addc(sb, '}');                                                                  \
	} while (0)

static void write_index(struct tables *t)
{
	bool complete = !t->incomplete && !t->in->resolved->truncated;
	struct part part = tables_part(t);
	struct sb *sb = &part.sb;

	sb_int(sb, (int64_t)t->in->nfiles);
	tables_number(sb, (int64_t)t->nnames);
	tables_text(sb, complete ? "t" : "f");
	NAMES(sb, "same_package", IMPORT_NONE + 1, IMPORT_KIND_COUNT,
	      import_kind_name((enum import_kind)i));
	NAMES(sb, "none", RULE_NONE + 1, RULE_COUNT, resolve_rule_name((enum resolve_rule)i));
	NAMES(sb, "none", DEF_NONE + 1, DEF_KIND_COUNT, def_kind_name((enum def_kind)i));
	NAMES(sb, "none", REF_NONE + 1, REF_KIND_COUNT, ref_kind_name((enum ref_kind)i));
	tables_text(sb, complete && t->in->print != NULL ? t->in->print : "");
	tables_text(sb, t->edges_sum);
	sb_addc(sb, '\n');
	tables_part_end(t, "index", &part);
}

static void write_grams(struct tables *t)
{
	struct part part = tables_part(t);

	if (t->patch != NULL) {
		tables_patch_grams(t, &part.sb);
	} else {
		tables_grams(t, &part.sb, 'f', t->sorted_paths, t->in->nfiles);
		tables_grams(t, &part.sb, 's', t->names, t->nnames);
	}
	tables_part_end(t, "grams", &part);
}

/* What the parts are told against. */
static void write_patch(struct tables *t)
{
	struct part part = tables_part(t);

	sb_add(&part.sb, t->patch->base.commit);
	sb_addc(&part.sb, '\n');
	tables_part_end(t, "patch", &part);
	tables_gone(t);
}

void tables_write(struct ctx *cx, const struct tables_in *in, struct bundle *ret)
{
	CLEANUP(arena_free_ptr) struct arena *scratch = arena_new(SCRATCH_MAX);
	struct tables t = { .arena = cx->arena, .scratch = scratch, .in = in, .bundle = ret };

	tables_take_names(&t);
	if (in->patch != NULL && !in->resolved->truncated && tables_find_rows(&t)) {
		t.patch = in->patch;
		write_patch(&t);
	}
	take_paths(&t);
	write_files(&t);
	write_edges(&t);
	tables_symbols(&t);
	tables_references(&t);
	write_grams(&t);
	write_index(&t);
}
