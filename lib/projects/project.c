/* Projects: schemas, events, kinds of job, and the rules. */
#include "projects/project.h"

#include "auth/allowance.h"
#include "auth/vault.h"
#include "config/config.h"
#include "jobs/cron.h"
#include "projects/project_repo.h"
#include "projects/project_schedule.h"
#include "projects/project_url.h"

#include <inttypes.h>
#include <string.h>

#define BRANCH_MAX        255 /* characters */
#define MAP_ATTEMPTS      5
#define MAP_BACKOFF_S     10
#define MAP_TIMEOUT_S     3600 /* over the limits of fetch and analysis, which have their own */
#define REMOVAL_TIMEOUT_S 600

static const char *const STATUSES[] = {
	"pending", "cloning", "analysing", "ready", "failed", NULL
};

/* What git check-ref-format refuses of a branch, and a leading dash. */
static bool good_branch(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || strchr("-/.", name[0]) != NULL || strchr("/.", name[n - 1]) != NULL)
		return false;
	if (strcmp(name, "@") == 0 || (n >= 5 && strcmp(name + n - 5, ".lock") == 0))
		return false;
	for (const char *p = name; *p != '\0'; p++) {
		if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr("~^:?*[\\", *p) != NULL)
			return false;
	}
	return strstr(name, "..") == NULL && strstr(name, "//") == NULL &&
	       strstr(name, "/.") == NULL && strstr(name, "@{") == NULL &&
	       strstr(name, ".lock/") == NULL;
}

static enum err check_branch(struct ctx *cx, const char *pointer, const char *text)
{
	if (good_branch(text))
		return ERR_OK;
	return err_field(cx, ERR_INVALID, pointer, "branch_name",
	                 "is not a name that a branch of git can have");
}

#define NAME_RULES                                                                                 \
	.min = 1, .max = PROJECT_NAME_MAX, .one_line = true, .check = schema_check_trimmed,        \
	.example = "\"redis\""
#define BRANCH_RULES                                                                               \
	.nullable = true, .min = 1, .max = BRANCH_MAX, .one_line = true, .check = check_branch,    \
	.example = "\"main\""

static const struct field NEW_FIELDS[] = {
	F_TEXT(struct project_new, name, NAME_RULES, .nullable = true,
	       .doc = "Name, unique within the tenant; without one, the last part of the address"),
	F_TEXT(struct project_new, repository_url, .required = true, .min = 1,
	       .max = PROJECT_URL_MAX, .one_line = true,
	       .example = "\"https://github.com/redis/redis\"",
	       .doc = "Where to clone from: an https address, or the path of a local repository "
	              "below a folder that the settings allow; no credentials in it.  With a secret "
	              "of kind git_ssh also git@host:path or ssh://git@host/path"),
	F_TEXT(struct project_new, default_branch, BRANCH_RULES,
	       .doc = "Branch to map; without one, what the repository's HEAD names"),
	F_INT(struct project_new, secret_id, .nullable = true, .min = 1, .max = INT64_MAX,
	      .doc = "Secret that opens the repository; it must be bound to the address's origin"),
};
const struct schema project_new_schema = SCHEMA(struct project_new, "ProjectNew", NEW_FIELDS);

static const struct field WANTED_FIELDS[] = {
	F_TEXT(struct project_wanted, repository_url, .required = true, .min = 1,
	       .max = PROJECT_URL_MAX, .one_line = true,
	       .doc = "Address, as createProject takes it"),
	F_INT(struct project_wanted, secret_id, .nullable = true, .min = 1, .max = INT64_MAX,
	      .doc = "Secret that would open the repository"),
};
const struct schema project_wanted_schema =
	SCHEMA(struct project_wanted, "ProjectWanted", WANTED_FIELDS);

static const struct field OUTLOOK_FIELDS[] = {
	F_TEXT(struct project_outlook, repository_url, .doc = "The address as it would be stored"),
	F_TEXT(struct project_outlook, name, .doc = "Name that the project would get"),
	F_INT(struct project_outlook, project_id, .zero_is_null = true,
	      .doc = "A project that has this address already; null: none"),
	F_BOOL(struct project_outlook, name_taken, .doc = "Another project has that name"),
};
const struct schema project_outlook_schema =
	SCHEMA(struct project_outlook, "ProjectOutlook", OUTLOOK_FIELDS);

static const struct field PATCH_FIELDS[] = {
	F_TEXT(struct project_patch, name, NAME_RULES, .doc = "New name"),
	F_TEXT(struct project_patch, default_branch, BRANCH_RULES,
	       .doc = "Branch to map from now on; null: what the repository's HEAD names"),
	F_INT(struct project_patch, secret_id, .nullable = true, .min = 1, .max = INT64_MAX,
	      .doc = "Secret that opens the repository from now on; null: none"),
	F_TEXT(struct project_patch, sync_schedule, .nullable = true, .min = 1,
	       .max = CRON_TEXT_MAX, .one_line = true, .example = "\"*/15 * * * *\"",
	       .doc = "When to fetch and map the newest commit: minute, hour, day of month, month "
	              "and day of week, or @hourly, @daily, @weekly; null: when somebody asks"),
	F_TEXT(struct project_patch, sync_time_zone, .min = 1, .max = SCHEDULE_ZONE_MAX,
	       .one_line = true, .example = "\"Europe/Berlin\"",
	       .doc = "IANA name of the time zone of sync_schedule; without one, UTC"),
};
const struct schema project_patch_schema =
	SCHEMA_PATCH(struct project_patch, "ProjectPatch", PATCH_FIELDS);

#define PROJECT_FIELDS                                                                             \
	F_INT(struct project, id, .example = "7", .doc = "Number of the project"),                 \
		F_TEXT(struct project, name, .max = PROJECT_NAME_MAX,                              \
	               .doc = "Name, unique in the tenant"),                                       \
		F_TEXT(struct project, repository_url, .max = PROJECT_URL_MAX,                     \
	               .doc = "Where it is cloned from"),                                          \
		F_TEXT(struct project, default_branch, .nullable = true, .max = BRANCH_MAX,        \
	               .doc = "Branch that is mapped; null: what the repository's HEAD names"),    \
		F_TEXT(struct project, status, .one_of = STATUSES,                                 \
	               .doc = "What its last job has come to"),                                    \
		F_TEXT(struct project, error_type, .nullable = true,                               \
	               .doc = "Last part of the last failure's problem type; null: all is well"),  \
		F_TEXT(struct project, error, .nullable = true,                                    \
	               .doc = "Why the last attempt failed, and what to do"),                      \
		F_TEXT(struct project, head_commit, .nullable = true,                              \
	               .doc = "Commit of the newest map; null before the first"),                  \
		F_INT(struct project, storage_bytes,                                               \
	              .doc = "Bytes of its clone and its maps, as its job last measured"),         \
		F_INT(struct project, secret_id, .zero_is_null = true,                             \
	              .doc = "Secret that opens the repository; null: none is needed"),            \
		F_INT(struct project, sync_schedule_id, .zero_is_null = true,                      \
	              .doc = "Schedule by which it is synced; null: when somebody asks"),          \
		F_INT(struct project, version,                                                     \
	              .doc = "Rises with every change; the ETag is made from it"),                 \
		F_TIME(struct project, created_us, .name = "created_at",                           \
	               .doc = "When it was created"),                                              \
		F_TIME(struct project, updated_us, .name = "updated_at",                           \
	               .doc = "When it last changed")

static const struct field FIELDS[] = { PROJECT_FIELDS };
const struct schema project_schema = SCHEMA(struct project, "Project", FIELDS);

/* The project is the first member, so its fields are at the same offsets. */
static_assert(offsetof(struct project_made, project) == 0, "the project comes first");
static const struct field MADE_FIELDS[] = {
	PROJECT_FIELDS,
	F_INT(struct project_made, job_id, .zero_is_null = true,
	      .doc = "The job that clones and maps it"),
};
const struct schema project_made_schema =
	SCHEMA(struct project_made, "ProjectCreated", MADE_FIELDS);

static const struct field MAP_ARGS_FIELDS[] = {
	F_INT(struct project_map_args, project_id, .required = true, .min = 1, .max = INT64_MAX,
	      .doc = "The project to map"),
};
const struct schema project_map_args_schema =
	SCHEMA(struct project_map_args, "ProjectMapArguments", MAP_ARGS_FIELDS);

static const struct field REMOVAL_ARGS_FIELDS[] = {
	F_INT(struct project_removal_args, project_id, .required = true, .min = 1, .max = INT64_MAX,
	      .doc = "The project that was deleted"),
};
const struct schema project_removal_args_schema =
	SCHEMA(struct project_removal_args, "ProjectRemovalArguments", REMOVAL_ARGS_FIELDS);

const struct event_kind project_created = {
	.type = "project.created",
	.version = 1,
	.payload = &project_schema,
	.audited = true,
	.doc = "A project exists and its first map is on the way.",
};
const struct event_kind project_changed = {
	.type = "project.changed",
	.version = 1,
	.payload = &project_schema,
	.audited = true,
	.doc = "A project was renamed, got another branch, or its job has come further.",
};
/* The same to who follows the log; but nobody asked for it. */
static const struct event_kind PROJECT_FOLLOWED = {
	.type = "project.changed",
	.version = 1,
	.payload = &project_schema,
	.doc = "The job of a project has come further.",
};
const struct event_kind project_sync_requested = {
	.type = "project.sync_requested",
	.version = 1,
	.payload = &project_schema,
	.audited = true,
	.doc = "Somebody asked for a map of a project's newest commit.",
};
const struct event_kind project_deleted = {
	.type = "project.deleted",
	.version = 1,
	.payload = &project_schema,
	.audited = true,
	.doc = "A project is gone, with its maps; the payload is what it last was.",
};

/* One that runs tells by its handler, in the same words. */
static enum err map_cancelled(struct ctx *cx, UNUSED int64_t job_id, int64_t project_id)
{
	enum err e = project_follow(cx, project_id, "failed", err_info(ERR_CANCELLED)->slug,
	                            "the job was cancelled", NULL);

	if (e == ERR_NOT_FOUND) { /* it is deleted */
		err_clear(cx);
		return ERR_OK;
	}
	return e;
}

/* May run twice: the clone is brought up to date, and a map of the same commit is replaced. */
const struct job_kind project_map_job = {
	.type = "repository_processing",
	.queue = "heavy",
	.arguments = &project_map_args_schema,
	.attempts = MAP_ATTEMPTS,
	.backoff_s = MAP_BACKOFF_S,
	.timeout_s = MAP_TIMEOUT_S,
	.schedulable = true,
	.cancelled = map_cancelled,
	.doc = "Clone or fetch a project's repository, analyse it and publish its map.",
};

/* May run twice: what is gone cannot be removed again. */
const struct job_kind project_removal_job = {
	.type = "repository_removal",
	.queue = "default",
	.arguments = &project_removal_args_schema,
	.attempts = MAP_ATTEMPTS,
	.backoff_s = MAP_BACKOFF_S,
	.timeout_s = REMOVAL_TIMEOUT_S,
	.always = true,
	.doc = "Remove the clone of a project that was deleted.",
};

/* --- Jobs of a project --- */

/* One waiting job of a kind per project; those of one project run one after the other. */
static enum err enqueue(struct ctx *cx, const struct job_kind *kind, int64_t project_id,
                        const void *args, int64_t *ret_job)
{
	const struct job_new in = {
		.project_id = project_id,
		.unique_key = arena_printf(cx->arena, "%s:%" PRId64, kind->type, project_id),
		.order_key = arena_printf(cx->arena, "project:%" PRId64, project_id),
	};

	return job_enqueue(cx, kind, &in, args, ret_job);
}

static enum err not_found(struct ctx *cx, int64_t id)
{
	return err_set(cx, ERR_NOT_FOUND, "there is no project %" PRId64, id);
}

static enum err name_taken(struct ctx *cx, const char *name)
{
	if (strcmp(db_constraint(cx), "project_tenant_name_key") != 0)
		return cx->fault.code;
	err_set(cx, ERR_CONFLICT, "there is a project called \"%s\"", name);
	err_fix(cx, "choose another name, or use the project that exists");
	return ERR_CONFLICT;
}

/* A change that met no row: is there none, or has it moved on? */
static enum err gone_or_stale(struct ctx *cx, int64_t id, int64_t version)
{
	struct project now;

	err_clear(cx);
	TRY(project_get(cx, id, &now));
	err_set(cx, ERR_STALE, "the project is at version %" PRId64 ", not %" PRId64, now.version,
	        version);
	err_fix(cx, "read it again and repeat the change");
	return ERR_STALE;
}

/* Can the secret open the repository, and does the repository do without one? */
static enum err check_secret(struct ctx *cx, const char *url, int64_t secret_id)
{
	const char *kind, *origin;

	TRY(project_url_origin(cx, url, &kind, &origin));
	if (secret_id != 0 && kind == NULL)
		return err_field(cx, ERR_INVALID, "/secret_id", "local",
		                 "is of no use: the repository is a local folder");
	if (secret_id != 0)
		return vault_match(cx, secret_id, kind, origin);
	if (kind == NULL || strcmp(kind, "git_ssh") != 0)
		return ERR_OK;
	err_field(cx, ERR_INVALID, "/secret_id", "required",
	          "is needed: nothing is cloned over ssh without a key");
	err_fix(cx, "store a secret of kind git_ssh that is bound to %s, and name it here", origin);
	return ERR_INVALID;
}

static enum err secret_gone(struct ctx *cx, int64_t id)
{
	err_clear(cx);
	return err_field(cx, ERR_INVALID, "/secret_id", "exists", "there is no secret %" PRId64,
	                 id);
}

/* --- Services --- */

/*
 * Below the limit by more than all creators that could meet there, nobody waits for another; near it
 * one counts at a time.
 */
static enum err insert(struct ctx *cx, const struct project_new *in, struct project *ret)
{
	int64_t max = cx->app->config->projects_max;
	enum err e = project_repo_insert(cx, in, max, ALLOWANCE_SPARE, ret);

	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(cx);
	TRY(allowance_lock(cx));
	return project_repo_insert(cx, in, max, 0, ret);
}

static enum err too_many(struct ctx *cx)
{
	struct tenant_usage usage;

	err_clear(cx);
	TRY(allowance_usage(cx, &usage));
	return allowance_reached(cx, ALLOWANCE_PROJECTS, usage.projects, usage.projects_max);
}

enum err project_create(struct ctx *cx, const struct project_new *in, struct project *ret,
                        int64_t *ret_job)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	int64_t job_id;
	struct project_new checked = *in;
	struct project made;
	enum err e;

	TRY(project_url_check(cx, in->repository_url, &checked.repository_url));
	if (checked.name == NULL)
		checked.name = project_url_name(cx, checked.repository_url);

	TRY(db_begin(cx, &tx));
	TRY(check_secret(cx, checked.repository_url, in->secret_id));
	e = insert(cx, &checked, &made);
	if (e == ERR_CONFLICT && strcmp(db_constraint(cx), "project_secret_fkey") == 0)
		return secret_gone(cx, in->secret_id);
	if (e == ERR_CONFLICT)
		return name_taken(cx, checked.name);
	if (e == ERR_NOT_FOUND)
		return too_many(cx);
	TRY(e);
	TRY(event_emit(cx, &project_created, made.id, &made));
	TRY(enqueue(cx, &project_map_job, made.id, &(struct project_map_args){ made.id }, &job_id));
	TRY(db_commit(&tx));

	*ret = made;
	*ret_job = job_id;
	return ERR_OK;
}

enum err project_check(struct ctx *cx, const struct project_wanted *in, struct project_outlook *ret)
{
	int64_t id;
	enum err e;

	*ret = (struct project_outlook){ 0 };
	TRY(project_url_check(cx, in->repository_url, &ret->repository_url));
	TRY(project_url_judge(cx, ret->repository_url));
	TRY(check_secret(cx, ret->repository_url, in->secret_id));
	ret->name = project_url_name(cx, ret->repository_url);
	TRY(project_repo_of_url(cx, ret->repository_url, &ret->project_id));
	e = project_repo_find(cx, ret->name, &id);
	if (e != ERR_NOT_FOUND)
		TRY(e);
	err_clear(cx);
	ret->name_taken = e == ERR_OK;
	return ERR_OK;
}

enum err project_get(struct ctx *cx, int64_t id, struct project *ret)
{
	enum err e = project_repo_get(cx, id, ret);

	return e == ERR_NOT_FOUND ? not_found(cx, id) : e;
}

enum err project_ask(struct ctx *cx, int64_t id, struct db_question **ret)
{
	return project_repo_ask(cx, id, ret);
}

enum err project_answer(struct ctx *cx, int64_t id, struct db_question *q, struct project *ret)
{
	enum err e = db_answer(cx, q, &project_schema, ret);

	return e == ERR_NOT_FOUND ? not_found(cx, id) : e;
}

enum err project_find(struct ctx *cx, const char *name, int64_t *ret)
{
	return project_repo_find(cx, name, ret);
}

enum err project_list(struct ctx *cx, const struct project_filter *filter, struct list *ret)
{
	assert(filter->limit >= 1 && filter->limit <= PROJECT_LIST_MAX + 1);
	return project_repo_list(cx, filter, ret);
}

enum err project_list_ask(struct ctx *cx, const struct project_filter *filter,
                          struct db_question **ret)
{
	assert(filter->limit >= 1 && filter->limit <= PROJECT_LIST_MAX + 1);
	*ret = NULL;
	return project_repo_list_ask(cx, filter, ret);
}

enum err project_list_answer(struct ctx *cx, const struct project_filter *filter,
                             struct db_question *q, struct list *ret)
{
	if (q == NULL)
		return project_list(cx, filter, ret);
	return db_answer_list(cx, q, &project_schema, ret);
}

enum err project_change(struct ctx *cx, int64_t id, int64_t version, const struct project_patch *in,
                        struct project *ret)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct project made;
	enum err e;

	TRY(db_begin(cx, &tx));
	if (schema_given(&project_patch_schema, in, "secret_id")) {
		TRY(project_get(cx, id, &made));
		TRY(check_secret(cx, made.repository_url, in->secret_id));
	}
	e = project_repo_update(cx, id, version, in, &made);
	if (e == ERR_CONFLICT && strcmp(db_constraint(cx), "project_secret_fkey") == 0)
		return secret_gone(cx, in->secret_id);
	if (e == ERR_CONFLICT)
		return name_taken(cx, in->name);
	if (e == ERR_NOT_FOUND)
		return gone_or_stale(cx, id, version);
	TRY(e);
	TRY(project_schedule_change(cx, in, &made));
	TRY(event_emit(cx, &project_changed, id, &made));
	TRY(db_commit(&tx));
	*ret = made;
	return ERR_OK;
}

enum err project_delete(struct ctx *cx, int64_t id, int64_t version)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	const struct project_removal_args args = { id };
	struct project was;
	int64_t job_id;
	enum err e;

	TRY(db_begin(cx, &tx));
	/* A running job locks its own row before the project's: the same order here. */
	TRY(job_drop_project(cx, id));
	e = project_repo_delete(cx, id, version, &was);
	if (e == ERR_NOT_FOUND)
		return gone_or_stale(cx, id, version);
	TRY(e);
	TRY(enqueue(cx, &project_removal_job, id, &args, &job_id));
	TRY(event_emit(cx, &project_deleted, id, &was));
	TRY(db_commit(&tx));
	return ERR_OK;
}

enum err project_sync(struct ctx *cx, int64_t id, int64_t *ret_job)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct project project;
	int64_t job_id;

	TRY(db_begin(cx, &tx));
	TRY(project_get(cx, id, &project));
	TRY(enqueue(cx, &project_map_job, id, &(struct project_map_args){ id }, &job_id));
	TRY(event_emit(cx, &project_sync_requested, id, &project));
	TRY(db_commit(&tx));
	*ret_job = job_id;
	return ERR_OK;
}

enum err project_follow(struct ctx *cx, int64_t id, const char *status, const char *error_type,
                        const char *error, const char *head_commit)
{
	CLEANUP(db_end) struct db_tx tx = { 0 };
	struct project made;
	enum err e;

	TRY(db_begin(cx, &tx));
	e = project_repo_follow(cx, id, status, error_type, error, head_commit, &made);
	if (e == ERR_NOT_FOUND) { /* so it was already, or it is gone */
		err_clear(cx);
		TRY(project_get(cx, id, &made));
		return db_commit(&tx);
	}
	TRY(e);
	TRY(event_emit(cx, &PROJECT_FOLLOWED, id, &made));
	return db_commit(&tx);
}

/* --- Storage --- */

enum err project_room(struct ctx *cx, int64_t id, struct project_room *ret)
{
	return project_repo_room(cx, id, cx->app->config->storage_max_bytes, ret);
}

enum err project_no_room(struct ctx *cx, const struct project_room *room)
{
	return allowance_reached(cx, ALLOWANCE_STORAGE, room->used_bytes, room->max_bytes);
}

enum err project_weigh(struct ctx *cx, int64_t id, int64_t clone_bytes, int64_t map_bytes)
{
	struct project_room room;
	enum err e;

	TRY(allowance_lock(cx));
	e = project_repo_weigh(cx, id, clone_bytes, map_bytes);
	if (e == ERR_NOT_FOUND)
		return not_found(cx, id);
	TRY(e);
	TRY(project_room(cx, id, &room));
	return room.used_bytes > room.max_bytes ? project_no_room(cx, &room) : ERR_OK;
}
