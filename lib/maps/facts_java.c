/*
 * Java: package, imports, types with their methods and constants, and the
 * capitalised words, from which the users of a class are found.  What is written
 * with its package in the code is an import of its own.
 */
#include "maps/facts_scope.h"

#include <string.h>

#define FULL_NAMES_MAX 1000 /* in one file */

/* The dotted name being read, as long as it may be that of a package. */
struct full_name {
	char text[FACTS_TARGET_MAX];
	size_t len, parts; /* len 0: there is none */
	uint32_t line;
};

struct reader {
	struct lexer *lx;
	struct sink *sk;
	struct token prev, t;
	struct scopes in;
	bool quiet; /* words are no uses */
	struct full_name package;
	struct name_set full; /* names with their package that have been noted */

	/* The member being read. */
	struct token type_name, method_name;
	enum def_kind type_kind;
	uint32_t nest; /* open ( [ { */
	bool is_static, is_final, assigned;
};

static void add_part(struct full_name *d, const struct token *t)
{
	size_t dot = d->len > 0;

	if (d->len + dot + t->len > sizeof(d->text)) {
		d->len = 0;
		return;
	}
	d->text[d->len] = '.'; /* the first part overwrites it */
	memcpy(d->text + d->len + dot, t->text, t->len);
	d->len += dot + t->len;
	d->parts++;
}

/* A word of the code: a class by its name, or part of one with its package, a.b.C. */
static void note_word(struct reader *rd)
{
	struct full_name *d = &rd->package;
	bool class = rd->t.text[0] >= 'A' && rd->t.text[0] <= 'Z';

	if (rd->prev.c != '.') {
		d->len = d->parts = 0;
		d->line = rd->t.line;
		if (class)
			sink_name(rd->sk, token_span(&rd->t));
		else if (!token_is(&rd->t, "this") && !token_is(&rd->t, "super"))
			add_part(d, &rd->t);
	} else if (d->len > 0) {
		add_part(d, &rd->t);
		if (!class)
			return;
		if (d->parts > 2 && name_set_add(rd->sk->arena, &rd->full,
		                                 (struct span){ d->text, d->len }, FULL_NAMES_MAX))
			sink_import(rd->sk, IMPORT_NAME, (struct span){ d->text, d->len }, d->line);
		d->len = 0;
	}
}

static bool next(struct reader *rd)
{
	rd->prev = rd->t;
	if (!lex_next(rd->lx, &rd->t))
		return false;
	if (rd->t.kind == TOKEN_IDENT && !rd->quiet)
		note_word(rd);
	return true;
}

static void reset(struct reader *rd)
{
	rd->type_name.kind = rd->method_name.kind = TOKEN_END;
	rd->nest = 0;
	rd->is_static = rd->is_final = rd->assigned = false;
}

/* Up to the ;, a dotted name with blanks taken out. */
static struct span dotted(struct reader *rd, char *name, size_t max)
{
	size_t n = 0;

	rd->quiet = true;
	while (next(rd) && rd->t.c != ';') {
		if (rd->t.kind != TOKEN_IDENT && rd->t.c != '.' && rd->t.c != '*')
			break;
		if (rd->t.len > max - n) {
			n = 0;
			break;
		}
		memcpy(name + n, rd->t.text, rd->t.len);
		n += rd->t.len;
		if (rd->t.kind == TOKEN_IDENT && n == rd->t.len && token_is(&rd->t, "static"))
			break;
	}
	rd->quiet = false;
	return (struct span){ name, n };
}

static void read_import(struct reader *rd)
{
	char text[FACTS_TARGET_MAX];
	uint32_t line = rd->t.line;
	struct span path = dotted(rd, text, sizeof(text)), name = { 0 };
	enum import_kind kind = IMPORT_MODULE;
	struct fact_import *im;
	const char *dot;

	if (token_is(&rd->t, "static")) {
		path = dotted(rd, text, sizeof(text));
		kind = IMPORT_STATIC;
	}
	if (path.len == 0)
		return;
	if (kind == IMPORT_STATIC || path.data[path.len - 1] == '*') {
		dot = memrchr(path.data, '.', path.len);
		if (!dot)
			return;
		name = (struct span){ dot + 1, (size_t)(path.data + path.len - dot - 1) };
		path.len = (size_t)(dot - path.data);
		if (kind == IMPORT_MODULE)
			kind = IMPORT_WILDCARD;
	}
	im = sink_import(rd->sk, kind, path, line);
	if (im && kind == IMPORT_STATIC)
		im->name = sink_text(rd->sk, name, FACTS_NAME_MAX);
}

static void read_package(struct reader *rd)
{
	char text[FACTS_TARGET_MAX];
	struct span name = dotted(rd, text, sizeof(text));

	if (!*rd->sk->ret->package)
		rd->sk->ret->package = sink_text(rd->sk, name, sizeof(text));
}

/* @Name(...): skipped; @interface is a type. */
static void read_annotation(struct reader *rd)
{
	uint32_t nest = 0;

	if (!next(rd))
		return;
	if (token_is(&rd->t, "interface")) {
		rd->type_kind = DEF_INTERFACE;
		if (next(rd) && rd->t.kind == TOKEN_IDENT)
			rd->type_name = rd->t;
		return;
	}
	while (next(rd)) {
		if (rd->t.c == '(')
			nest++;
		else if (rd->t.c == ')' && nest > 0 && --nest == 0)
			return;
		if (nest == 0 && !(rd->t.c == '.' || rd->prev.c == '.')) {
			lex_push(rd->lx, &rd->t);
			rd->t = rd->prev;
			return;
		}
	}
}

/* class, interface, enum or record, followed by a name. */
static bool read_type_key(struct reader *rd)
{
	bool record = token_is(&rd->t, "record");
	enum def_kind kind = record || token_is(&rd->t, "class") ? DEF_CLASS
	                     : token_is(&rd->t, "interface")     ? DEF_INTERFACE
	                     : token_is(&rd->t, "enum")          ? DEF_ENUM
	                                                         : DEF_NONE;
	struct token name;

	if (kind == DEF_NONE || rd->prev.c == '.' || rd->type_name.kind || rd->assigned)
		return false;
	if (!next(rd))
		return true;
	if (rd->t.kind != TOKEN_IDENT) {
		lex_push(rd->lx, &rd->t);
		rd->t = rd->prev;
		return false;
	}
	name = rd->t;
	if (record) {
		/* "record" is a word like any other elsewhere: a field may be of that type. */
		bool more = next(rd);

		if (more) {
			lex_push(rd->lx, &rd->t);
			record = rd->t.c == '(' || rd->t.c == '<';
			rd->t = rd->prev;
		}
		if (!record)
			return false;
	}
	rd->type_name = name;
	rd->type_kind = kind;
	return true;
}

static void push_scope(struct reader *rd, enum scope_kind kind, uint32_t def, const char *name)
{
	reset(rd);
	scope_push(&rd->in, kind, def, name);
}

static uint32_t define_method(struct reader *rd)
{
	if (!rd->method_name.kind || !*scope_top(&rd->in)->name)
		return DEF_DROPPED;
	return sink_def(rd->sk, DEF_METHOD, token_span(&rd->method_name), scope_top(&rd->in)->name,
	                rd->method_name.line);
}

static void open_brace(struct reader *rd)
{
	if (rd->assigned) {
		rd->nest++;
	} else if (rd->type_name.kind) {
		struct span name = token_span(&rd->type_name);
		uint32_t def = sink_def(rd->sk, rd->type_kind, name, scope_top(&rd->in)->name,
		                        rd->type_name.line);

		push_scope(rd, rd->type_kind == DEF_ENUM ? SCOPE_ENUM : SCOPE_TYPE, def,
		           sink_text(rd->sk, name, FACTS_NAME_MAX));
	} else {
		push_scope(rd, SCOPE_BODY, define_method(rd), scope_top(&rd->in)->name);
	}
}

static void close_brace(struct reader *rd)
{
	reset(rd);
	scope_pop(&rd->in, rd->sk, rd->t.line);
}

static void read_inside(struct reader *rd)
{
	switch (rd->t.c) {
	case '(':
	case '[':
	case '{':
		rd->nest++;
		break;
	case ')':
	case ']':
	case '}':
		rd->nest--;
		break;
	default:
		break;
	}
}

static void read_word(struct reader *rd)
{
	if (rd->in.n == 1 && token_is(&rd->t, "import") && !rd->type_name.kind)
		read_import(rd);
	else if (rd->in.n == 1 && token_is(&rd->t, "package") && !rd->type_name.kind)
		read_package(rd);
	else if (token_is(&rd->t, "static"))
		rd->is_static = true;
	else if (token_is(&rd->t, "final"))
		rd->is_final = true;
	else
		read_type_key(rd);
}

/* rd->t stands behind the name of a field. */
static void define_constant(struct reader *rd)
{
	/* In an interface every field is a constant. */
	const struct scope *type = scope_top(&rd->in);
	bool of_interface =
		type->def != DEF_DROPPED && rd->sk->ret->defs[type->def].kind == DEF_INTERFACE;

	if (!rd->assigned && ((rd->is_static && rd->is_final) || of_interface) &&
	    rd->prev.kind == TOKEN_IDENT && rd->in.n > 1)
		sink_def(rd->sk, DEF_CONSTANT, token_span(&rd->prev), type->name, rd->prev.line);
	rd->assigned = true;
}

static void read_member(struct reader *rd)
{
	if (rd->nest > 0) {
		read_inside(rd);
		return;
	}
	if (rd->t.kind == TOKEN_IDENT) {
		read_word(rd);
		return;
	}
	switch (rd->t.c) {
	case '@':
		if (!rd->assigned)
			read_annotation(rd);
		break;
	case '{':
		open_brace(rd);
		break;
	case '}':
		close_brace(rd);
		break;
	case ';':
		if (!rd->type_name.kind && !rd->method_name.kind)
			define_constant(rd); /* set by a static block */
		if (!rd->type_name.kind)
			define_method(rd);
		reset(rd);
		break;
	case '=':
		define_constant(rd);
		break;
	case '(':
		if (!rd->assigned && !rd->method_name.kind && rd->prev.kind == TOKEN_IDENT)
			rd->method_name = rd->prev;
		rd->nest++;
		break;
	case '[':
		rd->nest++;
		break;
	default:
		break;
	}
}

/* The constants before the first ;, with arguments and bodies of their own. */
static void read_enum(struct reader *rd)
{
	if (rd->nest > 0) {
		read_inside(rd);
	} else if (rd->t.c == ';') {
		scope_top(&rd->in)->kind = SCOPE_TYPE;
		reset(rd);
	} else if (rd->t.c == '}') {
		close_brace(rd);
	} else {
		read_inside(rd);
	}
}

void facts_java(struct lexer *lx, struct sink *sk)
{
	struct reader rd = { .lx = lx, .sk = sk };

	scope_open(&rd.in);
	while (next(&rd)) {
		switch (scope_top(&rd.in)->kind) {
		case SCOPE_BODY:
			if (scope_body_ends(&rd.in, &rd.t))
				close_brace(&rd);
			break;
		case SCOPE_ENUM:
			read_enum(&rd);
			break;
		default:
			read_member(&rd);
			break;
		}
	}
	sk->ret->truncated = sk->ret->truncated || rd.full.dropped;
}
