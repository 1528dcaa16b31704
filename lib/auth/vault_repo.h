/* The statements of auth/vault.c; contracts as there. */
#ifndef AUTH_VAULT_REPO_H
#define AUTH_VAULT_REPO_H

#include "auth/vault.h"

/* What is stored of a new secret or a change; NULL: as it is. */
struct vault_row {
	const char *name, *kind, *origin, *username, *host_key, *public_key, *fingerprint;
	struct span sealed;
	bool username_given; /* a change may take the user name away */
};

/* A sealed row, as the gate and whoever opens it read it. */
struct vault_sealed {
	int64_t tenant_id, id;
	const char *sealed; /* hexadecimal */
};

NODISCARD
enum err vault_repo_next_id(struct ctx *cx, int64_t *ret);
/** Returns ERR_CONFLICT; ERR_NOT_FOUND when there are max */
NODISCARD
enum err vault_repo_insert(struct ctx *cx, int64_t id, const struct vault_row *in, int64_t max,
                           struct secret *ret);
NODISCARD
enum err vault_repo_get(struct ctx *cx, int64_t id, struct secret *ret);
NODISCARD
enum err vault_repo_list(struct ctx *cx, const struct secret_filter *filter, struct list *ret);
/** Returns ERR_NOT_FOUND for no such secret or another version, ERR_CONFLICT */
NODISCARD
enum err vault_repo_update(struct ctx *cx, int64_t id, int64_t version, const struct vault_row *in,
                           struct secret *ret);
/** @ret as it was.  Returns ERR_NOT_FOUND, ERR_CONFLICT */
NODISCARD
enum err vault_repo_delete(struct ctx *cx, int64_t id, int64_t version, struct secret *ret);
/** @ret names of some projects, NULL when none uses it */
NODISCARD
enum err vault_repo_users(struct ctx *cx, int64_t id, const char **ret);
NODISCARD
enum err vault_repo_sealed(struct ctx *cx, int64_t id, struct vault_sealed *ret);
NODISCARD
enum err vault_repo_touch(struct ctx *cx, int64_t id);

/** @but_key rows under this master key are left out; 0: all.  @ret items are struct vault_sealed */
NODISCARD
enum err vault_repo_batch(struct ctx *cx, int but_key, int64_t after_id, struct list *ret);
/** @ret_rows 0 when the row is no longer what was read */
NODISCARD
enum err vault_repo_reseal(struct ctx *cx, const struct vault_sealed *was, struct span sealed,
                           int64_t *ret_rows);
NODISCARD
enum err vault_repo_needs(struct ctx *cx, int key_number, int64_t until_s, struct vault_need *ret);
NODISCARD
enum err vault_repo_needs_any(struct ctx *cx, struct vault_need *ret);

#endif
