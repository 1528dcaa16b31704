/* SQL of the audit log; of lib/audit alone. */
#ifndef AUDIT_AUDIT_REPO_H
#define AUDIT_AUDIT_REPO_H

#include "audit/audit.h"

NODISCARD
enum err audit_repo_insert(struct ctx *cx, const struct audit_act *act,
                           const struct audit_texts *texts);

/** @up oldest first */
NODISCARD
enum err audit_repo_list(struct ctx *cx, const struct audit_filter *filter, bool up,
                         struct list *ret);

#endif
