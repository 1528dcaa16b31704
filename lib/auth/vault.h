/*
 * Vault: a tenant's secrets, which we may use and nobody may read.
 *
 *   git_https       password or token for repositories of one origin, over https
 *   git_ssh         private key for those of one origin, over ssh, with the server's pinned keys
 *   provider_key    key of a provider of models
 *   webhook_secret  what signs deliveries
 *
 * A value goes in and is sealed (auth/seal.h); no answer, event or text ever holds it.  Who uses it
 * opens it for as long as it is needed:
 *
 *     CLEANUP(vault_close) struct vault_opened opened = { 0 };
 *     TRY(vault_open(cx, id, &opened));
 *     ... opened.value ...
 *
 * Every function keeps the promises of projects/project.h: ownership, tenancy, errors, time.
 */
#ifndef AUTH_VAULT_H
#define AUTH_VAULT_H

#include "auth/seal.h"
#include "events/event.h"

#define VAULT_NAME_MAX   100   /* characters, as username */
#define VAULT_VALUE_MAX  16384 /* characters of a value */
#define VAULT_LIST_MAX   201   /* a page of 200, and one that tells whether more follow */
#define VAULT_BATCH_ROWS 100   /* re-sealed at a time */

extern const char *const vault_kinds[]; /* "git_https", ...; NULL ends them */

/* What a client sends to store a secret. */
struct secret_new {
	const char *name; /* unique within the tenant */
	const char *kind;
	const char *origin;   /* of the git kinds: "https://host[:port]", "ssh://host[:port]" */
	const char *username; /* git_https: of the token; git_ssh: when the address names none */
	const char *host_key; /* git_ssh; see auth/ssh_key.h */
	const char *value;
	const char *passphrase; /* git_ssh: of the key; NULL: it has none */
};

/* What a client sends to change one.  Kind and origin stay: what uses it counts on them. */
struct secret_patch {
	uint64_t given;
	const char *name, *username, *host_key;
	const char *value, *passphrase; /* a passphrase comes with its key */
};

/* What may be known of one. */
struct secret {
	int64_t id;
	const char *name, *kind, *origin, *username, *host_key;
	const char *public_key, *fingerprint; /* of git_ssh */
	int64_t version;
	const char *created_by;
	int64_t created_us, updated_us, last_used_us;
};

struct secret_filter {
	const char *kind;  /* NULL: any */
	int64_t before_id; /* newest first, ids below this; 0: from the newest */
	int64_t limit;     /* 1 to VAULT_LIST_MAX */
};

extern const struct schema secret_new_schema, secret_patch_schema, secret_schema;
extern const struct event_kind secret_created, secret_changed, secret_deleted;

/**
 * Returns ERR_INVALID blaming the field, ERR_CONFLICT when the tenant has a secret of that name,
 *         ERR_LIMIT when it may have no more
 */
NODISCARD
enum err vault_create(struct ctx *cx, const struct secret_new *in, struct secret *ret);

/** Returns ERR_NOT_FOUND */
NODISCARD
enum err vault_get(struct ctx *cx, int64_t id, struct secret *ret);

/** @ret items are struct secret, newest first */
NODISCARD
enum err vault_list(struct ctx *cx, const struct secret_filter *filter, struct list *ret);

/**
 * @version the version the client saw; 0: any
 * Returns ERR_NOT_FOUND, ERR_STALE, ERR_CONFLICT, ERR_INVALID
 */
NODISCARD
enum err vault_change(struct ctx *cx, int64_t id, int64_t version, const struct secret_patch *in,
                      struct secret *ret);

/** Returns ERR_NOT_FOUND, ERR_STALE; ERR_SECRET_IN_USE, naming the projects and providers that use it */
NODISCARD
enum err vault_delete(struct ctx *cx, int64_t id, int64_t version);

/**
 * May the secret open what is at an origin?
 *
 * @origin as net_url and net_ssh have it
 * Returns ERR_INVALID when there is no such secret or it is of another kind, ERR_ORIGIN_MISMATCH
 *         naming both origins; the field blamed is /secret_id
 */
NODISCARD
enum err vault_match(struct ctx *cx, int64_t id, const char *kind, const char *origin);

/* A secret in use. */
struct vault_opened {
	struct ctx *cx; /* NULL: not open */
	struct secret about;
	struct seal_text text;
	const char *value, *passphrase; /* in text; passphrase NULL: none */
};

/**
 * Open a secret to use it, and note when.  Until vault_close() the context hides it (base/redact.h).
 * Returns ERR_NOT_FOUND, ERR_UNSEALABLE
 */
NODISCARD
enum err vault_open(struct ctx *cx, int64_t id, struct vault_opened *ret);

/** For CLEANUP.  Wipes the value. */
void vault_close(struct vault_opened *opened);

/* --- For the operator, over a connection of the gate: all tenants --- */

/**
 * Re-seal under the key in use what is sealed under others, one batch of it.
 *
 * Each row is replaced only if it still is what was read, so a change at the same time wins, and it may
 * be stopped at any point.
 * @ret_done how many were; fewer than VAULT_BATCH_ROWS were looked at when *ret_more is false
 * Returns ERR_UNSEALABLE for the first row that cannot be opened
 */
NODISCARD
enum err vault_reseal(struct ctx *cx, int64_t *after_id, int64_t *ret_done, bool *ret_more);

/** Open every secret, and forget it again.  @ret_bad how many cannot be; the fault names the first */
NODISCARD
enum err vault_check(struct ctx *cx, int64_t *ret_n, int64_t *ret_bad);

/* What needs one master key. */
struct vault_need {
	int64_t secrets, api_keys;
	int64_t others; /* sessions and tokens that were made before the next key was used */
};

/**
 * @until_s Unix time from which the next key was used, 0: not at all yet
 */
NODISCARD
enum err vault_needs(struct ctx *cx, int key_number, int64_t until_s, struct vault_need *ret);

/** What was made under master keys of any number; @ret .others: sessions that are not over */
NODISCARD
enum err vault_needs_any(struct ctx *cx, struct vault_need *ret);

extern const struct db_check vault_statements[];

#endif
