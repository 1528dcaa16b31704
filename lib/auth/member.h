/*
 * Members: who belongs to a tenant, and with what role.
 *
 *   Rules   Nobody grants, changes or removes above their own role; admins and owners manage.  Everybody
 *           may leave.  The last active owner neither leaves nor becomes less: of two who try at once,
 *           one is refused.  The role of the person who acts is read again under the tenant's lock.
 *   Disabled  A member who is disabled is admitted to the tenant no more, from the next request on, whichever
 *           session it comes with, and streams of theirs end; what they made stays the tenant's, their API
 *           keys too.  They count as members, and are enabled again as they were.  Nobody disables themselves.
 *   Silence Whether an invited address had an account is not told: not by the answer, not by its time
 *           or form, and its name is shown only once the invitation is accepted.
 *
 * An invitation is accepted with its token (auth/user.h).  Ownership, tenancy and errors are as in auth/tenant.h.
 */
#ifndef AUTH_MEMBER_H
#define AUTH_MEMBER_H

#include "events/event.h"

#define MEMBER_LIST_MAX 201 /* a page of 200, and one that tells whether more follow */

struct member {
	int64_t id, user_id;
	const char *email;
	const char *name;          /* NULL while invited */
	const char *role, *status; /* status: invited, active, disabled */
	int64_t version;
	int64_t created_us, updated_us;
};

struct member_new {
	const char *email, *role;
	const char *name; /* of a new account; NULL: none yet */
};

struct member_patch {
	uint64_t given;
	const char *role, *status; /* NULL: as it is */
};

struct member_filter {
	const char *q, *role, *status; /* NULL: any; q: part of the address or the name */
	int64_t before_id;             /* 0: from the newest */
	int64_t limit;                 /* 1 to MEMBER_LIST_MAX */
};

/* An invitation: the token is shown this once. */
struct member_invited {
	struct member member;
	const char *token;
	int64_t expires_us;
};

/* What somebody is about to do to a member; member_may() judges it. */
struct member_act {
	enum role actor;  /* of who acts */
	bool self;        /* to themselves */
	enum role target; /* the member's role now; ROLE_UNSET: an invitation */
	enum role wanted; /* the new role; ROLE_UNSET: removal */
	bool last_owner;  /* the target is the only active owner */
	bool disables;    /* the target is active and shall be no more */
};

extern const struct schema member_schema, member_new_schema, member_patch_schema;
extern const struct event_kind member_invited, member_changed, member_removed;

/** The rules above.  Returns ERR_FORBIDDEN, ERR_STATE for the last owner */
NODISCARD
enum err member_may(struct ctx *cx, const struct member_act *act);

/**
 * Invite somebody, and make them an account if there is none.  Who was invited and has not come yet gets
 * a new token and the new role; the token before ends.
 *
 * Returns ERR_CONFLICT when they are a member already, ERR_FORBIDDEN, ERR_LIMIT when they would be one
 *         more than the tenant's limit of members
 */
NODISCARD
enum err member_invite(struct ctx *cx, const struct member_new *in, struct member_invited *ret);

/** Returns ERR_NOT_FOUND */
NODISCARD
enum err member_get(struct ctx *cx, int64_t id, struct member *ret);

/** @ret items are struct member, newest first */
NODISCARD
enum err member_list(struct ctx *cx, const struct member_filter *filter, struct list *ret);

/**
 * Give a member another role, disable or enable one.
 * @version the version the client saw; 0: any
 * Returns ERR_NOT_FOUND, ERR_STALE, ERR_FORBIDDEN, ERR_STATE, also for the status of who is only invited
 */
NODISCARD
enum err member_change(struct ctx *cx, int64_t id, int64_t version, const struct member_patch *in,
                       struct member *ret);

/** Remove a member, or leave.  Returns as member_change() */
NODISCARD
enum err member_remove(struct ctx *cx, int64_t id, int64_t version);

extern const struct db_check member_statements[];

#endif
