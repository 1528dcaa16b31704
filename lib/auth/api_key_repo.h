/* SQL of API keys under administration; of lib/auth alone. */
#ifndef AUTH_API_KEY_REPO_H
#define AUTH_API_KEY_REPO_H

#include "auth/api_key.h"

/* A row to insert. */
struct api_key_row {
	int64_t id;
	const char *name;
	enum role role;
	const char *scopes; /* text of a text[]; NULL: all */
	unsigned char hash[SECRET_HASH_BYTES];
	int hash_key;
	const char *created_by;
	int64_t expires_us; /* 0: never */
	int64_t max;        /* most keys that work; 0: not looked at */
};

/** A fresh number; makers of keys in one tenant come one after the other from here on. */
NODISCARD
enum err api_key_repo_next_id(struct ctx *cx, int64_t *ret);

/** Returns ERR_NOT_FOUND when there are .max keys */
NODISCARD
enum err api_key_repo_insert(struct ctx *cx, const struct api_key_row *row, struct api_key *ret);

/** @lock keeps others from changing it until the transaction ends */
NODISCARD
enum err api_key_repo_get(struct ctx *cx, int64_t id, bool lock, struct api_key *ret);

NODISCARD
enum err api_key_repo_list(struct ctx *cx, const struct api_key_filter *filter, struct list *ret);

/** @overlap_hours from now, if it does not end before */
NODISCARD
enum err api_key_repo_replace(struct ctx *cx, int64_t id, int64_t by, int64_t overlap_hours,
                              struct api_key *ret);

/** Returns ERR_NOT_FOUND when it was revoked before */
NODISCARD
enum err api_key_repo_revoke(struct ctx *cx, int64_t id, struct api_key *ret);

#endif
