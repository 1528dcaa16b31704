/* SQL of segments: rows come as lines, columns between tabs; taken apart once a line. */
#include "retrieval/segment_repo.h"

#define LINES(place)                                                                               \
	"WITH l AS MATERIALIZED (SELECT string_to_array(line, E'\\t') AS c, n"                     \
	" FROM unnest(string_to_array($" place                                                     \
	"::text, E'\\n')) WITH ORDINALITY AS u (line, n) WHERE line <> '')"

static const struct db_stmt NEW = {
	.name = "segment_new",
	.nparams = 2,
	.sql = "INSERT INTO app.search_segment (tenant_id, project_id, documents)"
	       " VALUES ($1, $2::bigint, $2::bigint IS NULL) RETURNING id",
};

enum err segment_repo_new(struct ctx *cx, int64_t project_id, int64_t *ret)
{
	return db_get_int(cx, &NEW, DB_ARGS(DB_INT0(project_id)), ret);
}

struct id_row {
	int64_t id;
};
static const struct field ID_FIELDS[] = { F_INT(struct id_row, id) };
static const struct schema ID = SCHEMA(struct id_row, "SegmentFileId", ID_FIELDS);

static const struct db_stmt PUT_FILES = {
	.name = "segment_put_files",
	.nparams = 4,
	.sql = LINES(
		"4") " INSERT INTO app.search_file (tenant_id, segment_id, project_id, path, oid,"
		     " language, source, first_chunk, chunks, document_id, past)"
		     " SELECT $1, $2, $3, c[1], c[2], c[3], c[4], c[5]::integer, c[6]::integer,"
		     " nullif(c[7], '\\N')::bigint, c[8] FROM l ORDER BY n RETURNING id",
};

enum err segment_repo_put_files(struct ctx *cx, int64_t segment_id, int64_t project_id,
                                struct span lines, struct list *ret)
{
	return db_list(
		cx, &PUT_FILES,
		DB_ARGS(DB_INT(segment_id), DB_INT0(project_id), DB_BYTES(lines.data, lines.len)),
		&ID, ret);
}

static const struct db_stmt PUT_CHUNKS = {
	.name = "segment_put_chunks",
	.nparams = 2,
	.sql = LINES("2") " INSERT INTO app.search_chunk (tenant_id, file_id, number, start_line,"
			  " end_line, page, kind, symbols, around, text)"
			  " SELECT $1, c[1]::bigint, c[2]::integer, c[3]::integer, c[4]::integer,"
			  " c[5]::integer, c[6], c[7], c[8],"
			  " translate(c[9], E'\\x1e\\x1d', E'\\n\\t') FROM l",
};

enum err segment_repo_put_chunks(struct ctx *cx, struct span lines)
{
	return db_run(cx, &PUT_CHUNKS, DB_ARGS(DB_BYTES(lines.data, lines.len)), NULL);
}

static const struct db_stmt PUT_TERMS = {
	.name = "segment_put_terms",
	.nparams = 3,
	.sql = LINES(
		"3") " INSERT INTO app.search_term (tenant_id, segment_id, term, chunks, postings)"
		     " SELECT $1, $2, c[1], c[2]::integer, c[3] FROM l",
};

enum err segment_repo_put_terms(struct ctx *cx, int64_t segment_id, struct span lines)
{
	return db_run(cx, &PUT_TERMS, DB_ARGS(DB_INT(segment_id), DB_BYTES(lines.data, lines.len)),
	              NULL);
}

static const struct db_stmt PUBLISH = {
	.name = "segment_publish",
	.nparams = 4,
	.sql = "UPDATE app.search_segment SET published = true, chunks = $3, counts = $4"
	       " WHERE tenant_id = $1 AND id = $2",
};

enum err segment_repo_publish(struct ctx *cx, int64_t segment_id, int64_t chunks,
                              const char *counts)
{
	return db_run(cx, &PUBLISH, DB_ARGS(DB_INT(segment_id), DB_INT(chunks), DB_TEXT(counts)),
	              NULL);
}

static const struct db_stmt REPLACE = {
	.name = "segment_replace",
	.nparams = 3,
	.sql = "UPDATE app.search_file o SET live = false FROM app.search_file n"
	       " WHERE o.tenant_id = $1 AND o.project_id = $2 AND o.live AND o.segment_id <> $3"
	       " AND n.tenant_id = $1 AND n.segment_id = $3 AND n.path = o.path",
};

enum err segment_repo_replace(struct ctx *cx, int64_t project_id, int64_t segment_id)
{
	return db_run(cx, &REPLACE, DB_ARGS(DB_INT(project_id), DB_INT(segment_id)), NULL);
}

static const struct db_stmt COUNT_DEAD = {
	.name = "segment_count_dead",
	.nparams = 2,
	.sql = "UPDATE app.search_segment g SET dead = d.dead, dead_chunks = d.n FROM ("
	       "SELECT s.id, string_agg(f.first_chunk || ' ' || f.chunks, ' ' ORDER BY f.first_chunk)"
	       " AS dead, sum(f.chunks)::integer AS n"
	       " FROM app.search_segment s JOIN app.search_file f ON f.tenant_id = $1"
	       " AND f.segment_id = s.id AND f.chunks > 0 AND NOT f.live"
	       " WHERE s.tenant_id = $1 AND s.project_id IS NOT DISTINCT FROM $2::bigint"
	       " AND s.published GROUP BY s.id) AS d"
	       " WHERE g.tenant_id = $1 AND g.id = d.id AND g.dead_chunks <> d.n",
};

enum err segment_repo_count_dead(struct ctx *cx, int64_t project_id)
{
	return db_run(cx, &COUNT_DEAD, DB_ARGS(DB_INT0(project_id)), NULL);
}

static const struct db_stmt MOVE = {
	.name = "segment_move",
	.nparams = 3,
	.sql = LINES(
		"3") " UPDATE app.search_file f SET segment_id = $2, first_chunk = c[2]::integer"
		     " FROM l WHERE f.tenant_id = $1 AND f.id = c[1]::bigint",
};

enum err segment_repo_move(struct ctx *cx, int64_t segment_id, struct span lines)
{
	return db_run(cx, &MOVE, DB_ARGS(DB_INT(segment_id), DB_BYTES(lines.data, lines.len)),
	              NULL);
}

static const struct db_stmt RETIRE = {
	.name = "segment_retire",
	.nparams = 2,
	.sql = "UPDATE app.search_segment SET published = false WHERE tenant_id = $1"
	       " AND id = ANY ($2::bigint[])",
};

enum err segment_repo_retire(struct ctx *cx, const char *segments)
{
	return db_run(cx, &RETIRE, DB_ARGS(DB_TEXT(segments)), NULL);
}

static const struct field SMALL_FIELDS[] = {
	F_INT(struct segment_small, id),
	F_BOOL(struct segment_small, heavy),
};
static const struct schema SMALL_ROW = SCHEMA(struct segment_small, "SegmentSmall", SMALL_FIELDS);

static const struct db_stmt SMALL = {
	.name = "segment_small",
	.read = true,
	.nparams = 5,
	.sql = "SELECT id, heavy FROM (SELECT id, dead_chunks > chunks / $4::integer AS heavy,"
	       " sum(chunks - dead_chunks) OVER (ORDER BY id) AS together FROM app.search_segment"
	       " WHERE tenant_id = $1 AND project_id IS NOT DISTINCT FROM $2::bigint"
	       " AND documents = ($2::bigint IS NULL) AND published"
	       " AND (chunks - dead_chunks < $3 OR dead_chunks > chunks / $4::integer)) AS s"
	       " WHERE together <= $5 ORDER BY id",
};

enum err segment_repo_small(struct ctx *cx, int64_t project_id, struct list *ret)
{
	return db_list(cx, &SMALL,
	               DB_ARGS(DB_INT0(project_id), DB_INT(SEGMENT_SMALL),
	                       DB_INT(SEGMENT_DEAD_PART), DB_INT(SEGMENT_CHUNKS)),
	               &SMALL_ROW, ret);
}

static const struct field OLD_FIELDS[] = {
	F_INT(struct segment_old_chunk, file_id), F_INT(struct segment_old_chunk, chunks),
	F_TEXT(struct segment_old_chunk, path),   F_TEXT(struct segment_old_chunk, symbols),
	F_TEXT(struct segment_old_chunk, text),   F_TEXT(struct segment_old_chunk, kind),
	F_TEXT(struct segment_old_chunk, around), F_TEXT(struct segment_old_chunk, past),
};
static const struct schema OLD = SCHEMA(struct segment_old_chunk, "SegmentOldChunk", OLD_FIELDS);

static const struct db_stmt NEXT_FILE = {
	.name = "segment_next_file",
	.read = true,
	.nparams = 3,
	.sql = "SELECT f.id AS file_id, f.chunks::bigint, f.path, f.past, coalesce(c.kind, '') AS kind,"
	       " coalesce(c.symbols, '') AS symbols, coalesce(c.around, '') AS around,"
	       " coalesce(c.text, '') AS text FROM (SELECT id, chunks, path, past FROM app.search_file"
	       " WHERE tenant_id = $1 AND segment_id = ANY ($2::bigint[]) AND live AND id > $3"
	       " ORDER BY id LIMIT 1) AS f LEFT JOIN app.search_chunk c ON c.tenant_id = $1"
	       " AND c.file_id = f.id ORDER BY c.number",
};

enum err segment_repo_next_file(struct ctx *cx, const char *segments, int64_t after,
                                struct list *ret)
{
	return db_list(cx, &NEXT_FILE, DB_ARGS(DB_TEXT(segments), DB_INT(after)), &OLD, ret);
}

static const struct db_stmt STALE = {
	.name = "segment_stale",
	.read = true,
	.nparams = 2,
	.sql = "SELECT coalesce(min(id), 0) FROM app.search_segment WHERE tenant_id = $1"
	       " AND ((project_id IS NULL AND NOT documents)"
	       " OR (project_id IS NOT DISTINCT FROM $2::bigint AND NOT published))",
};

enum err segment_repo_stale(struct ctx *cx, int64_t project_id, int64_t *ret)
{
	return db_get_int(cx, &STALE, DB_ARGS(DB_INT0(project_id)), ret);
}

static const struct db_stmt DROP_TERMS = {
	.name = "segment_drop_terms",
	.nparams = 3,
	.sql = "DELETE FROM app.search_term WHERE ctid = ANY (ARRAY(SELECT ctid FROM app.search_term"
	       " WHERE tenant_id = $1 AND segment_id = $2 LIMIT $3))",
};

/* Vectors of a project that is still there stay: what takes the file's place may say the same. */
static const struct db_stmt DROP_FILES = {
	.name = "segment_drop_files",
	.nparams = 3,
	.sql = "WITH f AS (DELETE FROM app.search_file WHERE ctid = ANY (ARRAY(SELECT ctid"
	       " FROM app.search_file WHERE tenant_id = $1 AND segment_id = $2 LIMIT $3))"
	       " RETURNING id), c AS (DELETE FROM app.search_chunk WHERE tenant_id = $1"
	       " AND file_id IN (SELECT id FROM f)), v AS (DELETE FROM app.search_vector"
	       " WHERE tenant_id = $1 AND file_id IN (SELECT id FROM f) AND EXISTS (SELECT"
	       " FROM app.search_segment WHERE tenant_id = $1 AND id = $2 AND project_id IS NULL))"
	       " SELECT count(*) FROM f",
};

static const struct db_stmt DROP = {
	.name = "segment_drop",
	.nparams = 2,
	.sql = "DELETE FROM app.search_segment WHERE tenant_id = $1 AND id = $2",
};

#define FILES_PART 20 /* a file has chunks: so many fewer at a time */

enum err segment_repo_drop(struct ctx *cx, int64_t segment_id, int64_t most, int64_t *ret)
{
	TRY(db_run(cx, &DROP_TERMS, DB_ARGS(DB_INT(segment_id), DB_INT(most)), ret));
	if (*ret > 0)
		return ERR_OK;
	TRY(db_get_int(cx, &DROP_FILES, DB_ARGS(DB_INT(segment_id), DB_INT(most / FILES_PART)),
	               ret));
	if (*ret > 0)
		return ERR_OK;
	return db_run(cx, &DROP, DB_ARGS(DB_INT(segment_id)), NULL);
}

const struct db_check segment_statements[] = {
	{ .stmt = &NEW, .as = DB_AS_RUNNER },
	{ .stmt = &PUT_FILES, .row = &ID, .as = DB_AS_RUNNER },
	{ .stmt = &PUT_CHUNKS, .as = DB_AS_RUNNER },
	{ .stmt = &PUT_TERMS, .as = DB_AS_RUNNER },
	{ .stmt = &PUBLISH, .as = DB_AS_RUNNER },
	{ .stmt = &REPLACE, .as = DB_AS_RUNNER },
	{ .stmt = &COUNT_DEAD, .as = DB_AS_RUNNER },
	{ .stmt = &MOVE, .as = DB_AS_RUNNER },
	{ .stmt = &RETIRE, .as = DB_AS_RUNNER },
	{ .stmt = &SMALL, .row = &SMALL_ROW },
	{ .stmt = &NEXT_FILE, .row = &OLD },
	{ .stmt = &STALE },
	{ .stmt = &DROP_TERMS, .as = DB_AS_RUNNER },
	{ .stmt = &DROP_FILES, .as = DB_AS_RUNNER },
	{ .stmt = &DROP, .as = DB_AS_RUNNER },
	{ .stmt = NULL },
};
