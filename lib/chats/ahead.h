/*
 * Ahead: lines of passages that are read together, before the first of them is needed.
 *
 * Reading a file costs a confined child (maps/source.h), and an answer looks at a dozen; one child reads all of a
 * commit.  What was read once within an attempt stands for the object database: a blob's id says what is
 * in it.
 */
#ifndef CHATS_AHEAD_H
#define CHATS_AHEAD_H

#include "chats/citation.h"
#include "chats/find.h"

struct ahead_lines {
	int64_t project_id;
	const char *commit, *path, *blob;
	int64_t start, end; /* that .text has */
	bool last;          /* the file ends there */
	const char *text;
};

/* Zero is a good beginning. */
struct ahead {
	struct ahead_lines *lines; /* in the context's arena */
	size_t n;
};

/** Read the lines of passages.  What cannot be read is left to who checks it. */
void ahead_read(struct ctx *cx, struct ahead *ahead, const struct list *passages);

/** @ret what a citation cites, its end drawn in where the file ends; NULL when that was not read */
const char *ahead_find(struct ctx *cx, const struct ahead *ahead, struct citation *c);

/** As citation_check(), which is asked for what was not read. */
NODISCARD
enum err ahead_check(struct ctx *cx, const struct ahead *ahead, struct citation *c, bool *ret,
                     const char **ret_text);

#endif
