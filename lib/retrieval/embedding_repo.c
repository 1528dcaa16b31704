/* SQL of vectors.  Rows come as lines, columns between tabs, as in segment_repo.c. */
#include "retrieval/embedding_repo.h"

#include "retrieval/embedding.h"

#define LINES(place)                                                                               \
	"WITH l AS MATERIALIZED (SELECT string_to_array(line, E'\\t') AS c"                        \
	" FROM unnest(string_to_array($" place "::text, E'\\n')) AS u (line) WHERE line <> '')"

static const struct field SOURCE_FIELDS[] = { F_INT(struct embedding_source, project_id) };
static const struct schema SOURCE_ROW =
	SCHEMA(struct embedding_source, "EmbeddingSource", SOURCE_FIELDS);

static const struct db_stmt SOURCES = {
	.name = "embedding_sources",
	.read = true,
	.nparams = 2,
	.sql = "SELECT p.id AS project_id FROM app.project p WHERE p.tenant_id = $1"
	       " AND (p.id = $2 OR $2 < 0) UNION ALL SELECT 0 WHERE $2 <= 0 ORDER BY 1",
};

enum err embedding_repo_sources(struct ctx *cx, int64_t project_id, struct list *ret)
{
	return db_list(cx, &SOURCES, DB_ARGS(DB_INT(project_id)), &SOURCE_ROW, ret);
}

/* Documents have no project.  Two statements each, since an expression would find no index. */
#define OF_PROJECT   "f.project_id = $2"
#define OF_DOCUMENTS "f.project_id IS NULL AND $2::bigint = 0"
#define WAITING(of)                                                                                \
	" f.tenant_id = $1 AND " of " AND f.live AND f.chunks > 0"                                 \
	" AND f.space_id IS DISTINCT FROM $3"                                                      \
	" AND (SELECT g.published FROM app.search_segment g WHERE g.tenant_id = $1"                \
	" AND g.id = f.segment_id)"

#define WAIT_COUNT(of)                                                                             \
	"SELECT coalesce(sum(f.chunks), 0)::bigint FROM app.search_file f WHERE" WAITING(of)

static const struct db_stmt COUNT_OF_PROJECT = {
	.name = "embedding_count_project",
	.read = true,
	.nparams = 3,
	.sql = WAIT_COUNT(OF_PROJECT),
};
static const struct db_stmt COUNT_OF_DOCUMENTS = {
	.name = "embedding_count_documents",
	.read = true,
	.nparams = 3,
	.sql = WAIT_COUNT(OF_DOCUMENTS),
};

enum err embedding_repo_count(struct ctx *cx, int64_t project_id, int64_t space_id, int64_t *ret)
{
	return db_get_int(cx, project_id == 0 ? &COUNT_OF_DOCUMENTS : &COUNT_OF_PROJECT,
	                  DB_ARGS(DB_INT(project_id), DB_INT(space_id)), ret);
}

static const struct field PASSAGE_FIELDS[] = {
	F_INT(struct embedding_passage, file_id), F_INT(struct embedding_passage, number),
	F_BOOL(struct embedding_passage, last),   F_TEXT(struct embedding_passage, around),
	F_TEXT(struct embedding_passage, text),
};
static const struct schema PASSAGE_ROW =
	SCHEMA(struct embedding_passage, "EmbeddingPassage", PASSAGE_FIELDS);

/* File by file in the order of the index, so that a page costs what it holds. */
#define PAGE(of)                                                                                      \
	"SELECT f.id AS file_id, c.number::bigint, c.number = f.chunks - 1 AS last, c.around,"        \
	" c.text FROM (SELECT f.id, f.chunks FROM app.search_file f WHERE" WAITING(                   \
		of) " AND f.id >= $4 ORDER BY f.id) AS f, LATERAL (SELECT number, around, text"       \
		    " FROM app.search_chunk WHERE tenant_id = $1 AND file_id = f.id"                  \
		    " AND number > CASE WHEN f.id = $4 THEN $5 ELSE -1 END ORDER BY number LIMIT $6)" \
		    " AS c ORDER BY f.id, c.number LIMIT $6"

static const struct db_stmt PAGE_OF_PROJECT = {
	.name = "embedding_page_project",
	.read = true,
	.nparams = 6,
	.sql = PAGE(OF_PROJECT),
};
static const struct db_stmt PAGE_OF_DOCUMENTS = {
	.name = "embedding_page_documents",
	.read = true,
	.nparams = 6,
	.sql = PAGE(OF_DOCUMENTS),
};

enum err embedding_repo_page(struct ctx *cx, int64_t project_id, int64_t space_id,
                             const struct embedding_passage *after, int64_t limit, struct list *ret)
{
	return db_list(cx, project_id == 0 ? &PAGE_OF_DOCUMENTS : &PAGE_OF_PROJECT,
	               DB_ARGS(DB_INT(project_id), DB_INT(space_id), DB_INT(after->file_id),
	                       DB_INT(after->number), DB_INT(limit)),
	               &PASSAGE_ROW, ret);
}

static const struct field KNOWN_FIELDS[] = { F_TEXT(struct embedding_known, hash) };
static const struct schema KNOWN_ROW =
	SCHEMA(struct embedding_known, "EmbeddingKnown", KNOWN_FIELDS);

static const struct db_stmt KNOWN = {
	.name = "embedding_known",
	.read = true,
	.nparams = 3,
	.sql = "SELECT encode(h.hash, 'hex') AS hash FROM (SELECT decode(t, 'hex') AS hash"
	       " FROM unnest($3::text[]) AS u (t) OFFSET 0) AS h, LATERAL (SELECT FROM"
	       " app.search_vector WHERE tenant_id = $1 AND hash = h.hash AND space_id = $2"
	       " LIMIT 1) AS v",
};

enum err embedding_repo_known(struct ctx *cx, int64_t space_id, const char *hashes,
                              struct list *ret)
{
	return db_list(cx, &KNOWN, DB_ARGS(DB_INT(space_id), DB_TEXT(hashes)), &KNOWN_ROW, ret);
}

#define INSERT                                                                                     \
	" INSERT INTO app.search_vector (tenant_id, project_id, file_id, number, space_id,"        \
	" dimensions, hash, vector, signs)"
#define REPLACING                                                                                  \
	" ON CONFLICT (tenant_id, file_id, number) DO UPDATE SET"                                  \
	" space_id = excluded.space_id, dimensions = excluded.dimensions, hash = excluded.hash,"   \
	" vector = excluded.vector, signs = excluded.signs"

static const struct db_stmt PUT = {
	.name = "embedding_put",
	.nparams = 5,
	.sql = LINES("5") INSERT
	" SELECT $1, $2, c[1]::bigint, c[2]::integer, $3, $4, decode(c[3], 'hex'),"
	" c[4]::real[], c[5]::bit varying FROM l" REPLACING,
};

enum err embedding_repo_put(struct ctx *cx, int64_t project_id, int64_t space_id,
                            int64_t dimensions, struct span lines)
{
	return db_run(cx, &PUT,
	              DB_ARGS(DB_INT(project_id), DB_INT(space_id), DB_INT(dimensions),
	                      DB_BYTES(lines.data, lines.len)),
	              NULL);
}

static const struct db_stmt COPY = {
	.name = "embedding_copy",
	.nparams = 4,
	.sql = LINES("4") INSERT
	" SELECT $1, $2, c[1]::bigint, c[2]::integer, $3, v.dimensions, v.hash, v.vector,"
	" v.signs FROM l, LATERAL (SELECT * FROM app.search_vector WHERE tenant_id = $1"
	" AND space_id = $3 AND hash = decode(c[3], 'hex') LIMIT 1) AS v" REPLACING,
};

enum err embedding_repo_copy(struct ctx *cx, int64_t project_id, int64_t space_id,
                             struct span lines)
{
	return db_run(
		cx, &COPY,
		DB_ARGS(DB_INT(project_id), DB_INT(space_id), DB_BYTES(lines.data, lines.len)),
		NULL);
}

static const struct db_stmt MARK = {
	.name = "embedding_mark",
	.nparams = 3,
	.sql = "UPDATE app.search_file SET space_id = $2 WHERE tenant_id = $1"
	       " AND id = ANY ($3::bigint[])",
};

enum err embedding_repo_mark(struct ctx *cx, int64_t space_id, const char *files)
{
	return db_run(cx, &MARK, DB_ARGS(DB_INT(space_id), DB_TEXT(files)), NULL);
}

static const struct db_stmt SWEEP = {
	.name = "embedding_sweep",
	.nparams = 2,
	.sql = "DELETE FROM app.search_vector v WHERE v.tenant_id = $1 AND v.project_id = $2"
	       " AND NOT EXISTS (SELECT FROM app.search_file f WHERE f.tenant_id = $1"
	       " AND f.id = v.file_id AND f.live)",
};

enum err embedding_repo_sweep(struct ctx *cx, int64_t project_id)
{
	return db_run(cx, &SWEEP, DB_ARGS(DB_INT(project_id)), NULL);
}

const struct db_check embedding_statements[] = {
	{ .stmt = &SOURCES, .row = &SOURCE_ROW },
	{ .stmt = &COUNT_OF_PROJECT },
	{ .stmt = &COUNT_OF_DOCUMENTS },
	{ .stmt = &PAGE_OF_PROJECT, .row = &PASSAGE_ROW },
	{ .stmt = &PAGE_OF_DOCUMENTS, .row = &PASSAGE_ROW },
	{ .stmt = &KNOWN, .row = &KNOWN_ROW },
	{ .stmt = &PUT, .as = DB_AS_RUNNER },
	{ .stmt = &COPY, .as = DB_AS_RUNNER },
	{ .stmt = &MARK, .as = DB_AS_RUNNER },
	{ .stmt = &SWEEP, .as = DB_AS_RUNNER },
	{ .stmt = NULL },
};
