/* Members: schemas, events, and the rules. */
#include "auth/member.h"

#include "auth/allowance.h"
#include "auth/member_repo.h"
#include "auth/user.h"
#include "config/config.h"

#include <inttypes.h>
#include <string.h>

static const char *const ROLES[] = { "viewer", "member", "operator", "admin", "owner", NULL };
static const char *const STATUSES[] = { "invited", "active", "disabled", NULL };
static const char *const SETTABLE[] = { "active", "disabled", NULL };

static const struct field NEW_FIELDS[] = {
	F_TEXT(struct member_new, email, .required = true, .min = 3, .max = USER_EMAIL_MAX,
	       .one_line = true, .check = user_email_check, .example = "\"ada@example.org\"",
	       .doc = "Whom to invite; capital letters do not count"),
	F_TEXT(struct member_new, role, .required = true, .one_of = ROLES,
	       .doc = "What they may do; at most one's own role"),
	F_TEXT(struct member_new, name, .nullable = true, .min = 1, .max = USER_NAME_MAX,
	       .one_line = true, .doc = "Name of the account, if one must be made"),
};
const struct schema member_new_schema = SCHEMA(struct member_new, "MemberNew", NEW_FIELDS);

static const struct field PATCH_FIELDS[] = {
	F_TEXT(struct member_patch, role, .one_of = ROLES, .doc = "New role; at most one's own"),
	F_TEXT(struct member_patch, status, .one_of = SETTABLE,
	       .doc = "disabled: admitted no more, until active again"),
};
const struct schema member_patch_schema =
	SCHEMA_PATCH(struct member_patch, "MemberPatch", PATCH_FIELDS);

static const struct field FIELDS[] = {
	F_INT(struct member, id, .example = "9", .doc = "Number of the membership"),
	F_INT(struct member, user_id, .doc = "Number of the account"),
	F_TEXT(struct member, email, .doc = "E-mail address of the account"),
	F_TEXT(struct member, name, .nullable = true,
	       .doc = "Name of the account; null while invited"),
	F_TEXT(struct member, role, .one_of = ROLES, .doc = "What they may do"),
	F_TEXT(struct member, status, .one_of = STATUSES,
	       .doc = "invited: counts for nothing until the invitation is accepted; disabled: until "
	              "enabled again"),
	F_INT(struct member, version, .doc = "Rises with every change; the ETag is made from it"),
	F_TIME(struct member, created_us, .name = "created_at", .doc = "When they were invited"),
	F_TIME(struct member, updated_us, .name = "updated_at", .doc = "When it last changed"),
};
const struct schema member_schema = SCHEMA(struct member, "Member", FIELDS);

const struct event_kind member_invited = {
	.type = "member.invited",
	.version = 1,
	.payload = &member_schema,
	.audited = true,
	.doc = "Somebody was invited, or invited again.",
};
const struct event_kind member_changed = {
	.type = "member.changed",
	.version = 1,
	.payload = &member_schema,
	.audited = true,
	.doc = "A member has another role, or was disabled or enabled.",
};
const struct event_kind member_removed = {
	.type = "member.removed",
	.version = 1,
	.payload = &member_schema,
	.audited = true,
	.doc = "A member was removed or has left; the payload is what they last were.",
};

/* --- The rules --- */

static enum err forbidden(struct ctx *cx, const char *why)
{
	err_set(cx, ERR_FORBIDDEN, "%s", why);
	err_fix(cx, "ask an owner of the tenant");
	return ERR_FORBIDDEN;
}

enum err member_may(struct ctx *cx, const struct member_act *act)
{
	bool leaves = act->self && act->wanted == ROLE_UNSET;

	if (act->actor < ROLE_ADMIN && !leaves)
		return forbidden(cx, "only administrators and owners manage members");
	if (act->wanted > act->actor)
		return forbidden(cx, "nobody grants a role above their own");
	if (act->target > act->actor && !act->self)
		return forbidden(cx, "the member has a role above yours");
	if (act->self && act->disables) {
		err_set(cx, ERR_STATE, "nobody disables themselves");
		err_fix(cx, "leave the tenant, or have another administrator do it");
		return ERR_STATE;
	}
	if (act->last_owner && (act->wanted != ROLE_OWNER || act->disables)) {
		err_set(cx, ERR_STATE, "the last active owner must stay");
		err_fix(cx, "make another member owner first, or delete the tenant");
		return ERR_STATE;
	}
	return ERR_OK;
}

/*
 * From here on nobody else changes members of the tenant.  The role with which the caller was admitted
 * may have been taken since, by whoever held the lock before.
 */
static enum err begin(struct ctx *cx, struct db_tx *tx, enum role *ret_actor)
{
	int64_t role;

	TRY(db_begin(cx, tx));
	TRY(member_repo_lock(cx)); /* the caller is admitted with it, and known from here on */
	role = cx->who.role;
	if (cx->who.user_id != 0)
		TRY(member_repo_own_role(cx, &role));
	*ret_actor = (enum role)role;
	return ERR_OK;
}

static enum err not_found(struct ctx *cx, int64_t id)
{
	return err_set(cx, ERR_NOT_FOUND, "there is no member %" PRId64, id);
}

/*
 * The member as it is, if the caller may do that to it.  Under the lock.
 * @in  the change; NULL: removal
 */
static enum err judge(struct ctx *cx, int64_t id, int64_t version, enum role actor,
                      const struct member_patch *in, struct member *ret)
{
	struct member_act act = { .actor = actor };
	int64_t owners = 0;

	TRY(member_get(cx, id, ret));
	if (in != NULL)
		act.wanted = role_by_name(in->role != NULL ? in->role : ret->role);
	act.disables = in != NULL && in->status != NULL && strcmp(in->status, "disabled") == 0 &&
	               strcmp(ret->status, "active") == 0;
	act.target = role_by_name(ret->role);
	act.self = cx->who.user_id != 0 && ret->user_id == cx->who.user_id;
	if (act.target == ROLE_OWNER && strcmp(ret->status, "active") == 0) {
		TRY(member_repo_owners(cx, &owners));
		act.last_owner = owners <= 1;
	}
	TRY(member_may(cx, &act));
	if (version == 0 || version == ret->version)
		return ERR_OK;
	err_set(cx, ERR_STALE, "the member is at version %" PRId64 ", not %" PRId64, ret->version,
	        version);
	err_fix(cx, "read it again and repeat the change");
	return ERR_STALE;
}

/* --- Services --- */

/* After an invitation, and under the lock: a new member must fit, one who was invited before does. */
static enum err check_room(struct ctx *cx, const struct member *made)
{
	int64_t max, n = 0;

	if (made->version > 1)
		return ERR_OK;
	TRY(allowance_max(cx, ALLOWANCE_MEMBERS, &max));
	TRY(member_repo_count(cx, &n));
	return n <= max ? ERR_OK : allowance_reached(cx, ALLOWANCE_MEMBERS, n - 1, max);
}

enum err member_invite(struct ctx *cx, const struct member_new *in, struct member_invited *ret)
{
	const struct member_new kept = { user_email(cx, in->email), in->role, in->name };
	struct member_act act = { .wanted = role_by_name(in->role) };
	int64_t hours = cx->app->config->password_token_hours, id;
	unsigned char hash[SECRET_HASH_BYTES];
	char token[CREDENTIAL_TEXT_MAX];
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct member_invited made = { 0 };

	TRY(begin(cx, &tx, &act.actor));
	TRY(member_may(cx, &act));
	TRY(user_token_make(cx, token, hash));
	TRY(member_repo_invite(cx, &kept, act.actor, act.wanted, hash, hours, &id));
	if (id == MEMBER_IS_ONE) {
		err_set(cx, ERR_CONFLICT, "%s is a member already", kept.email);
		err_fix(cx, "change the member's role, or enable them if they are disabled");
		return ERR_CONFLICT;
	}
	if (id == MEMBER_IS_ABOVE)
		return forbidden(cx, "the member has a role above yours");
	TRY(member_get(cx, id, &made.member));
	TRY(check_room(cx, &made.member));
	made.token = arena_strdup(cx->arena, token);
	made.expires_us = made.member.updated_us + hours * INT64_C(3600000000);
	TRY(event_emit(cx, &member_invited, 0, &made.member));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

enum err member_get(struct ctx *cx, int64_t id, struct member *ret)
{
	enum err e = member_repo_get(cx, id, ret);

	return e == ERR_NOT_FOUND ? not_found(cx, id) : e;
}

enum err member_list(struct ctx *cx, const struct member_filter *filter, struct list *ret)
{
	assert(filter->limit >= 1 && filter->limit <= MEMBER_LIST_MAX);
	return member_repo_list(cx, filter, ret);
}

static enum err set_status(struct ctx *cx, const struct member *member, const char *status)
{
	bool let_in_once;

	TRY(member_repo_disable(cx, member->id, strcmp(status, "disabled") == 0, &let_in_once));
	if (let_in_once)
		return ERR_OK;
	err_set(cx, ERR_STATE, "%s has not accepted the invitation yet", member->email);
	err_fix(cx, "remove the member to take the invitation back");
	return ERR_STATE;
}

enum err member_change(struct ctx *cx, int64_t id, int64_t version, const struct member_patch *in,
                       struct member *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	enum role actor;
	struct member now;

	TRY(begin(cx, &tx, &actor));
	TRY(judge(cx, id, version, actor, in, &now));
	TRY(member_repo_set_role(cx, id, role_by_name(in->role != NULL ? in->role : now.role)));
	if (in->status != NULL)
		TRY(set_status(cx, &now, in->status));
	TRY(member_get(cx, id, &now));
	TRY(event_emit(cx, &member_changed, 0, &now));
	TRY(db_commit(&tx));
	*ret = now;
	return ERR_OK;
}

enum err member_remove(struct ctx *cx, int64_t id, int64_t version)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct member was;
	enum role actor;

	TRY(begin(cx, &tx, &actor));
	TRY(judge(cx, id, version, actor, NULL, &was));
	TRY(event_emit(cx, &member_removed, 0, &was));
	TRY(member_repo_delete(cx, id));
	return db_commit(&tx);
}
