/*
 * Cut: portolan-analyse reads blobs and hands over their chunks.
 *
 * With the word "chunks" it gets a struct cut_request and answers with a bundle of two parts, one row a
 * line, columns between tabs:
 *
 *   files   of each file asked for, in that order: language ("" when unknown), source ("code", "doc",
 *           "" when there is nothing to find in it), chunks
 *   chunks  of these, in order: first line, last line, page, kind, symbols, types around them (0x1f
 *           between), text
 *
 * In texts a line feed is 0x1e and a tab 0x1d; other control characters are blanks.  What is binary,
 * generated, vendored, a pointer of Git LFS, too large, missing or damaged has no chunks.  A PDF is cut by its
 * pages (maps/pdf.h); its language is "PDF".
 *
 * With the word "pdf" it gets the limits of maps/pdf.h and, behind a line feed, the bytes of one PDF; it
 * answers with one part, `text`.
 *
 * With the word "subjects" it gets a struct subjects_request and answers with one part, `subjects`:
 * the lines of maps/subjects.h.
 */
#ifndef RETRIEVAL_CUT_H
#define RETRIEVAL_CUT_H

#include "base/schema.h"
#include "maps/bundle.h"
#include "maps/pdf.h"
#include "retrieval/chunk.h"

#define CUT_FILES_MAX    400                /* of one request */
#define CUT_BATCH_BYTES  ((size_t)16 << 20) /* of the blobs of one request, but for one alone */
#define CUT_OUTPUT_BYTES ((size_t)40 << 20)
#define CUT_LINE         '\x1e'
#define CUT_TAB          '\x1d'
#define CUT_SYMBOL       '\x1f'

/* A file to be cut. */
struct cut_file {
	const char *oid;  /* 40 digits */
	const char *path; /* tells the language */
};

struct cut_request {
	const char *directory; /* absolute, of the bare repository */
	int64_t max_blob_bytes;
	struct pdf_limits *pdf;
	struct list files; /* struct cut_file, CUT_FILES_MAX at most */
};

struct subjects_request {
	const char *directory, *commit;
	int64_t max_commits;
};

extern const struct schema cut_request_schema, subjects_request_schema;

/** @ret whether a file of the request is a PDF that may be read */
bool cut_needs_pdf(const struct cut_request *in);

/**
 * In portolan-analyse: read and cut the files; scan_init() and sandbox_enter() are done.
 * @pdf NULL: PDFs are not read
 * Returns ERR_REPO_NOT_GIT, ERR_LIMIT
 */
NODISCARD
enum err cut_files(struct ctx *cx, const struct cut_request *in, struct pdf *pdf,
                   struct bundle *ret);

/**
 * In portolan-analyse: read the subjects of commits, likewise.
 * Returns what subjects_read() returns, ERR_REPO_NOT_GIT, ERR_LIMIT
 */
NODISCARD
enum err cut_subjects(struct ctx *cx, const struct subjects_request *in, struct bundle *ret);

/** Append the rows of a text's chunks, as in the part `chunks`.  @ret how many */
size_t cut_rows(struct sb *sb, const struct chunk_list *chunks);

#endif
