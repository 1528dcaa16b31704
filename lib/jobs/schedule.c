/* Schedules as people see them: schemas, events, and the rules.  When they fire: schedule_fire.c. */
#include "jobs/schedule.h"

#include "config/config.h"
#include "jobs/schedule_fire.h"
#include "jobs/schedule_repo.h"

#include <string.h>

static const char *const CATCH_UPS[] = { "skip", "once", "all", NULL };

#define NAME_RULES                                                                                 \
	.min = 1, .max = SCHEDULE_NAME_MAX, .one_line = true, .check = schema_check_trimmed,       \
	.example = "\"Nightly map\""
#define CRON_RULES .min = 1, .max = CRON_TEXT_MAX, .one_line = true, .example = "\"30 3 * * *\""
#define ZONE_RULES                                                                                 \
	.min = 1, .max = SCHEDULE_ZONE_MAX, .one_line = true, .example = "\"Europe/Berlin\""
#define CRON_DOC                                                                                   \
	"Minute, hour, day of month, month and day of week, or @hourly, @daily, @weekly, "         \
	"@monthly, @yearly; in the wall clock of time_zone"
#define CATCH_UP_DOC                                                                               \
	"Of times that were missed: skip none is made up for, once the last one, all each"
#define ARGUMENTS_DOC "What the jobs are asked for; without it, the project alone"

static const struct field NEW_FIELDS[] = {
	F_TEXT(struct schedule_new, name, .required = true, NAME_RULES,
	       .doc = "Name, unique within the tenant"),
	F_TEXT(struct schedule_new, cron, .required = true, CRON_RULES, .doc = CRON_DOC),
	F_TEXT(struct schedule_new, time_zone, ZONE_RULES, .nullable = true,
	       .doc = "IANA name of the time zone; without one, UTC"),
	F_TEXT(struct schedule_new, job_type, .required = true, .min = 1, .max = JOB_TYPE_MAX,
	       .example = "\"repository_processing\"", .doc = "Type of the jobs"),
	F_INT(struct schedule_new, project_id, .nullable = true, .min = 1, .max = INT64_MAX,
	      .doc = "The project for which they work"),
	F_JSON(struct schedule_new, arguments, .nullable = true, .doc = ARGUMENTS_DOC),
	F_TEXT(struct schedule_new, catch_up, .nullable = true, .one_of = CATCH_UPS,
	       .doc = CATCH_UP_DOC "; without it, once"),
	F_BOOL(struct schedule_new, enabled, .preset = true, .doc = "Whether it fires"),
};
const struct schema schedule_new_schema = SCHEMA(struct schedule_new, "ScheduleNew", NEW_FIELDS);

static const struct field PATCH_FIELDS[] = {
	F_TEXT(struct schedule_patch, name, NAME_RULES, .doc = "New name"),
	F_TEXT(struct schedule_patch, cron, CRON_RULES, .doc = CRON_DOC),
	F_TEXT(struct schedule_patch, time_zone, ZONE_RULES, .doc = "IANA name of the time zone"),
	F_JSON(struct schedule_patch, arguments, .doc = "What the jobs are asked for from now on"),
	F_TEXT(struct schedule_patch, catch_up, .one_of = CATCH_UPS, .doc = CATCH_UP_DOC),
	F_BOOL(struct schedule_patch, enabled,
	       .doc = "false: it is paused; true: it fires at its next time"),
};
const struct schema schedule_patch_schema =
	SCHEMA_PATCH(struct schedule_patch, "SchedulePatch", PATCH_FIELDS);

static const struct field FIELDS[] = {
	F_INT(struct schedule, id, .example = "3", .doc = "Number of the schedule"),
	F_TEXT(struct schedule, name, .max = SCHEDULE_NAME_MAX, .doc = "Name"),
	F_TEXT(struct schedule, cron, .max = CRON_TEXT_MAX, .doc = CRON_DOC),
	F_TEXT(struct schedule, time_zone, .max = SCHEDULE_ZONE_MAX,
	       .doc = "IANA name of the time zone"),
	F_TEXT(struct schedule, job_type, .max = JOB_TYPE_MAX, .doc = "Type of the jobs"),
	F_INT(struct schedule, project_id, .zero_is_null = true,
	      .doc = "The project for which they work"),
	F_JSON(struct schedule, arguments, .doc = "What the jobs are asked for"),
	F_TEXT(struct schedule, catch_up, .one_of = CATCH_UPS, .doc = CATCH_UP_DOC),
	F_BOOL(struct schedule, enabled, .doc = "Whether it fires"),
	F_TIME(struct schedule, next_us, .nullable = true, .name = "next_at",
	       .doc = "When it fires next"),
	F_TIME(struct schedule, last_us, .nullable = true, .name = "last_at",
	       .doc = "The last time that became a job"),
	F_INT(struct schedule, last_job_id, .zero_is_null = true, .doc = "That job"),
	F_TEXT(struct schedule, error_type, .nullable = true,
	       .doc = "Last part of the problem type, when its last try failed"),
	F_TEXT(struct schedule, error_message, .nullable = true,
	       .doc = "Why its last try failed, and what to do"),
	F_INT(struct schedule, failures, .doc = "Tries that failed since the last good one"),
	F_TEXT(struct schedule, created_by, .doc = "Who made it"),
	F_INT(struct schedule, version, .doc = "Rises with every change; the ETag is made from it"),
	F_TIME(struct schedule, created_us, .name = "created_at", .doc = "When it was made"),
	F_TIME(struct schedule, updated_us, .name = "updated_at", .doc = "When it last changed"),
};
const struct schema schedule_schema = SCHEMA(struct schedule, "Schedule", FIELDS);

const struct event_kind schedule_created = {
	.type = "schedule.created",
	.version = 1,
	.payload = &schedule_schema,
	.audited = true,
	.doc = "Somebody made a schedule.",
};
const struct event_kind schedule_changed = {
	.type = "schedule.changed",
	.version = 1,
	.payload = &schedule_schema,
	.audited = true,
	.doc = "Somebody changed, paused or resumed a schedule.",
};
const struct event_kind schedule_deleted = {
	.type = "schedule.deleted",
	.version = 1,
	.payload = &schedule_schema,
	.audited = true,
	.doc = "A schedule is gone; the payload is what it last was.",
};

/* --- Rules --- */

static enum err not_found(struct ctx *cx, int64_t id)
{
	return err_set(cx, ERR_NOT_FOUND, "there is no schedule %lld", (long long)id);
}

static enum err check_zone(struct ctx *cx, const char **zone)
{
	const char *name;

	TRY(schedule_repo_zone(cx, *zone, &name));
	if (name != NULL) {
		*zone = name;
		return ERR_OK;
	}
	err_field(cx, ERR_INVALID, "/time_zone", "exists", "the database knows no time zone \"%s\"",
	          *zone);
	err_fix(cx, "take a name of the IANA list, such as Europe/Berlin, America/New_York or UTC");
	return ERR_INVALID;
}

/* @ret the kind, when schedules may bring it about */
static enum err check_kind(struct ctx *cx, job_kinds kinds, const char *type,
                           const struct job_kind **ret)
{
	struct sb sb = sb_new(cx->arena, FAULT_DETAIL_MAX / 2);

	*ret = job_kind_of(kinds, type);
	if (*ret != NULL && (*ret)->schedulable)
		return ERR_OK;
	for (int i = 0; kinds[i] != NULL; i++) {
		if (kinds[i]->schedulable)
			sb_addf(&sb, "%s%s", sb.len > 0 ? ", " : "", kinds[i]->type);
	}
	return err_field(cx, ERR_INVALID, "/job_type", "one_of",
	                 "is no type of job that a schedule can ask for; such are: %s",
	                 sb.len > 0 ? sb.data : "none");
}

static enum err check_arguments(struct ctx *cx, const struct job_kind *kind, int64_t project_id,
                                const char **arguments)
{
	bool of_project = schema_field(kind->arguments, "project_id") != NULL;

	if (of_project && project_id == 0)
		return err_field(cx, ERR_INVALID, "/project_id", "required",
		                 "jobs of type %s work for a project: say for which", kind->type);
	if (*arguments == NULL && of_project)
		*arguments =
			arena_printf(cx->arena, "{\"project_id\":%lld}", (long long)project_id);
	return job_check_arguments(cx, kind, project_id, *arguments != NULL ? *arguments : "{}",
	                           arguments);
}

static enum err conflict(struct ctx *cx, const char *name, int64_t project_id)
{
	if (strcmp(db_constraint(cx), "job_schedule_tenant_name_key") == 0) {
		err_set(cx, ERR_CONFLICT, "there is a schedule called \"%s\"", name);
		err_fix(cx, "choose another name, or change the schedule that exists");
		return ERR_CONFLICT;
	}
	err_clear(cx);
	return err_field(cx, ERR_INVALID, "/project_id", "exists", "there is no project %lld",
	                 (long long)project_id);
}

static enum err too_many(struct ctx *cx, int64_t max)
{
	err_clear(cx);
	err_set(cx, ERR_LIMIT, "the tenant may have %lld schedules", (long long)max);
	err_fix(cx, "delete one, or ask the operator to raise the limit schedules_max");
	return ERR_LIMIT;
}

/* --- Services --- */

enum err schedule_create(struct ctx *cx, job_kinds kinds, const struct schedule_new *in,
                         struct schedule *ret)
{
	int64_t max = cx->app->config->schedules_max, next_us = 0;
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct schedule_new made = *in;
	const struct job_kind *kind;
	struct cron cron;
	enum err e;

	if (made.time_zone == NULL)
		made.time_zone = "UTC";
	if (made.catch_up == NULL)
		made.catch_up = "once";
	TRY(cron_parse(cx, "/cron", made.cron, &cron));
	TRY(check_kind(cx, kinds, made.job_type, &kind));
	TRY(check_arguments(cx, kind, made.project_id, &made.arguments));
	TRY(db_begin(cx, &tx));
	TRY(check_zone(cx, &made.time_zone));
	TRY(schedule_next(cx, &cron, made.time_zone, &next_us));
	TRY(schedule_repo_lock_count(cx));
	e = schedule_repo_insert(cx, &made, next_us, max, ret);
	if (e == ERR_CONFLICT)
		return conflict(cx, made.name, made.project_id);
	if (e == ERR_NOT_FOUND)
		return too_many(cx, max);
	TRY(e);
	TRY(event_emit(cx, &schedule_created, ret->project_id, ret));
	return db_commit(&tx);
}

enum err schedule_get(struct ctx *cx, int64_t id, struct schedule *ret)
{
	enum err e = schedule_repo_get(cx, id, ret);

	return e == ERR_NOT_FOUND ? not_found(cx, id) : e;
}

enum err schedule_list(struct ctx *cx, const struct schedule_filter *filter, struct list *ret)
{
	return schedule_repo_list(cx, filter, ret);
}

static enum err gone_or_stale(struct ctx *cx, int64_t id, int64_t version)
{
	struct schedule now;

	err_clear(cx);
	TRY(schedule_get(cx, id, &now));
	err_set(cx, ERR_STALE, "the schedule is at version %lld, not %lld", (long long)now.version,
	        (long long)version);
	err_fix(cx, "read it again and repeat the change");
	return ERR_STALE;
}

/* What is not given is as it was.  @ret_next SCHEDULE_SAME: nothing changes it */
static enum err reckon(struct ctx *cx, const struct schedule *was, struct schedule_patch *in,
                       int64_t *ret_next)
{
	bool enabled = schema_given(&schedule_patch_schema, in, "enabled");
	struct cron cron;

	*ret_next = SCHEDULE_SAME;
	TRY(cron_parse(cx, "/cron", in->cron != NULL ? in->cron : was->cron, &cron));
	if (in->time_zone != NULL)
		TRY(check_zone(cx, &in->time_zone));
	if (in->cron == NULL && in->time_zone == NULL && (!enabled || in->enabled == was->enabled))
		return ERR_OK;
	return schedule_next(cx, &cron, in->time_zone != NULL ? in->time_zone : was->time_zone,
	                     ret_next);
}

enum err schedule_change(struct ctx *cx, job_kinds kinds, int64_t id, int64_t version,
                         const struct schedule_patch *in, struct schedule *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct schedule_patch made = *in;
	const struct job_kind *kind;
	struct schedule was;
	int64_t next_us;
	enum err e;

	TRY(db_begin(cx, &tx));
	TRY(schedule_get(cx, id, &was));
	TRY(reckon(cx, &was, &made, &next_us));
	if (made.arguments != NULL) {
		TRY(check_kind(cx, kinds, was.job_type, &kind));
		TRY(check_arguments(cx, kind, was.project_id, &made.arguments));
	}
	e = schedule_repo_update(cx, id, version, &made, next_us, ret);
	if (e == ERR_CONFLICT)
		return conflict(cx, made.name, was.project_id);
	if (e == ERR_NOT_FOUND)
		return gone_or_stale(cx, id, version);
	TRY(e);
	TRY(event_emit(cx, &schedule_changed, ret->project_id, ret));
	return db_commit(&tx);
}

enum err schedule_delete(struct ctx *cx, int64_t id, int64_t version)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct schedule was;
	enum err e;

	TRY(db_begin(cx, &tx));
	e = schedule_repo_delete(cx, id, version, &was);
	if (e == ERR_NOT_FOUND)
		return gone_or_stale(cx, id, version);
	TRY(e);
	/* Its project may be gone at the same time. */
	TRY(event_emit(cx, &schedule_deleted, was.project_id, &was));
	return db_commit(&tx);
}
