/* SQL of system maps. */
#include "maps/map_repo.h"

#include <string.h>

#define BRIEF "id, project_id, commit, ref, analyser, requested, " DB_US("generated_at")
#define WHOLE BRIEF ", content"

static const struct db_stmt GET = {
	.name = "map_get",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " WHOLE " FROM app.system_map WHERE tenant_id = $1 AND id = $2",
};

enum err map_repo_get(struct ctx *cx, int64_t id, struct map *ret)
{
	return db_get(cx, &GET, DB_ARGS(DB_INT(id)), &map_schema, ret);
}

static const struct db_stmt NEWEST = {
	.name = "map_newest",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " WHOLE " FROM app.system_map WHERE tenant_id = $1 AND project_id = $2"
	       " AND NOT requested ORDER BY id DESC LIMIT 1",
};

enum err map_repo_newest(struct ctx *cx, int64_t project_id, struct map *ret)
{
	return db_get(cx, &NEWEST, DB_ARGS(DB_INT(project_id)), &map_schema, ret);
}

static const struct db_stmt NEWEST_BRIEF = {
	.name = "map_newest_brief",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " BRIEF " FROM app.system_map WHERE tenant_id = $1 AND project_id = $2"
	       " AND NOT requested ORDER BY id DESC LIMIT 1",
};

enum err map_repo_newest_brief(struct ctx *cx, int64_t project_id, struct map *ret)
{
	return db_get(cx, &NEWEST_BRIEF, DB_ARGS(DB_INT(project_id)), &map_brief_schema, ret);
}

static const struct db_stmt MADE = {
	.name = "map_made",
	.read = true,
	.nparams = 4,
	.sql = "SELECT " BRIEF " FROM app.system_map WHERE tenant_id = $1 AND project_id = $2"
	       " AND starts_with(commit, $3) AND analyser = $4 ORDER BY id DESC LIMIT 1",
};

enum err map_repo_made(struct ctx *cx, int64_t project_id, const char *prefix, const char *analyser,
                       struct map *ret)
{
	return db_get(cx, &MADE, DB_ARGS(DB_INT(project_id), DB_TEXT(prefix), DB_TEXT(analyser)),
	              &map_brief_schema, ret);
}

static const struct db_stmt OF_COMMIT = {
	.name = "map_of_commit",
	.read = true,
	.nparams = 3,
	.sql = "SELECT " WHOLE " FROM app.system_map WHERE tenant_id = $1 AND project_id = $2"
	       " AND starts_with(commit, $3) ORDER BY id DESC LIMIT 1",
};

enum err map_repo_of_commit(struct ctx *cx, int64_t project_id, const char *prefix, struct map *ret)
{
	return db_get(cx, &OF_COMMIT, DB_ARGS(DB_INT(project_id), DB_TEXT(prefix)), &map_schema,
	              ret);
}

static const struct db_stmt LIST = {
	.name = "map_list",
	.read = true,
	.nparams = 4,
	.sql = "SELECT " BRIEF " FROM app.system_map WHERE tenant_id = $1 AND project_id = $2"
	       " AND id < $3 ORDER BY id DESC LIMIT $4",
};

enum err map_repo_list(struct ctx *cx, int64_t project_id, int64_t before_id, int64_t limit,
                       struct list *ret)
{
	return db_list(cx, &LIST,
	               DB_ARGS(DB_INT(project_id), DB_INT(before_id != 0 ? before_id : INT64_MAX),
	                       DB_INT(limit)),
	               &map_brief_schema, ret);
}

/*
 * Newest goes by id.  A map of a commit that the branch has come back to gets a
 * new id, so that it is the newest again; one that is the newest keeps its own.
 * One that was requested makes way for the branch's own, never the other way round.
 */
static const struct db_stmt MAKE_WAY = {
	.name = "map_make_way",
	.nparams = 4,
	.sql = "DELETE FROM app.system_map WHERE tenant_id = $1 AND project_id = $2 AND commit = $3"
	       " AND analyser = $4 AND (requested OR id < (SELECT max(id) FROM app.system_map"
	       " WHERE tenant_id = $1 AND project_id = $2 AND NOT requested))",
};

enum err map_repo_make_way(struct ctx *cx, const struct map *in)
{
	return db_run(cx, &MAKE_WAY,
	              DB_ARGS(DB_INT(in->project_id), DB_TEXT(in->commit), DB_TEXT(in->analyser)),
	              NULL);
}

static const struct db_stmt PUT = {
	.name = "map_put",
	.nparams = 7,
	.sql = "INSERT INTO app.system_map (tenant_id, project_id, commit, ref, analyser, content,"
	       " requested) VALUES ($1, $2, $3, $4, $5, $6, $7)"
	       " ON CONFLICT ON CONSTRAINT system_map_commit_key DO UPDATE SET ref = excluded.ref,"
	       " content = excluded.content, generated_at = now() RETURNING " BRIEF,
};

enum err map_repo_put(struct ctx *cx, const struct map *in, struct map *ret)
{
	size_t bytes = in->content_bytes != 0 ? in->content_bytes : strlen(in->content);

	return db_get(cx, &PUT,
	              DB_ARGS(DB_INT(in->project_id), DB_TEXT(in->commit), DB_TEXT(in->ref),
	                      DB_TEXT(in->analyser), DB_BYTES(in->content, bytes),
	                      DB_BOOL(in->requested)),
	              &map_brief_schema, ret);
}

static const struct db_stmt THIN_OUT = {
	.name = "map_thin_out",
	.nparams = 3,
	.sql = "DELETE FROM app.system_map WHERE tenant_id = $1 AND project_id = $2 AND id IN"
	       " (SELECT id FROM app.system_map WHERE tenant_id = $1 AND project_id = $2"
	       " AND requested ORDER BY id DESC OFFSET $3)",
};

enum err map_repo_thin_out(struct ctx *cx, int64_t project_id, int64_t keep)
{
	return db_run(cx, &THIN_OUT, DB_ARGS(DB_INT(project_id), DB_INT(keep)), NULL);
}

/* As stored, compressed. */
static const struct db_stmt BYTES = {
	.name = "map_bytes",
	.read = true,
	.nparams = 2,
	.sql = "SELECT coalesce(sum(pg_column_size(m.content) + coalesce((SELECT"
	       " sum(pg_column_size(p.data)) FROM app.map_part p WHERE p.tenant_id = $1"
	       " AND p.map_id = m.id), 0)), 0)::bigint FROM app.system_map m"
	       " WHERE m.tenant_id = $1 AND m.project_id = $2",
};

enum err map_repo_bytes(struct ctx *cx, int64_t project_id, int64_t *ret)
{
	return db_get_int(cx, &BYTES, DB_ARGS(DB_INT(project_id)), ret);
}

const struct db_check map_statements[] = {
	{ .stmt = &GET, .row = &map_schema },
	{ .stmt = &NEWEST, .row = &map_schema },
	{ .stmt = &NEWEST_BRIEF, .row = &map_brief_schema },
	{ .stmt = &MADE, .row = &map_brief_schema },
	{ .stmt = &THIN_OUT },
	{ .stmt = &OF_COMMIT, .row = &map_schema },
	{ .stmt = &LIST, .row = &map_brief_schema },
	{ .stmt = &MAKE_WAY },
	{ .stmt = &PUT, .row = &map_brief_schema },
	{ .stmt = &BYTES },
	{ .stmt = NULL },
};
