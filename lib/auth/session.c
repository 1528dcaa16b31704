/* Sessions: their text, and who stands behind one. */
#include "auth/session.h"

#include "auth/session_repo.h"
#include "auth/user.h"
#include "events/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX       "ps_"
#define SECRET_CHARS 43 /* of URL-safe Base64 without padding */
#define DIGITS_MAX   18 /* any number of so many digits fits an int64_t */

static const struct field FIELDS[] = {
	F_INT(struct session, id, .doc = "Number of the session"),
	F_TEXT(struct session, remote, .doc = "Address that signed in"),
	F_TEXT(struct session, user_agent, .doc = "What the browser called itself"),
	F_BOOL(struct session, current, .doc = "Whether it is the one that asks"),
	F_TIME(struct session, created_us, .name = "created_at", .doc = "Sign-in"),
	F_TIME(struct session, last_seen_us, .name = "last_seen_at",
	       .doc = "Last request, to about a minute"),
	F_TIME(struct session, expires_us, .name = "expires_at", .doc = "When it ends in any case"),
};
const struct schema session_schema = SCHEMA(struct session, "Session", FIELDS);

const struct event_kind session_revoked = {
	.type = "session.revoked",
	.version = 1,
	.payload = &user_event_schema,
	.audited = true,
	.confidential = true,
	.doc = "A person has ended sessions of their own.",
};

/* --- The text --- */

bool session_parse(const char *text, size_t n, struct session_claim *ret)
{
	struct session_claim claim = { 0 };
	size_t at = strlen(PREFIX), digits = 0, secret_n;
	bool good;

	if (n < at || memcmp(text, PREFIX, at) != 0)
		return false;
	for (; at < n && text[at] >= '0' && text[at] <= '9' && digits < DIGITS_MAX; at++, digits++)
		claim.tenant_id = claim.tenant_id * 10 + (text[at] - '0');
	if (digits == 0 || (digits > 1 && text[at - digits] == '0') || n != at + 1 + SECRET_CHARS ||
	    text[at] != '_')
		return false;
	good = secret_base64url_decode(text + at + 1, SECRET_CHARS, claim.secret,
	                               sizeof(claim.secret), &secret_n) &&
	       secret_n == sizeof(claim.secret);
	if (good)
		*ret = claim;
	secret_wipe(&claim, sizeof(claim));
	return good;
}

void session_make(struct session_claim *ret)
{
	ret->tenant_id = 0;
	secret_random(ret->secret, sizeof(ret->secret));
}

void session_text(const struct session_claim *claim, char ret[SESSION_TEXT_MAX])
{
	int n = snprintf(ret, SESSION_TEXT_MAX, PREFIX "%" PRId64 "_", claim->tenant_id);

	secret_base64url(claim->secret, sizeof(claim->secret), ret + n,
	                 SESSION_TEXT_MAX - (size_t)n);
}

void session_hash(const struct keyring *ring, const struct session_claim *claim,
                  unsigned char ret[SECRET_HASH_BYTES])
{
	keyring_hash(ring, KEYRING_SESSION, claim->secret, sizeof(claim->secret), ret);
}

const char *session_hashes(struct arena *arena, const struct keyring *ring,
                           const struct session_claim *claim)
{
	return keyring_hashes(arena, ring, KEYRING_SESSION, claim->secret, sizeof(claim->secret));
}

/* --- Against forged requests --- */

/* Of the master key with this number; false when the ring has none. */
static bool csrf_under(const struct keyring *ring, int number, const struct session_claim *claim,
                       char ret[SESSION_CSRF_MAX])
{
	unsigned char key[KEYRING_KEY_BYTES], hash[SECRET_HASH_BYTES];

	if (!keyring_derive(ring, number, KEYRING_CSRF, key))
		return false;
	secret_hash(claim->secret, sizeof(claim->secret), key, sizeof(key), hash);
	secret_wipe(key, sizeof(key));
	secret_base64url(hash, sizeof(hash), ret, SESSION_CSRF_MAX);
	return true;
}

void session_csrf(const struct keyring *ring, const struct session_claim *claim,
                  char ret[SESSION_CSRF_MAX])
{
	bool made = csrf_under(ring, keyring_newest(ring), claim, ret);

	assert(made);
	(void)made;
}

bool session_csrf_fits(const struct keyring *ring, const struct session_claim *claim,
                       const char *text)
{
	struct keyring_key keys[KEYRING_MAX];
	int n = keyring_list(ring, keys);
	char own[SESSION_CSRF_MAX];
	bool fits = false;

	if (strlen(text) != SESSION_CSRF_MAX - 1)
		return false;
	for (int i = 0; i < n; i++)
		fits |= csrf_under(ring, keys[i].number, claim, own) &&
		        secret_equal(own, text, SESSION_CSRF_MAX - 1);
	return fits;
}

/* --- Admission --- */

static void take_in(struct ctx *cx, void *ret)
{
	const struct session_admitted *in = ret;

	cx->who = (struct who){
		.tenant_id = in->tenant_id,
		.user_id = in->user_id,
		.session_id = in->session_id,
		.session_due = in->seen_due,
		.role = (enum role)in->role,
		.actor = in->email,
	};
}

enum err session_admit(struct ctx *cx, const struct session_claim *claim, enum role least)
{
	struct session_admitted *answer = arena_alloc(cx->arena, sizeof(*answer));
	const char *hashes = session_hashes(cx->arena, cx->app->keyring, claim);

	cx->who = (struct who){ .tenant_id = claim->tenant_id };
	session_repo_admit_along(cx, hashes, least == ROLE_ANYONE ? 0 : least, claim->tenant_id,
	                         answer, take_in);
	if (claim->tenant_id != 0 || least == ROLE_ANYONE)
		return ERR_OK;
	return db_flush(cx); /* refuses: no statement of a tenant can run */
}

enum err session_seen(struct ctx *cx)
{
	if (!cx->who.session_due)
		return ERR_OK;
	cx->who.session_due = false;
	return session_repo_seen(cx);
}

/* --- A person's own sessions --- */

enum err session_list(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret)
{
	return session_repo_list(cx, before_id, limit, ret);
}

enum err session_revoke(struct ctx *cx, int64_t id)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(db_begin(cx, &tx));
	TRY(session_repo_delete(cx, id));
	TRY(user_announce(cx, &session_revoked, cx->who.user_id, cx->who.actor));
	return db_commit(&tx);
}

enum err session_revoke_others(struct ctx *cx, int64_t *ret_n)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(db_begin(cx, &tx));
	TRY(session_repo_delete_others(cx, ret_n));
	TRY(user_announce(cx, &session_revoked, cx->who.user_id, cx->who.actor));
	return db_commit(&tx);
}

enum err session_sign_out(struct ctx *cx)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };

	TRY(db_begin(cx, &tx));
	TRY(session_repo_delete(cx, cx->who.session_id));
	TRY(user_announce(cx, &user_signed_out, cx->who.user_id, cx->who.actor));
	return db_commit(&tx);
}
