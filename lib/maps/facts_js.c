#include "maps/facts_js.h"

#include <string.h>

#define NOT_A_METHOD                                                                               \
	"if for while switch catch return function await typeof new delete void throw super "      \
	"import else do yield case in of instanceof"
#define STARTERS                                                                                   \
	"require import export declare try catch finally if else switch function class "           \
	"interface enum type namespace module"
#define MODIFIERS                                                                                  \
	"static async get set readonly public private protected abstract override declare "        \
	"accessor"

static struct js_scope *top(struct js_reader *rd)
{
	return rd->depth > 0 && rd->depth <= JS_SCOPES_MAX ? &rd->scopes[rd->depth - 1] : NULL;
}

/* Whether the code here is the module's or a namespace's own. */
static bool at_top(struct js_reader *rd)
{
	const struct js_scope *sc = top(rd);

	return rd->depth == 0 || (sc && sc->kind == JS_NAMESPACE);
}

static bool in_class(struct js_reader *rd)
{
	const struct js_scope *sc = top(rd);

	return sc && sc->kind == JS_CLASS;
}

bool js_advance(struct js_reader *rd)
{
	rd->prev = rd->t;
	rd->t = rd->next;
	lex_next(rd->lx, &rd->next);
	return rd->t.kind != TOKEN_END;
}

static void start_statement(struct js_reader *rd)
{
	if (js_awaits_arrow(rd))
		rd->pending.set = false;
	rd->condition = rd->is_const = rd->is_declared = false;
	rd->nchain = 0;
	rd->chain_open = true;
	rd->variable.kind = TOKEN_END;
	rd->value_paren = 0;
	rd->value_arrow = false;
	rd->const_def = DEF_DROPPED;
	if (rd->arrow_def != DEF_DROPPED && rd->depth <= rd->arrow_depth) {
		sink_def_end(rd->sk, rd->arrow_def, rd->prev.line);
		rd->arrow_def = DEF_DROPPED;
	}
}

/* A definition without braces of its own, open until its statement ends. */
static void open_arrow(struct js_reader *rd, uint32_t def)
{
	rd->arrow_def = def;
	rd->arrow_depth = rd->depth;
}

static void expect(struct js_reader *rd, enum js_scope_kind kind, uint32_t def, const char *name)
{
	js_bare_signature(rd);
	rd->pending = (struct js_pending){
		.set = true,
		.depth = rd->depth,
		.scope = { .kind = (uint8_t)kind, .def = def, .name = name },
	};
}

/* A function whose definition is noted once its body is there: overloads have none. */
static void expect_function(struct js_reader *rd, enum def_kind kind, const struct token *name,
                            const char *parent)
{
	expect(rd, JS_FUNCTION, DEF_DROPPED, "");
	rd->pending.name = *name;
	rd->pending.def_kind = (uint8_t)kind;
	rd->pending.parent = parent;
}

/* The same of a declaration, whose body may never come. */
static void expect_declared(struct js_reader *rd, enum def_kind kind, const struct token *name,
                            const char *parent)
{
	expect_function(rd, kind, name, parent);
	rd->pending.signature = true;
}

static uint32_t define(struct js_reader *rd, enum def_kind kind, const struct token *name,
                       const char *parent)
{
	return sink_def(rd->sk, kind, token_span(name), parent, name->line);
}

/* ---- values: what stands behind = ---- */

/* The name and parent that an assignment gives to a function. */
static bool assigned_name(struct js_reader *rd, struct token *name, enum def_kind *kind,
                          const char **parent)
{
	size_t n = rd->nchain;

	*parent = "";
	*kind = DEF_FUNCTION;
	if (rd->variable.kind) {
		*name = rd->variable;
		return true;
	}
	if (in_class(rd) && n >= 1) {
		*name = rd->chain[n - 1];
		*kind = DEF_METHOD;
		*parent = top(rd)->name;
		return true;
	}
	if (rd->depth > 0 || n < 2 || !rd->chain_ends)
		return false;
	*name = rd->chain[n - 1];
	if (n == 2 && token_is(&rd->chain[0], "module"))
		return false;
	if (token_is(&rd->chain[n - 2], "exports"))
		return true;
	*kind = DEF_METHOD;
	*parent = sink_text(
		rd->sk,
		token_span(&rd->chain[token_is(&rd->chain[n - 2], "prototype") && n > 2 ? n - 3
	                                                                                : n - 2]),
		FACTS_NAME_MAX);
	return true;
}

static void value_is_function(struct js_reader *rd)
{
	struct token name;
	enum def_kind kind;
	const char *parent;

	if (assigned_name(rd, &name, &kind, &parent))
		expect_function(rd, kind, &name, parent);
}

/* rd->t is the > of => in a value; a body without braces ends with the statement. */
static void value_is_arrow(struct js_reader *rd)
{
	struct token name;
	enum def_kind kind;
	const char *parent;

	rd->value_paren = 0;
	rd->value_arrow = false;
	if (rd->const_def != DEF_DROPPED) { /* it was taken for a constant */
		rd->sk->ret->defs[rd->const_def].kind = DEF_FUNCTION;
		if (rd->next.c == '{')
			expect(rd, JS_FUNCTION, rd->const_def, "");
		else
			open_arrow(rd, rd->const_def);
		rd->const_def = DEF_DROPPED;
		rd->variable.kind = TOKEN_END;
		rd->nchain = 0;
	} else if (rd->next.c == '{') {
		value_is_function(rd);
	} else if (assigned_name(rd, &name, &kind, &parent)) {
		open_arrow(rd, define(rd, kind, &name, parent));
		rd->variable.kind = TOKEN_END;
		rd->nchain = 0;
	}
}

/* rd->t is the = of an assignment, rd->next what the value starts with. */
static void start_value(struct js_reader *rd)
{
	const struct token *n = &rd->next;

	rd->chain_open = false;
	rd->chain_ends = rd->nchain > 0 && rd->prev.text == rd->chain[rd->nchain - 1].text;
	if (token_is(n, "function") || token_is(n, "async")) {
		const char *p = n->text + n->len, *end = rd->lx->end;

		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (*n->text == 'f' || (end - p >= 8 && memcmp(p, "function", 8) == 0)) {
			value_is_function(rd);
			return;
		}
	}
	if (n->c == '(' || n->c == '<' || n->kind == TOKEN_IDENT) {
		rd->value_paren = rd->depth + 1;
		rd->value_start = n->text;
	}
}

/* const NAME = something that is no function, or turns out to be one: then value_is_arrow() says so. */
static void read_constant(struct js_reader *rd)
{
	uint32_t def;

	/* a class has its own definition, and what is required is defined elsewhere */
	if (!rd->is_const || !rd->variable.kind || !at_top(rd) ||
	    (rd->pending.set && !js_awaits_arrow(rd)) || token_in(&rd->next, "class require"))
		return;
	rd->pending.set = false;
	def = define(rd, DEF_CONSTANT, &rd->variable, "");
	rd->variable.kind = TOKEN_END;
	if (rd->value_paren)
		rd->const_def = def;
}

/* ---- words ---- */

static bool follows_arrow(const struct js_reader *rd)
{
	return rd->prev.c == '>' && rd->prev.glued && rd->prev.text[-1] == '=';
}

static void read_function(struct js_reader *rd)
{
	bool value = (rd->prev.c && strchr(rd->t.first ? "=(,:?[&|+" : "=(,:?[&|!+", rd->prev.c)) ||
	             follows_arrow(rd) || token_is(&rd->prev, "async");
	bool expression = (value && (!token_is(&rd->prev, "async") || js_async_is_value(rd))) ||
	                  (!rd->t.first && token_in(&rd->prev, "return new typeof await void"));
	bool named;

	if (rd->next.c == '*')
		js_advance(rd);
	named = rd->next.kind == TOKEN_IDENT;
	if (value && rd->pending.set && rd->pending.depth == rd->depth && rd->pending.def_kind &&
	    !rd->pending.signature && (!rd->t.first || rd->prev.c == '=')) {
		/* const f = function g() {}: known as f. */
		if (named)
			js_advance(rd);
		return;
	}
	if (!named) {
		expect(rd, JS_FUNCTION, DEF_DROPPED, "");
		return;
	}
	js_advance(rd);
	if (expression)
		expect(rd, JS_FUNCTION, DEF_DROPPED, "");
	else if (rd->is_declared)
		define(rd, DEF_FUNCTION, &rd->t, "");
	else
		expect_declared(rd, DEF_FUNCTION, &rd->t, "");
	js_skip_type_parameters(rd);
}

static const char *name_text(struct js_reader *rd, const struct token *name)
{
	return sink_text(rd->sk, token_span(name), FACTS_NAME_MAX);
}

static void read_class(struct js_reader *rd)
{
	struct token name = { 0 };
	uint32_t def = DEF_DROPPED;

	if (rd->next.kind == TOKEN_IDENT && !token_in(&rd->next, "extends implements")) {
		js_advance(rd);
		name = rd->t;
	} else if (rd->variable.kind) {
		name = rd->variable;
		rd->variable.kind = TOKEN_END;
	} else if (rd->next.c != '{' && !token_in(&rd->next, "extends implements")) {
		return;
	}
	if (name.kind)
		def = define(rd, DEF_CLASS, &name, "");
	expect(rd, JS_CLASS, def, name.kind ? name_text(rd, &name) : "");
	js_skip_type_parameters(rd);
}

/* interface X, enum X, namespace X, type X = ...: words only where a statement starts. */
static bool read_type_word(struct js_reader *rd)
{
	bool starts = rd->t.first || rd->prev.kind == TOKEN_END ||
	              (rd->prev.c && strchr("{};", rd->prev.c)) ||
	              token_in(&rd->prev, "export declare default const");
	enum def_kind kind;

	if (!starts || rd->next.first || !rd->typescript)
		return false;
	kind = token_is(&rd->t, "interface")          ? DEF_INTERFACE
	       : token_is(&rd->t, "enum")             ? DEF_ENUM
	       : token_is(&rd->t, "type")             ? DEF_TYPE
	       : token_in(&rd->t, "namespace module") ? DEF_MODULE
	                                              : DEF_NONE;
	if (kind == DEF_NONE || (rd->next.kind != TOKEN_IDENT && kind != DEF_MODULE))
		return false;
	if (rd->next.kind == TOKEN_STRING && kind == DEF_MODULE) {
		js_advance(rd);
		expect(rd, JS_NAMESPACE, DEF_DROPPED, "");
		return true;
	}
	if (rd->next.kind != TOKEN_IDENT || token_in(&rd->next, "in of instanceof"))
		return false;
	js_advance(rd);
	uint32_t def = define(rd, kind, &rd->t, "");
	if (kind != DEF_TYPE) {
		while (kind == DEF_MODULE && rd->next.c == '.' && js_advance(rd) && js_advance(rd))
			;
		expect(rd, kind == DEF_MODULE ? JS_NAMESPACE : JS_OTHER, def, "");
	} else if (at_top(rd)) {
		open_arrow(rd, def);
	}
	js_skip_type_parameters(rd);
	rd->variable.kind = TOKEN_END;
	return true;
}

/* In a class: whether a word before ( or < names a method. */
static bool is_method(const struct js_reader *rd)
{
	const struct token *p = &rd->prev;

	if (rd->next.c != '(' && rd->next.c != '<')
		return false;
	if (token_in(&rd->t, NOT_A_METHOD) && !token_in(&rd->t, "delete import return catch of in"))
		return false;
	if (p->c)
		return strchr("{};*#)", p->c) || (rd->t.first && strchr("!]>", p->c) &&
		                                  rd->value_paren == 0 && !follows_arrow(rd));
	return token_in(p, MODIFIERS) || (rd->t.first && rd->value_paren == 0);
}

static void read_member(struct js_reader *rd)
{
	const char *parent = top(rd)->name;

	if (rd->t.first && rd->prev.c != '.' && !follows_arrow(rd) &&
	    !(rd->prev.c && strchr("=,?:+-*/&|(<", rd->prev.c)))
		start_statement(rd);
	if (is_method(rd)) {
		if (token_is(&rd->prev, "abstract") || rd->is_declared)
			define(rd, DEF_METHOD, &rd->t, parent);
		else
			expect_declared(rd, DEF_METHOD, &rd->t, parent);
		rd->chain_open = false;
		js_skip_type_parameters(rd);
	} else if (rd->chain_open && !(token_in(&rd->t, MODIFIERS) && !rd->next.c)) {
		rd->is_declared = rd->is_declared || token_is(&rd->t, "abstract");
		if (rd->nchain < JS_CHAIN_MAX)
			rd->chain[rd->nchain++] = rd->t;
		rd->chain_open = false;
	} else if (token_is(&rd->t, "abstract")) {
		rd->is_declared = true;
	}
}

/* At the top: the variable of const, let, var, and the words of a.b.c = ... */
static void read_plain(struct js_reader *rd)
{
	if (token_in(&rd->t, "const let var")) {
		rd->is_const = token_is(&rd->t, "const");
		if (rd->next.kind == TOKEN_IDENT && !token_is(&rd->next, "enum"))
			rd->variable = rd->next;
		rd->chain_open = false;
	} else if (rd->chain_open &&
	           (rd->prev.c == '.' || !token_in(&rd->t, "export default declare async await"))) {
		if (rd->nchain == JS_CHAIN_MAX)
			memmove(rd->chain, rd->chain + 1, --rd->nchain * sizeof(rd->chain[0]));
		rd->chain[rd->nchain++] = rd->t;
		if (rd->next.c != '.' && rd->next.c != '=')
			rd->chain_open = false;
	}
}

/* Without semicolons a statement also ends where a line starts with a word of one. */
static bool starts_line_statement(const struct js_reader *rd)
{
	if (!rd->t.first || follows_arrow(rd))
		return false;
	if (rd->prev.c && strchr(rd->typescript ? ")]}>" : ")]}", rd->prev.c))
		return true;
	return rd->prev.kind == TOKEN_STRING || rd->prev.kind == TOKEN_NUMBER ||
	       rd->prev.kind == TOKEN_IDENT || rd->prev.kind == TOKEN_PIECE;
}

/* A word that may start an import, a conditional, a function or a type. */
static bool read_starter(struct js_reader *rd, bool member)
{
	const struct token *t = &rd->t;

	if (js_import(rd))
		return true;
	if (token_is(t, "declare"))
		rd->is_declared = true;
	else if (!member && token_in(t, "try catch finally if else switch") && rd->next.c != ':')
		rd->condition = true;
	else if (token_is(t, "function") && !member)
		read_function(rd);
	else if (token_is(t, "class") && !member && rd->next.c != ':' && rd->next.c != '=')
		read_class(rd);
	else
		return !member && read_type_word(rd);
	return true;
}

static void read_class_word(struct js_reader *rd)
{
	if (token_in(&rd->t, "class function") && rd->value_paren)
		expect(rd, token_is(&rd->t, "class") ? JS_CLASS : JS_FUNCTION, DEF_DROPPED, "");
	else if (!js_import(rd) || token_is(&rd->t, "import"))
		read_member(rd);
}

static void read_word(struct js_reader *rd)
{
	bool member = rd->prev.c == '.' && !(rd->prev.glued && rd->prev.text[-1] == '.');
	bool starter = word_filter_has(&rd->words, &rd->t), top_level;

	if (in_class(rd)) {
		if (!member)
			read_class_word(rd);
		return;
	}
	top_level = at_top(rd);
	if (!starter && !top_level)
		return;
	if (member && top_level && rd->next.c == '=' && rd->prev.text[-1] == ')')
		rd->chain_open = rd->nchain > 0; /* f(x).name = ... */
	if (member && !(rd->chain_open && top_level))
		return;
	if (top_level && !member && starts_line_statement(rd))
		start_statement(rd);
	if (starter && read_starter(rd, member))
		return;
	if (top_level)
		read_plain(rd);
	/* x = y: no arrow function, unless it is x = y => z or x = async (y) => z. */
	if (rd->value_paren && rd->t.text == rd->value_start && rd->next.c != '=' &&
	    !token_is(&rd->t, "async"))
		rd->value_paren = 0;
}

/* ---- brackets and signs ---- */

/* Whether a { here is a type or an object, while a body is expected. */
static bool is_inner_object(const struct js_reader *rd)
{
	const struct token *p = &rd->prev;

	if (follows_arrow(rd))
		return false;
	return p->c && strchr(":|&<,=?(", p->c);
}

static void open_bracket(struct js_reader *rd)
{
	struct js_scope sc = { .kind = JS_OTHER, .open = rd->t.c, .def = DEF_DROPPED, .name = "" };
	struct js_pending *pd = &rd->pending;

	if (rd->t.c == '{') {
		if (pd->set && pd->depth == rd->depth && !is_inner_object(rd)) {
			sc = pd->scope;
			sc.open = '{';
			if (pd->def_kind)
				js_bare_end(rd, &pd->name);
			if (pd->def_kind)
				sc.def = define(rd, (enum def_kind)pd->def_kind, &pd->name,
				                pd->parent);
			pd->set = false;
			rd->variable.kind = TOKEN_END;
		} else if (rd->condition) {
			sc.kind = JS_CONDITION;
			rd->nconditions++;
		} else if (!is_inner_object(rd)) {
			sc.kind = JS_BLOCK;
		}
		rd->condition = false;
	}
	if (rd->depth < JS_SCOPES_MAX)
		rd->scopes[rd->depth] = sc;
	else if (sc.kind == JS_CONDITION)
		rd->nconditions--;
	rd->depth++;
	rd->chain_open = sc.kind == JS_CLASS;
	if (sc.kind == JS_CLASS || sc.kind == JS_NAMESPACE || sc.kind == JS_FUNCTION)
		start_statement(rd);
}

static void close_bracket(struct js_reader *rd)
{
	struct js_scope *sc = top(rd);
	char open = rd->t.c == ')' ? '(' : rd->t.c == ']' ? '[' : '{';

	if (rd->depth == 0)
		return;
	if (sc && sc->open != open) {
		/* Broken code: a } closes what is open inside of it, the others are let go. */
		if (open != '{')
			return;
		while (rd->depth > 1 && top(rd) && top(rd)->open != '{')
			rd->depth--;
		sc = top(rd);
	}
	rd->depth--;
	if (sc && sc->kind == JS_CONDITION)
		rd->nconditions--;
	if (sc)
		sink_def_end(rd->sk, sc->def, rd->t.line);
	js_bare_close(rd, sc);
	if (rd->t.c == '}' && sc && (sc->kind == JS_FUNCTION || sc->kind == JS_CLASS) &&
	    (at_top(rd) || in_class(rd))) {
		if (sc->kind == JS_FUNCTION)
			rd->prev.line = rd->t.line;
		start_statement(rd);
	}
	if (rd->value_paren == rd->depth + 1 && rd->t.c == ')' &&
	    (rd->next.c == '=' || rd->next.c == ':'))
		rd->value_arrow = true;
	else if (rd->t.c != '}' && rd->value_paren > rd->depth && !rd->value_arrow)
		rd->value_paren = 0;
}

static void read_arrow(struct js_reader *rd)
{
	bool of_value = rd->value_paren == rd->depth + 1 &&
	                (rd->value_arrow || rd->prev.kind == TOKEN_IDENT);

	js_advance(rd);
	if (of_value)
		value_is_arrow(rd);
	else if (!rd->pending.set)
		expect(rd, JS_FUNCTION, DEF_DROPPED, "");
}

static void read_sign(struct js_reader *rd)
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
	case ';':
		if (rd->pending.set && rd->pending.depth == rd->depth) {
			js_bare_signature(rd);
			rd->pending.set = false;
		}
		if (at_top(rd) || in_class(rd)) {
			rd->prev.line = rd->t.line;
			start_statement(rd);
		}
		rd->condition = false;
		break;
	case '=':
		if (rd->next.c == '>' && rd->next.glued) {
			read_arrow(rd);
		} else if ((rd->variable.kind || rd->nchain > 0) && rd->next.c != '=' &&
		           (at_top(rd) || in_class(rd)) && rd->value_paren == 0) {
			start_value(rd);
			read_constant(rd);
		}
		break;
	default:
		break;
	}
}

void facts_js(struct lexer *lx, struct sink *sk)
{
	struct js_reader rd = { .lx = lx,
		                .sk = sk,
		                .const_def = DEF_DROPPED,
		                .arrow_def = DEF_DROPPED,
		                .chain_open = true };

	rd.words = word_filter_make(STARTERS);
	rd.typescript = sk->ret->lang != LANG_JAVASCRIPT;
	if (rd.typescript) {
		lx->on_comment = js_reference;
		/* cppcheck-suppress autoVariables ; taken back below */
		lx->on_comment_arg = &rd;
	}
	lex_next(lx, &rd.next);
	while (js_advance(&rd)) {
		if (rd.t.kind == TOKEN_IDENT)
			read_word(&rd);
		else if (rd.t.kind == TOKEN_PUNCT)
			read_sign(&rd);
	}
	js_bare_signature(&rd);
	start_statement(&rd);
	lx->on_comment = NULL;
	lx->on_comment_arg = NULL;
}
