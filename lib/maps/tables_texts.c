/* Tables: the order of paths, and grams. */
#include "maps/grams.h"
#include "maps/tables_parts.h"

#include <stdlib.h>
#include <string.h>

#define SCRATCH_MAX (SIZE_MAX / 2)
#define HEAD_BYTES  8

struct text tables_text_of(const char *data, uint32_t number)
{
	struct text ret = { .data = data, .len = (uint32_t)strlen(data), .number = number };

	for (uint32_t i = 0; i < HEAD_BYTES; i++)
		ret.head = ret.head << 8 |
		           (i < ret.len ? (unsigned char)gram_fold(data[i]) : (unsigned char)0);
	return ret;
}

/* Shorter first, then by bytes, case aside; what is left equal goes by number. */
static int by_place(const void *a, const void *b)
{
	const struct text *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	for (uint32_t i = HEAD_BYTES; i < x->len; i++) {
		unsigned char c = (unsigned char)gram_fold(x->data[i]);
		unsigned char d = (unsigned char)gram_fold(y->data[i]);

		if (c != d)
			return c < d ? -1 : 1;
	}
	return x->number < y->number ? -1 : 1;
}

/* In front of the comparisons, a counting sort by what they look at first: length and first byte. */
#define BUCKET_LENGTHS 64u /* longer texts share the last */
#define BUCKETS        (BUCKET_LENGTHS * 256u)

static uint32_t bucket_of(const struct text *text)
{
	uint32_t len = text->len < BUCKET_LENGTHS - 1 ? text->len : BUCKET_LENGTHS - 1;
	uint32_t byte = len < BUCKET_LENGTHS - 1 ? (uint32_t)(text->head >> 56) : 0;

	return len << 8 | byte;
}

void tables_sort(struct text *texts, size_t n)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(SCRATCH_MAX);
	size_t *first = arena_array(arena, BUCKETS + 2, sizeof(*first));
	struct text *old = arena_memdup(arena, texts, n * sizeof(*texts));

	for (size_t i = 0; i < n; i++)
		first[bucket_of(&old[i]) + 2]++;
	for (size_t b = 2; b <= BUCKETS; b++)
		first[b] += first[b - 1];
	for (size_t i = 0; i < n; i++)
		texts[first[bucket_of(&old[i]) + 1]++] = old[i];
	for (size_t b = 0; b < BUCKETS; b++)
		if (first[b + 1] - first[b] > 1)
			qsort(texts + first[b], first[b + 1] - first[b], sizeof(*texts), by_place);
	for (size_t i = 0; i < n; i++)
		texts[i].place = (uint32_t)i;
}

void tables_rank(struct text *texts, size_t n, size_t which)
{
	texts[which].place = 0;
	for (size_t i = 0; i < n; i++)
		texts[which].place += i != which && by_place(&texts[i], &texts[which]) < 0;
}

#define TEXT_AHEAD 16 /* texts lie anywhere: they are asked for so many before their turn */

void tables_grams(const struct tables *t, struct sb *sb, char about, const struct text *texts,
                  size_t n)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(SCRATCH_MAX);
	struct gram_index index = gram_index_new(arena);

	for (size_t i = 0; i < n; i++) {
		if (i + TEXT_AHEAD < n)
			__builtin_prefetch(texts[i + TEXT_AHEAD].data);
		gram_index_add(&index, texts[i].place,
		               (struct span){ texts[i].data, texts[i].len });
	}
	if (index.bytes > t->in->max_bytes) {
		sb->failed = true;
		return;
	}
	for (uint32_t g = 0; g < GRAM_COUNT; g++) {
		const struct gram_list *list = &index.lists[g];

		if (list->n == 0)
			continue;
		sb_addc(sb, about);
		tables_number(sb, g);
		tables_number(sb, list->n);
		sb_addc(sb, '\t');
		sb_addn(sb, list->postings, list->len);
		sb_addc(sb, '\n');
	}
}
