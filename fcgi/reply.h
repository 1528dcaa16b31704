/*
 * Reply: what goes back, gathered before a byte is sent.
 *
 * A handler sets the body once with one of the functions below; serve() adds
 * the headers that every answer has and sends it.  Bodies are pieces that are
 * sent one after the other, so that a large one is not copied.
 */
#ifndef REPLY_H
#define REPLY_H

#include "request.h"

#define REPLY_HEADERS_MAX 12
#define REPLY_PIECES_MAX  3
#define REPLY_JSON_MAX    ((size_t)16 * 1024 * 1024) /* bytes of an encoded body */
#define REPLY_ETAG_MAX    68                         /* bytes, quotes and NUL included */

struct header {
	const char *name, *value;
};

struct reply {
	struct ctx *cx;
	const struct request *rq;
	int status;
	const char *media; /* NULL: no body */
	struct header headers[REPLY_HEADERS_MAX];
	int nheaders;
	struct span pieces[REPLY_PIECES_MAX];
	int npieces;
	struct span kept; /* what is stored instead of the body; no data: the body */
};

/** Begin an empty answer. */
void reply_begin(struct reply *rp, struct ctx *cx, const struct request *rq);

/** Forget body and headers that a handler set before it failed. */
void reply_clear(struct reply *rp);

/** Add a header; name and value live as long as the reply. */
void reply_header(struct reply *rp, const char *name, const char *value);

/** Answer with one object. Returns ERR_LIMIT when it is too large to send. */
NODISCARD
enum err reply_json(struct reply *rp, const struct schema *s, const void *obj);

/** Answer with {"items": [...], "next_cursor": ...}. @next_cursor NULL: the last page */
NODISCARD
enum err reply_page(struct reply *rp, const struct schema *s, const void *items, size_t n,
                    const char *next_cursor);

/**
 * Say what is stored, instead of the body, for who repeats the Idempotency-Key: the same object
 * without its secret.  Routes that are .secret must; what they do not say is not stored.
 */
NODISCARD
enum err reply_keep(struct reply *rp, const struct schema *s, const void *obj);

/** Answer with text that is borrowed. */
void reply_text(struct reply *rp, const char *media, struct span text);

/**
 * Name the version of what is answered.  When the client has it, the answer becomes 304 without a
 * body and true is returned: the handler is done.
 *
 * @etag  with its quotes; copied
 */
bool reply_etag(struct reply *rp, const char *etag);

/** An ETag made of a version number: "\"7\"". */
bool reply_version(struct reply *rp, int64_t version);

/** An ETag made of what the body is; call it after the body is set. */
bool reply_content_etag(struct reply *rp);

/** @ret bytes of the body */
size_t reply_body_bytes(const struct reply *rp);

/** Write status line and headers as CGI wants them, with the empty line. */
void reply_head(struct reply *rp, struct sb *sb);

#endif
