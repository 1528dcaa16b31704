/*
 * Who may call what: every row of the route tables, called by everybody (A1, A2, A3; T12, T18).
 *
 * What must come back follows from the row alone, so a new row needs nothing here.  Whoever a row
 * lets in may still be told that the item does not exist or that the body is wrong; whoever it
 * does not let in is told nothing but that.  Each call has a credential of its own, because some
 * rows end the one with which they are called.
 */
#include "fixture_db.h"

#include "auth/api_key.h"
#include "auth/session.h"
#include "auth/token.h"
#include "routes/tables.h"
#include "serve.h"

#include <stdio.h>
#include <string.h>

#define UNKNOWN_ID INT64_C(999999999999)

/* Who calls. */
enum caller {
	NOBODY,
	KEY,
	TOKEN,
	EXPIRED_KEY,
	REVOKED_KEY,
	WRONG_SECRET,
	TOKEN_OF_REVOKED_KEY,
	TOKEN_OF_LOWERED_KEY,
	NARROW_KEY, /* has all scopes but the row's */
	NARROW_TOKEN,
	FITTING_KEY, /* has the row's scope alone */
	SESSION,
	SESSION_WITHOUT_TOKEN,
	SESSION_OF_OTHER_PAGE,
	SESSION_TOO_IDLE,
	SESSION_OF_DISABLED,
	SESSION_OF_LOWERED,
	SESSION_OF_NO_MEMBER,
	SESSION_WITHOUT_TENANT,
	SESSION_OF_OTHER_TENANT,
	CALLERS
};

static const char *const NAMES[CALLERS] = {
	[NOBODY] = "nobody",
	[KEY] = "key",
	[TOKEN] = "token",
	[EXPIRED_KEY] = "expired key",
	[REVOKED_KEY] = "revoked key",
	[WRONG_SECRET] = "wrong secret",
	[TOKEN_OF_REVOKED_KEY] = "token of revoked key",
	[TOKEN_OF_LOWERED_KEY] = "token of lowered key",
	[NARROW_KEY] = "key of other scopes",
	[NARROW_TOKEN] = "token of other scopes",
	[FITTING_KEY] = "key of the scope",
	[SESSION] = "session",
	[SESSION_WITHOUT_TOKEN] = "session without its CSRF token",
	[SESSION_OF_OTHER_PAGE] = "session from another origin",
	[SESSION_TOO_IDLE] = "session that was idle",
	[SESSION_OF_DISABLED] = "session of a disabled account",
	[SESSION_OF_LOWERED] = "session of a lowered member",
	[SESSION_OF_NO_MEMBER] = "session of nobody in the tenant",
	[SESSION_WITHOUT_TENANT] = "session without a tenant",
	[SESSION_OF_OTHER_TENANT] = "session in another tenant",
};

/* What is sent along; NULL: not. */
struct credential {
	const char *key, *session, *csrf, *site, *tenant;
};

static struct arena *routes_arena; /* lives as long as the program */

static size_t no_body(void *self, char *buffer, size_t n)
{
	const char **left = self;
	size_t had = strlen(*left);

	n = n < had ? n : had;
	memcpy(buffer, *left, n);
	*left += n;
	return n;
}

static struct server *server(struct fixture_db *f)
{
	static struct server *made;
	const char *why = NULL;

	if (made == NULL) {
		made = server_new(routes_arena, &f->app, route_tables, &why);
		if (made == NULL)
			fail_msg("%s", why);
	}
	return made;
}

/* The path of a row with its ids, or a name, filled in. */
static const char *path_of(struct ctx *cx, const struct route *r, int64_t id)
{
	struct sb sb = sb_new(cx->arena, 512);

	for (const char *p = r->path; *p != '\0'; p++) {
		if (*p != '{') {
			sb_addc(&sb, *p);
			continue;
		}
		sb_addf(&sb, "%lld", (long long)id); /* a number may be a name too */
		p = strchr(p, '}');
	}
	return sb.data;
}

/* @ret the status of the answer */
static int call(struct fixture_db *f, const struct route *r, const struct credential *with,
                int64_t id)
{
	struct ctx *cx = fixture_db_ctx(f);
	const char *body = r->body != NULL ? "{}" : "";
	const struct body_source in = { no_body, &body };
	char *params[12];
	struct exchange ex;
	int n = 0;

	cx->who = (struct who){ 0 };
	params[n++] = arena_printf(cx->arena, "REQUEST_METHOD=%s", http_method_name(r->method));
	params[n++] = arena_printf(cx->arena, "REQUEST_URI=%s", path_of(cx, r, id));
	params[n++] = arena_strdup(cx->arena, "HTTP_IF_MATCH=*");
	if (r->body != NULL)
		params[n++] = arena_strdup(cx->arena, "CONTENT_TYPE=application/json");
	if (with->key != NULL)
		params[n++] = arena_printf(cx->arena, "HTTP_AUTHORIZATION=Bearer %s", with->key);
	if (with->session != NULL)
		params[n++] =
			arena_printf(cx->arena, "HTTP_COOKIE=portolan_8000=%s", with->session);
	if (with->csrf != NULL)
		params[n++] = arena_printf(cx->arena, "HTTP_X_CSRF_TOKEN=%s", with->csrf);
	if (with->site != NULL)
		params[n++] = arena_printf(cx->arena, "HTTP_SEC_FETCH_SITE=%s", with->site);
	if (with->tenant != NULL)
		params[n++] = arena_printf(cx->arena, "HTTP_X_PORTOLAN_TENANT=%s", with->tenant);
	params[n++] = arena_strdup(cx->arena, "HTTP_HOST=127.0.0.1:8000");
	params[n] = NULL;
	serve(cx, server(f), params, &in, &ex);
	return ex.rp.status;
}

/* --- Credentials --- */

static bool is_token(enum caller who)
{
	return who == TOKEN || who == TOKEN_OF_REVOKED_KEY || who == TOKEN_OF_LOWERED_KEY ||
	       who == NARROW_TOKEN;
}

static int64_t change(struct fixture_db *f, const char *set, int64_t key_id)
{
	return fixture_db_int(&f->cx,
	                      arena_printf(f->cx.arena,
	                                   "WITH u AS (UPDATE app.api_key SET %s WHERE id = %lld"
	                                   " RETURNING 1) SELECT count(*) FROM u",
	                                   set, (long long)key_id));
}

static int64_t make_key(struct fixture_db *f, enum role role, struct list scopes,
                        char text[KEY_TEXT_MAX])
{
	struct ctx *cx = fixture_db_ctx(f);
	const struct api_key_new in = { .name = "a", .role = role_name(role), .scopes = scopes };
	struct api_key key;

	assert_err(cx, api_key_create(cx, &in, &key), ERR_OK);
	snprintf(text, KEY_TEXT_MAX, "%s", key.key);
	return key.id;
}

/* Change a key for a token. */
static void take_token(struct fixture_db *f, const char *key, char ret[2048])
{
	struct ctx *cx = fixture_db_ctx(f);
	struct key_claim claim;
	struct token_pair pair;

	cx->who = (struct who){ 0 };
	assert_true(key_parse(key, &claim));
	assert_err(cx, key_admit(cx, &claim, ROLE_VIEWER, ""), ERR_OK);
	assert_err(cx, token_issue(cx, &pair), ERR_OK);
	snprintf(ret, 2048, "%s", pair.access_token);
}

/* All scopes but one; without one, a single scope. */
static struct list scopes_but(const char *one, const char *names[64])
{
	size_t n = 0;

	for (size_t i = 0; scope_names[i] != NULL; i++) {
		if (strcmp(scope_names[i], one) != 0)
			names[n++] = scope_names[i];
	}
	return (struct list){ names, n };
}

static void key_credential(struct fixture_db *f, enum caller who, enum role role,
                           const struct route *r, struct credential *ret)
{
	static char text[2048];
	const char *names[64], *scope = route_scope(r);
	char key[KEY_TEXT_MAX];
	struct list scopes = { 0 };
	int64_t id;

	if (who == NARROW_KEY || who == NARROW_TOKEN)
		scopes = scopes_but(scope, names);
	if (who == FITTING_KEY)
		scopes = (struct list){ scope[0] != '\0' ? &scope : scope_names, 1 };
	id = make_key(f, role, scopes, key);
	snprintf(text, sizeof(text), "%s", key);
	if (is_token(who))
		take_token(f, key, text);
	if (who == EXPIRED_KEY)
		change(f, "expires_at = now()", id);
	if (who == REVOKED_KEY || who == TOKEN_OF_REVOKED_KEY)
		change(f, "revoked_at = now()", id);
	if (who == TOKEN_OF_LOWERED_KEY)
		change(f, "role = 1", id);
	if (who == WRONG_SECRET)
		credential_make(CREDENTIAL_KEY, id, text);
	ret->key = text;
}

/* A person of their own, with a session; the number of the tenant is in its text. */
static void session_credential(struct fixture_db *f, enum caller who, enum role role, int64_t other,
                               struct credential *ret)
{
	static char text[SESSION_TEXT_MAX], csrf[SESSION_CSRF_MAX];
	struct ctx *cx = fixture_db_ctx(f);
	unsigned char hash[SECRET_HASH_BYTES];
	char hex[SECRET_HEX_MAX];
	struct session_claim claim;

	session_make(&claim);
	session_hash(f->app.keyring, &claim, hash);
	secret_hex(hash, sizeof(hash), hex);
	claim.tenant_id = who == SESSION_WITHOUT_TENANT    ? 0
	                  : who == SESSION_OF_OTHER_TENANT ? other
	                                                   : f->tenant_id;
	session_text(&claim, text);
	session_csrf(f->app.keyring, &claim, csrf);
	fixture_db_int(
		cx, arena_printf(cx->arena,
	                         "WITH u AS (INSERT INTO app.user_account (email, disabled_at)"
	                         " VALUES ('%.20s@access.test', %s) RETURNING id), s AS (INSERT"
	                         " INTO app.session (user_id, token_hash, last_seen_at, expires_at)"
	                         " SELECT id, decode('%s', 'hex'), now() - interval '%s',"
	                         " now() + interval '1 day' FROM u), m AS (INSERT INTO app.member"
	                         " (tenant_id, user_id, role, status) SELECT %lld, id, %d, 'active'"
	                         " FROM u WHERE %s) SELECT id FROM u",
	                         hex, who == SESSION_OF_DISABLED ? "now()" : "NULL", hex,
	                         who == SESSION_TOO_IDLE ? "13 hours" : "0",
	                         (long long)f->tenant_id, who == SESSION_OF_LOWERED ? 1 : role,
	                         who == SESSION_OF_NO_MEMBER ? "false" : "true"));
	ret->session = text;
	ret->csrf = who == SESSION_WITHOUT_TOKEN ? NULL : csrf;
	ret->site = who == SESSION_OF_OTHER_PAGE ? "cross-site" : "same-origin";
}

/* --- What a row says --- */

/* @ret 401, 403, or 0 for let in */
static int wanted_of_session(const struct route *r, enum caller who, enum role role)
{
	bool member = who != SESSION_OF_NO_MEMBER && who != SESSION_WITHOUT_TENANT &&
	              who != SESSION_OF_OTHER_TENANT;
	enum role has = who == SESSION_OF_LOWERED ? ROLE_VIEWER : role;

	if (r->auth == AUTH_KEY || who == SESSION_TOO_IDLE || who == SESSION_OF_DISABLED)
		return 401;
	if (r->method != HTTP_GET && (who == SESSION_WITHOUT_TOKEN || who == SESSION_OF_OTHER_PAGE))
		return 403;
	/* A browser sends the cookie with any page's WebSocket, and lets that page read what comes. */
	if (r->status == 101 && who == SESSION_OF_OTHER_PAGE)
		return 403;
	return r->role == ROLE_ANYONE || (member && has >= r->role) ? 0 : 403;
}

static int wanted(const struct route *r, enum caller who, enum role role)
{
	enum role has = who == TOKEN_OF_LOWERED_KEY ? ROLE_VIEWER : role;

	if (r->auth == AUTH_NONE)
		return 0;
	if (who >= SESSION)
		return wanted_of_session(r, who, role);
	if (who == NOBODY || who == EXPIRED_KEY || who == REVOKED_KEY || who == WRONG_SECRET ||
	    who == TOKEN_OF_REVOKED_KEY || r->auth == AUTH_USER ||
	    (r->auth == AUTH_KEY && is_token(who)))
		return 401;
	if (r->role != ROLE_ANYONE && has < r->role)
		return 403;
	if ((who == NARROW_KEY || who == NARROW_TOKEN) && route_scope(r)[0] != '\0')
		return 403;
	return 0;
}

/* A route may say that it judges more than role and scope, and then refuse by itself. */
static bool says_forbidden(const struct route *r)
{
	for (size_t i = 0; i < ROUTE_FAILS_MAX && r->fails[i] != ERR_OK; i++) {
		if (r->fails[i] == ERR_FORBIDDEN)
			return true;
	}
	return false;
}

/* The calls here have no query. */
static bool asks_for_more(const struct route *r)
{
	bool more = false;

	for (size_t i = 0; r->query != NULL && i < r->query->nfields; i++)
		more |= r->query->fields[i].required;
	return more;
}

static void check(const struct route *r, enum caller who, enum role role, int status)
{
	int want = wanted(r, who, role);
	bool has_id = strchr(r->path, '{') != NULL, good;

	if (want != 0)
		good = status == want;
	else if (r->auth == AUTH_NONE)
		good = status != 403 && (status != 401 || r->body != NULL) && status < 500;
	else if (status == 403)
		good = says_forbidden(r);
	else if (r->status == 101) /* no call here asks for a WebSocket */
		good = status == 400 || status == 404;
	else if (r->method == HTTP_GET && !has_id)
		good = status == (asks_for_more(r) ? 400 : r->status) || status == 404;
	else if (r->method == HTTP_GET && has_id)
		good = status == 404 || status == 400;
	else
		good = status != 401 && status < 500;
	if (!good)
		fail_msg("%s %s (%s) by %s of role %s: %d, %s%d", http_method_name(r->method),
		         r->path, r->op, NAMES[who], role_name(role), status,
		         want == 0 ? "to be let in " : "wanted ", want);
}

/* Roles matter to who has one. */
static int call_row(struct fixture_db *f, const struct route *r, enum caller who, int64_t other)
{
	bool all = who == KEY || who == TOKEN || who == SESSION;
	int calls = 0;

	for (enum role role = all ? ROLE_VIEWER : ROLE_OWNER; role < ROLE_COUNT; role++) {
		struct credential with = { 0 };

		if (who >= SESSION)
			session_credential(f, who, role, other, &with);
		else if (who != NOBODY)
			key_credential(f, who, role, r, &with);
		check(r, who, role, call(f, r, &with, UNKNOWN_ID));
		calls++;
	}
	return calls;
}

static void test_access__every_row_by_everybody(void **state)
{
	struct fixture_db *f = *state;
	int64_t other = fixture_db_tenant(fixture_db_ctx(f));
	int calls = 0;

	f->config.api_keys_max = 100000;
	for (size_t t = 0; route_tables[t] != NULL; t++) {
		for (const struct route *r = route_tables[t]; r->method != HTTP_UNSET; r++) {
			for (enum caller who = NOBODY; who < CALLERS; who++)
				calls += call_row(f, r, who, other);
		}
	}
	print_message("# %d calls\n", calls);
	assert_true(calls > 1000);
}

/* An open row does not look at credentials: a bad one changes nothing. */
static void test_access__open_rows(void **state)
{
	const struct credential none = { 0 }, bad = { .key = "pk_1_x", .session = "ps_0_x" };
	struct fixture_db *f = *state;

	for (size_t t = 0; route_tables[t] != NULL; t++) {
		for (const struct route *r = route_tables[t]; r->method != HTTP_UNSET; r++) {
			if (r->auth == AUTH_NONE)
				assert_int_equal(call(f, r, &bad, UNKNOWN_ID),
				                 call(f, r, &none, UNKNOWN_ID));
		}
	}
}

/* What one tenant has, the owner of another cannot find. */
static void test_access__wrong_tenant(void **state)
{
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	char name[80], text[KEY_TEXT_MAX];
	struct credential theirs = { 0 }, ours = { .key = f->key.text };
	struct key_made other;
	int64_t id;

	snprintf(name, sizeof(name), "other-%s", cx->request_id);
	assert_err(cx, fixture_db_key(cx, name, "o", ROLE_OWNER, &other), ERR_OK);
	id = make_key(f, ROLE_VIEWER, (struct list){ 0 }, text);
	theirs.key = other.text;
	for (const struct route *r = api_key_routes; r->method != HTTP_UNSET; r++) {
		if (strstr(r->path, "{id}") != NULL)
			assert_int_equal(call(f, r, &theirs, id), 404);
	}
	for (const struct route *r = api_key_routes; r->method != HTTP_UNSET; r++) {
		if (strstr(r->path, "{id}") != NULL && r->method == HTTP_GET)
			assert_int_equal(call(f, r, &ours, id), 200);
	}
}

/* Who names a tenant is served there or not at all, whatever the credential (A5). */
static void test_access__named_tenant(void **state)
{
	static const char *const MALFORMED[] = {
		"0", "-1", "01", "1x", "x", "1 2", "9999999999999999999"
	};
	struct fixture_db *f = *state;
	struct ctx *cx = fixture_db_ctx(f);
	int64_t other = fixture_db_tenant(cx);
	const struct route *list = api_key_routes;
	char token[2048];
	struct credential with[3] = { { .key = f->key.text }, { .key = token } };

	while (list->method != HTTP_GET || list->auth != AUTH_ANY ||
	       strchr(list->path, '{') != NULL)
		list++;
	take_token(f, f->key.text, token);
	session_credential(f, SESSION, ROLE_OWNER, other, &with[2]);
	for (size_t i = 0; i < COUNT(with); i++) {
		with[i].tenant = arena_printf(routes_arena, "%lld", (long long)f->tenant_id);
		assert_int_equal(call(f, list, &with[i], 0), 200);
		with[i].tenant = arena_printf(routes_arena, "%lld", (long long)other);
		assert_int_equal(call(f, list, &with[i], 0), 403);
		for (size_t k = 0; k < COUNT(MALFORMED); k++) {
			with[i].tenant = MALFORMED[k];
			assert_int_equal(call(f, list, &with[i], 0), 400);
		}
	}
}

static int open_all(void **state)
{
	routes_arena = arena_new((size_t)64 * 1024 * 1024);
	return fixture_db_open(state);
}

static int close_all(void **state)
{
	arena_free(routes_arena);
	return fixture_db_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_access__every_row_by_everybody),
		cmocka_unit_test(test_access__open_rows),
		cmocka_unit_test(test_access__wrong_tenant),
		cmocka_unit_test(test_access__named_tenant),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
