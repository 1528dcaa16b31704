/* Names and paths as strangers may write them, and postings as no analyser of ours would. */
#include "maps/grams.h"
#include "maps/search_hits.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Postings, and behind a line feed what they lose and get: what comes out is a list. */
static void change(struct arena *arena, struct span text)
{
	const char *feed = memchr(text.data, '\n', text.len), *postings, *at;
	struct gram_change c = { 0 };
	struct gram_list list;
	int64_t last = -1, next;
	uint32_t n = 0;

	if (feed == NULL)
		return;
	postings = arena_strndup(arena, text.data, (size_t)(feed - text.data));
	if (!gram_change_read(arena,
	                      (struct span){ feed + 1, text.len - (size_t)(feed + 1 - text.data) },
	                      &c) ||
	    !gram_patch(arena, postings, c.gone, c.come, &list))
		return;
	at = arena_strndup(arena, list.len > 0 ? list.postings : "", list.len);
	for (; (next = gram_next(&at, last)) >= 0; n++)
		last = next;
	if (n != list.n || *at != '\0')
		abort();
}

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
	change(arena, text);
	if (size < 512 && q.len > 0 && search_judge(text, q, SEARCH_FILES, &score) == MATCH_NONE)
		abort(); /* it is a part of the text */
	return 0;
}
