/*
 * Between the files of the tables: tables.c (files, edges, the order of it all), tables_names.c
 * (definitions and uses), tables_texts.c (the order of paths, and grams), tables_places.c (places of
 * names), tables_rows.c (what differs from stored tables).
 */
#ifndef MAPS_TABLES_PARTS_H
#define MAPS_TABLES_PARTS_H

#include "base/sb.h"
#include "maps/strmap.h"
#include "maps/tables.h"

/* A text of the grams: a path or a name. */
struct text {
	const char *data;
	uint64_t head; /* of a path its first bytes, case aside, so that most comparisons end there;
	                  of a name its hash */
	uint32_t len, number; /* of the file or name, before the texts are sorted */
	uint32_t place;
};

/* The rows that differ from stored tables; without: all are told. */
struct rows {
	bool *names;          /* by number of the name */
	uint32_t *old_places; /* likewise; TABLES_NONE: there was none */
	struct text *gone;    /* names that are no more, by place */
	size_t ngone;
};
#define TABLES_NONE UINT32_MAX

/* A part while it is written. */
struct part {
	struct sb sb;
	struct arena *own; /* NULL: it is kept in the bundle, and so in tables.arena */
};

struct tables {
	struct arena *arena;   /* of parts that are kept */
	struct arena *scratch; /* ends with tables_write() */
	const struct tables_in *in;
	struct bundle *bundle;
	struct text *paths; /* by file; places of a patch are those of its files alone */
	struct text *sorted_paths, *names; /* by place */
	size_t nnames;
	struct strmap numbers; /* of the names */
	const char **name_of;  /* by number */
	uint32_t *name_first;  /* by number and one more: where its definitions start in `defs` */
	uint32_t *defs;        /* positions in the order of files, by name */
	const struct patch *patch; /* NULL: all rows are told */
	struct rows rows;          /* of the patch */
	const char *edges_sum;
	bool incomplete;
};

/** @ret whether the rows of a name are told */
static inline bool tables_tells(const struct tables *t, uint32_t number)
{
	return t->patch == NULL || t->rows.names[number];
}

struct part tables_part(const struct tables *t);
void tables_part_end(struct tables *t, const char *name, struct part *part);

/** A column behind a tab. */
void tables_number(struct sb *sb, int64_t n);
void tables_text(struct sb *sb, const char *text);

/*
 * A column of an array, behind a tab: a number for each of n > 0 elements; i is the element's, from 0.
 * It may take any room: what passes the part's ceiling is noticed as it is taken.
 */
#define TABLES_ARRAY(sb, n, expression)                                                            \
	do {                                                                                       \
		size_t n_ = (n);                                                                   \
		char *to_ = sb_room(sb, n_ * (SB_INT_MAX + 1) + 3);                                \
                                                                                                   \
		if (to_ == NULL)                                                                   \
			break;                                                                     \
		*to_++ = '\t';                                                                     \
		*to_++ = '{';                                                                      \
		for (size_t i = 0; i < n_; i++) {                                                  \
			to_ = sb_put_int(to_, (int64_t)(expression));                              \
			*to_++ = ',';                                                              \
		}                                                                                  \
		to_[-1] = '}';                                                                     \
		sb_took(sb, to_);                                                                  \
	} while (0)

/** Give texts their places: sort them, and number them. */
void tables_sort(struct text *texts, size_t n);

/** Give one of n texts the place that it would have if they were sorted. */
void tables_rank(struct text *texts, size_t n, size_t which);
struct text tables_text_of(const char *data, uint32_t number);

/** @about f or s, of texts in their places */
void tables_grams(const struct tables *t, struct sb *sb, char about, const struct text *texts,
                  size_t n);

/** Give names their places, which depend on nothing but which names there are; and sort them by that. */
struct text tables_name_of(const char *data, uint32_t number);
void tables_place(struct text *names, size_t n);

/** @ret whether a name can stand in a row */
bool tables_fit(const char *name, size_t len);

/**
 * Find what differs from the tables of t->patch, once names are known.
 *
 * @ret false: too much does, or names are left out
 */
bool tables_find_rows(struct tables *t);

/** The parts that say what goes, and the grams. */
void tables_gone(struct tables *t);
void tables_patch_grams(const struct tables *t, struct sb *sb);

void tables_take_names(struct tables *t);
void tables_symbols(struct tables *t);
void tables_references(struct tables *t);

#endif
