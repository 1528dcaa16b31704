/*
 * Retrieval: passages of a tenant's repositories and documents, by what they say.
 *
 * A passage (a hit) is a piece of one file at one commit: a definition, a section,
 * or some lines.  It carries what a citation needs, and why it was found.
 *
 *   Tenancy    Of the caller's tenant alone, also with "all projects".
 *   Ownership  Results live in cx->arena.
 *   Empty      No hit is an answer: ERR_OK with no items.
 *   Order      Best first; the same index and query give the same order.
 *   Meaning    With an embedding model what means the same is found as well, whatever its words; without
 *              one, or when its provider fails, words alone are looked for, and the answer says so.
 *   Time       At most a few statements; of the network, one call of the embedding model, within
 *              search_embed_ms.  Not inside a transaction.
 */
#ifndef RETRIEVAL_SEARCH_H
#define RETRIEVAL_SEARCH_H

#include "base/ctx.h"
#include "base/db.h"
#include "base/schema.h"

#define RETRIEVAL_QUERY_MAX 2000 /* characters of what is looked for */
#define RETRIEVAL_TOP_MAX   100
#define RETRIEVAL_TOP       10
#define RETRIEVAL_TEXT_MAX  4000 /* bytes of a hit's text; whole lines */

struct retrieval_query {
	const char *text;     /* words, identifiers, or a whole question */
	int64_t project_id;   /* 0: all of the tenant, and its documents */
	int64_t top_k;        /* 1 to RETRIEVAL_TOP_MAX; 0: RETRIEVAL_TOP */
	const char *path;     /* only of this folder or file; NULL: any */
	const char *language; /* as in maps, "Python"; NULL: any */
	const char *source;   /* "code", "doc", "document"; NULL: any */
};

struct retrieval_hit {
	int64_t project_id;           /* 0: of a document */
	int64_t document_id;          /* 0: of a repository */
	const char *commit;           /* 40 digits at which it was read; NULL of a document */
	const char *path;             /* as maps show it; of a document its name */
	int64_t start_line, end_line; /* from 1, both included */
	int64_t page;                 /* of a PDF; 0: it has none */
	const char *blob;     /* id of the file's blob; of a document the hash of its text */
	const char *language; /* NULL: none known */
	const char *source;   /* "code", "doc" (in a repository), "document" */
	const char *kind;     /* "function", "class", ..., "section", "lines" */
	int64_t score;        /* millionths; compares hits of one answer only */
	struct list symbols;  /* const char *: what is defined in it */
	struct list why;      /* const char *: "symbol:parse", "path:lib", "text:buffer", ... */
	const char *text;     /* the lines, RETRIEVAL_TEXT_MAX at most */
	const char
		*past; /* subjects of commits that changed the file, 0x1e between; not in replies */
};

struct retrieval_found {
	struct list items; /* struct retrieval_hit */
	bool complete;     /* false: something is not indexed yet, or a limit kept something out */
	/* Whether meaning counted: "used"; "off", there is no model; "waiting", nothing has a vector yet;
	   "unavailable", the provider failed; "too_many", to compare them without an index. */
	const char *meaning;
	const char *meaning_problem; /* of "unavailable"; else NULL */
};

extern const struct schema retrieval_hit_schema, retrieval_found_schema;

/**
 * Look for passages.
 *
 * Returns ERR_NOT_FOUND for a project that is not there, ERR_INVALID (blames ?q) for a query without
 *         a word in it
 */
NODISCARD
enum err retrieval_search(struct ctx *cx, const struct retrieval_query *query,
                          struct retrieval_found *ret);

extern const struct db_check retrieval_statements[];

#endif
