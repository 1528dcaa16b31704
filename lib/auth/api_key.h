/*
 * API keys, administered: made, listed, replaced, revoked.
 *
 * Who asks can hand on no more than they have: no role above their own, and when they are a key
 * with scopes, no scope beyond those.  So a key of a higher role can also not be replaced
 * (which would show its successor's text) or revoked.
 *
 *   Ownership  What *ret points to lives in cx->arena and ends with the request.
 *   Tenancy    The id of another tenant's key is an unknown id.
 *   Errors     Those named here, or ERR_UNAVAILABLE when the database is away.
 *   Time       One short transaction.
 */
#ifndef AUTH_API_KEY_H
#define AUTH_API_KEY_H

#include "auth/key.h"
#include "events/event.h"

#define API_KEY_NAME_MAX   100 /* characters */
#define API_KEY_SCOPES_MAX 50
#define API_KEY_DAYS_MAX   3650
#define API_KEY_LIST_MAX   200

/* What a client sends to make one. */
struct api_key_new {
	const char *name;
	const char *role;
	struct list scopes;      /* const char *; none: all that the role may */
	int64_t expires_us;      /* 0: see below */
	int64_t expires_in_days; /* 0: never, unless expires_us is set */
};

/* What a client sends to replace one. */
struct api_key_rotation {
	int64_t overlap_hours; /* -1: the setting key_overlap_hours */
};

struct api_key {
	int64_t id;
	const char *name;
	const char *prefix; /* how its text begins: "pk_7_" */
	const char *role;
	struct list scopes; /* const char *; NULL items: all that the role may */
	const char *created_by;
	const char *status; /* active, expired, revoked */
	int64_t created_us, expires_us, last_used_us, revoked_us;
	int64_t rotated_to; /* the key that replaces it; 0: none */
	const char *key;    /* of a new one, once: its text */
};

struct api_key_filter {
	const char *status; /* NULL: any */
	int64_t before_id;  /* 0: from the newest */
	int64_t limit;      /* 1 to API_KEY_LIST_MAX + 1 */
};

extern const struct schema api_key_new_schema, api_key_rotation_schema;
extern const struct schema api_key_schema;      /* without .key */
extern const struct schema api_key_made_schema; /* with it */

extern const struct event_kind api_key_created, api_key_rotated, api_key_revoked;

/**
 * Make a key of the caller's tenant.
 * @ret with its text in .key
 * Returns ERR_INVALID (an end in the past, or said twice), ERR_FORBIDDEN (more than the caller
 *         has), ERR_LIMIT (api_keys_max)
 */
NODISCARD
enum err api_key_create(struct ctx *cx, const struct api_key_new *in, struct api_key *ret);

/** Returns ERR_NOT_FOUND */
NODISCARD
enum err api_key_get(struct ctx *cx, int64_t id, struct api_key *ret);

/** @ret struct api_key, newest first */
NODISCARD
enum err api_key_list(struct ctx *cx, const struct api_key_filter *filter, struct list *ret);

/**
 * Make a key that replaces another: same name, role and scopes, and the same time to live from
 * now.  The other one works on for the overlap, and then no more.
 * @ret the new one, with its text
 * Returns ERR_NOT_FOUND, ERR_FORBIDDEN, ERR_STATE (revoked, expired or already replaced)
 */
NODISCARD
enum err api_key_rotate(struct ctx *cx, int64_t id, const struct api_key_rotation *in,
                        struct api_key *ret);

/** End a key at once.  Returns ERR_NOT_FOUND, ERR_FORBIDDEN, ERR_STATE (it is revoked) */
NODISCARD
enum err api_key_revoke(struct ctx *cx, int64_t id);

/**
 * The key with which the caller asks.
 * @ret its id, for the functions above
 * Returns ERR_NOT_FOUND when the caller is a person
 */
NODISCARD
enum err api_key_own(struct ctx *cx, int64_t *ret_id);

extern const struct db_check api_key_statements[];

#endif
