/* SQL of documents. */
#ifndef RETRIEVAL_DOCUMENT_REPO_H
#define RETRIEVAL_DOCUMENT_REPO_H

#include "retrieval/document.h"

NODISCARD
enum err document_repo_insert(struct ctx *cx, const struct document *in, const char *content,
                              size_t n, struct document *ret);

NODISCARD
enum err document_repo_count(struct ctx *cx, int64_t *ret);

/** Read its whole text.  Returns ERR_NOT_FOUND */
NODISCARD
enum err document_repo_read(struct ctx *cx, int64_t id, struct document_lines *ret);

/** @ret rows deleted */
NODISCARD
enum err document_repo_delete(struct ctx *cx, int64_t id, struct document *ret);

#endif
