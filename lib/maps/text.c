/* Text of unknown encoding. */
#include "maps/text.h"

#include "base/utf8.h"

#include <string.h>

bool text_is_utf16(struct span text)
{
	return text.len >= 2 &&
	       (memcmp(text.data, "\xFF\xFE", 2) == 0 || memcmp(text.data, "\xFE\xFF", 2) == 0);
}

/* Write one code point; out has room for 4 bytes. */
static size_t put(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | (c >> 6));
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | (c >> 12));
		out[1] = (char)(0x80 | ((c >> 6) & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | (c >> 18));
	out[1] = (char)(0x80 | ((c >> 12) & 0x3F));
	out[2] = (char)(0x80 | ((c >> 6) & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

static uint32_t unit16(const unsigned char *p, bool big)
{
	return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static struct span from_utf16(struct arena *arena, struct span text)
{
	const unsigned char *p = (const unsigned char *)text.data;
	bool big = p[0] == 0xFE;
	char *out = arena_alloc(arena, text.len / 2 * 3 + 4);
	size_t len = 0;

	for (size_t i = 2; i + 1 < text.len; i += 2) {
		uint32_t c = unit16(p + i, big);

		if (c >= 0xD800 && c < 0xE000) {
			uint32_t low = c < 0xDC00 && i + 3 < text.len ? unit16(p + i + 2, big) : 0;

			if (low >= 0xDC00 && low < 0xE000) {
				c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
				i += 2;
			} else {
				c = 0xFFFD;
			}
		}
		len += put(out + len, c);
	}
	return (struct span){ out, len };
}

static struct span from_latin1(struct arena *arena, struct span text)
{
	char *out = arena_alloc(arena, text.len * 2 + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++)
		len += put(out + len, (unsigned char)text.data[i]);
	return (struct span){ out, len };
}

struct span text_to_utf8(struct arena *arena, struct span text)
{
	if (text_is_utf16(text))
		return from_utf16(arena, text);
	if (text.len >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0)
		text = (struct span){ text.data + 3, text.len - 3 };
	return utf8_valid(text.data, text.len) == text.len ? text : from_latin1(arena, text);
}

/* Whether eight bytes are all ASCII and none a control character. */
static bool are_plain(const char *text)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t w;

	memcpy(&w, text, sizeof(w));
	return ((w | (w - ones * 0x20) | (w + ones)) & ones * 0x80) == 0;
}

static bool shows_as_is(const char *p, size_t n)
{
	return n > 0 && (unsigned char)*p >= 0x20 && *p != 0x7F;
}

const char *text_display(struct arena *arena, struct span bytes)
{
	static const char HEX[] = "0123456789abcdef";
	size_t good = 0, len = 0, n;
	char *out;

	while (bytes.len - good >= 8 && are_plain(bytes.data + good))
		good += 8;
	while (good < bytes.len &&
	       shows_as_is(bytes.data + good, n = utf8_char(bytes.data + good, bytes.len - good)))
		good += n;
	if (good == bytes.len)
		return NULL;
	out = arena_alloc(arena, bytes.len * 4 + 1);
	for (size_t i = 0; i < bytes.len;) {
		const char *p = bytes.data + i;

		n = utf8_char(p, bytes.len - i);
		if (shows_as_is(p, n)) {
			memcpy(out + len, p, n);
			len += n;
			i += n;
			continue;
		}
		out[len++] = '\\';
		out[len++] = 'x';
		out[len++] = HEX[(unsigned char)*p >> 4];
		out[len++] = HEX[(unsigned char)*p & 15];
		i++;
	}
	out[len] = '\0';
	return out;
}
