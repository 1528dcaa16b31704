/*
 * Signing in, accepting tokens, changing a password: what computes hashes.
 *
 * Each has the same course: take a turn, count the attempt, compute the proof, then show it to the
 * database in the transaction that does what it is for.  No transaction is open while a hash is made.
 */
#include "auth/user.h"

#include "auth/user_repo.h"

#include <stdio.h>
#include <string.h>

/* Count an attempt, and prove with the password that was typed.  @attempt also tells of the stored hash */
static enum err prove(struct ctx *cx, const char *email, const char *password,
                      struct user_attempt *attempt, char ret_proof[PASSWORD_HASH_MAX])
{
	TRY(user_repo_begin(cx, email, attempt));
	if (attempt->wait_s > 0) {
		err_set(cx, ERR_RATE, "Too many attempts with this address; wait %lld s.",
		        (long long)attempt->wait_s);
		err_retry(cx, attempt->wait_s);
		return ERR_RATE;
	}
	return password_prove(cx, attempt->salted, password, ret_proof);
}

/* Printable ASCII of at most max characters: what a client says of itself. */
static const char *tame(struct ctx *cx, const char *text, size_t max)
{
	char *copy = arena_strndup(cx->arena, text == NULL ? "" : text,
	                           text == NULL ? 0 : strnlen(text, max));

	for (char *p = copy; *p != '\0'; p++) {
		if (*p < 0x20 || *p > 0x7E)
			*p = '?';
	}
	return copy;
}

/* --- Signing in --- */

/* The tenant that a new session begins with. */
static enum err choose(struct ctx *cx, int64_t wanted, const struct list *tenants)
{
	const struct user_tenant *t = tenants->items;

	if (wanted == 0 && tenants->n == 1)
		wanted = t[0].id;
	for (size_t i = 0; i < tenants->n && wanted != 0; i++) {
		if (t[i].id != wanted)
			continue;
		cx->who.tenant_id = wanted;
		cx->who.role = role_by_name(t[i].role);
		return ERR_OK;
	}
	if (wanted == 0)
		return ERR_OK;
	return err_field(cx, ERR_INVALID, "/tenant_id", "member",
	                 "You are no member of tenant %lld.", (long long)wanted);
}

static enum err begin_session(struct ctx *cx, const struct sign_in *in,
                              const struct user_proof *proof, struct signed_in *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	unsigned char token[SECRET_HASH_BYTES];
	struct user_session made;

	session_make(&ret->session);
	session_hash(cx->app->keyring, &ret->session, token);
	TRY(db_begin(cx, &tx));
	TRY(user_repo_finish(cx, proof, token, &made));
	cx->who = (struct who){
		.user_id = made.user_id,
		.session_id = made.session_id,
		.actor = proof->email,
	};
	TRY(user_repo_self(cx, &ret->user));
	TRY(user_repo_tenants(cx, made.user_id, &ret->tenants));
	TRY(choose(cx, in->tenant_id, &ret->tenants));
	ret->session.tenant_id = cx->who.tenant_id;
	TRY(user_announce(cx, &user_signed_in, made.user_id, proof->email));
	return db_commit(&tx);
}

enum err user_sign_in(struct ctx *cx, const struct sign_in *in, struct signed_in *ret)
{
	char proof[PASSWORD_HASH_MAX], renewed[PASSWORD_HASH_MAX];
	struct user_proof shown = {
		.email = user_email(cx, in->email),
		.proof = proof,
		.old_hashes = in->old == NULL
		                      ? "{}"
		                      : session_hashes(cx->arena, cx->app->keyring, in->old),
		.remote = tame(cx, in->remote, SESSION_REMOTE_MAX),
		.user_agent = tame(cx, in->user_agent, SESSION_AGENT_MAX),
	};
	struct user_attempt attempt;
	enum err e;

	{
		CLEANUP(password_turn_end) struct password_turn turn = { 0 };

		TRY(password_turn_begin(cx, &turn));
		TRY(prove(cx, shown.email, in->password, &attempt, proof));
		if (password_is_cheap(cx, attempt.salted)) {
			TRY(password_hash(cx, in->password, renewed));
			shown.new_hash = renewed;
		}
	}
	e = begin_session(cx, in, &shown, ret);
	if (e != ERR_OK)
		cx->who = (struct who){ 0 }; /* of what was rolled back */
	return e;
}

/* --- Tokens --- */

static enum err bad_token(struct ctx *cx)
{
	return err_field(cx, ERR_INVALID, "/token", "token",
	                 "The token is unknown, was used, or is over; ask for another one.");
}

/* Who has a password and is invited shows it; the others set one. */
static enum err hash_for(struct ctx *cx, const struct user_token *token, const char *password,
                         char ret[PASSWORD_HASH_MAX], bool *ret_proof)
{
	CLEANUP(password_turn_end) struct password_turn turn = { 0 };
	struct user_attempt attempt;

	*ret_proof = token->has_password && strcmp(token->kind, "invitation") == 0;
	if (!*ret_proof)
		TRY(password_check(cx, "/password", password, token->email, token->name));
	TRY(password_turn_begin(cx, &turn));
	if (*ret_proof)
		return prove(cx, token->email, password, &attempt, ret);
	return password_hash(cx, password, ret);
}

enum err user_accept(struct ctx *cx, const char *token, const char *password, struct accepted *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	char hash[PASSWORD_HASH_MAX];
	struct user_token open, used;
	const char *hashes;
	bool proof;
	int64_t id;
	enum err e;

	if (!credential_parse(CREDENTIAL_PASSWORD, token, &id))
		return bad_token(cx);
	hashes = keyring_hashes(cx->arena, cx->app->keyring, KEYRING_PASSWORD_TOKEN, token,
	                        strlen(token));
	e = user_repo_token_open(cx, hashes, &open);
	if (e == ERR_NOT_FOUND)
		return bad_token(cx);
	TRY(e);
	TRY(hash_for(cx, &open, password, hash, &proof));
	TRY(db_begin(cx, &tx));
	e = user_repo_token_use(cx, hashes, proof ? hash : NULL, proof ? NULL : hash, &used);
	if (e == ERR_NOT_FOUND)
		return bad_token(cx);
	TRY(e);
	cx->who = (struct who){ .user_id = used.user_id, .actor = open.email };
	if (strcmp(used.kind, "invitation") == 0) {
		const struct user_event told = { used.user_id, open.email };

		cx->who.tenant_id = used.tenant_id;
		TRY(event_emit(cx, &user_joined, 0, &told));
	}
	if (!proof)
		TRY(user_announce(cx, &user_password_changed, used.user_id, open.email));
	TRY(db_commit(&tx));
	*ret = (struct accepted){ used.user_id, used.tenant_id, used.kind, open.email };
	return ERR_OK;
}

/* --- Another password --- */

static enum err store_change(struct ctx *cx, const struct user *user, const char *proof,
                             const char *hash, struct session_claim *session)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	unsigned char token[SECRET_HASH_BYTES];
	int64_t tenant_id = session->tenant_id;
	bool changed;

	session_make(session);
	session->tenant_id = tenant_id;
	session_hash(cx->app->keyring, session, token);
	TRY(db_begin(cx, &tx));
	TRY(user_repo_change_password(cx, proof, hash, token, &changed));
	if (!changed)
		return err_field(cx, ERR_INVALID, "/old_password", "wrong",
		                 "This is not your password.");
	TRY(user_announce(cx, &user_password_changed, user->id, user->email));
	return db_commit(&tx);
}

enum err user_change_password(struct ctx *cx, const char *old_password, const char *new_password,
                              struct session_claim *session)
{
	char proof[PASSWORD_HASH_MAX], hash[PASSWORD_HASH_MAX];
	struct user_attempt attempt;
	struct user user;

	TRY(user_repo_self(cx, &user)); /* which also settles who asks */
	TRY(password_check(cx, "/new_password", new_password, user.email, user.name));
	{
		CLEANUP(password_turn_end) struct password_turn turn = { 0 };

		TRY(password_turn_begin(cx, &turn));
		TRY(prove(cx, user.email, old_password, &attempt, proof));
		TRY(password_hash(cx, new_password, hash));
	}
	return store_change(cx, &user, proof, hash, session);
}
