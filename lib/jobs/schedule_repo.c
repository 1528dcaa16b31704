/* SQL of schedules. */
#include "jobs/schedule_repo.h"

#define COLUMNS                                                                                    \
	"id, name, cron, time_zone, job_type, project_id, arguments, catch_up, enabled,"           \
	" last_job_id, error_type, error_message, failures, created_by, version, " DB_US(          \
		"next_at") ", " DB_US("last_at") ", " DB_US("created_at") ", " DB_US("updated_at")

#define INSTANT(n) "(timestamptz 'epoch' + " n "::bigint * interval '1 microsecond')"
#define WALL(at)   "floor(date_part('epoch', " at " AT TIME ZONE time_zone) / 60)::bigint"

/* --- Time zones and walls --- */

/* What the server calls localtime is whatever its host has, and no name. */
static const struct db_stmt ZONE = {
	.name = "schedule_zone",
	.any_tenant = true,
	.read = true,
	.nparams = 1,
	.sql = "SELECT min(name) FROM pg_catalog.pg_timezone_names WHERE lower(name) = lower($1)"
	       " AND name !~ '^(posix|right|localtime|Factory)'",
};

enum err schedule_repo_zone(struct ctx *cx, const char *zone, const char **ret)
{
	return db_get_text(cx, &ZONE, DB_ARGS(DB_TEXT(zone)), ret);
}

static const struct db_stmt NOW_WALL = {
	.name = "schedule_wall",
	.any_tenant = true,
	.read = true,
	.nparams = 1,
	.sql = "SELECT floor(date_part('epoch', now() AT TIME ZONE $1::text) / 60)::bigint",
};

enum err schedule_repo_wall(struct ctx *cx, const char *zone, int64_t *ret)
{
	return db_get_int(cx, &NOW_WALL, DB_ARGS(DB_TEXT(zone)), ret);
}

struct instant {
	int64_t at_us;
};
static const struct field INSTANT_FIELDS[] = { F_INT(struct instant, at_us) };
static const struct schema INSTANT_ROW = SCHEMA(struct instant, "ScheduleInstant", INSTANT_FIELDS);

static const struct db_stmt INSTANTS = {
	.name = "schedule_instants",
	.any_tenant = true,
	.read = true,
	.nparams = 4,
	.sql = "SELECT DISTINCT (date_part('epoch', at) * 1000000)::bigint AS at_us FROM"
	       " (SELECT app.wall_instant(timestamp 'epoch' + w * interval '1 minute', $1) AS at"
	       " FROM unnest($2::bigint[]) w OFFSET 0) i"
	       " WHERE at > CASE WHEN $3::bigint = 0 THEN now() ELSE " INSTANT(
		       "$3") " END"
			     " AND ($4::bigint = 0 OR at <= " INSTANT("$4") ") ORDER BY at_us",
};

enum err schedule_repo_instants(struct ctx *cx, const char *zone, const char *walls,
                                int64_t after_us, int64_t until_us, struct list *ret)
{
	static_assert(sizeof(struct instant) == sizeof(int64_t), "the items are numbers");

	return db_list(cx, &INSTANTS,
	               DB_ARGS(DB_TEXT(zone), DB_TEXT(walls), DB_INT(after_us), DB_INT(until_us)),
	               &INSTANT_ROW, ret);
}

/* --- What people see --- */

static const struct db_stmt LOCK_COUNT = {
	.name = "schedule_lock_count",
	.nparams = 1,
	.sql = "SELECT pg_advisory_xact_lock(hashtextextended('schedules_max', $1::bigint))",
};

enum err schedule_repo_lock_count(struct ctx *cx)
{
	return db_run(cx, &LOCK_COUNT, DB_NO_ARGS, NULL);
}

static const struct db_stmt INSERT = {
	.name = "schedule_insert",
	.nparams = 12,
	.sql = "INSERT INTO app.job_schedule (tenant_id, name, cron, time_zone, job_type, project_id,"
	       " arguments, catch_up, enabled, next_at, created_by) SELECT $1, $2, $3, $4, $5, $6,"
	       " $7::jsonb, $8, $9, CASE WHEN $10::bigint IS NOT NULL THEN " INSTANT(
		       "$10") " END, left($11::text, 254)"
			      " WHERE (SELECT count(*) FROM app.job_schedule WHERE tenant_id = $1)"
			      " < $12 RETURNING " COLUMNS,
};

enum err schedule_repo_insert(struct ctx *cx, const struct schedule_new *in, int64_t next_us,
                              int64_t max, struct schedule *ret)
{
	return db_get(cx, &INSERT,
	              DB_ARGS(DB_TEXT(in->name), DB_TEXT(in->cron), DB_TEXT(in->time_zone),
	                      DB_TEXT(in->job_type), DB_INT0(in->project_id),
	                      DB_TEXT(in->arguments), DB_TEXT(in->catch_up), DB_BOOL(in->enabled),
	                      DB_INT0(next_us), DB_TEXT(cx->who.actor), DB_INT(max)),
	              &schedule_schema, ret);
}

static const struct db_stmt GET = {
	.name = "schedule_get",
	.read = true,
	.nparams = 2,
	.sql = "SELECT " COLUMNS " FROM app.job_schedule WHERE tenant_id = $1 AND id = $2",
};

enum err schedule_repo_get(struct ctx *cx, int64_t id, struct schedule *ret)
{
	return db_get(cx, &GET, DB_ARGS(DB_INT(id)), &schedule_schema, ret);
}

static const struct db_stmt LIST = {
	.name = "schedule_list",
	.read = true,
	.nparams = 5,
	.sql = "SELECT " COLUMNS " FROM app.job_schedule WHERE tenant_id = $1 AND id < $2"
	       " AND ($3::text IS NULL OR name ILIKE $3)"
	       " AND ($4::bigint IS NULL OR project_id = $4) ORDER BY id DESC LIMIT $5",
};

enum err schedule_repo_list(struct ctx *cx, const struct schedule_filter *filter, struct list *ret)
{
	const char *like = filter->q != NULL ? db_like(cx->arena, filter->q) : NULL;

	return db_list(cx, &LIST,
	               DB_ARGS(DB_INT(filter->before_id != 0 ? filter->before_id : INT64_MAX),
	                       DB_TEXT(like), DB_INT0(filter->project_id), DB_INT(filter->limit)),
	               &schedule_schema, ret);
}

static const struct db_stmt UPDATE = {
	.name = "schedule_update",
	.nparams = 11,
	.sql = "UPDATE app.job_schedule SET name = coalesce($4, name), cron = coalesce($5, cron),"
	       " time_zone = coalesce($6, time_zone), arguments = coalesce($7::jsonb, arguments),"
	       " catch_up = coalesce($8, catch_up), enabled = coalesce($9::boolean, enabled),"
	       " next_at = CASE WHEN $10::boolean THEN next_at WHEN $11::bigint IS NULL THEN NULL"
	       " ELSE " INSTANT(
		       "$11") " END,"
			      " held_until = NULL, failures = 0, error_type = NULL, error_message = NULL,"
			      " version = version + 1, updated_at = now()"
			      " WHERE tenant_id = $1 AND id = $2 AND ($3 = 0 OR version = $3) RETURNING " COLUMNS,
};

enum err schedule_repo_update(struct ctx *cx, int64_t id, int64_t version,
                              const struct schedule_patch *in, int64_t next_us,
                              struct schedule *ret)
{
	bool enabled = schema_given(&schedule_patch_schema, in, "enabled");

	return db_get(cx, &UPDATE,
	              DB_ARGS(DB_INT(id), DB_INT(version), DB_TEXT(in->name), DB_TEXT(in->cron),
	                      DB_TEXT(in->time_zone), DB_TEXT(in->arguments), DB_TEXT(in->catch_up),
	                      DB_TEXT(enabled ? in->enabled ? "t" : "f" : NULL),
	                      DB_BOOL(next_us == SCHEDULE_SAME),
	                      DB_INT0(next_us == SCHEDULE_SAME ? 0 : next_us)),
	              &schedule_schema, ret);
}

static const struct db_stmt DELETE = {
	.name = "schedule_delete",
	.nparams = 3,
	.sql = "DELETE FROM app.job_schedule WHERE tenant_id = $1 AND id = $2"
	       " AND ($3 = 0 OR version = $3) RETURNING " COLUMNS,
};

enum err schedule_repo_delete(struct ctx *cx, int64_t id, int64_t version, struct schedule *ret)
{
	return db_get(cx, &DELETE, DB_ARGS(DB_INT(id), DB_INT(version)), &schedule_schema, ret);
}

/* --- What the runner does --- */

static const struct field DUE_FIELDS[] = {
	F_INT(struct schedule_due, id),         F_INT(struct schedule_due, tenant_id),
	F_INT(struct schedule_due, project_id), F_TEXT(struct schedule_due, cron),
	F_TEXT(struct schedule_due, time_zone), F_TEXT(struct schedule_due, job_type),
	F_JSON(struct schedule_due, arguments), F_TEXT(struct schedule_due, catch_up),
	F_INT(struct schedule_due, next_us),    F_INT(struct schedule_due, now_us),
	F_INT(struct schedule_due, next_wall),  F_INT(struct schedule_due, now_wall),
	F_INT(struct schedule_due, failures),
};
static const struct schema DUE = SCHEMA(struct schedule_due, "ScheduleDue", DUE_FIELDS);

static const struct db_stmt TAKE_DUE = {
	.name = "schedule_take_due",
	.any_tenant = true,
	.sql = "SELECT id, tenant_id, project_id, cron, time_zone, job_type, arguments, catch_up,"
	       " failures, (date_part('epoch', next_at) * 1000000)::bigint AS next_us,"
	       " (date_part('epoch', now()) * 1000000)::bigint AS now_us,"
	       " " WALL("next_at") " AS next_wall, " WALL(
		       "now()") " AS now_wall"
				" FROM app.job_schedule WHERE " SCHEDULE_DUE
				" ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED",
};

enum err schedule_repo_take_due(struct ctx *cx, struct schedule_due *ret)
{
	return db_get(cx, &TAKE_DUE, DB_NO_ARGS, &DUE, ret);
}

static const struct db_stmt MOVE_ON = {
	.name = "schedule_move_on",
	.any_tenant = true,
	.nparams = 5,
	.sql = "UPDATE app.job_schedule SET next_at = CASE WHEN $3::bigint IS NOT NULL THEN " INSTANT(
		"$3") " END,"
		      " last_at = CASE WHEN $4::bigint IS NULL THEN last_at ELSE " INSTANT(
			      "$4") " END,"
				    " last_job_id = coalesce($5::bigint, last_job_id),"
				    " held_until = NULL, failures = 0, error_type = NULL,"
				    " error_message = NULL WHERE id = $1"
				    " AND (date_part('epoch', next_at) * 1000000)::bigint = $2"
				    " RETURNING id",
};

enum err schedule_repo_move_on(struct ctx *cx, const struct schedule_due *due, int64_t next_us,
                               int64_t last_us, int64_t job)
{
	int64_t same;

	return db_get_int(cx, &MOVE_ON,
	                  DB_ARGS(DB_INT(due->id), DB_INT(due->next_us), DB_INT0(next_us),
	                          DB_INT0(last_us), DB_INT0(job)),
	                  &same);
}

static const struct db_stmt FAILED = {
	.name = "schedule_failed",
	.any_tenant = true,
	.nparams = 4,
	.sql = "UPDATE app.job_schedule SET failures = failures + 1, error_type = $3,"
	       " error_message = $4, held_until = now() + $2::bigint * interval '1 second'"
	       " WHERE id = $1",
};

enum err schedule_repo_failed(struct ctx *cx, const struct schedule_due *due, int64_t hold_s,
                              const char *error_type, const char *error_message)
{
	return db_run(cx, &FAILED,
	              DB_ARGS(DB_INT(due->id), DB_INT(hold_s), DB_TEXT(error_type),
	                      DB_TEXT(error_message)),
	              NULL);
}

const struct db_check schedule_statements[] = {
	{ .stmt = &ZONE },
	{ .stmt = &NOW_WALL },
	{ .stmt = &INSTANTS, .row = &INSTANT_ROW },
	{ .stmt = &LOCK_COUNT },
	{ .stmt = &INSERT, .row = &schedule_schema },
	{ .stmt = &GET, .row = &schedule_schema },
	{ .stmt = &LIST, .row = &schedule_schema },
	{ .stmt = &UPDATE, .row = &schedule_schema },
	{ .stmt = &DELETE, .row = &schedule_schema },
	{ .stmt = &TAKE_DUE, .row = &DUE, .as = DB_AS_RUNNER },
	{ .stmt = &MOVE_ON, .as = DB_AS_RUNNER },
	{ .stmt = &FAILED, .as = DB_AS_RUNNER },
	{ .stmt = NULL },
};
