/*
 * C#: using directives, namespaces, types with their methods and constants.
 *
 * A method whose first parameter is "this" extends another type; it is noted
 * as a function, which resolution tells from methods by that.
 */
#include "maps/facts_csharp.h"
#include "maps/facts_scope.h"

#include <string.h>

#define CONDITIONS_MAX 32 /* #if inside each other */

/* The member being read. */
struct member {
	struct token type_name, name, method, operator_start;
	enum def_kind type_kind;
	uint32_t nest, angle; /* open ( [ {, and < */
	bool is_const, is_static, is_readonly, is_delegate, is_namespace, assigned, extends,
		generic;
};

/* Where an #if began, for its #else to go on from. */
struct condition {
	struct member member;
	size_t nscopes;
	uint32_t braces;
};

struct reader {
	struct lexer *lx;
	struct sink *sk;
	struct token prev, t;
	char before; /* the byte in front of prev, 0 when it was a word */
	struct csharp_names names;
	bool quiet; /* names are no uses */
	struct scopes in;
	struct condition conditions[CONDITIONS_MAX];
	size_t nconditions;
	uint32_t file_namespace;
	struct member m;
};

static void restore(struct reader *rd, const struct condition *from)
{
	rd->in.n = from->nscopes;
	scope_top(&rd->in)->braces = from->braces;
	rd->m = from->member;
}

/* #if, #else, …: each branch goes on from where the first one began. */
static void read_directive(struct reader *rd)
{
	uint32_t line = rd->t.line;
	bool more = lex_next(rd->lx, &rd->t);

	if (token_is(&rd->t, "if") && rd->nconditions < CONDITIONS_MAX)
		rd->conditions[rd->nconditions++] =
			(struct condition){ rd->m, rd->in.n, scope_top(&rd->in)->braces };
	else if (token_in(&rd->t, "else elif") && rd->nconditions > 0)
		restore(rd, &rd->conditions[rd->nconditions - 1]);
	else if (token_is(&rd->t, "endif") && rd->nconditions > 0)
		rd->nconditions--;
	while (more && rd->t.line == line)
		more = lex_next(rd->lx, &rd->t);
	if (more)
		lex_push(rd->lx, &rd->t);
}

static bool next(struct reader *rd)
{
	struct token prev = rd->t;

	for (;;) {
		if (!lex_next(rd->lx, &rd->t))
			return false;
		if (rd->t.c != '#' || !rd->t.first)
			break;
		read_directive(rd);
	}
	rd->before = rd->prev.c;
	rd->prev = prev;
	if (!rd->quiet)
		csharp_names_token(&rd->names, &rd->t);
	return true;
}

static void reset(struct reader *rd)
{
	rd->m = (struct member){ .type_kind = DEF_NONE };
}

/* A dotted name from rd->t on, type arguments left out; rd->t becomes the token behind it. */
static struct span dotted(struct reader *rd, char *name, size_t max)
{
	uint32_t angle = 0;
	size_t n = 0;
	bool more = true;

	for (; more; more = next(rd)) {
		bool word = rd->t.kind == TOKEN_IDENT && (n == 0 || name[n - 1] == '.');

		if (rd->t.c == '<')
			angle++;
		else if (rd->t.c == '>' && angle > 0)
			angle--;
		else if (angle == 0 && rd->t.c == ':' &&
		         (n == 0 || (n == 6 && memcmp(name, "global", 6) == 0)))
			n = 0; /* global:: */
		else if (angle == 0 && ((!word && rd->t.c != '.') || rd->t.len > max - n))
			break;
		else if (angle == 0) {
			memcpy(name + n, rd->t.text, rd->t.len);
			n += rd->t.len;
		}
	}
	return (struct span){ name, n };
}

/* using A.B;  using static A.B.C;  using X = A.B.C;  the rest are statements. */
static void read_using(struct reader *rd, bool global)
{
	char text[FACTS_TARGET_MAX], alias[FACTS_NAME_MAX];
	uint32_t line = rd->t.line;
	enum import_kind kind = IMPORT_WILDCARD;
	struct span name = { 0 }, target;
	struct fact_import *im;

	rd->quiet = true;
	if (!next(rd))
		return;
	if (token_in(&rd->t, "static unsafe")) {
		kind = IMPORT_STATIC;
		if (!next(rd))
			return;
	}
	target = dotted(rd, text, sizeof(text));
	if (rd->t.c == '=' && target.len > 0 && target.len < sizeof(alias) && next(rd)) {
		memcpy(alias, target.data, target.len);
		name = (struct span){ alias, target.len };
		target = dotted(rd, text, sizeof(text));
		kind = IMPORT_MODULE;
	}
	if (rd->t.c != ';' || target.len == 0)
		return;
	im = sink_import(rd->sk, kind, target, line);
	if (im) {
		im->alias = sink_text(rd->sk, name, FACTS_NAME_MAX);
		im->flags = global ? IMPORT_F_GLOBAL : 0;
	}
}

static void push_scope(struct reader *rd, enum scope_kind kind, uint32_t def, const char *name)
{
	reset(rd);
	scope_push(&rd->in, kind, def, name);
}

/* namespace A.B { … }, or for the whole file with a ; */
static void read_namespace(struct reader *rd)
{
	char text[FACTS_NAME_MAX];
	uint32_t line, def;
	struct span name;

	rd->quiet = true;
	if (!next(rd))
		return;
	line = rd->t.line;
	name = dotted(rd, text, sizeof(text));
	if ((rd->t.c != '{' && rd->t.c != ';') || name.len == 0)
		return;
	def = sink_def(rd->sk, DEF_MODULE, name, "", line);
	if (!*rd->sk->ret->package)
		rd->sk->ret->package = sink_text(rd->sk, name, sizeof(text));
	if (rd->t.c == ';')
		rd->file_namespace = def;
	else
		push_scope(rd, SCOPE_FILE, def, scope_top(&rd->in)->name);
}

static enum def_kind type_word(const struct token *t)
{
	return token_in(t, "class record") ? DEF_CLASS
	       : token_is(t, "struct")     ? DEF_STRUCT
	       : token_is(t, "interface")  ? DEF_INTERFACE
	       : token_is(t, "enum")       ? DEF_ENUM
	                                   : DEF_NONE;
}

/* class X; of "record struct X" both words come through here. */
static void read_word(struct reader *rd)
{
	struct member *m = &rd->m;
	const struct token *t = &rd->t;
	enum def_kind kind = type_word(t);

	if (kind && !m->type_name.kind && !m->method.kind && rd->prev.c != ':' &&
	    rd->prev.c != ',' && rd->prev.c != '.') {
		m->type_kind = kind;
	} else if (m->type_kind && !m->type_name.kind && type_word(&rd->prev)) {
		m->type_name = *t;
	} else if (token_is(t, "operator")) {
		m->operator_start = *t;
	} else {
		m->is_const |= token_is(t, "const");
		m->is_static |= token_is(t, "static");
		m->is_readonly |= token_is(t, "readonly");
		m->is_delegate |= token_is(t, "delegate");
	}
	if (m->angle == 0)
		m->name = *t;
}

static uint32_t define_method(struct reader *rd)
{
	struct member *m = &rd->m;
	struct span name = token_span(&m->method);

	if (!m->method.kind || (rd->in.n == 1 && !m->is_delegate))
		return DEF_DROPPED;
	if (m->is_delegate)
		return sink_def(rd->sk, DEF_TYPE, name, scope_top(&rd->in)->name, m->method.line);
	if (scope_top(&rd->in)->kind != SCOPE_TYPE)
		return DEF_DROPPED;
	return sink_def(rd->sk, m->extends ? DEF_FUNCTION : DEF_METHOD, name,
	                scope_top(&rd->in)->name, m->method.line);
}

static uint32_t define_type(struct reader *rd)
{
	struct span name = token_span(&rd->m.type_name);

	if (rd->m.generic && !*scope_top(&rd->in)->name)
		csharp_names_generic(&rd->names, name);
	return sink_def(rd->sk, rd->m.type_kind, name, scope_top(&rd->in)->name,
	                rd->m.type_name.line);
}

static void open_brace(struct reader *rd)
{
	struct member *m = &rd->m;
	struct span name = token_span(&m->type_name);
	uint32_t def;

	if (m->assigned) {
		m->nest++;
	} else if (m->type_name.kind) {
		def = define_type(rd);
		push_scope(rd, m->type_kind == DEF_ENUM ? SCOPE_ENUM : SCOPE_TYPE, def,
		           sink_text(rd->sk, name, FACTS_NAME_MAX));
	} else {
		def = define_method(rd);
		push_scope(rd, SCOPE_BODY, def, scope_top(&rd->in)->name);
	}
}

static void close_brace(struct reader *rd)
{
	reset(rd);
	scope_pop(&rd->in, rd->sk, rd->t.line);
}

/* A member without braces ends: a field, an abstract method, one with "=> value". */
static void end_member(struct reader *rd)
{
	uint32_t def = rd->m.type_name.kind ? define_type(rd) : define_method(rd);

	sink_def_end(rd->sk, def, rd->t.line);
	reset(rd);
}

static void read_assign(struct reader *rd)
{
	struct member *m = &rd->m;
	bool constant = m->is_const || (m->is_static && m->is_readonly);

	const char *after = rd->t.text + 1;
	bool value = after < rd->lx->end && *after != '>' && *after != '=';

	if (m->operator_start.kind && !m->method.kind)
		return; /* operator == */
	/* The first of them, or a further one: A = 1, B = 2 */
	if ((!m->assigned || rd->before == ',') && constant && value && !m->method.kind &&
	    rd->prev.kind == TOKEN_IDENT && scope_top(&rd->in)->kind == SCOPE_TYPE)
		sink_def(rd->sk, DEF_CONSTANT, token_span(&rd->prev), scope_top(&rd->in)->name,
		         rd->prev.line);
	m->assigned = true;
}

/* The ( behind a method's name, or any other. */
static void open_paren(struct reader *rd)
{
	struct member *m = &rd->m;
	bool named = rd->prev.kind == TOKEN_IDENT || rd->prev.c == '>';

	m->nest++;
	if (m->assigned || m->method.kind || m->type_name.kind || m->angle > 0)
		return;
	if (m->operator_start.kind) {
		m->method = m->operator_start;
		m->method.len = (size_t)(rd->t.text - m->method.text);
		while (m->method.text[m->method.len - 1] == ' ')
			m->method.len--;
	} else if (named && m->name.kind &&
	           !token_in(&m->name,
	                     "public private protected internal static virtual override "
	                     "abstract async readonly sealed new unsafe extern partial")) {
		m->method = m->name;
		if (!next(rd))
			return;
		m->extends = token_is(&rd->t, "this");
		if (rd->t.c == ')')
			m->nest--;
		else if (rd->t.c == '(' || rd->t.c == '[' || rd->t.c == '{')
			m->nest++;
	}
}

static void read_inside(struct reader *rd)
{
	char c = rd->t.c;

	if (c == '(' || c == '[' || c == '{')
		rd->m.nest++;
	else if (c == ')' || c == ']' || c == '}')
		rd->m.nest--;
}

static void read_punct(struct reader *rd)
{
	struct member *m = &rd->m;

	switch (rd->t.c) {
	case '{':
		open_brace(rd);
		break;
	case '}':
		close_brace(rd);
		break;
	case ';':
		end_member(rd);
		break;
	case '=':
		read_assign(rd);
		break;
	case '(':
		open_paren(rd);
		break;
	case '[':
		m->nest++;
		break;
	case '<':
		m->angle += !m->assigned && !m->operator_start.kind;
		m->generic |= rd->prev.kind && rd->prev.text == m->type_name.text;
		break;
	case '>':
		m->angle -= m->angle > 0;
		break;
	default:
		break;
	}
}

static void read_member(struct reader *rd)
{
	bool outside = scope_top(&rd->in)->kind == SCOPE_FILE && rd->m.nest == 0 && !rd->m.assigned;

	if (rd->m.nest > 0)
		read_inside(rd);
	else if (outside && token_is(&rd->t, "using"))
		read_using(rd, token_is(&rd->prev, "global"));
	else if (outside && token_is(&rd->t, "namespace"))
		read_namespace(rd);
	else if (rd->t.kind == TOKEN_IDENT && !rd->m.assigned)
		read_word(rd);
	else
		read_punct(rd);
	rd->quiet = false;
}

static void read_enum(struct reader *rd)
{
	if (rd->m.nest == 0 && rd->t.c == '}')
		close_brace(rd);
	else
		read_inside(rd);
}

void facts_csharp(struct lexer *lx, struct sink *sk)
{
	struct reader *rd = arena_alloc(sk->arena, sizeof(*rd));

	*rd = (struct reader){ .lx = lx, .sk = sk, .file_namespace = DEF_DROPPED };
	scope_open(&rd->in);
	csharp_names_open(&rd->names, sk, lx->end);
	while (next(rd)) {
		switch (scope_top(&rd->in)->kind) {
		case SCOPE_BODY:
			if (scope_body_ends(&rd->in, &rd->t))
				close_brace(rd);
			break;
		case SCOPE_ENUM:
			read_enum(rd);
			break;
		default:
			read_member(rd);
			break;
		}
	}
	csharp_names_close(&rd->names);
	sink_def_end(sk, rd->file_namespace, lx->line);
}
