/* SQL of documents. */
#ifndef RETRIEVAL_DOCUMENT_REPO_H
#define RETRIEVAL_DOCUMENT_REPO_H

#include "retrieval/document.h"

NODISCARD
enum err document_repo_insert(struct ctx *cx, const struct document *in, const char *content,
                              size_t n, struct document *ret);

/** The same of the pieces of an upload, which stay. */
NODISCARD
enum err document_repo_take(struct ctx *cx, const struct document *in, int64_t upload_id,
                            struct document *ret);

/**
 * Read some lines; they are cut by the database, where the whole is.
 * @ret all but .from and .to; .page counts the form feeds before .text.  Returns ERR_NOT_FOUND
 */
NODISCARD
enum err document_repo_read(struct ctx *cx, int64_t id, int64_t from, int64_t to,
                            struct document_lines *ret);

/** @ret rows deleted */
NODISCARD
enum err document_repo_delete(struct ctx *cx, int64_t id, struct document *ret);

#endif
