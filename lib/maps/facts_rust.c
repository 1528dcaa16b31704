/*
 * Rust: use trees, modules, extern crates, and items.
 *
 * Items start with a word of their own, so they are found wherever they stand,
 * also inside functions and macro calls; the stack of braces says what they
 * are inside of.
 */
#include "maps/facts_build.h"

#include <string.h>

#define SCOPES_MAX 256
#define TREE_MAX   64 /* use a::{b::{c::{...}}} */

enum scope_kind { SCOPE_OTHER = 0, SCOPE_MODULE, SCOPE_TYPE, SCOPE_FUNCTION };

struct scope {
	uint8_t kind;
	uint32_t def;
	const char *name; /* of a module or type */
	size_t path_len;  /* of the module path outside of it */
};

struct reader {
	struct lexer *lx;
	struct sink *sk;
	struct token prev, t;
	struct scope scopes[SCOPES_MAX];
	size_t nscopes, beyond;
	struct scope pending; /* what the next { opens, when there is_pending */
	bool is_pending;
	uint32_t nest; /* open ( and [ */

	/* Of the item being read: */
	bool is_pub, is_cfg;
	struct token path_value;

	char path[FACTS_TARGET_MAX]; /* the inline modules around: "a::b" */
	size_t path_len;
};

static bool next(struct reader *rd)
{
	rd->prev = rd->t;
	return lex_next(rd->lx, &rd->t);
}

static void give_back(struct reader *rd)
{
	lex_push(rd->lx, &rd->t);
	rd->t = rd->prev;
}

static void end_item(struct reader *rd)
{
	rd->is_pub = rd->is_cfg = false;
	rd->path_value.kind = TOKEN_END;
}

static uint8_t scope_kind(const struct reader *rd)
{
	return rd->nscopes > 0 ? rd->scopes[rd->nscopes - 1].kind : (uint8_t)SCOPE_MODULE;
}

static const char *type_around(const struct reader *rd)
{
	return scope_kind(rd) == SCOPE_TYPE ? rd->scopes[rd->nscopes - 1].name : "";
}

static struct fact_import *add(struct reader *rd, enum import_kind kind, struct span target,
                               uint32_t line)
{
	struct fact_import *im = sink_import(rd->sk, kind, target, line);

	if (!im)
		return NULL;
	im->scope = sink_text(rd->sk, (struct span){ rd->path, rd->path_len }, FACTS_TARGET_MAX);
	if (rd->is_cfg)
		im->flags |= IMPORT_F_OPTIONAL;
	return im;
}

/* ---- use ---- */

struct tree {
	char text[FACTS_TARGET_MAX];
	size_t len;
	size_t starts[TREE_MAX]; /* length of the prefix of each open group */
	size_t depth;
	bool too_long;
	bool leaf; /* something stands since the last separator */
	bool glob;
	bool renaming;
	struct token alias;
	uint32_t line; /* of the leaf */
};

static void tree_add(struct tree *tr, const char *text, size_t n)
{
	if (n > sizeof(tr->text) - tr->len) {
		tr->too_long = true;
		return;
	}
	memcpy(tr->text + tr->len, text, n);
	tr->len += n;
}

static size_t without_colons(const struct tree *tr)
{
	size_t n = tr->len;

	while (n >= 2 && tr->text[n - 1] == ':')
		n--;
	return n;
}

static void end_leaf(struct reader *rd, struct tree *tr)
{
	struct span target = { tr->text, without_colons(tr) };
	enum import_kind kind = rd->is_pub ? IMPORT_REEXPORT
	                        : tr->glob ? IMPORT_WILDCARD
	                                   : IMPORT_USE;
	struct fact_import *im;

	if (tr->too_long)
		rd->sk->ret->truncated = true;
	else if (tr->leaf && target.len > 0) {
		im = add(rd, kind, target, tr->line);
		if (im && tr->glob && rd->is_pub)
			im->name = "*";
		if (im && tr->alias.kind)
			im->alias = sink_text(rd->sk, token_span(&tr->alias), FACTS_NAME_MAX);
	}
	tr->len = tr->depth > 0 ? tr->starts[tr->depth - 1] : 0;
	tr->leaf = tr->glob = tr->renaming = tr->too_long = false;
	tr->alias.kind = TOKEN_END;
}

static void tree_word(struct tree *tr, const struct token *t)
{
	if (tr->renaming) {
		tr->alias = *t;
	} else if (token_is(t, "as")) {
		tr->renaming = true;
	} else {
		if (!tr->leaf)
			tr->line = t->line;
		/* In a group, self is the prefix itself. */
		if (tr->depth == 0 || !token_is(t, "self") || tr->leaf)
			tree_add(tr, t->text, t->len);
		tr->leaf = true;
	}
}

/* rd->t is "use"; afterwards the ; that ends it. */
static void read_use(struct reader *rd)
{
	struct tree tr = { .line = rd->t.line };

	while (next(rd) && rd->t.c != ';') {
		switch (rd->t.c) {
		case 0:
			if (rd->t.kind != TOKEN_IDENT)
				return;
			tree_word(&tr, &rd->t);
			break;
		case '#': /* of r#name */
			if (rd->prev.len == 1 && *rd->prev.text == 'r' && tr.len > 0)
				tr.len--;
			break;
		case ':':
			tree_add(&tr, ":", 1);
			break;
		case '*':
			tr.leaf = tr.glob = true;
			tr.line = rd->t.line;
			break;
		case '{':
			if (tr.depth == TREE_MAX)
				return;
			tr.starts[tr.depth++] = tr.len;
			tr.leaf = false;
			break;
		case ',':
			end_leaf(rd, &tr);
			break;
		case '}':
			end_leaf(rd, &tr);
			if (tr.depth == 0)
				return;
			tr.depth--;
			break;
		default:
			return;
		}
	}
	end_leaf(rd, &tr);
}

static void read_extern_crate(struct reader *rd)
{
	uint32_t line = rd->t.line;
	struct fact_import *im;

	if (!next(rd) || !token_is(&rd->t, "crate")) {
		give_back(rd);
		return;
	}
	if (!next(rd) || rd->t.kind != TOKEN_IDENT)
		return;
	im = add(rd, IMPORT_CRATE, token_span(&rd->t), line);
	if (!next(rd) || !token_is(&rd->t, "as")) {
		give_back(rd);
	} else if (next(rd) && im && rd->t.kind == TOKEN_IDENT) {
		im->alias = sink_text(rd->sk, token_span(&rd->t), FACTS_NAME_MAX);
	}
}

/* ---- items ---- */

static void expect_scope(struct reader *rd, enum scope_kind kind, uint32_t def, const char *name)
{
	rd->pending = (struct scope){ .kind = (uint8_t)kind, .def = def, .name = name };
	rd->is_pending = true;
	rd->nest = 0;
}

/* The word after a keyword, r# taken off.  Returns false, with it given back, for others. */
static bool read_name(struct reader *rd)
{
	if (!next(rd))
		return false;
	if (rd->t.kind == TOKEN_IDENT && rd->t.len == 1 && *rd->t.text == 'r' && next(rd)) {
		if (rd->t.c != '#') {
			struct token name = rd->prev;

			lex_push(rd->lx, &rd->t);
			rd->t = name;
		} else if (!next(rd)) {
			return false;
		}
	}
	if (rd->t.kind == TOKEN_IDENT)
		return true;
	give_back(rd);
	return false;
}

static void read_mod(struct reader *rd)
{
	struct token name;
	struct fact_import *im;

	if (!read_name(rd))
		return;
	name = rd->t;
	if (!next(rd))
		return;
	if (rd->t.c == ';') {
		bool path = rd->path_value.kind;

		im = add(rd, IMPORT_MOD, token_span(path ? &rd->path_value : &name), name.line);
		if (im && path) {
			im->flags |= IMPORT_F_PATH;
			im->name = sink_text(rd->sk, token_span(&name), FACTS_NAME_MAX);
		}
		end_item(rd);
		return;
	}
	if (rd->t.c == '{')
		expect_scope(rd, SCOPE_MODULE,
		             sink_def(rd->sk, DEF_MODULE, token_span(&name), "", name.line),
		             sink_text(rd->sk, token_span(&name), FACTS_NAME_MAX));
	give_back(rd);
}

/* impl<T> Trait for path::Type<T> where ...: the last word of the last path. */
static void read_impl(struct reader *rd)
{
	struct token name = { 0 };
	uint32_t angle = 0, nest = 0;

	while (next(rd)) {
		struct token *t = &rd->t;

		if (t->c == '<')
			angle++;
		else if (t->c == '>' && angle > 0 && rd->prev.c != '-')
			angle--;
		else if (t->c == '(' || t->c == '[')
			nest++;
		else if ((t->c == ')' || t->c == ']') && nest > 0)
			nest--;
		else if ((t->c == ';' && nest == 0) || t->c == '}' || (t->c == '{' && nest == 0))
			break; /* but not at the ; of [T; 4] */
		else if (angle == 0 && token_is(t, "where"))
			break;
		else if (angle == 0 && token_is(t, "for"))
			name.kind = TOKEN_END;
		else if (angle == 0 && t->kind == TOKEN_IDENT && !token_in(t, "dyn mut const"))
			name = *t;
	}
	if (rd->t.c == '{' || token_is(&rd->t, "where"))
		expect_scope(rd, SCOPE_TYPE, DEF_DROPPED,
		             name.kind ? sink_text(rd->sk, token_span(&name), FACTS_NAME_MAX) : "");
	give_back(rd);
}

/* Behind a macro's name and !: to the end of its brackets. */
static void skip_brackets(struct reader *rd)
{
	uint32_t nest = 0;

	while (next(rd)) {
		if (rd->t.c && strchr("([{", rd->t.c))
			nest++;
		else if (rd->t.c && strchr(")]}", rd->t.c) && (nest == 0 || --nest == 0))
			break;
	}
	end_item(rd);
}

/* macro_rules! name { ... }: its body is skipped. */
static void read_macro(struct reader *rd)
{
	uint32_t def;

	if (!next(rd) || rd->t.c != '!') {
		give_back(rd);
		return;
	}
	if (!read_name(rd))
		return;
	def = sink_def(rd->sk, DEF_MACRO, token_span(&rd->t), "", rd->t.line);
	skip_brackets(rd);
	sink_def_end(rd->sk, def, rd->t.line);
}

/* quote, quote_spanned, quote_block, parse_quote... */
static bool is_quote(const struct token *t)
{
	return (t->len >= 5 && memcmp(t->text, "quote", 5) == 0) ||
	       (t->len >= 11 && memcmp(t->text, "parse_quote", 11) == 0);
}

/* quote! { fn x() {} }: code that a macro writes elsewhere. */
static void read_quote(struct reader *rd)
{
	if (next(rd) && rd->t.c == '!')
		skip_brackets(rd);
	else
		give_back(rd);
}

/* #[...]: path = "..." and cfg matter. */
static void read_attribute(struct reader *rd)
{
	uint32_t nest = 0;
	bool path = false, inner = false;

	while (next(rd)) {
		if (rd->t.c == '!' && nest == 0)
			inner = true;
		else if (rd->t.c == '[' || rd->t.c == '(' || rd->t.c == '{')
			nest++;
		else if (rd->t.c && strchr(")]}", rd->t.c) && nest > 0 && --nest == 0)
			return;
		else if (nest == 1 && rd->prev.c == '[' && token_in(&rd->t, "cfg cfg_attr"))
			rd->is_cfg = rd->is_cfg || (token_is(&rd->t, "cfg") && !inner);
		else if (nest == 1 && rd->prev.c == '[' && token_is(&rd->t, "path"))
			path = true;
		else if (path && rd->t.kind == TOKEN_STRING)
			rd->path_value = rd->t;
		if (nest == 0 && rd->t.c != '!') {
			give_back(rd);
			return;
		}
	}
}

/* Whether an item goes on like one: the words of a macro's arguments ("map struct enum") do not. */
static bool is_item(struct reader *rd)
{
	struct token name = rd->t;
	bool yes;

	if (!next(rd))
		return true;
	yes = (rd->t.c && strchr("{(<;:", rd->t.c)) || token_is(&rd->t, "where");
	lex_push(rd->lx, &rd->t);
	rd->t = name;
	return yes;
}

static void define(struct reader *rd, enum def_kind kind, enum scope_kind inside)
{
	bool method = kind == DEF_FUNCTION && scope_kind(rd) == SCOPE_TYPE;
	uint32_t def;

	if (!read_name(rd) || !is_item(rd))
		return;
	def = sink_def(rd->sk, method ? DEF_METHOD : kind, token_span(&rd->t), type_around(rd),
	               rd->t.line);
	expect_scope(rd, inside, def, sink_text(rd->sk, token_span(&rd->t), FACTS_NAME_MAX));
}

/* const NAME: and static mut NAME: outside of functions. */
static void read_constant(struct reader *rd)
{
	if (scope_kind(rd) != SCOPE_MODULE && scope_kind(rd) != SCOPE_TYPE)
		return;
	/* &'static str, <T, const N: usize> */
	if (rd->prev.c && strchr("'<,", rd->prev.c))
		return;
	if (!read_name(rd))
		return;
	if (token_in(&rd->t, "mut ref") && !read_name(rd)) /* lazy_static! { static ref X: ...; } */
		return;
	if (token_in(&rd->t, "fn unsafe extern async _")) {
		give_back(rd);
		return;
	}
	struct token name = rd->t;

	if (next(rd) && rd->t.c == ':')
		sink_def(rd->sk, DEF_CONSTANT, token_span(&name), type_around(rd), name.line);
	give_back(rd);
}

static void read_type(struct reader *rd)
{
	bool item = scope_kind(rd) == SCOPE_MODULE || scope_kind(rd) == SCOPE_TYPE;

	if (item && read_name(rd))
		sink_def(rd->sk, DEF_TYPE, token_span(&rd->t), type_around(rd), rd->t.line);
}

static void read_word(struct reader *rd)
{
	const struct token *t = &rd->t;

	/* Fields and paths, a.type or a::use, are no items. */
	if (rd->prev.c == '.' || (rd->prev.c == ':' && t->glued))
		return;
	if (token_is(t, "pub")) {
		rd->is_pub = true;
	} else if (token_is(t, "use")) {
		read_use(rd);
		end_item(rd);
	} else if (token_is(t, "mod")) {
		read_mod(rd);
	} else if (token_is(t, "extern")) {
		read_extern_crate(rd);
	} else if (token_is(t, "fn")) {
		define(rd, DEF_FUNCTION, SCOPE_FUNCTION);
	} else if (token_is(t, "struct")) {
		define(rd, DEF_STRUCT, SCOPE_OTHER);
	} else if (token_is(t, "enum")) {
		define(rd, DEF_ENUM, SCOPE_OTHER);
	} else if (token_is(t, "union") && (rd->prev.c != '=' || t->first)) {
		define(rd, DEF_UNION, SCOPE_OTHER);
	} else if (token_is(t, "trait")) {
		define(rd, DEF_TRAIT, SCOPE_TYPE);
	} else if (token_is(t, "impl") && !rd->is_pending && rd->nest == 0) {
		read_impl(rd);
	} else if (token_is(t, "type")) {
		read_type(rd);
	} else if (token_in(t, "const static")) {
		read_constant(rd);
	} else if (token_is(t, "macro_rules")) {
		read_macro(rd);
	} else if (is_quote(t)) {
		read_quote(rd);
	}
}

/* ---- braces ---- */

static void push_path(struct reader *rd, const char *name)
{
	size_t n = strlen(name), sep = rd->path_len > 0 ? 2 : 0;

	if (n + sep > sizeof(rd->path) - rd->path_len)
		return;
	memcpy(rd->path + rd->path_len, "::", sep);
	memcpy(rd->path + rd->path_len + sep, name, n);
	rd->path_len += sep + n;
}

static void open_brace(struct reader *rd)
{
	struct scope sc = { .kind = SCOPE_OTHER, .def = DEF_DROPPED, .name = "" };

	if (rd->is_pending && rd->nest == 0) {
		sc = rd->pending;
		rd->is_pending = false;
	} else if (rd->prev.c == '!' && rd->nest == 0 && scope_kind(rd) != SCOPE_FUNCTION) {
		/* cfg_unix! { ... }: the items in it are of what is around it */
		sc.kind = scope_kind(rd);
		sc.name = type_around(rd);
	}
	end_item(rd);
	if (rd->nscopes == SCOPES_MAX) {
		rd->beyond++;
		return;
	}
	sc.path_len = rd->path_len;
	if (sc.kind == SCOPE_MODULE && *sc.name != '\0')
		push_path(rd, sc.name);
	rd->scopes[rd->nscopes++] = sc;
}

static void close_brace(struct reader *rd)
{
	struct scope *sc;

	end_item(rd);
	rd->is_pending = false;
	rd->nest = 0;
	if (rd->beyond > 0) {
		rd->beyond--;
		return;
	}
	if (rd->nscopes == 0)
		return;
	sc = &rd->scopes[--rd->nscopes];
	rd->path_len = sc->path_len;
	sink_def_end(rd->sk, sc->def, rd->t.line);
}

static void read_sign(struct reader *rd)
{
	switch (rd->t.c) {
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
	case ')':
	case ']':
		rd->nest -= rd->nest > 0;
		break;
	case ';':
		if (rd->nest > 0)
			break;
		if (rd->is_pending)
			sink_def_end(rd->sk, rd->pending.def, rd->t.line);
		rd->is_pending = false;
		end_item(rd);
		break;
	case '#':
		read_attribute(rd);
		break;
	default:
		break;
	}
}

void facts_rust(struct lexer *lx, struct sink *sk)
{
	struct reader rd = { .lx = lx, .sk = sk };

	while (next(&rd)) {
		if (rd.t.kind == TOKEN_IDENT)
			read_word(&rd);
		else if (rd.t.kind == TOKEN_PUNCT)
			read_sign(&rd);
	}
}
