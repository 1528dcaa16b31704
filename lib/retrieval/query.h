/*
 * Query: the terms that a question is looked for by.
 *
 *   said     its words and their parts, as retrieval/terms.h gives them
 *   pairs    two of its words that follow each other, as one: "check length" finds checkLength, "skip
 *            locked" finds SKIP LOCKED
 *   related  the short form in which code has a word, and the other way: configuration and config
 *
 * Those that were not said count for less.
 */
#ifndef RETRIEVAL_QUERY_H
#define RETRIEVAL_QUERY_H

#include "base/ctx.h"

#define QUERY_SAID_MAX      64  /* different terms */
#define QUERY_TERMS_MAX     160 /* with those that were not said */
#define QUERY_WORTH_PAIR    0.5
#define QUERY_WORTH_RELATED 0.4

struct query_term {
	const char *name;
	const char *
		written; /* as the query has it first; of a related one as it is; NULL: of a pair */
	const char *of;  /* of a related one: to which; NULL */
	double worth;    /* 1 when it was said */
	int64_t times;   /* in the query */
	int64_t chunks, files; /* that have it; of which a commit said it; set by the search */
	double idf, past_idf;
};

struct query_terms {
	struct query_term items[QUERY_TERMS_MAX];
	size_t n;
};

/** @ret no items: there is no word in it */
void query_read(struct arena *arena, struct span text, struct query_terms *ret);

#endif
