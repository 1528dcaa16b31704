/*
 * Documents: texts of a tenant's own that the search finds beside its repositories.
 *
 * A document is stored as it was sent and never changes; a job cuts it (retrieval/indexing.h).  Until then
 * its status is "pending".  A PDF is read by the job, in a sandbox (maps/pdf.h): one that cannot be is "failed".
 *
 *   Kinds   text/plain, text/markdown, in UTF-8; application/pdf.
 *   Limits  The setting documents_max for a tenant; the size is bounded by that of a request, of bytes that are
 *           sent as they are by upload_max_bytes, of a PDF by pdf_max_bytes, and all together by what is left
 *           of the tenant's storage.
 */
#ifndef RETRIEVAL_DOCUMENT_H
#define RETRIEVAL_DOCUMENT_H

#include "events/event.h"
#include "files/upload.h"

#define DOCUMENT_NAME_MAX 200
#define DOCUMENT_LIST_MAX 201
#define DOCUMENT_READ_MAX 1000000 /* characters of lines that are read */
#define DOCUMENT_PDF      "application/pdf"

/* What a client sends; one of text and content. */
struct document_new {
	const char *name;       /* unique within the tenant */
	const char *media_type; /* NULL: by the name's ending */
	const char *text;
	const char *content; /* bytes in base64 */
};

struct document {
	int64_t id;
	const char *name, *media_type;
	int64_t bytes;
	const char *hash;
	const char *status; /* "pending", "ready", "failed" */
	const char *created_by;
	int64_t created_us;
	int64_t chunks;
	int64_t pages;                          /* of a PDF that was read; 0: unknown */
	const char *error_type, *error_message; /* why it failed */
};

/* Lines of one that are read. */
struct document_lines {
	int64_t from, to; /* in: wanted, from 1; out: given */
	int64_t lines;    /* that it has */
	const char *name, *media_type, *hash;
	int64_t page;     /* of a PDF, on which the first of them stands; 0: it has none */
	const char *text; /* whole lines; NULL: there are none yet */
};

/* One that a job reads. */
struct document_content {
	int64_t id;
	const char *name, *media_type, *hash;
	const char *content; /* hexadecimal */
};

extern const struct schema document_new_schema, document_schema;
extern const char *const document_types[]; /* NULL ends them */
extern const struct event_kind document_created, document_deleted;

/**
 * Store a document and have it indexed, in one transaction; bell_ring() follows.
 *
 * Returns ERR_INVALID blaming the field, ERR_CONFLICT when the tenant has a document of that name,
 *         ERR_LIMIT when it may have no more
 */
NODISCARD
enum err document_create(struct ctx *cx, const struct document_new *in, struct document *ret);

/**
 * The same of bytes that were sent as they are, in their transaction.
 *
 * @upload  its media type is one of document_types; its pieces are left
 */
NODISCARD
enum err document_take(struct ctx *cx, const char *name, const struct upload *upload,
                       struct document *ret);

/** Returns ERR_NOT_FOUND */
NODISCARD
enum err document_get(struct ctx *cx, int64_t id, struct document *ret);

/** The one of a name.  Returns ERR_NOT_FOUND */
NODISCARD
enum err document_find(struct ctx *cx, const char *name, struct document *ret);

/**
 * Read some lines of a document: of a PDF, of its text.
 *
 * @lines  .from and .to say which; a .to past the end is drawn in, and so many characters as
 *         DOCUMENT_READ_MAX says are given at most
 * Returns ERR_NOT_FOUND, ERR_INVALID (blames ?from) when it has not so many lines
 */
NODISCARD
enum err document_read(struct ctx *cx, int64_t id, struct document_lines *lines);

/** @ret items are struct document, newest first; ids below before_id when not 0 */
NODISCARD
enum err document_list(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret);

/** It is not found any more from then on; a job takes its chunks away.  Returns ERR_NOT_FOUND */
NODISCARD
enum err document_delete(struct ctx *cx, int64_t id);

/* --- For the job --- */

/** @ret the next document that waits; ERR_NOT_FOUND: none does */
NODISCARD
enum err document_next(struct ctx *cx, int64_t after, struct document_content *ret);

/** Documents can be found now.  @ids an array */
NODISCARD
enum err document_ready(struct ctx *cx, const char *ids);

/** Keep the text of a PDF. */
NODISCARD
enum err document_extracted(struct ctx *cx, int64_t id, struct span text, int64_t pages);

/** A document cannot be read. */
NODISCARD
enum err document_failed(struct ctx *cx, int64_t id, const struct fault *why);

/** Chunks of documents that are no more are dead. */
NODISCARD
enum err document_gone(struct ctx *cx);

extern const struct db_check document_statements[];

#endif
