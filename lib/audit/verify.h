/*
 * Verify: is the audit log what it was when it was sealed?
 *
 * Everything is recomputed here (chain.h), without trusting the database's own functions.  It needs
 * the operator's role, which sees all chains, and changes nothing.
 *
 *   changed    a row is not what was sealed
 *   missing    a row, or a seal in the middle, is gone
 *   inserted   a row that no seal knows although all of its time are sealed; a seal past the end
 *   reordered  a seal does not follow the one before it
 *   truncated  the chain ends before its recorded end, or before the anchor
 *   rewritten  the chain holds another hash where the anchor was taken
 *
 * What this cannot show: that somebody who may write everything has rewritten a whole chain, with
 * its seals and its end.  For that there are anchors, hashes that were logged, and kept, elsewhere.
 *
 *   Ownership  What is returned lives in cx->arena; arguments are borrowed for the call.
 *   Errors     Those named here, or what base/db.h names for a database in trouble.
 */
#ifndef AUDIT_VERIFY_H
#define AUDIT_VERIFY_H

#include "base/db.h"
#include "base/secret.h"

/* A hash of a chain that was noted earlier. */
struct verify_anchor {
	int64_t tenant_id; /* -1: of some chain */
	int64_t seq;       /* 0: of some seal */
	char hash[SECRET_HEX_MAX];
	bool found; /* set by verify_chain() */
};

/* What became of one chain. */
struct verify_report {
	int64_t tenant_id;       /* 0: the installation's */
	int64_t rows;            /* recomputed */
	int64_t base_seq;        /* taken away by retention before them */
	int64_t seq;             /* of the last seal that is right */
	const char *hash;        /* of that seal, in hex */
	int64_t unsealed;        /* rows that wait for their seal */
	const char *broken;      /* one of the words above; NULL: the chain is whole */
	int64_t broken_seq;      /* where; 0: at no seal */
	int64_t broken_position; /* the row; 0: not known */
	const char *why;
};
extern const struct schema verify_report_schema;

/** Read "TENANT:SEQ:HASH", as the runner logs it, or a hash alone.  Returns ERR_INVALID */
NODISCARD
enum err verify_anchor_parse(struct ctx *cx, const char *text, struct verify_anchor *ret);

struct verify_chain_id {
	int64_t tenant_id;
};

/** The tenants that have a chain or rows.  @ret of struct verify_chain_id, by tenant */
NODISCARD
enum err verify_chains(struct ctx *cx, struct list *ret);

/**
 * Recompute one chain, up to its first fault, as one moment shows it.
 *
 * @anchor NULL: none
 * Returns ERR_OK for a broken chain as well; the report says so.
 */
NODISCARD
enum err verify_chain(struct ctx *cx, int64_t tenant_id, struct verify_anchor *anchor,
                      struct verify_report *ret);

/** Blame a chain for an anchor that no chain had. */
void verify_no_anchor(struct verify_report *report);

extern const struct db_check verify_statements[];

#endif
