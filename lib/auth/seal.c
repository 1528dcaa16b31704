/* Sealing and opening. */
#include "auth/seal.h"

#include "base/sb.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define VERSION       1
#define PLACE_MAX     256 /* bytes of a place as it is authenticated */
#define HEADER_PUBLIC 3   /* version and number; the nonce authenticates itself */

_Static_assert(SEAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "its nonce");
_Static_assert(KEYRING_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "its key");
_Static_assert(SEAL_OVERHEAD_BYTES == SEAL_HEADER_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "what it adds");

/* The place and the header as one text.  Names have no blanks, so no two places look the same. */
static struct span bind(struct ctx *cx, const struct seal_place *place, const unsigned char *header)
{
	struct sb sb = sb_new(cx->arena, PLACE_MAX);

	sb_addf(&sb, "%s %s %" PRId64 " %" PRId64 " ", place->table, place->column,
	        place->tenant_id, place->row_id);
	sb_addn(&sb, (const char *)header, HEADER_PUBLIC);
	assert(!sb.failed);
	return (struct span){ sb.data, sb.len };
}

struct span seal_shut(struct ctx *cx, const struct keyring *ring, const struct seal_place *place,
                      const void *plain, size_t n)
{
	unsigned char key[KEYRING_KEY_BYTES],
		*out = arena_alloc(cx->arena, n + SEAL_OVERHEAD_BYTES);
	int number = keyring_newest(ring);
	unsigned long long len;
	struct span bound;

	assert(n <= SEAL_PLAIN_MAX);
	/* Retired in between, which needs more than a moment: what is newest now is there. */
	while (!keyring_derive(ring, number, KEYRING_SEAL, key))
		number = keyring_newest(ring);
	out[0] = VERSION;
	out[1] = (unsigned char)(number >> 8);
	out[2] = (unsigned char)number;
	secret_random(out + HEADER_PUBLIC, SEAL_NONCE_BYTES);
	bound = bind(cx, place, out);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + SEAL_HEADER_BYTES, &len, plain, n,
	                                           (const unsigned char *)bound.data, bound.len,
	                                           NULL, out + HEADER_PUBLIC, key);
	secret_wipe(key, sizeof(key));
	return (struct span){ (const char *)out, SEAL_HEADER_BYTES + (size_t)len };
}

int seal_key_number(struct span sealed)
{
	const unsigned char *bytes = (const unsigned char *)sealed.data;

	return sealed.len < SEAL_OVERHEAD_BYTES ? 0 : bytes[1] << 8 | bytes[2];
}

static enum err cannot(struct ctx *cx, const struct seal_place *place, const char *why,
                       const char *fix)
{
	err_set(cx, ERR_UNSEALABLE, "%s %" PRId64 " cannot be opened: %s", place->table,
	        place->row_id, why);
	err_fix(cx, "%s", fix);
	return ERR_UNSEALABLE;
}

enum err seal_open(struct ctx *cx, const struct keyring *ring, const struct seal_place *place,
                   struct span sealed, struct seal_text *ret)
{
	const unsigned char *bytes = (const unsigned char *)sealed.data;
	unsigned char key[KEYRING_KEY_BYTES];
	struct seal_text text = { 0 };
	unsigned long long len = 0;
	struct span bound;
	int bad;

	if (sealed.len < SEAL_OVERHEAD_BYTES || bytes[0] != VERSION)
		return cannot(cx, place, "it is damaged, or sealed by another program",
		              "store the secret anew");
	if (!keyring_derive(ring, seal_key_number(sealed), KEYRING_SEAL, key))
		return cannot(cx, place,
		              arena_printf(cx->arena, "there is no master key %d",
		                           seal_key_number(sealed)),
		              "bring that key back into the file of master keys from its copy");
	text.data = sodium_malloc(sealed.len - SEAL_OVERHEAD_BYTES + 1);
	if (text.data == NULL)
		abort(); /* no memory */
	bound = bind(cx, place, bytes);
	bad = crypto_aead_xchacha20poly1305_ietf_decrypt(
		(unsigned char *)text.data, &len, NULL, bytes + SEAL_HEADER_BYTES,
		sealed.len - SEAL_HEADER_BYTES, (const unsigned char *)bound.data, bound.len,
		bytes + HEADER_PUBLIC, key);
	secret_wipe(key, sizeof(key));
	if (bad != 0) {
		sodium_free(text.data);
		return cannot(cx, place, "it was changed, or belongs to another place",
		              "store the secret anew");
	}
	text.data[len] = '\0';
	text.len = (size_t)len;
	*ret = text;
	return ERR_OK;
}

void seal_wipe(struct seal_text *text)
{
	sodium_free(text->data); /* wipes */
	*text = (struct seal_text){ 0 };
}
