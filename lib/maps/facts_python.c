/*
 * Python: imports, classes, functions, constants of the module.
 *
 * Statements are found by logical lines; blocks by the column of their first
 * token.  A block is open until a statement stands at its header's column or
 * left of it.
 */
#include "maps/facts_build.h"

#include <string.h>

#define BLOCKS_MAX 128
#define TAB        8

enum block_kind { BLOCK_CONDITION = 1, BLOCK_FUNCTION, BLOCK_CLASS };

struct block {
	uint8_t kind;
	uint32_t column, def;
	const char *name; /* of a class */
};

struct reader {
	struct lexer *lx;
	struct sink *sk;
	struct block blocks[BLOCKS_MAX];
	size_t nblocks, nconditions;
	uint32_t nest;      /* open ( [ { */
	uint32_t line;      /* where the token ends */
	uint32_t last_line; /* where the one before ended that was no newline */
	bool compound;      /* in a header: its : lets a statement start */
	struct token t;
};

static bool next(struct reader *rd)
{
	struct token *t = &rd->t;
	bool more;

	if (t->kind != TOKEN_NEWLINE)
		rd->last_line = rd->line;
	more = lex_next(rd->lx, t);
	rd->line = rd->lx->line;
	switch (t->c) {
	case '(':
	case '[':
	case '{':
		rd->nest++;
		break;
	case ')':
	case ']':
	case '}':
		rd->nest -= rd->nest > 0;
		break;
	default:
		break;
	}
	return more;
}

static uint32_t column_of(const struct token *t)
{
	uint32_t column = 0;

	for (const char *p = t->line_start; p < t->text; p++)
		column = *p == '\t' ? (column / TAB + 1) * TAB : column + 1;
	return column;
}

static void close_blocks(struct reader *rd, uint32_t column)
{
	while (rd->nblocks > 0 && rd->blocks[rd->nblocks - 1].column >= column) {
		struct block *b = &rd->blocks[--rd->nblocks];

		rd->nconditions -= b->kind == BLOCK_CONDITION;
		sink_def_end(rd->sk, b->def, rd->last_line);
	}
}

static void open_block(struct reader *rd, enum block_kind kind, uint32_t column, uint32_t def,
                       const char *name)
{
	if (rd->nblocks == BLOCKS_MAX)
		return;
	rd->nconditions += kind == BLOCK_CONDITION;
	rd->blocks[rd->nblocks++] = (struct block){ (uint8_t)kind, column, def, name };
}

/* The innermost class or function. */
static const struct block *around(const struct reader *rd)
{
	for (size_t i = rd->nblocks; i-- > 0;) {
		if (rd->blocks[i].kind != BLOCK_CONDITION)
			return &rd->blocks[i];
	}
	return NULL;
}

/* "a . b" as "a.b" */
static struct span without_blanks(struct reader *rd, struct span name)
{
	char *copy = arena_strndup(rd->sk->arena, name.data, name.len);
	size_t n = 0;

	for (size_t i = 0; i < name.len; i++) {
		if (!strchr(" \t\r\n\\", name.data[i]))
			copy[n++] = name.data[i];
	}
	return (struct span){ copy, n };
}

/* a.b.c; rd->t is behind it afterwards. */
static struct span dotted(struct reader *rd)
{
	struct span name = { 0 };
	size_t words = 0;

	while (rd->t.kind == TOKEN_IDENT || rd->t.c == '.') {
		if (!name.data)
			name.data = rd->t.text;
		name.len = (size_t)(rd->t.text + rd->t.len - name.data);
		words += rd->t.len;
		bool word = rd->t.kind == TOKEN_IDENT;
		if (!next(rd) || (word && rd->t.c != '.'))
			break;
	}
	if (words != name.len && name.len <= FACTS_TARGET_MAX)
		return without_blanks(rd, name);
	return name;
}

static bool at_end(const struct token *t)
{
	return t->kind == TOKEN_NEWLINE || t->kind == TOKEN_END || t->c == ';';
}

static struct fact_import *add(struct reader *rd, enum import_kind kind, struct span target,
                               uint32_t line)
{
	struct fact_import *im = sink_import(rd->sk, kind, target, line);

	if (im && rd->nconditions > 0)
		im->flags |= IMPORT_F_OPTIONAL;
	return im;
}

/* Behind a name: "as alias"; rd->t is behind it afterwards. */
static void alias(struct reader *rd, struct fact_import *im)
{
	if (!token_is(&rd->t, "as") || !next(rd))
		return;
	if (im && rd->t.kind == TOKEN_IDENT)
		im->alias = sink_text(rd->sk, token_span(&rd->t), FACTS_NAME_MAX);
	next(rd);
}

static void read_import(struct reader *rd, uint32_t line)
{
	next(rd);
	while (rd->t.kind == TOKEN_IDENT) {
		struct span target = dotted(rd);

		alias(rd, add(rd, IMPORT_MODULE, target, line));
		if (rd->t.c != ',')
			break;
		next(rd);
	}
}

static void read_from(struct reader *rd, uint32_t line)
{
	struct span target = { 0 };
	uint8_t level = 0;

	while (next(rd) && rd->t.c == '.')
		level += level < UINT8_MAX;
	if (!token_in(&rd->t, "import cimport"))
		target = dotted(rd);
	if (!token_in(&rd->t, "import cimport") || !(target.len || level))
		return;
	next(rd);
	while (rd->t.kind != TOKEN_END && !(at_end(&rd->t) && rd->nest == 0)) {
		/* Parentheses, commas, and inside the former also newlines. */
		if (rd->t.kind != TOKEN_IDENT && rd->t.c != '*') {
			next(rd);
			continue;
		}
		struct fact_import *im = add(rd, IMPORT_FROM, target, line);

		if (im) {
			im->level = level;
			im->name = sink_text(rd->sk, token_span(&rd->t), FACTS_NAME_MAX);
		}
		next(rd);
		alias(rd, im);
	}
}

/* import_module("a.b") and __import__("a.b"), with a plain literal. */
static void read_call(struct reader *rd)
{
	uint32_t line = rd->t.line;

	if (!next(rd) || rd->t.c != '(' || !next(rd) || rd->t.kind != TOKEN_STRING)
		return;
	struct span target = token_span(&rd->t);
	char before = rd->t.text[-2];

	if (before == 'f' || before == 'F' || before == 'b' || before == 'B' || target.len == 0)
		return;
	size_t dots = 0;
	while (dots < target.len && dots < UINT8_MAX && target.data[dots] == '.')
		dots++;
	target.data += dots;
	target.len -= dots;
	struct fact_import *im = add(rd, IMPORT_DYNAMIC, target, line);
	if (im)
		im->level = (uint8_t)dots;
}

static void read_function(struct reader *rd, uint32_t column)
{
	const struct block *in = around(rd);
	bool method = in && in->kind == BLOCK_CLASS;

	if (!next(rd) || rd->t.kind != TOKEN_IDENT)
		return;
	uint32_t def = sink_def(rd->sk, method ? DEF_METHOD : DEF_FUNCTION, token_span(&rd->t),
	                        method ? in->name : "", rd->t.line);
	open_block(rd, BLOCK_FUNCTION, column, def, "");
	rd->compound = true;
}

static void read_class(struct reader *rd, uint32_t column)
{
	const struct block *in = around(rd);

	if (!next(rd) || rd->t.kind != TOKEN_IDENT)
		return;
	uint32_t def = sink_def(rd->sk, DEF_CLASS, token_span(&rd->t),
	                        in && in->kind == BLOCK_CLASS ? in->name : "", rd->t.line);
	open_block(rd, BLOCK_CLASS, column, def,
	           sink_text(rd->sk, token_span(&rd->t), FACTS_NAME_MAX));
	rd->compound = true;
}

/* NAME = ..., NAME: Final = ...; only capitals are meant as constants. */
static void read_constant(struct reader *rd)
{
	struct token name = rd->t;
	bool capital = false;

	for (size_t i = 0; i < name.len; i++) {
		if (name.text[i] >= 'a' && name.text[i] <= 'z')
			return;
		capital = capital || (name.text[i] >= 'A' && name.text[i] <= 'Z');
	}
	if (!capital || !next(rd))
		return;
	struct token after = rd->t;

	if (after.c == ':') {
		while (next(rd) && !(at_end(&rd->t) && rd->nest == 0) && rd->t.c != '=')
			;
		after = rd->t;
	}
	if (after.c != '=')
		return;
	/* Not a comparison. */
	if (!next(rd) || (rd->t.c == '=' && rd->t.glued))
		return;
	sink_def(rd->sk, DEF_CONSTANT, token_span(&name), "", name.line);
}

/* rd->t starts a statement; afterwards it is a token of the same statement. */
static void read_statement(struct reader *rd, uint32_t column)
{
	struct token *t = &rd->t;

	rd->compound = false;
	if (t->kind != TOKEN_IDENT)
		return;
	if (token_in(t, "import cimport")) {
		read_import(rd, t->line);
	} else if (token_is(t, "from")) {
		read_from(rd, t->line);
	} else if (token_is(t, "def")) {
		read_function(rd, column);
	} else if (token_is(t, "class")) {
		read_class(rd, column);
	} else if (token_is(t, "async")) {
		if (next(rd) && token_is(t, "def"))
			read_function(rd, column);
		else
			rd->compound = true;
	} else if (token_in(t, "if elif else try except finally")) {
		open_block(rd, BLOCK_CONDITION, column, DEF_DROPPED, "");
		rd->compound = true;
	} else if (token_in(t, "for while with match case")) {
		rd->compound = true;
	} else if (!around(rd)) {
		read_constant(rd);
	}
}

void facts_python(struct lexer *lx, struct sink *sk)
{
	struct reader rd = { .lx = lx, .sk = sk };
	bool start = true;
	uint32_t column = 0;

	lx->newlines = true;
	while (next(&rd)) {
		if (start && rd.nest <= 1 && rd.t.kind != TOKEN_NEWLINE) {
			if (rd.t.first) {
				column = column_of(&rd.t);
				close_blocks(&rd, column);
			}
			start = false;
			read_statement(&rd, column);
		}
		if ((rd.t.len == 13 && token_is(&rd.t, "import_module")) ||
		    (rd.t.len == 10 && token_is(&rd.t, "__import__")))
			read_call(&rd);
		if (rd.t.kind == TOKEN_NEWLINE) {
			start = start || rd.nest == 0;
			continue;
		}
		if (rd.nest == 0 && (rd.t.c == ';' || (rd.t.c == ':' && rd.compound)))
			start = true;
	}
	close_blocks(&rd, 0);
	lx->newlines = false;
}
