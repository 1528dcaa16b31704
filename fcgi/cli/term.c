/* Terminal output. */
#include "cli/term.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_CELLS      30
#define BAR_REDRAW_US  100000
#define WIDTH_FALLBACK 80
#define WIDTH_LEAST    40

static const char *const STYLES[] = {
	[TERM_PLAIN] = "",           [TERM_BOLD] = "\x1b[1m",  [TERM_DIM] = "\x1b[2m",
	[TERM_GOOD] = "\x1b[32m",    [TERM_WARN] = "\x1b[33m", [TERM_BAD] = "\x1b[31m",
	[TERM_TITLE] = "\x1b[1;36m",
};

void term_open(struct term *t, FILE *out, FILE *talk, bool colour)
{
	struct winsize size;

	*t = (struct term){ .out = out, .talk = talk, .width = WIDTH_FALLBACK };
	t->out_colour = colour && isatty(fileno(out));
	t->talk_live = isatty(fileno(talk));
	t->talk_colour = colour && t->talk_live;
	if (ioctl(fileno(isatty(fileno(out)) ? out : talk), TIOCGWINSZ, &size) == 0 &&
	    size.ws_col >= WIDTH_LEAST)
		t->width = size.ws_col;
}

/* Bytes of the next character, and whether it may be shown as it is. */
static size_t next_char(const char *s, size_t n, bool *shown)
{
	size_t w = utf8_char(s, n);
	unsigned char c = (unsigned char)s[0];

	/* C0, DEL, C1 (U+0080..U+009F), and the bidirectional overrides that disguise text. */
	*shown = w > 0 && c >= 0x20 && c != 0x7F && !(c == 0xC2 && (unsigned char)s[1] < 0xA0) &&
	         !(w == 3 && c == 0xE2 &&
	           ((unsigned char)s[1] == 0x80 && (unsigned char)s[2] >= 0xAA &&
	            (unsigned char)s[2] <= 0xAE)) &&
	         !(w == 3 && c == 0xE2 && (unsigned char)s[1] == 0x81 &&
	           (unsigned char)s[2] >= 0xA6 && (unsigned char)s[2] <= 0xA9);
	return w == 0 ? 1 : w;
}

/* Print at most max columns; @ret columns used. */
static int put(FILE *to, const char *text, int max)
{
	size_t n = strlen(text), i = 0;
	int columns = 0;

	while (i < n) {
		bool shown;
		size_t w = next_char(text + i, n - i, &shown);
		int need = shown ? 1 : 4 * (int)w;

		if (columns + need > max)
			break;
		for (size_t k = 0; k < w; k++) {
			if (shown)
				fputc(text[i + k], to);
			else
				fprintf(to, "\\x%02x", (unsigned char)text[i + k]);
		}
		columns += need;
		i += w;
	}
	return columns;
}

int term_width(const char *text)
{
	size_t n = strlen(text), i = 0;
	int columns = 0;

	while (i < n) {
		bool shown;
		size_t w = next_char(text + i, n - i, &shown);

		columns += shown ? 1 : 4 * (int)w;
		i += w;
	}
	return columns;
}

static bool colours(const struct term *t, const FILE *to)
{
	return to == t->out ? t->out_colour : t->talk_colour;
}

static void begin_style(const struct term *t, FILE *to, enum term_style style)
{
	if (colours(t, to))
		fputs(STYLES[style], to);
}

static void end_style(const struct term *t, FILE *to, enum term_style style)
{
	if (colours(t, to) && style != TERM_PLAIN)
		fputs("\x1b[0m", to);
}

void term_text(struct term *t, FILE *to, enum term_style style, const char *text)
{
	begin_style(t, to, style);
	put(to, text, INT32_MAX);
	end_style(t, to, style);
}

void term_cell(struct term *t, FILE *to, enum term_style style, const char *text, int columns)
{
	int room = columns < 0 ? -columns : columns, width = term_width(text);
	int pad = width < room ? room - width : 0;

	if (columns < 0)
		fprintf(to, "%*s", pad, "");
	begin_style(t, to, style);
	if (width <= room) {
		put(to, text, room);
	} else {
		int used = put(to, text, room - 1);

		fputs("…", to);
		pad = room - used - 1;
	}
	end_style(t, to, style);
	if (columns > 0)
		fprintf(to, "%*s", pad, "");
}

/* Widths of the columns: as wide as the widest cell, the wide column giving way. */
static void lay_out(const struct term *t, const struct term_column *columns, size_t ncolumns,
                    const char *const *cells, size_t n, int widths[])
{
	int total = 0;

	for (size_t c = 0; c < ncolumns; c++) {
		widths[c] = term_width(columns[c].title);
		for (size_t r = 0; r < n; r++) {
			int w = term_width(cells[r * ncolumns + c]);

			widths[c] = w > widths[c] ? w : widths[c];
		}
		total += widths[c] + (c > 0 ? 2 : 0);
	}
	/* In a pipe nothing is cut: the reader may be a program. */
	for (size_t c = 0; c < ncolumns && total > t->width && isatty(fileno(t->out)); c++) {
		if (columns[c].wide) {
			int cut = total - t->width, least = 12;

			widths[c] = widths[c] - cut > least ? widths[c] - cut : least;
		}
	}
}

void term_table(struct term *t, const struct term_column *columns, size_t ncolumns,
                const char *const *cells, size_t n, const char *none)
{
	int widths[TERM_COLUMNS_MAX];

	assert(ncolumns <= TERM_COLUMNS_MAX);
	if (n == 0) {
		fprintf(t->out, "%s\n", none);
		return;
	}
	lay_out(t, columns, ncolumns, cells, n, widths);
	for (size_t r = 0; r <= n; r++) {
		for (size_t c = 0; c < ncolumns; c++) {
			const char *text =
				r == 0 ? columns[c].title : cells[(r - 1) * ncolumns + c];
			bool last = c + 1 == ncolumns;
			int w = last && !columns[c].right && term_width(text) < widths[c]
			                ? term_width(text)
			                : widths[c];

			if (c > 0)
				fputs("  ", t->out);
			term_cell(t, t->out, r == 0 ? TERM_BOLD : TERM_PLAIN, text,
			          columns[c].right ? -w : w);
		}
		fputc('\n', t->out);
	}
}

static void draw_bar(struct term *t, int percent, const char *message)
{
	int full = percent * BAR_CELLS / 100;

	fputs("\r\x1b[K", t->talk);
	begin_style(t, t->talk, TERM_GOOD);
	for (int i = 0; i < BAR_CELLS; i++)
		fputs(i < full ? "█" : "░", t->talk);
	end_style(t, t->talk, TERM_GOOD);
	fprintf(t->talk, " %3d %%  ", percent);
	put(t->talk, message, t->width - BAR_CELLS - 10);
	fflush(t->talk);
	t->bar_open = true;
}

void term_bar(struct term *t, int percent, const char *message, int64_t now_us)
{
	if (t->talk_live) {
		if (t->bar_open && now_us - t->bar_us < BAR_REDRAW_US && percent < 100)
			return;
		t->bar_us = now_us;
		draw_bar(t, percent, message);
		return;
	}
	/* A pipe or a file: one line per step, not per percent. */
	if (strncmp(t->bar_last, message, sizeof(t->bar_last) - 1) == 0 && percent < 100)
		return;
	snprintf(t->bar_last, sizeof(t->bar_last), "%s", message);
	fprintf(t->talk, "%3d %%  ", percent);
	put(t->talk, message, INT32_MAX);
	fputc('\n', t->talk);
	fflush(t->talk);
}

void term_bar_end(struct term *t)
{
	if (t->bar_open)
		fputs("\r\x1b[K", t->talk);
	t->bar_open = false;
	fflush(t->talk);
}

const char *term_age(struct arena *arena, int64_t now_us, int64_t at_us)
{
	int64_t s = (now_us - at_us) / 1000000;
	char text[CLOCK_TEXT_MAX];

	if (at_us == 0)
		return "–";
	if (s < 0)
		s = 0;
	if (s < 120)
		return arena_printf(arena, "%lld s ago", (long long)s);
	if (s < 2 * 3600)
		return arena_printf(arena, "%lld min ago", (long long)s / 60);
	if (s < 48 * 3600)
		return arena_printf(arena, "%lld h ago", (long long)s / 3600);
	clock_format(at_us, text);
	return arena_strndup(arena, text, sizeof("2026-01-01") - 1);
}

const char *term_number(struct arena *arena, int64_t n)
{
	char digits[32], text[48];
	int len = snprintf(digits, sizeof(digits), "%lld", (long long)n), out = 0;

	for (int i = 0; i < len; i++) {
		text[out++] = digits[i];
		if (digits[i] != '-' && i + 1 < len && (len - 1 - i) % 3 == 0)
			text[out++] = ',';
	}
	return arena_strndup(arena, text, (size_t)out);
}

const char *term_bytes(struct arena *arena, int64_t n)
{
	static const char *const UNITS[] = { "B", "kB", "MB", "GB", "TB" };
	double v = (double)n;
	size_t u = 0;

	while (v >= 1000 && u + 1 < COUNT(UNITS)) {
		v /= 1000;
		u++;
	}
	return arena_printf(arena, u == 0 ? "%.0f %s" : "%.1f %s", v, UNITS[u]);
}
