/* Record: the members that are kept.  A new member of a struct is one row here. */
#include "maps/record.h"

#include "maps/licence.h"

/* When one of these fails: add the new member's row to the table, then put the new size here. */
static_assert(sizeof(struct fact_import) == 40, "fact_import has a member that is not kept");
static_assert(sizeof(struct fact_def) == 40, "fact_def has a member that is not kept");
static_assert(sizeof(struct fact_ref) == 16, "fact_ref has a member that is not kept");
static_assert(sizeof(struct fact_route) == 40, "fact_route has a member that is not kept");
static_assert(sizeof(struct fact_mount) == 40, "fact_mount has a member that is not kept");
static_assert(sizeof(struct fact_licence) == 16, "fact_licence has a member that is not kept");
static_assert(sizeof(struct fact_env) == 24, "fact_env has a member that is not kept");
static_assert(sizeof(struct fact_entry) == 32, "fact_entry has a member that is not kept");
static_assert(sizeof(struct facts) == 192, "facts has a member that is not kept");
static_assert(sizeof(struct manifest_dep) == 32, "manifest_dep has a member that is not kept");
static_assert(sizeof(struct manifest_item) == 24, "manifest_item has a member that is not kept");
static_assert(sizeof(struct manifest) == 64, "manifest has a member that is not kept");

static const struct code_field IMPORT_FIELDS[] = {
	CODE_TEXT(struct fact_import, target),
	CODE_TEXT(struct fact_import, name),
	CODE_TEXT(struct fact_import, alias),
	CODE_TEXT(struct fact_import, scope),
	CODE_NUMBER(struct fact_import, line),
	CODE_ENUM(struct fact_import, kind, IMPORT_KIND_COUNT),
	CODE_NUMBER(struct fact_import, flags),
	CODE_NUMBER(struct fact_import, level),
};
static const struct code_table IMPORT = CODE_TABLE(struct fact_import, IMPORT_FIELDS);

static const struct code_field DEF_FIELDS[] = {
	CODE_TEXT(struct fact_def, name),
	CODE_TEXT(struct fact_def, parent),
	CODE_TEXT(struct fact_def, signature),
	CODE_NUMBER(struct fact_def, start_line),
	CODE_NUMBER(struct fact_def, line),
	CODE_NUMBER(struct fact_def, end_line),
	CODE_ENUM(struct fact_def, kind, DEF_KIND_COUNT),
};
const struct code_table record_def_table = CODE_TABLE(struct fact_def, DEF_FIELDS);

static const struct code_field REF_FIELDS[] = {
	CODE_TEXT(struct fact_ref, name),
	CODE_NUMBER(struct fact_ref, line),
	CODE_ENUM(struct fact_ref, kind, REF_KIND_COUNT),
};
static const struct code_table REF = CODE_TABLE(struct fact_ref, REF_FIELDS);

static const struct code_field ROUTE_FIELDS[] = {
	CODE_TEXT(struct fact_route, method),  CODE_TEXT(struct fact_route, pattern),
	CODE_TEXT(struct fact_route, handler), CODE_TEXT(struct fact_route, owner),
	CODE_NUMBER(struct fact_route, line),  CODE_ENUM(struct fact_route, framework, WEB_COUNT),
	CODE_BOOL(struct fact_route, unsure),
};
static const struct code_table ROUTE = CODE_TABLE(struct fact_route, ROUTE_FIELDS);

static const struct code_field MOUNT_FIELDS[] = {
	CODE_TEXT(struct fact_mount, base),          CODE_TEXT(struct fact_mount, name),
	CODE_TEXT(struct fact_mount, prefix),        CODE_TEXT(struct fact_mount, owner),
	CODE_NUMBER(struct fact_mount, import_line),
};
static const struct code_table MOUNT = CODE_TABLE(struct fact_mount, MOUNT_FIELDS);

static const struct code_field ENV_FIELDS[] = {
	CODE_TEXT(struct fact_env, name),
	CODE_TEXT_OR_NULL(struct fact_env, value),
	CODE_NUMBER(struct fact_env, line),
};
static const struct code_table ENV = CODE_TABLE(struct fact_env, ENV_FIELDS);

static const struct code_field ENTRY_FIELDS[] = {
	CODE_TEXT(struct fact_entry, kind),
	CODE_TEXT(struct fact_entry, name),
	CODE_TEXT(struct fact_entry, target),
	CODE_NUMBER(struct fact_entry, line),
};
static const struct code_table ENTRY = CODE_TABLE(struct fact_entry, ENTRY_FIELDS);

static const struct code_field LICENCE_FIELDS[] = {
	CODE_TEXT(struct fact_licence, expression),
	CODE_NUMBER(struct fact_licence, line),
	CODE_ENUM(struct fact_licence, evidence, LICENCE_EVIDENCE_COUNT),
	CODE_NUMBER(struct fact_licence, percent),
};
static const struct code_table LICENCE = CODE_TABLE(struct fact_licence, LICENCE_FIELDS);

static const struct code_field FACTS_FIELDS[] = {
	CODE_ENUM(struct facts, lang, LANG_COUNT),
	CODE_NUMBER(struct facts, code),
	CODE_NUMBER(struct facts, comment),
	CODE_NUMBER(struct facts, blank),
	CODE_TEXT(struct facts, package),
	CODE_ROWS(struct facts, imports, nimports, &IMPORT, FACTS_IMPORTS_MAX),
	CODE_ROWS(struct facts, defs, ndefs, &record_def_table, FACTS_DEFS_MAX),
	CODE_TEXTS(struct facts, names, nnames, FACTS_NAMES_MAX),
	CODE_PACKED(struct facts, refs, nrefs, packed_refs, &REF, FACTS_REFS_MAX),
	CODE_ROWS(struct facts, routes, nroutes, &ROUTE, FACTS_ROUTES_MAX),
	CODE_ROWS(struct facts, mounts, nmounts, &MOUNT, FACTS_MOUNTS_MAX),
	CODE_ROWS(struct facts, env, nenv, &ENV, FACTS_ENV_MAX),
	CODE_ROWS(struct facts, entries, nentries, &ENTRY, FACTS_ENTRIES_MAX),
	CODE_ROWS(struct facts, licences, nlicences, &LICENCE,
	          LICENCE_TAGS_MAX + LICENCE_MATCHES_MAX),
	CODE_NUMBER(struct facts, test_cases),
	CODE_ENUM(struct facts, test_framework, TEST_COUNT),
	CODE_BOOL(struct facts, truncated),
};
static const struct code_table FACTS = CODE_TABLE(struct facts, FACTS_FIELDS);

static const struct code_field DEP_FIELDS[] = {
	CODE_TEXT(struct manifest_dep, name),           CODE_TEXT(struct manifest_dep, spec),
	CODE_TEXT(struct manifest_dep, scope),          CODE_NUMBER(struct manifest_dep, line),
	CODE_ENUM(struct manifest_dep, eco, ECO_COUNT),
};
static const struct code_table DEP = CODE_TABLE(struct manifest_dep, DEP_FIELDS);

static const struct code_field ITEM_FIELDS[] = {
	CODE_ENUM(struct manifest_item, kind, ITEM_KIND_COUNT),
	CODE_NUMBER(struct manifest_item, line),
	CODE_TEXT(struct manifest_item, key),
	CODE_TEXT(struct manifest_item, value),
};
static const struct code_table ITEM = CODE_TABLE(struct manifest_item, ITEM_FIELDS);

/* Not .file, which differs from commit to commit. */
static const struct code_field MANIFEST_FIELDS[] = {
	CODE_ENUM(struct manifest, type, MANIFEST_TYPE_COUNT),
	CODE_TEXT(struct manifest, name),
	CODE_TEXT(struct manifest, group),
	CODE_ROWS(struct manifest, deps, ndeps, &DEP, MANIFEST_DEPS_MAX),
	CODE_ROWS(struct manifest, items, nitems, &ITEM, MANIFEST_LOCKED_MAX),
	CODE_NUMBER(struct manifest, nlocked),
	CODE_BOOL(struct manifest, truncated),
};
static const struct code_table MANIFEST = CODE_TABLE(struct manifest, MANIFEST_FIELDS);

static const struct code_field RECORD_FIELDS[] = {
	CODE_NUMBER(struct record, bytes),
	CODE_ENUM(struct record, skip, SKIP_COUNT),
	CODE_ENUM(struct record, role, FILE_CONFIG + 1),
	CODE_ONE(struct record, facts, &FACTS),
	CODE_ONE(struct record, manifest, &MANIFEST),
};
const struct code_table record_table = CODE_TABLE(struct record, RECORD_FIELDS);

static_assert(sizeof(struct record_ref) == COUNT(REF_FIELDS) * sizeof(uint32_t),
              "a member of fact_ref is missing");

/* @ret room for all of them and one more, NULL when they are none or cannot be as many */
static uint32_t *room_for_refs(const struct facts *facts, struct arena *arena)
{
	if (facts->nrefs > facts->packed_refs.len || facts->nrefs == 0)
		return NULL;
	return arena_more(arena, NULL, 0, (facts->nrefs + 1) * sizeof(struct record_ref));
}

const struct record_ref *record_refs(const struct facts *facts, const struct store *store,
                                     struct arena *arena)
{
	uint32_t *numbers = room_for_refs(facts, arena);

	if (numbers == NULL ||
	    !code_unpack_numbers(facts->packed_refs, facts->nrefs, &REF, store, numbers))
		return NULL;
	return (const struct record_ref *)(const void *)numbers;
}

const struct record_ref *record_refs_of(const struct facts *facts, const struct store *store,
                                        const bool *marked, struct arena *arena, size_t *ret_n)
{
	uint32_t *numbers = room_for_refs(facts, arena);

	*ret_n = 0;
	if (numbers == NULL || !code_pick_numbers(facts->packed_refs, facts->nrefs, &REF, store,
	                                          marked, numbers, ret_n))
		return NULL;
	return (const struct record_ref *)(const void *)numbers;
}
