/* C#: the names used, see the header. */
#include "maps/facts_csharp.h"

#include <string.h>

/* Words in front of a name that are no type of it. */
#define KEYWORDS                                                                                   \
	"abstract as async await base break case catch checked class const continue default "      \
	"delegate do else enum event explicit extern finally fixed for foreach goto if implicit "  \
	"in interface internal is lock namespace new operator out override params partial "        \
	"private protected public readonly record ref return sealed sizeof stackalloc static "     \
	"struct switch this throw try typeof unchecked unsafe using virtual volatile when where "  \
	"while with yield and or not required file scoped get set init add remove nameof from "    \
	"select let join on equals by into orderby group"
#define TYPES                                                                                      \
	"bool byte char decimal double dynamic float int long nint nuint object sbyte short "      \
	"string uint ulong ushort var void"
/* Words behind a name that make it a value. */
#define OPERATORS "is as in and or when switch with on equals by into ascending descending"

void csharp_names_open(struct csharp_names *names, struct sink *sk, const char *end)
{
	*names = (struct csharp_names){ .sk = sk, .end = end };
	names->keywords = word_filter_make(KEYWORDS);
	names->types = word_filter_make(TYPES);
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static void maybe(struct csharp_names *n, struct span name)
{
	name_set_add(n->sk->arena, &n->maybe, name, FACTS_NAMES_MAX);
}

/* Name<…>: with a mark, since a plain type may have the same name. */
static void generic(struct csharp_names *n)
{
	if (n->len + 1 >= sizeof(n->name))
		return;
	n->name[n->len] = '`';
	sink_name(n->sk, (struct span){ n->name, n->len + 1 });
}

void csharp_names_generic(struct csharp_names *n, struct span name)
{
	char text[FACTS_NAME_MAX + 1];

	if (name.len >= sizeof(text))
		return;
	text[0] = '`';
	memcpy(text + 1, name.data, name.len);
	sink_name(n->sk, (struct span){ text, name.len + 1 });
}

/* Whether the token in front is a type, so that the name is declared here. */
static bool behind_type(const struct csharp_names *n)
{
	const struct token *b = &n->before;

	if (b->kind == TOKEN_IDENT)
		return word_filter_has(&n->types, b) || !word_filter_has(&n->keywords, b);
	return b->c == '>' || b->c == ']' || b->c == '?';
}

/* new X(…), X() as an attribute, and : X(…) in front of a base class's arguments. */
static bool names_type_called(const struct csharp_names *n)
{
	return token_is(&n->before, "new") || n->before.c == '[' || n->before.c == ':';
}

/* The ? of "Name? other", "List<Name?>"; not that of "name ? a : b" and "name?.a". */
static bool is_nullable(const struct csharp_names *n, const struct token *t)
{
	const char *after = t->text + t->len;

	return t->c == '?' && t->glued && after < n->end && strchr(" >),\r\n", *after);
}

/* A name of one part, followed by t. */
static void single(struct csharp_names *n, const struct token *t)
{
	struct span name = { n->name, n->len };
	bool value = token_in(t, OPERATORS);

	if ((t->kind == TOKEN_IDENT && !value) || is_nullable(n, t)) {
		sink_name(n->sk, name);
	} else if (t->c == '<') {
		generic(n);
	} else if (token_in(&n->before, "new is as not")) {
		sink_name(n->sk, name);
	} else if (t->c == '(') {
		if (names_type_called(n))
			maybe(n, name);
	} else if (t->c && strchr("=;{,)", t->c) && behind_type(n)) {
		name_set_add(n->sk->arena, &n->own, name, FACTS_NAMES_MAX);
	} else if (t->c == '=' || (t->c == ';' && n->before.c != ':')) {
		return;
	} else if (t->c == ':' && (n->before.c == '(' || n->before.c == ',')) {
		return;
	} else if (t->c == '{' || n->before.c == '<' ||
	           (n->before.c == '(' && token_in(&n->around, "typeof sizeof default catch"))) {
		sink_name(n->sk, name);
	} else {
		maybe(n, name);
	}
}

/* A.B.C: of a call or an assignment the last part is a member. */
static void several(struct csharp_names *n, const struct token *t)
{
	bool made = token_is(&n->before, "new") || n->before.c == '[';
	bool member = (t->c == '(' && !made) || t->c == '=';
	struct span name = { n->name, member ? n->last - 1 : n->len };

	if (t->kind == TOKEN_IDENT || made)
		sink_name(n->sk, name);
	else
		maybe(n, name);
}

/* A method called on a value or a type: it may be another file's extension. */
static void note_method(struct csharp_names *n, const struct token *t)
{
	if ((t->c == '(' || t->c == '<') && n->last > 0)
		sink_name(n->sk, (struct span){ n->name + n->last - 1, n->len - n->last + 1 });
}

/* [Name] is short for NameAttribute, if there is one. */
static void attribute(struct csharp_names *n, const struct token *t)
{
	char text[sizeof(n->name) + 10];
	size_t len = n->len;

	memcpy(text, n->name, len);
	memcpy(text + len, "Attribute`", 10);
	len += 9 + (t->c == '<');
	sink_name(n->sk, (struct span){ text, len });
}

static void end_name(struct csharp_names *n, const struct token *t)
{
	note_method(n, t);
	if (!n->called && is_upper(n->name[0])) {
		if (n->attribute)
			attribute(n, t);
		else if (n->last == 0)
			single(n, t);
		else
			several(n, t);
	}
	n->open = false;
}

static void add_part(struct csharp_names *n, const struct token *t)
{
	if (n->len + t->len + 1 > sizeof(n->name)) {
		n->open = false;
		return;
	}
	n->name[n->len++] = '.';
	n->last = n->len;
	memcpy(n->name + n->len, t->text, t->len);
	n->len += t->len;
}

static void start_name(struct csharp_names *n, const struct token *t)
{
	n->called = n->prev.c == '.';
	n->attribute = n->nest == 1 && n->prev.c != '<';
	n->len = n->last = 0;
	n->open = t->len + 2 <= sizeof(n->name);
	if (!n->open)
		return;
	if (n->called) {
		n->name[n->len++] = '.';
		n->last = 1;
	}
	memcpy(n->name + n->len, t->text, t->len);
	n->len += t->len;
}

/* Depth of brackets in [A, B(c)]: what stands behind a value is an index. */
static void count_brackets(struct csharp_names *n, const struct token *t)
{
	bool word = n->prev.kind == TOKEN_IDENT && !word_filter_has(&n->keywords, &n->prev);
	bool value = word || (n->prev.c && strchr(")]>?", n->prev.c));

	if (t->c == '[' && n->nest == 0)
		n->nest = !value || n->ended;
	else if (n->nest > 0 && (t->c == '[' || t->c == '('))
		n->nest++;
	else if (n->nest > 0 && (t->c == ']' || t->c == ')'))
		n->nest--;
	n->ended = t->c == ']' && n->nest == 0;
}

static bool is_word(char c)
{
	return c == '_' || is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* $"{Name.Member}": what may be a type of the code in a string. */
static void note_holes(struct csharp_names *n, const struct token *t)
{
	const char *p = t->text, *end = p + t->len;

	while (p < end && (p = memchr(p, '{', (size_t)(end - p))) != NULL) {
		const char *stop = memchr(p, '}', (size_t)(end - p));

		stop = stop ? stop : end;
		while (p < stop) {
			const char *word = p;

			while (p < stop && is_word(*p))
				p++;
			if (p > word && p < stop && *p == '.' && is_upper(*word) && word[-1] != '.')
				maybe(n, (struct span){ word, (size_t)(p - word) });
			p += p == word;
		}
	}
}

void csharp_names_token(struct csharp_names *n, const struct token *t)
{
	count_brackets(n, t);
	if (t->kind == TOKEN_STRING && n->prev.kind && memchr("$@", t->text[-2], 2))
		note_holes(n, t);
	if (n->open && t->kind == TOKEN_IDENT && n->prev.c == '.') {
		add_part(n, t);
	} else if (!n->open || t->c != '.') {
		if (n->open)
			end_name(n, t);
		if (t->kind == TOKEN_IDENT) {
			start_name(n, t);
			n->around = n->prev2;
			n->before = n->prev;
		}
	}
	n->prev2 = n->prev;
	n->prev = *t;
}

void csharp_names_close(struct csharp_names *n)
{
	n->sk->ret->truncated = n->sk->ret->truncated || n->maybe.dropped || n->own.dropped;
	for (size_t i = 0; i < n->maybe.n; i++) {
		const char *name = n->maybe.names[i];

		if (!name_set_has(&n->own, (struct span){ name, strcspn(name, ".") }))
			sink_name(n->sk, (struct span){ name, strlen(name) });
	}
}
