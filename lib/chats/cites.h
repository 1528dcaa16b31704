/*
 * Cites: the places that a model names in its answer, looked up while it writes.
 *
 *     [lib/parse.c:3-6]   [lib/parse.c:3]   [7:lib/parse.c:3-6]   [a.c:1-2, b.c:3]   [document/4:3-6]
 *
 * A place that resolves becomes `lib/parse.c:3-6` [1], or `manual.pdf, page 3` [1]; one that does not is taken out.  So is a bare number in
 * brackets, which would be taken for a citation of ours.  What stands in code (backticks, fences) is left as
 * it is, and so is all else in brackets.
 *
 *   Streaming  Text is handed on as it comes, but for what follows an open bracket: at most CITES_HELD_MAX
 *              bytes are held until it closes.  However the text is cut, the same comes out.
 *   Time       linear, besides what resolving costs
 */
#ifndef CHATS_CITES_H
#define CHATS_CITES_H

#include "base/ctx.h"
#include "base/sb.h"

#define CITES_HELD_MAX 400 /* bytes between brackets; a longer text there is no place */
#define CITES_EACH_MAX 8   /* places in one pair of brackets */

/* A place as a model names it. */
struct place_named {
	int64_t project_id; /* 0: not said */
	const char *path;
	int64_t start, end;
	const char *shown; /* set by .resolve: how it is shown; NULL: as it was named */
};

struct cites {
	struct ctx *cx;
	void *arg;
	/* Some text is ready. */
	enum err (*say)(void *arg, const char *text, size_t n);
	/* Look a place up.  @ret_number 0: it does not resolve */
	enum err (*resolve)(void *arg, struct place_named *place, int64_t *ret_number);

	char held[CITES_HELD_MAX + 1]; /* from an open bracket on */
	size_t nheld;
	size_t ticks;    /* backticks in a row that have just been seen */
	size_t code;     /* how many opened the code that is being written; 0: it is none */
	char before;     /* the byte before the bracket */
	int64_t dropped; /* bare numbers that were taken out */
};

/** Begin; .cx, .arg, .say and .resolve are set. */
void cites_begin(struct cites *c);

/** Take some more.  Returns what .say and .resolve do */
NODISCARD
enum err cites_feed(struct cites *c, const char *text, size_t n);

/** The text is over: what is held goes out as it is. */
NODISCARD
enum err cites_finish(struct cites *c);

/**
 * Read one place.
 * @text writable; the path is a part of it
 * @ret  false when it is none
 */
bool cites_read(char *text, struct place_named *ret);

#endif
