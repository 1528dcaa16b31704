/*
 * Ruby: classes, modules, methods and constants, with the "end" of each; what a
 * file requires is read in facts_ruby_import.c.
 *
 * An "end" is found by counting what opens: a word such as "if" opens only where
 * a value is expected; behind one it modifies the statement before it.
 */
#include "maps/facts_ruby.h"

#include <string.h>

/* Behind these a word like "if" starts an expression, although they are words themselves. */
#define BEFORE_VALUE "then else do and or not begin ensure if unless while until elsif when in case"

bool ruby_next(struct ruby_reader *rd)
{
	rd->before = rd->prev;
	rd->prev = rd->t;
	return lex_next(rd->lx, &rd->t);
}

bool ruby_skip(struct ruby_reader *rd, int tokens)
{
	while (tokens-- > 0)
		if (!ruby_next(rd))
			return false;
	return true;
}

void ruby_back(struct ruby_reader *rd)
{
	lex_push(rd->lx, &rd->t);
	rd->t = rd->prev;
	rd->prev = rd->before;
}

static struct ruby_block *top(struct ruby_reader *rd)
{
	return rd->depth > 0 && rd->depth <= RUBY_BLOCKS_MAX ? &rd->blocks[rd->depth - 1] : NULL;
}

static const struct ruby_block *space_around(const struct ruby_reader *rd)
{
	size_t n = rd->depth < RUBY_BLOCKS_MAX ? rd->depth : RUBY_BLOCKS_MAX;

	while (n > 0 && rd->blocks[n - 1].kind != RUBY_SPACE)
		n--;
	return n > 0 ? &rd->blocks[n - 1] : NULL;
}

const char *ruby_scope(const struct ruby_reader *rd)
{
	const struct ruby_block *space = space_around(rd);

	return space ? space->path : "";
}

bool ruby_optional(const struct ruby_reader *rd)
{
	for (size_t i = 0; i < rd->depth && i < RUBY_BLOCKS_MAX; i++) {
		if (rd->blocks[i].kind == RUBY_CONDITION)
			return true;
	}
	return false;
}

static void push(struct ruby_reader *rd, enum ruby_block_kind kind, uint32_t def)
{
	if (rd->depth < RUBY_BLOCKS_MAX)
		rd->blocks[rd->depth] =
			(struct ruby_block){ .kind = (uint8_t)kind, .def = def, .name = "" };
	else
		rd->sk->ret->truncated = true;
	rd->depth++;
}

static void pop(struct ruby_reader *rd)
{
	if (rd->depth == rd->under_depth)
		rd->under = NULL;
	const struct ruby_block *block = top(rd);

	if (block)
		sink_def_end(rd->sk, block->def, rd->t.line);
	if (rd->depth > 0)
		rd->depth--;
}

/* Whether the token before rd->t is what an operand ends with: then a keyword modifies. */
static bool behind_operand(const struct ruby_reader *rd)
{
	const struct token *t = &rd->prev;

	switch (t->kind) {
	case TOKEN_END:
	case TOKEN_NEWLINE:
		return false;
	case TOKEN_IDENT:
		return rd->before.c == '.' || !token_in(t, BEFORE_VALUE);
	case TOKEN_PUNCT:
		if (strchr(")]}", t->c))
			return true;
		if (t->glued && rd->before.c == '$') /* $! $? $; */
			return true;
		return t->glued && strchr("?!", t->c) && rd->before.kind == TOKEN_IDENT;
	default:
		return true;
	}
}

/* Whether the word rd->t is no keyword: a method's name, a symbol, a key, a variable. */
static bool is_name(const struct ruby_reader *rd)
{
	const char *after = rd->t.text + rd->t.len, *end = rd->lx->end;
	char before = rd->prev.c;

	if (after < end && *after == ':' && !(after + 1 < end && after[1] == ':'))
		return true;
	if (after < end && (*after == '?' || *after == '!') &&
	    !(after + 1 < end && after[1] == '='))
		return true;
	if (before == '.')
		return rd->before.c != '.';
	if (before == ':' && rd->before.c == ':' &&
	    rd->prev.glued) /* ::A is a constant, A::b a call */
		return !(rd->t.text[0] >= 'A' && rd->t.text[0] <= 'Z');
	return rd->t.glued && before && strchr(":@$", before);
}

/* The name of a class or module: rd->t is its last part afterwards, *ret_path all of it. */
static bool read_space_name(struct ruby_reader *rd, const char **ret_path, const char **ret_parent)
{
	struct arena *arena = rd->sk->arena;
	const char *path = ruby_scope(rd);

	if (!ruby_next(rd))
		return false;
	if (rd->t.c == ':') { /* ::A */
		path = "";
		if (!ruby_skip(rd, 2))
			return false;
	}
	*ret_parent = space_around(rd) && *path ? space_around(rd)->name : "";
	while (rd->t.kind == TOKEN_IDENT && rd->t.len <= FACTS_NAME_MAX &&
	       strlen(path) < FACTS_NAME_MAX && rd->depth < RUBY_BLOCKS_MAX) {
		const char *name = sink_text(rd->sk, token_span(&rd->t), FACTS_NAME_MAX);
		const char *after = rd->t.text + rd->t.len;

		path = *path ? arena_printf(arena, "%s::%s", path, name) : name;
		*ret_path = path;
		if (rd->lx->end - after < 3 || after[0] != ':' || after[1] != ':')
			return true;
		*ret_parent = name;
		if (!ruby_skip(rd, 3))
			return false;
	}
	return false;
}

/* class A < B: B is looked up outside of A. */
static void read_superclass(struct ruby_reader *rd)
{
	if (!ruby_next(rd))
		return;
	if (rd->t.c != '<') {
		ruby_back(rd);
		return;
	}
	if (!ruby_next(rd))
		return;
	if (rd->t.kind == TOKEN_IDENT && rd->t.text[0] >= 'A' && rd->t.text[0] <= 'Z') {
		rd->depth--;
		ruby_constant(rd);
		rd->depth++;
	} else {
		ruby_back(rd);
	}
}

static void read_space(struct ruby_reader *rd, enum def_kind kind)
{
	const char *path = "", *parent = "";

	if (kind == DEF_CLASS && ruby_next(rd)) {
		if (rd->t.c == '<') { /* class << self */
			push(rd, RUBY_SINGLETON, DEF_DROPPED);
			return;
		}
		ruby_back(rd);
	}
	if (!read_space_name(rd, &path, &parent)) {
		push(rd, RUBY_PLAIN, DEF_DROPPED);
		return;
	}

	struct span name = token_span(&rd->t);
	uint32_t def = sink_def(rd->sk, kind, name, parent, rd->t.line);

	push(rd, RUBY_SPACE, def);
	if (top(rd)) {
		top(rd)->path = path;
		top(rd)->name = sink_text(rd->sk, name, FACTS_NAME_MAX);
	}
	read_superclass(rd);
}

/* The name behind "def", with the '?', '!' or '=' that ends it; operators as they are. */
static struct span method_name(struct ruby_reader *rd)
{
	const char *end = rd->lx->end, *from = rd->t.text, *q = from + rd->t.len;

	if (rd->t.kind == TOKEN_IDENT) {
		bool assigns = q < end && *q == '=' && !(q + 1 < end && strchr("=~>", q[1]));

		if (q < end && (*q == '?' || *q == '!' || assigns)) {
			ruby_next(rd);
			q++;
		}
		return (struct span){ from, (size_t)(q - from) };
	}
	while (q < end && strchr("+-*/%<>=!~^&|[]@`", *q) && *q)
		q++;
	while (rd->t.text + rd->t.len < q && ruby_next(rd))
		;
	return (struct span){ from, (size_t)(q - from) };
}

/* a: Constant, b = Constant: the value that an argument has when none is given. */
static void note_default(struct ruby_reader *rd)
{
	if (rd->t.kind == TOKEN_IDENT && rd->t.text[0] >= 'A' && rd->t.text[0] <= 'Z' &&
	    !is_name(rd))
		ruby_constant(rd);
	else if (rd->t.kind == TOKEN_STRING)
		ruby_constants_of(rd);
}

/* Behind the name: read "(...)"; @ret whether '=' follows, so that there is no "end". */
static bool is_endless(struct ruby_reader *rd)
{
	uint32_t nest = 0;

	if (!ruby_next(rd))
		return false;
	if (rd->t.c == '(') {
		do {
			nest += rd->t.c == '(';
			if (rd->t.c == ')' && --nest == 0)
				break;
			note_default(rd);
		} while (ruby_next(rd));
		ruby_next(rd);
	}
	if (rd->t.c == '=')
		return true;
	ruby_back(rd);
	return false;
}

static void read_method(struct ruby_reader *rd)
{
	const struct ruby_block *space = space_around(rd);
	uint32_t line = rd->t.line, def;
	struct span name;

	if (!ruby_next(rd) || rd->t.kind == TOKEN_NEWLINE)
		return;
	/* def self.name, def Other.name, def @other.name */
	while ((rd->t.c == '@' || rd->t.c == '$') && ruby_next(rd))
		;
	while (rd->t.kind == TOKEN_IDENT && rd->t.text + rd->t.len < rd->lx->end &&
	       rd->t.text[rd->t.len] == '.') {
		if (!ruby_skip(rd, 2))
			return;
	}
	line = rd->t.line;
	name = method_name(rd);
	def = sink_def(rd->sk, space ? DEF_METHOD : DEF_FUNCTION, name, space ? space->name : "",
	               line);
	if (is_endless(rd))
		sink_def_end(rd->sk, def, rd->t.line);
	else
		push(rd, RUBY_DEF, def);
}

/* NAME = ... where a statement starts, in a class, module or file. */
static bool read_assignment(struct ruby_reader *rd)
{
	const struct ruby_block *block = top(rd), *space = space_around(rd);
	const char *q = rd->t.text + rd->t.len, *end = rd->lx->end;

	if (rd->depth > 0 &&
	    !(block && (block->kind == RUBY_SPACE || block->kind == RUBY_CONDITION)))
		return false;
	while (q < end && (*q == ' ' || *q == '\t'))
		q++;
	if (end - q >= 3 && q[0] == '|' && q[1] == '|')
		q += 2;
	if (end - q < 2 || *q != '=' || strchr("=~>", q[1]))
		return false;
	sink_def(rd->sk, DEF_CONSTANT, token_span(&rd->t), space ? space->name : "", rd->t.line);
	return true;
}

/* A keyword that opens or closes something.  @ret false when rd->t is none of them */
static bool read_block(struct ruby_reader *rd)
{
	const struct token *t = &rd->t;

	if (token_is(t, "end")) {
		pop(rd);
	} else if (token_is(t, "def")) {
		read_method(rd);
	} else if (token_is(t, "class") && !behind_operand(rd)) {
		read_space(rd, DEF_CLASS);
	} else if (token_is(t, "module") && !behind_operand(rd)) {
		read_space(rd, DEF_MODULE);
	} else if (token_in(t, "if unless")) {
		if (!behind_operand(rd))
			push(rd, RUBY_CONDITION, DEF_DROPPED);
	} else if (token_in(t, "while until for")) {
		if (!behind_operand(rd)) {
			push(rd, RUBY_PLAIN, DEF_DROPPED);
			rd->loop = true;
		}
	} else if (token_in(t, "begin case")) {
		push(rd, RUBY_CONDITION, DEF_DROPPED);
	} else if (token_is(t, "do")) {
		if (!rd->loop)
			push(rd, RUBY_PLAIN, DEF_DROPPED);
		rd->loop = false;
	} else {
		return false;
	}
	return true;
}

static void read_word(struct ruby_reader *rd, bool starts)
{
	char c = rd->t.text[0];

	if (is_name(rd) || read_block(rd))
		return;
	if (c >= 'A' && c <= 'Z') {
		if (!starts || !read_assignment(rd))
			ruby_constant(rd);
	} else {
		ruby_import(rd);
	}
}

void facts_ruby(struct lexer *lx, struct sink *sk)
{
	struct ruby_reader rd = { .lx = lx, .sk = sk };

	lx->newlines = true;
	while (ruby_next(&rd)) {
		bool starts = rd.prev.kind == TOKEN_END || rd.prev.kind == TOKEN_NEWLINE ||
		              rd.prev.c == ';';

		if (rd.t.kind == TOKEN_NEWLINE) {
			rd.loop = false;
			continue;
		}
		if (rd.t.kind == TOKEN_STRING)
			ruby_constants_of(&rd);
		if (rd.t.kind != TOKEN_IDENT)
			continue;
		if (rd.t.margin && token_is(&rd.t, "__END__"))
			break;
		if (rd.prev.c == '.' && token_in(&rd.t, "for_gem autoload_lib"))
			sk->ret->package = "zeitwerk";
		read_word(&rd, starts);
	}
	lx->newlines = false;
	sk->ret->truncated = sk->ret->truncated || rd.constants.dropped;
}
