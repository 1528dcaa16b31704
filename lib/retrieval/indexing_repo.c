#include "retrieval/indexing_repo.h"

#include "config/config.h"

#include "retrieval/indexing.h"

static const struct db_stmt VERSION = {
	.name = "indexing_version",
	.read = true,
	.nparams = 2,
	.sql = "SELECT coalesce(max(version), 0)::bigint FROM app.search_state WHERE tenant_id = $1"
	       " AND project_id = $2",
};

enum err indexing_repo_version(struct ctx *cx, int64_t project_id, int64_t *ret)
{
	return db_get_int(cx, &VERSION, DB_ARGS(DB_INT(project_id)), ret);
}

static const struct db_stmt NOTE = {
	.name = "indexing_note",
	.nparams = 5,
	.sql = "INSERT INTO app.search_state AS s (tenant_id, project_id, commit, version, complete)"
	       " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, project_id) DO UPDATE"
	       " SET commit = excluded.commit, version = excluded.version,"
	       " complete = excluded.complete, indexed_at = now()",
};

enum err indexing_repo_note(struct ctx *cx, int64_t project_id, const char *commit, int64_t version,
                            bool complete)
{
	return db_run(
		cx, &NOTE,
		DB_ARGS(DB_INT(project_id), DB_TEXT(commit), DB_INT(version), DB_BOOL(complete)),
		NULL);
}

static const struct field WANTED_FIELDS[] = {
	F_INT(struct indexing_file, entry),
	F_INT(struct indexing_file, bytes),
	F_TEXT(struct indexing_file, path),
	F_TEXT(struct indexing_file, oid),
};
static const struct schema WANTED_ROW = SCHEMA(struct indexing_file, "IndexingFile", WANTED_FIELDS);

/* In the order of the index's key, so that a page costs what it holds. */
static const struct db_stmt WANTED = {
	.name = "indexing_wanted",
	.read = true,
	.nparams = 7,
	.sql = "SELECT f.entry::bigint, f.bytes, f.path, f.oid FROM app.map_file f WHERE"
	       " f.tenant_id = $1 AND f.index_id = $3 AND f.entry >= 0 AND f.entry > $4"
	       " AND f.role <> '' AND f.bytes BETWEEN 1 AND CASE lower(right(f.path, 4))"
	       " WHEN '.pdf' THEN greatest($5::bigint, $7::bigint) ELSE $5 END AND NOT EXISTS ("
	       "SELECT FROM app.search_file s WHERE s.tenant_id = $1 AND s.project_id = $2 AND s.live"
	       " AND s.oid = f.oid AND s.path = f.path) ORDER BY f.entry LIMIT $6",
};

enum err indexing_repo_wanted(struct ctx *cx, int64_t project_id, int64_t index_id, int64_t after,
                              int64_t limit, struct list *ret)
{
	const struct config *config = cx->app->config;

	return db_list(cx, &WANTED,
	               DB_ARGS(DB_INT(project_id), DB_INT(index_id), DB_INT(after),
	                       DB_INT(config->blob_max_bytes), DB_INT(limit),
	                       DB_INT(config->pdf_max_bytes)),
	               &WANTED_ROW, ret);
}

static const struct db_stmt GONE = {
	.name = "indexing_gone",
	.nparams = 3,
	.sql = "UPDATE app.search_file s SET live = false WHERE s.tenant_id = $1 AND s.project_id = $2"
	       " AND s.live AND NOT EXISTS (SELECT FROM app.map_file f WHERE f.tenant_id = $1"
	       " AND f.index_id = $3 AND f.path_hash = md5(s.path)::uuid AND f.path = s.path"
	       " AND f.oid = s.oid AND f.entry >= 0)",
};

enum err indexing_repo_gone(struct ctx *cx, int64_t project_id, int64_t index_id)
{
	return db_run(cx, &GONE, DB_ARGS(DB_INT(project_id), DB_INT(index_id)), NULL);
}

static const struct db_stmt FORGET = {
	.name = "indexing_forget",
	.nparams = 2,
	.sql = "UPDATE app.search_file SET live = false WHERE tenant_id = $1 AND project_id = $2"
	       " AND live",
};

enum err indexing_repo_forget(struct ctx *cx, int64_t project_id)
{
	return db_run(cx, &FORGET, DB_ARGS(DB_INT(project_id)), NULL);
}

static const struct db_stmt COUNT_CHUNKS = {
	.name = "indexing_count",
	.read = true,
	.nparams = 2,
	.sql = "SELECT coalesce(sum(chunks - dead_chunks), 0)::bigint FROM app.search_segment"
	       " WHERE tenant_id = $1 AND project_id = $2 AND published",
};

enum err indexing_repo_count(struct ctx *cx, int64_t project_id, int64_t *ret)
{
	return db_get_int(cx, &COUNT_CHUNKS, DB_ARGS(DB_INT(project_id)), ret);
}

const struct db_check indexing_statements[] = {
	{ .stmt = &VERSION },
	{ .stmt = &NOTE, .as = DB_AS_RUNNER },
	{ .stmt = &WANTED, .row = &WANTED_ROW },
	{ .stmt = &GONE, .as = DB_AS_RUNNER },
	{ .stmt = &FORGET, .as = DB_AS_RUNNER },
	{ .stmt = &COUNT_CHUNKS },
	{ .stmt = NULL },
};
