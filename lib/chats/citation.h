/*
 * Citations: lines of a file at a commit, or of a document of the tenant's own, on which an answer rests.
 *
 * One that is shown resolves: its lines were read from the object database, at that commit and by that
 * path, and lie in the blob that is named.  So whoever follows it later finds what the answer was made of,
 * also when the branch has moved on.  Those of a document were read from what is stored of it, whose hash is
 * the one named.
 */
#ifndef CHATS_CITATION_H
#define CHATS_CITATION_H

#include "base/schema.h"

#define CITATION_WHY_MAX   300 /* characters */
#define CITATION_LINES_MAX 400 /* of one */
#define CITATIONS_MAX      64  /* of one answer */

struct citation {
	int64_t number;      /* by which the text names it: [1] */
	int64_t project_id;  /* 0: of a document ... */
	int64_t document_id; /* ... which is this; 0: of a file */
	const char *commit,
		*path; /* 40 digits, NULL of a document; as maps show it, or the document's name */
	int64_t start, end; /* lines, from 1, both included; of a PDF, of its text */
	int64_t page;       /* of a PDF, on which the first line stands; 0: it has none */
	const char *blob;   /* id of the file's content; hash of the document's */
	const char *why;    /* what stands there: "function parse_request" */
};

extern const struct schema citation_schema;

/**
 * Read the lines of a citation and compare.  An end that is past the file's last line is drawn in.
 *
 * @c        its end, its page and the name of its document are set
 * @ret      whether it resolves: the file is there, has text, and its blob is that one
 * @ret_text the lines; NULL when it does not
 * Returns only what says nothing of the citation: ERR_UNAVAILABLE, ERR_TIMEOUT, ERR_CANCELLED, ...
 */
NODISCARD
enum err citation_check(struct ctx *cx, struct citation *c, bool *ret, const char **ret_text);

/** @ret where it is, for people: "lib/parse.c:3-6", "manual.pdf, page 3" */
const char *citation_place(struct arena *arena, const struct citation *c);

/* How a model names a document: as the folder of its number. */
#define CITATION_DOCUMENT "document/"

/** @ret the number of the document that a path names so; 0: it names a file */
int64_t citation_document(const char *path);

#endif
