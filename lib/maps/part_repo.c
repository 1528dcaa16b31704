/* SQL of what is stored with maps, and of comparisons. */
#include "maps/part_repo.h"

#include "base/db.h"

static const struct field ROW_FIELDS[] = {
	F_TEXT(struct map_part_row, data),
	F_TEXT(struct map_part_row, reason),
};
static const struct schema ROW = SCHEMA(struct map_part_row, "MapPart", ROW_FIELDS);

static const struct db_stmt FIND = {
	.name = "map_find",
	.read = true,
	.nparams = 4,
	/* Without a commit a branch's own map is meant, not one that somebody asked for. */
	.sql = "SELECT id, project_id, commit, ref, analyser, requested, " DB_US(
		"generated_at") " FROM"
				" app.system_map WHERE tenant_id = $1 AND project_id = $2"
				" AND ($3::text IS NULL OR starts_with(commit, $3)) AND ($4::text IS NULL OR ref = $4)"
				" AND ($3::text IS NOT NULL OR NOT requested)"
				" ORDER BY id DESC LIMIT 1",
};

enum err part_repo_map(struct ctx *cx, int64_t project_id, const char *commit, const char *ref,
                       struct map *ret)
{
	return db_get(cx, &FIND, DB_ARGS(DB_INT(project_id), DB_TEXT(commit), DB_TEXT(ref)),
	              &map_brief_schema, ret);
}

static const struct db_stmt CLEAR = {
	.name = "map_part_clear",
	.nparams = 2,
	.sql = "WITH diffs AS (DELETE FROM app.map_diff WHERE tenant_id = $1"
	       " AND (from_map = $2 OR to_map = $2))"
	       " DELETE FROM app.map_part WHERE tenant_id = $1 AND map_id = $2",
};

enum err part_repo_clear(struct ctx *cx, int64_t map_id)
{
	return db_run(cx, &CLEAR, DB_ARGS(DB_INT(map_id)), NULL);
}

static const struct db_stmt PUT = {
	.name = "map_part_put",
	.nparams = 5,
	.sql = "INSERT INTO app.map_part (tenant_id, map_id, name, data, reason)"
	       " VALUES ($1, $2, $3, $4, $5)",
};

enum err part_repo_put(struct ctx *cx, int64_t map_id, const struct map_part *part)
{
	return db_run(cx, &PUT,
	              DB_ARGS(DB_INT(map_id), DB_TEXT(part->name),
	                      part->data.data != NULL
	                              ? (struct db_arg)DB_BYTES(part->data.data, part->data.len)
	                              : (struct db_arg)DB_NULL(),
	                      DB_TEXT(part->reason)),
	              NULL);
}

static const struct db_stmt GET = {
	.name = "map_part_get",
	.read = true,
	.nparams = 3,
	.sql = "SELECT data, reason FROM app.map_part WHERE tenant_id = $1 AND map_id = $2"
	       " AND name = $3",
};

enum err part_repo_get(struct ctx *cx, int64_t map_id, const char *name, struct map_part_row *ret)
{
	return db_get(cx, &GET, DB_ARGS(DB_INT(map_id), DB_TEXT(name)), &ROW, ret);
}

/* The server takes the text apart once; what is not asked for is not sent. */
static const struct db_stmt MEMBERS = {
	.name = "map_members",
	.read = true,
	.nparams = 4,
	.sql = "SELECT CASE WHEN sum(octet_length(e.value::text)) <= $4"
	       " THEN '{' || string_agg('\"' || e.key || '\":' || e.value::text, ',') || '}' END"
	       " FROM app.system_map m, json_each(m.content) e"
	       " WHERE m.tenant_id = $1 AND m.id = $2"
	       " AND e.key = ANY (string_to_array($3::text, ',')) GROUP BY m.id",
};

enum err part_repo_members(struct ctx *cx, int64_t map_id, const char *members, int64_t max_bytes,
                           const char **ret)
{
	return db_get_text(cx, &MEMBERS,
	                   DB_ARGS(DB_INT(map_id), DB_TEXT(members), DB_INT(max_bytes)), ret);
}

/* What is large is told by what it takes in the table, which the server knows without reading it. */
static const struct db_stmt SLOT = {
	.name = "map_view_slot",
	.nparams = 5,
	.sql = "SELECT CASE WHEN (SELECT sum(pg_column_size(content)) FROM app.system_map"
	       " WHERE tenant_id = $1 AND id IN ($2, $3)) <= $4 THEN 0 ELSE coalesce("
	       "(SELECT k FROM generate_series(1, $5::integer) k"
	       " WHERE pg_try_advisory_xact_lock(1886351989, k) LIMIT 1), -1) END::bigint",
};

enum err part_repo_slot(struct ctx *cx, int64_t map_id, int64_t other_id, int64_t small_bytes,
                        int64_t slots, int64_t *ret)
{
	return db_get_int(
		cx, &SLOT,
		DB_ARGS(DB_INT(map_id), DB_INT(other_id), DB_INT(small_bytes), DB_INT(slots)), ret);
}

static const struct db_stmt DIFF_GET = {
	.name = "map_diff_get",
	.read = true,
	.nparams = 4,
	.sql = "SELECT body FROM app.map_diff WHERE tenant_id = $1 AND from_map = $2 AND to_map = $3"
	       " AND format = $4",
};

enum err part_repo_diff_get(struct ctx *cx, int64_t from_map, int64_t to_map, const char *format,
                            const char **ret)
{
	return db_get_text(cx, &DIFF_GET,
	                   DB_ARGS(DB_INT(from_map), DB_INT(to_map), DB_TEXT(format)), ret);
}

static const struct db_stmt DIFF_PUT = {
	.name = "map_diff_put",
	.nparams = 5,
	.sql = "INSERT INTO app.map_diff (tenant_id, from_map, to_map, format, body)"
	       " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
};

static const struct db_stmt DIFF_BOUND = {
	.name = "map_diff_bound",
	.nparams = 2,
	.sql = "DELETE FROM app.map_diff WHERE tenant_id = $1 AND id < (SELECT id FROM app.map_diff"
	       " WHERE tenant_id = $1 ORDER BY id DESC OFFSET $2 - 1 LIMIT 1)",
};

enum err part_repo_diff_put(struct ctx *cx, int64_t from_map, int64_t to_map, const char *format,
                            struct span text, int64_t keep)
{
	TRY(db_run(cx, &DIFF_PUT,
	           DB_ARGS(DB_INT(from_map), DB_INT(to_map), DB_TEXT(format),
	                   DB_BYTES(text.data, text.len)),
	           NULL));
	return db_run(cx, &DIFF_BOUND, DB_ARGS(DB_INT(keep)), NULL);
}

const struct db_check map_part_statements[] = {
	{ .stmt = &FIND, .row = &map_brief_schema },
	{ .stmt = &CLEAR },
	{ .stmt = &PUT },
	{ .stmt = &GET, .row = &ROW },
	{ .stmt = &MEMBERS },
	{ .stmt = &SLOT },
	{ .stmt = &DIFF_GET },
	{ .stmt = &DIFF_PUT },
	{ .stmt = &DIFF_BOUND },
	{ .stmt = NULL },
};
