/* Between content.c, content_*.c and chart.c; nobody else includes this. */
#ifndef MAPS_CONTENT_PARTS_H
#define MAPS_CONTENT_PARTS_H

#include "base/sb.h"
#include "maps/content.h"

struct content_language {
	enum lang lang;
	uint64_t files, code, comment, blank, bytes;
};

struct content {
	struct ctx *cx;
	struct arena *arena;
	const struct content_in *in;
	struct content_counts *counts;
	struct sb sb;
	struct content_language languages[LANG_COUNT]; /* most code first */
	size_t nlanguages;
	int lang_index[LANG_COUNT];
	const char **shown; /* by file: path as text; content_show_paths() */
	bool drop_unresolved, drop_defs, drop_signatures;
};

/** Count languages: what every writer of a content starts with.  @c->sb is not set */
void content_begin(struct content *c, struct ctx *cx, struct arena *arena,
                   const struct content_in *in, struct content_counts *counts);

/** Make the paths of all files text. */
void content_show_paths(struct content *c);

/* Write `"name": with a comma before it unless it is the first of its object. */
void content_key(struct content *c, const char *name);

/* A column: for (…) content_number(); between content_open() and content_close(). */
void content_open(struct content *c, const char *name, char bracket);
void content_close(struct content *c, char bracket);
void content_number(struct content *c, int64_t n);
void content_text(struct content *c, const char *text);
void content_null(struct content *c);

/* A member that is a number, or true or false. */
void content_count(struct content *c, const char *name, int64_t n);
void content_flag(struct content *c, const char *name, bool flag);

/*
 * Numbers one after the other, for each of n rows from the first on; i is the row.  They are written
 * into room that is asked for once for many of them, with a comma behind each: content_row_end()
 * takes the last one off.
 */
#define CONTENT_ROW_ROOM 256
#define CONTENT_ROW(n, expression)                                                                 \
	do {                                                                                       \
		for (size_t from_ = 0, n_ = (n); from_ < n_;) {                                    \
			size_t stop_ =                                                             \
				n_ - from_ < CONTENT_ROW_ROOM ? n_ : from_ + CONTENT_ROW_ROOM;     \
			char *to_ = sb_room(&c->sb, CONTENT_ROW_ROOM * (SB_INT_MAX + 1));          \
                                                                                                   \
			if (to_ == NULL)                                                           \
				break;                                                             \
			for (size_t i = from_; i < stop_; i++) {                                   \
				to_ = sb_put_int(to_, (int64_t)(expression));                      \
				*to_++ = ',';                                                      \
			}                                                                          \
			sb_took(&c->sb, to_);                                                      \
			from_ = stop_;                                                             \
		}                                                                                  \
	} while (0)
void content_row_end(struct content *c);

/* One column of a table: a number or text for each of n rows; i is the row. */
#define CONTENT_NUMBERS(name, n, expression)                                                       \
	do {                                                                                       \
		content_open(c, name, '[');                                                        \
		CONTENT_ROW(n, expression);                                                        \
		content_row_end(c);                                                                \
		content_close(c, ']');                                                             \
	} while (0)

#define CONTENT_TEXTS(name, n, expression)                                                         \
	do {                                                                                       \
		content_open(c, name, '[');                                                        \
		for (size_t i = 0; i < (n); i++)                                                   \
			sb_json_then(&c->sb, (expression), ',');                                   \
		content_row_end(c);                                                                \
		content_close(c, ']');                                                             \
	} while (0)

/* @ret a path as valid text */
const char *content_shown(struct content *c, struct span path);

/* One member each, as content.h tells. */
void content_files(struct content *c);
void content_dirs(struct content *c);
void content_components(struct content *c);
void content_imports(struct content *c);
void content_unresolved(struct content *c);
void content_externals(struct content *c);
void content_manifests(struct content *c);
void content_entries(struct content *c);
void content_graph(struct content *c);
void content_defs(struct content *c);
void content_coverage(struct content *c);
void content_history(struct content *c);
void content_history_coverage(struct content *c); /* a member of coverage */
void content_tests(struct content *c);
void content_routes(struct content *c);
void content_env(struct content *c);
void content_gaps(struct content *c); /* of coverage: its member ctags */
void content_licences(struct content *c);
void content_summary(struct content *c);

#endif
