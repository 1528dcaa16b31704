/* SQL of sessions; of lib/auth alone. */
#ifndef AUTH_SESSION_REPO_H
#define AUTH_SESSION_REPO_H

#include "auth/session.h"

/* The caller that the database confirms. */
struct session_admitted {
	int64_t tenant_id, user_id, session_id, role;
	const char *email;
	bool seen_due; /* its last use is to be written */
};

/** Ask with the next statement.  @hashes lives until then; @least 0: no role is asked for */
void session_repo_admit_along(struct ctx *cx, const char *hashes, int64_t least, int64_t tenant_id,
                              struct session_admitted *ret,
                              void (*then)(struct ctx *cx, void *ret));
NODISCARD
enum err session_repo_seen(struct ctx *cx);
NODISCARD
enum err session_repo_list(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret);
/** Returns ERR_NOT_FOUND */
NODISCARD
enum err session_repo_delete(struct ctx *cx, int64_t id);
NODISCARD
enum err session_repo_delete_others(struct ctx *cx, int64_t *ret_n);

#endif
