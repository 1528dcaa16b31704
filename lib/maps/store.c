/* Store: exact copies, strings interned. */
#include "maps/store.h"

#include <string.h>

struct store store_new(struct arena *arena)
{
	return (struct store){ .arena = arena, .seen = strmap_new(arena, 4096) };
}

const char *store_text(struct store *store, const char *text)
{
	size_t len = strlen(text);
	uint32_t at = strmap_get(&store->seen, text, len);
	char *copy;

	if (at != STRMAP_NONE)
		return store->texts[at];
	if (store->ntexts == store->texts_cap) {
		size_t cap = store->texts_cap != 0 ? store->texts_cap * 2 : 4096;

		store->texts = arena_grow(store->arena, store->texts,
		                          store->texts_cap * sizeof(char *), cap * sizeof(char *));
		store->texts_cap = cap;
	}
	copy = arena_strndup(store->arena, text, len);
	strmap_add(&store->seen, copy, len, (uint32_t)store->ntexts);
	store->texts[store->ntexts++] = copy;
	return copy;
}

/* A copy of what hardly ever repeats. */
static const char *own_text(struct store *store, const char *text)
{
	return *text ? arena_strndup(store->arena, text, strlen(text)) : "";
}

struct facts store_facts(struct store *store, const struct facts *facts)
{
	struct facts kept = *facts;

	kept.package = store_text(store, facts->package != NULL ? facts->package : "");
	kept.imports = facts->nimports == 0
	                       ? NULL
	                       : arena_memdup(store->arena, facts->imports,
	                                      facts->nimports * sizeof(*facts->imports));
	for (size_t i = 0; i < kept.nimports; i++) {
		struct fact_import *import = &kept.imports[i];

		import->target = store_text(store, import->target);
		import->name = store_text(store, import->name);
		import->alias = store_text(store, import->alias);
		import->scope = store_text(store, import->scope);
	}
	kept.defs = facts->ndefs == 0 ? NULL
	                              : arena_memdup(store->arena, facts->defs,
	                                             facts->ndefs * sizeof(*facts->defs));
	for (size_t i = 0; i < kept.ndefs; i++) {
		kept.defs[i].name = store_text(store, kept.defs[i].name);
		kept.defs[i].parent = store_text(store, kept.defs[i].parent);
		kept.defs[i].signature = own_text(store, kept.defs[i].signature);
	}
	kept.refs = facts->nrefs == 0 ? NULL
	                              : arena_memdup(store->arena, facts->refs,
	                                             facts->nrefs * sizeof(*facts->refs));
	for (size_t i = 0; i < kept.nrefs; i++) {
		bool same = i > 0 && facts->refs[i].name == facts->refs[i - 1].name;

		kept.refs[i].name =
			same ? kept.refs[i - 1].name : store_text(store, facts->refs[i].name);
	}
	kept.names = facts->nnames == 0 ? NULL
	                                : arena_array(store->arena, facts->nnames, sizeof(char *));
	for (size_t i = 0; i < kept.nnames; i++)
		kept.names[i] = store_text(store, facts->names[i]);
	return kept;
}
