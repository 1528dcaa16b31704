/* Tables: files and folders, edges both ways, names with their definitions and uses, grams. */
#include "maps/tables.h"

#include "base/sb.h"
#include "base/utf8.h"
#include "maps/grams.h"
#include "maps/strmap.h"
#include "maps/text.h"

#include <stdlib.h>
#include <string.h>

#define SCRATCH_MAX  (SIZE_MAX / 2) /* no ceiling of its own: the sandbox is the limit */
#define ROOT_MISSING "\\N"

/* A text of the grams: a path or a name. */
struct text {
	const char *data;
	uint32_t len, number; /* of the file or name, before the texts are sorted */
};

struct tables {
	struct arena *arena;   /* of the parts */
	struct arena *scratch; /* ends with tables_write() */
	const struct tables_in *in;
	struct bundle *bundle;
	struct text *paths, *names;
	size_t nnames;
	struct strmap numbers; /* of the names */
	const char **name_of;  /* by number */
	uint32_t *name_first;  /* by number and one more: where its definitions start in `defs` */
	uint32_t *defs;        /* positions in the order of files, by name */
	bool incomplete;
};

static struct sb part_new(const struct tables *t)
{
	return sb_new(t->arena, t->in->max_bytes);
}

static void part_end(struct tables *t, const char *name, struct sb *sb)
{
	if (sb->failed) {
		t->incomplete = true;
		return;
	}
	bundle_add(t->bundle, name, (struct span){ sb->len > 0 ? sb->data : "", sb->len });
}

static void tab_number(struct sb *sb, int64_t n)
{
	sb_addc(sb, '\t');
	sb_int(sb, n);
}

static void tab_text(struct sb *sb, const char *text)
{
	sb_addc(sb, '\t');
	sb_add(sb, text);
}

/* --- Texts --- */

/* Shorter first, then by bytes, case aside; what is left equal goes by number. */
static int by_place(const void *a, const void *b)
{
	const struct text *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	for (uint32_t i = 0; i < x->len; i++) {
		unsigned char c = (unsigned char)gram_fold(x->data[i]);
		unsigned char d = (unsigned char)gram_fold(y->data[i]);

		if (c != d)
			return c < d ? -1 : 1;
	}
	return x->number < y->number ? -1 : 1;
}

static void sort_texts(struct text *texts, size_t n)
{
	if (n > 1)
		qsort(texts, n, sizeof(*texts), by_place);
}

static void write_grams(struct tables *t, struct sb *sb, char about, const struct text *texts,
                        size_t n)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(SCRATCH_MAX);
	struct gram_index index = gram_index_new(arena);

	for (size_t i = 0; i < n; i++)
		gram_index_add(&index, (uint32_t)i, (struct span){ texts[i].data, texts[i].len });
	if (gram_index_fill(&index) > t->in->max_bytes) {
		sb->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		gram_index_add(&index, (uint32_t)i, (struct span){ texts[i].data, texts[i].len });
	for (uint32_t g = 0; g < GRAM_COUNT; g++) {
		if (index.n[g] == 0)
			continue;
		sb_addc(sb, about);
		tab_number(sb, g);
		tab_number(sb, index.n[g]);
		tab_text(sb, index.postings[g]);
		sb_addc(sb, '\n');
	}
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

static void write_folders(struct tables *t, struct sb *sb, const struct strmap *dirs)
{
	const struct structure *s = t->in->structure;

	for (uint32_t i = 0; i < s->ndirs; i++) {
		const struct structure_dir *dir = &s->dirs[i];

		sb_int(sb, folder_entry(t, i));
		if (dir->path.len == 0)
			tab_text(sb, ROOT_MISSING);
		else
			tab_number(sb, parent_of(t, dirs, dir->path));
		tab_text(sb, shown(t, dir->path));
		tab_number(sb, dir->files);
		sb_add(sb, "\t\t");
		tab_number(sb, (int64_t)dir->bytes);
		tab_number(sb, (int64_t)dir->code);
		sb_add(sb, "\t0\t0\t\t-1\n");
	}
}

static void write_files(struct tables *t)
{
	const struct tables_in *in = t->in;
	struct strmap dirs = strmap_new(t->scratch, in->structure->ndirs);
	uint32_t *places = arena_array(t->scratch, in->nfiles, sizeof(*places));
	struct sb sb = part_new(t);

	for (uint32_t i = 0; i < in->structure->ndirs; i++)
		strmap_add(&dirs, in->structure->dirs[i].path.data, in->structure->dirs[i].path.len,
		           i);
	for (uint32_t i = 0; i < in->nfiles; i++)
		places[t->paths[i].number] = i;
	write_folders(t, &sb, &dirs);
	for (uint32_t i = 0; i < in->nfiles; i++) {
		const struct map_file *file = &in->files[i];

		sb_int(&sb, i);
		tab_number(&sb, parent_of(t, &dirs, file->path));
		tab_text(&sb, t->paths[places[i]].data);
		sb_add(&sb, "\t1");
		tab_text(&sb, lang_name(file->facts.lang));
		tab_text(&sb, file->role == 0 ? "" : lang_role_name(file->role));
		tab_number(&sb, (int64_t)file->bytes);
		tab_number(&sb, file->facts.code);
		tab_number(&sb, file->facts.comment);
		tab_number(&sb, file->facts.blank);
		write_oid(&sb, file->oid);
		tab_number(&sb, places[i]);
		sb_addc(&sb, '\n');
	}
	part_end(t, "files", &sb);
}

static void take_paths(struct tables *t)
{
	const struct tables_in *in = t->in;

	t->paths = arena_array(t->scratch, in->nfiles, sizeof(*t->paths));
	for (uint32_t i = 0; i < in->nfiles; i++) {
		t->paths[i].data = shown(t, in->files[i].path);
		t->paths[i].len = (uint32_t)strlen(t->paths[i].data);
		t->paths[i].number = i;
	}
	sort_texts(t->paths, in->nfiles);
}

/* --- Edges --- */

static uint32_t end_of(const struct resolve_edge *e, bool inward)
{
	return inward ? e->to : e->from;
}

/* One array of a row: of the edges that order[] names. */
#define EDGE_ARRAY(expression)                                                                     \
	do {                                                                                       \
		sb_addc(sb, '\t');                                                                 \
		for (size_t i = 0; i < n; i++) {                                                   \
			const struct resolve_edge *e = &edges[order[i]];                           \
                                                                                                   \
			sb_addc(sb, i == 0 ? '{' : ',');                                           \
			sb_int(sb, (int64_t)(expression));                                         \
		}                                                                                  \
		sb_addc(sb, '}');                                                                  \
	} while (0)

static void write_edge_row(struct sb *sb, const struct resolve_edge *edges, const uint32_t *order,
                           size_t n, bool inward)
{
	sb_addc(sb, inward ? 't' : 'f');
	tab_number(sb, end_of(&edges[order[0]], inward));
	EDGE_ARRAY(end_of(e, !inward));
	EDGE_ARRAY(e->line);
	EDGE_ARRAY(e->kind | (uint32_t)e->rule << 8 | (uint32_t)e->confidence << 16);
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

static void write_edges(struct tables *t)
{
	struct sb sb = part_new(t);

	write_edges_of(t, &sb, false);
	write_edges_of(t, &sb, true);
	part_end(t, "edges", &sb);
}

/* --- Symbols --- */

static bool fit_for_a_row(const char *name, size_t len)
{
	if (len == 0 || len > FACTS_NAME_MAX || utf8_valid(name, len) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return false;
	return true;
}

static size_t count_defs(const struct tables *t)
{
	size_t n = 0;

	for (size_t f = 0; f < t->in->nfiles; f++)
		n += t->in->files[f].facts.ndefs;
	return n;
}

/* Number the names as they come, and note the name of each definition. */
static uint32_t *number_names(struct tables *t, size_t ndefs)
{
	uint32_t *name_of_def = arena_array(t->scratch, ndefs, sizeof(*name_of_def));
	size_t at = 0;

	t->numbers = strmap_new(t->scratch, ndefs / 2);
	t->name_of = arena_array(t->scratch, ndefs, sizeof(*t->name_of));
	for (size_t f = 0; f < t->in->nfiles; f++) {
		const struct facts *facts = &t->in->files[f].facts;

		for (size_t i = 0; i < facts->ndefs; i++, at++) {
			const char *name = facts->defs[i].name;
			size_t len = strlen(name);

			name_of_def[at] = STRMAP_NONE;
			if (!fit_for_a_row(name, len)) {
				t->incomplete = true;
				continue;
			}
			name_of_def[at] =
				t->nnames < TABLES_SYMBOLS_MAX
					? strmap_add(&t->numbers, name, len, (uint32_t)t->nnames)
					: strmap_get(&t->numbers, name, len);
			if (name_of_def[at] == t->nnames)
				t->name_of[t->nnames++] = name;
			t->incomplete |= name_of_def[at] == STRMAP_NONE;
		}
	}
	return name_of_def;
}

/* Definitions by name, in the order of files: a counting sort. */
static void take_names(struct tables *t)
{
	size_t ndefs = count_defs(t);
	uint32_t *name_of_def = number_names(t, ndefs), *next;

	t->names = arena_array(t->scratch, t->nnames, sizeof(*t->names));
	t->name_first = arena_array(t->scratch, t->nnames + 1, sizeof(uint32_t));
	t->defs = arena_array(t->scratch, ndefs, sizeof(uint32_t));
	for (size_t i = 0; i < ndefs; i++)
		if (name_of_def[i] != STRMAP_NONE)
			t->name_first[name_of_def[i] + 1]++;
	for (size_t i = 0; i < t->nnames; i++)
		t->name_first[i + 1] += t->name_first[i];
	next = arena_memdup(t->scratch, t->name_first, (t->nnames + 1) * sizeof(uint32_t));
	for (size_t i = 0; i < ndefs; i++)
		if (name_of_def[i] != STRMAP_NONE)
			t->defs[next[name_of_def[i]]++] = (uint32_t)i;
	for (uint32_t i = 0; i < t->nnames; i++)
		t->names[i] = (struct text){ t->name_of[i], (uint32_t)strlen(t->name_of[i]), i };
	sort_texts(t->names, t->nnames);
}

/* One definition and its file. */
struct place {
	const struct fact_def *def;
	uint32_t file;
};

static struct place *list_places(struct tables *t, size_t ndefs)
{
	struct place *ret = arena_array(t->scratch, ndefs, sizeof(*ret));
	size_t at = 0;

	for (uint32_t f = 0; f < t->in->nfiles; f++)
		for (size_t i = 0; i < t->in->files[f].facts.ndefs; i++)
			ret[at++] = (struct place){ &t->in->files[f].facts.defs[i], f };
	return ret;
}

#define DEF_ARRAY(expression)                                                                      \
	do {                                                                                       \
		sb_addc(sb, '\t');                                                                 \
		for (uint32_t i = first; i < last; i++) {                                          \
			const struct place *p = &places[t->defs[i]];                               \
                                                                                                   \
			sb_addc(sb, i == first ? '{' : ',');                                       \
			sb_int(sb, (int64_t)(expression));                                         \
		}                                                                                  \
		sb_addc(sb, '}');                                                                  \
	} while (0)

#define DEF_TEXTS(member)                                                                          \
	do {                                                                                       \
		sb_addc(sb, '\t');                                                                 \
		for (uint32_t i = first; i < last; i++) {                                          \
			const char *text = places[t->defs[i]].def->member;                         \
                                                                                                   \
			if (i > first)                                                             \
				sb_addc(sb, TABLES_SEPARATOR);                                     \
			if (fit_for_a_row(text, strlen(text)))                                     \
				sb_add(sb, text);                                                  \
		}                                                                                  \
	} while (0)

static void write_symbol(const struct tables *t, struct sb *sb, const struct place *places,
                         uint32_t place)
{
	const struct text *name = &t->names[place];
	uint32_t first = t->name_first[name->number], last = t->name_first[name->number + 1];

	sb_int(sb, place);
	tab_text(sb, name->data);
	DEF_ARRAY(p->file);
	DEF_ARRAY(p->def->line);
	DEF_ARRAY(p->def->end_line);
	DEF_ARRAY(p->def->kind);
	DEF_TEXTS(parent);
	DEF_TEXTS(signature);
	sb_addc(sb, '\n');
}

static void write_symbols(struct tables *t)
{
	const struct place *places = list_places(t, count_defs(t));
	struct sb sb = part_new(t);

	for (uint32_t i = 0; i < t->nnames; i++)
		write_symbol(t, &sb, places, i);
	part_end(t, "symbols", &sb);
}

/* --- References --- */

/* One use of a name, and its file. */
struct use {
	uint32_t file, line;
	uint8_t kind;
};

/* Count the uses of each name; their sum so far goes to first[number + 1]. */
static uint32_t *count_uses(const struct tables *t, uint32_t *counts)
{
	uint32_t *first = arena_array(t->scratch, t->nnames + 1, sizeof(*first));

	for (size_t f = 0; f < t->in->nfiles; f++) {
		const struct facts *facts = &t->in->files[f].facts;

		for (size_t i = 0; i < facts->nrefs; i++) {
			const char *name = facts->refs[i].name;
			uint32_t number = strmap_get(&t->numbers, name, strlen(name));

			if (number != STRMAP_NONE)
				counts[number]++;
		}
	}
	for (size_t i = 0; i < t->nnames; i++)
		first[i + 1] =
			first[i] + (counts[i] < TABLES_USES_MAX ? counts[i] : TABLES_USES_MAX);
	return first;
}

static struct use *list_uses(const struct tables *t, const uint32_t *first)
{
	uint32_t *next = arena_memdup(t->scratch, first, (t->nnames + 1) * sizeof(*next));
	struct use *ret = arena_array(t->scratch, first[t->nnames], sizeof(*ret));

	for (uint32_t f = 0; f < t->in->nfiles; f++) {
		const struct facts *facts = &t->in->files[f].facts;

		for (size_t i = 0; i < facts->nrefs; i++) {
			const struct fact_ref *ref = &facts->refs[i];
			uint32_t number = strmap_get(&t->numbers, ref->name, strlen(ref->name));

			if (number != STRMAP_NONE && next[number] < first[number + 1])
				ret[next[number]++] = (struct use){ f, ref->line, ref->kind };
		}
	}
	return ret;
}

#define USE_ARRAY(member)                                                                          \
	do {                                                                                       \
		sb_addc(&sb, '\t');                                                                \
		for (uint32_t u = first[number]; u < first[number + 1]; u++) {                     \
			sb_addc(&sb, u == first[number] ? '{' : ',');                              \
			sb_int(&sb, uses[u].member);                                               \
		}                                                                                  \
		sb_addc(&sb, '}');                                                                 \
	} while (0)

static void write_references(struct tables *t)
{
	uint32_t *counts = arena_array(t->scratch, t->nnames, sizeof(*counts));
	const uint32_t *first = count_uses(t, counts);
	const struct use *uses = list_uses(t, first);
	struct sb sb = part_new(t);

	for (uint32_t i = 0; i < t->nnames; i++) {
		uint32_t number = t->names[i].number;

		if (counts[number] == 0)
			continue;
		sb_int(&sb, i);
		tab_number(&sb, counts[number]);
		USE_ARRAY(file);
		USE_ARRAY(line);
		USE_ARRAY(kind);
		sb_addc(&sb, '\n');
	}
	part_end(t, "references", &sb);
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
	struct sb sb = part_new(t);

	sb_int(&sb, (int64_t)t->in->nfiles);
	tab_number(&sb, (int64_t)t->nnames);
	tab_text(&sb, t->incomplete || t->in->resolved->truncated ? "f" : "t");
	NAMES(&sb, "same_package", IMPORT_NONE + 1, IMPORT_KIND_COUNT,
	      import_kind_name((enum import_kind)i));
	NAMES(&sb, "none", RULE_NONE + 1, RULE_COUNT, resolve_rule_name((enum resolve_rule)i));
	NAMES(&sb, "none", DEF_NONE + 1, DEF_KIND_COUNT, def_kind_name((enum def_kind)i));
	NAMES(&sb, "none", REF_NONE + 1, REF_KIND_COUNT, ref_kind_name((enum ref_kind)i));
	sb_addc(&sb, '\n');
	part_end(t, "index", &sb);
}

void tables_write(struct ctx *cx, const struct tables_in *in, struct bundle *ret)
{
	CLEANUP(arena_free_ptr) struct arena *scratch = arena_new(SCRATCH_MAX);
	struct tables t = { .arena = cx->arena, .scratch = scratch, .in = in, .bundle = ret };
	struct sb grams = part_new(&t);

	take_paths(&t);
	take_names(&t);
	write_files(&t);
	write_edges(&t);
	write_symbols(&t);
	write_references(&t);
	write_grams(&t, &grams, 'f', t.paths, in->nfiles);
	write_grams(&t, &grams, 's', t.names, t.nnames);
	part_end(&t, "grams", &grams);
	write_index(&t);
}
