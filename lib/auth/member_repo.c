/* SQL of members. */
#include "auth/member_repo.h"

/* The name of an account is shown when its person has accepted. */
#define COLUMNS                                                                                    \
	"id, user_id, email, CASE WHEN status <> 'invited' THEN name END AS name,"                 \
	" (ARRAY['viewer', 'member', 'operator', 'admin', 'owner'])[role] AS role, status,"        \
	" version, " DB_US("created_at") ", " DB_US("updated_at")

#define MEMBERS                                                                                    \
	"(SELECT m.*, u.email, u.name FROM app.member m"                                           \
	" JOIN app.user_account u ON u.id = m.user_id WHERE m.tenant_id = $1) m"

static const struct db_stmt LOCK = {
	.name = "member_lock",
	.nparams = 1,
	.sql = "SELECT id FROM app.tenant WHERE id = $1 FOR NO KEY UPDATE",
};

enum err member_repo_lock(struct ctx *cx)
{
	int64_t id;

	return db_get_int(cx, &LOCK, DB_NO_ARGS, &id);
}

static const struct db_stmt OWN_ROLE = {
	.name = "member_own_role",
	.read = true,
	.nparams = 2,
	.sql = "SELECT coalesce((SELECT role FROM app.member WHERE tenant_id = $1 AND user_id = $2"
	       " AND status = 'active'), 0)",
};

enum err member_repo_own_role(struct ctx *cx, int64_t *ret)
{
	return db_get_int(cx, &OWN_ROLE, DB_ARGS(DB_INT(cx->who.user_id)), ret);
}

static const struct db_stmt OWNERS = {
	.name = "member_owners",
	.read = true,
	.nparams = 2,
	.sql = "SELECT count(*) FROM app.member m JOIN app.user_account u ON u.id = m.user_id"
	       " WHERE m.tenant_id = $1 AND m.role = $2 AND m.status = 'active'"
	       " AND u.disabled_at IS NULL",
};

enum err member_repo_owners(struct ctx *cx, int64_t *ret)
{
	return db_get_int(cx, &OWNERS, DB_ARGS(DB_INT(ROLE_OWNER)), ret);
}

static const struct db_stmt COUNT_ALL = {
	.name = "member_count",
	.read = true,
	.nparams = 1,
	.sql = "SELECT count(*) FROM app.member WHERE tenant_id = $1",
};

enum err member_repo_count(struct ctx *cx, int64_t *ret)
{
	return db_get_int(cx, &COUNT_ALL, DB_NO_ARGS, ret);
}

static const struct db_stmt INVITE = {
	.name = "member_invite",
	.any_tenant = true,
	.nparams = 6,
	.sql = "SELECT app.member_invite($1, $2, $3, $4, $5, $6)",
};

enum err member_repo_invite(struct ctx *cx, const struct member_new *in, enum role actor,
                            enum role role, const unsigned char hash[SECRET_HASH_BYTES],
                            int64_t hours, int64_t *ret_id)
{
	return db_get_int(cx, &INVITE,
	                  DB_ARGS(DB_TEXT(in->email), DB_TEXT(in->name != NULL ? in->name : ""),
	                          DB_INT(actor), DB_INT(role), DB_BYTES(hash, SECRET_HASH_BYTES),
	                          DB_INT(hours)),
	                  ret_id);
}

static const struct db_stmt GET = {
	.name = "member_get",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM " MEMBERS " WHERE id = $2",
};

enum err member_repo_get(struct ctx *cx, int64_t id, struct member *ret)
{
	return db_get(cx, &GET, DB_ARGS(DB_INT(id)), &member_schema, ret);
}

static const struct db_stmt LIST = {
	.name = "member_list",
	.read = true,
	.nparams = 6,
	.sql = "SELECT " COLUMNS " FROM " MEMBERS " WHERE id < $2"
	       " AND ($3::text IS NULL OR email ILIKE $3 OR (status <> 'invited' AND name ILIKE $3))"
	       " AND ($4::smallint IS NULL OR role = $4) AND ($5::text IS NULL OR status = $5)"
	       " ORDER BY id DESC LIMIT $6",
};

enum err member_repo_list(struct ctx *cx, const struct member_filter *filter, struct list *ret)
{
	const char *like = filter->q != NULL ? db_like(cx->arena, filter->q) : NULL;
	enum role role = filter->role != NULL ? role_by_name(filter->role) : ROLE_UNSET;

	return db_list(cx, &LIST,
	               DB_ARGS(DB_INT(filter->before_id != 0 ? filter->before_id : INT64_MAX),
	                       DB_TEXT(like), DB_INT0(role), DB_TEXT(filter->status),
	                       DB_INT(filter->limit)),
	               &member_schema, ret);
}

static const struct db_stmt SET_ROLE = {
	.name = "member_set_role",
	.nparams = 3,
	.sql = "UPDATE app.member SET role = $3, version = version + 1, updated_at = now()"
	       " WHERE tenant_id = $1 AND id = $2 RETURNING id",
};

enum err member_repo_set_role(struct ctx *cx, int64_t id, enum role role)
{
	int64_t same;

	return db_get_int(cx, &SET_ROLE, DB_ARGS(DB_INT(id), DB_INT(role)), &same);
}

static const struct db_stmt DISABLE = {
	.name = "member_disable",
	.any_tenant = true,
	.nparams = 2,
	.sql = "SELECT app.member_disable($1, $2)",
};

enum err member_repo_disable(struct ctx *cx, int64_t id, bool disabled, bool *ret)
{
	int64_t changed = 0;

	TRY(db_get_int(cx, &DISABLE, DB_ARGS(DB_INT(id), DB_BOOL(disabled)), &changed));
	*ret = changed != 0;
	return ERR_OK;
}

static const struct db_stmt DELETE = {
	.name = "member_delete",
	.nparams = 2,
	.sql = "DELETE FROM app.member WHERE tenant_id = $1 AND id = $2 RETURNING id",
};

enum err member_repo_delete(struct ctx *cx, int64_t id)
{
	int64_t same;

	return db_get_int(cx, &DELETE, DB_ARGS(DB_INT(id)), &same);
}

const struct db_check member_statements[] = {
	{ .stmt = &LOCK },
	{ .stmt = &OWN_ROLE },
	{ .stmt = &OWNERS },
	{ .stmt = &COUNT_ALL },
	{ .stmt = &INVITE },
	{ .stmt = &GET, .row = &member_schema },
	{ .stmt = &LIST, .row = &member_schema },
	{ .stmt = &SET_ROLE },
	{ .stmt = &DISABLE },
	{ .stmt = &DELETE },
	{ .stmt = NULL },
};
