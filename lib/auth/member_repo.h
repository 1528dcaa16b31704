/* SQL of members; of lib/auth alone. */
#ifndef AUTH_MEMBER_REPO_H
#define AUTH_MEMBER_REPO_H

#include "auth/member.h"
#include "base/secret.h"

/* Answers of member_repo_invite() that are no id. */
#define MEMBER_IS_ONE   0    /* active already, or disabled */
#define MEMBER_IS_ABOVE (-1) /* invited to a role above that of who acts */

/** Be the only one who changes members of the tenant, until the transaction ends. */
NODISCARD
enum err member_repo_lock(struct ctx *cx);
/** @ret the present role of the person of the context; 0: none */
NODISCARD
enum err member_repo_own_role(struct ctx *cx, int64_t *ret);
/** @ret owners that are active and whose account is not disabled */
NODISCARD
enum err member_repo_owners(struct ctx *cx, int64_t *ret);
/** @ret members and who is invited; true until the end of the transaction that holds the lock */
NODISCARD
enum err member_repo_count(struct ctx *cx, int64_t *ret);
/** @ret the member, or one of the answers above */
NODISCARD
enum err member_repo_invite(struct ctx *cx, const struct member_new *in, enum role actor,
                            enum role role, const unsigned char hash[SECRET_HASH_BYTES],
                            int64_t hours, int64_t *ret_id);
NODISCARD
enum err member_repo_get(struct ctx *cx, int64_t id, struct member *ret);
NODISCARD
enum err member_repo_list(struct ctx *cx, const struct member_filter *filter, struct list *ret);
/** Returns ERR_NOT_FOUND */
NODISCARD
enum err member_repo_set_role(struct ctx *cx, int64_t id, enum role role);
/** @ret false: they are only invited, and stay so */
NODISCARD
enum err member_repo_disable(struct ctx *cx, int64_t id, bool disabled, bool *ret);
/** Returns ERR_NOT_FOUND */
NODISCARD
enum err member_repo_delete(struct ctx *cx, int64_t id);

#endif
