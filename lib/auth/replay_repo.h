/* The statements of auth/replay.c; contracts as there. */
#ifndef AUTH_REPLAY_REPO_H
#define AUTH_REPLAY_REPO_H

#include "auth/replay.h"

/* A stored answer and the request it belongs to. */
struct replay_row {
	const char *request_hash; /* hex */
	int64_t status;
	const char *headers, *body;
};

/** @ret 1 when the key is now this transaction's, 0 when it is another's */
NODISCARD
enum err replay_repo_lock(struct ctx *cx, const char *key, int64_t *ret);

/** Returns ERR_NOT_FOUND when there is none younger than that */
NODISCARD
enum err replay_repo_get(struct ctx *cx, const char *key, int64_t hours, struct replay_row *ret);

/** One that is too old is replaced. */
NODISCARD
enum err replay_repo_put(struct ctx *cx, const char *key, const struct replay_row *row);

#endif
