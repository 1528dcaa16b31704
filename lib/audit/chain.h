/*
 * The hash chain of the audit log, as a program outside the database computes it.
 *
 *     hash of a row = SHA-256 of (hash of the row before, 32 bytes) and (bytes of the row)
 *
 * The first row's predecessor is 32 zeros, or the hash that retention left of what it took away.
 * The bytes of a row are its fields in the order of struct chain_row, each as
 * "<length in bytes>:<text>,", and a null as "-,"; numbers in decimal, the time in microseconds
 * since 1970, the detail as PostgreSQL prints its jsonb, all in UTF-8.  So no two rows have the
 * same bytes.  app.audit_bytes() is the same in SQL.
 *
 * Both ways are for ever: what was sealed stays sealed.
 */
#ifndef AUDIT_CHAIN_H
#define AUDIT_CHAIN_H

#include "base/sb.h"
#include "base/schema.h"
#include "base/secret.h"

/* A row as texts, as it is hashed; NULL is SQL's null. */
struct chain_row {
	const char *tenant_id, *position, *at_us, *actor, *user_id, *key_id, *action, *target;
	const char *outcome, *remote, *request_id, *detail;
};

/* The number of texts above. */
#define CHAIN_FIELDS (sizeof(struct chain_row) / sizeof(const char *))

#define CHAIN_ROW_MAX ((size_t)32 * 1024) /* bytes of a row; what the table allows is less */

/** Append the bytes of a row. */
void chain_bytes(struct sb *sb, const struct chain_row *row);

/**
 * The hash of a row.  @prev and @ret may be the same.
 * @ret false when the row passes CHAIN_ROW_MAX, which no row that was written through the table's
 *      rules does
 */
NODISCARD
bool chain_hash(struct arena *arena, const unsigned char prev[SECRET_HASH_BYTES],
                const struct chain_row *row, unsigned char ret[SECRET_HASH_BYTES]);

#endif
