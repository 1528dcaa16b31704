/* SQL of API keys; of lib/auth alone. */
#ifndef AUTH_KEY_REPO_H
#define AUTH_KEY_REPO_H

#include "auth/key.h"

/* The caller that the database confirms: one number, tenant * 8 + role. */
struct key_admitted {
	int64_t packed;
};

int64_t key_repo_tenant_of(const struct key_admitted *in);
enum role key_repo_role_of(const struct key_admitted *in);

/* What is kept of a new key. */
struct key_stored {
	int64_t id;
	int hash_key; /* number of the master key */
	unsigned char hash[SECRET_HASH_BYTES];
};

/* What is asked of the database; arguments of one admission, alive until it is answered. */
struct key_question {
	struct db_arg args[5];
};

/**
 * @hashes    of the key's text, as keyring_hashes() gives them
 * @tenant_id the one remembered; 0: not known.  The answer must be of that tenant.
 */
void key_repo_question(struct key_question *q, int64_t id, const char *hashes, enum role least,
                       const char *scope, int64_t tenant_id);

/** Ask now.  Returns ERR_UNAUTHENTICATED, ERR_FORBIDDEN */
NODISCARD
enum err key_repo_admit(struct ctx *cx, const struct key_question *q, struct key_admitted *ret);

/** Ask with the next statement. */
void key_repo_admit_along(struct ctx *cx, const struct key_question *q, struct key_admitted *ret,
                          void (*then)(struct ctx *cx, void *ret));

NODISCARD
enum err key_repo_tenant(struct ctx *cx, const char *name, int64_t *ret_id);
NODISCARD
enum err key_repo_next_id(struct ctx *cx, int64_t *ret);
NODISCARD
enum err key_repo_insert(struct ctx *cx, int64_t tenant_id, const char *name, enum role role,
                         const struct key_stored *key);

/** Set the time of last use of the caller's key, unless it is fresh. */
NODISCARD
enum err key_repo_used(struct ctx *cx);

/** @ret 1 when there is a key of this number that has not ended, whatever its text; as the gate */
NODISCARD
enum err key_repo_stands(struct ctx *cx, int64_t id, int64_t *ret);

#endif
