/*
 * The lexer's loop, comments, and the counting of lines; strings are in
 * lex_string.c, what only JavaScript has in lex_js.c.
 *
 * The table of classes is made per text from the syntax: every byte that may
 * start a comment or a string is CLASS_SPECIAL there, and only those take the
 * slow way through lex_special().
 */
#include "maps/lex.h"
#include "maps/lex_string.h"

#include <string.h>
#include <strings.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum byte_class {
	CLASS_PUNCT = 0,
	CLASS_SPACE,
	CLASS_NEWLINE,
	CLASS_IDENT,
	CLASS_DIGIT,
	CLASS_SPECIAL,
};

static void mark_special(struct lexer *lx, const char *marker)
{
	unsigned char c = marker ? (unsigned char)marker[0] : 0;

	/* A marker that starts with a letter is looked for where words are read. */
	if (c && lx->class[c] == CLASS_PUNCT)
		lx->class[c] = CLASS_SPECIAL;
}

static void make_classes(struct lexer *lx)
{
	const struct syntax *sx = lx->syntax;

	memset(lx->class, CLASS_PUNCT, sizeof(lx->class));
	memset(lx->class + 'a', CLASS_IDENT, 26);
	memset(lx->class + 'A', CLASS_IDENT, 26);
	memset(lx->class + '0', CLASS_DIGIT, 10);
	memset(lx->class + 0x80, CLASS_IDENT, 0x80);
	lx->class['_'] = CLASS_IDENT;
	if (sx->flags & LEX_DOLLAR)
		lx->class['$'] = CLASS_IDENT;
	for (const char *s = " \t\r\f\v"; *s; s++)
		lx->class[(unsigned char)*s] = CLASS_SPACE;
	lx->class['\n'] = CLASS_NEWLINE;

	for (size_t i = 0; i < COUNT(sx->line); i++)
		mark_special(lx, sx->line[i]);
	for (size_t i = 0; i < COUNT(sx->block); i++)
		mark_special(lx, sx->block[i][0]);
	mark_special(lx, sx->bol_block[0]);
	for (const char *s = sx->quotes; s && *s; s++)
		mark_special(lx, s);
	for (const char *s = sx->multi; s && *s; s++)
		mark_special(lx, s);
	for (const char *s = sx->raw; s && *s; s++)
		mark_special(lx, s);
	if (sx->flags & LEX_TICK)
		lx->class['\''] = CLASS_SPECIAL;
	if (sx->flags & LEX_TEMPLATE) {
		for (const char *s = "`{}/<"; *s; s++)
			lx->class[(unsigned char)*s] = CLASS_SPECIAL;
	}
	if (sx->flags & LEX_CONTINUED)
		lx->class['\\'] = CLASS_SPECIAL;
	if (sx->flags & LEX_HEREDOC)
		lx->class['<'] = CLASS_SPECIAL;
	if (sx->flags & LEX_LONG)
		lx->class['['] = CLASS_SPECIAL;
	if (sx->flags & LEX_VERBATIM)
		lx->class['@'] = CLASS_SPECIAL;
	if (sx->flags & LEX_BACKTICK)
		lx->class['`'] = CLASS_SPECIAL;
	if (sx->flags & LEX_PHP)
		lx->class['<'] = lx->class['?'] = CLASS_SPECIAL;
	for (const char *s = sx->flags & LEX_RUBY ? "/%?" : ""; *s; s++)
		lx->class[(unsigned char)*s] = CLASS_SPECIAL;
	if (sx->flags & LEX_SHELL)
		lx->class['\\'] = CLASS_SPECIAL;
}

void lex_open(struct lexer *lx, enum syntax_id syntax, struct span text, uint32_t first_line)
{
	*lx = (struct lexer){
		.p = text.data,
		.end = text.data + text.len,
		.syntax = &syntaxes[syntax],
		.line = first_line,
	};
	if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
		lx->p += 3;
	lx->line_start = lx->p;
	lx->outside = syntaxes[syntax].flags & LEX_PHP;
	make_classes(lx);
	/* The line that says who runs a script is no comment there (nor is it to cloc). */
	if (syntax == SYNTAX_SHELL && lx->end - lx->p > 2 && memcmp(lx->p, "#!", 2) == 0) {
		const char *newline = memchr(lx->p, '\n', (size_t)(lx->end - lx->p));

		lex_advance(lx, newline ? newline : lx->end, LINE_CODE);
	}
}

static void end_line(struct lexer *lx, const char *newline)
{
	lx->lines[lx->line_kind]++;
	lx->line_kind = LINE_BLANK;
	lx->line++;
	lx->line_start = newline + 1;
	lx->line_has_token = false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

void lex_advance(struct lexer *lx, const char *to, enum line_kind kind)
{
	while (lx->p < to) {
		const char *newline = memchr(lx->p, '\n', (size_t)(to - lx->p));
		const char *stop = newline ? newline : to;

		if (lx->line_kind < kind) {
			while (lx->p < stop && is_blank(*lx->p))
				lx->p++;
			if (lx->p < stop)
				lx->line_kind = kind;
		}
		lx->p = stop;
		if (newline) {
			end_line(lx, newline);
			lx->p++;
		}
	}
}

void lex_mark(struct lexer *lx)
{
	lx->mark_line = lx->line;
	lx->mark_first = !lx->line_has_token;
	lx->mark_line_start = lx->line_start;
}

/* Most tokens end on the line where they started, at @to. */
static inline void give_token(struct lexer *lx, struct token *ret, enum token_kind kind,
                              const char *from, const char *to)
{
	*ret = (struct token){
		.text = from,
		.len = (size_t)(to - from),
		.line_start = lx->line_start,
		.line = lx->line,
		.kind = (uint8_t)kind,
		.c = kind == TOKEN_PUNCT ? *from : '\0',
		.first = !lx->line_has_token,
		.margin = from == lx->line_start,
		.glued = from == lx->last_end,
	};
	lx->p = lx->last_end = to;
	lx->line_has_token = true;
	lx->line_kind = LINE_CODE;
	/* Only where / and < mean different things behind an operand and elsewhere. */
	if (lx->syntax->flags & (LEX_TEMPLATE | LEX_RUBY))
		lx->last = *ret;
}

void lex_token(struct lexer *lx, struct token *ret, enum token_kind kind, const char *from)
{
	bool marked = from < lx->line_start;

	give_token(lx, ret, kind, from, lx->p);
	if (!marked)
		return;
	ret->line_start = lx->mark_line_start;
	ret->line = lx->mark_line;
	ret->first = lx->mark_first;
	ret->margin = from == ret->line_start;
	lx->last = *ret;
}

static bool starts_with(const struct lexer *lx, const char *marker)
{
	size_t n = strlen(marker);

	if ((size_t)(lx->end - lx->p) < n)
		return false;
	if (lx->syntax->flags & LEX_ANY_CASE)
		return strncasecmp(lx->p, marker, n) == 0;
	return memcmp(lx->p, marker, n) == 0;
}

/* To the end of the line, over joined lines where the language has them. */
static void skip_line_comment(struct lexer *lx)
{
	const char *from = lx->p, *q = lx->p;

	for (;;) {
		const char *newline = memchr(q, '\n', (size_t)(lx->end - q));

		q = newline ? newline : lx->end;
		if (!newline || !(lx->syntax->flags & LEX_CONTINUED) || q[-1] != '\\' ||
		    lx->syntax == &syntaxes[SYNTAX_PYTHON])
			break;
		q++;
	}
	if (lx->syntax->flags & LEX_PHP) {
		const char *close = memmem(from, (size_t)(q - from), "?>", 2);

		q = close ? close : q;
	}
	if (lx->on_comment)
		lx->on_comment(lx->on_comment_arg, (struct span){ from, (size_t)(q - from) },
		               lx->line);
	lex_advance(lx, q, LINE_COMMENT);
}

/* From the opening marker to the closing one, or to the end of the text. */
static void skip_block_comment(struct lexer *lx, const char *const block[2])
{
	const char *open = block[0], *close = block[1];
	size_t nopen = strlen(open), nclose = strlen(close), depth = 1;
	const char *q = lx->p + nopen;
	bool nest = lx->syntax->flags & LEX_NEST;

	while (depth > 0 && q < lx->end) {
		size_t left = (size_t)(lx->end - q);

		if (!nest) {
			q = memchr(q, close[0], left);
			if (!q) {
				q = lx->end;
				break;
			}
			left = (size_t)(lx->end - q);
		}
		if (*q == close[0] && left >= nclose && memcmp(q, close, nclose) == 0) {
			depth--;
			q += nclose;
		} else if (nest && *q == open[0] && left >= nopen && memcmp(q, open, nopen) == 0) {
			depth++;
			q += nopen;
		} else {
			q++;
		}
	}
	lex_advance(lx, q, LINE_COMMENT);
}

/* =begin ... =end: both at the start of their lines, the closing line whole. */
static bool skip_bol_block(struct lexer *lx)
{
	const char *const *block = lx->syntax->bol_block;

	if (!block[0] || lx->p != lx->line_start || !starts_with(lx, block[0]))
		return false;
	if (!block[0][1] &&
	    (lx->end - lx->p < 2 || lx->class[(unsigned char)lx->p[1]] != CLASS_IDENT))
		return false;
	while (lx->p < lx->end) {
		bool closes = starts_with(lx, block[1]);
		const char *newline = memchr(lx->p, '\n', (size_t)(lx->end - lx->p));

		lex_advance(lx,
		            newline && !closes ? newline + 1
		            : newline          ? newline
		                               : lx->end,
		            LINE_COMMENT);
		if (closes)
			break;
	}
	return true;
}

static bool line_comment_may_start(const struct lexer *lx)
{
	if (lx->syntax->flags & LEX_LINE_START)
		return !lx->line_has_token;
	if (lx->syntax->flags & LEX_WORD_START)
		return lx->p == lx->line_start || is_blank(lx->p[-1]) || lx->p[-1] == ';';
	if (lx->syntax->flags & LEX_PHP)
		return *lx->p != '#' || lx->end - lx->p < 2 || lx->p[1] != '[';
	return true;
}

bool lex_comment(struct lexer *lx)
{
	const struct syntax *sx = lx->syntax;

	/* Blocks first: Lua's "--[[" also starts like a line comment. */
	for (size_t i = 0; i < COUNT(sx->block) && sx->block[i][0]; i++) {
		if (starts_with(lx, sx->block[i][0])) {
			skip_block_comment(lx, sx->block[i]);
			return true;
		}
	}
	for (size_t i = 0; i < COUNT(sx->line) && sx->line[i]; i++) {
		if (starts_with(lx, sx->line[i]) && line_comment_may_start(lx)) {
			skip_line_comment(lx);
			return true;
		}
	}
	return skip_bol_block(lx);
}

/* A backslash before the newline joins two lines. */
static bool skip_continuation(struct lexer *lx)
{
	const char *q = lx->p + 1;

	while (q < lx->end && *q == '\r')
		q++;
	if (q >= lx->end || *q != '\n')
		return false;
	lex_advance(lx, q, LINE_CODE);
	bool had = lx->line_has_token;
	lex_advance(lx, q + 1, LINE_CODE);
	lx->line_has_token = had;
	return true;
}

enum special { SPECIAL_SKIPPED, SPECIAL_TOKEN, SPECIAL_NONE };

/* A byte that may start a comment, a string, or one of the oddities of a language. */
static enum special lex_special(struct lexer *lx, struct token *ret)
{
	uint32_t flags = lx->syntax->flags;
	char c = *lx->p;

	if (c == '\\' && (flags & LEX_CONTINUED))
		return skip_continuation(lx) ? SPECIAL_SKIPPED : SPECIAL_NONE;
	if (lex_comment(lx))
		return SPECIAL_SKIPPED;
	if ((c == '{' || c == '}') && (flags & LEX_TEMPLATE))
		return lex_js_brace(lx, ret) ? SPECIAL_TOKEN : SPECIAL_NONE;
	if ((c == '`' || c == '/' || c == '<') && (flags & LEX_TEMPLATE))
		return lex_js_open(lx, ret) ? SPECIAL_TOKEN : SPECIAL_NONE;
	if ((flags & LEX_PHP) && (c == '?' || c == '<'))
		return lex_php_close(lx, ret) || lex_php_heredoc(lx, ret) ? SPECIAL_TOKEN
		                                                          : SPECIAL_NONE;
	return lex_string(lx, ret) ? SPECIAL_TOKEN : SPECIAL_NONE;
}

#ifdef __SSE2__
#define AT_ONCE 16

/* Of each of 16 bytes a bit, whether it is CLASS_IDENT or CLASS_DIGIT. */
static inline unsigned word_bytes(const struct lexer *lx, const char *p)
{
	char dollar = lx->syntax->flags & LEX_DOLLAR ? '$' : '_';
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i lower = _mm_or_si128(v, _mm_set1_epi8(0x20));
	__m128i letter = _mm_and_si128(_mm_cmpgt_epi8(lower, _mm_set1_epi8('a' - 1)),
	                               _mm_cmplt_epi8(lower, _mm_set1_epi8('z' + 1)));
	__m128i digit = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('0' - 1)),
	                              _mm_cmplt_epi8(v, _mm_set1_epi8('9' + 1)));
	__m128i other = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('_')),
	                             _mm_cmpeq_epi8(v, _mm_set1_epi8(dollar)));

	/* The mask is of the uppermost bits, and a byte that has its own is part of a word. */
	return (unsigned)_mm_movemask_epi8(
		_mm_or_si128(_mm_or_si128(letter, digit), _mm_or_si128(other, v)));
}
#endif

/* Most words are shorter than what is looked at at once, and how long one is no branch foretells. */
static inline const char *behind_word(const struct lexer *lx, const char *p)
{
	const char *end = lx->end;

#ifdef __SSE2__
	for (; end - p >= AT_ONCE; p += AT_ONCE) {
		unsigned bytes = word_bytes(lx, p);

		if (bytes != 0xffff)
			return p + __builtin_ctz(~bytes);
	}
#endif
	while (p < end && (lx->class[(unsigned char)*p] == CLASS_IDENT ||
	                   lx->class[(unsigned char)*p] == CLASS_DIGIT))
		p++;
	return p;
}

static void lex_word(struct lexer *lx, struct token *ret)
{
	const char *from = lx->p, *q = behind_word(lx, from + 1), *end = lx->end;

	lx->p = q;
	if (q < end && (*q == '"' || *q == '\'' || *q == '#') && lex_prefixed_string(lx, ret, from))
		return;
	give_token(lx, ret, TOKEN_IDENT, from, q);
}

static void lex_number(struct lexer *lx, struct token *ret)
{
	const char *from = lx->p, *q = from + 1, *end = lx->end;
	bool tick = lx->syntax->flags & LEX_DIGIT_TICK;

	for (; q < end; q++) {
		uint8_t class = lx->class[(unsigned char)*q];
		bool more = q + 1 < end;

		if (class == CLASS_IDENT || class == CLASS_DIGIT)
			continue;
		if (*q == '.' && !(more && q[1] == '.') &&
		    !(more && lx->class[(unsigned char)q[1]] == CLASS_IDENT))
			continue;
		if (*q == '\'' && tick && more && lx->class[(unsigned char)q[1]] == CLASS_DIGIT)
			continue;
		break;
	}
	give_token(lx, ret, TOKEN_NUMBER, from, q);
}

/* Returns whether a TOKEN_NEWLINE was made. */
static bool lex_newline(struct lexer *lx, struct token *ret)
{
	const char *from = lx->p;
	bool first = !lx->line_has_token;

	lx->p++;
	end_line(lx, from);
	if (lx->nheredocs > 0)
		lex_heredoc_bodies(lx);
	if (!lx->newlines)
		return false;
	*ret = (struct token){
		.text = from, .len = 1, .line = lx->line - 1, .kind = TOKEN_NEWLINE, .first = first
	};
	return true;
}

static bool lex_end(struct lexer *lx, struct token *ret)
{
	if (!lx->ended) {
		lx->ended = true;
		if (lx->p > lx->line_start)
			lx->lines[lx->line_kind]++;
	}
	*ret = (struct token){
		.text = lx->end, .line = lx->line, .kind = TOKEN_END, .first = true
	};
	return false;
}

static inline const char *behind_spaces(const struct lexer *lx)
{
	const char *p = lx->p + 1, *end = lx->end;

	while (p < end && lx->class[(unsigned char)*p] == CLASS_SPACE)
		p++;
	return p;
}

/* Whoever else reads them sees each token once, when it is new. */
static inline bool tell(const struct lexer *lx, const struct token *t)
{
	if (lx->on_token)
		lx->on_token(lx->on_token_arg, t);
	return true;
}

static bool take_pushed(struct lexer *lx, struct token *ret)
{
	lx->has_pushed = false;
	*ret = lx->pushed;
	return ret->kind != TOKEN_END;
}

bool lex_next(struct lexer *lx, struct token *ret)
{
	bool words = lx->syntax->flags & LEX_ANY_CASE || lx->syntax == &syntaxes[SYNTAX_M4];

	if (lx->has_pushed)
		return take_pushed(lx, ret);
	if (lx->depth > 0 && lex_js_resume(lx, ret))
		return tell(lx, ret);
	if (lx->outside)
		lex_php_outside(lx);
	while (lx->p < lx->end) {
		switch (lx->class[(unsigned char)*lx->p]) {
		case CLASS_SPACE:
			lx->p = behind_spaces(lx);
			continue;
		case CLASS_NEWLINE:
			if (lex_newline(lx, ret))
				return true;
			continue;
		case CLASS_IDENT:
			if (words && lex_comment(lx))
				continue;
			lex_word(lx, ret);
			return tell(lx, ret);
		case CLASS_DIGIT:
			lex_number(lx, ret);
			return tell(lx, ret);
		case CLASS_SPECIAL:
			switch (lex_special(lx, ret)) {
			case SPECIAL_SKIPPED:
				continue;
			case SPECIAL_TOKEN:
				return tell(lx, ret);
			case SPECIAL_NONE:
				break;
			}
			break;
		default:
			break;
		}
		give_token(lx, ret, TOKEN_PUNCT, lx->p, lx->p + 1);
		return tell(lx, ret);
	}
	return lex_end(lx, ret);
}

void lex_push(struct lexer *lx, const struct token *t)
{
	assert(!lx->has_pushed);
	lx->pushed = *t;
	lx->has_pushed = true;
}

void lex_finish(struct lexer *lx)
{
	struct token t;

	while (lex_next(lx, &t))
		;
}
