/*
 * JSON: the strict check of a text.
 *
 * The check is one pass over the bytes without recursion: a stack of the open
 * containers, and for each open object a hash set of its keys, all in the
 * arena.  Keys are compared after their escapes are resolved, so "a" and
 * "\u0061" are the same key.
 */
#include "base/json.h"

#include "base/ctx.h"
#include "base/secret.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct json_limits json_limits_body = {
	.max_bytes = (size_t)1024 * 1024,
	.max_depth = 32,
	.max_values = 100000,
};

#define SET_FIRST_SLOTS 16 /* of a key set; always a power of two */
#define SHOWN_BYTES     64 /* of a key in an error */

/* A set of keys, used again by each object at its depth: a slot of an earlier round is free. */
struct key_set {
	struct slot {
		struct span key;
		unsigned round; /* 0: never used */
	} * slots;
	size_t cap, n;
	unsigned round;
};

/* One open container. */
struct level {
	bool object;
	struct key_set keys;
};

/* What may come next. */
enum expect {
	WANT_VALUE,        /* after ':' or ',' in an array, and at the start */
	WANT_VALUE_OR_END, /* after '[' */
	WANT_KEY,          /* after ',' in an object */
	WANT_KEY_OR_END,   /* after '{' */
	WANT_COMMA_OR_END, /* after a value in a container */
	WANT_NOTHING,      /* after the outermost value */
};

struct scan {
	struct ctx *cx;
	const char *text;
	size_t n, at;
	const struct json_limits *limits;
	struct level *levels;
	int depth, levels_cap;
	int values;
	const unsigned char *sip_key;
	enum expect expect;
};

/* Line and column of a place, both from 1; columns count characters. */
static void locate(const struct scan *sc, size_t at, size_t *ret_line, size_t *ret_column)
{
	size_t line = 1, start = 0;

	for (size_t i = 0; i < at; i++) {
		if (sc->text[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	*ret_line = line;
	*ret_column = utf8_length(sc->text + start, at - start) + 1;
}

static enum err fail_at(const struct scan *sc, enum err code, size_t at, const char *what)
{
	size_t line, column;

	locate(sc, at, &line, &column);
	return err_set(sc->cx, code, "line %zu, column %zu: %s", line, column, what);
}

static enum err malformed(const struct scan *sc, const char *what)
{
	if (sc->at >= sc->n)
		return fail_at(sc, ERR_MALFORMED, sc->n, "the text ends too early");
	return fail_at(sc, ERR_MALFORMED, sc->at, what);
}

static char peek(const struct scan *sc)
{
	return sc->at < sc->n ? sc->text[sc->at] : '\0';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void skip_blanks(struct scan *sc)
{
	while (sc->at < sc->n && (sc->text[sc->at] == ' ' || sc->text[sc->at] == '\t' ||
	                          sc->text[sc->at] == '\n' || sc->text[sc->at] == '\r'))
		sc->at++;
}

/* The key's slot: the one that holds it, or the free one where it belongs. */
static struct slot *slot_of(const struct scan *sc, const struct key_set *set, struct span key)
{
	size_t i = secret_siphash(key.data, key.len, sc->sip_key) & (set->cap - 1);

	while (set->slots[i].round == set->round &&
	       (set->slots[i].key.len != key.len ||
	        memcmp(set->slots[i].key.data, key.data, key.len) != 0))
		i = (i + 1) & (set->cap - 1);
	return &set->slots[i];
}

/* @ret false when the set has the key already */
static bool add_key(const struct scan *sc, struct key_set *set, struct span key)
{
	struct slot *slot;

	if (set->n * 2 >= set->cap) {
		struct key_set old = *set;

		set->cap = old.cap == 0 ? SET_FIRST_SLOTS : old.cap * 2;
		set->slots = arena_array(sc->cx->arena, set->cap, sizeof(*set->slots));
		for (size_t i = 0; i < old.cap; i++) {
			if (old.slots[i].round == old.round)
				*slot_of(sc, set, old.slots[i].key) = old.slots[i];
		}
	}
	slot = slot_of(sc, set, key);
	if (slot->round == set->round)
		return false;
	*slot = (struct slot){ key, set->round };
	set->n++;
	return true;
}

/* Four hex digits at the place; -1 when they are not. */
static int hex4(const struct scan *sc, size_t at)
{
	int value = 0;

	if (at + 4 > sc->n)
		return -1;
	for (size_t i = at; i < at + 4; i++) {
		char c = sc->text[i];
		int digit = is_digit(c)            ? c - '0'
		            : c >= 'a' && c <= 'f' ? c - 'a' + 10
		            : c >= 'A' && c <= 'F' ? c - 'A' + 10
		                                   : -1;

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static size_t put_utf8(char *to, unsigned c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xC0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xE0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3F));
		to[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	to[0] = (char)(0xF0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3F));
	to[2] = (char)(0x80 | (c >> 6 & 0x3F));
	to[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

/* \uXXXX, or two of them that make one character.  Stands on the backslash. */
static enum err scan_unicode(struct scan *sc, unsigned *ret)
{
	int high = hex4(sc, sc->at + 2), low;

	if (high < 0)
		return fail_at(sc, ERR_MALFORMED, sc->at, "\\u needs four hex digits");
	if (high == 0)
		return fail_at(sc, ERR_ENCODING, sc->at, "a text must not hold \\u0000");
	if (high >= 0xDC00 && high <= 0xDFFF)
		return fail_at(sc, ERR_ENCODING, sc->at, "half a surrogate pair");
	if (high < 0xD800 || high > 0xDBFF) {
		*ret = (unsigned)high;
		sc->at += 6;
		return ERR_OK;
	}
	low = sc->at + 8 <= sc->n && memcmp(sc->text + sc->at + 6, "\\u", 2) == 0
	              ? hex4(sc, sc->at + 8)
	              : -1;
	if (low < 0xDC00 || low > 0xDFFF)
		return fail_at(sc, ERR_ENCODING, sc->at, "half a surrogate pair");
	*ret = 0x10000u + ((unsigned)(high - 0xD800) << 10) + (unsigned)(low - 0xDC00);
	sc->at += 12;
	return ERR_OK;
}

/* One escape.  Stands on the backslash.  @ret the character */
static enum err scan_escape(struct scan *sc, unsigned *ret)
{
	static const char NAMES[] = "\"\\/bfnrt", MEANT[] = "\"\\/\b\f\n\r\t";
	const char *name;

	if (sc->at + 1 >= sc->n)
		return fail_at(sc, ERR_MALFORMED, sc->n, "the text ends too early");
	if (sc->text[sc->at + 1] == 'u')
		return scan_unicode(sc, ret);
	name = memchr(NAMES, sc->text[sc->at + 1], sizeof(NAMES) - 1);
	if (name == NULL)
		return fail_at(sc, ERR_MALFORMED, sc->at, "there is no such escape");
	*ret = (unsigned char)MEANT[name - NAMES];
	sc->at += 2;
	return ERR_OK;
}

/* Pass bytes that stand for themselves. */
static enum err scan_plain(struct scan *sc)
{
	while (sc->at < sc->n) {
		unsigned char c = (unsigned char)sc->text[sc->at];
		size_t width;

		if (c == '"' || c == '\\')
			return ERR_OK;
		if (c < 0x20)
			return fail_at(sc, ERR_MALFORMED, sc->at,
			               "a control character in a text must be escaped");
		width = c < 0x80 ? 1 : utf8_char(sc->text + sc->at, sc->n - sc->at);
		if (width == 0)
			return fail_at(sc, ERR_ENCODING, sc->at, "the bytes are not UTF-8");
		sc->at += width;
	}
	return fail_at(sc, ERR_MALFORMED, sc->n, "the text ends too early: a quote is missing");
}

/* A text.  Stands on the opening quote.  @ret_raw what stands between the quotes */
static enum err scan_string(struct scan *sc, struct span *ret_raw)
{
	size_t from = ++sc->at;
	unsigned c;

	for (;;) {
		TRY(scan_plain(sc));
		if (sc->text[sc->at] == '"')
			break;
		TRY(scan_escape(sc, &c));
	}
	*ret_raw = (struct span){ sc->text + from, sc->at - from };
	sc->at++;
	return ERR_OK;
}

/* What a text says that scan_string() has passed: escapes only ever shrink. */
static struct span unescape(const struct scan *sc, struct span raw)
{
	struct scan in = { .cx = sc->cx, .text = raw.data, .n = raw.len };
	char *said;
	size_t len = 0;

	if (memchr(raw.data, '\\', raw.len) == NULL)
		return raw;
	said = arena_alloc(sc->cx->arena, raw.len);
	while (in.at < in.n) {
		unsigned c;
		enum err e;

		if (in.text[in.at] != '\\') {
			said[len++] = in.text[in.at++];
			continue;
		}
		e = scan_escape(&in, &c);
		assert(e == ERR_OK);
		len += put_utf8(said + len, c);
	}
	return (struct span){ said, len };
}

/* One or more digits. */
static bool scan_digits(struct scan *sc)
{
	size_t from = sc->at;

	while (is_digit(peek(sc)))
		sc->at++;
	return sc->at > from;
}

static enum err check_range(const struct scan *sc, size_t from, bool whole)
{
	char memory[64], *text = memory;
	size_t n = sc->at - from;
	int64_t value = 0;

	if (whole) {
		bool negative = sc->text[from] == '-';

		for (size_t i = from + negative; i < sc->at; i++) {
			int digit = sc->text[i] - '0';

			if (__builtin_mul_overflow(value, 10, &value) ||
			    __builtin_sub_overflow(value, digit, &value))
				return fail_at(sc, ERR_MALFORMED, from,
				               "the number is out of range");
		}
		if (!negative && value == INT64_MIN)
			return fail_at(sc, ERR_MALFORMED, from, "the number is out of range");
		return ERR_OK;
	}
	if (n >= sizeof(memory))
		text = arena_alloc(sc->cx->arena, n + 1);
	memcpy(text, sc->text + from, n);
	text[n] = '\0';
	if (isinf(strtod(text, NULL)))
		return fail_at(sc, ERR_MALFORMED, from, "the number is out of range");
	return ERR_OK;
}

static enum err scan_number(struct scan *sc)
{
	size_t from = sc->at;
	bool whole = true;

	if (peek(sc) == '-')
		sc->at++;
	if (peek(sc) == '0') {
		sc->at++;
		if (is_digit(peek(sc)))
			return fail_at(sc, ERR_MALFORMED, from, "a number must not begin with 0");
	} else if (!scan_digits(sc)) {
		return malformed(sc, "a digit must follow");
	}
	if (peek(sc) == '.') {
		whole = false;
		sc->at++;
		if (!scan_digits(sc))
			return malformed(sc, "a digit must follow the point");
	}
	if (peek(sc) == 'e' || peek(sc) == 'E') {
		whole = false;
		sc->at++;
		if (peek(sc) == '+' || peek(sc) == '-')
			sc->at++;
		if (!scan_digits(sc))
			return malformed(sc, "a digit must follow the exponent sign");
	}
	return check_range(sc, from, whole);
}

static enum err scan_word(struct scan *sc)
{
	static const struct span WORDS[] = { { "true", 4 }, { "false", 5 }, { "null", 4 } };

	for (size_t i = 0; i < COUNT(WORDS); i++) {
		if (sc->n - sc->at >= WORDS[i].len &&
		    memcmp(sc->text + sc->at, WORDS[i].data, WORDS[i].len) == 0) {
			sc->at += WORDS[i].len;
			return ERR_OK;
		}
	}
	return malformed(sc, "a value is expected here");
}

static enum err count_value(struct scan *sc)
{
	if (++sc->values > sc->limits->max_values)
		return err_set(sc->cx, ERR_LIMIT, "the JSON holds more than %d values",
		               sc->limits->max_values);
	return ERR_OK;
}

static enum err open_level(struct scan *sc)
{
	struct level *level;

	if (sc->depth == sc->limits->max_depth)
		return err_set(sc->cx, ERR_LIMIT, "the JSON is nested deeper than %d levels",
		               sc->limits->max_depth);
	if (sc->depth == sc->levels_cap) {
		size_t had = (size_t)sc->levels_cap * sizeof(*level);

		sc->levels_cap = sc->levels_cap == 0 ? 8 : sc->levels_cap * 2;
		sc->levels = arena_grow(sc->cx->arena, sc->levels, had,
		                        (size_t)sc->levels_cap * sizeof(*level));
	}
	level = &sc->levels[sc->depth++];
	level->object = sc->text[sc->at++] == '{';
	level->keys.n = 0;
	level->keys.round++;
	sc->expect = level->object ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
	return ERR_OK;
}

static void after_value(struct scan *sc)
{
	sc->expect = sc->depth == 0 ? WANT_NOTHING : WANT_COMMA_OR_END;
}

static void close_level(struct scan *sc)
{
	sc->depth--;
	sc->at++;
	after_value(sc);
}

static enum err scan_value(struct scan *sc)
{
	struct span raw;
	char c = peek(sc);

	TRY(count_value(sc));
	if (c == '{' || c == '[')
		return open_level(sc);
	if (c == '"')
		TRY(scan_string(sc, &raw));
	else if (c == '-' || is_digit(c))
		TRY(scan_number(sc));
	else
		TRY(scan_word(sc));
	after_value(sc);
	return ERR_OK;
}

/* A key and its colon. */
static enum err scan_key(struct scan *sc)
{
	size_t from = sc->at;
	struct span raw, key;

	if (peek(sc) != '"')
		return malformed(sc, "a key in double quotes is expected here");
	TRY(count_value(sc));
	TRY(scan_string(sc, &raw));
	key = unescape(sc, raw);
	if (!add_key(sc, &sc->levels[sc->depth - 1].keys, key))
		return fail_at(sc, ERR_MALFORMED, from,
		               arena_printf(sc->cx->arena, "the key \"%.*s\" stands here twice",
		                            (int)(key.len < SHOWN_BYTES ? key.len : SHOWN_BYTES),
		                            key.data));
	skip_blanks(sc);
	if (peek(sc) != ':')
		return malformed(sc, "a colon is expected here");
	sc->at++;
	sc->expect = WANT_VALUE;
	return ERR_OK;
}

static enum err scan_comma(struct scan *sc, bool object)
{
	if (peek(sc) != ',')
		return malformed(sc, object ? "a comma or } is expected here"
		                            : "a comma or ] is expected here");
	sc->at++;
	sc->expect = object ? WANT_KEY : WANT_VALUE;
	return ERR_OK;
}

/* One step: what stands at the place, which is not blank. */
static enum err step(struct scan *sc)
{
	bool object = sc->depth > 0 && sc->levels[sc->depth - 1].object;
	bool ends = peek(sc) == (object ? '}' : ']');

	switch (sc->expect) {
	case WANT_VALUE_OR_END:
	case WANT_KEY_OR_END:
	case WANT_COMMA_OR_END:
		if (ends) {
			close_level(sc);
			return ERR_OK;
		}
		if (sc->expect == WANT_COMMA_OR_END)
			return scan_comma(sc, object);
		return object ? scan_key(sc) : scan_value(sc);
	case WANT_KEY:
		return scan_key(sc);
	case WANT_VALUE:
		return scan_value(sc);
	case WANT_NOTHING:
		break;
	}
	return malformed(sc, "nothing may follow the value");
}

/* Of this thread, so that nobody outside knows where keys lie; one for each text would cost a system call. */
static const unsigned char *own_key(void)
{
	static _Thread_local unsigned char key[SECRET_SIP_KEY_BYTES];
	static _Thread_local bool drawn;

	if (!drawn)
		secret_random(key, sizeof(key));
	drawn = true;
	return key;
}

enum err json_check(struct ctx *cx, struct span text, const struct json_limits *limits)
{
	struct scan sc = { .cx = cx, .text = text.data, .n = text.len, .limits = limits };

	if (text.len > limits->max_bytes)
		return err_set(cx, ERR_LIMIT, "the JSON is %zu bytes long; at most %zu are taken",
		               text.len, limits->max_bytes);
	if (text.len >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0)
		return err_set(cx, ERR_MALFORMED,
		               "line 1, column 1: JSON must not begin with a byte order mark");
	sc.sip_key = own_key();
	skip_blanks(&sc);
	while (sc.at < sc.n) {
		TRY(step(&sc));
		skip_blanks(&sc);
	}
	if (sc.expect != WANT_NOTHING)
		return malformed(&sc, "a value is expected here");
	return ERR_OK;
}
