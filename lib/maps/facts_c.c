/*
 * C and C++: includes, and definitions in namespaces, types and at the top.
 *
 * Both branches of a conditional are read.  Each starts from the state that the
 * first one started from, and after #endif the deeper of the states goes on;
 * besides, a } in the first column ends a function that began there.  So
 * braces that only balance for one choice of macros do not derail the rest.
 */
#include "maps/facts_c.h"

#include <string.h>

#define SCOPES_MAX 64
#define CONDS_MAX  128
#define KNR_MAX    64 /* parameter declarations between a K&R head and its body */

/* A { that is open; braces counts those inside where they mean nothing to us. */
struct scope {
	uint8_t block; /* enum c_block */
	bool margin, is_typedef, resumes;
	uint32_t def, braces;
	const char *name;
};

struct cond {
	struct scope top, best_top;
	size_t nscopes, best_nscopes;
	size_t nitems;
	uint32_t serial, nest, nest_braces;
	bool has_else, dead, guard;
};

/* A type being read within a function. */
struct local_type {
	uint8_t kind; /* enum def_kind, once its keyword was seen */
	struct span name;
	uint32_t line;
	uint32_t def; /* open until the braces are as many again */
	uint32_t braces;
};

struct reader {
	struct lexer *lx;
	struct sink *sk;
	bool cpp;
	struct scope scopes[SCOPES_MAX]; /* [0] is the file */
	size_t nscopes;
	struct cond conds[CONDS_MAX];
	size_t nconds, conds_beyond; /* those past the limit are only counted */
	size_t dead, guards;
	struct c_decl decl;
	struct c_function knr;
	uint32_t knr_left;
	struct local_type local;
	bool any; /* something was seen besides comments */
	struct span guard_name;
};

static struct scope *top(struct reader *rd)
{
	return &rd->scopes[rd->nscopes - 1];
}

/* The type around, past namespaces. */
static const char *parent_name(const struct reader *rd)
{
	for (size_t i = rd->nscopes; i-- > 0;) {
		if (rd->scopes[i].block == C_BLOCK_TYPE)
			return rd->scopes[i].name;
		if (rd->scopes[i].block != C_BLOCK_NAMESPACE)
			break;
	}
	return "";
}

static bool reads_declarations(const struct scope *sc)
{
	return sc->block == C_BLOCK_NAMESPACE || sc->block == C_BLOCK_TYPE;
}

/* ---- the preprocessor ---- */

static void skip_directive(struct reader *rd, struct token *t)
{
	while (t->kind != TOKEN_NEWLINE && lex_next(rd->lx, t))
		;
}

static void include(struct reader *rd, uint32_t line)
{
	struct lexer *lx = rd->lx;
	const char *q = lx->p, *stop;
	struct fact_import *im;

	while (q < lx->end && (*q == ' ' || *q == '\t'))
		q++;
	if (q >= lx->end || (*q != '"' && *q != '<'))
		return;
	stop = q + 1;
	while (stop < lx->end && *stop != '\n' && *stop != (*q == '<' ? '>' : '"'))
		stop++;
	if (stop >= lx->end || *stop == '\n' || stop == q + 1)
		return;
	im = sink_import(rd->sk, *q == '<' ? IMPORT_INCLUDE_SYSTEM : IMPORT_INCLUDE,
	                 (struct span){ q + 1, (size_t)(stop - q - 1) }, line);
	if (im && rd->nconds + rd->conds_beyond > rd->guards)
		im->flags |= IMPORT_F_OPTIONAL;
	lx->p = stop + 1;
}

static void define(struct reader *rd, struct token *t)
{
	uint32_t def = DEF_DROPPED;

	if (!lex_next(rd->lx, t) || t->kind != TOKEN_IDENT)
		return;
	if (rd->guard_name.data && t->len == rd->guard_name.len &&
	    memcmp(t->text, rd->guard_name.data, t->len) == 0 && rd->nconds == 1) {
		rd->conds[0].guard = true;
		rd->guards = 1;
	}
	if (rd->dead == 0)
		def = sink_def(rd->sk, DEF_MACRO, token_span(t), "", t->line);
	skip_directive(rd, t);
	sink_def_end(rd->sk, def, t->line);
}

static void cond_open(struct reader *rd, const struct token *word, struct token *t)
{
	struct cond *cd;
	bool zero = false;

	if (rd->nconds == CONDS_MAX) {
		rd->conds_beyond++;
		return;
	}
	cd = &rd->conds[rd->nconds++];
	*cd = (struct cond){ .top = *top(rd),
		             .nscopes = rd->nscopes,
		             .nitems = rd->decl.n,
		             .serial = rd->decl.serial,
		             .nest = rd->decl.nest,
		             .nest_braces = rd->decl.nest_braces };
	if (lex_next(rd->lx, t)) {
		zero = token_is(word, "if") && t->kind == TOKEN_NUMBER && t->len == 1 &&
		       *t->text == '0';
		if (!rd->any && token_is(word, "ifndef") && t->kind == TOKEN_IDENT)
			rd->guard_name = token_span(t);
	}
	if (zero && lex_next(rd->lx, t))
		zero = t->kind == TOKEN_NEWLINE;
	cd->dead = zero;
	rd->dead += zero;
}

static bool deeper(const struct scope *a, size_t na, const struct scope *b, size_t nb)
{
	return na != nb ? na > nb : a->braces > b->braces;
}

/* Go to a state with one scope more or less, or other braces; farther ones are gone. */
static void restore(struct reader *rd, const struct scope *sc, size_t nscopes)
{
	if (nscopes > rd->nscopes + 1)
		return;
	if (nscopes != rd->nscopes)
		c_decl_reset(&rd->decl);
	rd->nscopes = nscopes;
	*top(rd) = *sc;
}

static void keep_best(struct reader *rd, struct cond *cd)
{
	if (!cd->has_else || deeper(top(rd), rd->nscopes, &cd->best_top, cd->best_nscopes)) {
		cd->best_top = *top(rd);
		cd->best_nscopes = rd->nscopes;
	}
}

static void cond_else(struct reader *rd)
{
	struct cond *cd;

	if (rd->conds_beyond > 0 || rd->nconds == 0)
		return;
	cd = &rd->conds[rd->nconds - 1];
	if (cd->dead) {
		cd->dead = false;
		rd->dead--;
		return;
	}
	keep_best(rd, cd);
	cd->has_else = true;
	restore(rd, &cd->top, cd->nscopes);
	if (rd->decl.serial == cd->serial && rd->decl.n >= cd->nitems) {
		rd->decl.n = cd->nitems;
		rd->decl.nest = cd->nest;
		rd->decl.nest_braces = cd->nest_braces;
	} else {
		c_decl_reset(&rd->decl);
	}
}

static void cond_close(struct reader *rd)
{
	struct cond *cd;

	if (rd->conds_beyond > 0) {
		rd->conds_beyond--;
		return;
	}
	if (rd->nconds == 0)
		return;
	cd = &rd->conds[--rd->nconds];
	if (cd->dead)
		rd->dead--;
	if (cd->guard)
		rd->guards = 0;
	if (cd->has_else && deeper(&cd->best_top, cd->best_nscopes, top(rd), rd->nscopes))
		restore(rd, &cd->best_top, cd->best_nscopes);
}

/* From after the # to the end of the directive's line. */
static void directive(struct reader *rd)
{
	struct token word, t;

	rd->lx->newlines = true;
	if (lex_next(rd->lx, &word) && word.kind != TOKEN_NEWLINE) {
		t = word;
		if (token_in(&word, "include include_next import"))
			include(rd, word.line);
		else if (token_is(&word, "define"))
			define(rd, &t);
		else if (token_in(&word, "if ifdef ifndef"))
			cond_open(rd, &word, &t);
		else if (token_in(&word, "else elif elifdef elifndef"))
			cond_else(rd);
		else if (token_is(&word, "endif"))
			cond_close(rd);
		if (!token_is(&word, "ifndef"))
			rd->guard_name = (struct span){ 0 };
		rd->any = true;
		skip_directive(rd, &t);
	}
	rd->lx->newlines = false;
}

/* ---- scopes ---- */

static void push_scope(struct reader *rd, struct scope sc)
{
	c_decl_reset(&rd->decl);
	rd->knr_left = 0;
	if (rd->nscopes == SCOPES_MAX) {
		/* Too deep to follow: what is inside is only counted. */
		top(rd)->block = C_BLOCK_VALUE;
		top(rd)->braces = 1;
		return;
	}
	rd->scopes[rd->nscopes++] = sc;
}

static void open_function(struct reader *rd, const struct c_function *fn)
{
	const char *parent = parent_name(rd);
	enum def_kind kind = *parent ? DEF_METHOD : DEF_FUNCTION;

	if (!*parent && fn->parent.data) {
		parent = sink_text(rd->sk, fn->parent, FACTS_NAME_MAX);
		kind = DEF_METHOD;
	}
	push_scope(rd, (struct scope){ .block = C_BLOCK_FUNCTION,
	                               .margin = fn->margin,
	                               .name = "",
	                               .def = sink_def(rd->sk, kind, fn->name, parent, fn->line) });
}

static void open_type(struct reader *rd, const struct c_opened *op, bool is_typedef)
{
	struct scope sc = { .block = op->kind == DEF_ENUM ? C_BLOCK_VALUE : C_BLOCK_TYPE,
		            .is_typedef = is_typedef,
		            .resumes = true,
		            .def = DEF_DROPPED,
		            .name = parent_name(rd) };

	if (op->name.data) {
		sc.def = sink_def(rd->sk, op->kind, op->name, sc.name, op->line);
		sc.name = sink_text(rd->sk, op->name, FACTS_NAME_MAX);
	}
	push_scope(rd, sc);
}

static void open_brace(struct reader *rd)
{
	struct c_opened op;

	if (rd->decl.n == 0 && rd->knr_left > 0) {
		open_function(rd, &rd->knr);
		return;
	}
	c_decl_open(&rd->decl, rd->cpp, &op);
	switch (op.block) {
	case C_BLOCK_FUNCTION:
		open_function(rd, &op.function);
		break;
	case C_BLOCK_TYPE:
		open_type(rd, &op, rd->decl.is_typedef);
		break;
	case C_BLOCK_NAMESPACE:
		push_scope(rd, (struct scope){ .block = C_BLOCK_NAMESPACE,
		                               .name = "",
		                               .def = op.name.data ? sink_def(rd->sk, DEF_MODULE,
		                                                              op.name, "", op.line)
		                                                   : DEF_DROPPED });
		break;
	case C_BLOCK_VALUE:
	case C_BLOCK_INSIDE:
		rd->decl.nest = rd->decl.nest_braces = 1;
		rd->decl.open = C_ITEMS_MAX;
		break;
	default:
		push_scope(rd, (struct scope){
				       .block = C_BLOCK_VALUE, .name = "", .def = DEF_DROPPED });
		break;
	}
}

static void close_scope(struct reader *rd, uint32_t line)
{
	struct scope sc = *top(rd);

	c_decl_reset(&rd->decl);
	if (rd->nscopes == 1)
		return; /* a } too many */
	rd->nscopes--;
	sink_def_end(rd->sk, sc.def, line);
	if (sc.resumes) {
		rd->decl.is_typedef = sc.is_typedef;
		rd->decl.after_body = true;
	}
}

/* struct NAME { within a body; of such inside each other only the outermost has its end. */
static void read_local_type(struct reader *rd, const struct token *t)
{
	struct local_type *lt = &rd->local;

	if (t->kind == TOKEN_IDENT && lt->kind == DEF_NONE) {
		if (t->len == 6 && token_is(t, "struct"))
			lt->kind = DEF_STRUCT;
		else if (t->len == 5 && token_in(t, rd->cpp ? "union class" : "union"))
			lt->kind = *t->text == 'u' ? DEF_UNION : DEF_CLASS;
		else if (t->len == 4 && token_is(t, "enum"))
			lt->kind = DEF_ENUM;
	} else if (t->kind == TOKEN_IDENT && !lt->name.data) {
		lt->name = token_span(t);
		lt->line = t->line;
	} else if (lt->kind != DEF_NONE) {
		if (t->c == '{' && lt->name.data) {
			uint32_t def =
				sink_def(rd->sk, (enum def_kind)lt->kind, lt->name, "", lt->line);

			if (lt->def == DEF_DROPPED) {
				lt->def = def;
				lt->braces = top(rd)->braces;
			}
		}
		lt->kind = DEF_NONE;
		lt->name = (struct span){ 0 };
	}
}

/* In a body nothing but its end and the types in it matter. */
static void read_body(struct reader *rd, const struct token *t)
{
	struct scope *sc = top(rd);

	if (sc->block == C_BLOCK_FUNCTION && (t->kind == TOKEN_IDENT || rd->local.kind != DEF_NONE))
		read_local_type(rd, t);
	if (t->c == '{') {
		sc->braces++;
	} else if (t->c == '}') {
		if (sc->braces == 0 || (sc->margin && t->margin)) {
			rd->local = (struct local_type){ .def = DEF_DROPPED };
			close_scope(rd, t->line);
			return;
		}
		sc->braces--;
		if (rd->local.def != DEF_DROPPED && sc->braces <= rd->local.braces) {
			sink_def_end(rd->sk, rd->local.def, t->line);
			rd->local.def = DEF_DROPPED;
		}
	}
}

/* After "int f(a, b)" come "int a;" and so on, then the body. */
static bool keep_knr(struct reader *rd)
{
	struct c_decl *d = &rd->decl;

	if (rd->cpp || d->assigned || d->is_typedef || d->after_body)
		return false;
	if (rd->knr_left > 0) {
		rd->knr_left--;
		return rd->knr_left > 0;
	}
	if (!c_decl_function(d, &rd->knr) || d->items[d->n - 1].c == ')')
		return false;
	rd->knr_left = KNR_MAX;
	return true;
}

static void end_declaration(struct reader *rd)
{
	c_decl_end(&rd->decl, rd->sk, parent_name(rd));
	if (rd->decl.n == 0 || !keep_knr(rd))
		rd->knr_left = 0;
	c_decl_reset(&rd->decl);
}

static bool is_access_label(const struct c_decl *d)
{
	const struct c_item *it = &d->items[0];
	struct token t = { .text = it->text.data, .len = it->text.len, .kind = TOKEN_IDENT };

	return d->n > 0 && d->n <= 2 && it->c == 0 &&
	       token_in(&t, "public private protected signals slots Q_SIGNALS Q_SLOTS");
}

static void read_declaration(struct reader *rd, const struct token *t)
{
	struct c_decl *d = &rd->decl;

	if (d->nest == 0) {
		switch (t->c) {
		case '{':
			open_brace(rd);
			return;
		case '}':
			close_scope(rd, t->line);
			return;
		case ';':
			end_declaration(rd);
			return;
		case ':':
			if (rd->cpp && is_access_label(d)) {
				c_decl_reset(d);
				return;
			}
			break;
		default:
			break;
		}
	}
	bool was = d->assigned;
	if (!c_decl_feed(d, rd->lx, t, rd->cpp)) {
		c_decl_reset(d);
		if (t->c == '}')
			close_scope(rd, t->line);
	} else if (d->assigned && !was) {
		c_decl_assigned(d, rd->sk, parent_name(rd));
	}
}

void facts_c(struct lexer *lx, struct sink *sk)
{
	struct reader rd = { .lx = lx, .sk = sk, .nscopes = 1, .local.def = DEF_DROPPED };
	struct token t;

	rd.cpp = sk->ret->lang != LANG_C && sk->ret->lang != LANG_OBJC;
	rd.scopes[0] = (struct scope){ .block = C_BLOCK_NAMESPACE, .def = DEF_DROPPED, .name = "" };
	while (lex_next(lx, &t)) {
		if (t.c == '#' && t.first) {
			directive(&rd);
			continue;
		}
		rd.any = true;
		if (rd.dead > 0)
			continue;
		if (reads_declarations(top(&rd)))
			read_declaration(&rd, &t);
		else
			read_body(&rd, &t);
	}
}
