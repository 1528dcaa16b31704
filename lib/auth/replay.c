/* Idempotency keys: claim, compare, store. */
#include "auth/replay_repo.h"

#include <inttypes.h>
#include <string.h>

bool replay_key_is_sound(const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < n; i++) {
		if (key[i] < 0x20 || key[i] > 0x7E)
			return false;
	}
	return n >= 1 && n <= REPLAY_KEY_MAX;
}

/* The key as it is stored: behind whoever asks, which nobody but the database can tell of a person. */
static enum err own(struct ctx *cx, const char **key)
{
	const struct who *who = &cx->who;

	if (who->actor == NULL)
		TRY(db_flush(cx));
	assert(who->actor != NULL);
	*key = who->user_id != 0
	               ? arena_printf(cx->arena, "user:%" PRId64 " %s", who->user_id, *key)
	               : arena_printf(cx->arena, "%s %s", who->actor, *key);
	return ERR_OK;
}

enum err replay_claim(struct ctx *cx, const char *key, const char *hashes, int64_t hours,
                      struct replay_answer *ret, bool *ret_found)
{
	struct replay_row row;
	int64_t locked = 0;
	enum err e;

	TRY(own(cx, &key));
	TRY(replay_repo_lock(cx, key, &locked));
	if (locked == 0) {
		err_set(cx, ERR_IN_FLIGHT, "A request with this Idempotency-Key is being served.");
		err_fix(cx, "Repeat the request in a moment: it gets the same answer.");
		return ERR_IN_FLIGHT;
	}
	e = replay_repo_get(cx, key, hours, &row);
	if (e == ERR_NOT_FOUND) {
		err_clear(cx);
		*ret_found = false;
		return ERR_OK;
	}
	TRY(e);
	if (strstr(hashes, row.request_hash) == NULL) {
		err_set(cx, ERR_KEY_REUSED, "The key was used with another path, query or body.");
		err_fix(cx, "Take a new key for each new request.");
		return ERR_KEY_REUSED;
	}
	*ret = (struct replay_answer){ .status = row.status,
		                       .headers = row.headers,
		                       .body = row.body };
	*ret_found = true;
	return ERR_OK;
}

enum err replay_store(struct ctx *cx, const char *key, const unsigned char hash[SECRET_HASH_BYTES],
                      const struct replay_answer *answer)
{
	char hex[SECRET_HEX_MAX];
	struct replay_row row = { .request_hash = hex,
		                  .status = answer->status,
		                  .headers = answer->headers,
		                  .body = answer->body };

	TRY(own(cx, &key));
	secret_hex(hash, SECRET_HASH_BYTES, hex);
	return replay_repo_put(cx, key, &row);
}
