/*
 * Users: people with an account, and how they sign in.
 *
 * One account is member of any number of tenants; what a person may do is said there (auth/member.h).
 *
 *   Ownership  *ret and what it points to live in cx->arena; nobody frees.
 *   Secrets    A password is read and forgotten; its hash never leaves the database, which is shown a
 *              proof instead (sql/0006_people.sql).
 *   Silence    No answer, nor the time it takes, tells whether there is an account of an address.
 *   Back-off   After five attempts in a row that failed the next has to wait: 1, 2, 4 ... 900 seconds,
 *              for addresses without an account just the same.  Then ERR_RATE, with the seconds.
 *   Load       What hashes may answer ERR_UNAVAILABLE (auth/password.h).
 */
#ifndef AUTH_USER_H
#define AUTH_USER_H

#include "auth/credential.h"
#include "auth/password.h"
#include "auth/session.h"
#include "events/event.h"

#define USER_EMAIL_MAX 254 /* characters */
#define USER_NAME_MAX  100 /* characters */

struct user {
	int64_t id;
	const char *email, *name;
	int64_t version;
	bool steward;                /* see auth/allowance.h */
	bool disabled, has_password; /* of user_list() and user_find() alone */
	int64_t last_sign_in_us, created_us;
};

/* A tenant that somebody belongs to. */
struct user_tenant {
	int64_t id;
	const char *name, *role;
};

/* What events of this domain tell. */
struct user_event {
	int64_t user_id;
	const char *email;
};

/* Of a person's own view, and of the operator's. */
extern const struct schema user_schema, user_account_schema;
extern const struct schema user_tenant_schema, user_event_schema;
extern const struct event_kind user_signed_in, user_signed_out, user_changed, user_password_changed,
	user_password_reset, user_joined, user_created, user_disabled, user_enabled, user_promoted,
	user_demoted;

/** A field check (base/schema.h): is it an e-mail address as we take them? */
enum err user_email_check(struct ctx *cx, const char *pointer, const char *text);

/** @ret the address in small letters, as it is stored; in cx->arena */
const char *user_email(struct ctx *cx, const char *text);

/** Tell every tenant that the person belongs to.  Call it inside the transaction of the change. */
NODISCARD
enum err user_announce(struct ctx *cx, const struct event_kind *kind, int64_t user_id,
                       const char *email);

/* --- Signing in; the context is nobody's --- */

struct sign_in {
	const char *email, *password;
	int64_t tenant_id; /* to choose; 0: the only one */
	const char *remote, *user_agent;
	const struct session_claim *old; /* a session that ends with this one; NULL: none */
};

struct signed_in {
	struct user user;
	struct session_claim
		session;     /* its tenant: the chosen one, 0 for none; wipe it after use */
	struct list tenants; /* struct user_tenant, by name */
};

/**
 * Begin a session.  The context becomes the person's.
 * Returns ERR_UNAUTHENTICATED; ERR_INVALID when the person is no member of in->tenant_id; ERR_RATE
 */
NODISCARD
enum err user_sign_in(struct ctx *cx, const struct sign_in *in, struct signed_in *ret);

struct accepted {
	int64_t user_id, tenant_id; /* tenant 0: a reset by the operator */
	const char *kind;           /* "invitation" or "reset" */
	const char *email;
};

/**
 * Use a token that somebody has handed out.  A reset sets the password and ends every session.  An
 * invitation makes the member active; who has a password must show that they know it, who has none
 * sets it.
 *
 * Returns ERR_INVALID blaming "/token" (unknown, used or over) or "/password";
 *         ERR_UNAUTHENTICATED, ERR_RATE
 */
NODISCARD
enum err user_accept(struct ctx *cx, const char *token, const char *password, struct accepted *ret);

/* --- The person of the context --- */

/** Returns ERR_NOT_FOUND when the context is no person's */
NODISCARD
enum err user_self(struct ctx *cx, struct user *ret);

/** @ret items are struct user_tenant, by name */
NODISCARD
enum err user_tenants(struct ctx *cx, int64_t user_id, struct list *ret);

/** @version the one the client saw; 0: any.  Returns ERR_STALE */
NODISCARD
enum err user_rename(struct ctx *cx, int64_t version, const char *name, struct user *ret);

/**
 * Change the password: every other session ends, and this one goes on under another secret.
 *
 * @session  the context's; made anew, to be wiped after use
 * Returns ERR_INVALID blaming "/new_password" or "/old_password", ERR_RATE
 */
NODISCARD
enum err user_change_password(struct ctx *cx, const char *old_password, const char *new_password,
                              struct session_claim *session);

/* --- Tokens --- */

struct reset_made {
	int64_t user_id;
	const char *email;
	const char *token; /* shown once */
	const char *url;   /* user_token_url() under public_url; NULL: that is not set */
	int64_t expires_us;
};

extern const struct schema reset_made_schema;

/** A new token of app.password_token: its text, and what is stored of it. */
NODISCARD
enum err user_token_make(struct ctx *cx, char ret_text[CREDENTIAL_TEXT_MAX],
                         unsigned char ret_hash[SECRET_HASH_BYTES]);

/**
 * The page on which a person uses a token.  It stands behind #, which browsers keep to themselves: it is
 * in no log on the way.
 * @base address of the service
 * @kind "invitation" or "reset": what the page says before it asks the service
 */
const char *user_token_url(struct ctx *cx, const char *base, const char *kind, const char *token);

/**
 * A token with which a member of the context's tenant sets a new password.
 * Returns ERR_NOT_FOUND; ERR_FORBIDDEN when the caller is below the person, here or in another tenant
 *         of theirs
 */
NODISCARD
enum err user_reset_member(struct ctx *cx, int64_t member_id, struct reset_made *ret);

/* --- The operator's; for the role of the gate --- */

struct user_new {
	const char *email, *name;
	const char *password; /* NULL: none, so that a token is needed */
	const char *tenant;   /* name or number; NULL: none */
	enum role role;       /* in the tenant */
};

/** Returns ERR_INVALID, ERR_CONFLICT when there is an account, ERR_NOT_FOUND for the tenant */
NODISCARD
enum err user_create(struct ctx *cx, const struct user_new *in, struct user *ret);

/** Returns ERR_NOT_FOUND */
NODISCARD
enum err user_find(struct ctx *cx, const char *email, struct user *ret);

/** Every session ends.  Returns ERR_NOT_FOUND, ERR_INVALID blaming "password" */
NODISCARD
enum err user_set_password(struct ctx *cx, const char *email, const char *password);

/** Returns ERR_NOT_FOUND */
NODISCARD
enum err user_reset(struct ctx *cx, const char *email, struct reset_made *ret);

/** Disabled: no sign-in, and every session and token ends.  Returns ERR_NOT_FOUND */
NODISCARD
enum err user_disable(struct ctx *cx, const char *email, bool disabled);

/** Make a steward of the installation (auth/allowance.h), or none any more.  Returns ERR_NOT_FOUND */
NODISCARD
enum err user_promote(struct ctx *cx, const char *email, bool steward);

/** @ret items are struct user, by address */
NODISCARD
enum err user_list(struct ctx *cx, struct list *ret);

/**
 * Give a tenant its first owner, a new account or one that is there.
 * @ret_made  false: no account was made, and the password is nobody's
 * Returns ERR_NOT_FOUND for the tenant, ERR_INVALID
 */
NODISCARD
enum err user_first_owner(struct ctx *cx, const struct user_new *in, bool *ret_made);

extern const struct db_check user_statements[];

#endif
