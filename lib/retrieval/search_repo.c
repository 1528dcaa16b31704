#include "retrieval/search_repo.h"

static const struct db_stmt NAMED = {
	.name = "retrieval_named",
	.read = true,
	.nparams = 6,
	.sql = "WITH i AS MATERIALIZED (SELECT DISTINCT ON (project_id) id, project_id, map_id,"
	       " def_kinds FROM app.map_index WHERE tenant_id = $1 AND map_id IS NOT NULL"
	       " AND ($2::bigint IS NULL OR project_id = $2) ORDER BY project_id, map_id DESC)"
	       " SELECT i.project_id, 0::bigint AS document_id, m.commit, f.path,"
	       " d.line::bigint AS start_line, d.last_line::bigint AS end_line, f.oid AS blob,"
	       " nullif(f.language, '') AS language, 'code' AS source,"
	       " i.def_kinds[d.kind + 1] AS kind, 1::bigint AS score,"
	       " to_jsonb(ARRAY[s.name]) AS symbols, to_jsonb(ARRAY['symbol:' || s.name]) AS why,"
	       " d.signature AS text"
	       " FROM i JOIN app.system_map m ON m.tenant_id = $1 AND m.id = i.map_id,"
	       " unnest($3::text[]) AS w (name), LATERAL (SELECT * FROM app.map_symbol"
	       " WHERE tenant_id = $1 AND index_id = i.id AND name = w.name OFFSET 0) AS s,"
	       " unnest(s.files, s.lines, s.last_lines, s.kinds, s.signatures)"
	       " AS d (file, line, last_line, kind, signature),"
	       " LATERAL (SELECT * FROM app.map_file WHERE tenant_id = $1 AND index_id = i.id"
	       " AND entry = d.file OFFSET 0) AS f"
	       " WHERE ($4::text IS NULL OR f.path = $4 OR starts_with(f.path, $4 || '/'))"
	       " AND ($5::text IS NULL OR f.language = $5)"
	       " ORDER BY i.project_id, f.path, d.line LIMIT $6",
};

enum err search_repo_named(struct ctx *cx, const struct retrieval_query *query, const char *words,
                           struct list *ret)
{
	return db_list(cx, &NAMED,
	               DB_ARGS(DB_INT0(query->project_id), DB_TEXT(words), DB_TEXT(query->path),
	                       DB_TEXT(query->language),
	                       DB_INT(query->top_k > 0 ? query->top_k : RETRIEVAL_TOP)),
	               &retrieval_hit_schema, ret);
}

const struct db_check retrieval_statements[] = {
	{ .stmt = &NAMED, .row = &retrieval_hit_schema },
	{ .stmt = NULL },
};
