/*
 * Sessions: the credential of people with a browser.
 *
 * A session's text, the value of its cookie, is  ps_<tenant>_<43 characters>.  The number is the tenant
 * that the person has chosen, 0 for none: no secret and no proof, since the database asks at each request
 * whether they are a member.  Choosing another makes a text with another number and the same secret.  Only
 * a keyed hash of the secret is stored; a row that is gone is a session that has ended.
 *
 *   idle      session_idle_minutes after the last request, which is written at most once a minute
 *   absolute  session_max_hours after sign-in
 *
 *   Ownership  What is returned lives in cx->arena; arguments are borrowed for the call.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 */
#ifndef AUTH_SESSION_H
#define AUTH_SESSION_H

#include "auth/keyring.h"
#include "base/db.h"

#define SESSION_SECRET_BYTES 32
#define SESSION_TEXT_MAX     72  /* bytes of a session's text, NUL included */
#define SESSION_CSRF_MAX     44  /* bytes of a token against forged requests, NUL included */
#define SESSION_REMOTE_MAX   64  /* characters of the address that are kept */
#define SESSION_AGENT_MAX    200 /* characters of the browser's name that are kept */

/* A session as its text shows it; nothing of it is proven yet. */
struct session_claim {
	int64_t tenant_id; /* 0: none is chosen */
	unsigned char secret[SESSION_SECRET_BYTES];
};

/** @ret false when the n bytes are not formed like a session */
bool session_parse(const char *text, size_t n, struct session_claim *ret);

/** A session with a secret of its own and no tenant chosen; wipe it after use. */
void session_make(struct session_claim *ret);

/** Its text, the value of the cookie; wipe it after use. */
void session_text(const struct session_claim *claim, char ret[SESSION_TEXT_MAX]);

/** What is stored of it. */
void session_hash(const struct keyring *ring, const struct session_claim *claim,
                  unsigned char ret[SECRET_HASH_BYTES]);

/** What it is looked up by: the text of a bytea[], in arena. */
const char *session_hashes(struct arena *arena, const struct keyring *ring,
                           const struct session_claim *claim);

/**
 * The token that changes made with this session must carry: a page of another origin, which may make
 * the browser send the cookie, cannot read it.
 */
void session_csrf(const struct keyring *ring, const struct session_claim *claim,
                  char ret[SESSION_CSRF_MAX]);

/** @ret whether text is such a token, of any key of the ring; the time does not tell how far it fits */
bool session_csrf_fits(const struct keyring *ring, const struct session_claim *claim,
                       const char *text);

/**
 * Who is behind a session, checked by the database in the round trip of the next statement
 * (db_precede); cx->who is filled when that returns.
 *
 * @least the least role in the tenant; ROLE_ANYONE: none is asked for, and when the person is no
 *        member of the tenant, or has chosen none, the context has no tenant
 * Returns ERR_UNAUTHENTICATED or ERR_FORBIDDEN, here or from the next statement.
 */
NODISCARD
enum err session_admit(struct ctx *cx, const struct session_claim *claim, enum role least);

/** Write that the context's session was used, if that is due.  For after the answer; own transaction. */
NODISCARD
enum err session_seen(struct ctx *cx);

/* --- A person's own sessions --- */

struct session {
	int64_t id;
	const char *remote, *user_agent;
	bool current; /* the one that asks */
	int64_t created_us, last_seen_us, expires_us;
};

extern const struct schema session_schema;
extern const struct event_kind session_revoked;

/** @ret items are struct session, newest first, those that are over left out */
NODISCARD
enum err session_list(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret);

/** End one, the context's own too.  Returns ERR_NOT_FOUND */
NODISCARD
enum err session_revoke(struct ctx *cx, int64_t id);

/** End all others.  @ret_n how many there were; may be NULL */
NODISCARD
enum err session_revoke_others(struct ctx *cx, int64_t *ret_n);

/** End the context's. */
NODISCARD
enum err session_sign_out(struct ctx *cx);

extern const struct db_check session_statements[];

#endif
