/* Names and paths as strangers may write them, and postings as no analyser of ours would. */
#include "maps/grams.h"
#include "maps/search_hits.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)16 << 20);
	uint32_t *grams = arena_array(arena, GRAMS_MAX, sizeof(*grams));
	const char *at = arena_strndup(arena, (const char *)data, size), *start = at;
	struct span text = { at, size }, q = { at + size / 2, size / 4 };
	size_t n = grams_of(text, GRAM_ALL, grams);
	int64_t last = -1, next;
	int score;

	if (n > GRAMS_MAX)
		abort();
	for (size_t i = 0; i < n; i++)
		if (grams[i] >= GRAM_COUNT)
			abort();
	while ((next = gram_next(&at, last)) >= 0) {
		if (next <= last || at > start + size)
			abort();
		last = next;
	}
	if (size < 512 && q.len > 0 && search_judge(text, q, SEARCH_FILES, &score) == MATCH_NONE)
		abort(); /* it is a part of the text */
	return 0;
}
