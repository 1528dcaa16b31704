#include "maps/signature.h"

#include <string.h>

#define BACK_MAX  400  /* bytes looked at before a name; a line longer than that is no source */
#define AHEAD_MAX 4000 /* ... behind it */

/* What ends a head at nesting 0, besides ; and a bracket too many. */
enum style {
	STYLE_BRACES = 0, /* { of a body */
	STYLE_LINES,      /* ... or the line's end: Go, Ruby, shell */
	STYLE_COLON,      /* the : before a body, or the line's end */
};

struct scan {
	enum lang lang;
	enum style style;
	enum def_kind kind;
	const char *p, *end;
	uint32_t nest;
	char out[FACTS_SIGN_MAX + 8];
	size_t len;
	bool blank, broken; /* white space is due; it holds a newline */
};

static enum style style_of(enum lang lang)
{
	switch (lang) {
	case LANG_PYTHON:
	case LANG_CYTHON:
	case LANG_STARLARK:
		return STYLE_COLON;
	case LANG_GO:
	case LANG_KOTLIN:
	case LANG_SCALA:
	case LANG_SWIFT:
	case LANG_GROOVY:
	case LANG_RUBY:
	case LANG_SHELL:
	case LANG_SQL:
		return STYLE_LINES;
	default:
		return STYLE_BRACES;
	}
}

static bool is_c(enum lang lang)
{
	return lang == LANG_C || lang == LANG_CPP || lang == LANG_CUDA || lang == LANG_OBJC;
}

static bool is_js(enum lang lang)
{
	return lang == LANG_JAVASCRIPT || lang == LANG_TYPESCRIPT || lang == LANG_TSX ||
	       lang == LANG_VUE || lang == LANG_SVELTE;
}

static bool is_callable(enum def_kind kind)
{
	return kind == DEF_FUNCTION || kind == DEF_METHOD;
}

static bool is_space(char c)
{
	return c == ' ' || (unsigned char)c < ' ' || c == 0x7f;
}

static bool is_word(char c)
{
	static const bool WORD[256] = {
		['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true,
		['_'] = true,         ['$'] = true,         [0x80 ... 0xff] = true,
	};

	return WORD[(unsigned char)c];
}

/* ---- back to the start ---- */

/* Past what stands between a bracket and the one that closes it, or NULL. */
static const char *behind_brackets(const char *p, const char *end)
{
	uint32_t nest = 0;

	for (; p < end; p++) {
		if (*p == '(' || *p == '[')
			nest++;
		else if ((*p == ')' || *p == ']') && (nest == 0 || --nest == 0))
			return p + 1;
	}
	return NULL;
}

/* @Name(...), #[...] and [...] stand before a declaration and say nothing of its shape. */
static const char *skip_attributes(const char *p, const char *name)
{
	for (;;) {
		const char *q = p;

		while (q < name && is_space(*q))
			q++;
		if (q >= name || (*q != '@' && *q != '[' && !(*q == '#' && q[1] == '[')))
			return q;
		if (*q == '@') {
			q++;
			if (name - q >= 9 && memcmp(q, "interface", 9) == 0)
				return q - 1;
			while (q < name && (is_word(*q) || *q == '.'))
				q++;
			if (q < name && *q == '(')
				q = behind_brackets(q, name);
		} else {
			q = behind_brackets(*q == '#' ? q + 1 : q, name);
		}
		if (!q || q >= name)
			return p;
		p = q;
	}
}

/* C: a result type may have the line before a name in the first column to itself. */
static const char *result_line(const char *start, const char *text)
{
	const char *newline = start - 1, *p = newline;

	while (p > text && is_space(p[-1]) && p[-1] != '\n')
		p--;
	if (p == text || !(is_word(p[-1]) || p[-1] == '*') || newline - p > 8)
		return start;
	while (p > text && p[-1] != '\n' && newline - p < BACK_MAX)
		p--;
	if ((p > text && p[-1] != '\n') || !is_word(*p) || memchr(p, '#', (size_t)(newline - p)))
		return start;
	return p;
}

/* What a declaration does not reach back over. */
static bool ends_before(char c)
{
	return c == '\n' || c == ';' || c == '{' || c == '}' || c == '\0';
}

static const char *find_start(const struct scan *sc, struct span text, const char *name)
{
	const char *p = name;

	while (p > text.data && name - p < BACK_MAX && !ends_before(p[-1]))
		p--;
	if (name - p >= BACK_MAX)
		return name;
	if (p == name && p > text.data && p[-1] == '\n' && is_c(sc->lang) && is_callable(sc->kind))
		p = result_line(p, text.data);
	return skip_attributes(p, name);
}

static uint32_t lines_between(const char *from, const char *to)
{
	uint32_t n = 0;

	for (; from < to; from++)
		n += *from == '\n';
	return n;
}

/* ---- on to the body ---- */

/* The white space that is due, but not where a line was broken for its length alone. */
static void put_blank(struct scan *sc, char next)
{
	char last = sc->len > 0 ? sc->out[sc->len - 1] : '(';
	bool tight = sc->broken && (last == '(' || last == '[' || strchr(")],.", next));

	if (sc->len > 0 && !tight && sc->len <= FACTS_SIGN_MAX)
		sc->out[sc->len++] = ' ';
	sc->blank = sc->broken = false;
}

static void put(struct scan *sc, const char *bytes, size_t n)
{
	if (sc->blank)
		put_blank(sc, *bytes);
	for (size_t i = 0; i < n && sc->len <= FACTS_SIGN_MAX; i++)
		sc->out[sc->len++] = is_space(bytes[i]) ? ' ' : bytes[i];
}

/* The rest of a word, whose first byte was put: nothing in it is looked at otherwise.  @ret where it ends */
static const char *put_word(struct scan *sc, const char *p, const char *end)
{
	for (; p < end && is_word(*p) && sc->len <= FACTS_SIGN_MAX; p++)
		sc->out[sc->len++] = *p;
	return p;
}

static void skip_comment(struct scan *sc, const char *close)
{
	const char *q = memmem(sc->p, (size_t)(sc->end - sc->p), close, strlen(close));

	sc->blank = true;
	sc->p = q ? q + (*close == '\n' ? 0 : strlen(close)) : sc->end;
}

/* @ret whether a comment was skipped */
static bool at_comment(struct scan *sc)
{
	const char *p = sc->p;
	bool two = sc->end - p >= 2;
	bool hash = sc->style == STYLE_COLON || sc->lang == LANG_RUBY || sc->lang == LANG_SHELL ||
	            sc->lang == LANG_PHP;

	if (*p != '/' && *p != '#' && *p != '-')
		return false;
	if (hash && *p == '#')
		skip_comment(sc, "\n");
	else if (sc->lang == LANG_SQL && two && memcmp(p, "--", 2) == 0)
		skip_comment(sc, "\n");
	else if (sc->style != STYLE_COLON && two && memcmp(p, "//", 2) == 0)
		skip_comment(sc, "\n");
	else if (sc->style != STYLE_COLON && two && memcmp(p, "/*", 2) == 0)
		skip_comment(sc, "*/");
	else
		return false;
	return true;
}

/* @ret bytes of the string that starts here; 0 when none does */
static size_t string_length(const struct scan *sc)
{
	const char *p = sc->p + 1;
	char quote = *sc->p;
	size_t max = (size_t)(sc->end - p);
	bool character = sc->style == STYLE_BRACES && quote == '\'' && !is_js(sc->lang) &&
	                 sc->lang != LANG_PHP;

	if (quote != '"' && quote != '\'' && quote != '`')
		return 0;
	if (character && max > 4)
		max = 4;
	for (size_t i = 0; i < max && p[i] != '\n'; i++) {
		if (p[i] == '\\')
			i++;
		else if (p[i] == quote)
			return i + 2;
	}
	return 0;
}

/* TS: a type without a ; goes on where this line or the next has an operator. */
static bool type_goes_on(const struct scan *sc)
{
	const char *p = sc->p;

	while (p < sc->end && is_space(*p))
		p++;
	return strchr("=|&,<?:", sc->out[sc->len - 1]) || (p < sc->end && strchr("|&?:=<>", *p));
}

static bool stops_at_newline(const struct scan *sc)
{
	if (sc->kind == DEF_TYPE && is_js(sc->lang) && sc->nest == 0)
		return !type_goes_on(sc);
	return sc->nest == 0 &&
	       (sc->style != STYLE_BRACES || sc->kind == DEF_CONSTANT || sc->kind == DEF_VARIABLE);
}

/* Whether the head is over at this sign, at nesting 0. */
static bool stops_at(const struct scan *sc)
{
	char next = sc->end - sc->p > 1 ? sc->p[1] : '\0', before = sc->p[-1];

	switch (*sc->p) {
	case ';':
	case ')':
	case ']':
	case '}':
		return true;
	case '{':
		return sc->style != STYLE_COLON;
	case ':':
		if (sc->style == STYLE_COLON)
			return is_callable(sc->kind) || sc->kind == DEF_CLASS;
		return sc->lang == LANG_CPP && is_callable(sc->kind) && next != ':' &&
		       before != ':';
	case '=':
		/* => and the = of a body that is an expression */
		if (next == '>')
			return is_callable(sc->kind) || sc->kind == DEF_CONSTANT;
		return is_callable(sc->kind) && sc->style == STYLE_LINES && next != '=' &&
		       before != '=' && sc->lang != LANG_GO;
	default:
		return false;
	}
}

static void scan_head(struct scan *sc)
{
	while (sc->p < sc->end && sc->len <= FACTS_SIGN_MAX) {
		char c = *sc->p;
		size_t n;

		if (is_space(c)) {
			if (c == '\n' && stops_at_newline(sc))
				return;
			sc->blank = true;
			sc->broken = sc->broken || c == '\n';
			sc->p++;
			continue;
		}
		if (is_word(c)) { /* no sign that says anything */
			put(sc, sc->p, 1);
			sc->p = put_word(sc, sc->p + 1, sc->end);
			continue;
		}
		if (at_comment(sc))
			continue;
		if (sc->nest == 0 && stops_at(sc))
			return;
		if (c == '(' || c == '[' || c == '{')
			sc->nest++;
		else if (c == ')' || c == ']' || c == '}')
			sc->nest--;
		n = string_length(sc);
		n = n ? n : 1;
		put(sc, sc->p, n);
		sc->p += n;
	}
}

/* #define NAME and its parameters, which follow without a blank. */
static const char *macro_end(const char *p, const char *end)
{
	if (p < end && *p == '(') {
		const char *close = memchr(p, ')', (size_t)(end - p));

		return close ? close + 1 : p;
	}
	return p;
}

/* Where it had to be cut, an ellipsis stands; what only led to the body goes. */
static void finish(struct scan *sc)
{
	if (sc->len > FACTS_SIGN_MAX) {
		sc->len = FACTS_SIGN_MAX - 3;
		while (sc->len > 0 && ((unsigned char)sc->out[sc->len] & 0xc0) == 0x80)
			sc->len--;
		memcpy(sc->out + sc->len, "…", 3);
		sc->len += 3;
		return;
	}
	while (sc->len > 0 && strchr(" =,:|&\\", sc->out[sc->len - 1]))
		sc->len--;
}

const char *signature_read(struct arena *arena, enum lang lang, enum def_kind kind,
                           struct span text, struct span name, uint32_t line,
                           uint32_t *ret_start_line)
{
	struct scan sc = { .lang = lang, .style = style_of(lang), .kind = kind };
	const char *end, *behind;

	*ret_start_line = line;
	if (!text.data || name.data < text.data || name.data >= text.data + text.len)
		return "";
	end = text.data + text.len;
	behind = name.data + name.len;
	sc.p = find_start(&sc, text, name.data);
	sc.end = end - behind > AHEAD_MAX ? behind + AHEAD_MAX : end;
	*ret_start_line = line - lines_between(sc.p, name.data);
	if (kind == DEF_MACRO)
		sc.end = macro_end(behind, sc.end);
	/* Up to the name everything belongs to the head: a receiver, a result. */
	for (const char *p = sc.p; p < name.data;) {
		if (is_space(*p)) {
			sc.blank = true;
			p++;
			continue;
		}
		put(&sc, p, 1);
		p = is_word(*p) ? put_word(&sc, p + 1, name.data) : p + 1;
	}
	put(&sc, name.data, name.len);
	sc.p = behind;
	scan_head(&sc);
	finish(&sc);
	return arena_strndup(arena, sc.out, sc.len);
}
