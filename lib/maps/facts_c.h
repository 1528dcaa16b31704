/*
 * The reader of C and C++: its state, shared by the files that make it up.
 *
 *   facts_c.c       the loop, the scopes, the preprocessor
 *   facts_c_decl.c  what one declaration says, once its end or its { is seen
 */
#ifndef MAPS_FACTS_C_H
#define MAPS_FACTS_C_H

#include "maps/facts_build.h"

#define C_ITEMS_MAX 256 /* tokens kept of one declaration */

/* A token of a declaration outside its parentheses; a pair of those is two items. */
struct c_item {
	struct span text;
	uint32_t line;
	char c; /* the byte; 'D' for "::", 0 for a word, '"' for a string */
	bool margin;
	bool in_angle;     /* between < and > */
	bool inner_star;   /* '(': what follows it is *, & or ^ */
	uint8_t inner_n;   /* '(': tokens inside, at most 2 */
	struct span inner; /* '(': the first word inside */
	uint32_t inner_line;
	bool inner_call;          /* '(': a word and then a *, as in (CALL *name) */
	struct span inner_second; /* the word behind that * */
};

struct c_decl {
	struct c_item items[C_ITEMS_MAX];
	size_t n;
	uint32_t nest; /* open ( [ { inside of it */
	uint32_t nest_braces;
	uint32_t angle;
	size_t open; /* item of the outermost open ( */
	bool is_typedef;
	bool assigned;   /* an = was seen: what follows is a value */
	bool after_body; /* struct { } seen: what follows are names of its type */
	uint32_t serial; /* counts resets */
};

/* A function's name within a declaration. */
struct c_function {
	struct span name, parent; /* parent: the class before "::", or empty */
	uint32_t line;
	size_t open; /* item of its parameter list; 0 when there is none */
	bool margin; /* its declaration starts in the first column */
};

enum c_block {
	C_BLOCK_UNKNOWN = 0,
	C_BLOCK_TYPE,
	C_BLOCK_NAMESPACE,
	C_BLOCK_FUNCTION,
	C_BLOCK_VALUE,
	C_BLOCK_INSIDE
};

/* What a { opens. */
struct c_opened {
	enum c_block block;
	enum def_kind kind; /* of a type */
	struct span name;   /* empty when it has none */
	uint32_t line;
	struct c_function function;
};

void c_decl_reset(struct c_decl *d);

/** Append a token.  Returns false when the declaration is broken and was given up. */
bool c_decl_feed(struct c_decl *d, struct lexer *lx, const struct token *t, bool cpp);

/** Judge the { that follows the items. */
void c_decl_open(const struct c_decl *d, bool cpp, struct c_opened *ret);

/** Note what the declaration defines without a body: its ; was seen. */
void c_decl_end(const struct c_decl *d, struct sink *sk, const char *parent);

/** Note a constant: its = was seen. */
void c_decl_assigned(const struct c_decl *d, struct sink *sk, const char *parent);

/** @ret whether the declaration has the head of a function in it */
bool c_decl_function(const struct c_decl *d, struct c_function *ret);

#endif
