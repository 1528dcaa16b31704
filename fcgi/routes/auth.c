/* Signing in and out, who one is, and one's own sessions. */
#include "admit.h"
#include "cookie.h"
#include "page.h"
#include "reply.h"
#include "routes/tables.h"

#include "auth/user.h"

#include "config/config.h"

#include <string.h>

/* --- Bodies --- */

struct login {
	const char *email, *password;
	int64_t tenant_id;
};
static const struct field LOGIN_FIELDS[] = {
	F_TEXT(struct login, email, .required = true, .min = 3, .max = USER_EMAIL_MAX,
	       .check = user_email_check, .doc = "Address of the account"),
	F_TEXT(struct login, password, .required = true, .min = 1, .max = PASSWORD_CHARS_MAX,
	       .doc = "Its password"),
	F_INT(struct login, tenant_id, .min = 1, .max = INT64_MAX, .nullable = true,
	      .doc = "The tenant to work in; absent: the only one, or none yet"),
};
static const struct schema LOGIN = SCHEMA(struct login, "Login", LOGIN_FIELDS);

struct tenant_choice {
	int64_t tenant_id;
};
static const struct field CHOICE_FIELDS[] = {
	F_INT(struct tenant_choice, tenant_id, .required = true, .min = 1, .max = INT64_MAX,
	      .doc = "The tenant to work in from now on"),
};
static const struct schema CHOICE = SCHEMA(struct tenant_choice, "TenantChoice", CHOICE_FIELDS);

struct password_change {
	const char *old_password, *new_password;
};
static const struct field CHANGE_FIELDS[] = {
	F_TEXT(struct password_change, old_password, .required = true, .min = 1,
	       .max = PASSWORD_CHARS_MAX, .doc = "The present password"),
	F_TEXT(struct password_change, new_password, .required = true, .min = 1,
	       .max = PASSWORD_CHARS_MAX, .doc = "The next one"),
};
static const struct schema CHANGE = SCHEMA(struct password_change, "PasswordChange", CHANGE_FIELDS);

struct accept {
	const char *token, *password;
};
static const struct field ACCEPT_FIELDS[] = {
	F_TEXT(struct accept, token, .required = true, .min = 1, .max = CREDENTIAL_TEXT_MAX,
	       .doc = "What an administrator or the operator has handed out"),
	F_TEXT(struct accept, password, .required = true, .min = 1, .max = PASSWORD_CHARS_MAX,
	       .doc = "The new password; for an invitation to an account that has one, that one"),
};
static const struct schema ACCEPT = SCHEMA(struct accept, "Accept", ACCEPT_FIELDS);

struct rename {
	const char *name;
};
static const struct field RENAME_FIELDS[] = {
	F_TEXT(struct rename, name, .required = true, .max = USER_NAME_MAX, .one_line = true,
	       .doc = "Name, as others see it"),
};
static const struct schema RENAME = SCHEMA(struct rename, "Rename", RENAME_FIELDS);

/* --- Answers --- */

static const char *const CREDENTIALS[] = { "session", "key", "token", NULL };

/* Who asks. */
struct me {
	const char *credential;
	const struct user *user;
	int64_t key_id, session_id, tenant_id;
	const char *role;
	struct list tenants;
	const char *csrf_token, *notice;
	int64_t events_after;
};
static const struct field ME_FIELDS[] = {
	F_TEXT(struct me, credential, .one_of = CREDENTIALS, .doc = "How the caller showed it"),
	F_OBJ(struct me, user, .of = &user_schema, .nullable = true,
	      .doc = "The person; null: a program"),
	F_INT(struct me, key_id, .zero_is_null = true, .doc = "The API key, if it is one"),
	F_INT(struct me, session_id, .zero_is_null = true, .doc = "The session, if it is one"),
	F_INT(struct me, tenant_id, .zero_is_null = true,
	      .doc = "The tenant this was asked in; null: none is chosen"),
	F_TEXT(struct me, role, .nullable = true, .doc = "Role in it"),
	F_LIST(struct me, tenants, .of = &user_tenant_schema,
	       .doc = "All that the person belongs to, by name; of a program none"),
	F_TEXT(struct me, csrf_token, .nullable = true,
	       .doc = "What changes made with the session carry as X-CSRF-Token"),
	F_TEXT(struct me, notice, .nullable = true,
	       .doc = "What is not as safe as it should be, for a person to read"),
	F_INT(struct me, events_after, .zero_is_null = true,
	      .doc = "Of a session: where the event log ended before this was read; a page that "
	             "follows it from there misses nothing"),
};
static const struct schema ME = SCHEMA(struct me, "Me", ME_FIELDS);

static const char *const KINDS[] = { "invitation", "reset", NULL };

static const struct field ACCEPTED_FIELDS[] = {
	F_TEXT(struct accepted, kind, .one_of = KINDS, .doc = "What the token was"),
	F_TEXT(struct accepted, email, .doc = "The address to sign in with"),
	F_INT(struct accepted, tenant_id, .zero_is_null = true,
	      .doc = "The tenant that was joined, or whose administrator gave the token"),
};
static const struct schema ACCEPTED = SCHEMA(struct accepted, "Accepted", ACCEPTED_FIELDS);

/* What a person with a session is told of it. */
static void describe(struct ctx *cx, const struct request *rq, const struct session_claim *session,
                     struct me *me)
{
	char *csrf = arena_alloc(cx->arena, SESSION_CSRF_MAX);

	session_csrf(cx->app->keyring, session, csrf);
	me->credential = "session";
	me->csrf_token = csrf;
	me->session_id = cx->who.session_id;
	if (cookie_kind(cx, rq) == COOKIE_PLAIN)
		me->notice = "This is plain http on a loopback address: the cookie is without "
			     "Secure and its name without __Host-. Elsewhere sign-in needs https.";
}

static void describe_tenant(const struct ctx *cx, struct me *me)
{
	me->tenant_id = cx->who.tenant_id;
	me->role = cx->who.tenant_id == 0 ? NULL : role_name(cx->who.role);
}

/* Where the log ends, before what is told of the person is read.  Who is in no tenant follows none. */
static enum err tell_log(struct ctx *cx, struct me *me)
{
	return cx->who.tenant_id == 0 ? ERR_OK : event_head(cx, &me->events_after);
}

static enum err answer(struct reply *rp, const struct me *me)
{
	if (me->user != NULL)
		reply_header(rp, "ETag",
		             arena_printf(rp->cx->arena, "\"%lld\"", (long long)me->user->version));
	reply_header(rp, "Cache-Control", "no-store");
	return reply_json(rp, &ME, me);
}

/* --- Signing in and out --- */

/* Before a password is looked at: this must be a way by which a cookie can come back unseen. */
static enum err check_way(struct ctx *cx, const struct request *rq)
{
	TRY(cookie_check_origin(cx, rq, false));
	if (cookie_kind(cx, rq) != COOKIE_NONE)
		return ERR_OK;
	err_set(cx, ERR_FORBIDDEN,
	        "Passwords are taken by https alone, or by http on a loopback address.");
	err_fix(cx,
	        "Use the https address. If a proxy ends https, set public_url to that address.");
	return ERR_FORBIDDEN;
}

static enum err sign_in(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct login *in = request_body(rq, &LOGIN);
	struct signed_in made;
	struct session_claim old;
	struct me me = { 0 };
	enum err e;

	TRY(check_way(cx, rq));
	e = user_sign_in(cx,
	                 &(const struct sign_in){
				 .email = in->email,
				 .password = in->password,
				 .tenant_id = in->tenant_id,
				 .remote = rq->remote,
				 .user_agent = rq->user_agent,
				 .old = cookie_session(cx, rq, &old) ? &old : NULL,
			 },
	                 &made);
	if (e != ERR_OK) {
		cx->who.actor = in->email; /* what was claimed, for the audit log */
		return e;
	}
	TRY(tell_log(cx, &me));
	me.user = &made.user;
	me.tenants = made.tenants;
	describe(cx, rq, &made.session, &me);
	describe_tenant(cx, &me);
	cookie_set(rp, &made.session);
	secret_wipe(&made.session, sizeof(made.session));
	return answer(rp, &me);
}

static enum err sign_out(struct ctx *cx, UNUSED const struct request *rq, struct reply *rp)
{
	TRY(session_sign_out(cx));
	cookie_clear(rp);
	return ERR_OK;
}

static enum err accept(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct accept *in = request_body(rq, &ACCEPT);
	struct accepted done;

	TRY(check_way(cx, rq));
	TRY(user_accept(cx, in->token, in->password, &done));
	return reply_json(rp, &ACCEPTED, &done);
}

/* --- Who one is --- */

static enum err get_me(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct me me = { .credential = admit_by_token(rq) ? "token" : "key" };
	struct user user;

	TRY(db_flush(cx));
	if (rq->session != NULL)
		TRY(tell_log(cx, &me));
	if (cx->who.user_id != 0) {
		TRY(user_self(cx, &user));
		TRY(user_tenants(cx, user.id, &me.tenants));
		me.user = &user;
	}
	if (rq->session != NULL)
		describe(cx, rq, rq->session, &me);
	me.key_id = cx->who.key_id;
	describe_tenant(cx, &me);
	return answer(rp, &me);
}

static enum err change_me(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct rename *in = request_body(rq, &RENAME);
	struct user user;

	TRY(user_rename(cx, rq->version, in->name, &user));
	reply_version(rp, user.version);
	return reply_json(rp, &user_schema, &user);
}

static enum err choose_tenant(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct tenant_choice *in = request_body(rq, &CHOICE);
	struct session_claim session = *rq->session;
	const struct user_tenant *t;
	struct me me = { 0 };
	struct user user;

	TRY(tell_log(cx, &me));
	TRY(user_self(cx, &user));
	TRY(user_tenants(cx, user.id, &me.tenants));
	t = me.tenants.items;
	for (size_t i = 0; i < me.tenants.n; i++) {
		if (t[i].id != in->tenant_id)
			continue;
		me.user = &user;
		me.tenant_id = session.tenant_id = t[i].id;
		me.role = t[i].role;
		describe(cx, rq, &session, &me);
		cookie_set(rp, &session);
		return answer(rp, &me);
	}
	return err_set(cx, ERR_NOT_FOUND, "there is no such item");
}

static enum err change_password(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct password_change *in = request_body(rq, &CHANGE);
	struct session_claim session = *rq->session;
	struct me me = { 0 };
	struct user user;

	TRY(check_way(cx, rq));
	TRY(user_change_password(cx, in->old_password, in->new_password, &session));
	TRY(user_self(cx, &user));
	TRY(user_tenants(cx, user.id, &me.tenants));
	me.user = &user;
	describe(cx, rq, &session, &me);
	describe_tenant(cx, &me);
	cookie_set(rp, &session);
	secret_wipe(&session, sizeof(session));
	return answer(rp, &me);
}

static enum err reset_member(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	struct reset_made made;

	TRY(db_flush(cx));
	TRY(user_reset_member(cx, rq->ids[0], &made));
	if (made.url == NULL)
		made.url = user_token_url(cx, request_base(cx, rq), "reset", made.token);
	return reply_json(rp, &reset_made_schema, &made);
}

/* --- Sessions --- */

struct list_query {
	const char *cursor;
	int64_t limit;
};
static const struct field LIST_FIELDS[] = { PAGE_FIELDS(struct list_query) };
static const struct schema LIST_QUERY = SCHEMA(struct list_query, "SessionListQuery", LIST_FIELDS);

static enum err list_sessions(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	const struct list_query *query = request_query(rq, &LIST_QUERY);
	int64_t before_id;
	struct list list;

	TRY(page_begin(cx, rq, query->cursor, &before_id));
	TRY(session_list(cx, before_id, query->limit + 1, &list));
	return page_reply(cx, rq, rp, &session_schema, &list, query->limit,
	                  offsetof(struct session, id));
}

static enum err end_session(struct ctx *cx, const struct request *rq, struct reply *rp)
{
	TRY(session_revoke(cx, rq->ids[0]));
	if (rq->ids[0] == cx->who.session_id)
		cookie_clear(rp);
	return ERR_OK;
}

static enum err end_others(struct ctx *cx, UNUSED const struct request *rq, UNUSED struct reply *rp)
{
	return session_revoke_others(cx, NULL);
}

#define USER_EXAMPLE                                                                               \
	"\"user\":{\"id\":4,\"email\":\"ada@example.org\",\"name\":\"Ada\",\"version\":2,"         \
	"\"last_sign_in_at\":\"2026-11-21T06:45:00.123Z\","                                        \
	"\"created_at\":\"2026-11-20T08:00:00.000Z\"}"
#define ME_EXAMPLE                                                                                 \
	"{\"credential\":\"session\"," USER_EXAMPLE ",\"key_id\":null,\"session_id\":31,"          \
	"\"tenant_id\":1,\"role\":\"owner\",\"tenants\":[{\"id\":1,\"name\":\"default\","          \
	"\"role\":\"owner\"}],\"csrf_token\":\"7zXyTqY3yQ0m6rJw0x8Zs1nU5cB2hKfLdPaVgEiRtOM\","     \
	"\"notice\":null,\"events_after\":4711}"

#define CALLER .tag = "Signing in", .area = AREA_NONE
#define OPEN   CALLER, .auth = AUTH_NONE, .role = ROLE_ANYONE, .rate = RATE_SIGN_IN
#define PERSON CALLER, .auth = AUTH_USER, .role = ROLE_ANYONE

const struct route auth_routes[] = {
	{
		.method = HTTP_POST,
		.path = "/api/v1/auth/login",
		.op = "signIn",
		OPEN,
		.body = &LOGIN,
		.status = 200,
		.reply = &ME,
		.fails = { ERR_UNAUTHENTICATED, ERR_FORBIDDEN, ERR_RATE },
		.audit = "user.signed_in",
		.run = sign_in,
		.doc = "Sign in: sets the session's cookie.",
		.detail =
			"A session that comes with the request ends. The answer to a wrong password "
			"and to an address without an account is the same. After five failures in "
			"a row each further attempt has to wait, up to 15 minutes.",
		.example = ME_EXAMPLE,
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/auth/logout",
		.op = "signOut",
		PERSON,
		.rate = RATE_WRITE,
		.status = 204,
		.audit = "user.signed_out",
		.run = sign_out,
		.doc = "End this session.",
	},
	{
		.method = HTTP_GET,
		.path = "/api/v1/auth/me",
		.op = "getMe",
		CALLER,
		.auth = AUTH_ANY,
		.role = ROLE_ANYONE,
		.rate = RATE_READ,
		.status = 200,
		.reply = &ME,
		.run = get_me,
		.doc = "Who asks, where, and with what role.",
		.detail = "Of a person with the ETag that PATCH asks for.",
		.example = ME_EXAMPLE,
	},
	{
		.method = HTTP_PATCH,
		.path = "/api/v1/auth/me",
		.op = "changeMe",
		PERSON,
		.rate = RATE_WRITE,
		.if_match = true,
		.etag = true,
		.body = &RENAME,
		.status = 200,
		.reply = &user_schema,
		.audit = "user.changed",
		.run = change_me,
		.doc = "Change one's name.",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/auth/tenant",
		.op = "chooseTenant",
		PERSON,
		.rate = RATE_WRITE,
		.body = &CHOICE,
		.status = 200,
		.reply = &ME,
		.fails = { ERR_NOT_FOUND },
		.unaudited = "it changes nothing but the caller's cookie",
		.run = choose_tenant,
		.doc = "Choose the tenant of the session: sets its cookie anew.",
		.detail = "The header X-Portolan-Tenant chooses for one request.",
		.example = ME_EXAMPLE,
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/auth/password",
		.op = "changePassword",
		PERSON,
		.rate = RATE_SIGN_IN,
		.body = &CHANGE,
		.status = 200,
		.reply = &ME,
		.fails = { ERR_RATE },
		.audit = "user.password_changed",
		.run = change_password,
		.doc = "Change one's password: every other session ends, this one gets a new cookie.",
		.example = ME_EXAMPLE,
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/auth/accept",
		.op = "acceptToken",
		OPEN,
		.body = &ACCEPT,
		.status = 200,
		.reply = &ACCEPTED,
		.fails = { ERR_UNAUTHENTICATED, ERR_FORBIDDEN, ERR_RATE },
		.audit = "user.password_changed member.joined",
		.run = accept,
		.doc = "Use an invitation, or a token that resets a password.",
		.detail = "Sign in afterwards.",
		.example =
			"{\"kind\":\"invitation\",\"email\":\"ada@example.org\",\"tenant_id\":1}",
	},
	{
		.method = HTTP_POST,
		.path = "/api/v1/members/{id}/reset",
		.op = "resetMember",
		.tag = "Signing in",
		.auth = AUTH_ANY,
		.role = ROLE_ADMIN,
		.area = AREA_MEMBERS,
		.rate = RATE_WRITE,
		.unkept = true,
		.status = 201,
		.reply = &reset_made_schema,
		.fails = { ERR_NOT_FOUND },
		.audit = "user.password_reset",
		.run = reset_member,
		.doc = "Make a token with which a member sets a new password; it is shown once.",
		.detail =
			"Refused for who is above the caller here, and for who belongs to another "
			"tenant in which the caller is not an administrator of at least their "
			"role; then the operator does it.",
		.example = "{\"user_id\":4,\"email\":\"ada@example.org\",\"token\":\"pw_9_...\","
			   "\"url\":\"https://portolan.example.org/welcome#reset=pw_9_...\","
			   "\"expires_at\":\"2026-11-24T06:45:00.123Z\"}",
	},
	{
		.method = HTTP_GET,
		.path = "/api/v1/sessions",
		.op = "listSessions",
		PERSON,
		.rate = RATE_READ,
		.query = &LIST_QUERY,
		.status = 200,
		.form = ROUTE_PAGE,
		.reply = &session_schema,
		.run = list_sessions,
		.doc = "List one's own sessions, newest first.",
	},
	{
		.method = HTTP_DELETE,
		.path = "/api/v1/sessions",
		.op = "endOtherSessions",
		PERSON,
		.rate = RATE_WRITE,
		.status = 204,
		.audit = "session.revoked",
		.run = end_others,
		.doc = "End all of one's sessions but this.",
	},
	{
		.method = HTTP_DELETE,
		.path = "/api/v1/sessions/{id}",
		.op = "endSession",
		PERSON,
		.rate = RATE_WRITE,
		.status = 204,
		.fails = { ERR_NOT_FOUND },
		.audit = "session.revoked",
		.run = end_session,
		.doc = "End one of one's own sessions.",
	},
	ROUTES_END,
};
