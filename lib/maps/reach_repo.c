/* SQL of the graph: each statement goes by keys of app.map_edge and app.map_file; LATERAL as in search_repo.c. */
#include "maps/reach_repo.h"

/* Materialized, or the order would have it walk the key of the whole index. */
static const struct db_stmt FILE_OF = {
	.name = "reach_file",
	.read = true,
	.nparams = 3,
	.sql = "WITH f AS MATERIALIZED (SELECT entry FROM app.map_file WHERE tenant_id = $1"
	       " AND index_id = $2 AND path_hash = md5($3)::uuid AND path = $3)"
	       " SELECT entry FROM f WHERE entry >= 0 ORDER BY entry LIMIT 1",
};

enum err reach_repo_file(struct ctx *cx, int64_t index_id, const char *path, int64_t *ret)
{
	return db_get_int(cx, &FILE_OF, DB_ARGS(DB_INT(index_id), DB_TEXT(path)), ret);
}

static const struct field ROW_FIELDS[] = {
	F_INT(struct reach_row, file),
	F_TEXT(struct reach_row, others),
};
static const struct schema ROW = SCHEMA(struct reach_row, "ReachRow", ROW_FIELDS);

static const struct db_stmt EDGES = {
	.name = "reach_edges",
	.read = true,
	.nparams = 4,
	.sql = "SELECT e.file, array_to_string(e.others, ',') AS others"
	       " FROM unnest($4::integer[]) AS w (file), LATERAL (SELECT file, others"
	       " FROM app.map_edge WHERE tenant_id = $1 AND index_id = $2 AND inward = $3"
	       " AND file = w.file OFFSET 0) AS e ORDER BY e.file",
};

enum err reach_repo_edges(struct ctx *cx, int64_t index_id, bool inward, const char *files,
                          struct list *ret)
{
	return db_list(cx, &EDGES, DB_ARGS(DB_INT(index_id), DB_BOOL(inward), DB_TEXT(files)), &ROW,
	               ret);
}

static const struct field NAME_FIELDS[] = {
	F_INT(struct reach_name, file),
	F_TEXT(struct reach_name, path),
};
static const struct schema NAME = SCHEMA(struct reach_name, "ReachName", NAME_FIELDS);

static const struct db_stmt NAMES = {
	.name = "reach_names",
	.read = true,
	.nparams = 3,
	.sql = "SELECT DISTINCT f.entry AS file, f.path FROM unnest($3::integer[]) AS w (entry),"
	       " LATERAL (SELECT entry, path FROM app.map_file WHERE tenant_id = $1 AND index_id = $2"
	       " AND entry = w.entry OFFSET 0) AS f ORDER BY f.entry",
};

enum err reach_repo_names(struct ctx *cx, int64_t index_id, const char *files, struct list *ret)
{
	return db_list(cx, &NAMES, DB_ARGS(DB_INT(index_id), DB_TEXT(files)), &NAME, ret);
}

static const struct field STEP_FIELDS[] = {
	F_TEXT(struct map_step, from), F_TEXT(struct map_step, to),
	F_INT(struct map_step, line),  F_TEXT(struct map_step, kind),
	F_TEXT(struct map_step, rule), F_INT(struct map_step, confidence),
};
static const struct schema STEP = SCHEMA(struct map_step, "MapStepRow", STEP_FIELDS);

/* The edges of a row taken apart, as x. */
#define EDGES_OF_ROW                                                                               \
	"app.map_edge e, app.map_index i, unnest(e.others, e.lines, e.hows) WITH ORDINALITY"       \
	" AS x (other, line, how, n)"
#define OF_ROW                                                                                     \
	"e.tenant_id = $1 AND e.index_id = $2 AND e.inward = $3 AND e.file = $4"                   \
	" AND i.tenant_id = $1 AND i.id = $2"                                                      \
	" AND ($5::text IS NULL OR i.import_kinds[(x.how & 255) + 1] = $5)"
#define HOW                                                                                        \
	"x.line, i.import_kinds[(x.how & 255) + 1] AS kind, i.rules[(x.how >> 8 & 255) + 1] AS"    \
	" rule, x.how >> 16 AS confidence"

static const struct db_stmt STEPS = {
	.name = "reach_steps",
	.read = true,
	.nparams = 6,
	.sql = "SELECT CASE WHEN $3 THEN o.path ELSE f.path END AS \"from\","
	       " CASE WHEN $3 THEN f.path ELSE o.path END AS \"to\", " HOW " FROM " EDGES_OF_ROW
	       ", LATERAL (SELECT path FROM app.map_file WHERE tenant_id = $1 AND index_id = $2"
	       " AND entry = e.file OFFSET 0) AS f, LATERAL (SELECT path FROM app.map_file"
	       " WHERE tenant_id = $1 AND index_id = $2 AND entry = x.other OFFSET 0) AS o WHERE " OF_ROW
	       " ORDER BY x.n LIMIT $6",
};

enum err reach_repo_steps(struct ctx *cx, int64_t index_id, bool inward, int64_t file,
                          const char *kind, int64_t limit, struct list *ret)
{
	return db_list(cx, &STEPS,
	               DB_ARGS(DB_INT(index_id), DB_BOOL(inward), DB_INT(file), DB_TEXT(kind),
	                       DB_INT(limit)),
	               &STEP, ret);
}

static const struct db_stmt COUNT_STEPS = {
	.name = "reach_count",
	.read = true,
	.nparams = 5,
	.sql = "SELECT count(*) FROM " EDGES_OF_ROW " WHERE " OF_ROW,
};

enum err reach_repo_count(struct ctx *cx, int64_t index_id, bool inward, int64_t file,
                          const char *kind, int64_t *ret)
{
	return db_get_int(cx, &COUNT_STEPS,
	                  DB_ARGS(DB_INT(index_id), DB_BOOL(inward), DB_INT(file), DB_TEXT(kind)),
	                  ret);
}

static const struct db_stmt WAY = {
	.name = "reach_way",
	.read = true,
	.nparams = 4,
	.sql = "SELECT f.path AS \"from\", t.path AS \"to\", " HOW
	       " FROM unnest($3::integer[], $4::integer[]) WITH ORDINALITY AS w (file, next, n)"
	       " JOIN app.map_index i ON i.tenant_id = $1 AND i.id = $2"
	       " CROSS JOIN LATERAL (SELECT * FROM app.map_edge WHERE tenant_id = $1 AND index_id = $2"
	       " AND NOT inward AND file = w.file OFFSET 0) AS e"
	       " CROSS JOIN LATERAL (SELECT path FROM app.map_file WHERE tenant_id = $1"
	       " AND index_id = $2 AND entry = w.file OFFSET 0) AS f"
	       " CROSS JOIN LATERAL (SELECT path FROM app.map_file WHERE tenant_id = $1"
	       " AND index_id = $2 AND entry = w.next OFFSET 0) AS t"
	       " CROSS JOIN LATERAL (SELECT u.line, u.how FROM unnest(e.others, e.lines, e.hows)"
	       " AS u (other, line, how) WHERE u.other = w.next ORDER BY u.how >> 16 DESC, u.line"
	       " LIMIT 1) AS x ORDER BY w.n",
};

enum err reach_repo_way(struct ctx *cx, int64_t index_id, const char *from, const char *to,
                        struct list *ret)
{
	return db_list(cx, &WAY, DB_ARGS(DB_INT(index_id), DB_TEXT(from), DB_TEXT(to)), &STEP, ret);
}

const struct db_check reach_statements[] = {
	{ .stmt = &FILE_OF },
	{ .stmt = &EDGES, .row = &ROW },
	{ .stmt = &NAMES, .row = &NAME },
	{ .stmt = &STEPS, .row = &STEP },
	{ .stmt = &COUNT_STEPS },
	{ .stmt = &WAY, .row = &STEP },
	{ .stmt = NULL },
};
