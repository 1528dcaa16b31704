/* Search: hits become rows; folders and uses are looked up. */
#include "maps/search.h"

#include "base/sb.h"
#include "maps/search_hits.h"

#include <string.h>

static const struct field ENTRY_FIELDS[] = {
	F_TEXT(struct map_entry, path, .doc = "Path; bytes that are no text are written \\xNN"),
	F_TEXT(struct map_entry, kind, .doc = "folder or file"),
	F_TEXT(struct map_entry, language, .nullable = true, .doc = "Language of a file"),
	F_TEXT(struct map_entry, role, .nullable = true,
	       .doc = "source, test, generated, vendored, doc or config"),
	F_INT(struct map_entry, files, .doc = "Files below a folder; of a file 1"),
	F_INT(struct map_entry, bytes, .doc = "Size in bytes"),
	F_INT(struct map_entry, code, .doc = "Lines of code"),
	F_INT(struct map_entry, comment, .doc = "Lines of comment, of a file"),
	F_INT(struct map_entry, blank, .doc = "Blank lines, of a file"),
	F_TEXT(struct map_entry, oid, .nullable = true, .doc = "Id of a file's blob"),
	F_TEXT(struct map_entry, match, .nullable = true,
	       .doc = "Of a search: exact, prefix, word, part or fuzzy"),
};
const struct schema map_entry_schema = SCHEMA(struct map_entry, "MapEntry", ENTRY_FIELDS);

static const struct field DEFINITION_FIELDS[] = {
	F_TEXT(struct map_definition, name, .doc = "Name"),
	F_TEXT(struct map_definition, kind, .doc = "function, method, class, ..."),
	F_TEXT(struct map_definition, path, .doc = "File that defines it"),
	F_INT(struct map_definition, line, .doc = "Line of the name"),
	F_INT(struct map_definition, last_line, .doc = "Last line of the body"),
	F_TEXT(struct map_definition, parent, .nullable = true, .doc = "Class or type around it"),
	F_TEXT(struct map_definition, signature, .nullable = true,
	       .doc = "From its beginning to its body, on one line"),
	F_TEXT(struct map_definition, match, .nullable = true,
	       .doc = "Of a search: exact, prefix, word, part or fuzzy"),
};
const struct schema map_definition_schema =
	SCHEMA(struct map_definition, "MapDefinition", DEFINITION_FIELDS);

static const struct field USE_FIELDS[] = {
	F_TEXT(struct map_use, path, .doc = "File that uses it"),
	F_INT(struct map_use, line, .doc = "Line"),
	F_TEXT(struct map_use, kind, .doc = "call, type or name"),
};
const struct schema map_use_schema = SCHEMA(struct map_use, "MapUse", USE_FIELDS);

#define OF_MAP(T)                                                                                  \
	F_INT(T, map_id, .doc = "Number of the map"),                                              \
		F_TEXT(T, commit, .doc = "The commit that it shows"),                              \
		F_BOOL(T, complete, .doc = "Whether no limit kept something from being looked at")

static const struct field FILES_FIELDS[] = {
	OF_MAP(struct map_found),
	F_LIST(struct map_found, items, .of = &map_entry_schema,
	       .doc = "What was found, best first; or what the folder holds"),
	F_TEXT(struct map_found, next_cursor, .nullable = true,
	       .doc = "Where a folder's list goes on; null at its end"),
};
const struct schema map_files_found_schema =
	SCHEMA(struct map_found, "MapFilesFound", FILES_FIELDS);

static const struct field SYMBOLS_FIELDS[] = {
	OF_MAP(struct map_found),
	F_LIST(struct map_found, items, .of = &map_definition_schema, .doc = "Best first"),
};
const struct schema map_symbols_found_schema =
	SCHEMA(struct map_found, "MapSymbolsFound", SYMBOLS_FIELDS);

static const struct field USES_FIELDS[] = {
	OF_MAP(struct map_uses),
	F_TEXT(struct map_uses, name, .doc = "The symbol"),
	F_LIST(struct map_uses, definitions, .of = &map_definition_schema,
	       .doc = "Where it is defined"),
	F_INT(struct map_uses, uses, .doc = "How often it is used, by name"),
	F_LIST(struct map_uses, items, .of = &map_use_schema, .doc = "The first uses, by file"),
};
const struct schema map_uses_schema = SCHEMA(struct map_uses, "MapUses", USES_FIELDS);

static struct map_found begin(const struct map_index *index)
{
	return (struct map_found){ .map_id = index->map_id, .commit = index->commit };
}

/* @ret the places as an array, best first */
static enum err places_of(struct ctx *cx, const struct search_hits *hits, const char **ret)
{
	struct sb sb = sb_new(cx->arena, hits->n * 12 + 16);

	sb_addc(&sb, '{');
	for (size_t i = 0; i < hits->n; i++) {
		if (i > 0)
			sb_addc(&sb, ',');
		sb_int(&sb, hits->items[i].place);
	}
	sb_addc(&sb, '}');
	return sb_finish(cx, &sb, ret);
}

static const char *match_of(const struct search_hits *hits, int64_t place)
{
	for (size_t i = 0; i < hits->n; i++)
		if (hits->items[i].place == place)
			return search_match_name(hits->items[i].match);
	return NULL;
}

enum err search_files(struct ctx *cx, const struct map_index *index, const char *q,
                      const char *folder, int64_t limit, struct map_found *ret)
{
	const char *only =
		folder == NULL || *folder == '\0' ? NULL : arena_printf(cx->arena, "%s/", folder);
	struct search_hits hits;
	struct map_entry *items;
	const char *places;

	*ret = begin(index);
	TRY(search_hits(cx, index, SEARCH_FILES, q, only, limit, &hits));
	TRY(places_of(cx, &hits, &places));
	TRY(search_repo_files(cx, index->id, places, &ret->items));
	items = arena_memdup(cx->arena, ret->items.items, ret->items.n * sizeof(*items));
	for (size_t i = 0; i < ret->items.n; i++)
		items[i].match = match_of(&hits, items[i].place);
	ret->items.items = items;
	ret->complete = hits.complete;
	return ERR_OK;
}

enum err search_symbols(struct ctx *cx, const struct map_index *index, const char *q,
                        const char *kind, int64_t limit, struct map_found *ret)
{
	struct search_hits hits;
	struct map_definition *items;
	const char *places;

	*ret = begin(index);
	TRY(search_hits(cx, index, SEARCH_SYMBOLS, q, kind, limit, &hits));
	TRY(places_of(cx, &hits, &places));
	TRY(search_repo_definitions(cx, index->id, places, kind, limit, &ret->items));
	items = arena_memdup(cx->arena, ret->items.items, ret->items.n * sizeof(*items));
	for (size_t i = 0; i < ret->items.n; i++)
		items[i].match = match_of(&hits, items[i].place);
	ret->items.items = items;
	ret->complete = hits.complete;
	return ERR_OK;
}

/* --- Look-up --- */

static enum err find_entry(struct ctx *cx, const struct map_index *index, const char *path,
                           struct map_entry *ret)
{
	enum err e = search_repo_entry(cx, index->id, path, ret);

	return e == ERR_NOT_FOUND
	               ? err_set(cx, e, "commit %.12s has no \"%.200s\"", index->commit, path)
	               : e;
}

enum err search_folder(struct ctx *cx, const struct map_index *index, const char *path,
                       int64_t after, int64_t limit, struct list *ret)
{
	struct map_entry *entry = arena_alloc(cx->arena, sizeof(*entry));

	TRY(find_entry(cx, index, path, entry));
	if (strcmp(entry->kind, "folder") == 0)
		return search_repo_folder(cx, index->id, entry->number, after, limit, ret);
	*ret = (struct list){ .items = entry, .n = after == 0 };
	return ERR_OK;
}

enum err search_file(struct ctx *cx, const struct map_index *index, const char *path,
                     struct map_entry *ret)
{
	TRY(find_entry(cx, index, path, ret));
	if (strcmp(ret->kind, "folder") == 0)
		return err_set(cx, ERR_NOT_FOUND, "\"%.200s\" is a folder", path);
	return ERR_OK;
}

enum err search_uses(struct ctx *cx, const struct map_index *index, const char *name,
                     struct map_uses *ret)
{
	int64_t place;
	enum err e = search_repo_name(cx, index->id, name, &place);

	if (e == ERR_NOT_FOUND)
		return err_set(cx, e, "commit %.12s has no definition of \"%.200s\"", index->commit,
		               name);
	TRY(e);
	*ret = (struct map_uses){ .map_id = index->map_id, .commit = index->commit, .name = name };
	TRY(search_repo_definitions(cx, index->id,
	                            arena_printf(cx->arena, "{%lld}", (long long)place), NULL,
	                            SEARCH_PLACES_MAX, &ret->definitions));
	TRY(search_repo_count_uses(cx, index->id, place, &ret->uses));
	TRY(search_repo_uses(cx, index->id, place, SEARCH_USES_MAX, &ret->items));
	ret->complete = index->complete && (int64_t)ret->items.n == ret->uses;
	return ERR_OK;
}
