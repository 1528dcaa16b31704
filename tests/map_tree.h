/*
 * Map tree: files given as text, read and resolved as the analyser does it,
 * without a repository.  What comes out is text, to be compared as a whole.
 */
#ifndef TESTS_MAP_TREE_H
#define TESTS_MAP_TREE_H

#include "fixture.h"
#include "maps/resolve.h"

struct tree_file {
	const char *path, *text;
};

#define TREE_FILES_MAX 16

/* One case of a table: files up to the first without a path, and what must come out. */
struct tree_case {
	const char *why;
	struct tree_file files[TREE_FILES_MAX];
	const char *edges;  /* lines "from:line to rule", in the order of resolve.h */
	const char *misses; /* lines "from:line target reason [external]" */
};

/** Read and resolve files; they are sorted by path first. */
void tree_resolve(struct ctx *cx, const struct tree_file *files, size_t n, struct resolve_in *in,
                  struct resolve_out *out);

/** Run cases and fail at the first that differs, naming it. */
void tree_check(struct ctx *cx, const struct tree_case *cases, size_t n);

#endif
