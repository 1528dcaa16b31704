/*
 * Tokens of a file as an array, with brackets paired: what needs to look back
 * and ahead (routes, environment, tests) reads them after the single pass.
 *
 * Most look-ups are constant; those that walk over the arguments of a call or
 * back to a constant share a budget, behind which they find nothing.
 */
#ifndef MAPS_TOKENS_H
#define MAPS_TOKENS_H

#include "maps/facts_build.h"

#define TOK_NONE        UINT32_MAX
#define TOKENS_WORK_MAX 20000000u /* steps in one file; hostile ones would take their square */

struct tok {
	const char *text;
	uint32_t len, line;
	uint32_t pair;  /* of a bracket: the other one, or TOK_NONE */
	uint32_t up;    /* the bracket that is open around it, or TOK_NONE */
	uint32_t words; /* WORD_* of tap.h */
	uint8_t kind;   /* enum token_kind */
	char c;         /* TOKEN_PUNCT: the byte; else 0 */
	bool first, glued;
};

struct tokens {
	struct tok *t;
	uint32_t n;
	size_t cap;
	uint32_t open; /* while they come: the innermost open bracket */
	uint32_t any;  /* words of all of them */
	uint32_t *
		marks; /* those with a word that somebody looks for: WORD_ROUTE, WORD_ENV, WORD_TEST */
	uint32_t nmarks;
	size_t marks_cap;
	bool full;
	uint32_t work; /* steps of walks so far; none is taken beyond TOKENS_WORK_MAX */
};

/** Make room for about so many tokens, before the first. */
void tokens_expect(struct tokens *ts, struct arena *arena, size_t n);

void tokens_add(struct tokens *ts, struct arena *arena, const struct token *t, uint32_t words);

/** Take a step of the budget.  @ret false when it is used up */
bool tok_walk(struct tokens *ts);

/** @ret the token, or an empty one (kind TOKEN_END) beyond the ends */
const struct tok *tok_at(struct tokens *ts, uint32_t i);

static inline struct span tok_span(const struct tok *t)
{
	return (struct span){ t->text, t->len };
}

bool tok_is(struct tokens *ts, uint32_t i, const char *word);

/** @words separated by blanks; only identifiers are in a list */
bool tok_in(struct tokens *ts, uint32_t i, const char *words);

static inline char tok_c(struct tokens *ts, uint32_t i)
{
	return tok_at(ts, i)->c;
}

/** @ret the bracket that closes the one at @open; the number of tokens when none does */
uint32_t tok_close(struct tokens *ts, uint32_t open);

/** @ret the first token behind the comma (or newline of arguments) at @open's own depth that
 *       follows @i, or TOK_NONE when there is none before the bracket closes */
uint32_t tok_next_arg(struct tokens *ts, uint32_t open, uint32_t i);

/** @ret the first token of argument @n, counted from 0, or TOK_NONE */
uint32_t tok_arg(struct tokens *ts, uint32_t open, uint32_t n);

/** @ret where the value of a named argument starts: name = value, name: value; or TOK_NONE */
uint32_t tok_named(struct tokens *ts, uint32_t open, const char *names);

/**
 * @i    an identifier that follows a '.', "->" or "::"
 * @ret  the last token of what stands before those, or TOK_NONE
 */
uint32_t tok_before_dot(struct tokens *ts, uint32_t i);

/**
 * The literal that an argument is: one string (or several side by side, or constants of the file
 * and strings joined by +, . or &), and nothing else.
 *
 * @ret  in the arena; NULL when it is anything else or longer than @max
 */
const char *tok_literal(struct tokens *ts, struct arena *arena, uint32_t i, size_t max);

/** @ret a.b::c as written, without what follows; "" when it is no such name or longer than 100 */
const char *tok_name(struct tokens *ts, struct arena *arena, uint32_t i);

#endif
