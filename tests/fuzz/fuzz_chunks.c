/* Files of any language, cut and counted: chunks rise, do not overlap, and lie in the text; terms too. */
#include "retrieval/chunk.h"
#include "retrieval/postings.h"
#include "retrieval/query.h"
#include "retrieval/terms.h"

#include "maps/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_term(void *arg, const char *term, size_t n, struct span written)
{
	const struct span *text = arg;

	if (n == 0 || n > TERM_WORD_MAX || memchr(term, '\t', n) != NULL ||
	    written.data < text->data || written.data + written.len > text->data + text->len)
		abort();
}

static void check_chunks(struct span text, const struct chunk_list *chunks)
{
	uint32_t last = 0;

	for (size_t i = 0; i < chunks->n; i++) {
		const struct chunk *c = &chunks->items[i];

		if (c->start <= last || c->end < c->start || c->text.data < text.data ||
		    c->text.data + c->text.len > text.data + text.len || c->text.len == 0)
			abort();
		last = c->end;
	}
}

/* The first byte is the language's number; postings are read as they come. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)512 << 20);
	enum lang lang = size > 0 ? (enum lang)(data[0] % LANG_COUNT) : LANG_NONE;
	struct span text = { (const char *)data + (size > 0), size - (size > 0) };
	struct chunk_list chunks;
	struct facts facts;
	const char *at;
	int64_t last = -1;
	unsigned weight;

	text = text_to_utf8(arena, text);
	facts_read(arena, lang, text, &facts);
	chunk_code(arena, text, &facts, &chunks);
	check_chunks(text, &chunks);
	chunk_prose(arena, lang, text, &chunks);
	check_chunks(text, &chunks);
	chunk_pages(arena, text, &chunks);
	check_chunks(text, &chunks);
	query_read(arena, text, arena_alloc(arena, sizeof(struct query_terms)));
	terms_each(text, check_term, &text);
	at = arena_strndup(arena, text.data, text.len);
	while ((last = postings_next(&at, last, &weight)) >= 0)
		if (weight >= POSTINGS_WEIGHTS)
			abort();
	return 0;
}
