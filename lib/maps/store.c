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

static void *copy(struct store *store, const void *items, size_t n, size_t size)
{
	return n == 0 ? NULL : arena_memdup(store->arena, items, n * size);
}

/* A copy of what hardly ever repeats. */
static const char *own_text(struct store *store, const char *text)
{
	return *text ? arena_strndup(store->arena, text, strlen(text)) : "";
}

static void keep_surface(struct store *store, const struct facts *facts, struct facts *kept)
{
	kept->routes = copy(store, facts->routes, facts->nroutes, sizeof(*facts->routes));
	for (size_t i = 0; i < facts->nroutes; i++) {
		struct fact_route *route = &kept->routes[i];

		route->method = store_text(store, route->method);
		route->pattern = store_text(store, route->pattern);
		route->handler = store_text(store, route->handler);
		route->owner = store_text(store, route->owner);
	}
	kept->mounts = copy(store, facts->mounts, facts->nmounts, sizeof(*facts->mounts));
	for (size_t i = 0; i < facts->nmounts; i++) {
		struct fact_mount *mount = &kept->mounts[i];

		mount->base = store_text(store, mount->base);
		mount->name = store_text(store, mount->name);
		mount->prefix = store_text(store, mount->prefix);
		mount->owner = store_text(store, mount->owner);
	}
	kept->env = copy(store, facts->env, facts->nenv, sizeof(*facts->env));
	for (size_t i = 0; i < facts->nenv; i++) {
		struct fact_env *env = &kept->env[i];

		env->name = store_text(store, env->name);
		env->value = env->value ? store_text(store, env->value) : NULL;
	}
	kept->licences = copy(store, facts->licences, facts->nlicences, sizeof(*facts->licences));
	for (size_t i = 0; i < facts->nlicences; i++)
		kept->licences[i].expression = store_text(store, kept->licences[i].expression);
	kept->entries = copy(store, facts->entries, facts->nentries, sizeof(*facts->entries));
	for (size_t i = 0; i < facts->nentries; i++) {
		struct fact_entry *entry = &kept->entries[i];

		entry->kind = store_text(store, entry->kind);
		entry->name = store_text(store, entry->name);
		entry->target = store_text(store, entry->target);
	}
}

struct facts store_facts(struct store *store, const struct facts *facts)
{
	struct facts kept = *facts;

	kept.package = store_text(store, facts->package != NULL ? facts->package : "");
	kept.imports = copy(store, facts->imports, facts->nimports, sizeof(*facts->imports));
	for (size_t i = 0; i < kept.nimports; i++) {
		struct fact_import *import = &kept.imports[i];

		import->target = store_text(store, import->target);
		import->name = store_text(store, import->name);
		import->alias = store_text(store, import->alias);
		import->scope = store_text(store, import->scope);
	}
	kept.defs = copy(store, facts->defs, facts->ndefs, sizeof(*facts->defs));
	for (size_t i = 0; i < kept.ndefs; i++) {
		kept.defs[i].name = store_text(store, kept.defs[i].name);
		kept.defs[i].parent = store_text(store, kept.defs[i].parent);
		kept.defs[i].signature = own_text(store, kept.defs[i].signature);
	}
	kept.refs = copy(store, facts->refs, facts->nrefs, sizeof(*facts->refs));
	for (size_t i = 0; i < kept.nrefs; i++) {
		bool same = i > 0 && facts->refs[i].name == facts->refs[i - 1].name;

		kept.refs[i].name =
			same ? kept.refs[i - 1].name : store_text(store, facts->refs[i].name);
	}
	keep_surface(store, facts, &kept);
	kept.names = facts->nnames == 0 ? NULL
	                                : arena_array(store->arena, facts->nnames, sizeof(char *));
	for (size_t i = 0; i < kept.nnames; i++)
		kept.names[i] = store_text(store, facts->names[i]);
	return kept;
}
