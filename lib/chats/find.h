/*
 * Find: the passages that a question is about.
 *
 * Three ways, in this order, each passage once:
 *
 *   named     definitions and files that the question calls by their names, from the map
 *   searched  what retrieval/search.h finds for the question's words; first where a phrase of the question
 *             stands as it is
 *   whole     of a question about the whole: what the repository says of itself, README first
 *
 *   Order     deterministic for one index
 *   Limits    FIND_MAX passages, FIND_NAMED of them by name
 */
#ifndef CHATS_FIND_H
#define CHATS_FIND_H

#include "base/schema.h"
#include "chats/question.h"

#define FIND_MAX   14
#define FIND_NAMED 5

struct passage {
	int64_t project_id;               /* 0: of a document ... */
	int64_t document_id;              /* ... which is this */
	const char *commit, *path, *blob; /* as of a citation */
	int64_t start, end;               /* lines */
	const char *how;                  /* "named", "searched", "whole" */
	const char *kind;                 /* "function", "section", "file", ... */
	const char *symbol;               /* what is defined there; NULL: nothing, or much */
	const char *signature;            /* NULL: none */
	const char *why;                  /* for people: "name, text: parse, request" */
};

struct passages {
	struct list items; /* struct passage, the best first */
	bool complete;     /* false: something is not indexed yet, or a limit kept something out */
	bool mapped;       /* false: the project has no map yet */
	const char *
		like; /* names that are like one that was not found, ", " between them; NULL: none */
};

extern const struct schema passage_schema, passages_schema;

/**
 * @project_id 0: all of the tenant's
 * @text       the question, as it was asked
 * Returns what says nothing of the question: ERR_NOT_FOUND for a project that is gone, ERR_UNAVAILABLE, ...
 */
NODISCARD
enum err find_passages(struct ctx *cx, int64_t project_id, const char *text,
                       const struct question *q, struct passages *ret);

#endif
