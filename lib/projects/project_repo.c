/* SQL of projects. */
#include "projects/project_repo.h"

/* For rows in binary: they are what is read most often, twenty and more at a time. */
#define COLUMNS                                                                                    \
	"id, name, repository_url, default_branch, status, error_type, error, head_commit,"        \
	" clone_bytes + map_bytes AS storage_bytes, secret_id, sync_schedule_id, version,"         \
	" created_at, updated_at"

/*
 * Rows are counted only when the table is large enough to hold so many: a page
 * of 8 KiB holds 128 of them at the very most.  So, far below a high limit,
 * creating costs the same however many projects there are.
 */
static const struct db_stmt INSERT = {
	.name = "project_insert",
	.binary = true,
	.nparams = 7,
	.sql = "INSERT INTO app.project (tenant_id, name, repository_url, default_branch, secret_id)"
	       " SELECT $1, $2, $3, $4, $7 FROM (SELECT coalesce((SELECT projects_max FROM app.tenant"
	       " WHERE id = $1), $5::bigint) - $6::bigint AS max) l"
	       " WHERE pg_relation_size('app.project') / 8192 * 128 < l.max"
	       " OR (SELECT count(*) FROM (SELECT FROM app.project WHERE tenant_id = $1"
	       " LIMIT greatest(l.max, 0)) c) < l.max RETURNING " COLUMNS,
};

enum err project_repo_insert(struct ctx *cx, const struct project_new *in, int64_t max,
                             int64_t spare, struct project *ret)
{
	return db_get(cx, &INSERT,
	              DB_ARGS(DB_TEXT(in->name), DB_TEXT(in->repository_url),
	                      DB_TEXT(in->default_branch), DB_INT(max), DB_INT(spare),
	                      DB_INT0(in->secret_id)),
	              &project_schema, ret);
}

static const struct field ROOM_FIELDS[] = {
	F_INT(struct project_room, used_bytes),
	F_INT(struct project_room, max_bytes),
	F_INT(struct project_room, own_bytes),
};
static const struct schema ROOM = SCHEMA(struct project_room, "ProjectRoom", ROOM_FIELDS);

static const struct db_stmt GET_ROOM = {
	.name = "project_room",
	.read = true,
	.nparams = 3,
	.sql = "SELECT (coalesce(sum(clone_bytes + map_bytes), 0) + (SELECT coalesce(sum(d.bytes), 0)"
	       " FROM app.document d WHERE d.tenant_id = $1))::bigint AS used_bytes,"
	       " coalesce((SELECT storage_max_bytes FROM app.tenant WHERE id = $1), $3::bigint)"
	       " AS max_bytes, coalesce(sum(clone_bytes) FILTER (WHERE id = $2), 0)::bigint"
	       " AS own_bytes FROM app.project WHERE tenant_id = $1",
};

enum err project_repo_room(struct ctx *cx, int64_t id, int64_t max_bytes, struct project_room *ret)
{
	return db_get(cx, &GET_ROOM, DB_ARGS(DB_INT(id), DB_INT(max_bytes)), &ROOM, ret);
}

static const struct db_stmt WEIGH = {
	.name = "project_weigh",
	.nparams = 4,
	.sql = "UPDATE app.project SET clone_bytes = CASE WHEN $3 >= 0 THEN $3 ELSE clone_bytes END,"
	       " map_bytes = CASE WHEN $4 >= 0 THEN $4 ELSE map_bytes END"
	       " WHERE tenant_id = $1 AND id = $2 RETURNING id",
};

enum err project_repo_weigh(struct ctx *cx, int64_t id, int64_t clone_bytes, int64_t map_bytes)
{
	int64_t same;

	return db_get_int(cx, &WEIGH, DB_ARGS(DB_INT(id), DB_INT(clone_bytes), DB_INT(map_bytes)),
	                  &same);
}

static const struct db_stmt GET = {
	.name = "project_get",
	.read = true,
	.binary = true,
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM app.project WHERE tenant_id = $1 AND id = $2",
};

enum err project_repo_get(struct ctx *cx, int64_t id, struct project *ret)
{
	return db_get(cx, &GET, DB_ARGS(DB_INT(id)), &project_schema, ret);
}

enum err project_repo_ask(struct ctx *cx, int64_t id, struct db_question **ret)
{
	return db_ask(cx, &GET, DB_ARGS(DB_INT(id)), ret);
}

static const struct db_stmt FIND = {
	.name = "project_find",
	.read = true,
	.nparams = 2,
	.sql = "SELECT id FROM app.project WHERE tenant_id = $1 AND name = $2",
};

enum err project_repo_find(struct ctx *cx, const char *name, int64_t *ret)
{
	enum err e = db_get_int(cx, &FIND, DB_ARGS(DB_TEXT(name)), ret);

	return e == ERR_NOT_FOUND ? err_set(cx, e, "there is no project of that name") : e;
}

/* Without an index of its own: a tenant has few thousand projects at most, and a person types an address. */
static const struct db_stmt OF_URL = {
	.name = "project_of_url",
	.read = true,
	.nparams = 2,
	.sql = "SELECT coalesce(min(id), 0) FROM app.project WHERE tenant_id = $1 AND repository_url = $2",
};

enum err project_repo_of_url(struct ctx *cx, const char *url, int64_t *ret)
{
	return db_get_int(cx, &OF_URL, DB_ARGS(DB_TEXT(url)), ret);
}

static const struct db_stmt LIST = {
	.name = "project_list",
	.read = true,
	.binary = true,
	.nparams = 3,
	.sql = "SELECT " COLUMNS " FROM app.project WHERE tenant_id = $1 AND id < $2"
	       " ORDER BY id DESC LIMIT $3",
};

/* Apart from the plain list, which is asked for far more often and planned without the filters. */
static const struct db_stmt SEARCH = {
	.name = "project_search",
	.read = true,
	.binary = true,
	.nparams = 6,
	.sql = "SELECT " COLUMNS " FROM app.project WHERE tenant_id = $1 AND id < $2"
	       " AND ($4::text IS NULL OR name ILIKE $4 OR repository_url ILIKE $4)"
	       " AND ($5::text IS NULL OR status = $5) AND ($6 = 0 OR secret_id = $6)"
	       " ORDER BY id DESC LIMIT $3",
};

static int64_t newest_of(const struct project_filter *filter)
{
	return filter->before_id != 0 ? filter->before_id : INT64_MAX;
}

static bool is_plain(const struct project_filter *filter)
{
	return filter->q == NULL && filter->status == NULL && filter->secret_id == 0;
}

enum err project_repo_list(struct ctx *cx, const struct project_filter *filter, struct list *ret)
{
	int64_t before = newest_of(filter);
	const char *like = filter->q != NULL ? db_like(cx->arena, filter->q) : NULL;

	if (is_plain(filter))
		return db_list(cx, &LIST, DB_ARGS(DB_INT(before), DB_INT(filter->limit)),
		               &project_schema, ret);
	return db_list(cx, &SEARCH,
	               DB_ARGS(DB_INT(before), DB_INT(filter->limit), DB_TEXT(like),
	                       DB_TEXT(filter->status), DB_INT(filter->secret_id)),
	               &project_schema, ret);
}

enum err project_repo_list_ask(struct ctx *cx, const struct project_filter *filter,
                               struct db_question **ret)
{
	if (!is_plain(filter))
		return ERR_OK;
	return db_ask(cx, &LIST, DB_ARGS(DB_INT(newest_of(filter)), DB_INT(filter->limit)), ret);
}

static const struct db_stmt UPDATE = {
	.name = "project_update",
	.binary = true,
	.nparams = 9,
	.sql = "UPDATE app.project SET name = CASE WHEN $4 THEN $5 ELSE name END,"
	       " default_branch = CASE WHEN $6 THEN $7 ELSE default_branch END,"
	       " secret_id = CASE WHEN $8 THEN $9 ELSE secret_id END,"
	       " version = version + 1, updated_at = now()"
	       " WHERE tenant_id = $1 AND id = $2 AND ($3::bigint IS NULL OR version = $3)"
	       " RETURNING " COLUMNS,
};

enum err project_repo_update(struct ctx *cx, int64_t id, int64_t version,
                             const struct project_patch *in, struct project *ret)
{
	bool name = schema_given(&project_patch_schema, in, "name");
	bool branch = schema_given(&project_patch_schema, in, "default_branch");
	bool secret = schema_given(&project_patch_schema, in, "secret_id");

	return db_get(cx, &UPDATE,
	              DB_ARGS(DB_INT(id), DB_INT0(version), DB_BOOL(name), DB_TEXT(in->name),
	                      DB_BOOL(branch), DB_TEXT(in->default_branch), DB_BOOL(secret),
	                      DB_INT0(in->secret_id)),
	              &project_schema, ret);
}

static const struct db_stmt SCHEDULE = {
	.name = "project_schedule",
	.binary = true,
	.nparams = 3,
	.sql = "UPDATE app.project SET sync_schedule_id = $3 WHERE tenant_id = $1 AND id = $2"
	       " RETURNING " COLUMNS,
};

enum err project_repo_schedule(struct ctx *cx, int64_t id, int64_t schedule_id, struct project *ret)
{
	return db_get(cx, &SCHEDULE, DB_ARGS(DB_INT(id), DB_INT0(schedule_id)), &project_schema,
	              ret);
}

static const struct db_stmt DELETE = {
	.name = "project_delete",
	.binary = true,
	.nparams = 3,
	.sql = "DELETE FROM app.project"
	       " WHERE tenant_id = $1 AND id = $2 AND ($3::bigint IS NULL OR version = $3)"
	       " RETURNING " COLUMNS,
};

enum err project_repo_delete(struct ctx *cx, int64_t id, int64_t version, struct project *ret)
{
	return db_get(cx, &DELETE, DB_ARGS(DB_INT(id), DB_INT0(version)), &project_schema, ret);
}

static const struct db_stmt FOLLOW = {
	.name = "project_follow",
	.binary = true,
	.nparams = 6,
	.sql = "UPDATE app.project SET status = $3, error_type = $4, error = left($5, 2000),"
	       " head_commit = coalesce($6, head_commit), version = version + 1, updated_at = now()"
	       " WHERE tenant_id = $1 AND id = $2 AND (status, error_type, error, head_commit)"
	       " IS DISTINCT FROM ($3, $4, left($5, 2000), coalesce($6, head_commit))"
	       " RETURNING " COLUMNS,
};

enum err project_repo_follow(struct ctx *cx, int64_t id, const char *status, const char *error_type,
                             const char *error, const char *head_commit, struct project *ret)
{
	return db_get(cx, &FOLLOW,
	              DB_ARGS(DB_INT(id), DB_TEXT(status), DB_TEXT(error_type), DB_TEXT(error),
	                      DB_TEXT(head_commit)),
	              &project_schema, ret);
}

const struct db_check project_statements[] = {
	{ .stmt = &INSERT, .row = &project_schema },
	{ .stmt = &GET_ROOM, .row = &ROOM },
	{ .stmt = &WEIGH },
	{ .stmt = &FIND },
	{ .stmt = &OF_URL },
	{ .stmt = &GET, .row = &project_schema },
	{ .stmt = &LIST, .row = &project_schema },
	{ .stmt = &SEARCH, .row = &project_schema },
	{ .stmt = &SCHEDULE, .row = &project_schema },
	{ .stmt = &UPDATE, .row = &project_schema },
	{ .stmt = &DELETE, .row = &project_schema },
	{ .stmt = &FOLLOW, .row = &project_schema },
	{ .stmt = NULL },
};
