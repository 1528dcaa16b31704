/* SQL of quotas; of lib/auth alone. */
#ifndef AUTH_QUOTA_REPO_H
#define AUTH_QUOTA_REPO_H

#include "auth/quota.h"

/** @settings what holds where the tenant has no limit of its own */
NODISCARD
enum err quota_repo_read(struct ctx *cx, const struct quota *settings, struct quota *ret);
NODISCARD
enum err quota_repo_usage(struct ctx *cx, const struct quota *settings, struct quota_usage *ret);

#endif
