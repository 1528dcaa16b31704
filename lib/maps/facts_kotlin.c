/*
 * Kotlin: package, imports, types with their members, and what stands at the
 * top of a file.  Statements end with their line, so a definition without
 * braces ends where the next one, or the annotations before it, begin.
 *
 * Names are the capitalised words, and the calls of what may be a function at
 * the top of another file: "name", or ".name" when it has a receiver.
 */
#include "maps/facts_scope.h"

#include <string.h>

#define MODIFIERS                                                                                  \
	"public private protected internal abstract open final override data sealed inner enum "   \
	"annotation companion inline value operator infix suspend tailrec external const "         \
	"lateinit expect actual"
#define NOT_CALLED                                                                                 \
	"if while for when catch try do else finally return throw object class interface fun "     \
	"constructor init get set super this in is as where by companion val var"

struct reader {
	struct lexer *lx;
	struct sink *sk;
	struct token prev, t;
	char before;              /* the byte in front of prev, 0 when it was a word */
	uint32_t t_end, prev_end; /* lines where those tokens end */
	struct word_filter modifiers, uncalled;
	struct scopes in;

	/* The declaration being read. */
	uint32_t def;
	uint8_t opens;      /* what its brace opens */
	const char *opened; /* name of a type */
	uint32_t nest;      /* open ( [ { */
	uint32_t run_line;  /* last line before modifiers that may begin the next one, or 0 */
	bool assigned;
};

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* foo(…), foo { … }: rd->prev was called. */
static void note_call(struct reader *rd)
{
	char name[FACTS_NAME_MAX + 1];
	const struct token *p = &rd->prev;
	bool receiver = rd->before == '.';

	if (p->kind != TOKEN_IDENT || is_upper(p->text[0]) || p->len + 1 > sizeof(name) ||
	    rd->before == ':' || rd->before == '@' || word_filter_has(&rd->uncalled, p))
		return;
	name[0] = '.';
	memcpy(name + 1, p->text, p->len);
	sink_name(rd->sk, receiver ? (struct span){ name, p->len + 1 } : token_span(p));
}

static bool is_word(char c)
{
	return c == '_' || is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

/* Capitalised words behind a $ of a string: "$Name", "${Name.x}". */
static void note_template(struct reader *rd)
{
	const char *p = rd->t.text, *end = p + rd->t.len;

	while (p < end && (p = memchr(p, '$', (size_t)(end - p))) != NULL) {
		const char *stop = ++p;

		if (p < end && *p == '{') {
			stop = memchr(p, '}', (size_t)(end - p));
			stop = stop ? stop : end;
		} else {
			while (stop < end && is_word(*stop))
				stop++;
		}
		while (p < stop) {
			const char *word = p;

			while (p < stop && is_word(*p))
				p++;
			if (p > word && is_upper(*word))
				sink_name(rd->sk, (struct span){ word, (size_t)(p - word) });
			p += p == word;
		}
	}
}

static bool next(struct reader *rd)
{
	rd->before = rd->prev.c;
	rd->prev = rd->t;
	rd->prev_end = rd->t_end;
	if (!lex_next(rd->lx, &rd->t))
		return false;
	rd->t_end = rd->lx->line;
	if (rd->t.kind == TOKEN_IDENT && is_upper(rd->t.text[0]))
		sink_name(rd->sk, token_span(&rd->t));
	else if (rd->t.c == '(' || rd->t.c == '{')
		note_call(rd);
	else if (rd->t.kind == TOKEN_STRING)
		note_template(rd);
	return true;
}

/* Give rd->t back. */
static void unread(struct reader *rd)
{
	if (rd->t.kind == TOKEN_END)
		return;
	lex_push(rd->lx, &rd->t);
	rd->t = rd->prev;
	rd->t_end = rd->prev_end;
}

static void reset(struct reader *rd)
{
	rd->def = DEF_DROPPED;
	rd->opens = SCOPE_BODY;
	rd->nest = rd->run_line = 0;
	rd->assigned = false;
}

/* The declaration before ends, and another begins at rd->t. */
static void finish(struct reader *rd)
{
	sink_def_end(rd->sk, rd->def, rd->run_line > 0 ? rd->run_line : rd->prev_end);
	reset(rd);
}

/* a.b.c, to the end of the line at most; the token behind it is given back. */
static struct span dotted(struct reader *rd, char *name, size_t max)
{
	uint32_t line = rd->t.line;
	size_t n = 0;

	while (next(rd) && rd->t.line == line) {
		bool word = rd->t.kind == TOKEN_IDENT && (n == 0 || rd->prev.c == '.');

		if ((!word && rd->t.c != '.' && rd->t.c != '*') || rd->t.len > max - n)
			break;
		memcpy(name + n, rd->t.text, rd->t.len);
		n += rd->t.len;
	}
	unread(rd);
	return (struct span){ name, n };
}

static void read_import(struct reader *rd)
{
	char text[FACTS_TARGET_MAX];
	uint32_t line = rd->t.line;
	struct span path = dotted(rd, text, sizeof(text));
	struct fact_import *im;

	if (path.len == 0)
		return;
	if (path.len > 2 && text[path.len - 1] == '*') {
		sink_import(rd->sk, IMPORT_WILDCARD, (struct span){ text, path.len - 2 }, line);
		return;
	}
	im = sink_import(rd->sk, IMPORT_MODULE, path, line);
	if (!next(rd))
		return;
	if (!token_is(&rd->t, "as") || rd->t.line != line)
		unread(rd);
	else if (next(rd) && im && rd->t.kind == TOKEN_IDENT)
		im->alias = sink_text(rd->sk, token_span(&rd->t), FACTS_NAME_MAX);
}

static void read_package(struct reader *rd)
{
	char text[FACTS_TARGET_MAX];
	struct span name = dotted(rd, text, sizeof(text));

	if (!*rd->sk->ret->package)
		rd->sk->ret->package = sink_text(rd->sk, name, sizeof(text));
}

/*
 * @Name(…), @file:Name("…"), @[A B]: skipped.  @file:JvmName names the class that Java sees the
 * functions of the file in.
 */
static void read_annotation(struct reader *rd)
{
	bool jvm_name = false;
	uint32_t nest = 0;

	if (rd->t.first && rd->run_line == 0)
		rd->run_line = rd->prev_end;
	while (next(rd)) {
		if (rd->t.c == '(' || rd->t.c == '[') {
			if (nest == 0 && !rd->t.glued)
				break;
			nest++;
		} else if (rd->t.c == ')' || rd->t.c == ']') {
			if (nest <= 1)
				return;
			nest--;
		} else if (nest > 0) {
			if (jvm_name && rd->t.kind == TOKEN_STRING)
				sink_def(rd->sk, DEF_MODULE, token_span(&rd->t), "", rd->t.line);
		} else if (!(rd->t.glued &&
		             (rd->t.kind == TOKEN_IDENT || rd->t.c == '.' || rd->t.c == ':'))) {
			break;
		} else {
			jvm_name =
				rd->in.n == 1 && token_is(&rd->t, "JvmName") && rd->prev.c == ':';
		}
	}
	unread(rd);
}

static void push_scope(struct reader *rd, enum scope_kind kind, uint32_t def, const char *name)
{
	reset(rd);
	scope_push(&rd->in, kind, def, name);
}

static void open_brace(struct reader *rd)
{
	if (rd->assigned)
		rd->nest++;
	else if (rd->opens == SCOPE_BODY)
		push_scope(rd, SCOPE_BODY, rd->def, scope_top(&rd->in)->name);
	else
		push_scope(rd, rd->opens, rd->def, rd->opened);
}

static void close_brace(struct reader *rd)
{
	finish(rd);
	scope_pop(&rd->in, rd->sk, rd->t.line);
}

/* class, interface, object, typealias: rd->t is that word. */
static void read_type(struct reader *rd, enum def_kind kind)
{
	bool companion = token_is(&rd->prev, "companion");
	uint32_t end = rd->run_line > 0 ? rd->run_line : rd->prev_end;
	bool named = next(rd) && rd->t.kind == TOKEN_IDENT;

	if (!named)
		unread(rd);
	if (!named && !companion)
		return; /* object : Type { … }, an expression */
	sink_def_end(rd->sk, rd->def, end);
	reset(rd);
	rd->opens = kind == DEF_ENUM ? SCOPE_ENUM : SCOPE_TYPE;
	rd->opened = scope_top(&rd->in)->name;
	if (!named)
		return;
	rd->def = sink_def(rd->sk, kind, token_span(&rd->t), scope_top(&rd->in)->name, rd->t.line);
	rd->opened = sink_text(rd->sk, token_span(&rd->t), FACTS_NAME_MAX);
}

/*
 * The name of a function or property behind type parameters and a receiver's type: the last word
 * of "<T> Map<K, V>?.name".  rd->t becomes the token behind it.
 */
static bool declared_name(struct reader *rd, struct token *name, bool *extends)
{
	uint32_t angle = 0;

	name->kind = TOKEN_END;
	*extends = false;
	while (next(rd)) {
		bool word = rd->t.kind == TOKEN_IDENT;

		if (rd->t.c == '<') {
			angle++;
		} else if (rd->t.c == '>' && angle > 0) {
			angle -= rd->prev.c != '-';
		} else if (angle == 0 && word && name->kind && rd->prev.c != '.') {
			break; /* by, get, or the next line */
		} else if (angle == 0 && word) {
			*extends = name->kind;
			*name = rd->t;
		} else if (angle == 0 && rd->t.c != '.' && rd->t.c != '?') {
			break;
		}
	}
	return name->kind;
}

static void read_function(struct reader *rd)
{
	bool extends, member = scope_top(&rd->in)->kind == SCOPE_TYPE;
	struct token name;

	if (rd->prev.c == '=' || rd->prev.c == ',')
		return;
	finish(rd);
	if (declared_name(rd, &name, &extends) && rd->t.c == '(')
		rd->def = sink_def(rd->sk, member || extends ? DEF_METHOD : DEF_FUNCTION,
		                   token_span(&name), scope_top(&rd->in)->name, name.line);
	unread(rd);
	if (token_is(&name, "interface") && token_is(&rd->t, "interface"))
		read_type(rd, DEF_INTERFACE);
}

/* Those at the top, and the constants of types. */
static void read_property(struct reader *rd)
{
	bool constant = token_is(&rd->prev, "const"), extends;
	struct token name;

	finish(rd);
	if (declared_name(rd, &name, &extends) && (constant || rd->in.n == 1))
		rd->def = sink_def(rd->sk, constant ? DEF_CONSTANT : DEF_VARIABLE,
		                   token_span(&name), scope_top(&rd->in)->name, name.line);
	unread(rd);
}

/* @ret whether the word begins, or may begin, a declaration */
static bool read_keyword(struct reader *rd)
{
	const struct token *t = &rd->t;

	if (t->first && rd->in.n == 1 && token_is(t, "import"))
		read_import(rd);
	else if (t->first && rd->in.n == 1 && token_is(t, "package"))
		read_package(rd);
	else if (token_is(t, "class"))
		read_type(rd, token_is(&rd->prev, "enum") ? DEF_ENUM : DEF_CLASS);
	else if (token_is(t, "interface"))
		read_type(rd, DEF_INTERFACE);
	else if (token_is(t, "object"))
		read_type(rd, DEF_CLASS);
	else if (token_is(t, "typealias"))
		read_type(rd, DEF_TYPE);
	else if (token_is(t, "fun"))
		read_function(rd);
	else if (token_in(t, "val var"))
		read_property(rd);
	else if (token_is(t, "init") || (token_is(t, "constructor") && rd->opens == SCOPE_BODY))
		finish(rd);
	else
		return false;
	return true;
}

static void read_word(struct reader *rd)
{
	bool quoted = rd->t.text > rd->t.line_start && rd->t.text[-1] == '`';

	if (quoted || rd->prev.c == '.' || rd->prev.c == ':')
		return;
	if (word_filter_has(&rd->modifiers, &rd->t)) {
		if (rd->t.first && rd->run_line == 0 && rd->prev.c != '=')
			rd->run_line = rd->prev_end;
	} else if (!read_keyword(rd)) {
		rd->run_line = 0;
	}
}

static void read_inside(struct reader *rd)
{
	char c = rd->t.c;

	if (c == '(' || c == '[' || c == '{')
		rd->nest++;
	else if (c == ')' || c == ']' || c == '}')
		rd->nest--;
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
		if (rd->t.first || !rd->assigned)
			read_annotation(rd);
		return;
	case '{':
		open_brace(rd);
		break;
	case '}':
		close_brace(rd);
		break;
	case '(':
	case '[':
		rd->nest++;
		break;
	case '=':
		rd->assigned = true;
		break;
	case ';':
		finish(rd);
		break;
	default:
		break;
	}
	rd->run_line = 0;
}

/* The entries before the first ;, with arguments and bodies of their own. */
static void read_enum(struct reader *rd)
{
	if (rd->nest == 0 && rd->t.c == ';') {
		scope_top(&rd->in)->kind = SCOPE_TYPE;
		reset(rd);
	} else if (rd->nest == 0 && rd->t.c == '}') {
		close_brace(rd);
	} else if (rd->nest > 0 || rd->t.c == '(' || rd->t.c == '[' || rd->t.c == '{') {
		read_inside(rd);
	}
}

void facts_kotlin(struct lexer *lx, struct sink *sk)
{
	struct reader rd = { .lx = lx, .sk = sk, .opened = "" };

	rd.modifiers = word_filter_make(MODIFIERS);
	rd.uncalled = word_filter_make(NOT_CALLED);
	scope_open(&rd.in);
	reset(&rd);
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
	sink_def_end(sk, rd.def, rd.prev_end);
}
