/* Taking what comes, a piece at a time. */
#include "files/upload.h"

#include "base/secret.h"
#include "base/utf8.h"
#include "files/upload_repo.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

/* What is known of the bytes so far. */
struct taking {
	crypto_hash_sha256_state hash;
	struct utf8_run utf8;
	char *head;
	size_t nhead;
	bool nul;
};

static void look_at(struct taking *t, struct span piece)
{
	size_t n = UPLOAD_HEAD_BYTES - t->nhead;

	if (n > piece.len)
		n = piece.len;
	memcpy(t->head + t->nhead, piece.data, n);
	t->nhead += n;
	crypto_hash_sha256_update(&t->hash, (const unsigned char *)piece.data, piece.len);
	utf8_run_add(&t->utf8, piece.data, piece.len);
	t->nul = t->nul || memchr(piece.data, '\0', piece.len) != NULL;
}

static void tell(struct ctx *cx, struct taking *t, struct upload *ret)
{
	unsigned char hash[SECRET_HASH_BYTES];
	char *hex = arena_alloc(cx->arena, 2 * sizeof(hash) + 1);

	crypto_hash_sha256_final(&t->hash, hash);
	secret_hex(hash, sizeof(hash), hex);
	ret->hash = hex;
	ret->head = (struct span){ t->head, t->nhead };
	ret->text = utf8_run_valid(&t->utf8) && !t->nul;
}

enum err upload_take(struct ctx *cx, const struct upload_source *source, int64_t max_bytes,
                     struct upload *ret)
{
	char *piece = arena_alloc(cx->arena, UPLOAD_PIECE_BYTES);
	struct taking taking = { .head = arena_alloc(cx->arena, UPLOAD_HEAD_BYTES) };
	struct upload upload = { .media_type = ret->media_type };
	size_t n = UPLOAD_PIECE_BYTES;

	crypto_hash_sha256_init(&taking.hash);
	for (int64_t number = 1; n == UPLOAD_PIECE_BYTES; number++) {
		n = source->read(source->self, piece, UPLOAD_PIECE_BYTES);
		upload.bytes += (int64_t)n;
		if (upload.bytes > max_bytes)
			return err_set(cx, ERR_TOO_LARGE,
			               "A body of this type may have up to %" PRId64 " bytes.",
			               max_bytes);
		if (n == 0)
			break;
		look_at(&taking, (struct span){ piece, n });
		TRY(upload_repo_put(cx, upload.id, number, (struct span){ piece, n }, &upload.id));
	}
	tell(cx, &taking, &upload);
	*ret = upload;
	return ERR_OK;
}

enum err upload_drop(struct ctx *cx, const struct upload *upload)
{
	return upload->id == 0 ? ERR_OK : upload_repo_drop(cx, upload->id);
}
