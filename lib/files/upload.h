/*
 * Uploads: bytes that a client sends as they are, on their way to what keeps them.
 *
 * A request holds one piece of them in memory at a time.  Pieces go into the database, in the transaction of the
 * request; whoever keeps the whole takes it from there with one statement, in SQL:
 *
 *     INSERT INTO app.thing (content, ...) VALUES (app.upload_content($1, $2), ...)
 *
 * and before the transaction is committed the pieces are dropped.  Nobody else ever sees them, and nothing is left
 * of an upload that was refused, cut off, or whose process died.
 *
 *   Ownership  As everywhere: what is given back lives in cx->arena.
 *   Errors     ERR_TOO_LARGE, or what base/db.h names: the first piece brings the caller's proof with it.
 */
#ifndef FILES_UPLOAD_H
#define FILES_UPLOAD_H

#include "base/db.h"

#define UPLOAD_PIECE_BYTES ((size_t)60 << 10) /* with what libpq adds, no more than 64 KiB */
#define UPLOAD_HEAD_BYTES  ((size_t)1024)

/* Where the bytes come from.  read() gives fewer than asked for only at the end. */
struct upload_source {
	size_t (*read)(void *self, char *buffer, size_t n);
	void *self;
};

/* What has come. */
struct upload {
	int64_t id; /* of its pieces; 0: it is empty, and has none */
	int64_t bytes;
	const char *media_type; /* as the client says; the edge's to set */
	const char *hash;       /* SHA-256, as hexadecimal text */
	struct span head;       /* its first bytes, at most UPLOAD_HEAD_BYTES */
	bool text;              /* it is UTF-8, without a NUL */
};

/** Take all that comes, inside a transaction.  Returns ERR_TOO_LARGE for more than max_bytes */
NODISCARD
enum err upload_take(struct ctx *cx, const struct upload_source *source, int64_t max_bytes,
                     struct upload *ret);

/** Drop the pieces; whoever keeps the content has it by now. */
NODISCARD
enum err upload_drop(struct ctx *cx, const struct upload *upload);

extern const struct db_check upload_statements[];

#endif
