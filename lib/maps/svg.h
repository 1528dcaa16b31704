/*
 * SVG: the words with which pictures are written.
 *
 * Every text passes svg_text(): it is cut to the width that there is for it, what XML would read as markup is
 * escaped, and what nobody sees or what turns the direction of its neighbours is shown as U+FFFD.
 * Widths are those of DejaVu Sans, the widest of the fonts that a page may fall back to, so a text that fits
 * by them fits in any.  Coordinates are whole pixels; light and dark come from one style sheet.
 */
#ifndef MAPS_SVG_H
#define MAPS_SVG_H

#include "base/sb.h"

#define SVG_BYTES_MAX ((size_t)4 << 20) /* of one picture */

/** @size in pixels  @ret width in pixels, rounded up */
int svg_width(struct span text, int size, bool bold);

/** Begin a document of that size, with its style sheet and background. */
void svg_open(struct sb *sb, int width, int height, const char *title);
void svg_close(struct sb *sb);

/**
 * Write a text element.
 *
 * @class  of the style sheet: it says the colour; "m" in the middle of x
 * @max    width in pixels; a longer text ends in an ellipsis.  0: whole
 */
void svg_text(struct sb *sb, int x, int y, int size, bool bold, const char *class, struct span text,
              int max);

/** Append a text with what XML needs escaped, for titles and attributes. */
void svg_escape(struct sb *sb, struct span text);

/** @ret "#rrggbb": always the same for a language, and legible on light and dark */
const char *svg_color(struct span language);

/** Append a number with commas: 134,623 */
void svg_number(struct sb *sb, int64_t n);

#endif
