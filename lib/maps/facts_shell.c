/*
 * Shell: functions, and the files that "source" and "." read; how the path of
 * such a file is put together is told in shell_word.c.
 */
#include "maps/shell_word.h"

#include <string.h>

#define NESTED_MAX 64    /* functions in functions */
#define WORDS_MAX  50000 /* words that are read for the file that they name */

#define BEFORE_COMMAND "then do else elif if while until time command builtin"
#define NO_NAME        " \t\r\n;&|<>()$`\"'\\{}=#[]*?!~%^,"

struct open_function {
	uint32_t def;
	uint32_t depth; /* of the brackets of its kind, outside of its body */
	char bracket;   /* that opened the body */
};

struct reader {
	struct lexer *lx;
	struct sink *sk;
	struct token prev, t;
	uint32_t braces, parens; /* open; a pattern of a case closes one that is not */
	struct open_function open[NESTED_MAX];
	size_t nopen;
	uint32_t waiting; /* the function whose body has not begun, while named is set */
	bool named;
	struct shell_vars vars;
	uint32_t words;
};

static bool next(struct reader *rd)
{
	rd->prev = rd->t;
	return lex_next(rd->lx, &rd->t);
}

/* Whether a command may start at rd->t. */
static bool at_command(const struct reader *rd)
{
	const struct token *t = &rd->prev;

	if (t->kind == TOKEN_END || t->kind == TOKEN_NEWLINE)
		return true;
	if (t->kind == TOKEN_IDENT)
		return token_in(t, BEFORE_COMMAND);
	return t->c && strchr(";&|{()!", t->c);
}

/* The rest of a word that is a function's name, up to what may not be in one. */
static const char *name_end(const struct reader *rd, const char *q)
{
	const char *end = rd->lx->end;

	while (q < end && *q && !strchr(NO_NAME, *q) && q - rd->t.text <= FACTS_NAME_MAX)
		q++;
	return q;
}

static const char *skip_blanks(const struct reader *rd, const char *q)
{
	while (q < rd->lx->end && (*q == ' ' || *q == '\t'))
		q++;
	return q;
}

static void skip_to(struct reader *rd, const char *stop)
{
	while (rd->t.text + rd->t.len < stop && next(rd))
		;
}

static void define(struct reader *rd, struct span name, uint32_t line)
{
	rd->waiting = sink_def(rd->sk, DEF_FUNCTION, name, "", line);
	rd->named = true;
}

/* name() or function name.  @ret whether rd->t began one; it is its last token then */
static bool read_function(struct reader *rd)
{
	const char *name = rd->t.text, *stop, *q;
	uint32_t line = rd->t.line;
	bool keyword = token_is(&rd->t, "function");

	if (keyword) {
		name = skip_blanks(rd, name + rd->t.len);
		stop = name_end(rd, name);
		q = skip_blanks(rd, stop);
	} else {
		stop = name_end(rd, name);
		q = skip_blanks(rd, stop);
		if (q >= rd->lx->end || *q != '(')
			return false;
	}
	if (stop == name)
		return false;
	if (q < rd->lx->end && *q == '(') {
		q = skip_blanks(rd, q + 1);
		if (q >= rd->lx->end || *q != ')')
			return false;
		stop = q + 1;
	}
	define(rd, (struct span){ name, (size_t)(name_end(rd, name) - name) }, line);
	skip_to(rd, stop);
	return true;
}

static void open_bracket(struct reader *rd)
{
	uint32_t *depth = rd->t.c == '{' ? &rd->braces : &rd->parens;

	if (rd->named && rd->nopen < NESTED_MAX)
		rd->open[rd->nopen++] = (struct open_function){ rd->waiting, *depth, rd->t.c };
	rd->named = false;
	(*depth)++;
}

static void close_bracket(struct reader *rd)
{
	uint32_t *depth = rd->t.c == '}' ? &rd->braces : &rd->parens;
	const struct open_function *f = rd->nopen > 0 ? &rd->open[rd->nopen - 1] : NULL;

	if (*depth > 0)
		(*depth)--;
	if (f && f->depth == *depth && (f->bracket == '{') == (rd->t.c == '}')) {
		sink_def_end(rd->sk, f->def, rd->t.line);
		rd->nopen--;
	}
}

/* source file, . file; bats: load file. */
static void read_source(struct reader *rd, enum import_kind kind)
{
	struct span rest = { rd->lx->p, (size_t)(rd->lx->end - rd->lx->p) };
	struct shell_path path;
	struct fact_import *im;

	if (rd->words++ >= WORDS_MAX) {
		rd->sk->ret->truncated = true;
		return;
	}
	shell_word(&rd->vars, rest, &path);
	if (path.len == 0 || memchr(path.text, '*', path.len) || memchr(path.text, '?', path.len))
		return;
	im = sink_import(rd->sk, kind, (struct span){ path.text, path.len }, rd->t.line);
	if (!im)
		return;
	im->level = path.ups;
	im->flags = path.from == SHELL_FROM_FILE      ? IMPORT_F_PATH
	            : path.from == SHELL_FROM_UNKNOWN ? IMPORT_F_SUFFIX
	                                              : 0;
}

/* name=value: kept when the value is a place. */
static void read_assignment(struct reader *rd)
{
	const char *q = rd->t.text + rd->t.len;

	if (q < rd->lx->end && *q == '=' && rd->words++ < WORDS_MAX)
		shell_assign(&rd->vars, rd->sk->arena, token_span(&rd->t),
		             (struct span){ q + 1, (size_t)(rd->lx->end - q - 1) });
}

/* source and ., also as \. and behind "command" and "builtin", which step over an alias. */
static bool reads_file(const struct token *t)
{
	return token_is(t, "source") || t->c == '.' ||
	       (t->kind == TOKEN_PIECE && t->len == 2 && t->text[1] == '.');
}

static void read_command(struct reader *rd)
{
	const char *after = rd->t.text + rd->t.len;
	bool blank = after < rd->lx->end && (*after == ' ' || *after == '\t');

	if (blank && reads_file(&rd->t))
		read_source(rd, IMPORT_SOURCE);
	else if (blank && token_is(&rd->t, "load"))
		read_source(rd, IMPORT_LOAD);
	else if (!read_function(rd) && rd->t.kind == TOKEN_IDENT)
		read_assignment(rd);
}

void facts_shell(struct lexer *lx, struct sink *sk)
{
	struct reader rd = { .lx = lx, .sk = sk };

	lx->newlines = true;
	while (next(&rd)) {
		bool word = rd.t.kind == TOKEN_IDENT || rd.t.kind == TOKEN_PIECE ||
		            (rd.t.c && strchr(".:@/+-", rd.t.c));

		if (word && at_command(&rd))
			read_command(&rd);
		else if (rd.t.kind == TOKEN_IDENT &&
		         token_in(&rd.prev, "export readonly local declare typeset"))
			read_assignment(&rd);
		if (rd.t.c == '{' || rd.t.c == '(')
			open_bracket(&rd);
		else if (rd.t.c == '}' || rd.t.c == ')')
			close_bracket(&rd);
		else if (rd.named && rd.t.kind == TOKEN_IDENT && rd.prev.kind == TOKEN_NEWLINE)
			rd.named = false; /* a body without brackets */
	}
	lx->newlines = false;
}
