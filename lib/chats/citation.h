/*
 * Citations: lines of a file at a commit on which an answer rests.
 *
 * One that is shown resolves: its lines were read from the object database, at that commit and by that
 * path, and lie in the blob that is named.  So whoever follows it later finds what the answer was made of,
 * also when the branch has moved on.
 */
#ifndef CHATS_CITATION_H
#define CHATS_CITATION_H

#include "base/schema.h"

#define CITATION_WHY_MAX   300 /* characters */
#define CITATION_LINES_MAX 400 /* of one */
#define CITATIONS_MAX      64  /* of one answer */

struct citation {
	int64_t number; /* by which the text names it: [1] */
	int64_t project_id;
	const char *commit, *path; /* 40 digits; as maps show it */
	int64_t start, end;        /* lines, from 1, both included */
	const char *blob;          /* id of the file's content */
	const char *why;           /* what stands there: "function parse_request" */
};

extern const struct schema citation_schema;

/**
 * Read the lines of a citation and compare.  An end that is past the file's last line is drawn in.
 *
 * @ret      whether it resolves: the file is there, is text, and its blob is that one
 * @ret_text the lines; NULL when it does not
 * Returns only what says nothing of the citation: ERR_UNAVAILABLE, ERR_TIMEOUT, ERR_CANCELLED, ...
 */
NODISCARD
enum err citation_check(struct ctx *cx, struct citation *c, bool *ret, const char **ret_text);

#endif
