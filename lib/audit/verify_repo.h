/* SQL of the check of the audit log; of lib/audit alone. */
#ifndef AUDIT_VERIFY_REPO_H
#define AUDIT_VERIFY_REPO_H

#include "audit/chain.h"
#include "audit/verify.h"

#define VERIFY_PAGE 500 /* seals read at once */

/* A seal and the row that it names. */
struct verify_seal {
	int64_t seq, place;    /* place: of the row, as the seal says */
	const char *prev_hash; /* hex */
	const char *hash;      /* hex */
	bool here;             /* the row is there */
	struct chain_row row;
};

/* Both ends of a chain. */
struct verify_ends {
	int64_t seq, base_seq;
	const char *hash, *base_hash; /* hex */
};

/** First in a transaction: what comes sees one moment.  @ret also other transactions' changes: no */
NODISCARD
enum err verify_repo_freeze(struct ctx *cx);
NODISCARD
enum err verify_repo_chains(struct ctx *cx, struct list *ret);
/** Returns ERR_NOT_FOUND for a tenant without seals */
NODISCARD
enum err verify_repo_ends(struct ctx *cx, int64_t tenant_id, struct verify_ends *ret);
/** @ret of struct verify_seal, at most VERIFY_PAGE */
NODISCARD
enum err verify_repo_seals(struct ctx *cx, int64_t tenant_id, int64_t after, struct list *ret);
/** @ret the first row without a seal that should have one; 0: none */
NODISCARD
enum err verify_repo_stray(struct ctx *cx, int64_t tenant_id, int64_t *ret);
NODISCARD
enum err verify_repo_unsealed(struct ctx *cx, int64_t tenant_id, int64_t *ret);

#endif
