/* SQL of searches.  What is read for many keys is read key by key, by a LATERAL with an OFFSET, as in
 * maps/search_repo.c. */
#include "retrieval/search_repo.h"

static const struct field SEGMENT_FIELDS[] = {
	F_INT(struct search_segment, id),
	F_INT(struct search_segment, chunks),
	F_TEXT(struct search_segment, counts),
	F_TEXT(struct search_segment, dead),
};
static const struct schema SEGMENT = SCHEMA(struct search_segment, "SearchSegment", SEGMENT_FIELDS);

static const struct db_stmt SEGMENTS = {
	.name = "retrieval_segments",
	.read = true,
	.nparams = 3,
	.sql = "SELECT id, chunks::bigint, counts, dead FROM app.search_segment WHERE tenant_id = $1"
	       " AND ($2::bigint IS NULL OR project_id = $2) AND published AND chunks > 0"
	       " AND (project_id IS NOT NULL OR documents)"
	       " AND ($3::text IS NULL OR documents = ($3 = 'document')) ORDER BY id",
};

enum err search_repo_segments(struct ctx *cx, const struct retrieval_query *query, struct list *ret)
{
	return db_list(cx, &SEGMENTS, DB_ARGS(DB_INT0(query->project_id), DB_TEXT(query->source)),
	               &SEGMENT, ret);
}

static const struct field ONLY_FIELDS[] = {
	F_INT(struct search_only, segment_id),
	F_TEXT(struct search_only, ranges),
};
static const struct schema ONLY_ROW = SCHEMA(struct search_only, "SearchOnly", ONLY_FIELDS);

static const struct db_stmt ONLY = {
	.name = "retrieval_only",
	.read = true,
	.nparams = 5,
	.sql = "SELECT segment_id, string_agg(first_chunk || ' ' || chunks, ' ' ORDER BY first_chunk)"
	       " AS ranges FROM app.search_file WHERE tenant_id = $1"
	       " AND segment_id = ANY ($2::bigint[]) AND chunks > 0 AND live"
	       " AND ($3::text IS NULL OR path = $3 OR starts_with(path, $3 || '/'))"
	       " AND ($4::text IS NULL OR lower(language) = lower($4))"
	       " AND ($5::text IS NULL OR source = $5) GROUP BY segment_id",
};

enum err search_repo_only(struct ctx *cx, const struct retrieval_query *query, const char *segments,
                          struct list *ret)
{
	return db_list(cx, &ONLY,
	               DB_ARGS(DB_TEXT(segments), DB_TEXT(query->path), DB_TEXT(query->language),
	                       DB_TEXT(query->source)),
	               &ONLY_ROW, ret);
}

static const struct field DF_FIELDS[] = {
	F_TEXT(struct search_df, term),
	F_INT(struct search_df, chunks),
};
static const struct schema DF_ROW = SCHEMA(struct search_df, "SearchTermCount", DF_FIELDS);

#define EACH_TERM                                                                                  \
	" FROM unnest($2::bigint[]) AS g (id), unnest($3::text[]) AS w (term), LATERAL ("          \
	"SELECT term, chunks, postings FROM app.search_term WHERE tenant_id = $1"                  \
	" AND segment_id = g.id AND term = w.term OFFSET 0) AS t"

static const struct db_stmt DF = {
	.name = "retrieval_df",
	.read = true,
	.nparams = 3,
	.sql = "SELECT t.term, sum(t.chunks)::bigint AS chunks" EACH_TERM " GROUP BY t.term"
	       " ORDER BY t.term",
};

enum err search_repo_df(struct ctx *cx, const char *segments, const char *terms, struct list *ret)
{
	return db_list(cx, &DF, DB_ARGS(DB_TEXT(segments), DB_TEXT(terms)), &DF_ROW, ret);
}

static const struct field POSTINGS_FIELDS[] = {
	F_INT(struct search_postings, segment_id),
	F_TEXT(struct search_postings, term),
	F_TEXT(struct search_postings, postings),
};
static const struct schema POSTINGS_ROW =
	SCHEMA(struct search_postings, "SearchPostings", POSTINGS_FIELDS);

static const struct db_stmt POSTINGS = {
	.name = "retrieval_postings",
	.read = true,
	.nparams = 3,
	.sql = "SELECT g.id AS segment_id, t.term, t.postings" EACH_TERM " ORDER BY g.id",
};

enum err search_repo_postings(struct ctx *cx, const char *segments, const char *terms,
                              struct list *ret)
{
	return db_list(cx, &POSTINGS, DB_ARGS(DB_TEXT(segments), DB_TEXT(terms)), &POSTINGS_ROW,
	               ret);
}

static const struct field HIT_FIELDS[] = {
	F_INT(struct retrieval_hit, project_id),
	F_INT(struct retrieval_hit, document_id),
	F_TEXT(struct retrieval_hit, commit),
	F_TEXT(struct retrieval_hit, path),
	F_INT(struct retrieval_hit, start_line),
	F_INT(struct retrieval_hit, end_line),
	F_INT(struct retrieval_hit, page),
	F_TEXT(struct retrieval_hit, blob),
	F_TEXT(struct retrieval_hit, language),
	F_TEXT(struct retrieval_hit, source),
	F_TEXT(struct retrieval_hit, kind),
	F_LIST(struct retrieval_hit, symbols, .item = FIELD_TEXT),
	F_TEXT(struct retrieval_hit, text),
	F_INT(struct retrieval_hit, score),
	F_TEXT(struct retrieval_hit, past),
};
static const struct schema HIT_ROW = SCHEMA(struct retrieval_hit, "SearchHitRow", HIT_FIELDS);

static const struct db_stmt HITS = {
	.name = "retrieval_hits",
	.read = true,
	.nparams = 3,
	.sql = "SELECT coalesce(f.project_id, 0) AS project_id, coalesce(f.document_id, 0) AS"
	       " document_id, (SELECT commit FROM app.search_state WHERE tenant_id = $1"
	       " AND project_id = f.project_id) AS commit, f.path, c.start_line::bigint,"
	       " c.end_line::bigint, c.page::bigint, f.oid AS blob, nullif(f.language, '') AS language, f.source,"
	       " c.kind, to_jsonb(string_to_array(nullif(c.symbols, ''), E'\\x1f')) AS symbols, c.text,"
	       " f.past, w.n AS score"
	       " FROM unnest($2::bigint[], $3::integer[]) WITH ORDINALITY AS w (segment, chunk, n),"
	       " LATERAL (SELECT * FROM app.search_file WHERE tenant_id = $1"
	       " AND segment_id = w.segment AND chunks > 0 AND first_chunk <= w.chunk"
	       " ORDER BY first_chunk DESC LIMIT 1) AS f, LATERAL (SELECT * FROM app.search_chunk"
	       " WHERE tenant_id = $1 AND file_id = f.id AND number = w.chunk - f.first_chunk OFFSET 0)"
	       " AS c WHERE f.document_id IS NULL OR EXISTS (SELECT FROM app.document"
	       " WHERE tenant_id = $1 AND id = f.document_id) ORDER BY w.n",
};

enum err search_repo_hits(struct ctx *cx, const char *segments, const char *chunks,
                          struct list *ret)
{
	return db_list(cx, &HITS, DB_ARGS(DB_TEXT(segments), DB_TEXT(chunks)), &HIT_ROW, ret);
}

static const struct db_stmt WAITING = {
	.name = "retrieval_waiting",
	.read = true,
	.nparams = 2,
	.sql = "SELECT (SELECT count(*) FROM app.project p LEFT JOIN app.search_state s"
	       " ON s.tenant_id = $1 AND s.project_id = p.id WHERE p.tenant_id = $1"
	       " AND ($2::bigint IS NULL OR p.id = $2) AND NOT coalesce(s.complete"
	       " AND s.commit = p.head_commit, p.head_commit IS NULL))"
	       " + (SELECT count(*) FROM app.document WHERE tenant_id = $1 AND $2::bigint IS NULL"
	       " AND status = 'pending')",
};

enum err search_repo_waiting(struct ctx *cx, const struct retrieval_query *query, int64_t *ret)
{
	return db_get_int(cx, &WAITING, DB_ARGS(DB_INT0(query->project_id)), ret);
}

const struct db_check retrieval_statements[] = {
	{ .stmt = &SEGMENTS, .row = &SEGMENT },
	{ .stmt = &ONLY, .row = &ONLY_ROW },
	{ .stmt = &DF, .row = &DF_ROW },
	{ .stmt = &POSTINGS, .row = &POSTINGS_ROW },
	{ .stmt = &HITS, .row = &HIT_ROW },
	{ .stmt = &WAITING },
	{ .stmt = NULL },
};
