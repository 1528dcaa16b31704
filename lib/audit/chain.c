/* The hash chain: bytes of a row, and their hash. */
#include "audit/chain.h"

#include <string.h>

void chain_bytes(struct sb *sb, const struct chain_row *row)
{
	const char *texts[CHAIN_FIELDS];

	memcpy(texts, row, sizeof(texts));
	for (size_t i = 0; i < CHAIN_FIELDS; i++) {
		if (texts[i] == NULL) {
			sb_add(sb, "-,");
			continue;
		}
		sb_int(sb, (int64_t)strlen(texts[i]));
		sb_addc(sb, ':');
		sb_add(sb, texts[i]);
		sb_addc(sb, ',');
	}
}

bool chain_hash(struct arena *arena, const unsigned char prev[SECRET_HASH_BYTES],
                const struct chain_row *row, unsigned char ret[SECRET_HASH_BYTES])
{
	struct sb sb = sb_new(arena, CHAIN_ROW_MAX);

	chain_bytes(&sb, row);
	if (sb.failed)
		return false;
	secret_sha256(prev, SECRET_HASH_BYTES, sb.data, sb.len, ret);
	return true;
}
