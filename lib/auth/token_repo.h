/* SQL of tokens; of lib/auth alone. */
#ifndef AUTH_TOKEN_REPO_H
#define AUTH_TOKEN_REPO_H

#include "auth/token.h"

/* A family of refresh tokens. */
struct token_family {
	int64_t id, key_id;
	int64_t expires_us;
};

extern const struct schema token_family_schema;

/* What became of a refresh token. */
struct token_taken {
	int64_t tenant_id, key_id, expires_us;
	bool reused; /* it was used before: the family has ended */
};

/* The caller that the database confirms. */
struct token_admitted {
	int64_t tenant_id, key_id, role;
};

/* What is asked of the database; arguments of one admission, alive until it is answered. */
struct token_question {
	struct db_arg args[5];
};

/** Begin a family of a key; families that are over, and the oldest beyond the limit, go. */
NODISCARD
enum err token_repo_begin(struct ctx *cx, int64_t key_id, int64_t days, struct token_family *ret);

/** Store the first token of a family. */
NODISCARD
enum err token_repo_first(struct ctx *cx, int64_t family_id,
                          const unsigned char hash[SECRET_HASH_BYTES]);

/**
 * Use a token and store the next.
 * @hashes of its text, as the text of a bytea[]
 * Returns ERR_UNAUTHENTICATED
 */
NODISCARD
enum err token_repo_take(struct ctx *cx, int64_t family_id, const char *hashes,
                         const unsigned char next[SECRET_HASH_BYTES], struct token_taken *ret);

/** End the family of a token.  Returns ERR_NOT_FOUND when there is no such one that lives */
NODISCARD
enum err token_repo_revoke(struct ctx *cx, int64_t family_id, const char *hashes,
                           struct token_taken *ret);

/** Ask with the next statement. */
void token_repo_admit_along(struct ctx *cx, const struct token_question *q,
                            struct token_admitted *ret, void (*then)(struct ctx *cx, void *ret));

#endif
