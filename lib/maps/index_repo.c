/* SQL of indexes: lines of a bundle's part become rows, a piece a statement. */
#include "maps/index_repo.h"

static const struct field FIELDS[] = {
	F_INT(struct map_index, id),      F_INT(struct map_index, map_id),
	F_TEXT(struct map_index, commit), F_INT(struct map_index, files),
	F_INT(struct map_index, symbols), F_BOOL(struct map_index, complete),
};
static const struct schema INDEX = SCHEMA(struct map_index, "MapIndex", FIELDS);

static const struct db_stmt OF_PROJECT = {
	.name = "index_of_project",
	.read = true,
	.nparams = 3,
	.sql = "SELECT i.id, i.map_id, m.commit, i.files, i.symbols, i.complete FROM app.map_index i"
	       " JOIN app.system_map m ON m.tenant_id = i.tenant_id AND m.id = i.map_id"
	       " WHERE i.tenant_id = $1 AND i.project_id = $2"
	       " AND ($3::text IS NULL OR starts_with(m.commit, $3))"
	       " ORDER BY i.map_id DESC, i.id DESC LIMIT 1",
};

enum err index_repo_of_project(struct ctx *cx, int64_t project_id, const char *commit,
                               struct map_index *ret)
{
	return db_get(cx, &OF_PROJECT, DB_ARGS(DB_INT(project_id), DB_TEXT(commit)), &INDEX, ret);
}

static const struct db_stmt HAS = {
	.name = "index_has",
	.read = true,
	.nparams = 2,
	.sql = "SELECT count(*) FROM app.map_index WHERE tenant_id = $1 AND map_id = $2",
};

enum err index_repo_has(struct ctx *cx, int64_t map_id, int64_t *ret)
{
	return db_get_int(cx, &HAS, DB_ARGS(DB_INT(map_id)), ret);
}

static const struct db_stmt LAZY = {
	.name = "index_lazy",
	.nparams = 0,
	.any_tenant = true,
	.sql = "SELECT set_config('synchronous_commit', 'off', true)",
};

enum err index_repo_lazy(struct ctx *cx)
{
	return db_run(cx, &LAZY, DB_NO_ARGS, NULL);
}

/* The columns of each line of $3 as c[1], c[2], ...; taken apart once a line. */
#define LINES                                                                                      \
	"WITH l AS MATERIALIZED (SELECT string_to_array(line, E'\\t') AS c"                        \
	" FROM unnest(string_to_array($3::text, E'\\n')) AS line WHERE line <> '')"

static const struct db_stmt NEW = {
	.name = "index_new",
	.nparams = 3,
	.sql = LINES " INSERT INTO app.map_index (tenant_id, project_id, files, symbols, complete,"
		     " import_kinds, rules, def_kinds, ref_kinds, print, edges_sum)"
		     " SELECT $1, $2, c[1]::integer, c[2]::integer, c[3]::boolean, c[4]::text[],"
		     " c[5]::text[], c[6]::text[], c[7]::text[], nullif(c[8], ''), nullif(c[9], '')"
		     " FROM l LIMIT 1 RETURNING id",
};

enum err index_repo_new(struct ctx *cx, int64_t project_id, struct span line, int64_t *ret)
{
	return db_get_int(cx, &NEW, DB_ARGS(DB_INT(project_id), DB_BYTES(line.data, line.len)),
	                  ret);
}

static const struct db_stmt PUT_FILES = {
	.name = "index_put_files",
	.nparams = 3,
	.sql = LINES
	" INSERT INTO app.map_file (tenant_id, index_id, entry, folder, path, path_hash, files, language, role,"
	" bytes, code, comment, blank, oid, place)"
	" SELECT $1, $2, c[1]::integer, nullif(c[2], '\\N')::integer, c[3], md5(c[3])::uuid, c[4]::integer, c[5], c[6],"
	" c[7]::bigint, c[8]::bigint, c[9]::bigint, c[10]::bigint, c[11], c[12]::integer FROM l",
};

static const struct db_stmt PUT_EDGES = {
	.name = "index_put_edges",
	.nparams = 3,
	.sql = LINES
	" INSERT INTO app.map_edge (tenant_id, index_id, inward, file, others, lines, hows)"
	" SELECT $1, $2, c[1]::boolean, c[2]::integer, c[3]::integer[], c[4]::integer[],"
	" c[5]::integer[] FROM l",
};

static const struct db_stmt PUT_SYMBOLS = {
	.name = "index_put_symbols",
	.nparams = 3,
	.sql = LINES
	" INSERT INTO app.map_symbol (tenant_id, index_id, place, name, files, lines, last_lines,"
	" kinds, parents, signatures)"
	" SELECT $1, $2, c[1]::integer, c[2], c[3]::integer[], c[4]::integer[], c[5]::integer[],"
	" c[6]::integer[], string_to_array(c[7], E'\\x1f'), string_to_array(c[8], E'\\x1f') FROM l",
};

static const struct db_stmt PUT_REFERENCES = {
	.name = "index_put_references",
	.nparams = 3,
	.sql = LINES
	" INSERT INTO app.map_reference (tenant_id, index_id, place, uses, files, lines, kinds)"
	" SELECT $1, $2, c[1]::integer, c[2]::integer, c[3]::integer[], c[4]::integer[],"
	" c[5]::integer[] FROM l",
};

static const struct db_stmt PUT_GRAMS = {
	.name = "index_put_grams",
	.nparams = 3,
	.sql = LINES " INSERT INTO app.map_gram (tenant_id, index_id, about, gram, texts, postings)"
		     " SELECT $1, $2, c[1], c[2]::integer, c[3]::integer, c[4] FROM l",
};

static const struct db_stmt PUBLISH = {
	.name = "index_publish",
	.nparams = 3,
	.sql = "UPDATE app.map_index SET map_id = CASE WHEN id = $2 THEN $3::bigint END"
	       " WHERE tenant_id = $1 AND (id = $2 OR map_id = $3)",
};

enum err index_repo_publish(struct ctx *cx, int64_t id, int64_t map_id)
{
	return db_run(cx, &PUBLISH, DB_ARGS(DB_INT(id), DB_INT(map_id)), NULL);
}

static const struct db_stmt STALE = {
	.name = "index_stale",
	.read = true,
	.nparams = 3,
	.sql = "SELECT coalesce(min(id), 0) FROM app.map_index WHERE tenant_id = $1"
	       " AND (project_id IS NULL OR (project_id = $2 AND (map_id IS NULL OR map_id <= ("
	       "SELECT map_id FROM app.map_index WHERE tenant_id = $1 AND project_id = $2"
	       " AND map_id IS NOT NULL ORDER BY map_id DESC OFFSET $3 LIMIT 1))))",
};

enum err index_repo_stale(struct ctx *cx, int64_t project_id, int64_t keep, int64_t *ret)
{
	return db_get_int(cx, &STALE, DB_ARGS(DB_INT(project_id), DB_INT(keep)), ret);
}

/* --- One that becomes another --- */

static const struct field SPARE_FIELDS[] = {
	F_INT(struct index_spare, id),
	F_TEXT(struct index_spare, base.commit),
	F_TEXT(struct index_spare, base.print),
	F_TEXT(struct index_spare, base.edges),
};
static const struct schema SPARE_ROW = SCHEMA(struct index_spare, "IndexSpare", SPARE_FIELDS);

static const struct db_stmt SPARE = {
	.name = "index_spare",
	.read = true,
	.nparams = 4,
	.sql = "SELECT s.id, s.commit AS \"base.commit\", s.print AS \"base.print\","
	       " s.edges AS \"base.edges\" FROM (SELECT i.id, m.commit, m.analyser, i.print,"
	       " i.edges_sum AS edges, i.complete FROM app.map_index i JOIN app.system_map m"
	       " ON m.tenant_id = i.tenant_id AND m.id = i.map_id WHERE i.tenant_id = $1"
	       " AND i.project_id = $2 ORDER BY i.map_id DESC OFFSET $3 - 1 LIMIT 1) AS s"
	       " WHERE s.analyser = $4 AND s.complete AND s.print IS NOT NULL AND s.edges IS NOT NULL",
};

enum err index_repo_spare(struct ctx *cx, int64_t project_id, int64_t keep, const char *analyser,
                          struct index_spare *ret)
{
	return db_get(cx, &SPARE, DB_ARGS(DB_INT(project_id), DB_INT(keep), DB_TEXT(analyser)),
	              &SPARE_ROW, ret);
}

static const struct db_stmt RENEW = {
	.name = "index_renew",
	.nparams = 3,
	.sql = LINES " UPDATE app.map_index SET symbols = c[2]::integer, print = nullif(c[8], ''),"
		     " edges_sum = nullif(c[9], '') FROM l"
		     " WHERE tenant_id = $1 AND id = $2 AND files = c[1]::integer"
		     " AND complete AND c[3] = 't'",
};

enum err index_repo_renew(struct ctx *cx, int64_t id, struct span line, int64_t *ret)
{
	return db_run(cx, &RENEW, DB_ARGS(DB_INT(id), DB_BYTES(line.data, line.len)), ret);
}

/* $3: numbers, one a line. */
#define GONE_ROWS(statement, table, key, only)                                                     \
	static const struct db_stmt statement = {                                                  \
		.name = "index_gone_" table,                                                       \
		.nparams = 3,                                                                      \
		.sql = "DELETE FROM app." table " WHERE ctid = ANY (ARRAY(SELECT r.ctid FROM"      \
		       " unnest(string_to_array(rtrim($3::text, E'\n'), E'\n')::integer[])"        \
		       " AS w (key), LATERAL (SELECT ctid FROM app." table                         \
		       " WHERE tenant_id = $1 AND index_id = $2 AND " key " = w.key" only          \
		       " OFFSET 0) AS r))",                                                        \
	}
GONE_ROWS(GONE_FILES, "map_file", "entry", "");
GONE_ROWS(GONE_SYMBOLS, "map_symbol", "place", "");
GONE_ROWS(GONE_REFERENCES, "map_reference", "place", "");
GONE_ROWS(GONE_GRAMS, "map_gram", "gram", " AND about = 's'");

const struct db_stmt *const index_gone[] = {
	[INDEX_FILES] = &GONE_FILES,
	[INDEX_SYMBOLS] = &GONE_SYMBOLS,
	[INDEX_REFERENCES] = &GONE_REFERENCES,
	[INDEX_GRAMS] = &GONE_GRAMS,
};

/* --- Taking away --- */

#define DROP_ROWS(statement, table)                                                                \
	static const struct db_stmt statement = {                                                  \
		.name = "index_drop_" table,                                                       \
		.nparams = 3,                                                                      \
		.sql = "DELETE FROM app." table " WHERE ctid = ANY (ARRAY(SELECT ctid FROM"        \
		       " app." table " WHERE tenant_id = $1 AND index_id = $2 LIMIT $3))",         \
	}
DROP_ROWS(DROP_FILES, "map_file");
DROP_ROWS(DROP_EDGES, "map_edge");
DROP_ROWS(DROP_SYMBOLS, "map_symbol");
DROP_ROWS(DROP_REFERENCES, "map_reference");
DROP_ROWS(DROP_GRAMS, "map_gram");

static const struct db_stmt DROP = {
	.name = "index_drop",
	.nparams = 2,
	.sql = "DELETE FROM app.map_index WHERE tenant_id = $1 AND id = $2",
};

enum err index_repo_drop(struct ctx *cx, int64_t id)
{
	return db_run(cx, &DROP, DB_ARGS(DB_INT(id)), NULL);
}

const struct index_table index_tables[] = {
	[INDEX_FILES] = { "files", &PUT_FILES, &DROP_FILES },
	[INDEX_EDGES] = { "edges", &PUT_EDGES, &DROP_EDGES },
	[INDEX_SYMBOLS] = { "symbols", &PUT_SYMBOLS, &DROP_SYMBOLS },
	[INDEX_REFERENCES] = { "references", &PUT_REFERENCES, &DROP_REFERENCES },
	[INDEX_GRAMS] = { "grams", &PUT_GRAMS, &DROP_GRAMS },
	{ NULL, NULL, NULL },
};

const struct db_check index_statements[] = {
	{ .stmt = &OF_PROJECT, .row = &INDEX },
	{ .stmt = &HAS },
	{ .stmt = &LAZY },
	{ .stmt = &NEW, .as = DB_AS_RUNNER },
	{ .stmt = &PUT_FILES, .as = DB_AS_RUNNER },
	{ .stmt = &PUT_EDGES, .as = DB_AS_RUNNER },
	{ .stmt = &PUT_SYMBOLS, .as = DB_AS_RUNNER },
	{ .stmt = &PUT_REFERENCES, .as = DB_AS_RUNNER },
	{ .stmt = &PUT_GRAMS, .as = DB_AS_RUNNER },
	{ .stmt = &PUBLISH, .as = DB_AS_RUNNER },
	{ .stmt = &STALE },
	{ .stmt = &SPARE, .row = &SPARE_ROW },
	{ .stmt = &RENEW, .as = DB_AS_RUNNER },
	{ .stmt = &GONE_FILES, .as = DB_AS_RUNNER },
	{ .stmt = &GONE_SYMBOLS, .as = DB_AS_RUNNER },
	{ .stmt = &GONE_REFERENCES, .as = DB_AS_RUNNER },
	{ .stmt = &GONE_GRAMS, .as = DB_AS_RUNNER },
	{ .stmt = &DROP_FILES, .as = DB_AS_RUNNER },
	{ .stmt = &DROP_EDGES, .as = DB_AS_RUNNER },
	{ .stmt = &DROP_SYMBOLS, .as = DB_AS_RUNNER },
	{ .stmt = &DROP_REFERENCES, .as = DB_AS_RUNNER },
	{ .stmt = &DROP_GRAMS, .as = DB_AS_RUNNER },
	{ .stmt = &DROP, .as = DB_AS_RUNNER },
	{ .stmt = NULL },
};
