/* SQL of users; of lib/auth alone. */
#ifndef AUTH_USER_REPO_H
#define AUTH_USER_REPO_H

#include "auth/user.h"

/* What an attempt to sign in begins with. */
struct user_attempt {
	const char *salted; /* NULL: there is nobody to compare with */
	int64_t wait_s;     /* above 0: not now */
};
NODISCARD
enum err user_repo_begin(struct ctx *cx, const char *email, struct user_attempt *ret);

struct user_proof {
	const char *email, *proof;
	const char *new_hash;   /* NULL: the stored one stays */
	const char *old_hashes; /* text of a bytea[] */
	const char *remote, *user_agent;
};
struct user_session {
	int64_t user_id, session_id;
};
/** Returns ERR_UNAUTHENTICATED */
NODISCARD
enum err user_repo_finish(struct ctx *cx, const struct user_proof *in,
                          const unsigned char token[SECRET_HASH_BYTES], struct user_session *ret);

NODISCARD
enum err user_repo_self(struct ctx *cx, struct user *ret);
NODISCARD
enum err user_repo_tenants(struct ctx *cx, int64_t user_id, struct list *ret);
/** @version 0: any.  Returns ERR_NOT_FOUND for another version */
NODISCARD
enum err user_repo_rename(struct ctx *cx, int64_t version, const char *name, struct user *ret);
/** @ret false: the proof is wrong */
NODISCARD
enum err user_repo_change_password(struct ctx *cx, const char *proof, const char *new_hash,
                                   const unsigned char token[SECRET_HASH_BYTES], bool *ret);

/* Whom a token is for. */
struct user_token {
	int64_t user_id, tenant_id;
	const char *kind, *email, *name;
	bool has_password;
};
/** Returns ERR_NOT_FOUND */
NODISCARD
enum err user_repo_token_open(struct ctx *cx, const char *hashes, struct user_token *ret);
/** Returns ERR_NOT_FOUND, ERR_UNAUTHENTICATED */
NODISCARD
enum err user_repo_token_use(struct ctx *cx, const char *hashes, const char *proof,
                             const char *new_hash, struct user_token *ret);
NODISCARD
enum err user_repo_token_next_id(struct ctx *cx, int64_t *ret);
/** Returns ERR_NOT_FOUND, ERR_FORBIDDEN */
NODISCARD
enum err user_repo_reset_member(struct ctx *cx, int64_t member_id,
                                const unsigned char token[SECRET_HASH_BYTES],
                                struct reset_made *ret);

/* The operator's. */
NODISCARD
enum err user_repo_insert(struct ctx *cx, const struct user_new *in, const char *hash,
                          int64_t *ret_id);
NODISCARD
enum err user_repo_find(struct ctx *cx, const char *email, struct user *ret);
NODISCARD
enum err user_repo_list(struct ctx *cx, struct list *ret);
NODISCARD
enum err user_repo_set_password(struct ctx *cx, int64_t id, const char *hash);
NODISCARD
enum err user_repo_disable(struct ctx *cx, int64_t id, bool disabled);
NODISCARD
enum err user_repo_promote(struct ctx *cx, int64_t id, bool steward);
/** End every session and token of a person. */
NODISCARD
enum err user_repo_end_all(struct ctx *cx, int64_t id);
NODISCARD
enum err user_repo_reset(struct ctx *cx, int64_t id, const unsigned char token[SECRET_HASH_BYTES],
                         struct reset_made *ret);
/** @tenant name or number.  Returns ERR_NOT_FOUND */
NODISCARD
enum err user_repo_tenant(struct ctx *cx, const char *tenant, int64_t *ret_id);
/** Make or raise a membership. */
NODISCARD
enum err user_repo_join(struct ctx *cx, int64_t tenant_id, int64_t user_id, enum role role);
/** @ret owners that are active */
NODISCARD
enum err user_repo_owners(struct ctx *cx, int64_t tenant_id, int64_t *ret);

#endif
