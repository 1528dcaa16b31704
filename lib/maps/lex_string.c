#include "maps/lex_string.h"

#include <string.h>

#define RUST_HASHES_MAX 255 /* of r###"...", the language's own limit */
#define CPP_TAG_MAX     16  /* of R"tag(...)tag", likewise */
#define LUA_LEVEL_MAX   64  /* of [===[ */

/* The token's text becomes what stands between the quotes. */
static void make_string(struct lexer *lx, struct token *ret, const char *from, struct span inner)
{
	lex_token(lx, ret, TOKEN_STRING, from);
	ret->text = inner.data;
	ret->len = inner.len;
}

static struct span between(const char *from, const char *to)
{
	return (struct span){ from, (size_t)(to - from) };
}

/* @ret the closing quote, or where the string breaks off: the newline or the end */
static const char *find_close(const struct lexer *lx, const char *q, char quote, bool lines,
                              bool escapes)
{
	for (; q < lx->end; q++) {
		if (*q == quote)
			return q;
		if (*q == '\n' && !lines)
			return q;
		if (*q == '\\' && escapes && q + 1 < lx->end) {
			/* A backslash also carries a one-line string over the newline. */
			q++;
			if (*q == '\r' && q + 1 < lx->end && q[1] == '\n')
				q++;
		}
	}
	return lx->end;
}

static void quoted(struct lexer *lx, struct token *ret, const char *from, bool lines, bool escapes)
{
	const char *inner = lx->p + 1;
	const char *close = find_close(lx, inner, *lx->p, lines, escapes);
	bool closed = close < lx->end && *close == *lx->p;

	lex_advance(lx, closed ? close + 1 : close, LINE_CODE);
	make_string(lx, ret, from, between(inner, close));
}

/* @ret how many quotes stand one after the other, up to @max: more are not looked at */
static size_t quotes_at(const struct lexer *lx, const char *q, char quote, size_t max)
{
	size_t n = 0;

	while (n < max && q + n < lx->end && q[n] == quote)
		n++;
	return n;
}

/* """...""": over lines; counts as comment where the language's documentation is written so. */
static void triple(struct lexer *lx, struct token *ret, const char *from, bool escapes)
{
	const char *inner = lx->p + 3, *q = inner;
	char quote = *lx->p;
	size_t run = 3;
	bool doc = lx->syntax->flags & LEX_DOC_STRING;
	bool bare = from == lx->p || ((*from == 'u' || *from == 'U') && from + 1 == lx->p);
	bool code_before = lx->line_kind == LINE_CODE || !bare;

	/* C# takes any number of quotes, the same at both ends. */
	for (; (lx->syntax->flags & LEX_VERBATIM) && inner < lx->end && *inner == quote; inner++)
		run++;
	for (q = inner;;) {
		q = find_close(lx, q, quote, true, escapes);
		if (q >= lx->end || quotes_at(lx, q, quote, run) >= run)
			break;
		q += quotes_at(lx, q, quote, run);
	}
	/* Kotlin: of more than three, the first ones belong to the text. */
	if (q < lx->end && (lx->syntax->flags & LEX_RAW_TRIPLE))
		q += quotes_at(lx, q, quote, SIZE_MAX) - run;

	const char *stop = q < lx->end ? q + run : lx->end;

	if (doc && code_before)
		lx->line_kind = LINE_CODE;
	lex_advance(lx, stop, doc ? LINE_COMMENT : LINE_CODE);

	enum line_kind kind = lx->line_kind;

	make_string(lx, ret, from, between(inner, q));
	if (doc)
		lx->line_kind = (uint8_t)kind;
}

/* R"tag(...)tag" */
static bool raw_cpp(struct lexer *lx, struct token *ret, const char *from)
{
	const char *tag = lx->p + 1, *q = tag;
	char close[CPP_TAG_MAX + 2];

	while (q < lx->end && *q != '(' && q - tag <= CPP_TAG_MAX && !strchr(" )\\\t\v\f\n", *q))
		q++;
	if (q >= lx->end || *q != '(' || q - tag > CPP_TAG_MAX)
		return false;

	size_t n = (size_t)(q - tag) + 2;

	close[0] = ')';
	memcpy(close + 1, tag, n - 2);
	close[n - 1] = '"';
	q++;

	const char *end = memmem(q, (size_t)(lx->end - q), close, n);

	lex_advance(lx, end ? end + n : lx->end, LINE_CODE);
	make_string(lx, ret, from, between(q, end ? end : lx->end));
	return true;
}

/* r"..." and r##"..."##; lx->p is at the first # or the quote. */
static bool raw_rust(struct lexer *lx, struct token *ret, const char *from)
{
	const char *q = lx->p;
	char close[RUST_HASHES_MAX + 1];
	size_t hashes = 0;

	while (q < lx->end && *q == '#' && hashes < RUST_HASHES_MAX) {
		q++;
		hashes++;
	}
	if (q >= lx->end || *q != '"')
		return false;
	close[0] = '"';
	memset(close + 1, '#', hashes);
	q++;

	const char *end = memmem(q, (size_t)(lx->end - q), close, hashes + 1);

	lex_advance(lx, end ? end + hashes + 1 : lx->end, LINE_CODE);
	make_string(lx, ret, from, between(q, end ? end : lx->end));
	return true;
}

/* Lua's [[...]] and [==[...]==]. */
static bool long_bracket(struct lexer *lx, struct token *ret)
{
	const char *from = lx->p, *q = from + 1;
	char close[LUA_LEVEL_MAX + 2];
	size_t level = 0;

	while (q < lx->end && *q == '=' && level < LUA_LEVEL_MAX) {
		q++;
		level++;
	}
	if (q >= lx->end || *q != '[')
		return false;
	close[0] = ']';
	memset(close + 1, '=', level);
	close[level + 1] = ']';
	q++;

	const char *end = memmem(q, (size_t)(lx->end - q), close, level + 2);

	lex_advance(lx, end ? end + level + 2 : lx->end, LINE_CODE);
	make_string(lx, ret, from, between(q, end ? end : lx->end));
	return true;
}

/* C#: in @"..." a quote is written twice and nothing else is special. */
static bool verbatim(struct lexer *lx, struct token *ret)
{
	const char *from = lx->p, *inner = from + 1, *q;

	if (inner < lx->end && *inner == '$')
		inner++;
	if (inner >= lx->end || *inner++ != '"')
		return false;
	for (q = inner; q < lx->end; q += 2) {
		q = find_close(lx, q, '"', true, false);
		if (lx->end - q < 2 || q[1] != '"')
			break;
	}
	if (q > lx->end)
		q = lx->end;
	lex_advance(lx, q < lx->end ? q + 1 : q, LINE_CODE);
	make_string(lx, ret, from, between(inner, q));
	return true;
}

/* Kotlin, Scala: `any words`, on one line.  A NUL ends the try: names are strings of C from here on. */
static bool backtick(struct lexer *lx, struct token *ret)
{
	const char *from = lx->p, *q = from + 1;

	while (q < lx->end && *q != '`' && *q != '\n' && *q != '\0')
		q++;
	if (q >= lx->end || *q != '`' || q == from + 1)
		return false;
	lx->p = q + 1;
	lex_token(lx, ret, TOKEN_IDENT, from);
	ret->text = from + 1;
	ret->len = (size_t)(q - from) - 1;
	return true;
}

/*
 * Rust, Haskell and their like: 'x' is a character, 'x alone a lifetime or a
 * type variable.
 */
static bool tick(struct lexer *lx, struct token *ret)
{
	const char *from = lx->p, *q = from + 1;

	if (q >= lx->end || *q == '\n')
		return false;
	if (*q == '\\') {
		quoted(lx, ret, from, false, true);
		return true;
	}
	q++;
	while (q < lx->end && ((unsigned char)*q & 0xc0) == 0x80 && q - from < 5)
		q++;
	if (q >= lx->end || *q != '\'')
		return false;
	lx->p = q + 1;
	make_string(lx, ret, from, between(from + 1, q));
	return true;
}

static bool is_letter(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * Whether << here may announce a here-document: not the tail of the shell's <<<, and in Ruby not
 * behind an operand that it touches, unless the tag is written like one.
 */
static bool heredoc_may_start(const struct lexer *lx, const char *tag)
{
	char before = lx->p > lx->line_start ? lx->p[-1] : ' ';

	if (before == '<')
		return false;
	if (lx->syntax != &syntaxes[SYNTAX_RUBY])
		return true;
	if (strchr(")]}\"'0123456789", before))
		return false;
	return !is_letter(before) || !(*tag >= 'a' && *tag <= 'z');
}

/* <<TAG, <<-TAG, <<~TAG, <<'TAG': noted here, skipped at the end of the line. */
static bool heredoc(struct lexer *lx, struct token *ret)
{
	const char *from = lx->p, *q = from + 2;
	char quote = 0;

	if (lx->heredoc_misses >= LEX_MISSES_MAX || lx->nheredocs == LEX_HEREDOCS ||
	    lx->end - from < 3 || from[1] != '<')
		return false;
	bool indented = *q == '-' || *q == '~';
	q += indented;
	while (q < lx->end && *q == ' ' && lx->syntax == &syntaxes[SYNTAX_SHELL])
		q++;
	if (q < lx->end && (*q == '"' || *q == '\'' || *q == '\\'))
		quote = *q++;

	const char *tag = q;
	bool shell = lx->syntax == &syntaxes[SYNTAX_SHELL];

	while (q < lx->end && (is_letter(*q) || (q > tag && *q >= '0' && *q <= '9') ||
	                       (shell && (*q == '!' || (q > tag && (*q == '-' || *q == '.'))))))
		q++;
	if (q == tag || q - tag > LEX_HEREDOC_MAX || !heredoc_may_start(lx, tag))
		return false;

	struct lex_heredoc *here = &lx->heredocs[lx->nheredocs++];

	memcpy(here->tag, tag, (size_t)(q - tag));
	here->tag[q - tag] = 0;
	here->indented = indented;
	if (quote && quote != '\\' && q < lx->end && *q == quote)
		q++;
	lx->p = q;
	lex_token(lx, ret, TOKEN_PIECE, from);
	return true;
}

static void heredoc_body(struct lexer *lx, const struct lex_heredoc *here)
{
	size_t n = strlen(here->tag);
	const char *q = lx->p;
	bool found = false;

	while (q < lx->end && !found) {
		const char *newline = memchr(q, '\n', (size_t)(lx->end - q));
		const char *stop = newline ? newline : lx->end;
		const char *word = q;

		while (here->indented && word < stop && (*word == '\t' || *word == ' '))
			word++;
		while (stop > word && stop[-1] == '\r')
			stop--;
		found = (size_t)(stop - word) == n && memcmp(word, here->tag, n) == 0;
		q = newline ? newline + 1 : lx->end;
	}
	if (found)
		lex_advance(lx, q, LINE_CODE);
	else
		lx->heredoc_misses++; /* it was a shift */
}

void lex_heredoc_bodies(struct lexer *lx)
{
	size_t n = lx->nheredocs;

	lx->nheredocs = 0;
	for (size_t i = 0; i < n; i++)
		heredoc_body(lx, &lx->heredocs[i]);
}

static bool has(const char *set, char c)
{
	return set && c && strchr(set, c);
}

bool lex_string(struct lexer *lx, struct token *ret)
{
	const struct syntax *sx = lx->syntax;
	const char *p = lx->p;
	bool escapes = !(sx->flags & LEX_NO_ESCAPE);

	lex_mark(lx);
	if (*p == '<')
		return (sx->flags & LEX_HEREDOC) && heredoc(lx, ret);
	if (sx->flags & (LEX_RUBY | LEX_SHELL))
		return lex_nested(lx, ret);
	if (*p == '[')
		return (sx->flags & LEX_LONG) && long_bracket(lx, ret);
	if (*p == '@')
		return (sx->flags & LEX_VERBATIM) && verbatim(lx, ret);
	if (*p == '`' && (sx->flags & LEX_BACKTICK))
		return backtick(lx, ret);
	if ((sx->flags & LEX_TRIPLE) && (*p == '"' || *p == '\'') && has(sx->quotes, *p) &&
	    lx->end - p >= 3 && p[1] == *p && p[2] == *p) {
		triple(lx, ret, p, !(sx->flags & LEX_RAW_TRIPLE));
		return true;
	}
	if (*p == '\'' && (sx->flags & LEX_TICK))
		return tick(lx, ret);
	if (has(sx->raw, *p)) {
		quoted(lx, ret, p, true, false);
		return true;
	}
	if (has(sx->multi, *p) || has(sx->quotes, *p)) {
		quoted(lx, ret, p, has(sx->multi, *p), escapes);
		return true;
	}
	return false;
}

/* @ret whether every byte of the prefix, at most three, is one of @letters */
static bool prefix_of(const char *from, const char *to, const char *letters)
{
	if (to - from > 3)
		return false;
	for (; from < to; from++) {
		if (!strchr(letters, *from))
			return false;
	}
	return true;
}

bool lex_prefixed_string(struct lexer *lx, struct token *ret, const char *from)
{
	const struct syntax *sx = lx->syntax;
	const char *p = lx->p;
	bool raw = p[-1] == 'r' || p[-1] == 'R';

	lex_mark(lx);
	if (sx->flags & LEX_RAW_RUST) {
		if (raw && p - from <= 2 && *p != '\'')
			return raw_rust(lx, ret, from);
		if (*p == '"' && prefix_of(from, p, "bc")) {
			quoted(lx, ret, from, true, true);
			return true;
		}
		return false;
	}
	if (*p == '#')
		return false;
	if (sx->flags & LEX_DOC_STRING) {
		if (!prefix_of(from, p, "rRbBuUfFtT"))
			return false;
		if (lx->end - p >= 3 && p[1] == *p && p[2] == *p)
			triple(lx, ret, from, true);
		else
			quoted(lx, ret, from, false, true);
		return true;
	}
	return (sx->flags & LEX_RAW_CPP) && raw && *p == '"' && prefix_of(from, p, "u8ULR") &&
	       raw_cpp(lx, ret, from);
}
