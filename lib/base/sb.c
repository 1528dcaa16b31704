/* String builder over an arena. */
#include "base/sb.h"

#include "base/ctx.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

#define FIRST_BYTES 256

struct sb sb_new(struct arena *arena, size_t max_bytes)
{
	return (struct sb){ .arena = arena, .max = max_bytes };
}

struct sb sb_fixed(char *memory, size_t n)
{
	assert(n > 0);
	memory[0] = '\0';
	return (struct sb){ .data = memory, .cap = n, .max = n - 1 };
}

/* Make room for n more bytes and the NUL; false when the ceiling is in the way. */
static bool grow(struct sb *sb, size_t n)
{
	size_t want, cap;

	if (sb->failed || n > sb->max - sb->len) {
		sb->failed = true;
		return false;
	}
	want = sb->len + n + 1;
	if (want <= sb->cap)
		return true;
	cap = sb->cap == 0 ? FIRST_BYTES : sb->cap;
	while (cap < want)
		cap *= 2;
	if (cap > sb->max + 1)
		cap = sb->max + 1;
	sb->data = arena_more(sb->arena, sb->data, sb->cap, cap);
	sb->cap = cap;
	return true;
}

/* The same; mostly there is room, and answers are made of many small pieces. */
static inline bool reserve(struct sb *sb, size_t n)
{
	if (n < sb->cap - sb->len && n <= sb->max - sb->len && !sb->failed)
		return true;
	return grow(sb, n);
}

void sb_addn(struct sb *sb, const char *text, size_t n)
{
	if (!reserve(sb, n))
		return;
	if (n > 0)
		memcpy(sb->data + sb->len, text, n);
	sb->len += n;
	sb->data[sb->len] = '\0';
}

void sb_add(struct sb *sb, const char *text)
{
	sb_addn(sb, text, strlen(text));
}

void sb_addc(struct sb *sb, char c)
{
	if (!reserve(sb, 1))
		return;
	sb->data[sb->len++] = c;
	sb->data[sb->len] = '\0';
}

void sb_vaddf(struct sb *sb, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0) {
		sb->failed = true;
		return;
	}
	if (!reserve(sb, (size_t)n))
		return;
	vsnprintf(sb->data + sb->len, (size_t)n + 1, fmt, ap);
	sb->len += (size_t)n;
}

void sb_addf(struct sb *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sb_vaddf(sb, fmt, ap);
	va_end(ap);
}

static size_t digits_of(uint64_t n)
{
	size_t digits = 4;

	if (n < 100)
		return n < 10 ? 1 : 2;
	if (n < 10000)
		return n < 1000 ? 3 : 4;
	for (n /= 10000; n > 0; n /= 10)
		digits++;
	return digits;
}

static const char PAIRS[] = "00010203040506070809101112131415161718192021222324"
			    "25262728293031323334353637383940414243444546474849"
			    "50515253545556575859606162636465666768697071727374"
			    "75767778798081828384858687888990919293949596979899";

static char *put_digits(char *to, uint64_t left, size_t digits)
{
	char *end = to + digits;

	to = end;
	for (; left >= 100; left /= 100)
		memcpy(to -= 2, PAIRS + left % 100 * 2, 2);
	if (left >= 10)
		memcpy(to - 2, PAIRS + left * 2, 2);
	else
		to[-1] = (char)('0' + left);
	return end;
}

/* Two digits, or the one that is there. */
static inline char *put_first(char *to, uint32_t n)
{
	if (n < 10) {
		*to = (char)('0' + n);
		return to + 1;
	}
	memcpy(to, PAIRS + n * 2, 2);
	return to + 2;
}

char *sb_put_int(char *to, int64_t n)
{
	uint64_t left = n < 0 ? (uint64_t)0 - (uint64_t)n : (uint64_t)n;
	uint32_t few = (uint32_t)left, rest;

	if (n < 0)
		*to++ = '-';
	if (left < 100)
		return put_first(to, few);
	if (left < 10000) {
		to = put_first(to, few / 100);
		memcpy(to, PAIRS + few % 100 * 2, 2);
		return to + 2;
	}
	if (left >= 1000000)
		return put_digits(to, left, digits_of(left));
	rest = few % 10000;
	to = put_first(to, few / 10000);
	memcpy(to, PAIRS + rest / 100 * 2, 2);
	memcpy(to + 2, PAIRS + rest % 100 * 2, 2);
	return to + 4;
}

static void add_int(struct sb *sb, const char *before, size_t nbefore, int64_t n)
{
	uint64_t left = n < 0 ? (uint64_t)0 - (uint64_t)n : (uint64_t)n;
	char *to;

	if (!reserve(sb, nbefore + digits_of(left) + (n < 0)))
		return;
	to = sb->data + sb->len;
	if (nbefore > 0)
		*to++ = *before;
	to = sb_put_int(to, n);
	*to = '\0';
	sb->len = (size_t)(to - sb->data);
}

void sb_int(struct sb *sb, int64_t n)
{
	add_int(sb, NULL, 0, n);
}

void sb_int_after(struct sb *sb, char before, int64_t n)
{
	add_int(sb, &before, 1, n);
}

char *sb_room(struct sb *sb, size_t n)
{
	size_t want = sb->len + n + 1, cap = sb->cap == 0 ? FIRST_BYTES : sb->cap;

	assert(sb->arena != NULL);
	if (sb->failed)
		return NULL;
	while (cap < want)
		cap *= 2;
	if (cap > sb->cap) {
		sb->data = arena_more(sb->arena, sb->data, sb->cap, cap);
		sb->cap = cap;
	}
	return sb->data + sb->len;
}

void sb_took(struct sb *sb, const char *end)
{
	size_t len = (size_t)(end - sb->data);

	if (len > sb->max)
		sb->failed = true;
	else
		sb->len = len;
	sb->data[sb->len] = '\0';
}

/* Append one character that JSON does not take as it is. */
static void add_escaped(struct sb *sb, unsigned char c)
{
	static const char HEX[] = "0123456789abcdef";
	static const char SHORT[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char text[6] = { '\\', 'u', '0', '0', 0, 0 };

	for (size_t i = 0; i + 1 < sizeof(SHORT) - 1; i += 2) {
		if ((unsigned char)SHORT[i] == c) {
			text[1] = SHORT[i + 1];
			sb_addn(sb, text, 2);
			return;
		}
	}
	text[4] = HEX[c >> 4];
	text[5] = HEX[c & 15];
	sb_addn(sb, text, sizeof(text));
}

/* The bytes that JSON takes as they are and that are characters by themselves. */
static bool is_plain(unsigned char c)
{
	static const bool PLAIN[256] = {
		[' '] = true,
		['!'] = true,
		['#' ... '['] = true,
		[']' ... '~'] = true,
	};

	return PLAIN[c];
}

/* Whether eight bytes are all plain: the same, for all of them in one word. */
static bool are_plain(const char *text)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	uint64_t w, quote, slash;

	memcpy(&w, text, sizeof(w));
	quote = w ^ ones * '"';
	slash = w ^ ones * '\\';
	/* below a space, or with the top bit; 0x7f; a zero byte where one of the two stood */
	return (((w - ones * ' ') | w | (w + ones) | (quote - ones) | (slash - ones)) & tops) == 0;
}

/* The same of sixteen, in which the machine compares each with each. */
static bool are_all_plain(const char *text)
{
	typedef signed char sixteen __attribute__((vector_size(16)));
	sixteen c, odd;
	uint64_t half[2];

	memcpy(&c, text, sizeof(c));
	odd = (c < ' ') | (c == 0x7f) | (c == '"') | (c == '\\'); /* the top bit is below zero */
	memcpy(half, &odd, sizeof(half));
	return (half[0] | half[1]) == 0;
}

/* Whether a whole text is plain; its last bytes are looked at together with some before. */
static bool is_all_plain(const char *text, size_t n)
{
	if (n >= 16) {
		for (size_t i = 0; i + 16 < n; i += 16)
			if (!are_all_plain(text + i))
				return false;
		return are_all_plain(text + n - 16);
	}
	if (n >= 8)
		return are_plain(text) && are_plain(text + n - 8);
	for (size_t i = 0; i < n; i++)
		if (!is_plain((unsigned char)text[i]))
			return false;
	return true;
}

/* "text", whole or not at all; @ret false: something in it needs more care, nothing is added */
static bool add_plain(struct sb *sb, const char *text, size_t n)
{
	char *to;

	if (!is_all_plain(text, n))
		return false;
	if (n > SIZE_MAX - 2 || !reserve(sb, n + 2))
		return false;
	to = sb->data + sb->len;
	to[0] = '"';
	if (n > 0)
		memcpy(to + 1, text, n);
	to[n + 1] = '"';
	to[n + 2] = '\0';
	sb->len += n + 2;
	return true;
}

void sb_json_name(struct sb *sb, const char *name)
{
	size_t n = strlen(name);
	char *to;

	if (!reserve(sb, n + 3))
		return;
	to = sb->data + sb->len;
	to[0] = '"';
	memcpy(to + 1, name, n);
	memcpy(to + n + 1, "\":", 3);
	sb->len += n + 3;
}

void sb_json_member(struct sb *sb, char before, const char *name)
{
	size_t n = strlen(name);
	char *to;

	if (!reserve(sb, n + 4))
		return;
	to = sb->data + sb->len;
	to[0] = before;
	to[1] = '"';
	memcpy(to + 2, name, n);
	memcpy(to + n + 2, "\":", 3);
	sb->len += n + 4;
}

void sb_jsonn(struct sb *sb, const char *text, size_t n)
{
	size_t from = 0, i = 0;

	if (add_plain(sb, text, n))
		return;
	sb_addc(sb, '"');
	while (i < n) {
		unsigned char c = (unsigned char)text[i];
		size_t width = 1;

		if (c >= 0x80)
			width = utf8_char(text + i, n - i);
		if (width > 0 && c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) {
			i += width;
			continue;
		}
		sb_addn(sb, text + from, i - from);
		if (width == 0)
			sb_add(sb, "\xEF\xBF\xBD");
		else
			add_escaped(sb, c);
		from = ++i;
	}
	sb_addn(sb, text + from, n - from);
	sb_addc(sb, '"');
}

void sb_json(struct sb *sb, const char *text)
{
	sb_jsonn(sb, text, strlen(text));
}

void sb_json_then(struct sb *sb, const char *text, char after)
{
	size_t n = strlen(text);
	char *to;

	if (!is_all_plain(text, n) || n > SIZE_MAX - 3 || !reserve(sb, n + 3)) {
		sb_jsonn(sb, text, n);
		sb_addc(sb, after);
		return;
	}
	to = sb->data + sb->len;
	to[0] = '"';
	memcpy(to + 1, text, n);
	to[n + 1] = '"';
	to[n + 2] = after;
	to[n + 3] = '\0';
	sb->len += n + 3;
}

static const char *entity(char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void sb_markupn(struct sb *sb, const char *text, size_t n)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		const char *instead = entity(text[i]);

		if (instead == NULL)
			continue;
		sb_addn(sb, text + from, i - from);
		sb_add(sb, instead);
		from = i + 1;
	}
	sb_addn(sb, text + from, n - from);
}

void sb_markup(struct sb *sb, const char *text)
{
	sb_markupn(sb, text, strlen(text));
}

void sb_truncate(struct sb *sb, size_t len)
{
	assert(len <= sb->len);
	sb->len = len;
	if (sb->data != NULL)
		sb->data[len] = '\0';
}

enum err sb_finish(struct ctx *cx, struct sb *sb, const char **ret)
{
	if (sb->failed)
		return err_set(cx, ERR_LIMIT, "the text passes %zu bytes", sb->max);
	*ret = sb->data == NULL ? "" : sb->data;
	return ERR_OK;
}
