/*
 * Terminal output: colours, tables and a progress bar for eyes; plain lines for pipes.
 *
 * Text that came from a server or a repository may hold control characters
 * that would drive the terminal; every function here that prints such text
 * shows them escaped (\x1b).
 */
#ifndef CLI_TERM_H
#define CLI_TERM_H

#include "base/sb.h"

#include <stdio.h>

enum term_style { TERM_PLAIN, TERM_BOLD, TERM_DIM, TERM_GOOD, TERM_WARN, TERM_BAD, TERM_TITLE };

struct term {
	FILE *out;       /* results */
	FILE *talk;      /* progress, questions, errors */
	bool out_colour; /* out is a terminal and nothing forbids colour */
	bool talk_colour;
	bool talk_live;     /* talk is a terminal: a line may be redrawn */
	int width;          /* columns of the terminal, 80 when unknown */
	int64_t bar_us;     /* when the bar was last drawn */
	char bar_last[160]; /* what a pipe saw last */
	bool bar_open;      /* a bar stands on the current line */
};

/** @colour false: never colour, whatever the terminal (NO_COLOR, --no-color) */
void term_open(struct term *t, FILE *out, FILE *talk, bool colour);

/** Print text from outside with control characters and bad UTF-8 escaped. */
void term_text(struct term *t, FILE *to, enum term_style style, const char *text);

/** @ret columns that term_text() would use, with one column per character */
int term_width(const char *text);

/** Print text padded or cut (with …) to columns; right aligned when columns is negative. */
void term_cell(struct term *t, FILE *to, enum term_style style, const char *text, int columns);

/* One column of a table. */
struct term_column {
	const char *title;
	bool right; /* aligned right: numbers */
	bool wide;  /* takes what room is left, and is cut first */
};

#define TERM_COLUMNS_MAX 10

/** Print a table; cells row by row, n rows.  Without rows prints `none` instead. */
void term_table(struct term *t, const struct term_column *columns, size_t ncolumns,
                const char *const *cells, size_t n, const char *none);

/** Draw or redraw the bar: percent 0..100 and what is going on.  A pipe gets a line per change. */
void term_bar(struct term *t, int percent, const char *message, int64_t now_us);

/** Take the bar away before other output. */
void term_bar_end(struct term *t);

/** @ret "12 s ago", "3 h ago", or the date for older ones; in arena */
const char *term_age(struct arena *arena, int64_t now_us, int64_t at_us);

/** @ret 1234567 as "1,234,567"; in arena */
const char *term_number(struct arena *arena, int64_t n);

/** @ret bytes as "1.2 MB" (powers of 1000); in arena */
const char *term_bytes(struct arena *arena, int64_t n);

#endif
