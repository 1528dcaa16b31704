/*
 * The reader of JavaScript and TypeScript: its state, shared by the files that
 * make it up.
 *
 *   facts_js.c         the loop, the brackets, functions and types
 *   facts_js_bare.c    signatures without a body, and what goes before one
 *   facts_js_import.c  import, export ... from, require
 *   facts_js_script.c  the scripts within Vue and Svelte files
 */
#ifndef MAPS_FACTS_JS_H
#define MAPS_FACTS_JS_H

#include "maps/facts_build.h"

#define JS_SCOPES_MAX 256
#define JS_CHAIN_MAX  4 /* words of a.b.c that are kept */

enum js_scope_kind {
	JS_OTHER = 0, /* ( [ and object literals */
	JS_BLOCK,
	JS_CONDITION, /* try, catch, if, else */
	JS_FUNCTION,
	JS_CLASS,
	JS_NAMESPACE,
};

struct js_scope {
	uint8_t kind;
	char open;
	uint32_t def;
	const char *name; /* of a class */
};

/* What the next { at this depth opens. */
struct js_pending {
	bool set;
	size_t depth;
	struct js_scope scope;
	struct token name; /* defined when the body comes */
	uint8_t def_kind;  /* DEF_NONE: nothing is to be defined */
	bool signature;    /* it may end without a body */
	const char *parent;
};

struct js_reader {
	struct lexer *lx;
	struct sink *sk;
	struct word_filter words; /* those that start something */
	bool typescript;
	struct token prev, t, next;
	struct js_scope scopes[JS_SCOPES_MAX];
	size_t depth; /* may pass the maximum: those are only counted */
	size_t nconditions;
	struct js_pending pending;

	/* The statement or member being read. */
	bool condition; /* its { opens a conditional block */
	bool is_const, is_declared;
	struct token chain[JS_CHAIN_MAX]; /* a.b.c at its start */
	size_t nchain;
	bool chain_open;         /* the chain may still grow */
	bool chain_ends;         /* its last word stands in front of the = */
	struct token variable;   /* name of const, let, var at the top */
	const char *value_start; /* the value's first token */
	bool value_arrow;        /* its parameters are read: an => comes */
	size_t value_paren;      /* depth of the ( that a value starts with, plus one; 0: none */
	uint32_t const_def;      /* of the variable, as long as its value may be a function */
	size_t arrow_depth;
	uint32_t arrow_def; /* an arrow function without braces, open until the ; */

	/* Definitions without a body that stand last, all of one name. */
	uint32_t bare_first, bare_end;
	struct token bare_name;
};

/** The body of an arrow function that has no name.  In a type, (x: T) => U, it never comes. */
static inline bool js_awaits_arrow(const struct js_reader *rd)
{
	const struct js_pending *pd = &rd->pending;

	return pd->set && pd->depth == rd->depth && pd->scope.kind == JS_FUNCTION &&
	       pd->scope.def == DEF_DROPPED && !pd->def_kind;
}

/**
 * A signature ends before its body has come: it is defined as long as none of that name with a
 * body follows at once, of which it is an overload.
 */
void js_bare_signature(struct js_reader *rd);

/** A scope closes, NULL one that is not kept: what it awaits does not come. */
void js_bare_close(struct js_reader *rd, const struct js_scope *sc);

/** A body of that name comes: signatures of it right before are no definitions. */
void js_bare_end(struct js_reader *rd, const struct token *name);

/** <T extends {...} = {...}> behind the name of a function or type: rd->next is the <. */
void js_skip_type_parameters(struct js_reader *rd);

/** Take one token: prev, t and next move on.  Returns false at the end. */
bool js_advance(struct js_reader *rd);

/** rd->t is a word that may start an import or export; consumes what it reads. */
bool js_import(struct js_reader *rd);

/** rd->prev is "async": whether a value begins with it, as in "return async function f() {}". */
bool js_async_is_value(const struct js_reader *rd);

/** Note what a triple-slash comment refers to; for lexer.on_comment, @arg is the reader. */
void js_reference(void *arg, struct span text, uint32_t line);

#endif
