/* Users: their schemas, what is told of them, and the operator's work on accounts. */
#include "auth/user.h"

#include "audit/audit.h"
#include "auth/user_repo.h"
#include "base/utf8.h"
#include "config/config.h"

#include <ctype.h>
#include <string.h>

#define LOCAL_MAX 64 /* characters before the @ */

#define OWN_FIELDS                                                                                 \
	F_INT(struct user, id, .doc = "Number of the account"),                                    \
		F_TEXT(struct user, email, .doc = "Address"),                                      \
		F_TEXT(struct user, name, .doc = "Name, as others see it"),                        \
		F_INT(struct user, version, .doc = "Rises with every change; the ETag"),           \
		F_BOOL(struct user, steward,                                                       \
	               .doc = "Whether they see and change the limits of every tenant"),           \
		F_TIME(struct user, last_sign_in_us, .name = "last_sign_in_at",                    \
	               .doc = "Last sign-in; null: never"),                                        \
		F_TIME(struct user, created_us, .name = "created_at", .doc = "Creation")

static const struct field FIELDS[] = { OWN_FIELDS };
const struct schema user_schema = SCHEMA(struct user, "User", FIELDS);

static const struct field ACCOUNT_FIELDS[] = {
	OWN_FIELDS,
	F_BOOL(struct user, disabled, .doc = "Whether sign-in is refused"),
	F_BOOL(struct user, has_password, .doc = "Whether a password is set"),
};
const struct schema user_account_schema = SCHEMA(struct user, "UserAccount", ACCOUNT_FIELDS);

static const struct field TENANT_FIELDS[] = {
	F_INT(struct user_tenant, id, .doc = "Number of the tenant"),
	F_TEXT(struct user_tenant, name, .doc = "Its name"),
	F_TEXT(struct user_tenant, role, .doc = "Role of the person there"),
};
const struct schema user_tenant_schema = SCHEMA(struct user_tenant, "UserTenant", TENANT_FIELDS);

static const struct field RESET_FIELDS[] = {
	F_INT(struct reset_made, user_id, .doc = "Number of the account"),
	F_TEXT(struct reset_made, email, .doc = "Address of the person"),
	F_TEXT(struct reset_made, token,
	       .doc = "What the person sends to /auth/accept with the new password; shown once"),
	F_TEXT(struct reset_made, url, .nullable = true,
	       .doc = "The same as an address to open in a browser; null: the service's is not set"),
	F_TIME(struct reset_made, expires_us, .name = "expires_at",
	       .doc = "Until when it can be used"),
};
const struct schema reset_made_schema = SCHEMA(struct reset_made, "ResetMade", RESET_FIELDS);

static const struct field EVENT_FIELDS[] = {
	F_INT(struct user_event, user_id, .doc = "Number of the account"),
	F_TEXT(struct user_event, email, .doc = "Address of the person"),
};
const struct schema user_event_schema = SCHEMA(struct user_event, "UserEvent", EVENT_FIELDS);

#define KIND(text, says)                                                                           \
	{                                                                                          \
		.type = (text), .version = 1, .payload = &user_event_schema, .audited = true,      \
		.confidential = true, .doc = (says)                                                \
	}
const struct event_kind user_signed_in = KIND("user.signed_in", "A member has signed in.");
const struct event_kind user_signed_out = KIND("user.signed_out", "A member has signed out.");
const struct event_kind user_changed = KIND("user.changed", "A member goes by another name.");
const struct event_kind user_password_changed =
	KIND("user.password_changed", "A member has another password.");
const struct event_kind user_password_reset =
	KIND("user.password_reset", "Somebody was handed a token to reset a member's password.");
const struct event_kind user_joined = KIND("member.joined", "An invited person has accepted.");
const struct event_kind user_created = KIND("user.created", "The operator has made an account.");
const struct event_kind user_disabled =
	KIND("user.disabled", "The operator has disabled a member's account.");
const struct event_kind user_enabled =
	KIND("user.enabled", "The operator has enabled a member's account again.");
const struct event_kind user_promoted =
	KIND("user.promoted", "The operator has made a member a steward of the installation.");
const struct event_kind user_demoted =
	KIND("user.demoted", "A member is no steward of the installation any more.");

/* --- Addresses --- */

static bool label_is_sound(const char *s, size_t n)
{
	if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)s[i]) && s[i] != '-')
			return false;
	}
	return true;
}

static bool address_is_sound(const char *text)
{
	static const char LOCAL[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+/=?^_`{|}~-";
	size_t local = strspn(text, LOCAL);
	const char *p = text + local;

	if (local == 0 || local > LOCAL_MAX || *p != '@' || strlen(text) > USER_EMAIL_MAX)
		return false;
	do {
		size_t n = strcspn(++p, ".");

		if (!label_is_sound(p, n))
			return false;
		p += n;
	} while (*p == '.');
	return true;
}

enum err user_email_check(struct ctx *cx, const char *pointer, const char *text)
{
	if (address_is_sound(text))
		return ERR_OK;
	return err_field(cx, ERR_INVALID, pointer, "email",
	                 "The value must be an e-mail address, such as ada@example.org.");
}

const char *user_email(struct ctx *cx, const char *text)
{
	char *low = arena_strdup(cx->arena, text);

	for (char *p = low; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return low;
}

/* --- What is told --- */

/* An account concerns each tenant that its person belongs to. */
enum err user_announce(struct ctx *cx, const struct event_kind *kind, int64_t user_id,
                       const char *email)
{
	const struct user_event told = { user_id, email };
	int64_t chosen = cx->who.tenant_id;
	const struct user_tenant *tenants;
	enum err e = ERR_OK;
	struct list list;

	TRY(user_repo_tenants(cx, user_id, &list));
	tenants = list.items;
	for (size_t i = 0; i < list.n && e == ERR_OK; i++) {
		cx->who.tenant_id = tenants[i].id;
		e = event_emit(cx, kind, 0, &told);
	}
	if (list.n == 0) { /* who belongs nowhere is the installation's */
		cx->who.tenant_id = 0;
		e = audit_note(cx, &(const struct audit_act){
					   .action = kind->type,
					   .target = arena_printf(cx->arena, "user:%lld",
		                                                  (long long)user_id),
					   .schema = kind->payload,
					   .detail = &told,
				   });
	}
	cx->who.tenant_id = chosen;
	return e;
}

/* --- The person of the context --- */

enum err user_self(struct ctx *cx, struct user *ret)
{
	return user_repo_self(cx, ret);
}

enum err user_tenants(struct ctx *cx, int64_t user_id, struct list *ret)
{
	return user_repo_tenants(cx, user_id, ret);
}

enum err user_rename(struct ctx *cx, int64_t version, const char *name, struct user *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	enum err e;

	TRY(db_begin(cx, &tx));
	e = user_repo_rename(cx, version, name, ret);
	if (e == ERR_NOT_FOUND)
		return err_set(cx, ERR_STALE, "the account has changed since it was read");
	TRY(e);
	TRY(user_announce(cx, &user_changed, ret->id, ret->email));
	return db_commit(&tx);
}

/* --- Tokens --- */

enum err user_token_make(struct ctx *cx, char ret_text[CREDENTIAL_TEXT_MAX],
                         unsigned char ret_hash[SECRET_HASH_BYTES])
{
	int64_t id;

	TRY(user_repo_token_next_id(cx, &id));
	credential_make(CREDENTIAL_PASSWORD, id, ret_text);
	keyring_hash(cx->app->keyring, KEYRING_PASSWORD_TOKEN, ret_text, strlen(ret_text),
	             ret_hash);
	return ERR_OK;
}

const char *user_token_url(struct ctx *cx, const char *base, const char *kind, const char *token)
{
	size_t n = strlen(base);

	while (n > 0 && base[n - 1] == '/')
		n--;
	return arena_printf(cx->arena, "%.*s/welcome#%s=%s", (int)n, base, kind, token);
}

/* What is handed out. */
static void set_token(struct ctx *cx, const char *text, struct reset_made *ret)
{
	const char *base = cx->app->config->public_url;

	ret->token = arena_strdup(cx->arena, text);
	ret->url = *base == '\0' ? NULL : user_token_url(cx, base, "reset", ret->token);
}

enum err user_reset_member(struct ctx *cx, int64_t member_id, struct reset_made *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	unsigned char hash[SECRET_HASH_BYTES];
	char text[CREDENTIAL_TEXT_MAX];

	TRY(db_begin(cx, &tx));
	TRY(user_token_make(cx, text, hash));
	TRY(user_repo_reset_member(cx, member_id, hash, ret));
	set_token(cx, text, ret);
	TRY(event_emit(cx, &user_password_reset, 0,
	               &(const struct user_event){ ret->user_id, ret->email }));
	return db_commit(&tx);
}

/* --- The operator's --- */

/* A hash takes a turn; the transaction comes after it. */
static enum err hash_new(struct ctx *cx, const char *password, const char *email, const char *name,
                         char ret[PASSWORD_HASH_MAX])
{
	CLEANUP(password_turn_end) struct password_turn turn = { 0 };

	TRY(password_check(cx, "password", password, email, name));
	TRY(password_turn_begin(cx, &turn));
	return password_hash(cx, password, ret);
}

/* Its address becomes the one that is stored. */
static enum err check_new(struct ctx *cx, struct user_new *in)
{
	size_t n = strlen(in->name);

	TRY(user_email_check(cx, "email", in->email));
	if (utf8_valid(in->name, n) != n || n > USER_NAME_MAX ||
	    strpbrk(in->name, "\r\n\t") != NULL)
		return err_field(cx, ERR_INVALID, "name", "text",
		                 "A name is one line of up to %d bytes of UTF-8.", USER_NAME_MAX);
	in->email = user_email(cx, in->email);
	return ERR_OK;
}

static enum err create(struct ctx *cx, const struct user_new *in, const char *hash, int64_t *ret_id)
{
	int64_t tenant_id = 0;
	enum err e;

	if (in->tenant != NULL) {
		e = user_repo_tenant(cx, in->tenant, &tenant_id);
		if (e == ERR_NOT_FOUND)
			return err_set(cx, e, "there is no tenant \"%s\"", in->tenant);
		TRY(e);
	}
	e = user_repo_insert(cx, in, hash, ret_id);
	if (e == ERR_CONFLICT)
		return err_set(cx, e, "there is an account %s already", in->email);
	TRY(e);
	if (tenant_id != 0)
		TRY(user_repo_join(cx, tenant_id, *ret_id, in->role));
	return user_announce(cx, &user_created, *ret_id, in->email);
}

enum err user_create(struct ctx *cx, const struct user_new *in, struct user *ret)
{
	struct user_new sound = *in;
	char hash[PASSWORD_HASH_MAX] = "";
	int64_t id;

	TRY(check_new(cx, &sound));
	if (in->password != NULL)
		TRY(hash_new(cx, in->password, sound.email, sound.name, hash));
	{
		CLEANUP(db_end) struct db_tx tx = { 0 };

		TRY(db_begin(cx, &tx));
		TRY(create(cx, &sound, in->password != NULL ? hash : NULL, &id));
		TRY(db_commit(&tx));
	}
	return user_repo_find(cx, sound.email, ret);
}

enum err user_find(struct ctx *cx, const char *email, struct user *ret)
{
	enum err e = user_repo_find(cx, user_email(cx, email), ret);

	return e == ERR_NOT_FOUND ? err_set(cx, e, "there is no account %s", email) : e;
}

enum err user_list(struct ctx *cx, struct list *ret)
{
	return user_repo_list(cx, ret);
}

enum err user_set_password(struct ctx *cx, const char *email, const char *password)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	char hash[PASSWORD_HASH_MAX];
	struct user user;

	TRY(user_find(cx, email, &user));
	TRY(hash_new(cx, password, user.email, user.name, hash));
	TRY(db_begin(cx, &tx));
	TRY(user_repo_set_password(cx, user.id, hash));
	TRY(user_repo_end_all(cx, user.id));
	TRY(user_announce(cx, &user_password_changed, user.id, user.email));
	return db_commit(&tx);
}

enum err user_reset(struct ctx *cx, const char *email, struct reset_made *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	unsigned char hash[SECRET_HASH_BYTES];
	char text[CREDENTIAL_TEXT_MAX];
	struct user user;

	TRY(user_find(cx, email, &user));
	TRY(db_begin(cx, &tx));
	TRY(user_token_make(cx, text, hash));
	TRY(user_repo_reset(cx, user.id, hash, ret));
	ret->email = user.email;
	set_token(cx, text, ret);
	TRY(user_announce(cx, &user_password_reset, user.id, user.email));
	return db_commit(&tx);
}

enum err user_disable(struct ctx *cx, const char *email, bool disabled)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct user user;

	TRY(user_find(cx, email, &user));
	if (user.disabled == disabled)
		return ERR_OK;
	TRY(db_begin(cx, &tx));
	TRY(user_repo_disable(cx, user.id, disabled));
	if (disabled)
		TRY(user_repo_end_all(cx, user.id));
	TRY(user_announce(cx, disabled ? &user_disabled : &user_enabled, user.id, user.email));
	return db_commit(&tx);
}

enum err user_promote(struct ctx *cx, const char *email, bool steward)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct user user;

	TRY(user_find(cx, email, &user));
	if (user.steward == steward)
		return ERR_OK;
	TRY(db_begin(cx, &tx));
	TRY(user_repo_promote(cx, user.id, steward));
	TRY(user_announce(cx, steward ? &user_promoted : &user_demoted, user.id, user.email));
	return db_commit(&tx);
}

/* Of somebody who has an account. */
static enum err make_owner(struct ctx *cx, int64_t tenant_id, const struct user *user)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(db_begin(cx, &tx));
	TRY(user_repo_join(cx, tenant_id, user->id, ROLE_OWNER));
	TRY(user_announce(cx, &user_joined, user->id, user->email));
	return db_commit(&tx);
}

enum err user_first_owner(struct ctx *cx, const struct user_new *in, bool *ret_made)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	char hash[PASSWORD_HASH_MAX];
	int64_t tenant_id, owners, id;
	struct user_new sound = *in;
	struct user there;
	enum err e;

	*ret_made = false;
	TRY(user_repo_tenant(cx, in->tenant, &tenant_id));
	TRY(user_repo_owners(cx, tenant_id, &owners));
	if (owners > 0)
		return ERR_OK;
	TRY(check_new(cx, &sound));
	sound.role = ROLE_OWNER;
	e = user_repo_find(cx, sound.email, &there);
	if (e == ERR_OK)
		return make_owner(cx, tenant_id, &there);
	if (e != ERR_NOT_FOUND)
		return e;
	TRY(hash_new(cx, in->password, sound.email, sound.name, hash));
	TRY(db_begin(cx, &tx));
	TRY(create(cx, &sound, hash, &id));
	*ret_made = true;
	return db_commit(&tx);
}
