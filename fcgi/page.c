/* Opaque cursors. */
#include "page.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

#define VERSION      1
#define ID_BYTES     8
#define DIGEST_BYTES 16
#define CURSOR_BYTES (1 + ID_BYTES + DIGEST_BYTES)

static int by_name(const void *a, const void *b)
{
	const struct pair *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* What the cursor belongs to: id, operation, tenant and filter, in one order. */
static void digest(struct ctx *cx, const struct request *rq, int64_t id,
                   unsigned char ret[SECRET_HASH_BYTES])
{
	struct sb sb = sb_new(cx->arena, (size_t)4 * REQUEST_TARGET_MAX);
	const struct pair *pairs[REQUEST_PAIRS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < rq->npairs; i++) {
		if (strcmp(rq->pairs[i].name, "cursor") != 0 &&
		    strcmp(rq->pairs[i].name, "limit") != 0)
			pairs[n++] = &rq->pairs[i];
	}
	if (n > 1)
		qsort(pairs, n, sizeof(*pairs), by_name);
	sb_addf(&sb, "%lld %s %lld", (long long)id, rq->route->op, (long long)cx->who.tenant_id);
	for (int i = 0; i < ROUTE_IDS_MAX; i++)
		sb_addf(&sb, " %lld", (long long)rq->ids[i]);
	for (size_t i = 0; i < n; i++) {
		/* The NULs keep one pair from reading like another. */
		sb_addn(&sb, pairs[i]->name, strlen(pairs[i]->name) + 1);
		sb_addn(&sb, pairs[i]->value, strlen(pairs[i]->value) + 1);
	}
	assert(!sb.failed);
	secret_hash(sb.data, sb.len, NULL, 0, ret);
}

size_t page_length(const struct list *list, int64_t limit)
{
	return list->n > (size_t)limit ? (size_t)limit : list->n;
}

const char *page_cursor(struct ctx *cx, const struct request *rq, int64_t last_id)
{
	unsigned char bytes[CURSOR_BYTES] = { VERSION }, hash[SECRET_HASH_BYTES];
	char *text = arena_alloc(cx->arena, CURSOR_TEXT_MAX);

	for (int i = 0; i < ID_BYTES; i++)
		bytes[1 + i] = (unsigned char)((uint64_t)last_id >> (8 * (ID_BYTES - 1 - i)));
	digest(cx, rq, last_id, hash);
	memcpy(bytes + 1 + ID_BYTES, hash, DIGEST_BYTES);
	secret_base64url(bytes, sizeof(bytes), text, CURSOR_TEXT_MAX);
	return text;
}

enum err page_reply(struct ctx *cx, const struct request *rq, struct reply *rp,
                    const struct schema *s, const struct list *list, int64_t limit,
                    size_t id_offset)
{
	size_t n = page_length(list, limit);
	const char *next = NULL;

	if (n < list->n) {
		const char *last = (const char *)list->items + (n - 1) * s->size;

		next = page_cursor(cx, rq, *(const int64_t *)(last + id_offset));
	}
	return reply_page(rp, s, list->items, n, next);
}

enum err page_begin(struct ctx *cx, const struct request *rq, const char *cursor, int64_t *ret)
{
	unsigned char bytes[CURSOR_BYTES], hash[SECRET_HASH_BYTES];
	uint64_t id = 0;
	size_t n = 0;

	if (cursor == NULL) {
		*ret = 0;
		return ERR_OK;
	}
	if (!secret_base64url_decode(cursor, strlen(cursor), bytes, sizeof(bytes), &n) ||
	    n != sizeof(bytes) || bytes[0] != VERSION)
		return err_field(cx, ERR_INVALID, "?cursor", "cursor",
		                 "This is no cursor of ours; take next_cursor as it was given.");
	for (int i = 0; i < ID_BYTES; i++)
		id = id << 8 | bytes[1 + i];
	digest(cx, rq, (int64_t)id, hash);
	if (id == 0 || id > INT64_MAX || !secret_equal(bytes + 1 + ID_BYTES, hash, DIGEST_BYTES))
		return err_field(cx, ERR_INVALID, "?cursor", "cursor",
		                 "The cursor belongs to another list or filter.");
	*ret = (int64_t)id;
	return ERR_OK;
}
