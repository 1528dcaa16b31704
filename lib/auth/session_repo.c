/* SQL of sessions.  A row is seen by its person alone (row security), whatever the tenant. */
#include "auth/session_repo.h"

#include "config/config.h"

static const struct field ADMITTED_FIELDS[] = {
	F_INT(struct session_admitted, tenant_id, .doc = "Tenant; null: none"),
	F_INT(struct session_admitted, user_id, .doc = "Person"),
	F_INT(struct session_admitted, session_id, .doc = "Session"),
	F_INT(struct session_admitted, role, .doc = "Role in the tenant, 0 without one"),
	F_TEXT(struct session_admitted, email, .doc = "Address of the person"),
	F_BOOL(struct session_admitted, seen_due, .doc = "The last use is to be written"),
};
static const struct schema ADMITTED =
	SCHEMA(struct session_admitted, "SessionAdmitted", ADMITTED_FIELDS);

static const struct db_stmt ADMIT = {
	.name = "session_admit",
	.any_tenant = true,
	.read = true,
	.nparams = 4,
	.sql = "SELECT tenant_id, user_id, session_id, role, email, seen_due"
	       " FROM app.admit_session($1, $2 * interval '1 minute', $3, $4)",
};

/* Arguments of one admission, alive until it is answered. */
struct question {
	struct db_arg args[4];
};

void session_repo_admit_along(struct ctx *cx, const char *hashes, int64_t least, int64_t tenant_id,
                              struct session_admitted *ret, void (*then)(struct ctx *cx, void *ret))
{
	const struct question made = { {
		DB_TEXT(hashes),
		DB_INT(cx->app->config->session_idle_minutes),
		DB_INT(least),
		DB_INT0(tenant_id),
	} };
	struct question *q = arena_memdup(cx->arena, &made, sizeof(made));

	db_precede(cx, &ADMIT, q->args, COUNT(q->args), &ADMITTED, ret, then);
}

static const struct db_stmt SEEN = {
	.name = "session_seen",
	.any_tenant = true,
	.nparams = 2,
	.sql = "UPDATE app.session SET last_seen_at = now() WHERE user_id = $1 AND id = $2"
	       " AND last_seen_at < now() - interval '1 minute'",
};

enum err session_repo_seen(struct ctx *cx)
{
	return db_run(cx, &SEEN, DB_ARGS(DB_INT(cx->who.user_id), DB_INT(cx->who.session_id)),
	              NULL);
}

static const struct db_stmt LIST = {
	.name = "session_list",
	.any_tenant = true,
	.read = true,
	.nparams = 5,
	.sql = "SELECT id, remote, user_agent, id = $2 AS current," DB_US("created_at") "," DB_US(
		"last_seen_at") "," DB_US("expires_at") " FROM app.session WHERE user_id = $1 AND expires_at > now()"
							" AND last_seen_at > now() - $3 * interval '1 minute'"
							" AND ($4::bigint IS NULL OR id < $4) ORDER BY id DESC LIMIT $5",
};

enum err session_repo_list(struct ctx *cx, int64_t before_id, int64_t limit, struct list *ret)
{
	return db_list(cx, &LIST,
	               DB_ARGS(DB_INT(cx->who.user_id), DB_INT(cx->who.session_id),
	                       DB_INT(cx->app->config->session_idle_minutes), DB_INT0(before_id),
	                       DB_INT(limit)),
	               &session_schema, ret);
}

static const struct db_stmt DELETE = {
	.name = "session_delete",
	.any_tenant = true,
	.nparams = 2,
	.sql = "DELETE FROM app.session WHERE user_id = $1 AND id = $2",
};

enum err session_repo_delete(struct ctx *cx, int64_t id)
{
	int64_t n;

	TRY(db_run(cx, &DELETE, DB_ARGS(DB_INT(cx->who.user_id), DB_INT(id)), &n));
	return n == 1 ? ERR_OK : err_set(cx, ERR_NOT_FOUND, "there is no such item");
}

static const struct db_stmt DELETE_OTHERS = {
	.name = "session_delete_others",
	.any_tenant = true,
	.nparams = 2,
	.sql = "DELETE FROM app.session WHERE user_id = $1 AND id <> $2",
};

enum err session_repo_delete_others(struct ctx *cx, int64_t *ret_n)
{
	return db_run(cx, &DELETE_OTHERS,
	              DB_ARGS(DB_INT(cx->who.user_id), DB_INT(cx->who.session_id)), ret_n);
}

const struct db_check session_statements[] = {
	{ .stmt = &ADMIT, .row = &ADMITTED },
	{ .stmt = &SEEN },
	{ .stmt = &LIST, .row = &session_schema },
	{ .stmt = &DELETE },
	{ .stmt = &DELETE_OTHERS },
	{ .stmt = NULL },
};
