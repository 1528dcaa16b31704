/* SQL of the removal of a tenant. */
#include "auth/removal.h"

/* A transaction that was let in and has not written yet is seen by its age alone. */
static const struct db_stmt STRANGERS = {
	.name = "removal_strangers",
	.read = true,
	.nparams = 2,
	.sql = "SELECT count(*) FROM pg_stat_activity a, app.background_job j"
	       " WHERE j.tenant_id = $1 AND j.id = $2 AND a.datname = current_database()"
	       " AND a.usename IN ('portolan_app', 'portolan_runner') AND a.pid <> pg_backend_pid()"
	       " AND a.xact_start <= j.started_at",
};

enum err removal_strangers(struct ctx *cx, int64_t job, int64_t *ret)
{
	return db_get_int(cx, &STRANGERS, DB_ARGS(DB_INT(job)), ret);
}

struct id_row {
	int64_t id;
};
static const struct field ID_FIELDS[] = { F_INT(struct id_row, id) };
static const struct schema ID_ROW = SCHEMA(struct id_row, "RemovalProject", ID_FIELDS);

static const struct db_stmt PROJECTS = {
	.name = "removal_projects",
	.read = true,
	.nparams = 3,
	.sql = "SELECT id FROM (SELECT id FROM app.project WHERE tenant_id = $1"
	       " UNION SELECT project_id FROM app.background_job WHERE tenant_id = $1"
	       " UNION SELECT project_id FROM app.background_job_history WHERE tenant_id = $1"
	       " UNION SELECT project_id FROM app.background_job_dead WHERE tenant_id = $1) p"
	       " WHERE id > $2 ORDER BY id LIMIT $3",
};

enum err removal_projects(struct ctx *cx, int64_t after, struct list *ret)
{
	static_assert(sizeof(struct id_row) == sizeof(int64_t), "rows are ids");

	return db_list(cx, &PROJECTS, DB_ARGS(DB_INT(after), DB_INT(REMOVAL_PAGE)), &ID_ROW, ret);
}

static const struct db_stmt SWEEP = {
	.name = "removal_sweep",
	.nparams = 3,
	.sql = "SELECT app.tenant_sweep($1, $2, $3)",
};

enum err removal_sweep(struct ctx *cx, int64_t job, int64_t most, int64_t *ret)
{
	return db_get_int(cx, &SWEEP, DB_ARGS(DB_INT(job), DB_INT(most)), ret);
}

static const struct db_stmt FINISH = {
	.name = "removal_finish",
	.nparams = 1,
	.sql = "SELECT app.tenant_bury($1)",
};

enum err removal_finish(struct ctx *cx)
{
	return db_run(cx, &FINISH, DB_NO_ARGS, NULL);
}

const struct db_check removal_statements[] = {
	{ .stmt = &STRANGERS, .as = DB_AS_RUNNER },
	{ .stmt = &PROJECTS, .row = &ID_ROW, .as = DB_AS_RUNNER },
	{ .stmt = &SWEEP, .as = DB_AS_RUNNER },
	{ .stmt = &FINISH, .as = DB_AS_RUNNER },
	{ .stmt = NULL },
};
