/* UTF-8 validation by the table of well-formed byte sequences in the Unicode standard (3-7). */
#include "base/utf8.h"

#include <string.h>

static bool in(unsigned char c, unsigned char low, unsigned char high)
{
	return c >= low && c <= high;
}

size_t utf8_char(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;

	if (s[0] < 0x80)
		return 1;
	if (in(s[0], 0xC2, 0xDF))
		return n >= 2 && in(s[1], 0x80, 0xBF) ? 2 : 0;
	if (in(s[0], 0xE0, 0xEF)) {
		unsigned char low = s[0] == 0xE0 ? 0xA0 : 0x80, high = s[0] == 0xED ? 0x9F : 0xBF;

		return n >= 3 && in(s[1], low, high) && in(s[2], 0x80, 0xBF) ? 3 : 0;
	}
	if (in(s[0], 0xF0, 0xF4)) {
		unsigned char low = s[0] == 0xF0 ? 0x90 : 0x80, high = s[0] == 0xF4 ? 0x8F : 0xBF;

		return n >= 4 && in(s[1], low, high) && in(s[2], 0x80, 0xBF) && in(s[3], 0x80, 0xBF)
		               ? 4
		               : 0;
	}
	return 0;
}

size_t utf8_valid(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n) {
		uint64_t eight;
		size_t c;

		/* Eight ASCII bytes at a time: most text is nothing else. */
		if (n - i >= sizeof(eight)) {
			memcpy(&eight, s + i, sizeof(eight));
			if ((eight & UINT64_C(0x8080808080808080)) == 0) {
				i += sizeof(eight);
				continue;
			}
		}
		c = utf8_char(s + i, n - i);
		if (c == 0)
			return i;
		i += c;
	}
	return n;
}

void utf8_run_add(struct utf8_run *run, const char *s, size_t n)
{
	size_t rest;

	while (run->ntail > 0 && n > 0 && !run->broken) {
		run->tail[run->ntail++] = *s++;
		n--;
		if (utf8_char(run->tail, run->ntail) > 0)
			run->ntail = 0;
		else if (run->ntail == sizeof(run->tail))
			run->broken = true;
	}
	if (run->broken || n == 0)
		return;
	rest = n - utf8_valid(s, n);
	run->broken = rest >= sizeof(run->tail);
	if (run->broken)
		return;
	memcpy(run->tail, s + n - rest, rest);
	run->ntail = rest;
}

bool utf8_run_valid(const struct utf8_run *run)
{
	return !run->broken && run->ntail == 0;
}

size_t utf8_length(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xC0) != 0x80;
	return count;
}

bool utf8_hides(const char *text)
{
	for (const unsigned char *s = (const unsigned char *)text; *s != '\0'; s++) {
		bool hides = false;

		if (s[0] == 0xC2)
			hides = s[1] == 0xAD;          /* U+00AD */
		else if (s[0] == 0xE2 && s[1] == 0x80) /* U+200B, 200E, 200F, 2028 to 202E */
			hides = s[2] == 0x8B || in(s[2], 0x8E, 0x8F) || in(s[2], 0xA8, 0xAE);
		else if (s[0] == 0xE2 && s[1] == 0x81) /* U+2060 to 206F */
			hides = in(s[2], 0xA0, 0xAF);
		else if (s[0] == 0xEF && s[1] == 0xBB) /* U+FEFF */
			hides = s[2] == 0xBF;
		else if (s[0] == 0xF3 && s[1] == 0xA0) /* U+E0000 to E007F */
			hides = in(s[2], 0x80, 0x81);
		if (hides)
			return true;
	}
	return false;
}
