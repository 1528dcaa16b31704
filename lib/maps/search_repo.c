/*
 * SQL of searches: each statement goes by an index.
 *
 * What is read for many keys is read key by key, by a LATERAL with an OFFSET that keeps the planner out:
 * just after an index was filled nothing is known of the tables, and a planner that expects a row
 * where there are a million would read all of them.
 */
#include "maps/search_repo.h"

/* Entries of folders are negative; numbers, by which pages go, are not. */
#define NUMBER_FROM "10000001"

#define ENTRY_COLUMNS                                                                              \
	"entry::bigint + " NUMBER_FROM " AS number, place, path,"                                  \
	" CASE WHEN entry < 0 THEN 'folder' ELSE 'file' END AS kind, nullif(language, '') AS"      \
	" language, nullif(role, '') AS role, files, bytes, code, comment, blank,"                 \
	" nullif(oid, '') AS oid"

static const struct field ENTRY_FIELDS[] = {
	F_INT(struct map_entry, number),    F_INT(struct map_entry, place),
	F_TEXT(struct map_entry, path),     F_TEXT(struct map_entry, kind),
	F_TEXT(struct map_entry, language), F_TEXT(struct map_entry, role),
	F_INT(struct map_entry, files),     F_INT(struct map_entry, bytes),
	F_INT(struct map_entry, code),      F_INT(struct map_entry, comment),
	F_INT(struct map_entry, blank),     F_TEXT(struct map_entry, oid),
};
static const struct schema ENTRY_ROW = SCHEMA(struct map_entry, "MapEntryRow", ENTRY_FIELDS);

static const struct field DEFINITION_FIELDS[] = {
	F_INT(struct map_definition, place),   F_TEXT(struct map_definition, name),
	F_TEXT(struct map_definition, kind),   F_TEXT(struct map_definition, path),
	F_INT(struct map_definition, line),    F_INT(struct map_definition, last_line),
	F_TEXT(struct map_definition, parent), F_TEXT(struct map_definition, signature),
};
static const struct schema DEFINITION_ROW =
	SCHEMA(struct map_definition, "MapDefinitionRow", DEFINITION_FIELDS);

static const struct field GRAM_FIELDS[] = {
	F_INT(struct search_gram, gram),
	F_INT(struct search_gram, texts),
	F_INT(struct search_gram, present),
	F_TEXT(struct search_gram, postings),
};
static const struct schema GRAM = SCHEMA(struct search_gram, "SearchGram", GRAM_FIELDS);

static const struct db_stmt GRAMS = {
	.name = "search_grams",
	.read = true,
	.nparams = 5,
	.sql = "SELECT g.gram, g.texts, g.postings, count(*) OVER () AS present"
	       " FROM unnest($4::integer[]) AS w (gram), LATERAL (SELECT gram, texts, postings"
	       " FROM app.map_gram WHERE tenant_id = $1 AND index_id = $2 AND about = $3"
	       " AND gram = w.gram OFFSET 0) AS g ORDER BY g.texts, g.gram LIMIT $5",
};

enum err search_repo_grams(struct ctx *cx, int64_t index_id, enum search_about about,
                           const char *grams, int64_t limit, struct list *ret)
{
	return db_list(cx, &GRAMS,
	               DB_ARGS(DB_INT(index_id), DB_TEXT(about == SEARCH_FILES ? "f" : "s"),
	                       DB_TEXT(grams), DB_INT(limit)),
	               &GRAM, ret);
}

static const struct field TEXT_FIELDS[] = {
	F_INT(struct search_text, place),
	F_TEXT(struct search_text, text),
};
static const struct schema TEXT = SCHEMA(struct search_text, "SearchText", TEXT_FIELDS);

static const struct db_stmt PATHS = {
	.name = "search_paths",
	.read = true,
	.nparams = 4,
	.sql = "SELECT f.place, f.path AS text FROM unnest($3::integer[]) AS w (place), LATERAL ("
	       "SELECT place, path FROM app.map_file WHERE tenant_id = $1 AND index_id = $2"
	       " AND place >= 0 AND place = w.place OFFSET 0) AS f"
	       " WHERE $4::text IS NULL OR starts_with(f.path, $4)",
};

static const struct db_stmt NAMES = {
	.name = "search_names",
	.read = true,
	.nparams = 4,
	.sql = "SELECT s.place, s.name AS text FROM unnest($3::integer[]) AS w (place), LATERAL ("
	       "SELECT place, name, kinds FROM app.map_symbol WHERE tenant_id = $1"
	       " AND index_id = $2 AND place = w.place OFFSET 0) AS s"
	       " WHERE $4::text IS NULL OR (SELECT array_position(def_kinds, $4) - 1"
	       " FROM app.map_index WHERE tenant_id = $1 AND id = $2) = ANY (s.kinds)",
};

enum err search_repo_texts(struct ctx *cx, int64_t index_id, enum search_about about,
                           const char *places, const char *only, struct list *ret)
{
	return db_list(cx, about == SEARCH_FILES ? &PATHS : &NAMES,
	               DB_ARGS(DB_INT(index_id), DB_TEXT(places), DB_TEXT(only)), &TEXT, ret);
}

static const struct db_stmt FILES = {
	.name = "search_files",
	.read = true,
	.nparams = 3,
	.sql = "SELECT " ENTRY_COLUMNS
	       " FROM unnest($3::integer[]) WITH ORDINALITY AS w (wanted, n),"
	       " LATERAL (SELECT * FROM app.map_file WHERE tenant_id = $1 AND index_id = $2"
	       " AND place >= 0 AND place = w.wanted OFFSET 0) AS f ORDER BY w.n",
};

enum err search_repo_files(struct ctx *cx, int64_t index_id, const char *places, struct list *ret)
{
	return db_list(cx, &FILES, DB_ARGS(DB_INT(index_id), DB_TEXT(places)), &ENTRY_ROW, ret);
}

static const struct db_stmt DEFINITIONS = {
	.name = "search_definitions",
	.read = true,
	.nparams = 5,
	.sql = "SELECT s.place, s.name, i.def_kinds[d.kind + 1] AS kind, f.path, d.line, d.last_line,"
	       " nullif(d.parent, '') AS parent, nullif(d.signature, '') AS signature"
	       " FROM app.map_index i, unnest($3::integer[]) WITH ORDINALITY AS w (place, n),"
	       " LATERAL (SELECT * FROM app.map_symbol WHERE tenant_id = $1 AND index_id = $2"
	       " AND place = w.place OFFSET 0) AS s, unnest(s.files, s.lines, s.last_lines, s.kinds, s.parents, s.signatures)"
	       " WITH ORDINALITY AS d (file, line, last_line, kind, parent, signature, n),"
	       " LATERAL (SELECT path FROM app.map_file WHERE tenant_id = $1 AND index_id = $2"
	       " AND entry = d.file OFFSET 0) AS f WHERE i.tenant_id = $1 AND i.id = $2 AND d.n <= 200"
	       " AND ($4::text IS NULL OR i.def_kinds[d.kind + 1] = $4) ORDER BY w.n, d.n LIMIT $5",
};

enum err search_repo_definitions(struct ctx *cx, int64_t index_id, const char *places,
                                 const char *kind, int64_t limit, struct list *ret)
{
	return db_list(cx, &DEFINITIONS,
	               DB_ARGS(DB_INT(index_id), DB_TEXT(places), DB_TEXT(kind), DB_INT(limit)),
	               &DEFINITION_ROW, ret);
}

/*
 * A path is a folder's or a file's; of a repository that has both the file is meant.  Materialized, or
 * the order would have it walk the key of the whole index.
 */
static const struct db_stmt ENTRY = {
	.name = "search_entry",
	.read = true,
	.nparams = 3,
	.sql = "WITH f AS MATERIALIZED (SELECT * FROM app.map_file WHERE tenant_id = $1"
	       " AND index_id = $2 AND path_hash = md5($3)::uuid AND path = $3)"
	       " SELECT " ENTRY_COLUMNS " FROM f ORDER BY entry DESC LIMIT 1",
};

enum err search_repo_entry(struct ctx *cx, int64_t index_id, const char *path,
                           struct map_entry *ret)
{
	return db_get(cx, &ENTRY, DB_ARGS(DB_INT(index_id), DB_TEXT(path)), &ENTRY_ROW, ret);
}

static const struct db_stmt FOLDER = {
	.name = "search_folder",
	.read = true,
	.nparams = 5,
	.sql = "SELECT " ENTRY_COLUMNS " FROM app.map_file WHERE tenant_id = $1 AND index_id = $2"
	       " AND folder = $3::bigint - " NUMBER_FROM " AND entry > $4::bigint - " NUMBER_FROM
	       " ORDER BY folder, entry LIMIT $5",
};

enum err search_repo_folder(struct ctx *cx, int64_t index_id, int64_t folder, int64_t after,
                            int64_t limit, struct list *ret)
{
	return db_list(cx, &FOLDER,
	               DB_ARGS(DB_INT(index_id), DB_INT(folder), DB_INT(after), DB_INT(limit)),
	               &ENTRY_ROW, ret);
}

static const struct db_stmt NAME = {
	.name = "search_name",
	.read = true,
	.nparams = 3,
	/* One row a name.  LIMIT 1 would tell the planner that going through all of them may be cheap. */
	.sql = "SELECT place FROM app.map_symbol WHERE tenant_id = $1 AND index_id = $2"
	       " AND name = $3",
};

enum err search_repo_name(struct ctx *cx, int64_t index_id, const char *name, int64_t *ret)
{
	return db_get_int(cx, &NAME, DB_ARGS(DB_INT(index_id), DB_TEXT(name)), ret);
}

static const struct db_stmt COUNT_USES = {
	.name = "search_count_uses",
	.read = true,
	.nparams = 3,
	.sql = "SELECT coalesce(max(uses), 0)::bigint FROM app.map_reference WHERE tenant_id = $1"
	       " AND index_id = $2 AND place = $3",
};

enum err search_repo_count_uses(struct ctx *cx, int64_t index_id, int64_t place, int64_t *ret)
{
	return db_get_int(cx, &COUNT_USES, DB_ARGS(DB_INT(index_id), DB_INT(place)), ret);
}

static const struct db_stmt USES = {
	.name = "search_uses",
	.read = true,
	.nparams = 4,
	.sql = "SELECT f.path, u.line, i.ref_kinds[u.kind + 1] AS kind FROM app.map_reference r"
	       " JOIN app.map_index i ON i.tenant_id = $1 AND i.id = $2,"
	       " unnest(r.files, r.lines, r.kinds) WITH ORDINALITY AS u (file, line, kind, n),"
	       " LATERAL (SELECT path FROM app.map_file WHERE tenant_id = $1 AND index_id = $2"
	       " AND entry = u.file OFFSET 0) AS f WHERE r.tenant_id = $1 AND r.index_id = $2"
	       " AND r.place = $3 AND u.n <= $4 ORDER BY u.n",
};

enum err search_repo_uses(struct ctx *cx, int64_t index_id, int64_t place, int64_t limit,
                          struct list *ret)
{
	return db_list(cx, &USES, DB_ARGS(DB_INT(index_id), DB_INT(place), DB_INT(limit)),
	               &map_use_schema, ret);
}

const struct db_check search_statements[] = {
	{ .stmt = &GRAMS, .row = &GRAM },
	{ .stmt = &PATHS, .row = &TEXT },
	{ .stmt = &NAMES, .row = &TEXT },
	{ .stmt = &FILES, .row = &ENTRY_ROW },
	{ .stmt = &DEFINITIONS, .row = &DEFINITION_ROW },
	{ .stmt = &ENTRY, .row = &ENTRY_ROW },
	{ .stmt = &FOLDER, .row = &ENTRY_ROW },
	{ .stmt = &NAME },
	{ .stmt = &COUNT_USES },
	{ .stmt = &USES, .row = &map_use_schema },
	{ .stmt = NULL },
};
