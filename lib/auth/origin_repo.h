/* SQL of origins; of lib/auth alone. */
#ifndef AUTH_ORIGIN_REPO_H
#define AUTH_ORIGIN_REPO_H

#include "auth/origin.h"

NODISCARD
enum err origin_repo_allows(struct ctx *cx, const char *origin, int64_t tenant_id, bool *ret);

#endif
