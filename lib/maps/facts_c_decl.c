/*
 * One declaration of C or C++, without a grammar: its words outside of
 * parentheses are kept, and when a brace or semicolon comes, their order tells
 * what it was.  Macros make real parsing impossible before preprocessing; the
 * rules below are those that held on the code they were measured with.
 */
#include "maps/facts_c.h"

#include <string.h>

/* Words before a ( that never name a function. */
#define ATTRIBUTES                                                                                 \
	"__attribute__ __attribute __declspec alignas _Alignas decltype typeof __typeof__"
#define NOT_A_NAME                                                                                 \
	"__attribute__ __attribute __declspec alignas _Alignas decltype noexcept throw requires "  \
	"__asm__ __asm asm _Static_assert static_assert if while for switch return sizeof typeof " \
	"__typeof__ defined void int char short long unsigned signed float double bool _Bool "     \
	"catch else do case explicit"
/* Words that stand before a function and are no type. */
#define NOT_A_TYPE                                                                                 \
	"static extern inline virtual constexpr consteval friend typedef register __inline "       \
	"__inline__ __forceinline __extension__ _Noreturn thread_local template typename"
#define TYPE_KEYS "class struct union enum"

static bool is_word(const struct c_item *it)
{
	return it->c == 0;
}

static bool in(const struct c_item *it, const char *words)
{
	struct token t = { .text = it->text.data, .len = it->text.len, .kind = TOKEN_IDENT };

	return is_word(it) && token_in(&t, words);
}

void c_decl_reset(struct c_decl *d)
{
	d->n = 0;
	d->nest = d->nest_braces = d->angle = 0;
	d->is_typedef = d->assigned = d->after_body = false;
	d->serial++;
}

static struct c_item *append(struct c_decl *d, const struct token *t, char c)
{
	/* A declaration that long is data or hostile; its newest half decides. */
	if (d->n == C_ITEMS_MAX) {
		memmove(d->items, d->items + C_ITEMS_MAX / 2, sizeof(d->items) / 2);
		d->n = C_ITEMS_MAX / 2;
	}
	d->items[d->n] = (struct c_item){ .text = token_span(t),
		                          .line = t->line,
		                          .c = c,
		                          .margin = t->margin,
		                          .in_angle = d->angle > 0 };
	return &d->items[d->n++];
}

/* template <...>: skipped whole. */
static void skip_template(struct lexer *lx)
{
	uint32_t angle = 0, nest = 0;
	struct token t;

	while (lex_next(lx, &t)) {
		if (t.c == '(' || t.c == '[')
			nest++;
		else if ((t.c == ')' || t.c == ']') && nest > 0)
			nest--;
		else if (t.c == '<' && nest == 0)
			angle++;
		else if (t.c == '>' && nest == 0 && angle > 0 && --angle == 0)
			return;
		if (angle == 0 || t.c == ';' || t.c == '{' || (t.c == '#' && t.first)) {
			lex_push(lx, &t);
			return;
		}
	}
}

/* operator+, operator(), operator bool: one word up to its parameters. */
static void feed_operator(struct c_decl *d, struct lexer *lx, const struct token *word)
{
	const char *end = word->text + word->len;
	struct c_item *it = append(d, word, 0);
	struct token t;
	size_t n = 0;

	while (lex_next(lx, &t)) {
		if ((t.c == '(' && n > 0) || t.c == ';' || t.c == '{' || n > 16) {
			lex_push(lx, &t);
			break;
		}
		n++;
		end = t.text + t.len;
		if (t.c == '(' && lex_next(lx, &t)) {
			if (t.c != ')') {
				lex_push(lx, &t);
				break;
			}
			end = t.text + t.len;
		}
	}
	it->text.len = (size_t)(end - it->text.data);
}

/* The first words inside a pair of parentheses. */
static void note_inside(struct c_item *open, const struct token *t)
{
	if (t->c == '*' || t->c == '&' || t->c == '^') {
		open->inner_star = open->inner_star || open->inner_n == 0;
		open->inner_call = open->inner_call || (open->inner_n == 1 && open->inner.data);
	} else if (t->kind == TOKEN_IDENT && !open->inner.data) {
		open->inner = token_span(t);
		open->inner_line = t->line;
	} else if (t->kind == TOKEN_IDENT && open->inner_call && !open->inner_second.data) {
		open->inner_second = token_span(t);
	}
	if (open->inner_n < 2)
		open->inner_n++;
}

/* Inside parentheses only their shape is noted. */
static bool feed_inside(struct c_decl *d, const struct token *t)
{
	struct c_item *open = d->open < d->n ? &d->items[d->open] : NULL;

	switch (t->c) {
	case '{':
		d->nest_braces++;
		d->nest++;
		return true;
	case '(':
	case '[':
		d->nest++;
		break;
	case '}':
		if (d->nest_braces == 0)
			return false;
		d->nest_braces--;
		d->nest--;
		if (t->margin && d->items[0].margin)
			d->nest = d->nest_braces = 0;
		if (d->nest == 0)
			append(d, t, '}');
		return true;
	case ')':
	case ']':
		d->nest--;
		if (d->nest == 0)
			append(d, t, t->c);
		return true;
	case ';':
		return d->nest_braces > 0;
	default:
		break;
	}
	if (open && open->c == '(')
		note_inside(open, t);
	return true;
}

bool c_decl_feed(struct c_decl *d, struct lexer *lx, const struct token *t, bool cpp)
{
	struct c_item *last = d->n > 0 ? &d->items[d->n - 1] : NULL;

	if (d->nest > 0)
		return feed_inside(d, t);
	if (t->kind == TOKEN_IDENT) {
		if (cpp && token_is(t, "template"))
			skip_template(lx);
		else if (cpp && token_is(t, "operator"))
			feed_operator(d, lx, t);
		else
			append(d, t, 0);
		if (token_is(t, "typedef"))
			d->is_typedef = true;
		return true;
	}
	switch (t->c) {
	case '(':
	case '[':
		d->open = d->n < C_ITEMS_MAX ? d->n : C_ITEMS_MAX / 2;
		append(d, t, t->c);
		d->nest = 1;
		return true;
	case ':':
		if (last && last->c == ':' && t->glued) {
			last->c = 'D';
			return true;
		}
		break;
	case '<':
		if (cpp && !d->assigned && last && is_word(last))
			d->angle++;
		break;
	case '>':
		append(d, t, t->c);
		if (d->angle > 0 && last && last->c != '-')
			d->angle--;
		return true;
	case '=':
		/* In <N != 0> and the like nothing is assigned. */
		if (d->angle == 0 && !(last && t->glued && strchr("!<>=", last->c ? last->c : ' ')))
			d->assigned = true;
		break;
	default:
		break;
	}
	append(d, t, t->kind == TOKEN_PUNCT ? t->c : '"');
	return true;
}

/* @ret index of the word that starts the name at @at: back over A::B<C>:: */
static size_t name_start(const struct c_decl *d, size_t at, struct span *parent)
{
	while (at >= 1) {
		const struct c_item *items = d->items;
		size_t q = at - 1;

		if (items[q].c == '~') {
			at = q;
			continue;
		}
		if (items[q].c != 'D')
			break;
		if (q >= 1 && items[q - 1].c == '>') {
			q--;
			while (q > 0 && items[q].in_angle)
				q--;
			while (q > 0 && !is_word(&items[q]))
				q--;
			q++;
		}
		if (q == 0 || !is_word(&items[q - 1]))
			return q;
		if (parent && !parent->data)
			*parent = items[q - 1].text;
		at = q - 1;
	}
	return at;
}

/* Whether the item before a name makes a type of what stands there. */
static bool type_before(const struct c_decl *d, size_t start)
{
	const struct c_item *it;

	if (start == 0)
		return false;
	it = &d->items[start - 1];
	if (is_word(it))
		return !in(it, NOT_A_TYPE);
	return it->c == '*' || it->c == '&' || it->c == '>';
}

static void set_function(const struct c_decl *d, size_t open, struct c_function *ret)
{
	size_t at = open - 1, start;

	*ret = (struct c_function){ .open = open, .margin = d->items[0].margin };
	start = name_start(d, at, &ret->parent);
	ret->name = d->items[at].text;
	ret->line = d->items[at].line;
	if (at > start && d->items[at - 1].c == '~') {
		const char *tilde = d->items[at - 1].text.data;

		ret->name.len = (size_t)(ret->name.data + ret->name.len - tilde);
		ret->name.data = tilde;
		ret->line = d->items[at - 1].line;
	}
}

static bool all_capitals(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] >= 'a' && name.data[i] <= 'z')
			return false;
	}
	return true;
}

/*
 * The first name with a type before it wins; then the last one, unless it looks
 * like a macro behind the parameters.
 */
bool c_decl_function(const struct c_decl *d, struct c_function *ret)
{
	struct c_function other;
	bool found = false;

	for (size_t i = 0; i < d->n; i++) {
		const struct c_item *it = &d->items[i];

		if (it->c == '=' || it->c == ':' ||
		    (it->c == '-' && i + 1 < d->n && d->items[i + 1].c == '>'))
			break;
		if (it->c != '(' || it->in_angle || i == 0)
			continue;
		/* int (name)(int a): the name is kept from being a macro. */
		if (i + 2 < d->n && it->inner_n == 1 && it->inner.data &&
		    d->items[i + 2].c == '(' && is_word(&d->items[i - 1])) {
			*ret = (struct c_function){ .name = it->inner,
				                    .line = it->inner_line,
				                    .open = i + 2,
				                    .margin = d->items[0].margin };
			return true;
		}
		if (!is_word(&d->items[i - 1]) || in(&d->items[i - 1], NOT_A_NAME))
			continue;
		set_function(d, i, &other);
		/* MACRO(2) name(...): the macro is an attribute. */
		bool attribute = all_capitals(other.name) && i + 3 < d->n &&
		                 is_word(&d->items[i + 2]) && d->items[i + 3].c == '(' &&
		                 !in(&d->items[i + 2], NOT_A_NAME);
		if (!attribute && type_before(d, name_start(d, i - 1, NULL))) {
			*ret = other;
			return true;
		}
		if (!found || !all_capitals(other.name))
			*ret = other;
		found = true;
	}
	return found;
}

/* @ret index of the last class, struct, union or enum outside <>, or d->n */
static size_t type_key(const struct c_decl *d)
{
	for (size_t i = d->n; i-- > 0;) {
		if (!d->items[i].in_angle && in(&d->items[i], TYPE_KEYS)) {
			bool scoped = i > 0 && in(&d->items[i], "class struct") &&
			              in(&d->items[i - 1], "enum");

			return scoped ? i - 1 : i;
		}
	}
	return d->n;
}

/* The name behind class, struct, ...: the last word before a base clause or the brace. */
static void open_type(const struct c_decl *d, size_t key, struct c_opened *ret)
{
	const struct c_item *it = &d->items[key];

	ret->block = C_BLOCK_TYPE;
	ret->kind = in(it, "class")    ? DEF_CLASS
	            : in(it, "struct") ? DEF_STRUCT
	            : in(it, "union")  ? DEF_UNION
	                               : DEF_ENUM;
	ret->line = it->line;
	for (size_t i = key + 1; i < d->n && d->items[i].c != ':'; i++) {
		it = &d->items[i];
		if (it->c == '(' || it->c == '[') {
			while (i + 1 < d->n && d->items[i].c != ')' && d->items[i].c != ']')
				i++;
		} else if (is_word(it) && !it->in_angle &&
		           !in(it, NOT_A_NAME " final sealed class struct") &&
		           !(i + 1 < d->n && d->items[i + 1].c == '(')) {
			ret->name = it->text;
			ret->line = it->line;
		}
	}
}

static void open_namespace(const struct c_decl *d, size_t key, struct c_opened *ret)
{
	ret->block = C_BLOCK_NAMESPACE;
	for (size_t i = key + 1; i < d->n; i++) {
		const struct c_item *it = &d->items[i];

		if (!is_word(it) && it->c != 'D')
			break;
		if (in(it, NOT_A_NAME))
			break;
		if (!ret->name.data) {
			ret->name = it->text;
			ret->line = it->line;
		}
		ret->name.len = (size_t)(it->text.data + it->text.len - ret->name.data);
	}
}

/* In "A::A() : a(1), b{2} {", whether this { is one like b's. */
static bool in_member_init(const struct c_decl *d, size_t open)
{
	const struct c_item *last = &d->items[d->n - 1];

	for (size_t i = open; i < d->n; i++) {
		if (d->items[i].c == ':')
			return is_word(last) || last->c == '>';
	}
	return false;
}

void c_decl_open(const struct c_decl *d, bool cpp, struct c_opened *ret)
{
	size_t key = type_key(d);
	bool function;

	*ret = (struct c_opened){ .block = C_BLOCK_UNKNOWN };
	for (size_t i = 0; cpp && i < d->n; i++) {
		if (in(&d->items[i], "namespace")) {
			open_namespace(d, i, ret);
			return;
		}
	}
	if (d->n == 2 && in(&d->items[0], "extern") && d->items[1].c == '"') {
		ret->block = C_BLOCK_NAMESPACE;
		return;
	}
	if (d->assigned) {
		ret->block = C_BLOCK_VALUE;
		return;
	}
	function = c_decl_function(d, &ret->function);
	if (function && (key == d->n || (ret->function.open > key + 2))) {
		ret->block = cpp && in_member_init(d, ret->function.open) ? C_BLOCK_INSIDE
		                                                          : C_BLOCK_FUNCTION;
	} else if (key < d->n) {
		open_type(d, key, ret);
	}
}

/* Whether the parentheses hold the name: (*name), (CALL *name)(...), (name)(...). */
static bool names_inside(const struct c_decl *d, size_t i)
{
	const struct c_item *it = &d->items[i];
	bool called = i + 2 < d->n && d->items[i + 2].c == '(';

	if (!it->inner.data)
		return false;
	if (it->inner_star)
		return true;
	if (!called || i == 0 || in(&d->items[i - 1], ATTRIBUTES))
		return false;
	return it->inner_n == 1 || (it->inner_call && it->inner_second.data);
}

/* typedef ... a, *b, (*c)(int), d[4], e(int); */
static void end_typedef(const struct c_decl *d, struct sink *sk, const char *parent)
{
	const struct c_item *name = NULL;
	bool fixed = false, called = false;

	for (size_t i = 0; i <= d->n; i++) {
		const struct c_item *it = i < d->n ? &d->items[i] : NULL;

		if (!it || (it->c == ',' && !it->in_angle)) {
			if (name && name->c == '(')
				sink_def(sk, DEF_TYPE,
				         name->inner_call ? name->inner_second : name->inner,
				         parent, name->inner_line);
			else if (name)
				sink_def(sk, DEF_TYPE, name->text, parent, name->line);
			name = NULL;
			fixed = called = false;
		} else if (fixed || it->in_angle) {
			continue;
		} else if (it->c == '(' && names_inside(d, i)) {
			name = it;
			fixed = true;
		} else if (it->c == '(') {
			/* A function's type, or a macro for one with the name behind it. */
			called = name != NULL;
		} else if (is_word(it) && !in(it, NOT_A_NAME " typedef") &&
		           !(called && all_capitals(it->text))) {
			name = it;
		}
	}
}

/* using NAME = ...; a macro may stand before it */
static void end_using(const struct c_decl *d, struct sink *sk, const char *parent)
{
	for (size_t i = 0; i + 2 < d->n && d->items[i].c != '='; i++) {
		if (in(&d->items[i], "using") && is_word(&d->items[i + 1])) {
			sink_def(sk, DEF_TYPE, d->items[i + 1].text, parent, d->items[i + 1].line);
			return;
		}
	}
}

void c_decl_end(const struct c_decl *d, struct sink *sk, const char *parent)
{
	if (d->is_typedef && d->n > 0)
		end_typedef(d, sk, parent);
	else if (d->assigned)
		end_using(d, sk, parent);
}

/* static const T NAME[] =; a const before the last * is that of what is pointed to */
void c_decl_assigned(const struct c_decl *d, struct sink *sk, const char *parent)
{
	bool constant = false, constexpr = false;
	size_t i = d->n - 1; /* the = itself */

	for (size_t k = 0; k < i; k++) {
		const struct c_item *it = &d->items[k];

		if (it->in_angle)
			continue;
		constexpr = constexpr || in(it, "constexpr constinit");
		constant = it->c == '*' ? constexpr : constant || constexpr || in(it, "const");
	}
	while (i > 0 && (d->items[i - 1].c == ']' || d->items[i - 1].c == '['))
		i--;
	if (constant && i > 1 && is_word(&d->items[i - 1]) && !d->items[i - 1].in_angle &&
	    !in(&d->items[i - 1], "const")) /* f() const = 0 */
		sink_def(sk, DEF_CONSTANT, d->items[i - 1].text, parent, d->items[i - 1].line);
}
