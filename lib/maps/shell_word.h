/*
 * Shell words that name files: which file "$(dirname "$0")/../lib/x.sh" is.
 *
 * Nothing is run.  A word is read from its literal parts and from the expansions
 * that scripts use to find their own folder or the repository's root; variables
 * that were given such a value are remembered.  Any other expansion makes what
 * stands before the literal rest unknown.
 */
#ifndef MAPS_SHELL_WORD_H
#define MAPS_SHELL_WORD_H

#include "maps/facts_build.h"

#define SHELL_VARS_MAX 256 /* variables remembered; later ones are unknown */
#define SHELL_WORD_MAX 512 /* bytes of a word; a longer one is unknown */

enum shell_from {
	SHELL_FROM_NOWHERE = 0, /* the text is all there is: absolute, or from the working folder */
	SHELL_FROM_FILE,        /* below the script's path, with `ups` parts taken off */
	SHELL_FROM_UNKNOWN,
};

struct shell_path {
	char text[FACTS_TARGET_MAX + 1];
	size_t len;
	uint8_t from, ups;
};

struct shell_var {
	const char *name, *text;
	uint8_t from, ups;
};

struct shell_vars {
	struct shell_var *vars;
	size_t n;
};

/** Read the word at the start of @rest, which may go on behind it. */
void shell_word(const struct shell_vars *vars, struct span rest, struct shell_path *ret);

/** Remember a variable when its value, at the start of @rest, is a place. */
void shell_assign(struct shell_vars *vars, struct arena *arena, struct span name, struct span rest);

#endif
