/*
 * What only JavaScript and its kin have: template literals with code in them,
 * regular expressions, and JSX.
 *
 * A stack of modes says what the code being read is inside of.  It is bounded:
 * a template deeper than that is read as plain text, and a JSX element deeper
 * than that turns JSX off for the rest of the file.
 */
#include "maps/lex.h"

#include <string.h>

enum mode {
	MODE_TEMPLATE = 1, /* code in ${...} */
	MODE_JSX_CODE,     /* code in {...} of an element */
	MODE_JSX_TAG,      /* between < and > */
	MODE_JSX_TEXT,     /* between the tags */
};

static struct lex_mode *top(struct lexer *lx)
{
	return lx->depth > 0 ? &lx->modes[lx->depth - 1] : NULL;
}

static bool push_mode(struct lexer *lx, enum mode kind)
{
	if (lx->depth >= LEX_DEPTH_MAX)
		return false;
	lx->modes[lx->depth++] = (struct lex_mode){ .kind = (uint8_t)kind };
	return true;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Whether an operand follows, so that / opens a regular expression and < an element. */
static bool operand_expected(const struct lexer *lx)
{
	static const char *const WORDS[] = { "return", "typeof", "case",  "in",         "of",
		                             "do",     "else",   "void",  "delete",     "throw",
		                             "new",    "await",  "yield", "instanceof", "default" };
	const struct token *t = &lx->last;

	switch (t->kind) {
	case TOKEN_END:
		return true;
	case TOKEN_IDENT:
		for (size_t i = 0; i < COUNT(WORDS); i++) {
			if (token_is(t, WORDS[i]))
				return true;
		}
		return false;
	case TOKEN_PUNCT:
		if ((t->c == '+' || t->c == '-') && t->glued && t->text[-1] == t->c)
			return false;
		/* Behind > of a type's arguments nothing starts, behind => all may. */
		if (t->c == '>')
			return t->glued && t->text[-1] == '=';
		return t->c != ')' && t->c != ']' && t->c != '}';
	default:
		return false;
	}
}

/* From lx->p, within a template literal, to its end or to the next ${. */
static void template_text(struct lexer *lx, struct token *ret, const char *from)
{
	const char *q = lx->p;
	bool opens = false, closed = false, whole = *from == '`';

	for (; q < lx->end; q++) {
		if (*q == '\\' && q + 1 < lx->end) {
			q++;
		} else if (*q == '`') {
			closed = true;
			break;
		} else if (*q == '$' && q + 1 < lx->end && q[1] == '{' &&
		           push_mode(lx, MODE_TEMPLATE)) {
			opens = true;
			break;
		}
	}
	if (q > lx->end)
		q = lx->end;
	lex_advance(lx, opens ? q + 2 : closed ? q + 1 : q, LINE_CODE);
	lex_token(lx, ret, whole && !opens ? TOKEN_STRING : TOKEN_PIECE, from);
	if (ret->kind == TOKEN_STRING) {
		ret->text = from + 1;
		ret->len = (size_t)(q - from - 1);
	}
	if (opens)
		lx->last = (struct token){ .kind = TOKEN_PUNCT, .c = '{' };
}

static bool regex(struct lexer *lx, struct token *ret)
{
	const char *from = lx->p, *q = from + 1;
	bool class = false;

	if (from < lx->regex_off || !operand_expected(lx))
		return false;
	for (; q < lx->end && *q != '\n'; q++) {
		if (*q == '\\' && q + 1 < lx->end && q[1] != '\n')
			q++;
		else if (*q == '[')
			class = true;
		else if (*q == ']')
			class = false;
		else if (*q == '/' && !class)
			break;
	}
	if (q >= lx->end || *q != '/') {
		/* None on the rest of this line: looking again would cost its square. */
		lx->regex_off = q;
		return false;
	}
	for (q++; q < lx->end && is_word(*q);)
		q++;
	lx->p = q;
	lex_token(lx, ret, TOKEN_PIECE, from);
	return true;
}

/* <T>(...), <T,>, <T = X>, <T extends X> are type parameters and not elements. */
static bool is_type_parameter(const struct lexer *lx, const char *name, const char *q)
{
	if (name == q)
		return false;
	if (q < lx->end && *q == ',')
		return true;
	if (lx->end - q > 2 && memcmp(q, " =", 2) == 0)
		return true;
	if (lx->end - q > 9 && memcmp(q, " extends ", 9) == 0)
		return true;
	bool type_like = q - name == 1 || (*name == 'T' && name[1] >= 'A' && name[1] <= 'Z');
	return type_like && *name >= 'A' && *name <= 'Z' && lx->end - q > 1 && q[0] == '>' &&
	       q[1] == '(';
}

static bool element_starts(const struct lexer *lx)
{
	const char *q = lx->p + 1, *name = q;

	if (!(lx->syntax->flags & LEX_JSX) || lx->jsx_off || q >= lx->end)
		return false;
	if (*q != '>' && (!is_word(*q) || (*q >= '0' && *q <= '9')))
		return false;
	while (q < lx->end && (is_word(*q) || *q == '.' || *q == '-' || *q == ':'))
		q++;
	return operand_expected(lx) && !is_type_parameter(lx, name, q);
}

/* One step within a tag.  Returns false when the element is over or code starts. */
static bool tag_step(struct lexer *lx)
{
	const char *p = lx->p, *q;

	switch (*p) {
	case '<': /* <Name<Type> ...> */
		lex_advance(lx, p + 1, LINE_CODE);
		top(lx)->braces++;
		return true;
	case '>':
		lex_advance(lx, p + 1, LINE_CODE);
		if (top(lx)->braces > 0)
			top(lx)->braces--;
		else
			top(lx)->kind = MODE_JSX_TEXT;
		return true;
	case '/':
		if (lx->end - p > 1 && p[1] == '>') {
			lex_advance(lx, p + 2, LINE_CODE);
			lx->depth--;
			return true;
		}
		if (!lex_comment(lx))
			lex_advance(lx, p + 1, LINE_CODE);
		return true;
	case '"':
	case '\'':
		q = memchr(p + 1, *p, (size_t)(lx->end - p - 1));
		lex_advance(lx, q ? q + 1 : lx->end, LINE_CODE);
		return true;
	case '{':
		return false;
	default:
		lex_advance(lx, p + 1, LINE_CODE);
		return true;
	}
}

/* One step between tags, likewise. */
static bool text_step(struct lexer *lx)
{
	const char *p = lx->p, *q = p;

	if (*p == '{')
		return false;
	if (*p != '<') {
		while (q < lx->end && *q != '<' && *q != '{')
			q++;
		lex_advance(lx, q, LINE_CODE);
		return true;
	}
	if (lx->end - p > 1 && p[1] == '/') {
		q = memchr(p, '>', (size_t)(lx->end - p));
		lex_advance(lx, q ? q + 1 : lx->end, LINE_CODE);
		lx->depth--;
		return true;
	}
	lex_advance(lx, p + 1, LINE_CODE);
	if (!push_mode(lx, MODE_JSX_TAG)) {
		lx->jsx_off = true;
		lx->depth = 0;
	}
	return true;
}

static bool in_jsx(struct lexer *lx)
{
	return lx->depth > 0 && top(lx)->kind >= MODE_JSX_TAG;
}

/* Tags and text up to code in braces or the end of the outermost element. */
static void jsx(struct lexer *lx, struct token *ret, const char *from)
{
	while (lx->p < lx->end && in_jsx(lx)) {
		bool more = top(lx)->kind == MODE_JSX_TAG ? tag_step(lx) : text_step(lx);

		if (!more)
			break;
	}
	lex_token(lx, ret, TOKEN_PIECE, from);
}

bool lex_js_open(struct lexer *lx, struct token *ret)
{
	const char *from = lx->p;

	lex_mark(lx);
	if (*from == '`') {
		lx->p++;
		template_text(lx, ret, from);
		return true;
	}
	if (*from == '/')
		return (lx->syntax->flags & LEX_REGEX) && regex(lx, ret);
	if (!element_starts(lx) || !push_mode(lx, MODE_JSX_TAG))
		return false;
	lex_advance(lx, from + 1, LINE_CODE);
	jsx(lx, ret, from);
	return true;
}

bool lex_js_brace(struct lexer *lx, struct token *ret)
{
	struct lex_mode *mode = top(lx);
	const char *from = lx->p;

	if (!mode)
		return false;
	if (*from == '{') {
		mode->braces++;
		return false;
	}
	if (mode->braces > 0) {
		mode->braces--;
		return false;
	}
	lx->depth--;
	if (mode->kind != MODE_TEMPLATE)
		return false;
	lex_mark(lx);
	lx->p++;
	template_text(lx, ret, from);
	return true;
}

bool lex_js_resume(struct lexer *lx, struct token *ret)
{
	const char *from = lx->p;

	if (!in_jsx(lx) || from >= lx->end)
		return false;
	lex_mark(lx);
	if (*from == '{' && push_mode(lx, MODE_JSX_CODE)) {
		lx->p++;
		lex_token(lx, ret, TOKEN_PUNCT, from);
		return true;
	}
	if (*from == '{') {
		lx->jsx_off = true;
		lx->depth = 0;
		return false;
	}
	jsx(lx, ret, from);
	return true;
}
