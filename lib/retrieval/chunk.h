/*
 * Chunks: a file cut into the passages that a search finds.
 *
 *   Code      Each function and method is one, with the comment above it; so is the head of a type,
 *             up to its first method, and a constant or variable at the top of a file whose value takes
 *             several lines (a table, a statement of SQL); what is between them is one too, small
 *             neighbours joined.
 *   Prose     Each section of Markdown and reStructuredText, named by its heading; of other text
 *             pieces of some lines; of what has pages, each page.
 *   Length    What passes CHUNK_LINES lines or CHUNK_BYTES is cut into pieces, at a blank line where
 *             there is one near.
 *
 * Chunks do not overlap, and rise; what has no letter or digit is in none.  The same bytes give the
 * same chunks.  Linear in the text.
 */
#ifndef RETRIEVAL_CHUNK_H
#define RETRIEVAL_CHUNK_H

#include "maps/facts.h"

/* Rises when the same file would give other chunks or other terms: then all are made anew. */
#define CHUNK_VERSION 2

#define CHUNK_LINES    80
#define CHUNK_BYTES    6000
#define CHUNKS_MAX     20000 /* of one file; the rest of it is in none */
#define CHUNK_SYMBOLS  40    /* named of one chunk */
#define CHUNK_KIND_MAX 20

struct chunk {
	uint32_t start, end;  /* lines, from 1, both included */
	uint32_t page;        /* from 1; 0: the text has none */
	struct span text;     /* of these lines; in the file's */
	const char *kind;     /* of the definition; "section", "lines" */
	const char **symbols; /* definitions that begin in it; headings */
	const char **around; /* types that these are in; of a further piece the definition itself */
	size_t nsymbols, naround;
};

struct chunk_list {
	struct chunk *items;
	size_t n;
	bool complete; /* false: CHUNKS_MAX */
};

/**
 * Cut code.
 *
 * @facts of the text
 * @ret   lives in arena, texts in the text
 */
void chunk_code(struct arena *arena, struct span text, const struct facts *facts,
                struct chunk_list *ret);

/** Cut prose.  @lang MARKDOWN, RST; others have no headings */
void chunk_prose(struct arena *arena, enum lang lang, struct span text, struct chunk_list *ret);

/** Cut what has pages, a form feed before each but the first: a chunk lies on one page. */
void chunk_pages(struct arena *arena, struct span text, struct chunk_list *ret);

#endif
