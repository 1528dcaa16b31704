#include "retrieval/sources.h"

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
};
const struct schema search_source_schema = SCHEMA(struct search_source, "SearchSource", FIELDS);

#define FOUND(of)                                                                                  \
	"(SELECT count(*) AS files, coalesce(sum(chunks), 0)::bigint AS chunks FROM"               \
	" app.search_file WHERE tenant_id = $1 AND live AND chunks > 0 AND " of " OFFSET 0) AS f"

static const struct db_stmt LIST = {
	.name = "sources_list",
	.read = true,
	.nparams = 3,
	.sql = "SELECT p.id AS project_id, 'project' AS kind, p.name, s.commit, f.files, f.chunks,"
	       " coalesce(s.complete AND s.commit = p.head_commit, false) AS complete,"
	       " (date_part('epoch', s.indexed_at) * 1000000)::bigint AS indexed_at FROM ("
	       "SELECT id, name, head_commit FROM app.project WHERE tenant_id = $1"
	       " AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3) AS p"
	       " LEFT JOIN app.search_state s ON s.tenant_id = $1 AND s.project_id = p.id,"
	       " LATERAL " FOUND(
		       "project_id = p.id") " UNION ALL SELECT 0::bigint, 'documents', 'documents', NULL, f.files, f.chunks,"
					    " NOT EXISTS (SELECT FROM app.document WHERE tenant_id = $1 AND status = 'pending'),"
					    " NULL FROM " FOUND(
						    "source = 'document'") " WHERE EXISTS (SELECT FROM app.document WHERE tenant_id = $1)"
									   " ORDER BY 1 DESC LIMIT $3",
};

enum err sources_list(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret)
{
	return db_list(cx, &LIST, DB_ARGS(DB_INT0(before_id), DB_INT(limit)), &search_source_schema,
	               ret);
}

const struct db_check sources_statements[] = {
	{ .stmt = &LIST, .row = &search_source_schema },
	{ .stmt = NULL },
};
