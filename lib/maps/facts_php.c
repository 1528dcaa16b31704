/*
 * PHP: namespaces, use, require and include, classes with their methods and
 * constants, functions.
 *
 * Names come out in full, since the file alone decides what they mean: a class
 * as "A\B", a function as "A\f()".  What use imports by its whole name is not
 * among them; what is written in full in the code is an import of its own.
 */
#include "maps/facts_scope.h"
#include "maps/strmap.h"

#include <stdlib.h>
#include <string.h>

#define PARTS_MAX (2 * FACTS_NAME_MAX) /* bytes of a name in full */

/* Words that are no names of classes or functions. */
#define KEYWORDS                                                                                   \
	"abstract and array as bool break callable case catch class clone const continue "         \
	"declare default do echo else elseif empty enddeclare endfor endforeach endif endswitch "  \
	"endwhile enum eval exit extends false final finally float fn for foreach function "       \
	"global goto if implements include include_once instanceof insteadof int interface isset " \
	"iterable list match mixed namespace never new null object or parent print private "       \
	"protected public readonly require require_once return self static string switch throw "   \
	"trait true try unset use var void while xor yield from die"

struct reader {
	struct lexer *lx;
	struct sink *sk;
	struct token prev, t;
	struct scopes in;
	const char *space;     /* the namespace */
	uint32_t space_def;    /* of "namespace X;", until the next */
	struct strmap classes; /* local name -> index of the import */
	struct strmap functions;
	uint32_t first_import;   /* of the namespace: those before it mean nothing here */
	struct name_set written; /* names in full that have been noted */
	struct word_filter keywords;
	uint32_t parens;
	uint32_t attribute; /* open [ of #[...] */

	/* What the next { at that depth of parentheses opens. */
	uint8_t opens;
	uint32_t def, opens_at;
	const char *opened;
	bool is_const;
};

static bool next(struct reader *rd)
{
	rd->prev = rd->t;
	return lex_next(rd->lx, &rd->t);
}

static void unread(struct reader *rd)
{
	if (rd->t.kind == TOKEN_END)
		return;
	lex_push(rd->lx, &rd->t);
	rd->t = rd->prev;
}

static bool is_variable(const struct token *t)
{
	return t->kind == TOKEN_IDENT && t->text[0] == '$';
}

/* A\B\C from rd->t on; rd->t becomes the token behind it. */
static struct span qualified(struct reader *rd, char *name, size_t max)
{
	size_t n = 0;
	bool more = true;

	for (; more; more = next(rd)) {
		bool word = rd->t.kind == TOKEN_IDENT && !is_variable(&rd->t);
		bool after_slash = n == 0 || name[n - 1] == '\\';

		if ((rd->t.c != '\\' && !(word && after_slash)) || rd->t.len > max - n ||
		    (n > 0 && !rd->t.glued))
			break;
		memcpy(name + n, rd->t.text, rd->t.len);
		n += rd->t.len;
	}
	return (struct span){ name, n };
}

static struct span last_part(struct span name)
{
	const char *slash = name.len > 0 ? memrchr(name.data, '\\', name.len) : NULL;
	size_t skip = slash ? (size_t)(slash - name.data) + 1 : 0;

	return (struct span){ name.data + skip, name.len - skip };
}

static void add_use(struct reader *rd, enum import_kind kind, struct span name, struct span alias,
                    uint32_t line)
{
	struct strmap *map = kind == IMPORT_USE_FUNCTION ? &rd->functions : &rd->classes;
	struct span local = alias.len > 0 ? alias : last_part(name);
	struct fact_import *im;

	if (name.len > 0 && name.data[0] == '\\')
		name = (struct span){ name.data + 1, name.len - 1 };
	im = sink_import(rd->sk, kind, name, line);
	if (!im)
		return;
	im->alias = sink_text(rd->sk, alias, FACTS_NAME_MAX);
	if (kind != IMPORT_USE_CONST && local.len > 0)
		strmap_set(map, arena_strndup(rd->sk->arena, local.data, local.len), local.len,
		           (uint32_t)rd->sk->ret->nimports - 1);
}

/* "function" or "const" in front of a name in use. */
static enum import_kind use_kind(struct reader *rd, enum import_kind otherwise)
{
	enum import_kind kind = token_is(&rd->t, "function") ? IMPORT_USE_FUNCTION
	                        : token_is(&rd->t, "const")  ? IMPORT_USE_CONST
	                                                     : otherwise;

	if (kind != otherwise)
		next(rd);
	return kind;
}

/* One name with its alias; the beginning of `text` is a group's. */
static void read_use_leaf(struct reader *rd, enum import_kind kind, char *text, size_t start)
{
	uint32_t line;
	struct span name, alias = { 0 };

	kind = use_kind(rd, kind);
	line = rd->t.line;
	name = qualified(rd, text + start, PARTS_MAX - start);
	if (name.len == 0)
		return;
	name = (struct span){ text, start + name.len };
	if (token_is(&rd->t, "as") && next(rd)) {
		alias = token_span(&rd->t);
		next(rd);
	}
	if (name.data[name.len - 1] != '\\')
		add_use(rd, kind, name, alias, line);
}

/* use A\B, C as D, E\{F, function g}; */
static void read_use(struct reader *rd)
{
	char text[PARTS_MAX];
	enum import_kind kind;

	if (!next(rd))
		return;
	kind = use_kind(rd, IMPORT_USE);
	do {
		const char *before = rd->t.text;
		uint32_t line = rd->t.line;
		struct span name = qualified(rd, text, sizeof(text));

		if (rd->t.c == '{' && name.len > 0) {
			do {
				if (!next(rd))
					return;
				if (rd->t.c != '}')
					read_use_leaf(rd, kind, text, name.len);
			} while (rd->t.c == ',');
			next(rd);
		} else if (name.len > 0) {
			struct span alias = { 0 };

			if (token_is(&rd->t, "as") && next(rd)) {
				alias = token_span(&rd->t);
				next(rd);
			}
			add_use(rd, kind, name, alias, line);
		}
		if (rd->t.text == before)
			break;
	} while (rd->t.c == ',' && next(rd));
}

static void push_scope(struct reader *rd, enum scope_kind kind, uint32_t def, const char *name)
{
	rd->opens = 0;
	rd->def = DEF_DROPPED;
	rd->is_const = false;
	scope_push(&rd->in, kind, def, name);
}

/* namespace A\B; and namespace A\B { … } */
static void read_namespace(struct reader *rd)
{
	char text[PARTS_MAX];
	uint32_t line = rd->t.line, def = DEF_DROPPED;
	struct span name;

	if (!next(rd))
		return;
	name = qualified(rd, text, sizeof(text));
	if (rd->t.c != ';' && rd->t.c != '{')
		return;
	sink_def_end(rd->sk, rd->space_def, line > 1 ? line - 1 : line);
	rd->space = sink_text(rd->sk, name, FACTS_NAME_MAX);
	if (*rd->space)
		def = sink_def(rd->sk, DEF_MODULE, name, "", line);
	if (!*rd->sk->ret->package)
		rd->sk->ret->package = rd->space;
	rd->first_import = (uint32_t)rd->sk->ret->nimports;
	rd->space_def = rd->t.c == ';' ? def : DEF_DROPPED;
	if (rd->t.c == '{')
		push_scope(rd, SCOPE_FILE, def, "");
}

/* class X, interface X, trait X, enum X; rd->t is that word. */
static bool read_type(struct reader *rd)
{
	enum def_kind kind = token_is(&rd->t, "class")       ? DEF_CLASS
	                     : token_is(&rd->t, "interface") ? DEF_INTERFACE
	                     : token_is(&rd->t, "trait")     ? DEF_TRAIT
	                     : token_is(&rd->t, "enum")      ? DEF_ENUM
	                                                     : DEF_NONE;
	bool anonymous = kind == DEF_CLASS && token_in(&rd->prev, "new readonly");

	if (kind == DEF_NONE || !next(rd))
		return false;
	if (anonymous &&
	    (rd->t.c == '(' || rd->t.c == '{' || token_in(&rd->t, "extends implements"))) {
		unread(rd);
		rd->opened = NULL;
		rd->def = DEF_DROPPED;
	} else if (rd->t.kind != TOKEN_IDENT || is_variable(&rd->t) ||
	           token_in(&rd->t, "extends implements")) {
		unread(rd);
		return false;
	} else {
		rd->def = sink_def(rd->sk, kind, token_span(&rd->t), "", rd->t.line);
		rd->opened = sink_text(rd->sk, token_span(&rd->t), FACTS_NAME_MAX);
	}
	rd->opens = SCOPE_TYPE;
	rd->opens_at = rd->parens;
	return true;
}

static void read_function(struct reader *rd)
{
	const char *parent = scope_top(&rd->in)->name;
	bool member = scope_top(&rd->in)->kind == SCOPE_TYPE;

	if (!next(rd))
		return;
	if (rd->t.c == '&' && !next(rd))
		return;
	if (rd->t.kind != TOKEN_IDENT || is_variable(&rd->t)) {
		unread(rd);
		return;
	}
	rd->def = DEF_DROPPED;
	if (member && parent)
		rd->def = sink_def(rd->sk, DEF_METHOD, token_span(&rd->t), parent, rd->t.line);
	else if (!member)
		rd->def = sink_def(rd->sk, DEF_FUNCTION, token_span(&rd->t), "", rd->t.line);
	rd->opens = SCOPE_BODY;
	rd->opens_at = rd->parens;
}

/* What a path in require is made of. */
struct path {
	char text[FACTS_TARGET_MAX];
	size_t len;
	int up;                /* folders above the file's; -1: nothing is said of the folder */
	int dirnames;          /* dirname( */
	bool unknown, useless; /* unknown: something stands in front of the text */
};

static void add_path(struct path *path, const struct token *t)
{
	bool plain = t->kind == TOKEN_STRING &&
	             (t->text[-1] == '\'' || !memchr(t->text, '$', t->len)) &&
	             t->len < sizeof(path->text) - path->len;
	bool first = path->len == 0 && !path->unknown && path->up < 0;

	if (t->kind == TOKEN_NUMBER && path->dirnames > 0 && path->up >= 0) {
		path->up += t->text[0] > '1' && t->text[0] <= '9' ? t->text[0] - '1' : 0;
	} else if (token_is(t, "dirname")) {
		path->dirnames++;
	} else if (token_is(t, "__DIR__") && first) {
		path->up = path->dirnames;
	} else if (token_is(t, "__FILE__") && first && path->dirnames > 0) {
		path->up = path->dirnames - 1;
	} else if (plain) {
		memcpy(path->text + path->len, t->text, t->len);
		path->len += t->len;
	} else if (!t->c || !strchr("().,\\", t->c)) {
		path->unknown = true;
		path->useless |= path->len > 0 || path->up >= 0;
	}
}

/* require __DIR__ . '/x.php';  include 'x.php';  require ROOT . '/x.php'; */
static void read_require(struct reader *rd)
{
	struct path path = { .up = -1 };
	char target[FACTS_TARGET_MAX + 64] = "";
	uint32_t line = rd->t.line;
	const char *text = path.text;
	uint32_t nest = 0;
	size_t n = 0;

	while (next(rd) && rd->t.c != ';') {
		bool end = nest == 0 && (rd->t.c == ',' || rd->t.c == ')' || rd->t.c == ']');

		if (end || rd->t.c == '{' || rd->t.c == '}' || rd->t.c == '?') {
			path.useless |= !end;
			unread(rd);
			break;
		}
		nest += rd->t.c == '(';
		nest -= rd->t.c == ')';
		add_path(&path, &rd->t);
	}
	path.useless |= path.unknown && !memchr(path.text, '.', path.len); /* f('x'): no path */
	if (path.useless || path.len == 0 || path.up > 16)
		return;
	for (int i = 0; i < path.up; i++, n += 3)
		memcpy(target + n, "../", 3);
	if (path.up == 0)
		target[n++] = '.', target[n++] = '/';
	while ((path.up >= 0 || path.unknown) && path.len > 0 && *text == '/')
		text++, path.len--;
	memcpy(target + n, text, path.len);
	sink_import(rd->sk, path.unknown ? IMPORT_DYNAMIC : IMPORT_REQUIRE,
	            (struct span){ target, n + path.len }, line);
}

/* Note a name in full: one that is written "\A\B" as an import, any other among the names. */
static void note_name(struct reader *rd, struct span name, bool function, uint32_t line)
{
	bool full = name.data[0] == '\\';
	char text[2 * PARTS_MAX + 4];
	size_t n = 0;

	if (!full && *rd->space) {
		n = strlen(rd->space);
		memcpy(text, rd->space, n);
		text[n++] = '\\';
	}
	memcpy(text + n, name.data + full, name.len - full);
	n += name.len - full;
	if (n == 0)
		return;
	if (function) {
		text[n++] = '(';
		text[n++] = ')';
		sink_name(rd->sk, (struct span){ text, n });
	} else if (!full || !memchr(text, '\\', n)) {
		sink_name(rd->sk, (struct span){ text, n });
	} else if (name_set_add(rd->sk->arena, &rd->written, (struct span){ text, n },
	                        FACTS_NAMES_MAX)) {
		sink_import(rd->sk, IMPORT_NAME, (struct span){ text, n }, line);
	}
}

/* A name by its first part: what use calls so, or one of the namespace. */
static void use_name(struct reader *rd, struct span name, bool function, uint32_t line)
{
	const char *slash = memchr(name.data, '\\', name.len);
	size_t first = slash ? (size_t)(slash - name.data) : name.len;
	const struct strmap *map = function && !slash ? &rd->functions : &rd->classes;
	uint32_t at = first > 0 ? strmap_get(map, name.data, first) : STRMAP_NONE;
	char text[2 * PARTS_MAX + 4];
	size_t n;

	if (at != STRMAP_NONE && at < rd->first_import)
		at = STRMAP_NONE;
	if (first == 9 && slash && memcmp(name.data, "namespace", 9) == 0) {
		name = (struct span){ slash + 1, name.len - 10 };
	} else if (at != STRMAP_NONE) {
		n = strlen(rd->sk->ret->imports[at].target);
		if (!slash || n > PARTS_MAX)
			return; /* the import says it already */
		memcpy(text, rd->sk->ret->imports[at].target, n);
		memcpy(text + n, slash, name.len - first);
		n += name.len - first;
		if (function)
			memcpy(text + n, "()", 2);
		sink_name(rd->sk, (struct span){ text, n + (function ? 2 : 0) });
		return;
	}
	if (name.len > 0)
		note_name(rd, name, function, line);
}

/*
 * Whether what follows is no name of a class or function: behind -> and ::, or where something
 * is declared.  (In front of any token stands "<?", so there are bytes to look at.)
 */
static bool is_member(const struct token *before)
{
	return (before->c == '>' && before->text[-1] == '-') ||
	       (before->c == ':' && before->text[-1] == ':') || before->c == '\\' ||
	       token_in(before, "function const goto");
}

/* f(name: $x): what an argument is called; rd->t is behind the name. */
static bool is_given(const struct reader *rd, const struct token *before)
{
	const char *after = rd->t.text + 1;

	return rd->t.c == ':' && (before->c == '(' || before->c == ',') &&
	       !(after < rd->lx->end && *after == ':');
}

/* rd->t begins a name: a class, a function that is called, or a constant, which leads nowhere. */
static void read_name(struct reader *rd)
{
	struct token before = rd->prev;
	uint32_t line = rd->t.line;
	char text[PARTS_MAX];
	bool word = rd->t.kind == TOKEN_IDENT && word_filter_has(&rd->keywords, &rd->t);
	bool member = is_member(&before);
	struct span name = qualified(rd, text, sizeof(text));
	bool made = token_is(&before, "new") || rd->attribute > 0;
	bool called = rd->t.c == '(', given = is_given(rd, &before);

	unread(rd);
	if (name.len == 0 || given || (member && text[0] != '\\') ||
	    name.data[name.len - 1] == '\\' || (word && !memchr(name.data, '\\', name.len)))
		return;
	use_name(rd, name, called && !made, line);
}

/* define('X', …) */
static void read_define(struct reader *rd)
{
	if (!next(rd))
		return;
	if (rd->t.c != '(' || !next(rd)) {
		unread(rd);
		return;
	}
	rd->parens++;
	if (rd->t.kind == TOKEN_STRING)
		sink_def(rd->sk, DEF_CONSTANT, token_span(&rd->t), "", rd->t.line);
	else
		unread(rd);
}

static void read_word(struct reader *rd)
{
	const struct token *t = &rd->t;
	bool member = is_member(&rd->prev);

	if (is_variable(t))
		return;
	if (member)
		read_name(rd);
	else if (token_is(t, "use") && scope_top(&rd->in)->kind == SCOPE_FILE && rd->prev.c != ')')
		read_use(rd);
	else if (token_is(t, "namespace") && scope_top(&rd->in)->kind == SCOPE_FILE &&
	         t->text + t->len < rd->lx->end && t->text[t->len] != '\\')
		read_namespace(rd);
	else if (read_type(rd))
		return;
	else if (token_is(t, "function"))
		read_function(rd);
	else if (token_in(t, "require require_once include include_once"))
		read_require(rd);
	else if (token_is(t, "define"))
		read_define(rd);
	else if (token_is(t, "const"))
		rd->is_const = scope_top(&rd->in)->kind != SCOPE_BODY;
	else
		read_name(rd);
}

static void open_brace(struct reader *rd)
{
	if (rd->opens && rd->parens == rd->opens_at)
		push_scope(rd, rd->opens, rd->def, rd->opens == SCOPE_TYPE ? rd->opened : "");
	else
		push_scope(rd, SCOPE_BODY, DEF_DROPPED, "");
}

static void close_brace(struct reader *rd)
{
	if (scope_top(&rd->in)->braces > 0) {
		scope_top(&rd->in)->braces--;
		return;
	}
	scope_pop(&rd->in, rd->sk, rd->t.line);
}

/* const A = …: the name stands in front of the = */
static void read_const(struct reader *rd)
{
	const struct scope *type = scope_top(&rd->in);
	const char *parent = type->kind == SCOPE_TYPE ? type->name : "";

	if (rd->is_const && parent && rd->prev.kind == TOKEN_IDENT)
		sink_def(rd->sk, DEF_CONSTANT, token_span(&rd->prev), parent, rd->prev.line);
	rd->is_const = false;
}

static void read_punct(struct reader *rd)
{
	switch (rd->t.c) {
	case '\\':
		read_name(rd);
		break;
	case '{':
		open_brace(rd);
		break;
	case '}':
		close_brace(rd);
		break;
	case '(':
		rd->parens++;
		break;
	case ')':
		rd->parens -= rd->parens > 0;
		break;
	case '[':
		if (rd->attribute > 0 || rd->prev.c == '#')
			rd->attribute++;
		break;
	case ']':
		rd->attribute -= rd->attribute > 0;
		break;
	case '=':
		read_const(rd);
		break;
	case ';':
		if (rd->parens <= rd->opens_at)
			rd->opens = 0;
		rd->is_const = false;
		rd->parens = rd->opens ? rd->parens : 0;
		break;
	default:
		break;
	}
}

void facts_php(struct lexer *lx, struct sink *sk)
{
	struct reader rd = { .lx = lx, .sk = sk, .space = "", .opened = "" };

	scope_open(&rd.in);
	rd.def = rd.space_def = DEF_DROPPED;
	rd.keywords = word_filter_make(KEYWORDS);
	rd.classes = strmap_new(sk->arena, 16);
	rd.functions = strmap_new(sk->arena, 16);
	while (next(&rd)) {
		if (rd.t.kind == TOKEN_IDENT)
			read_word(&rd);
		else
			read_punct(&rd);
	}
	sink_def_end(sk, rd.space_def, lx->line);
	sk->ret->truncated = sk->ret->truncated || rd.written.dropped;
}
