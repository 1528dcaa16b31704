#include "retrieval/sources.h"

#include "ai/llm.h"
#include "retrieval/vector.h"

static const struct field FIELDS[] = {
	F_INT(struct search_source, project_id, .zero_is_null = true,
	      .doc = "The project; null: the documents"),
	F_TEXT(struct search_source, kind, .doc = "project or documents"),
	F_TEXT(struct search_source, name, .doc = "Name of the project"),
	F_TEXT(struct search_source, commit, .nullable = true, .doc = "Commit that is searched"),
	F_INT(struct search_source, files, .doc = "Files that can be found"),
	F_INT(struct search_source, chunks, .doc = "Passages that can be found"),
	F_BOOL(struct search_source, complete,
	       .doc = "Whether that is all there is, as new as the newest map"),
	F_TIME(struct search_source, indexed_us, .nullable = true, .name = "indexed_at",
	       .doc = "When it was indexed"),
	F_INT(struct search_source, embedded,
	      .doc = "Passages of these that have their vector, and are found by meaning too"),
	F_TEXT(struct search_source, model, .nullable = true,
	       .doc = "The embedding model that makes them; null: none is preferred"),
};
const struct schema search_source_schema = SCHEMA(struct search_source, "SearchSource", FIELDS);

#define FOUND(of)                                                                                  \
	"(SELECT count(*) AS files, coalesce(sum(chunks), 0)::bigint AS chunks,"                   \
	" coalesce(sum(chunks) FILTER (WHERE space_id = $4), 0)::bigint AS embedded FROM"          \
	" app.search_file WHERE tenant_id = $1 AND live AND chunks > 0 AND " of " OFFSET 0) AS f"

static const struct db_stmt LIST = {
	.name = "sources_list",
	.read = true,
	.nparams = 5,
	.sql = "SELECT p.id AS project_id, 'project' AS kind, p.name, s.commit, f.files, f.chunks,"
	       " coalesce(s.complete AND s.commit = p.head_commit, false) AS complete,"
	       " (date_part('epoch', s.indexed_at) * 1000000)::bigint AS indexed_at, f.embedded,"
	       " $5::text AS model FROM ("
	       "SELECT id, name, head_commit FROM app.project WHERE tenant_id = $1"
	       " AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3) AS p"
	       " LEFT JOIN app.search_state s ON s.tenant_id = $1 AND s.project_id = p.id,"
	       " LATERAL " FOUND(
		       "project_id = p.id") " UNION ALL SELECT 0::bigint, 'documents',"
					    " 'documents', NULL, f.files, f.chunks, NOT EXISTS (SELECT FROM app.document"
					    " WHERE tenant_id = $1 AND status = 'pending'), NULL, f.embedded, $5 FROM " FOUND(
						    "source = 'document'") " WHERE EXISTS (SELECT FROM app.document"
									   " WHERE tenant_id = $1) ORDER BY 1 DESC LIMIT $3",
};

enum err sources_list(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret)
{
	struct llm_model model = { 0 };
	int64_t space_id = 0;
	enum err e = llm_find(cx, LLM_EMBEDDING, NULL, &model);

	if (e == ERR_NO_MODEL)
		err_clear(cx);
	else if (e != ERR_OK)
		return e;
	else
		TRY(vector_space(cx, model.origin, 0, &space_id));
	return db_list(
		cx, &LIST,
		DB_ARGS(DB_INT0(before_id), DB_INT(limit), DB_INT(space_id), DB_TEXT(model.name)),
		&search_source_schema, ret);
}

const struct db_check sources_statements[] = {
	{ .stmt = &LIST, .row = &search_source_schema },
	{ .stmt = NULL },
};
