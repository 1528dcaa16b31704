/* SQL of uploads.  For lib/files only. */
#ifndef FILES_UPLOAD_REPO_H
#define FILES_UPLOAD_REPO_H

#include "files/upload.h"

/** Put a piece.  @id 0: the first one, and *ret_id is the upload's */
NODISCARD
enum err upload_repo_put(struct ctx *cx, int64_t id, int64_t number, struct span piece,
                         int64_t *ret_id);
NODISCARD
enum err upload_repo_drop(struct ctx *cx, int64_t id);

#endif
