/*
 * Tables: places of names.
 *
 * Were names numbered one after the other, a new one would move half of all: their rows and nearly
 * every list of grams would change.  So names of one length share a range that is two to four times
 * as wide as they are many, each stands where its hash falls, and where that is taken on the next
 * free place (a hash table kept in the order of its hashes: Amble and Knuth, "Ordered Hash Tables",
 * 1974).  That depends on nothing but which names there are, and one more or less moves those behind
 * it up to the next free place.  When a range is to be twice as wide, all behind it move.
 */
#include "maps/checksum.h"
#include "maps/tables_parts.h"

#include <stdlib.h>
#include <string.h>

#define SCRATCH_MAX (SIZE_MAX / 2)
#define LENGTHS     64u /* longer names share the last range */

struct range {
	uint32_t first, bits;
};

struct text tables_name_of(const char *data, uint32_t number)
{
	size_t len = strlen(data);

	return (struct text){
		.data = data, .head = checksum(data, len, 0), .len = (uint32_t)len, .number = number
	};
}

static uint32_t range_of(const struct text *name)
{
	return name->len < LENGTHS ? name->len : LENGTHS - 1;
}

/* @ret the end of the last range */
static size_t find_ranges(const struct text *names, size_t n, struct range *ranges)
{
	size_t counts[LENGTHS] = { 0 }, at = 0;

	for (size_t i = 0; i < n; i++)
		counts[range_of(&names[i])]++;
	for (size_t i = 0; i < LENGTHS; i++) {
		ranges[i].first = (uint32_t)at;
		while (counts[i] > 0 && (size_t)1 << ranges[i].bits < 2 * counts[i])
			ranges[i].bits++;
		at += counts[i] > 0 ? (size_t)1 << ranges[i].bits : 0;
	}
	return at;
}

static int by_hash(const void *a, const void *b)
{
	const struct text *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int order;

	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	order = memcmp(x->data, y->data, n);
	return order != 0 ? order : (x->len > n) - (y->len > n);
}

/* By where they would stand, each alone: a counting sort; then by hash. */
static void sort(struct text *names, size_t n, size_t end)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new(SCRATCH_MAX);
	uint32_t *first = arena_array(arena, end + 2, sizeof(*first));
	struct text *old = arena_memdup(arena, names, n * sizeof(*names));

	for (size_t i = 0; i < n; i++)
		first[old[i].place + 2]++;
	for (size_t p = 2; p <= end; p++)
		first[p] += first[p - 1];
	for (size_t i = 0; i < n; i++)
		names[first[old[i].place + 1]++] = old[i];
	for (size_t p = 0; p < end; p++)
		if (first[p + 1] - first[p] > 1)
			qsort(names + first[p], first[p + 1] - first[p], sizeof(*names), by_hash);
}

void tables_place(struct text *names, size_t n)
{
	struct range ranges[LENGTHS] = { 0 };
	size_t end = find_ranges(names, n, ranges);
	uint32_t next = 0;

	for (size_t i = 0; i < n; i++) {
		const struct range *range = &ranges[range_of(&names[i])];

		names[i].place = range->first + (uint32_t)(names[i].head >> (64 - range->bits));
	}
	sort(names, n, end);
	for (size_t i = 0; i < n; i++) {
		if (names[i].place < next)
			names[i].place = next;
		next = names[i].place + 1;
	}
}
