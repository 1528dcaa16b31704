/*
 * Strings of Ruby and the shell: they run over lines and hold code, which holds
 * strings.  A stack of fixed height says what is open; what lies deeper is read
 * as text.  A string without an end is taken to end with its line, and after
 * LEX_MISSES_MAX of those no search goes beyond the line, so that the time
 * stays linear.
 */
#include "maps/lex.h"
#include "maps/lex_string.h"

#include <string.h>

#define LEVELS_MAX 32

#define BEFORE_OPERAND                                                                             \
	"if unless while until and or not when in return elsif case then else do begin rescue "    \
	"ensure yield puts raise"

/* A string, or the code inside of one. */
struct level {
	char open; /* nests; 0: does not */
	char close;
	bool code, escapes;
	bool expands; /* code may stand inside */
	uint32_t nest;
};

static struct level quotes(char quote, bool expands, bool escapes)
{
	return (struct level){ .close = quote, .expands = expands, .escapes = escapes };
}

/* @ret whether code opens at q, inside of a string; *ret is its level */
static bool opens_code(const struct lexer *lx, const char *q, struct level *ret)
{
	bool ruby = lx->syntax->flags & LEX_RUBY;
	char next = q + 1 < lx->end ? q[1] : 0;

	if (*q != (ruby ? '#' : '$') || !(next == '{' || (!ruby && next == '(')))
		return false;
	*ret = (struct level){ .open = next,
		               .close = next == '{' ? '}' : ')',
		               .code = true,
		               .escapes = true,
		               .expands = !ruby };
	return true;
}

/* @ret whether a string opens at q, inside of code */
static bool opens_string(const struct lexer *lx, const char *q, const struct level *in,
                         struct level *ret)
{
	bool ruby = lx->syntax->flags & LEX_RUBY;

	if (*q == '"' || (ruby && *q == '`'))
		*ret = quotes(*q, true, true);
	else if (*q == '\'' && (ruby || in->close == ')')) /* "${x:-don't}" */
		*ret = quotes('\'', false, ruby);
	else
		return false;
	return true;
}

/* @ret the delimiter that closes the level, or NULL when the text (or line) ends before it */
static const char *find_end(const struct lexer *lx, const char *q, bool line, struct level first)
{
	struct level stack[LEVELS_MAX] = { first }, more;
	size_t n = 1;

	for (; q < lx->end; q++) {
		struct level *in = &stack[n - 1];

		if (*q == '\n' && line)
			return NULL;
		if (*q == '\\' && in->escapes) {
			q++;
		} else if (*q == in->close) {
			if (in->nest > 0)
				in->nest--;
			else if (--n == 0)
				return q;
		} else if (in->expands && n < LEVELS_MAX && opens_code(lx, q, &more)) {
			stack[n++] = more;
			q++;
		} else if (in->code && n < LEVELS_MAX && opens_string(lx, q, in, &more)) {
			stack[n++] = more;
		} else if (*q == in->open && in->open) {
			in->nest++;
		}
	}
	return NULL;
}

static const char *line_end(const struct lexer *lx, const char *q)
{
	const char *newline = memchr(q, '\n', (size_t)(lx->end - q));

	return newline ? newline : lx->end;
}

/* Read a literal whose text starts at @inner. */
static void literal(struct lexer *lx, struct token *ret, enum token_kind kind, const char *inner,
                    struct level level)
{
	bool line = lx->nested_misses >= LEX_MISSES_MAX;
	const char *from = lx->p, *close = find_end(lx, inner, line, level), *stop;

	lx->nested_misses += !close && !line;
	stop = close ? close + 1 : line_end(lx, inner);
	if (kind == TOKEN_PIECE) /* options of a regular expression */
		while (stop < lx->end && *stop >= 'a' && *stop <= 'z')
			stop++;
	lex_advance(lx, stop, LINE_CODE);
	lex_token(lx, ret, kind, from);
	ret->text = inner;
	ret->len = (size_t)((close ? close : stop) - inner);
}

/* Whether a value may start here: behind an operator, or at the start of a statement. */
static bool operand_expected(const struct lexer *lx)
{
	const struct token *t = &lx->last;

	if (!lx->line_has_token || t->kind == TOKEN_END)
		return true;
	if (t->kind == TOKEN_IDENT) {
		for (const char *w = BEFORE_OPERAND, *stop; *w; w = *stop ? stop + 1 : stop) {
			stop = strchrnul(w, ' ');
			if ((size_t)(stop - w) == t->len && memcmp(w, t->text, t->len) == 0)
				return true;
		}
		return false;
	}
	return t->kind == TOKEN_PUNCT && !strchr(")]}", t->c);
}

/* "f /x/" is a call with an argument, "f / x" and "f/x" are divisions. */
static bool argument_expected(const struct lexer *lx)
{
	const char *p = lx->p;

	return lx->last.kind == TOKEN_IDENT && p > lx->last_end && p + 1 < lx->end &&
	       !strchr(" \t\r\n=", p[1]);
}

static bool regex(struct lexer *lx, struct token *ret)
{
	struct level level = quotes('/', true, true);

	if (!operand_expected(lx)) {
		if (!argument_expected(lx) || lx->p < lx->regex_off)
			return false;
		if (!find_end(lx, lx->p + 1, true, level)) {
			lx->regex_off = line_end(lx, lx->p);
			return false;
		}
	}
	literal(lx, ret, TOKEN_PIECE, lx->p + 1, level);
	return true;
}

/* %w[...], %q(...), %r{...}, %(...) */
static bool percent(struct lexer *lx, struct token *ret)
{
	static const char OPEN[] = "([{<", CLOSE[] = ")]}>";
	const char *q = lx->p + 1;
	char kind = 0;

	if (!operand_expected(lx) && !argument_expected(lx))
		return false;
	if (q < lx->end && *q && strchr("qQwWiIrsx", *q))
		kind = *q++;
	if (q >= lx->end || !*q || !strchr(kind ? "([{<|!/^\"'-+~@:;,.#" : "([{<|!", *q))
		return false;

	const char *pair = strchr(OPEN, *q);
	struct level level =
		quotes(pair ? CLOSE[pair - OPEN] : *q, !kind || strchr("QWIrx", kind), true);

	level.open = pair ? *q : 0;
	literal(lx, ret, kind == 'r' || kind == 'w' || kind == 'i' ? TOKEN_PIECE : TOKEN_STRING,
	        q + 1, level);
	return true;
}

/* ?" and the like: a character, whose byte opens nothing. */
static bool character(struct lexer *lx, struct token *ret)
{
	const char *from = lx->p;

	if (!operand_expected(lx) || lx->end - from < 2 || !strchr("\"'`/#%", from[1]))
		return false;
	lx->p += 2;
	lex_token(lx, ret, TOKEN_PIECE, from);
	return true;
}

static bool ruby(struct lexer *lx, struct token *ret)
{
	char c = *lx->p;

	if (lx->last.c == '$' && lx->p == lx->last_end) /* $" $' $` $/ are variables */
		return false;
	if (!strchr("\"'", c) && (lx->last.c == '.' || token_is(&lx->last, "def") ||
	                          (lx->last.c == ':' && lx->p == lx->last_end)))
		return false; /* the name of an operator */
	switch (c) {
	case '/':
		return regex(lx, ret);
	case '%':
		return percent(lx, ret);
	case '?':
		return character(lx, ret);
	case '"':
	case '\'':
	case '`':
		literal(lx, ret, TOKEN_STRING, lx->p + 1, quotes(c, c != '\'', true));
		return true;
	default:
		return false;
	}
}

bool lex_nested(struct lexer *lx, struct token *ret)
{
	const char *from = lx->p;
	char c = *from;

	if (lx->syntax->flags & LEX_RUBY)
		return ruby(lx, ret);
	if (c == '\\') { /* the next byte stands for itself */
		if (lx->end - from < 2 || from[1] == '\n')
			return false;
		lx->p += 2;
		lex_token(lx, ret, TOKEN_PIECE, from);
		return true;
	}
	if (c != '"' && c != '\'')
		return false;
	literal(lx, ret, TOKEN_STRING, from + 1,
	        quotes(c, c == '"', c == '"' || (from > lx->line_start && from[-1] == '$')));
	return true;
}
