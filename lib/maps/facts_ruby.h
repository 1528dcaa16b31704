/*
 * For the files facts_ruby*.c: the reader's state.  Nobody else includes this.
 */
#ifndef MAPS_FACTS_RUBY_H
#define MAPS_FACTS_RUBY_H

#include "maps/facts_build.h"

#define RUBY_BLOCKS_MAX 256 /* open at once; deeper ones are only counted */

enum ruby_block_kind { RUBY_PLAIN = 1, RUBY_CONDITION, RUBY_DEF, RUBY_SPACE, RUBY_SINGLETON };

/* Something that an "end" closes. */
struct ruby_block {
	uint8_t kind; /* enum ruby_block_kind */
	uint32_t def;
	const char *path; /* of a class or module: "A::B", with what is around it */
	const char *name; /* of a class or module: its own, the parent of what is inside */
};

struct ruby_reader {
	struct lexer *lx;
	struct sink *sk;
	struct token before, prev, t; /* newlines count as tokens */
	struct ruby_block blocks[RUBY_BLOCKS_MAX];
	size_t depth;       /* may pass RUBY_BLOCKS_MAX */
	bool loop;          /* the next "do" belongs to a while, until or for of this line */
	const char *under;  /* ActiveSupport's autoload_under, autoload_at: their folder or path */
	size_t under_depth; /* depth inside of that block */
	bool under_at;      /* it is the path itself */
	struct name_set constants;
};

/** @ret false at the end of the text */
bool ruby_next(struct ruby_reader *rd);

/** Go on by some tokens.  @ret false at the end of the text */
bool ruby_skip(struct ruby_reader *rd, int tokens);

/** Give rd->t back: rd->t is the one before it again. */
void ruby_back(struct ruby_reader *rd);

/** @ret "A::B" of the classes and modules around, "" at the top */
const char *ruby_scope(const struct ruby_reader *rd);

/** Whether a condition is around: what is required there may not be needed. */
bool ruby_optional(const struct ruby_reader *rd);

/** rd->t is an identifier: read it as require, load or autoload.  @ret false when it is none */
bool ruby_import(struct ruby_reader *rd);

/** rd->t is a capitalised identifier: note the constant that starts here. */
void ruby_constant(struct ruby_reader *rd);

/** rd->t is a string: note the constants of the code in it, "#{A::B}". */
void ruby_constants_of(struct ruby_reader *rd);

#endif
