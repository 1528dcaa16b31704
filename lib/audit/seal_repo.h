/* The statements of audit/seal.c; contracts as there. */
#ifndef AUDIT_SEAL_REPO_H
#define AUDIT_SEAL_REPO_H

#include "audit/seal.h"

NODISCARD
enum err seal_repo_run(struct ctx *cx, int64_t most, int64_t *ret);
NODISCARD
enum err seal_repo_prune(struct ctx *cx, int64_t days, int64_t most, int64_t *ret);
NODISCARD
enum err seal_repo_anchors(struct ctx *cx, int64_t after, int64_t most, struct list *ret);

#endif
