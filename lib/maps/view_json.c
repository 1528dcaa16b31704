/* View JSON: the grammar, with a counter of open brackets in the place of recursion. */
#include "maps/view_json.h"

#include <limits.h>
#include <string.h>

void view_json_bad(struct view_json *r, const char *why)
{
	if (r->bad == NULL)
		r->bad = why;
	r->p = r->end;
}

static void blanks(struct view_json *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
		r->p++;
}

bool view_json_next_is(struct view_json *r, char c)
{
	blanks(r);
	return r->p < r->end && *r->p == c;
}

static bool take(struct view_json *r, char c)
{
	if (!view_json_next_is(r, c))
		return false;
	r->p++;
	return true;
}

static bool enter(struct view_json *r, bool *first, char open, char close)
{
	if (*first) {
		*first = false;
		if (!take(r, open)) {
			view_json_bad(r, "a member is of another kind than expected");
			return false;
		}
		return !take(r, close) && r->bad == NULL;
	}
	if (take(r, ','))
		return true;
	if (!take(r, close))
		view_json_bad(r, "a comma or bracket is missing");
	return false;
}

bool view_json_item(struct view_json *r, bool *first)
{
	return enter(r, first, '[', ']');
}

bool view_json_key(struct view_json *r, bool *first, struct span *ret)
{
	if (!enter(r, first, '{', '}'))
		return false;
	*ret = view_json_text(r);
	if (!take(r, ':')) {
		view_json_bad(r, "a colon is missing");
		return false;
	}
	return true;
}

bool view_json_is(struct span key, const char *name)
{
	return strlen(name) == key.len && memcmp(name, key.data, key.len) == 0;
}

bool view_json_null(struct view_json *r)
{
	if (!view_json_next_is(r, 'n') || r->end - r->p < 4 || memcmp(r->p, "null", 4) != 0)
		return false;
	r->p += 4;
	return true;
}

/* The cursor stands behind the opening quote.  @ret where the closing one is, NULL without */
static const char *closing_quote(const struct view_json *r)
{
	const char *p = r->p, *before;

	for (; (p = memchr(p, '"', (size_t)(r->end - p))) != NULL; p++) {
		for (before = p; before > r->p && before[-1] == '\\';)
			before--;
		if ((p - before) % 2 == 0)
			return p;
	}
	return NULL;
}

/* Bytes at which skipping has to look: all others inside brackets are passed over. */
static const bool TELLS[256] = {
	['"'] = true, ['['] = true, [']'] = true, ['{'] = true, ['}'] = true
};

/* Whether eight bytes are all of numbers and between them: from '+' to '9'. */
static bool are_numbers(const char *p)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return ((w | (w - ones * '+') | (w + ones * (0x7f - '9'))) & ones * 0x80) == 0;
}

/* @ret the next byte that tells something; columns of numbers have none for long */
static const char *pass_over(const char *p, const char *end)
{
	for (;;) {
		while (end - p >= 8 && are_numbers(p))
			p += 8;
		for (int i = 0; i < 8; i++, p++)
			if (p == end || TELLS[(unsigned char)*p])
				return p;
	}
}

void view_json_skip(struct view_json *r)
{
	size_t depth = 0;

	do {
		blanks(r);
		if (depth > 0)
			r->p = pass_over(r->p, r->end);
		if (r->p == r->end) {
			view_json_bad(r, "the text ends too early");
			return;
		}
		switch (*r->p++) {
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (depth-- == 0) {
				view_json_bad(r, "a bracket too many");
				return;
			}
			break;
		case '"':
			r->p = closing_quote(r);
			if (r->p == NULL) {
				view_json_bad(r, "a text does not end");
				return;
			}
			r->p++;
			break;
		case ',':
		case ':':
			break;
		default:
			while (r->p < r->end && strchr(",]}: \n\t\r", *r->p) == NULL)
				r->p++;
		}
	} while (depth > 0);
}

static int hex4(const char *p, const char *end)
{
	int n = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
		            : c >= 'a' && c <= 'f' ? c - 'a' + 10
		            : c >= 'A' && c <= 'F' ? c - 'A' + 10
		                                   : -1;

		if (digit < 0)
			return -1;
		n = n * 16 + digit;
	}
	return n;
}

static size_t put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* @p behind "\u"; steps over what it reads.  A lone surrogate becomes U+FFFD; @ret UINT_MAX: no escape */
static unsigned unescape_u(const char **p, const char *end)
{
	int c = hex4(*p, end), low;

	if (c < 0)
		return UINT_MAX;
	*p += 4;
	if (c < 0xd800 || c > 0xdfff)
		return (unsigned)c;
	if (c > 0xdbff || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return 0xfffd;
	low = hex4(*p + 2, end);
	if (low < 0xdc00 || low > 0xdfff)
		return 0xfffd;
	*p += 6;
	return 0x10000 + ((unsigned)(c - 0xd800) << 10) + (unsigned)(low - 0xdc00);
}

static struct span unescape(struct view_json *r, struct span raw)
{
	char *out =
		arena_alloc(r->arena, raw.len + 1); /* an escape is never shorter than its text */
	const char *p = raw.data, *end = raw.data + raw.len;
	size_t n = 0;

	while (p < end) {
		unsigned code;
		char c = *p++;

		if (c != '\\' || p == end) {
			out[n++] = c;
			continue;
		}
		c = *p++;
		switch (c) {
		case 'b':
			out[n++] = '\b';
			break;
		case 'f':
			out[n++] = '\f';
			break;
		case 'n':
			out[n++] = '\n';
			break;
		case 'r':
			out[n++] = '\r';
			break;
		case 't':
			out[n++] = '\t';
			break;
		case 'u':
			code = unescape_u(&p, end);
			if (code == UINT_MAX)
				view_json_bad(r, "an escape is none");
			else
				n += put_utf8(out + n, code);
			break;
		default:
			out[n++] = c;
		}
	}
	return (struct span){ out, n };
}

struct span view_json_text(struct view_json *r)
{
	struct span raw = { "", 0 };
	const char *end;

	if (!take(r, '"')) {
		view_json_bad(r, "a text is expected");
		return raw;
	}
	end = closing_quote(r);
	if (end == NULL) {
		view_json_bad(r, "a text does not end");
		return raw;
	}
	raw = (struct span){ r->p, (size_t)(end - r->p) };
	r->p = end + 1;
	return memchr(raw.data, '\\', raw.len) != NULL ? unescape(r, raw) : raw;
}

int32_t view_json_int(struct view_json *r)
{
	bool minus = take(r, '-');
	int64_t n = 0;

	blanks(r);
	if (r->p == r->end || *r->p < '0' || *r->p > '9') {
		view_json_bad(r, "a whole number is expected");
		return 0;
	}
	while (r->p < r->end && *r->p >= '0' && *r->p <= '9') {
		n = n * 10 + (*r->p++ - '0');
		if (n > INT32_MAX - 1)
			n = INT32_MAX - 1;
	}
	return (int32_t)(minus ? -n : n);
}

bool view_json_room(struct view_json *r, size_t n)
{
	if (n < VIEW_ROWS_MAX && arena_used(r->arena) + n * sizeof(struct span) < VIEW_BYTES_MAX)
		return true;
	r->too_many = true;
	view_json_bad(r, "too many rows");
	return false;
}

/* @ret how many numbers stand before the next bracket, at most; counted by what separates them */
static size_t count_numbers(const struct view_json *r)
{
	size_t n = 1;

	for (const char *p = r->p; p < r->end && *p != ']'; p++)
		n += *p == ',';
	return n;
}

int32_t *view_json_ints(struct view_json *r, size_t *ret_n)
{
	size_t cap = count_numbers(r), n = 0;
	int32_t *column;

	if (!view_json_room(r, cap))
		cap = 0;
	column = arena_array(r->arena, cap, sizeof(*column));
	for (bool first = true; view_json_item(r, &first) && n < cap;)
		column[n++] = view_json_int(r);
	*ret_n = r->bad == NULL ? n : 0;
	return column;
}

struct span *view_json_texts(struct view_json *r, size_t *ret_n)
{
	struct view_json count = *r;
	size_t cap = view_json_count_rows(&count), n = 0;
	struct span *column = arena_array(r->arena, cap, sizeof(*column));

	if (!view_json_room(r, cap))
		cap = 0;
	for (bool first = true; view_json_item(r, &first) && n < cap;)
		column[n++] = view_json_text(r);
	*ret_n = r->bad == NULL ? n : 0;
	return column;
}

size_t view_json_count_rows(struct view_json *r)
{
	struct view_json ahead = *r;
	size_t n = 0;

	for (bool first = true; view_json_item(&ahead, &first) && n < VIEW_ROWS_MAX; n++)
		view_json_skip(&ahead);
	return n;
}
