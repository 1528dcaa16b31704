/*
 * Records of a file that anybody may have written: they are taken whole or not at all, within
 * their limits, and what is taken comes out the same when it is written again.
 */
#include "maps/record.h"

#include <stdlib.h>
#include <string.h>

#define TEXTS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(struct store *store, struct arena *arena, struct span bytes, bool unpacks,
                 struct record *ret)
{
	struct code_in in = { .bytes = bytes, .store = store, .arena = arena, .unpacks = unpacks };

	*ret = (struct record){ 0 };
	code_read(&in, &record_table, ret);
	return !in.bad;
}

/* Those of some texts alone are the same ones. */
static void check_picked(struct store *store, struct arena *arena, const struct facts *f,
                         const struct record_ref *all)
{
	const bool marked[TEXTS] = { false, true, true };
	size_t n, at = 0;
	const struct record_ref *picked = record_refs_of(f, store, marked, arena, &n);

	for (size_t i = 0; all != NULL && i < f->nrefs; i++) {
		if (!marked[all[i].text])
			continue;
		if (picked == NULL || at == n || picked[at].line != all[i].line ||
		    picked[at].text != all[i].text || picked[at].kind != all[i].kind)
			abort();
		at++;
	}
	if (all != NULL && at != n)
		abort();
}

static void check(struct store *store, struct arena *arena, const struct record *r)
{
	const struct facts *f = &r->facts;
	const struct record_ref *refs = record_refs(f, store, arena);
	size_t texts = strlen(f->package) + strlen(r->manifest.name) + strlen(r->manifest.group);

	assert(r->skip < SKIP_COUNT && f->lang < LANG_COUNT);
	assert(f->nimports <= FACTS_IMPORTS_MAX && f->ndefs <= FACTS_DEFS_MAX);
	for (size_t i = 0; i < f->nimports; i++)
		texts += strlen(f->imports[i].target) + strlen(f->imports[i].scope);
	for (size_t i = 0; i < f->ndefs; i++)
		texts += strlen(f->defs[i].name) + strlen(f->defs[i].signature);
	for (size_t i = 0; refs != NULL && i < f->nrefs; i++)
		texts += strlen(store->texts[refs[i].text]);
	for (size_t i = 0; i < f->nnames; i++)
		texts += strlen(f->names[i]);
	if (texts == SIZE_MAX)
		abort();
	check_picked(store, arena, f, refs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_free_ptr) struct arena *arena = arena_new((size_t)256 << 20);
	struct store store = store_new(arena);
	struct sb once = sb_new(arena, (size_t)16 << 20), again = sb_new(arena, (size_t)16 << 20);
	struct record record, second;

	for (int i = 0; i < TEXTS; i++)
		store_index(&store, arena_printf(arena, "text %d", i));
	if (!take(&store, arena, (struct span){ (const char *)data, size }, false, &record))
		return 0;
	check(&store, arena, &record);
	code_write(&once, &store, &record_table, &record);
	if (!take(&store, arena, (struct span){ once.data, once.len }, false, &second))
		abort();
	code_write(&again, &store, &record_table, &second);
	if (once.len != again.len || memcmp(once.data, again.data, once.len) != 0)
		abort();
	/* The same with nothing packed: it may be refused, but not be another. */
	if (take(&store, arena, (struct span){ (const char *)data, size }, true, &second)) {
		again = sb_new(arena, (size_t)16 << 20);
		code_write(&again, &store, &record_table, &second);
		if (!take(&store, arena, (struct span){ again.data, again.len }, true, &record))
			abort();
		check(&store, arena, &record);
	}
	return 0;
}
