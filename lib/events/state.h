/*
 * State by key: small JSON values that agents and clients share, where a stale writer loses.
 *
 * A key is a name like project:17 or project:17:plan.  Each change raises its version and is told as
 * state.changed in the same transaction, so that who follows the log need not ask; for a key of a project
 * that exists, the event is the project's.  A version is never used again, also when the key is deleted and
 * made anew.
 *
 *   Ownership  What is returned lives in cx->arena; arguments are borrowed for the call.
 *   Tenancy    Another tenant's key is an unknown key.
 *   Bell       Ring it after what changes something.
 */
#ifndef EVENTS_STATE_H
#define EVENTS_STATE_H

#include "events/event.h"

#define STATE_KEY_MAX  200         /* characters: letters, digits, and . _ : - */
#define STATE_DATA_MAX (64 * 1024) /* bytes of JSON */
#define STATE_PAGE_MAX 200

/* Instead of the version that a change names. */
#define STATE_ANY    INT64_C(0)  /* whatever is there */
#define STATE_ABSENT INT64_C(-1) /* nothing must be there */

struct state {
	int64_t id;
	const char *key;
	int64_t project_id, version;
	const char *data; /* JSON text */
	int64_t updated_us;
};
extern const struct schema state_schema;

struct state_new {
	const char *data;
};
extern const struct schema state_new_schema;

/* Told of a change. */
struct state_told {
	const char *key;
	int64_t version;
	const char *data; /* JSON text; NULL when it was deleted */
	bool deleted;
};
extern const struct event_kind state_changed;

/** @ret whether a text may be a key */
bool state_key_is_sound(const char *key);

/** Returns ERR_NOT_FOUND */
NODISCARD
enum err state_get(struct ctx *cx, const char *key, struct state *ret);

/**
 * Set a key.
 *
 * @version the one that the caller has seen; STATE_ANY: there must be one; STATE_ABSENT: there must be none
 * Returns ERR_NOT_FOUND, ERR_STALE, ERR_INVALID ("/data") when it is larger than STATE_DATA_MAX, ERR_LIMIT
 *         when the tenant has as many keys as the setting state_keys_max says
 */
NODISCARD
enum err state_put(struct ctx *cx, const char *key, int64_t version, const struct state_new *in,
                   struct state *ret);

/** Returns ERR_NOT_FOUND, ERR_STALE */
NODISCARD
enum err state_delete(struct ctx *cx, const char *key, int64_t version);

struct state_filter {
	const char *prefix; /* NULL: any key */
	int64_t before_id;  /* newest first, ids below this; 0: from the newest */
	int64_t limit;      /* 1 to STATE_PAGE_MAX + 1 */
};

/** @ret of struct state, the newest keys first */
NODISCARD
enum err state_list(struct ctx *cx, const struct state_filter *filter, struct list *ret);

extern const struct db_check state_statements[];

#endif
