/*
 * Go: imports, package-level declarations, and the names that a file uses.
 *
 * Go resolves names by package, so edges between the files of a package come
 * from names alone.  What a function binds itself (parameters, :=, var) is no
 * use of a package's name; the rules for that are the grammar's, seen through
 * a window of two tokens and a stack of open brackets.
 */
#include "maps/facts_build.h"

#include <string.h>

#define NEST_MAX     256
#define PENDING_MAX  16
#define LOCALS       1024 /* slots; a function that binds more is read less exactly */
#define LOCAL_PROBES 32

#define KEYWORDS                                                                                   \
	"break case chan const continue default defer else fallthrough for func go goto if "       \
	"import interface map package range return select struct switch type var"
#define PREDECLARED                                                                                \
	"any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 "      \
	"int32 int64 rune string uint uint8 uint16 uint32 uint64 uintptr true false iota nil "     \
	"append cap clear close complex copy delete imag len make max min new panic print "        \
	"println real recover _"

enum nest { NEST_CODE = 1, NEST_STRUCT, NEST_INTERFACE, NEST_SIGNATURE, NEST_GROUP, NEST_OTHER };

/* What the declaration at the top level is. */
enum decl { DECL_NONE = 0, DECL_FUNC, DECL_TYPE, DECL_CONST, DECL_VAR };

struct local {
	struct span name;
	uint32_t round; /* the declaration it was bound in */
};

struct reader {
	struct lexer *lx;
	struct sink *sk;
	struct word_filter keywords, predeclared;
	struct token prev, t, next;
	uint8_t nest[NEST_MAX];
	size_t depth; /* may pass NEST_MAX: those are only counted */
	bool in_case;
	bool signature; /* a ( here opens parameters or results */
	bool base;      /* prev is a name that a selector may follow */

	enum decl decl;
	bool in_names;    /* of var, const: names stand here, not yet types or values */
	bool local_names; /* the same inside a function */
	bool receiver;
	struct span receiver_type;
	uint32_t def;
	struct token pending[PENDING_MAX];
	size_t npending;
	struct local locals[LOCALS];
	uint32_t round;
};

static uint8_t top(const struct reader *rd)
{
	return rd->depth == 0 || rd->depth > NEST_MAX ? 0 : rd->nest[rd->depth - 1];
}

static struct local *local_slot(struct reader *rd, struct span name)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.data[i]) * 16777619u;
	for (uint32_t i = 0; i < LOCAL_PROBES; i++) {
		struct local *l = &rd->locals[(h + i) % LOCALS];

		if (l->round != rd->round)
			return l;
		if (l->name.len == name.len && memcmp(l->name.data, name.data, name.len) == 0)
			return l;
	}
	return NULL;
}

static void bind(struct reader *rd, const struct token *t)
{
	struct local *l = local_slot(rd, token_span(t));

	if (l)
		*l = (struct local){ token_span(t), rd->round };
}

static bool is_local(struct reader *rd, const struct token *t)
{
	struct local *l = local_slot(rd, token_span(t));

	return l && l->round == rd->round;
}

static bool is_exported(const struct token *t)
{
	return t->kind == TOKEN_IDENT && t->text[0] >= 'A' && t->text[0] <= 'Z';
}

/* A use of a package's name, unless the function has its own of that name. */
static bool use(struct reader *rd, const struct token *t)
{
	if (word_filter_has(&rd->predeclared, t) || is_local(rd, t))
		return false;
	sink_name(rd->sk, token_span(t));
	return true;
}

/* What is pending turned out to be bound here, or not. */
static void settle(struct reader *rd, bool bound)
{
	for (size_t i = 0; i < rd->npending; i++) {
		if (bound)
			bind(rd, &rd->pending[i]);
		else
			rd->base = use(rd, &rd->pending[i]);
	}
	rd->npending = 0;
}

static bool advance(struct reader *rd)
{
	rd->prev = rd->t;
	rd->t = rd->next;
	lex_next(rd->lx, &rd->next);
	return rd->t.kind != TOKEN_END;
}

static bool byte_after_is(const struct reader *rd, const struct token *t, const char *set)
{
	const char *p = t->text + t->len;

	return p < rd->lx->end && strchr(set, *p) && *p;
}

/* Whether the next token starts a type, so that this word is a parameter's name. */
static bool type_follows(const struct reader *rd)
{
	const struct token *n = &rd->next;

	switch (n->c) {
	case 0:
		return n->kind == TOKEN_IDENT && !n->first;
	case '*':
	case '(':
		return n->c == '*';
	case '<':
		return true;
	case '[':
		return byte_after_is(rd, n, "]0123456789.") || (n->text > rd->t.text + rd->t.len);
	case '.':
		return byte_after_is(rd, n, ".");
	default:
		return false;
	}
}

static bool ends_statement(const struct token *t)
{
	if (t->kind == TOKEN_IDENT)
		return !token_in(t, "const var type import");
	return t->kind == TOKEN_NUMBER || t->kind == TOKEN_STRING || (t->c && strchr(")]}", t->c));
}

/* ---- the package level ---- */

static void read_imports(struct reader *rd)
{
	bool group = rd->next.c == '(';
	struct token name = { 0 };

	if (group)
		advance(rd);
	while (advance(rd)) {
		if (rd->t.kind == TOKEN_STRING) {
			struct fact_import *im =
				sink_import(rd->sk, IMPORT_MODULE, token_span(&rd->t), rd->t.line);
			if (im && name.kind)
				im->alias = sink_text(rd->sk, token_span(&name), FACTS_NAME_MAX);
			name.kind = TOKEN_END;
			if (!group)
				return;
		} else if (rd->t.kind == TOKEN_IDENT || rd->t.c == '.') {
			name = rd->t;
		} else if (rd->t.c == ')' || (rd->t.c != ';' && !group)) {
			return;
		}
	}
}

static void begin(struct reader *rd, enum decl decl)
{
	rd->decl = decl;
	rd->round++;
	rd->def = DEF_DROPPED;
	rd->npending = 0;
	rd->in_names = decl != DECL_FUNC;
	rd->signature = decl == DECL_FUNC;
	rd->receiver = decl == DECL_FUNC && rd->next.c == '(';
	rd->receiver_type = (struct span){ 0 };
}

/* A word at the top level that starts a declaration. */
static bool begin_declaration(struct reader *rd)
{
	if (token_is(&rd->t, "func"))
		begin(rd, DECL_FUNC);
	else if (token_is(&rd->t, "type"))
		begin(rd, DECL_TYPE);
	else if (token_is(&rd->t, "const"))
		begin(rd, DECL_CONST);
	else if (token_is(&rd->t, "var"))
		begin(rd, DECL_VAR);
	else
		return false;
	return true;
}

static void define(struct reader *rd, enum def_kind kind, const char *parent)
{
	if (token_is(&rd->t, "_"))
		return;
	rd->def = sink_def(rd->sk, kind, token_span(&rd->t), parent, rd->t.line);
}

/* The names that a package-level declaration gives.  Returns whether t was one. */
static bool define_here(struct reader *rd)
{
	bool in_group = rd->depth == 1 && top(rd) == NEST_GROUP;

	if (rd->decl == DECL_FUNC && rd->depth == 0 && rd->signature && !rd->receiver &&
	    (rd->prev.c == ')' || token_is(&rd->prev, "func"))) {
		bool method = rd->receiver_type.data;

		if (rd->next.c != '(' && rd->next.c != '[')
			return false;
		define(rd, method ? DEF_METHOD : DEF_FUNCTION,
		       method ? sink_text(rd->sk, rd->receiver_type, FACTS_NAME_MAX) : "");
		return true;
	}
	if (rd->decl == DECL_FUNC || (rd->depth != 0 && !in_group))
		return false;
	if (in_group && rd->t.first && ends_statement(&rd->prev))
		rd->in_names = true;
	if (!rd->in_names)
		return false;
	if (rd->decl == DECL_TYPE) {
		bool is_struct = token_is(&rd->next, "struct");

		define(rd,
		       is_struct                          ? DEF_STRUCT
		       : token_is(&rd->next, "interface") ? DEF_INTERFACE
		                                          : DEF_TYPE,
		       "");
		rd->in_names = false;
		rd->signature = rd->next.c == '[';
		return true;
	}
	define(rd, rd->decl == DECL_CONST ? DEF_CONSTANT : DEF_VARIABLE, "");
	rd->def = DEF_DROPPED;
	rd->in_names = rd->next.c == ',';
	return true;
}

/* type T struct: the kind is seen one token late when T has parameters. */
static void refine_type(struct reader *rd)
{
	struct fact_def *def = rd->def == DEF_DROPPED ? NULL : &rd->sk->ret->defs[rd->def];

	if (rd->decl != DECL_TYPE || !def || def->kind != DEF_TYPE || rd->prev.c != ']')
		return;
	if (token_is(&rd->t, "struct"))
		def->kind = DEF_STRUCT;
	else if (token_is(&rd->t, "interface"))
		def->kind = DEF_INTERFACE;
}

/* ---- words ---- */

static void keyword(struct reader *rd)
{
	settle(rd, false);
	if (token_is(&rd->t, "func")) {
		rd->signature = true;
	} else if (token_is(&rd->t, "case")) {
		rd->in_case = true;
	} else if (token_in(&rd->t, "struct interface")) {
		refine_type(rd);
	} else if (rd->depth > 0 && rd->prev.c != '(' && token_in(&rd->t, "var const type")) {
		rd->local_names = true;
	}
}

/* In a struct: a field's name, or an embedded type. */
static bool is_field(const struct reader *rd)
{
	const struct token *n = &rd->next;

	if (rd->prev.c == ',')
		return true;
	if (!rd->t.first && rd->prev.c != '{' && rd->prev.c != ';')
		return false;
	return !(n->first || n->c == '.' || n->c == ';' || n->c == '}' || n->kind == TOKEN_STRING ||
	         (n->c == '[' && n->glued && !byte_after_is(rd, n, "]0123456789")));
}

/* In Name{key: value}, what stands before the colon is a field as a rule. */
static bool is_key(const struct reader *rd)
{
	return rd->next.c == ':' && !byte_after_is(rd, &rd->next, "=") && !rd->in_case &&
	       (rd->prev.c == '{' || rd->prev.c == ',' || rd->t.first);
}

/* Whether := may follow the list that this word is in. */
static bool may_be_bound(const struct reader *rd)
{
	if (rd->prev.c == ',')
		return rd->npending > 0;
	return rd->t.first || (rd->prev.c && strchr("{;:", rd->prev.c)) ||
	       token_in(&rd->prev, "if for switch case select else");
}

static void pend(struct reader *rd)
{
	if (rd->npending == PENDING_MAX)
		settle(rd, false);
	rd->pending[rd->npending++] = rd->t;
}

static void parameter(struct reader *rd)
{
	if (rd->prev.c != '(' && rd->prev.c != ',' && rd->prev.c != '[') {
		settle(rd, false);
		rd->base = use(rd, &rd->t);
	} else if (type_follows(rd)) {
		settle(rd, true);
		bind(rd, &rd->t);
	} else if (rd->next.c == ',') {
		pend(rd);
	} else {
		settle(rd, false);
		rd->base = use(rd, &rd->t);
	}
}

static void word(struct reader *rd)
{
	bool dotted = rd->prev.c == '.' && rd->t.glued;
	bool ellipsis = dotted && rd->prev.glued && rd->prev.text[-1] == '.';
	bool was_base = rd->base;

	rd->base = false;
	if (word_filter_has(&rd->keywords, &rd->t)) {
		keyword(rd);
	} else if (dotted && !ellipsis) {
		/* pkg.Name: the words stand side by side. */
		const struct token *t = &rd->t;
		const char *from = rd->prev.text;

		while (was_base && from > rd->prev.line_start && from[-1] != ' ' &&
		       (from[-1] == '_' || (unsigned char)from[-1] >= 0x80 ||
		        (from[-1] >= '0' && from[-1] <= '9') ||
		        ((from[-1] | 32) >= 'a' && (from[-1] | 32) <= 'z')))
			from--;
		if (was_base && is_exported(t) && from < rd->prev.text)
			sink_name(rd->sk, (struct span){ from, (size_t)(t->text + t->len - from) });
	} else if (define_here(rd) || is_key(rd)) {
		settle(rd, false);
	} else if (rd->local_names && rd->depth > 0) {
		bind(rd, &rd->t);
		rd->local_names = rd->next.c == ',';
	} else if (top(rd) == NEST_STRUCT && is_field(rd)) {
		settle(rd, false);
	} else if (top(rd) == NEST_INTERFACE && rd->t.first && rd->next.c == '(') {
		rd->signature = true;
	} else if (top(rd) == NEST_SIGNATURE) {
		if (rd->receiver && rd->depth == 1)
			rd->receiver_type = token_span(&rd->t);
		parameter(rd);
	} else if (may_be_bound(rd)) {
		if (rd->prev.c != ',')
			settle(rd, false);
		pend(rd);
		if (rd->next.c != ',' && rd->next.c != ':')
			settle(rd, false);
	} else {
		settle(rd, false);
		rd->base = use(rd, &rd->t);
	}
}

/* ---- brackets and signs ---- */

static void open_bracket(struct reader *rd)
{
	uint8_t kind = NEST_OTHER;

	settle(rd, false);
	if (rd->t.c == '{') {
		kind = token_is(&rd->prev, "struct")      ? NEST_STRUCT
		       : token_is(&rd->prev, "interface") ? NEST_INTERFACE
		                                          : NEST_CODE;
		rd->signature = false;
	} else if (rd->depth == 0 && rd->t.c == '(' && token_in(&rd->prev, "const var type")) {
		kind = NEST_GROUP;
		rd->in_names = true;
	} else if (rd->signature) {
		kind = NEST_SIGNATURE;
	}
	if (rd->depth < NEST_MAX)
		rd->nest[rd->depth] = kind;
	rd->depth++;
}

static void close_bracket(struct reader *rd)
{
	bool was_receiver = rd->receiver;
	uint8_t kind = top(rd);

	settle(rd, false);
	if (rd->depth == 0)
		return;
	rd->depth--;
	if (kind == NEST_SIGNATURE) {
		/* Results or, behind a receiver, the name may follow. */
		rd->receiver = rd->receiver && rd->depth > 0;
		rd->signature = rd->next.c == '(' || rd->t.c == ']' ||
		                (rd->depth == 0 && rd->next.kind == TOKEN_IDENT && was_receiver);
	}
	if (rd->t.c == '}' &&
	    (rd->depth == 0 || (rd->depth == 1 && top(rd) == NEST_GROUP && kind != NEST_CODE))) {
		sink_def_end(rd->sk, rd->def, rd->t.line);
		if (rd->depth == 0)
			rd->decl = DECL_NONE;
	}
}

static void sign(struct reader *rd)
{
	switch (rd->t.c) {
	case '(':
	case '[':
	case '{':
		open_bracket(rd);
		break;
	case ')':
	case ']':
	case '}':
		close_bracket(rd);
		break;
	case ',':
		break;
	case ':':
		settle(rd, rd->next.c == '=' && rd->next.glued);
		if (rd->next.c != '=')
			rd->in_case = false;
		break;
	case '.':
		if (rd->npending > 0)
			settle(rd, false);
		break;
	default:
		settle(rd, false);
		break;
	}
	if (rd->t.c != '.')
		rd->base = false;
	if (rd->t.c == '=' || rd->t.c == '*')
		rd->in_names = false;
}

void facts_go(struct lexer *lx, struct sink *sk)
{
	struct reader rd = { .lx = lx,
		             .sk = sk,
		             .keywords = word_filter_make(KEYWORDS),
		             .predeclared = word_filter_make(PREDECLARED),
		             .def = DEF_DROPPED,
		             .round = 1 };

	lex_next(lx, &rd.next);
	while (advance(&rd)) {
		if (rd.t.kind == TOKEN_IDENT) {
			if (rd.depth == 0 && rd.t.first && token_is(&rd.t, "package") &&
			    !*sk->ret->package) {
				advance(&rd);
				sk->ret->package = sink_text(sk, token_span(&rd.t), FACTS_NAME_MAX);
			} else if (rd.depth == 0 && rd.t.first && token_is(&rd.t, "import")) {
				read_imports(&rd);
			} else if (rd.depth > 0 || !rd.t.first || !begin_declaration(&rd)) {
				word(&rd);
			}
		} else if (rd.t.kind == TOKEN_PUNCT) {
			sign(&rd);
		} else {
			settle(&rd, false);
			rd.base = false;
		}
	}
	settle(&rd, false);
}
