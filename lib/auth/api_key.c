/* API keys: schemas, events, and the rules of who may hand on what. */
#include "auth/api_key.h"

#include "auth/allowance.h"
#include "auth/api_key_repo.h"
#include "auth/keyring.h"
#include "auth/scope.h"
#include "base/nearest.h"
#include "config/config.h"

#include <inttypes.h>
#include <string.h>

#define OVERLAP_HOURS_MAX 720
#define DAY_US            (INT64_C(24) * 3600 * 1000000)

static const char *const ROLES[] = { "viewer", "member", "operator", "admin", "owner", NULL };
static const char *const STATUSES[] = { "active", "expired", "revoked", NULL };

static enum err check_scope(struct ctx *cx, const char *pointer, const char *text)
{
	struct nearest near = nearest_to(text);

	if (scope_exists(text))
		return ERR_OK;
	for (size_t i = 0; scope_names[i] != NULL; i++)
		nearest_offer(&near, scope_names[i]);
	if (near.best != NULL)
		return err_field(cx, ERR_INVALID, pointer, "scope", "is no scope; did you mean %s?",
		                 near.best);
	return err_field(cx, ERR_INVALID, pointer, "scope",
	                 "is no scope; one is an area and what may be done, as projects:read");
}

static const struct field NEW_FIELDS[] = {
	F_TEXT(struct api_key_new, name, .required = true, .min = 1, .max = API_KEY_NAME_MAX,
	       .one_line = true, .check = schema_check_trimmed, .example = "\"build server\"",
	       .doc = "What it is for"),
	F_TEXT(struct api_key_new, role, .required = true, .one_of = ROLES,
	       .doc = "The most that it may, at most the caller's role"),
	F_LIST(struct api_key_new, scopes, .item = FIELD_TEXT, .nullable = true, .min = 1,
	       .max = API_KEY_SCOPES_MAX, .check = check_scope,
	       .example = "[\"projects:read\",\"jobs:read\"]",
	       .doc = "What of that it may touch, as area:read or area:write; null: all"),
	F_TIME(struct api_key_new, expires_us, .name = "expires_at", .nullable = true,
	       .doc = "When it ends"),
	F_INT(struct api_key_new, expires_in_days, .nullable = true, .zero_is_null = true, .min = 1,
	      .max = API_KEY_DAYS_MAX,
	      .doc = "The same in days from now; without either it ends when it is revoked"),
};
const struct schema api_key_new_schema = SCHEMA(struct api_key_new, "ApiKeyNew", NEW_FIELDS);

static const struct field ROTATION_FIELDS[] = {
	F_INT(struct api_key_rotation, overlap_hours, .nullable = true, .max = OVERLAP_HOURS_MAX,
	      .preset = -1,
	      .doc = "Hours for which the old key still works; 0: ends at once; without it, the "
	             "setting key_overlap_hours"),
};
const struct schema api_key_rotation_schema =
	SCHEMA(struct api_key_rotation, "ApiKeyRotation", ROTATION_FIELDS);

#define KEY_FIELDS                                                                                 \
	F_INT(struct api_key, id, .doc = "Number of the key"),                                     \
		F_TEXT(struct api_key, name, .max = API_KEY_NAME_MAX, .doc = "What it is for"),    \
		F_TEXT(struct api_key, prefix, .doc = "How its text begins"),                      \
		F_TEXT(struct api_key, role, .one_of = ROLES, .doc = "The most that it may"),      \
		F_LIST(struct api_key, scopes, .item = FIELD_TEXT, .nullable = true,               \
	               .doc = "What of that it may touch; null: all"),                             \
		F_TEXT(struct api_key, created_by, .doc = "Who made it"),                          \
		F_TEXT(struct api_key, status, .one_of = STATUSES,                                 \
	               .doc = "Whether it works, or why it does not"),                             \
		F_TIME(struct api_key, created_us, .name = "created_at",                           \
	               .doc = "When it was made"),                                                 \
		F_TIME(struct api_key, expires_us, .name = "expires_at", .nullable = true,         \
	               .doc = "When it ends; null: when it is revoked"),                           \
		F_TIME(struct api_key, last_used_us, .name = "last_used_at", .nullable = true,     \
	               .doc = "When it was last used, to about a minute; null: never"),            \
		F_TIME(struct api_key, revoked_us, .name = "revoked_at", .nullable = true,         \
	               .doc = "When it was revoked; null: it is not"),                             \
		F_INT(struct api_key, rotated_to, .zero_is_null = true,                            \
	              .doc = "The key that replaces it; null: none")

static const struct field FIELDS[] = { KEY_FIELDS };
const struct schema api_key_schema = SCHEMA(struct api_key, "ApiKey", FIELDS);

static const struct field MADE_FIELDS[] = {
	KEY_FIELDS,
	F_TEXT(struct api_key, key, .nullable = true,
	       .doc = "The key itself, shown this once; null when the answer is given again for an "
	              "Idempotency-Key, because it is not stored: then rotate the key"),
};
const struct schema api_key_made_schema = SCHEMA(struct api_key, "ApiKeyMade", MADE_FIELDS);

const struct event_kind api_key_created = {
	.type = "api_key.created",
	.audited = true,
	.confidential = true,
	.version = 1,
	.payload = &api_key_schema,
	.doc = "There is a new API key.",
};
const struct event_kind api_key_rotated = {
	.type = "api_key.rotated",
	.audited = true,
	.confidential = true,
	.version = 1,
	.payload = &api_key_schema,
	.doc = "An API key has a successor; the payload is the old one, with the time of its end.",
};
const struct event_kind api_key_revoked = {
	.type = "api_key.revoked",
	.audited = true,
	.confidential = true,
	.version = 1,
	.payload = &api_key_schema,
	.doc = "An API key was revoked and works no more.",
};

/* --- What the caller may hand on --- */

static bool holds(const struct list *scopes, const char *name)
{
	const char *const *names = scopes->items;

	for (size_t i = 0; i < scopes->n; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/*
 * May the caller give this role and these scopes to a key, or lay hands on a key that has them?
 * Call it when the caller is proven: after the first statement.
 */
static enum err check_reach(struct ctx *cx, const char *role, const struct list *scopes)
{
	const char *const *wanted = scopes->items;
	struct api_key own;

	if (role_by_name(role) > cx->who.role)
		return err_set(cx, ERR_FORBIDDEN, "Your role is %s; the key's would be %s.",
		               role_name(cx->who.role), role);
	if (cx->who.key_id == 0)
		return ERR_OK;
	TRY(api_key_repo_get(cx, cx->who.key_id, false, &own));
	if (own.scopes.items == NULL)
		return ERR_OK;
	if (wanted == NULL)
		return err_set(cx, ERR_FORBIDDEN,
		               "Your key is narrowed to scopes; the other would not be.");
	for (size_t i = 0; i < scopes->n; i++) {
		if (!holds(&own.scopes, wanted[i]))
			return err_set(cx, ERR_FORBIDDEN, "Your key does not have the scope %s.",
			               wanted[i]);
	}
	return ERR_OK;
}

/* Names of scopes need no quoting in an array's text. */
static const char *scopes_text(struct ctx *cx, const struct list *scopes)
{
	struct sb sb = sb_new(cx->arena, 4096);
	const char *const *names = scopes->items;

	if (names == NULL)
		return NULL;
	for (size_t i = 0; i < scopes->n; i++)
		sb_addf(&sb, "%c%s", i == 0 ? '{' : ',', names[i]);
	sb_addc(&sb, '}');
	assert(!sb.failed);
	return sb.data;
}

/* --- Making --- */

/* Give the row its text and hash, and store it. */
static enum err insert(struct ctx *cx, struct api_key_row *row, struct api_key *ret)
{
	char *text = arena_alloc(cx->arena, CREDENTIAL_TEXT_MAX);

	credential_make(CREDENTIAL_KEY, row->id, text);
	keyring_hash(cx->app->keyring, KEYRING_API_KEY, text, strlen(text), row->hash);
	row->hash_key = keyring_newest(cx->app->keyring);
	row->created_by = cx->who.actor;
	TRY(api_key_repo_insert(cx, row, ret));
	ret->key = text;
	return ERR_OK;
}

static enum err check_end(struct ctx *cx, const struct api_key_new *in, int64_t *ret_us)
{
	int64_t now = cx->app->clock->wall_us(cx->app->clock);

	*ret_us = in->expires_us;
	if (in->expires_us != 0 && in->expires_in_days != 0)
		return err_field(cx, ERR_INVALID, "/expires_in_days", "one_of_two",
		                 "expires_at already says when the key ends");
	if (in->expires_in_days != 0)
		*ret_us = now + in->expires_in_days * DAY_US;
	if (*ret_us != 0 && (*ret_us <= now || *ret_us > now + API_KEY_DAYS_MAX * DAY_US))
		return err_field(cx, ERR_INVALID, "/expires_at", "range",
		                 "must be from now to %d days from now", API_KEY_DAYS_MAX);
	return ERR_OK;
}

enum err api_key_create(struct ctx *cx, const struct api_key_new *in, struct api_key *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct api_key_row row = { .name = in->name,
		                   .role = role_by_name(in->role),
		                   .scopes = scopes_text(cx, &in->scopes) };
	struct api_key made;
	enum err e;

	TRY(check_end(cx, in, &row.expires_us));
	TRY(db_begin(cx, &tx));
	TRY(api_key_repo_next_id(cx, &row.id));
	TRY(check_reach(cx, in->role, &in->scopes));
	TRY(allowance_max(cx, ALLOWANCE_API_KEYS, &row.max));
	e = row.max != 0 ? insert(cx, &row, &made) : ERR_NOT_FOUND; /* 0 would be no limit there */
	if (e == ERR_NOT_FOUND)
		return allowance_reached(cx, ALLOWANCE_API_KEYS, row.max, row.max);
	TRY(e);
	TRY(event_emit(cx, &api_key_created, 0, &made));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

static enum err find(struct ctx *cx, int64_t id, bool lock, struct api_key *ret)
{
	enum err e = api_key_repo_get(cx, id, lock, ret);

	return e == ERR_NOT_FOUND ? err_set(cx, e, "there is no API key %" PRId64, id) : e;
}

static enum err check_rotates(struct ctx *cx, const struct api_key *old)
{
	if (old->rotated_to != 0)
		return err_set(cx, ERR_STATE, "The key %" PRId64 " has taken its place.",
		               old->rotated_to);
	if (strcmp(old->status, "active") != 0)
		return err_set(cx, ERR_STATE, "The key is %s.", old->status);
	return ERR_OK;
}

enum err api_key_rotate(struct ctx *cx, int64_t id, const struct api_key_rotation *in,
                        struct api_key *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t now = cx->app->clock->wall_us(cx->app->clock), overlap = in->overlap_hours;
	struct api_key_row row = { 0 };
	struct api_key old, made;

	if (overlap < 0)
		overlap = cx->app->config->key_overlap_hours;
	TRY(db_begin(cx, &tx));
	TRY(api_key_repo_next_id(cx, &row.id));
	TRY(find(cx, id, true, &old));
	TRY(check_reach(cx, old.role, &old.scopes));
	TRY(check_rotates(cx, &old));
	row.name = old.name;
	row.role = role_by_name(old.role);
	row.scopes = scopes_text(cx, &old.scopes);
	if (old.expires_us != 0)
		row.expires_us = now + (old.expires_us - old.created_us);
	TRY(insert(cx, &row, &made));
	TRY(api_key_repo_replace(cx, id, made.id, overlap, &old));
	TRY(event_emit(cx, &api_key_rotated, 0, &old));
	TRY(event_emit(cx, &api_key_created, 0, &made));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

/* --- The others --- */

enum err api_key_get(struct ctx *cx, int64_t id, struct api_key *ret)
{
	return find(cx, id, false, ret);
}

enum err api_key_list(struct ctx *cx, const struct api_key_filter *filter, struct list *ret)
{
	assert(filter->limit >= 1 && filter->limit <= API_KEY_LIST_MAX + 1);
	return api_key_repo_list(cx, filter, ret);
}

enum err api_key_revoke(struct ctx *cx, int64_t id)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct api_key key;

	TRY(db_begin(cx, &tx));
	TRY(find(cx, id, true, &key));
	if (id != cx->who.key_id)
		TRY(check_reach(cx, key.role, &key.scopes));
	if (strcmp(key.status, "revoked") == 0)
		return err_set(cx, ERR_STATE, "The key is revoked already.");
	TRY(api_key_repo_revoke(cx, id, &key));
	TRY(event_emit(cx, &api_key_revoked, 0, &key));
	return db_commit(&tx);
}

enum err api_key_own(struct ctx *cx, int64_t *ret_id)
{
	TRY(db_flush(cx)); /* only then it is known who asks */
	if (cx->who.key_id == 0)
		return err_set(cx, ERR_NOT_FOUND, "you do not ask with an API key");
	*ret_id = cx->who.key_id;
	return ERR_OK;
}
