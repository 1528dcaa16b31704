/*
 * Kept history that anybody may have written: a segment of any bytes under a good checksum is taken
 * whole or not at all, records of it within their limits, and a deed comes out the same when it is
 * written again.  The input is a segment without what seals it.
 */
#include "maps/history_parts.h"

#include <stdlib.h>
#include <string.h>

#define PRINT 7
#define SEAL  24 /* bytes of a head that are sealed */
#define ASKED 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_deed(const struct history_kept *kept, struct span bytes, size_t ntexts)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)256 << 20);
	struct sb once = sb_new(arena, (size_t)16 << 20), again = sb_new(arena, (size_t)16 << 20);
	struct deed deed, second;

	if (!history_kept_deed(kept, bytes, arena, &deed))
		return;
	for (size_t i = 0; i < deed.nchanges; i++)
		if (deed.changes[i].path >= ntexts || deed.changes[i].pair > deed.nchanges)
			abort();
	code_write(&once, NULL, &history_deed_table, &deed);
	if (!history_kept_deed(kept, (struct span){ once.data, once.len }, arena, &second))
		abort();
	code_write(&again, NULL, &history_deed_table, &second);
	if (once.len != again.len || memcmp(once.data, again.data, once.len) != 0)
		abort();
}

static void ask(struct history_kept *kept, const unsigned char *oid)
{
	size_t ntexts = history_kept_texts(kept)->n;
	struct commit commit = { 0 };
	struct span parents;

	if (!history_kept_find(kept, oid, &commit, &parents))
		return;
	if (commit.identity >= ntexts || commit.time_s < 0 || commit.time_s > HISTORY_TIME_MAX ||
	    commit.nparents > HISTORY_PARENTS_MAX ||
	    parents.len != (size_t)commit.nparents * MAP_OID_BYTES)
		abort();
	check_deed(kept, commit.deed, ntexts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = (SEAL + size) & ~(size_t)7;
	CLEANUP(history_kept_close_ptr) struct history_kept *kept = NULL;
	struct segment_file file = { .fd = -1, .print = PRINT };
	struct segment segment;

	if (n < SEGMENT_HEAD_BYTES)
		return 0;
	file.data = malloc(n);
	if (file.data == NULL)
		return 0;
	file.size = n;
	memset(file.data, 0, SEAL);
	memcpy(file.data + SEAL, data, n - SEAL);
	segment_seal(file.data, n, PRINT);
	kept = history_kept_open(NULL, 0, "fuzz");
	if (segment_next(&file, 0, &segment) && history_kept_take(kept, &segment))
		for (size_t i = 0; i < segment.records.len && i < ASKED; i++)
			if (segment.records.len - i >= MAP_OID_BYTES)
				ask(kept, (const unsigned char *)segment.records.data + i);
	segment_file_close(&file);
	return 0;
}
