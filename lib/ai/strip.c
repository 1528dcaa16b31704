/* Taking out what nobody sees, and counting what is left in tokens. */
#include "ai/strip.h"

#include "ai/llm.h"
#include "base/utf8.h"

#include <string.h>

/* First and last of each run, rising. */
static const struct {
	uint32_t first, last;
} HIDDEN[] = {
	{ 0x0000, 0x0008 },    /* controls, but tab and line feed ... */
	{ 0x000B, 0x000C },    /* ... and carriage return */
	{ 0x000E, 0x001F },    /* */
	{ 0x007F, 0x009F },    /* */
	{ 0x00AD, 0x00AD },    /* soft hyphen */
	{ 0x034F, 0x034F },    /* combining grapheme joiner */
	{ 0x061C, 0x061C },    /* Arabic letter mark */
	{ 0x115F, 0x1160 },    /* Hangul fillers */
	{ 0x17B4, 0x17B5 },    /* Khmer inherent vowels */
	{ 0x180B, 0x180F },    /* Mongolian selectors */
	{ 0x200B, 0x200F },    /* without width, joiners, direction */
	{ 0x2028, 0x202E },    /* separators, direction */
	{ 0x2060, 0x206F },    /* word joiner, invisible operators, direction */
	{ 0x3164, 0x3164 },    /* Hangul filler */
	{ 0xFDD0, 0xFDEF },    /* no characters */
	{ 0xFE00, 0xFE0F },    /* selectors of variations */
	{ 0xFEFF, 0xFEFF },    /* byte order mark */
	{ 0xFFA0, 0xFFA0 },    /* half-width Hangul filler */
	{ 0xFFF0, 0xFFFB },    /* annotations */
	{ 0xFFFE, 0xFFFF },    /* no characters */
	{ 0x1BCA0, 0x1BCA3 },  /* shorthand format controls */
	{ 0x1D173, 0x1D17A },  /* musical format controls */
	{ 0xE0000, 0xE0FFF },  /* tags, more selectors of variations */
	{ 0xF0000, 0x10FFFF }, /* private planes */
};

static bool hides(uint32_t c)
{
	size_t low = 0, high = COUNT(HIDDEN);

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c > HIDDEN[mid].last)
			low = mid + 1;
		else
			high = mid;
	}
	return low < COUNT(HIDDEN) && c >= HIDDEN[low].first;
}

static uint32_t code_point(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;

	if (n == 1)
		return s[0];
	if (n == 2)
		return (uint32_t)(s[0] & 0x1F) << 6 | (s[1] & 0x3F);
	if (n == 3)
		return (uint32_t)(s[0] & 0x0F) << 12 | (uint32_t)(s[1] & 0x3F) << 6 | (s[2] & 0x3F);
	return (uint32_t)(s[0] & 0x07) << 18 | (uint32_t)(s[1] & 0x3F) << 12 |
	       (uint32_t)(s[2] & 0x3F) << 6 | (s[3] & 0x3F);
}

/* @ret bytes of the character at the beginning; *ret_keep: it is one to keep as it is */
static size_t look(const char *text, size_t n, bool *ret_keep)
{
	size_t width = utf8_char(text, n);

	*ret_keep = width > 0 && !hides(code_point(text, width));
	return width;
}

const char *strip_text(struct arena *arena, const char *text, size_t n, size_t *ret_n)
{
	static const char REPLACEMENT[] = "\xEF\xBF\xBD";
	size_t i = 0, out = 0, width;
	bool keep = true;
	char *copy;

	for (; i < n && keep; i += keep ? width : 0)
		width = look(text + i, n - i, &keep);
	if (keep && text[n] == '\0') {
		if (ret_n != NULL)
			*ret_n = n;
		return text;
	}
	copy = arena_alloc(arena, i + (n - i) * 3 + 1);
	memcpy(copy, text, i);
	for (out = i; i < n; i += width) {
		width = look(text + i, n - i, &keep);
		if (width == 0) {
			memcpy(copy + out, REPLACEMENT, 3);
			out += 3;
			width = 1;
		} else if (keep) {
			memcpy(copy + out, text + i, width);
			out += width;
		}
	}
	copy[out] = '\0';
	if (ret_n != NULL)
		*ret_n = out;
	return copy;
}

size_t strip_in_place(char *text, size_t n)
{
	size_t out = 0, width;
	bool keep;

	for (size_t i = 0; i < n; i += width == 0 ? 1 : width) {
		width = look(text + i, n - i, &keep);
		if (!keep)
			continue;
		memmove(text + out, text + i, width);
		out += width;
	}
	return out;
}

int64_t llm_tokens(const char *text, size_t n)
{
	int64_t ascii = 0, others = 0;

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)text[i] < 0x80)
			ascii++;
		else if ((text[i] & 0xC0) != 0x80)
			others++;
	}
	return (ascii + 3) / 4 + others;
}
