/* Keys, versions, and the event that tells of each change. */
#include "events/state.h"

#include "config/config.h"
#include "events/state_repo.h"

#include <inttypes.h>
#include <string.h>

#define KEY_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"

static const struct field FIELDS[] = {
	F_INT(struct state, id, .doc = "Number of the key"),
	F_TEXT(struct state, key, .max = STATE_KEY_MAX, .example = "\"project:17\"",
	       .doc = "The key"),
	F_INT(struct state, project_id, .zero_is_null = true, .nullable = true,
	      .doc = "The project of a key like project:17 or project:17:plan"),
	F_INT(struct state, version, .doc = "Rises with every change; the ETag is made from it"),
	F_JSON(struct state, data, .doc = "The value"),
	F_TIME(struct state, updated_us, .name = "updated_at", .doc = "When it last changed"),
};
const struct schema state_schema = SCHEMA(struct state, "State", FIELDS);

static const struct field NEW_FIELDS[] = {
	F_JSON(struct state_new, data, .required = true,
	       .doc = "The value: any JSON, of at most 64 KiB"),
};
const struct schema state_new_schema = SCHEMA(struct state_new, "StateNew", NEW_FIELDS);

static const struct field TOLD_FIELDS[] = {
	F_TEXT(struct state_told, key, .doc = "The key"),
	F_INT(struct state_told, version, .doc = "Its version now"),
	F_JSON(struct state_told, data, .nullable = true, .doc = "Its value now"),
	F_BOOL(struct state_told, deleted, .doc = "Whether it is gone"),
};
static const struct schema TOLD = SCHEMA(struct state_told, "StateChanged", TOLD_FIELDS);

const struct event_kind state_changed = {
	.type = "state.changed",
	.version = 1,
	.payload = &TOLD,
	.audited = true,
	.doc = "A key of the tenant's state has another value, or is gone.",
};

bool state_key_is_sound(const char *key)
{
	size_t n = strlen(key);

	return n > 0 && n <= STATE_KEY_MAX && strspn(key, KEY_CHARACTERS) == n;
}

static enum err not_found(struct ctx *cx, const char *key)
{
	return err_set(cx, ERR_NOT_FOUND, "there is no key %s", key);
}

enum err state_get(struct ctx *cx, const char *key, struct state *ret)
{
	enum err e = state_repo_get(cx, key, ret);

	return e == ERR_NOT_FOUND ? not_found(cx, key) : e;
}

/* A change that met no row: is there none, or has it moved on? */
static enum err gone_or_stale(struct ctx *cx, const char *key, int64_t version)
{
	struct state now;

	err_clear(cx);
	TRY(state_get(cx, key, &now));
	if (version == STATE_ABSENT)
		err_set(cx, ERR_STALE, "there is a key %s already, at version %" PRId64, key,
		        now.version);
	else
		err_set(cx, ERR_STALE, "the key is at version %" PRId64 ", not %" PRId64,
		        now.version, version);
	err_fix(cx, "read it again and repeat the change");
	return ERR_STALE;
}

static enum err announce(struct ctx *cx, const struct state *state)
{
	const struct state_told told = {
		.key = state->key,
		.version = state->version,
		.data = state->data,
		.deleted = state->data == NULL,
	};

	return event_emit(cx, &state_changed, state->project_id, &told);
}

/* One at a time, so that the limit holds. */
static enum err make(struct ctx *cx, const char *key, const char *data, struct state *ret)
{
	int64_t max = cx->app->config->state_keys_max;
	enum err e;

	TRY(state_repo_lock_count(cx));
	e = state_repo_make(cx, key, data, max, ret);
	if (e != ERR_NOT_FOUND)
		return e;
	e = gone_or_stale(cx, key, STATE_ABSENT);
	if (e != ERR_NOT_FOUND)
		return e;
	err_set(cx, ERR_LIMIT, "the tenant may have %" PRId64 " keys", max);
	err_fix(cx, "delete keys, or ask the operator to raise the setting state_keys_max");
	return ERR_LIMIT;
}

enum err state_put(struct ctx *cx, const char *key, int64_t version, const struct state_new *in,
                   struct state *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct state made;
	enum err e;

	assert(state_key_is_sound(key));
	if (strlen(in->data) > STATE_DATA_MAX)
		return err_field(cx, ERR_INVALID, "/data", "max_bytes",
		                 "has %zu bytes of JSON; at most %d are kept", strlen(in->data),
		                 STATE_DATA_MAX);
	TRY(db_begin(cx, &tx));
	if (version == STATE_ABSENT) {
		TRY(make(cx, key, in->data, &made));
	} else {
		e = state_repo_change(cx, key, version, in->data, &made);
		if (e == ERR_NOT_FOUND)
			return gone_or_stale(cx, key, version);
		TRY(e);
	}
	TRY(announce(cx, &made));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

enum err state_delete(struct ctx *cx, const char *key, int64_t version)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct state was;
	enum err e;

	TRY(db_begin(cx, &tx));
	e = state_repo_delete(cx, key, version, &was);
	if (e == ERR_NOT_FOUND)
		return gone_or_stale(cx, key, version);
	TRY(e);
	TRY(announce(cx, &was));
	return db_commit(&tx);
}

enum err state_list(struct ctx *cx, const struct state_filter *filter, struct list *ret)
{
	assert(filter->limit >= 1 && filter->limit <= STATE_PAGE_MAX + 1);
	return state_repo_list(cx, filter, ret);
}
